"""Looking names up: the longest known beginning, either spelling of a trap, whose name wins."""

import pytest

from collector.names.book import NameBook
from collector.names.model import Module, Name, NameKind

ROOT = "1.3.6.1.4.1.32473"
PRODUCT = "1.3.6.1.4.1.3417.2"


def module(name: str, *named: tuple[str, str, NameKind]) -> Module:
    return Module(name, {oid: Name(name, symbol, kind, {1: "up", 2: "down"}) for oid, symbol, kind in named})


OURS = module(
    "OUR-MIB",
    (f"{ROOT}.1", "table", NameKind.NODE),
    (f"{ROOT}.1.1", "state", NameKind.COLUMN),
    (f"{ROOT}.1.1.9", "deeper", NameKind.OBJECT),
    (f"{ROOT}.2.0.1", "failed", NameKind.TRAP),
    (f"{ROOT}.2.7", "repaired", NameKind.TRAP),
    (f"{PRODUCT}.1", "known", NameKind.OBJECT),
)
BOOK = NameBook([OURS])


@pytest.mark.parametrize(
    ("oid", "text"),
    [
        pytest.param(f"{ROOT}.1.1.3", "OUR-MIB::state.3", id="an instance"),
        pytest.param(f"{ROOT}.1.1.10.0.0.1", "OUR-MIB::state.10.0.0.1", id="an instance of several arcs"),
        pytest.param(f"{ROOT}.1.1", "OUR-MIB::state", id="no instance"),
        pytest.param(f"{ROOT}.1.1.9.0", "OUR-MIB::deeper.0", id="the longest beginning"),
        pytest.param(f"{ROOT}.1.1.90", "OUR-MIB::state.90", id="whole arcs, not characters"),
        pytest.param(f"{ROOT}.1.2.1", None, id="below a mere place"),
        pytest.param(f"{ROOT}.2.0.1.0", None, id="below a trap"),
        pytest.param("1.3.6.1.4.1.32474.1", None, id="nothing known"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_variable_is_named_by_the_longest_known_beginning(oid: str, text: str | None) -> None:
    named = BOOK.variable(oid)
    assert (named.text if named else None) == text


def test_a_number_has_its_label_and_other_values_have_none() -> None:
    named = BOOK.variable(f"{ROOT}.1.1.3")
    assert named is not None
    assert [named.label(value) for value in (1, 2, 3, -1, "1", b"\1", None)] == ["up", "down", None, None, None, None, None]


@pytest.mark.parametrize(
    ("oid", "text"),
    [
        pytest.param(f"{ROOT}.2.0.1", "OUR-MIB::failed", id="as it is"),
        pytest.param(f"{ROOT}.2.1", "OUR-MIB::failed", id="without the zero"),
        pytest.param(f"{ROOT}.2.0.7", "OUR-MIB::repaired", id="with a zero that its module does not have"),
        pytest.param(f"{ROOT}.2.0.2", None, id="not known"),
        pytest.param(f"{ROOT}.1.1", None, id="no trap"),
        pytest.param("", None, id="none"),
    ],
)
def test_a_trap_is_named_in_either_spelling(oid: str, text: str | None) -> None:
    assert BOOK.trap(oid) == text


@pytest.mark.parametrize(
    ("oid", "text"),
    [
        pytest.param(f"{ROOT}.1", "OUR-MIB::table", id="a place"),
        pytest.param(f"{ROOT}.2.0.1", "OUR-MIB::failed", id="a trap"),
        pytest.param(f"{ROOT}.2.1", "OUR-MIB::failed", id="a trap in the other spelling"),
        pytest.param(f"{ROOT}.1.1.3", "OUR-MIB::state.3", id="a variable"),
        pytest.param(f"{ROOT}.9", None, id="not known"),
    ],
)
def test_an_oid_as_a_value_is_named(oid: str, text: str | None) -> None:
    assert BOOK.value(oid) == text


def test_what_was_loaded_wins_outside_the_products_and_ours_inside() -> None:
    loaded = module(
        "THEIR-MIB",
        (f"{ROOT}.1.1", "theirState", NameKind.COLUMN),
        (f"{PRODUCT}.1", "theirs", NameKind.OBJECT),
        (f"{PRODUCT}.2", "more", NameKind.OBJECT),
    )
    book = NameBook([OURS], [loaded])
    found = [book.variable(oid) for oid in (f"{ROOT}.1.1.1", f"{PRODUCT}.1.0", f"{PRODUCT}.2.0")]
    assert [named.text for named in found if named] == ["THEIR-MIB::theirState.1", "OUR-MIB::known.0", "THEIR-MIB::more.0"]


def test_of_two_loaded_modules_the_first_in_the_alphabet_wins_whatever_the_order() -> None:
    one, other = (module(name, (f"{ROOT}.5", "same", NameKind.OBJECT)) for name in ("A-MIB", "B-MIB"))
    for loaded in ([one, other], [other, one]):
        named = NameBook([OURS], loaded).variable(f"{ROOT}.5.0")
        assert named is not None
        assert named.text == "A-MIB::same.0"
