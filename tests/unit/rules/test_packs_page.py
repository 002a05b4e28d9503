"""docs/packs.md says what the reader accepts: every key, every modifier, and an example that loads."""

import re
from pathlib import Path

import pytest

from rules import schema
from rules.loader import load_packs

PAGE = (Path(__file__).parents[3] / "docs" / "packs.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))


@pytest.mark.parametrize(
    ("section", "key"),
    [pytest.param(name, key, id=f"{name}.{key}") for name, keys in schema.SECTIONS.items() for key in sorted(keys)],
)
def test_every_key_of_the_format_is_described(section: str, key: str) -> None:
    assert key in CODE, f"docs/packs.md does not describe `{key}` of {section}"


def test_every_modifier_and_special_word_is_described() -> None:
    assert (schema.MODIFIERS | set(schema.LATER) | {schema.ROWS, schema.UNVERIFIED, schema.NO_MATCH}) <= CODE


def test_the_complete_example_loads() -> None:
    example = PAGE[PAGE.index("A complete small pack:") :].split("```")[1].removeprefix("yaml\n")
    assert load_packs([("packs.md", example)]).refused == {}
