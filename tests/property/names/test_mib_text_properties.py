"""Whatever a MIB file says, the answer is modules whose names may be shown, or a flaw. Nothing is raised."""

from hypothesis import example, given
from hypothesis import strategies as st

from collector.names.catalogue import catalogue
from collector.names.definitions import Flaw, Parsed, decode, encode
from collector.names.file import form, parse
from collector.names.model import Module, is_module, is_oid, is_symbol
from collector.names.parse import MibParser
from collector.names.resolve import Resolver

PARSER = MibParser()
OURS = catalogue()
WORDS = [
    *(
        "X-MIB",
        "DEFINITIONS",
        "::=",
        "BEGIN",
        "END",
        "IMPORTS",
        "FROM",
        "SNMPv2-SMI",
        "RFC1213-MIB",
        ";",
        ",",
        "{",
        "}",
        "(",
        ")",
    ),
    *("OBJECT", "IDENTIFIER", "OBJECT-TYPE", "SYNTAX", "INTEGER", "SEQUENCE", "OF", "ACCESS", "read-only", "STATUS", "mandatory"),
    *(
        "NOTIFICATION-TYPE",
        "TRAP-TYPE",
        "ENTERPRISE",
        "enterprises",
        "iso",
        "class",
        "a-b",
        "some",
        "Some",
        "SomeEntry",
        "0",
        "1",
    ),
    *("-1", "4294967296", "DESCRIPTION", '"text"', '"', "--", "'ff'h", "MACRO", "CHOICE", "EXPORTS", "BITS", "\n", "\x1b", "é"),
]
HEAD = "X-MIB DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI OBJECT-TYPE FROM RFC-1212 TRAP-TYPE FROM RFC-1215; "
STATEMENTS = [
    "{symbol} OBJECT IDENTIFIER ::= {{ {parent} {arc} }}",
    "{symbol} OBJECT-TYPE SYNTAX INTEGER {{ {label}({arc}) }} ACCESS read-only STATUS mandatory ::= {{ {parent} {arc} }}",
    "{symbol} TRAP-TYPE ENTERPRISE {parent} ::= {arc}",
    "{symbol} OBJECT IDENTIFIER ::= {{ {arc} {arc} }}",
]
symbols = st.sampled_from(["a", "b", "c-d", "e-f-g", "h", "i", "lambda", "class"])
statements = st.builds(
    lambda form_, symbol, parent, label, arc: form_.format(symbol=symbol, parent=parent, label=label, arc=arc),
    st.sampled_from(STATEMENTS),
    symbols,
    st.just("enterprises") | symbols,
    symbols | st.just("x" * 130),
    st.sampled_from(["0", "1", "2", "3", "4", "4294967295"]) | st.sampled_from(["-1", "4294967296"]),
)


def assert_fit_to_be_shown(parsed: Parsed) -> None:
    assert decode(encode(parsed).rstrip(b"\n")) == parsed
    if isinstance(parsed, Flaw):
        assert parsed.reason.isprintable()
        return
    resolver = Resolver(parsed, OURS)
    for definition in parsed:
        found = resolver.module(definition.name, "x.mib")
        if isinstance(found, Flaw):
            assert found.reason.isprintable()
        else:
            assert_fit(found)


def assert_fit(module: Module) -> None:
    assert is_module(module.name)
    for oid, name in module.names.items():
        assert is_oid(oid)
        assert is_symbol(name.symbol)
        assert all(is_symbol(label) for label in name.labels.values())
    assert parse(form([module]).encode()) == {module.name: module}


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    assert_fit_to_be_shown(PARSER.parse(octets))


@given(st.lists(st.sampled_from(WORDS), max_size=40))
@example(["X-MIB", "DEFINITIONS", "::=", "BEGIN", "END"])
def test_words_of_the_language_in_any_order(words: list[str]) -> None:
    assert_fit_to_be_shown(PARSER.parse(" ".join(words).encode()))


@given(st.lists(statements, max_size=8, unique_by=lambda said: said.split()[0]))
def test_statements_that_refer_to_each_other_anyhow(said: list[str]) -> None:
    assert_fit_to_be_shown(PARSER.parse(f"{HEAD}{' '.join(said)} END".encode()))
