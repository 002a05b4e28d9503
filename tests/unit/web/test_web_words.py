"""Every text of the page is there in both languages, and every text that is asked for exists."""

import re
import string
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest

from api.web.case_forms import HOWS
from api.web.limiter import SignIn
from api.web.words import LANGUAGES, WORDS, say
from collector.domain.calendar import Gap
from collector.domain.case import CaseStatus, Verb, Verdict
from collector.domain.deadline import DeadlineName, DeadlineState
from collector.domain.mail import MailLimit
from collector.domain.outcome import Outcome, Reason
from collector.domain.security_facts import SecurityFacts
from collector.domain.signal import CaseKind, Urgency
from collector.domain.trap import Pdu
from collector.domain.trap_facts import TrapFacts
from collector.domain.trust import Trust
from collector.domain.users import UserRole
from rules.explain import RowExplained, TriedCondition, TriedKind, TriedRule

FOLDER = Path(__file__).parents[3] / "api/web"
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "templates").glob("*.html"))}
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py")) if "words" not in path.name}

TRIED = (TriedKind, RowExplained, TriedRule, TriedCondition)
FAMILIES: dict[str, type[StrEnum]] = {
    "status": CaseStatus,
    "act": Verb,
    "done": Verb,
    "verdict": Verdict,
    "outcome": Outcome,
    "kind": CaseKind,
    "urgency": Urgency,
    "deadline": DeadlineState,
    "gap": Gap,
    "role": UserRole,
}
"""First part of a key → the closed list whose every word has a text."""
LISTS = {
    "deadline": [*(name.value for name in DeadlineName), "met_late"],
    "trust": [trust.word for trust in Trust],
    "form.how": list(HOWS),
    "sign_in": [result.value for result in SignIn if result is not SignIn.OK] + ["origin"],
    "day": [str(day) for day in range(7)],
    "severity": ["1", "2", "3", "4"],
    "flag": ["review", "triage", "cleared", "outside", "spoofable"],
    "language": list(LANGUAGES),
    "reason": [reason.value for reason in Reason if reason is not Reason.NONE],
    "mail_limit": [limit.value for limit in MailLimit],
    "decoded": [*(pdu.value for pdu in Pdu), "mail"],
    "decoded_label": [
        *({fact.name for fact in fields(TrapFacts)} - {"pdu"}),
        *(fact.name for fact in fields(SecurityFacts)),
        *("address", "trusted_relay", "trap_address"),
        *("as", "trap_oid", "trap_name", "varbinds", "subject", "characters", "partial", "limits", "outcome", "reason", "detail"),
    ],
    "belief": ["engine_id", "user", "keys", "address", "inform", "time", "engine", "again", "yes"],
    "tried": [
        "recognised_by",
        "rows",
        "kinds",
        *(part.name for shown in TRIED for part in fields(shown)),
        "yes",
        "no",
        "anchors",
    ],
}
LITERAL = re.compile(r"""(?:\bt|\bsay)\(\s*(?:speech\.language, )?["']([a-z_.0-9-]+)["']\s*[,)]""")
QUOTED = re.compile(r'"((?:problem|done|actor|time)\.(?!html")[a-z_]+)"')


@pytest.mark.parametrize("key", [pytest.param(key, id=key) for key in WORDS])
def test_a_text_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    texts = WORDS[key]
    assert len(texts) == len(LANGUAGES)
    assert all(text.strip() for text in texts)
    places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
    assert places[0] == places[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_word_of_a_closed_list_has_a_text(family: str) -> None:
    assert [word for word in FAMILIES[family] if f"{family}.{word}" not in WORDS] == []


@pytest.mark.parametrize("family", LISTS)
def test_every_word_of_a_short_list_has_a_text(family: str) -> None:
    assert [word for word in LISTS[family] if f"{family}.{word}" not in WORDS] == []


@pytest.mark.parametrize("name", [*TEMPLATES, *MODULES])
def test_every_text_that_is_asked_for_exists(name: str) -> None:
    text = TEMPLATES.get(name) or MODULES[name]
    asked = {*LITERAL.findall(text), *QUOTED.findall(text)}
    assert {key for key in asked if key not in WORDS} == set()


def test_the_search_for_asked_texts_finds_them() -> None:
    asked = LITERAL.findall("""{{ s.t('nav.keys') }} {{ s.t("list.count", n=1) }} say(speech.language, "nav.main")""")
    assert asked == ["nav.keys", "list.count", "nav.main"]


def test_no_text_is_there_for_nothing() -> None:
    everything = "\n".join([*TEMPLATES.values(), *MODULES.values()])
    made = {f"{family}.{word}" for family, words in FAMILIES.items() for word in words}
    made |= {f"{family}.{word}" for family, words in LISTS.items() for word in words}
    made |= {f"flag.{word}_long" for word in LISTS["flag"]}
    prefixes = ("detail.", "time.", "case.", "live.", "list.")
    unused = [key for key in WORDS if key not in made and key not in everything and not key.startswith(prefixes)]
    assert unused == []


def test_templates_have_no_words_of_their_own() -> None:
    """Text between tags that is not put in: only marks, and the name of the thing called OID everywhere."""
    for name, text in TEMPLATES.items():
        bare = re.sub(r"\{% block body_class %\}\w+|\{\{.*?\}\}|\{%.*?%\}|[\w-]+=\"[^\"]*\"", "", text, flags=re.DOTALL)
        words = {word for word in re.findall(r">([^<]*)<", bare) for word in re.findall(r"[A-Za-zñáéíóú]{2,}", word)}
        assert words <= {"OID", "Enter", "Esc", "times"}, name


def test_an_unknown_text_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        say("es", "no.such.text")
