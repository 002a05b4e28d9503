"""Definitions into names, from hand-made definitions: what pysmi makes of texts is tested with MIB files."""

import pytest

from collector.names.definitions import Definition, Flaw, ModuleDefinition, TypeDefinition, decode, encode
from collector.names.model import Module, Name, NameKind
from collector.names.plain import plain
from collector.names.resolve import Resolver

KNOWN = {
    "SNMPv2-SMI": Module("SNMPv2-SMI", {"1.3.6.1.4.1": Name("SNMPv2-SMI", "enterprises", NameKind.NODE)}),
    "KNOWN-MIB": Module(
        "KNOWN-MIB", {"1.3.6.1.4.1.32473": Name("KNOWN-MIB", "a-root", NameKind.NODE)}, {"Known-State": {1: "up"}}
    ),
}
ROOT = ("SNMPv2-SMI", "enterprises")


def node(symbol: str, parent: tuple[str, str] | None, *arcs: int, kind: NameKind = NameKind.NODE) -> Definition:
    return Definition(symbol, kind, parent, arcs, line=7)


def resolved(*definitions: Definition, types: tuple[TypeDefinition, ...] = (), imports: str = "SNMPv2-SMI") -> Module | Flaw:
    module = ModuleDefinition("X-MIB", {imports: 3}, definitions, types)
    return Resolver([module], KNOWN).module("X-MIB", "x.mib")


def test_definitions_may_stand_in_any_order() -> None:
    found = resolved(node("leaf", ("X-MIB", "middle"), 3), node("middle", ROOT, 1, 2))
    assert isinstance(found, Module)
    assert {oid: name.symbol for oid, name in found.names.items()} == {
        "1.3.6.1.4.1.1.2.3": "leaf",
        "1.3.6.1.4.1.1.2": "middle",
    }


def test_a_variable_takes_the_place_of_a_mere_place_and_not_the_other_way_round() -> None:
    for order in ((NameKind.NODE, NameKind.OBJECT), (NameKind.OBJECT, NameKind.NODE)):
        found = resolved(*(node(kind.value, ROOT, 1, kind=kind) for kind in order))
        assert isinstance(found, Module)
        assert found.names["1.3.6.1.4.1.1"].kind is NameKind.OBJECT


def test_symbols_are_found_as_pysmi_writes_them() -> None:
    found = resolved(node("leaf", ("KNOWN-MIB", "a_root"), 1), imports="KNOWN-MIB")
    assert isinstance(found, Module)
    assert list(found.names) == ["1.3.6.1.4.1.32473.1"]
    assert [plain(symbol) for symbol in ("a-b", "a_b", "_pysmi_class", "class", "_pysmi_x")] == [
        "a_b",
        "a_b",
        "class",
        "class",
        "_pysmi_x",
    ]


def test_labels_come_through_types_of_types() -> None:
    typed = Definition("state", NameKind.OBJECT, ROOT, (1,), type=("X-MIB", "Inner"))
    types = (TypeDefinition("Inner", {}, ("X-MIB", "Outer")), TypeDefinition("Outer", {}, ("KNOWN-MIB", "Known_State")))
    found = resolved(typed, types=types, imports="KNOWN-MIB")
    assert isinstance(found, Module)
    assert found.names["1.3.6.1.4.1.1"].labels == {1: "up"}
    assert found.types == {"Inner": {1: "up"}, "Outer": {1: "up"}}


def test_types_in_a_circle_have_no_labels() -> None:
    typed = Definition("state", NameKind.OBJECT, ROOT, (1,), type=("X-MIB", "Inner"))
    types = (TypeDefinition("Inner", {}, ("X-MIB", "Outer")), TypeDefinition("Outer", {}, ("X-MIB", "Inner")))
    found = resolved(typed, types=types)
    assert isinstance(found, Module)
    assert found.names["1.3.6.1.4.1.1"].labels == {}


@pytest.mark.parametrize(("generic", "oid"), [(0, "1.3.6.1.6.3.1.1.5.1"), (5, "1.3.6.1.6.3.1.1.5.6")])
def test_traps_of_the_enterprise_snmp_are_the_generic_ones(generic: int, oid: str) -> None:
    found = resolved(node("generic", None, 1, 3, 6, 1, 2, 1, 11, 0, generic, kind=NameKind.TRAP))
    assert isinstance(found, Module)
    assert list(found.names) == [oid]


@pytest.mark.parametrize(
    ("definitions", "flaw"),
    [
        pytest.param(
            [node("a", ("X-MIB", "b"), 1), node("b", ("X-MIB", "a"), 1)],
            Flaw(7, "a is defined in a circle, or deeper than 128 arcs"),
            id="circle",
        ),
        pytest.param(
            [node(f"n{at}", ("X-MIB", f"n{at + 1}"), 1) for at in range(200)],
            Flaw(7, "n0 is defined in a circle, or deeper than 128 arcs"),
            id="deep",
        ),
        pytest.param(
            [node("a", ("SNMPv2-SMI", "nobody"), 1)],
            Flaw(7, "a is below nobody, which SNMPv2-SMI does not define"),
            id="unknown parent",
        ),
        pytest.param([node("a", None, 3, 1)], Flaw(7, "a has no OID that can be"), id="no such root"),
        pytest.param(
            [Definition("a", NameKind.OBJECT, ROOT, (1,), labels={"a b": 1})],
            Flaw(0, "a label of an enumeration has characters that it may not have"),
            id="label",
        ),
        pytest.param(
            [Definition("a", NameKind.OBJECT, ROOT, (1,), labels={f"l{at}": at for at in range(4097)})],
            Flaw(0, "an enumeration has more than 4096 labels"),
            id="labels without end",
        ),
    ],
)
def test_a_module_with_a_flaw_is_none(definitions: list[Definition], flaw: Flaw) -> None:
    assert resolved(*definitions) == flaw


def test_a_missing_module_is_named_with_the_line_of_its_import() -> None:
    assert resolved(imports="NOWHERE-MIB") == Flaw(3, "imports NOWHERE-MIB, which is not there")


def test_what_the_parsing_process_tells_arrives_as_it_was() -> None:
    definition = Definition("state", NameKind.OBJECT, ROOT, (1, 2), 3, {"up": 1}, ("X-MIB", "State"))
    module = ModuleDefinition(
        "X-MIB", {"SNMPv2-SMI": 2}, (definition, node("root", None, 1)), (TypeDefinition("State", {"up": 1}, None),)
    )
    for told in ([module], [], Flaw(3, "no")):
        assert decode(encode(told).rstrip(b"\n")) == told
