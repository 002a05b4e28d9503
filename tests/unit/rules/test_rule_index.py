"""Many rules on one kind: the index answers as if every rule had been tried in file order."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from rules.compiled import KindRule
from rules.conditions import function, read_detection
from rules.model import RuleSpec
from rules.rule_index import INDEX_FROM, finder
from rules.verdicts import Decide

_text = st.text(alphabet="aAbBcñÑ*?", min_size=1, max_size=4)
_test = st.tuples(st.sampled_from(["f", "g", "f|contains", "g|startswith", "f|endswith", "g|cased", "f|exists"]), _text)
_rule = st.tuples(
    st.lists(_test, min_size=1, max_size=2), st.sampled_from(["one", "not one", "one and two", "one or two", "two and not one"])
)


def made(tests: list[tuple[str, str]], condition: str) -> KindRule:
    first = {name: (True if name == "f|exists" else text) for name, text in tests}
    tree = read_detection("r", {"one": first, "two": {"g|contains": tests[0][1]}, "condition": condition})
    return KindRule(cast("RuleSpec", None), tree, tree, function(tree), cast("Decide", None))


@given(
    st.lists(_rule, min_size=INDEX_FROM, max_size=INDEX_FROM + 10),
    st.lists(st.dictionaries(st.sampled_from(["f", "g"]), st.text(alphabet="aAbBcñÑ", max_size=8)), min_size=1, max_size=10),
)
def test_the_index_finds_what_trying_all_finds(
    rules: list[tuple[list[tuple[str, str]], str]], notifications: list[dict[str, str]]
) -> None:
    kind_rules = [made(tests, condition) for tests, condition in rules]
    find = finder(kind_rules)
    for values in notifications:
        assert find(values) is next((rule for rule in kind_rules if rule.check(values)), None)
