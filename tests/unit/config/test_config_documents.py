"""The example file, the page in docs and the program say the same."""

import re
import tomllib
from pathlib import Path

import pytest

from collector.config import Settings, load
from collector.config.keys import Key, all_keys, to_toml

ROOT = Path(__file__).parents[3]
KEYS = [pytest.param(key, id=".".join(path)) for path, key in all_keys().items()]


def default_of(key: Key) -> str:
    return to_toml(key.default.get_secret_value() if key.is_secret else key.default)  # type: ignore[attr-defined]


def documented() -> dict[tuple[str, ...], str]:
    """Key path → default, from the tables of the page."""
    found: dict[tuple[str, ...], str] = {}
    section: tuple[str, ...] = ()
    for line in (ROOT / "docs/configuration.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## `\[(.+)\]`|## ", line):
            section = tuple(heading[1].split(".")) if heading[1] else ()
        elif row := re.match(r"\| `(\w+)`(?: \(secret\))? \| `(.*?)` \| (.+) \|", line):
            found[*section, row[1]] = row[2]
    return found


@pytest.mark.parametrize("key", KEYS)
def test_every_key_stands_in_the_page_with_its_default(key: Key) -> None:
    assert documented()[key.path] == default_of(key)


def test_the_page_has_no_key_that_the_program_does_not_have() -> None:
    assert set(documented()) == set(all_keys())


def test_the_page_marks_the_secrets() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    marked = set(re.findall(r"\| `(\w+)` \(secret\)", page))
    assert marked == {key.path[-1] for key in all_keys().values() if key.is_secret}


def test_the_example_file_equals_the_defaults() -> None:
    assert load(ROOT / "deploy/collector.example.toml", {}) == Settings()


@pytest.mark.parametrize("key", KEYS)
def test_the_example_file_states_every_key_as_the_program_would(key: Key) -> None:
    value: object = tomllib.loads((ROOT / "deploy/collector.example.toml").read_text(encoding="utf-8"))
    for name in key.path:
        assert isinstance(value, dict)
        value = value[name]
    assert to_toml(tuple(value) if isinstance(value, list) else value) == default_of(key)
