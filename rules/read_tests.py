"""Reads the `tests` of a rule. Running them is selftest's business."""

from rules import schema
from rules.model import ExpectSpec, OutcomeWord, TestSpec
from rules.nodes import Mapping, Node
from rules.read_oid import check_oid

_KINDS = ("threat_incident", "severity_case")


def read_tests(rule: Mapping) -> tuple[TestSpec, ...]:
    """The tests in file order."""
    return tuple(_read_test(node) for node in rule.items("tests"))


def _read_test(node: Node) -> TestSpec:
    section = node.mapping("a test", schema.TEST)
    name = section.text("name")
    forms = [form for form in ("mail", "trap", "fields") if form in section]
    if len(forms) != 1:
        node.error(f"test `{name}` needs exactly one of mail, trap, fields; it has {' and '.join(forms) or 'none'}")
    trap = section.get("trap")
    oid, v1, varbinds = _read_trap(trap) if trap else (None, None, ())
    expect = section.require("expect")
    return TestSpec(
        name,
        node.line,
        _read_expect(expect) if expect else ExpectSpec(match=False),
        mail=section.text("mail") if "mail" in section else None,
        trap_oid=oid,
        varbinds=varbinds,
        v1=v1,
        fields=_read_values(section, "fields") if "fields" in section else None,
    )


def _read_values(section: Mapping, key: str) -> dict[str, str]:
    return {name: node.text(f"`{name}`") for name, node in section.mapping(key)}


def _read_trap(node: Node) -> tuple[str, tuple[str, int, int] | None, tuple[tuple[str, str | int], ...]]:
    section = node.mapping("`trap`", schema.TRAP)
    if ("oid" in section) == ("v1" in section):
        node.error("`trap` needs either `oid` (the v2 form) or `v1`")
    v1 = _read_v1(section.get("v1"))
    oid_node = section.get("oid")
    oid = check_oid(oid_node.text("`oid`"), oid_node) if oid_node else v2_form(*v1) if v1 else ""
    varbinds = section.mapping("varbinds")
    for name, child in varbinds:
        check_oid(name, child)
    return oid, v1, tuple((name, _varbind(child)) for name, child in varbinds)


def _varbind(node: Node) -> str | int:
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    text = node.text("a varbind's value")
    if text.startswith("hex:"):
        try:
            bytes.fromhex(text[4:])
        except ValueError:
            node.error("after `hex:` only pairs of hexadecimal digits may stand")
    return text


def _read_v1(node: Node | None) -> tuple[str, int, int] | None:
    if node is None:
        return None
    section = node.mapping("`v1`", schema.V1)
    enterprise, generic, specific = (section.require(key) for key in ("enterprise", "generic", "specific"))
    if enterprise is None or generic is None or specific is None:
        return None
    return (
        check_oid(enterprise.text("`enterprise`"), enterprise),
        generic.integer("`generic`", minimum=0, maximum=6),
        specific.integer("`specific`", minimum=-(2**31), maximum=2**31 - 1),
    )


def v2_form(enterprise: str, generic: int, specific: int) -> str:
    """The trap OID of a v1 trap (RFC 3584, section 3.1); a negative specific counts modulo 2^32."""
    if generic < 6:
        return f"1.3.6.1.6.3.1.1.5.{generic + 1}"
    return f"{enterprise}.0.{specific % 2**32}"


def _read_expect(node: Node) -> ExpectSpec:
    if node.value == schema.NO_MATCH:
        return ExpectSpec(match=False)
    section = node.mapping("`expect` (or the word no_match)", schema.EXPECT)
    if not section.entries and isinstance(node.value, dict):
        node.error("`expect` expects nothing")
    kind, outcome = section.text_or("kind", ""), section.get("outcome")
    if kind and kind not in _KINDS:
        section.error("kind", f"`kind` must be one of {', '.join(_KINDS)}")
    severity, rows = section.get("severity"), section.get("rows")
    word = outcome.choice("`outcome`", OutcomeWord) if outcome else None
    return ExpectSpec(
        match=True,
        kind=kind or None,
        severity=severity.integer("`severity`", minimum=1, maximum=4) if severity else None,
        urgency=section.text_or("urgency", "") or None,
        key=section.text_or("key", "") or None,
        contained=section.boolean("contained", default=False) if "contained" in section else None,
        clears=section.boolean("clears", default=False) if "clears" in section else None,
        outcome=word.value if word else None,
        notification=section.text_or("notification", "") or None,
        rows=rows.integer("`rows`", minimum=1, maximum=1_000) if rows else None,
        fields=_read_values(section, "fields"),
    )
