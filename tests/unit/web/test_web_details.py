"""Details that are sentences of ours are there in Spanish, and all of them are."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.web.detail_view import detail_told
from api.web.detail_words import DETAIL_WORDS
from api.web.speech import Speech
from api.web.way_view import belief_told, decoded_told

ROOT = Path(__file__).parents[3]
WRITERS = ("receivers/snmp", "collector/pipeline", "rules")
MAKERS = ("BerError", "NotDecoded", "unauthenticated", "_unauthenticated")
NAMES = ("told", "detail", "fit")
SPANISH, ENGLISH = (
    Speech(language, ZoneInfo("America/Argentina/Buenos_Aires"), datetime(2026, 3, 17, 15, 0, tzinfo=UTC))
    for language in ("es", "en")
)
ENGINE = "80001f888059dc486145a26322"
NO_DETAILS = ("reprocessed ", "cleared\0", "that engine speaks", "only quarantine")
"""Beginnings of other texts that the same names are given to."""


def sample(node: ast.expr) -> str | None:
    """The sentence with a 7 in each place; None when it is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(sample(part) or "" for part in values)
        case ast.FormattedValue(value=ast.IfExp(body=body)):
            return sample(body)
        case ast.FormattedValue(value=ast.Name(id="fit")):
            return "the keys of 7 fit"
        case ast.FormattedValue(value=ast.Name(id="told")):
            return ": an engine ID has 5 to 32 octets"
        case ast.FormattedValue():
            return "7"
    return None


def written() -> Iterator[str]:
    """Every detail with a space in it, as the code writes it."""
    for folder in WRITERS:
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Name(id=name), args=[*_, last]) if name in MAKERS:
                        found = sample(last)
                    case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMES:
                        found = sample(value)
                    case ast.Return(value=ast.JoinedStr() as value) if "fit}" in ast.unparse(value):
                        found = sample(value)
                    case _:
                        continue
                if found and " " in found and not found.startswith((*NO_DETAILS, "the keys of 7 fit")):
                    yield found


@pytest.mark.parametrize("detail", sorted(set(written())))
def test_every_sentence_that_the_code_writes_is_there_in_spanish(detail: str) -> None:
    assert detail_told(detail, SPANISH) != detail
    assert detail_told(detail, ENGLISH) == detail


def test_the_search_for_sentences_finds_them() -> None:
    found = set(written())
    assert len(found) > 40
    assert {"not from 7", "not the digest of 7 and this pass phrase", "the key needs the field 7"} <= found


@pytest.mark.parametrize("english", DETAIL_WORDS)
def test_a_sentence_has_the_same_places_in_both_languages(english: str) -> None:
    places = [sorted(re.findall(r"\{\w+\}", text)) for text in (english, DETAIL_WORDS[english])]
    assert places[0] == places[1]
    assert detail_told(english, SPANISH) == DETAIL_WORDS[english]


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        pytest.param("not from 127.0.100.5", "no viene de 127.0.100.5", id="an address"),
        pytest.param("the key needs the field risk", "la clave necesita el campo risk", id="a field keeps its name"),
        pytest.param(
            f"{ENGINE}: the keys of ALFA/a, BETA/b fit: approve it for one of them",
            f"{ENGINE}: coinciden las claves de ALFA/a, BETA/b: aprobarlo para una de ellas",
            id="several places",
        ),
        pytest.param("not from {address}", "no viene de {address}", id="no value is taken for a place"),
        pytest.param(ENGINE, ENGINE, id="an identifier"),
        pytest.param("RecursionError", "RecursionError", id="the name of an error"),
        pytest.param("not from <b>\nx", "not from <b>\nx", id="two lines"),
        pytest.param("from " + "x" * 5_000, "from " + "x" * 5_000, id="far too long"),
    ],
)
def test_identifiers_and_what_is_not_ours_stay_as_they_are(detail: str, told: str) -> None:
    assert detail_told(detail, SPANISH) == told


def test_they_are_told_wherever_the_page_shows_them() -> None:
    step = {"step": "address", "held": False, "reason": "unknown_user", "detail": "not from 192.0.2.1"}
    assert belief_told([step], SPANISH) == [("viene de sus redes", "usuario SNMPv3 desconocido: no viene de 192.0.2.1")]
    assert decoded_told({"detail": "indefinite length"}, SPANISH) == [("detalle", "longitud indefinida")]


def test_numbers_that_name_something_can_be_copied() -> None:
    named = {"message_id": 1586563256, "specific": -2147483597, "uptime": 123456, "engine_time": 98765, "request_id": 5000}
    assert [value for _, value in decoded_told(named, SPANISH)] == [str(value) for value in named.values()]
    assert decoded_told({"varbinds": 1234}, SPANISH) == [("variables", "1.234")]
