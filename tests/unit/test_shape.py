"""The shape of the code: sizes of modules and functions, what a module says of itself, and words that are not used for names."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("collector", "receivers", "rules", "api")
APART = ("collector/store/migrations/versions", "collector/store/tables.py")
"""Lists of columns, which no limit of size makes more readable."""

PRODUCT = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parametrized(paths: Sequence[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", [pytest.param(path, id=relative(path)) for path in paths])


def measured(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if not relative(path).startswith(APART) and path.read_text(encoding="utf-8").strip()]


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines, without decorators."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{relative(path)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def ninth_decile(values: Sequence[int]) -> float:
    return quantiles(values, n=10, method="inclusive")[-1]


def test_modules_are_small() -> None:
    lengths = [lines_of(path) for path in measured(PRODUCT)]
    assert median(lengths) <= 150
    assert ninth_decile(lengths) <= 350


def test_functions_are_small() -> None:
    lengths = [length for path in measured(PRODUCT) for _, length in functions_of(path)]
    assert median(lengths) <= 10
    assert ninth_decile(lengths) <= 35


def test_no_module_is_longer_than_500_lines() -> None:
    assert {relative(path): lines_of(path) for path in measured([*PRODUCT, *TESTS]) if lines_of(path) > 500} == {}


def test_no_function_is_longer_than_80_lines() -> None:
    assert {name: length for path in measured([*PRODUCT, *TESTS]) for name, length in functions_of(path) if length > 80} == {}


@parametrized(measured([*PRODUCT, *TESTS]))
def test_a_module_says_at_its_head_what_lives_in_it(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert said is not None
    assert said.endswith((".", "!"))
    assert len(said) <= 900, "one to three sentences; more belongs to docs"


AVOIDED = {"util", "utils", "helper", "helpers", "manager", "managers", "alert", "alerts", "event", "events"}


def words_of(identifier: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def names_in(path: Path) -> Iterator[str]:
    """Names that the module gives: its own, of classes, functions and parameters."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


@parametrized(PRODUCT)
def test_names_avoid_words_that_mean_nothing_or_too_much(path: Path) -> None:
    assert [name for name in names_in(path) if words_of(name) & AVOIDED] == []


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        pytest.param("EventManager", {"event", "manager"}, id="class"),
        pytest.param("parse_alert_v2", {"parse", "alert", "v"}, id="function"),
        pytest.param("SNMPUtils", {"snmp", "utils"}, id="abbreviation"),
        pytest.param("eventual_managerial", {"eventual", "managerial"}, id="longer words are others"),
    ],
)
def test_the_word_rule_itself(identifier: str, words: set[str]) -> None:
    assert words_of(identifier) == words
