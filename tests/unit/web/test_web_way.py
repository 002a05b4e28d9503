"""The way of a notification in the reader's words: the tests of rules, what was decoded, everything that was tried."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.web.speech import Speech
from api.web.way_view import belief_told, condition_told, decoded_told, sender_told, tried_told
from collector.domain.mail import Mail
from rules import conditions
from rules.explain import explain_mail
from rules.loader import builtin_packs_path, load_packs

SPANISH, ENGLISH = (
    Speech(language, ZoneInfo("America/Argentina/Buenos_Aires"), datetime(2026, 3, 17, 15, 0, tzinfo=UTC))
    for language in ("es", "en")
)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        pytest.param({"f": "risk"}, "es risk", id="one value"),
        pytest.param({"f": ["resolved", "blocked"]}, "es blocked o resolved", id="two values"),
        pytest.param({"f": list("abcdef")}, "es uno de 6 valores", id="many values"),
        pytest.param({"f": "stop or start"}, "es stop or start", id="a value with an or of its own"),
        pytest.param({"f|contains": "eicar"}, "es *eicar*", id="a part"),
        pytest.param({"f|cased": "Is"}, "es exactamente Is", id="upper and lower case count"),
        pytest.param({"f": None}, "falta", id="missing"),
        pytest.param({"f|exists": True}, "está", id="there"),
        pytest.param({"f|re": "is (or|matches) x"}, "coincide con is (or|matches) x", id="a pattern"),
        pytest.param({"f|cidr": "192.0.2.0/24"}, "está en la red 192.0.2.0/24", id="a network"),
        pytest.param({"f|gte": 5}, ">= 5", id="a comparison"),
        pytest.param({"f": 5}, "= 5", id="a number"),
    ],
)
def test_a_test_of_a_rule_is_told_in_words_with_its_values_untouched(item: dict[str, object], told: str) -> None:
    (asked,) = conditions.tests_in(conditions.read_detection("rule", {"seen": item, "condition": "seen"}))
    assert condition_told(asked.shown, SPANISH) == told
    assert condition_told(f"not: {asked.shown}", SPANISH) == f"no {told}"
    assert condition_told(asked.shown, ENGLISH) == asked.shown
    assert condition_told(f"not: {asked.shown}", ENGLISH) == f"not: {asked.shown}"


@pytest.mark.parametrize("test", ["", "sounds like x", "<b>", "{value}", "isn't"])
def test_a_test_that_nobody_knows_is_shown_as_it_is(test: str) -> None:
    assert condition_told(test, SPANISH) == test


def test_values_are_never_taken_for_places() -> None:
    assert condition_told("not: is {value}{x}", SPANISH) == "no es {value}{x}"


@pytest.mark.parametrize(
    ("decoded", "spanish", "english"),
    [
        pytest.param(
            {"as": "mail", "subject": "is", "characters": 1073, "partial": False, "limits": []},
            [("como", "correo"), ("asunto", "is"), ("caracteres", "1.073")],
            [("as", "mail"), ("subject", "is"), ("characters", "1,073")],
            id="a mail",
        ),
        pytest.param(
            {"as": "mail", "subject": "", "characters": 0, "partial": True, "limits": ["parts", "new"]},
            [("como", "correo"), ("caracteres", "0"), ("leído en parte", ""), ("por el límite de", "partes, new")],
            [("as", "mail"), ("characters", "0"), ("partly decoded", ""), ("by the limit of", "parts, new")],
            id="a mail of which not all was read",
        ),
        pytest.param(
            {"as": "trap_v2", "version": "v2c", "trap_oid": "1.3", "varbinds": 2, "trap_name": "A-MIB::a", "names": {"1": "b"}},
            [("como", "trap v2"), ("versión", "v2c"), ("OID", "1.3"), ("variables", "2"), ("nombre", "A-MIB::a")],
            [("as", "v2 trap"), ("version", "v2c"), ("OID", "1.3"), ("variables", "2"), ("name", "A-MIB::a")],
            id="a trap",
        ),
        pytest.param(
            {"as": None, "outcome": "undecodable", "reason": "not_ber", "detail": "<b>"},
            [("resultado", "ilegible"), ("motivo", "no es BER"), ("detalle", "<b>")],
            [("outcome", "undecodable"), ("reason", "not BER"), ("detail", "<b>")],
            id="nothing",
        ),
        pytest.param({"as": "x", "new": "y"}, [("como", "x"), ("new", "y")], [("as", "x"), ("new", "y")], id="unknown words"),
    ],
)
def test_what_was_decoded_is_told_in_words(
    decoded: dict[str, object], spanish: list[tuple[str, str]], english: list[tuple[str, str]]
) -> None:
    assert decoded_told(decoded, SPANISH) == spanish
    assert decoded_told(decoded, ENGLISH) == english


def test_how_a_mail_was_recognised_is_told_in_words() -> None:
    ruleset = load_packs(builtin_packs_path()).ruleset
    by = explain_mail(ruleset, Mail(subject="x", text="y"), source="console-1", products=()).recognised_by
    assert tried_told({"recognised_by": by}, SPANISH) == {"reconocido por": "palabras en asunto y texto"}


def test_the_fields_of_a_notification_keep_their_names_among_what_was_tried() -> None:
    tried = {"rows": [{"row": 0, "fields": {"rule": "is x"}, "rules": [{"chosen": True, "conditions": [{"test": "is x"}]}]}]}
    assert tried_told(tried, SPANISH) == {
        "renglones": [{"renglón": 0, "campos": {"rule": "is x"}, "reglas": [{"elegido": "sí", "pruebas": [{"prueba": "es x"}]}]}]
    }


def test_each_step_of_belief_is_told_with_its_answer() -> None:
    steps = [
        {"step": "keys", "held": True, "reason": None, "detail": None},
        {"step": "time", "held": False, "reason": "replayed", "detail": None},
        {"step": "engine", "held": False, "reason": "unknown_engine", "detail": "<80>"},
        {"step": "new", "held": False, "reason": "newer", "detail": None},
    ]
    assert belief_told(steps, ENGLISH) == [
        ("the keys open it", "yes"),
        ("came in time, and first", "a message that came before"),
        ("the engine is approved", "the SNMPv3 engine is not approved: <80>"),
        ("new", "newer"),
    ]
    assert belief_told(steps[:1], SPANISH) == [("las claves lo abren", "sí")]


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        pytest.param({"address": "192.0.2.1", "trusted_relay": False, "agent_address": None}, [], id="the peer and nothing else"),
        pytest.param(
            {"address": "192.0.2.1", "trusted_relay": True, "trap_address": "192.0.2.1"},
            [("address that counts", "192.0.2.1"), ("from a trusted relay", ""), ("snmpTrapAddress", "192.0.2.1")],
            id="through a relay",
        ),
        pytest.param(
            {"address": "192.0.2.1", "trusted_relay": False, "agent_address": "10.0.0.1"},
            [("address that counts", "192.0.2.1"), ("agent-addr", "10.0.0.1")],
            id="an address that is only data",
        ),
    ],
)
def test_where_a_trap_is_from_is_told_when_it_is_not_only_the_peer(
    sender: dict[str, object], told: list[tuple[str, str]]
) -> None:
    assert sender_told(sender, ENGLISH) == told
