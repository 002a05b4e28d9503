"""The glossary explains every word of the closed lists, and no word that is not in them."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from collector.domain.case import Verdict
from collector.domain.item import TallyReason
from collector.domain.outcome import Outcome, Reason

GLOSSARY = (Path(__file__).parents[3] / "docs/glossary.md").read_text(encoding="utf-8")


def explained(section: str) -> dict[str, str]:
    """Word → meaning, from the tables under the heading that begins so."""
    body = re.split(r"^#{2,3} ", GLOSSARY.split(f"### {section}", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\|(?:[^`|]*\|)? `(\w+)` \| (.*) \|$", body, flags=re.MULTILINE)
    return {word: meaning.strip() for word, meaning in rows}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        pytest.param("Outcomes:", Outcome, id="outcomes"),
        pytest.param("Reasons: why", Reason, id="reasons"),
        pytest.param("Reasons for not storing", TallyReason, id="reasons of receivers"),
        pytest.param("Verdicts:", Verdict, id="verdicts"),
    ],
)
def test_the_glossary_explains_the_list(section: str, words: type[StrEnum]) -> None:
    found = explained(section)
    assert set(found) == {word.value for word in words} - {""}
    assert [word for word, meaning in found.items() if not meaning] == []
