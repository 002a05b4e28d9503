"""The customers file: what is read from a good one, and the exact line of every mistake in a bad one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.errors import FileErrors
from collector.domain.snmp_access import SnmpAccess
from collector.registry.file import read_customers
from collector.store.registry import SourceRecord

GOOD = """\
customers:
  - code: ACME
    name: Acme S.A.
    sources:                                   # a source is a console
      - {name: sepm-1, product: [symantec-sepm], mailbox: acme-sepm}
      - name: proxy-1
        product: bluecoat-proxysg
        snmp: {version: v2c, community: s3cret, networks: ["127.0.0.0/8", "2001:db8::/32"]}
  - code: BETA-2
    name: "Beta: Ñandú"
    language: en
    sources:
      - {name: old, mailbox: beta, snmp: {version: v1, community: "other \\u00f1", networks: ["192.0.2.1/32"]}}
  - {code: GAMMA, name: Without consoles}
"""


def test_a_good_file_is_read_as_it_is_meant() -> None:
    acme, beta, gamma = read_customers(GOOD, "customers.yaml")
    assert (acme.code, acme.name, acme.language, acme.line) == ("ACME", "Acme S.A.", "es", 2)
    assert [(source.record, source.line) for source in acme.sources] == [
        (SourceRecord("sepm-1", ("symantec-sepm",), "acme-sepm"), 5),
        (
            SourceRecord(
                "proxy-1",
                ("bluecoat-proxysg",),
                None,
                SnmpAccess.with_community("v2c", b"s3cret", ["127.0.0.0/8", "2001:db8::/32"]),
            ),
            6,
        ),
    ]
    assert (beta.name, beta.language) == ("Beta: Ñandú", "en")
    assert beta.sources[0].record.snmp
    assert beta.sources[0].record.snmp.community == "other ñ".encode()
    assert (gamma.name, gamma.sources) == ("Without consoles", ())


def customer(*lines: str) -> str:
    return "\n".join(["customers:", "  - code: ACME", "    name: Acme", *lines]) + "\n"


def source(*lines: str) -> str:
    return customer("    sources:", "      - name: one", *(f"        {line}" for line in lines))


def snmp(*lines: str) -> str:
    return source("snmp:", *(f"  {line}" for line in lines))


_FULL = ("version: v2c", "community: s3cret", 'networks: ["192.0.2.0/24"]')
_TWO = (
    "    sources:",
    '      - {name: one, mailbox: box, snmp: {version: v2c, community: s3cret, networks: ["192.0.2.0/24"]}}',
)

_MISTAKES = [
    pytest.param("", 0, "is empty", id="empty"),
    pytest.param("customers\n", 1, "must be a mapping", id="no mapping"),
    pytest.param("customers: []\nclients: []\n", 2, "unknown key `clients` in the file", id="unknown key of the file"),
    pytest.param("customers: {}\n", 1, "`customers` must be a list, not a mapping", id="no list"),
    pytest.param("customers:\n  - ACME\n", 2, "a customer must be a mapping", id="a customer that is a word"),
    pytest.param("customers:\n  - name: Acme\n", 2, "a customer needs `code`", id="no code"),
    pytest.param("customers:\n  - code: ACME\n", 2, "a customer needs `name`", id="no name"),
    pytest.param("customers:\n  - code: acme\n    name: A\n", 2, "`code` may hold capital letters", id="small letters"),
    pytest.param(f"customers:\n  - code: {'A' * 21}\n    name: A\n", 2, "at most 20", id="long code"),
    pytest.param("customers:\n  - code: SELF\n    name: A\n", 2, "SELF is the collector's own customer", id="our own code"),
    pytest.param("customers:\n  - code: 123\n    name: A\n", 2, "`code` must be text: put it in quotes", id="a number as code"),
    pytest.param(f"customers:\n  - code: A\n    name: {'n' * 201}\n", 3, "`name` is longer than 200", id="long name"),
    pytest.param(customer("    language: fr"), 4, "`language` must be es or en, not fr", id="unknown language"),
    pytest.param(customer("    sorces: []"), 4, "unknown key `sorces` in a customer; did you mean `sources`?", id="a typo"),
    pytest.param(customer("  - {code: ACME, name: B}"), 4, "customer ACME stands there twice (first on line 2)", id="twice"),
    pytest.param(customer("    name: Again"), 4, "key `name` is doubled (first on line 3)", id="doubled key"),
    pytest.param(customer("    sources:", "      - one"), 5, "a source must be a mapping", id="a source that is a word"),
    pytest.param(customer("    sources:", "      - mailbox: x"), 5, "a source needs `name`", id="no name of the source"),
    pytest.param(source("product: x"), 5, "a source needs `mailbox`, `snmp` or both", id="nothing can come from it"),
    pytest.param(source("mailbox: A@example.org"), 6, "`mailbox` may hold small letters", id="an address as mailbox"),
    pytest.param(source("mailbox: a+b"), 6, "(no @, no +)", id="a plus in the mailbox"),
    pytest.param(source("mailbox: x", "product: [Symantec SEPM]"), 7, "`product` names are small letters", id="product"),
    pytest.param(source("mailbox: x", "product: [people, symantec-sepm]"), 7, "`people` stands alone", id="people and a console"),
    pytest.param(
        source("mailbox: x", "product: people", "snmp:", *(f"  {one}" for one in _FULL)), 8, "has no `snmp`", id="people"
    ),
    pytest.param(source("mailbox: x", "product: []"), 7, "`product` must not be empty", id="no product in the list"),
    pytest.param(source("snmp: v2c"), 6, "`snmp` must be a mapping", id="snmp is a word"),
    pytest.param(snmp(*_FULL[1:]), 7, "`snmp` needs `version`", id="no version"),
    pytest.param(snmp("version: v4", *_FULL[1:]), 7, "`version` must be one of v1, v2c, v3", id="version 4"),
    pytest.param(snmp("version: 2", *_FULL[1:]), 7, "`version` must be text", id="a number as version"),
    pytest.param(snmp(_FULL[0], _FULL[2]), 7, "`snmp` needs `community`", id="no community"),
    pytest.param(snmp(_FULL[0], 'community: ""', _FULL[2]), 8, "`community` must be text, not an empty text", id="empty"),
    pytest.param(snmp(_FULL[0], f"community: {'c' * 256}", _FULL[2]), 8, "longer than 255 octets", id="long community"),
    pytest.param(snmp(*_FULL[:2]), 7, "`snmp` needs `networks`", id="no networks"),
    pytest.param(snmp(*_FULL[:2], "networks: []"), 9, "must name at least one network", id="empty networks"),
    pytest.param(snmp(*_FULL[:2], 'networks: ["10.0.0.1/8"]'), 9, "10.0.0.1/8 has host bits set", id="host bits"),
    pytest.param(snmp(*_FULL[:2], "networks: [proxy.example.org]"), 9, "'proxy.example.org' does not appear", id="a name"),
    pytest.param(snmp(*_FULL, "port: '162'"), 10, "unknown key `port` in `snmp`", id="unknown key of snmp"),
    pytest.param(
        customer(*_TWO, "      - {name: one, mailbox: other}"),
        6,
        "source one stands there twice (first on line 5)",
        id="name",
    ),
    pytest.param(
        customer(*_TWO, "      - {name: two, mailbox: box}"), 6, "ACME/one and ACME/two have the same mailbox box", id="same box"
    ),
    pytest.param(
        customer(*_TWO, '      - {name: two, snmp: {version: v1, community: s3cret, networks: ["192.0.2.128/25"]}}'),
        6,
        "ACME/one and ACME/two could both be meant by one trap: same community, overlapping networks",
        id="overlapping networks",
    ),
    pytest.param("customers: [\n", 2, "not YAML", id="not closed"),
    pytest.param("customers: &all []\n", 1, "an anchor (&name) is not allowed", id="an anchor"),
]


@pytest.mark.parametrize(("text", "line", "message"), _MISTAKES)
def test_a_mistake_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(FileErrors) as raised:
        read_customers(text, "customers.yaml")
    told = [(error.line, error.message) for error in raised.value.errors]
    assert any(at == line and message in said for at, said in told), told
    assert len(told) == 1, told
    assert str(raised.value).startswith(f"customers.yaml:{line}: " if line else "customers.yaml: ")


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = customer("    language: fr", "    sources:", "      - {name: one}", "      - {name: '', mailbox: '@'}")
    with pytest.raises(FileErrors) as raised:
        read_customers(text, "c.yaml")
    assert [error.line for error in raised.value.errors] == [4, 6, 7, 7]


SECRET = "pa55-comm"
_LEAKS = [
    pytest.param(f"community: {SECRET}\n   bad: indent", id="bad indentation after it"),
    pytest.param(f'community: "{SECRET}', id="quote not closed"),
    pytest.param(f"community: [{SECRET}]", id="in a list"),
    pytest.param(f"community: {{{SECRET}: x}}", id="as a key"),
    pytest.param(f"community: !secret {SECRET}", id="with a tag"),
    pytest.param(f"community: &a {SECRET}", id="with an anchor"),
    pytest.param(f"community: *{SECRET}", id="as an alias"),
    pytest.param(f"community: {SECRET}\n          community: {SECRET}", id="doubled"),
    pytest.param(f"community: {SECRET * 40}", id="too long"),
    pytest.param(f'community: "{SECRET}\\ud800"', id="half of a surrogate pair"),
    pytest.param(f'community: "{SECRET}\\q"', id="unknown escape"),
    pytest.param(f"community:{SECRET}", id="no blank after the colon"),
]


@pytest.mark.parametrize("line", _LEAKS)
def test_no_message_repeats_a_community(line: str) -> None:
    text = snmp("version: v2c", line, 'networks: ["192.0.2.0/24"]')
    with pytest.raises(FileErrors) as raised:
        read_customers(text, "customers.yaml")
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("value", ["5550123", "0x55550123", "5550123.5", "2026-03-17", "true", "~", "1_000", "=", "no"])
def test_no_message_repeats_a_community_that_is_not_text(value: str) -> None:
    with pytest.raises(FileErrors) as raised:
        read_customers(snmp("version: v2c", f"community: {value}", 'networks: ["192.0.2.0/24"]'), "customers.yaml")
    assert all(value not in error.message for error in raised.value.errors if len(value) > 4)


def test_a_clash_does_not_repeat_the_community() -> None:
    two = customer(*_TWO, '      - {name: two, snmp: {version: v1, community: s3cret, networks: ["192.0.2.1/32"]}}')
    with pytest.raises(FileErrors) as raised:
        read_customers(two, "customers.yaml")
    assert "s3cret" not in str(raised.value)


def refusal(text: str) -> FileErrors | None:
    try:
        read_customers(text, "customers.yaml")
    except FileErrors as refused:
        return refused
    return None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    refused = refusal(text)
    assert refused is None or refused.errors


@given(st.lists(st.sampled_from(GOOD.splitlines(keepends=True)), max_size=20).map("".join))
def test_any_order_of_its_lines_is_read_or_refused(text: str) -> None:
    assert "s3cret" not in str(refusal(text))
