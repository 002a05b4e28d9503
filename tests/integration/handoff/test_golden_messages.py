"""One message of every type, and their description: frozen. Readers at ticketing backends are written against them.

`COLLECTOR_RENEW_GOLDEN=1 python -m pytest tests/integration/handoff/test_golden_messages.py` writes the files anew.
"""

import json
import os
from datetime import timedelta
from typing import Any

import pytest

from api.schemas.handoff import message_schema
from collector.domain.case import Case, CaseStatus, Verdict
from collector.domain.clocks import Happening, wind
from collector.domain.deadline import Deadline
from collector.domain.ids import CaseId, CustomerId, ExternalKey, NotificationId
from collector.domain.item import Transport
from collector.domain.message import MessageType, Told
from collector.domain.registry import Customer
from collector.handoff.body import Fresh, Original, message_body
from collector.store.tickets import Ticket
from tests.builders import NOON, REPOSITORY, TERMS, a_case, a_threat, after
from tests.feed_kit import checked

GOLDEN = REPOSITORY / "tests" / "golden" / "handoff"
RENEW = bool(os.environ.get("COLLECTOR_RENEW_GOLDEN"))
CUSTOMER = Customer(CustomerId(2), "ACME", "Acme S.A.")
RULE, PERSON, COLLECTOR = "rule:disk-full@abc", "key:bridge/jperez", "collector"
Detail = dict[str, str | int | bool | None]
DEADLINE: Detail = {"deadline": "response", "due_at": "2026-03-17T18:00:00.000Z", "provisional": True, "severity": 3}

CHANGES: dict[MessageType, tuple[Verdict, str, str | None, Detail]] = {
    MessageType.OPENED: (Verdict.OPENED, RULE, None, {}),
    MessageType.SEVERITY_CHANGED: (Verdict.RAISED, RULE, None, {"severity_before": 3, "severity": 2}),
    MessageType.NOTED: (
        Verdict.JOINED,
        COLLECTOR,
        "+7",
        {"count": 7, "occurrences": 8, "last_seen_at": "2026-03-17T12:10:00.000Z"},
    ),
    MessageType.ACKNOWLEDGED: (Verdict.ACKNOWLEDGED, PERSON, None, {}),
    MessageType.ASSIGNED: (Verdict.ASSIGNED, PERSON, None, {"assignee": "Juana Pérez"}),
    MessageType.LEVEL_CHANGED: (Verdict.ESCALATED, PERSON, "Al fabricante", {}),
    MessageType.CONTACTED: (
        Verdict.CONTACTED,
        PERSON,
        None,
        {"at": "2026-03-17T12:05:00.000Z", "who": "Ana Díaz", "how": "phone"},
    ),
    MessageType.RESPONDED: (Verdict.RESPONDED, PERSON, None, {"at": "2026-03-17T12:08:00.000Z"}),
    MessageType.CONTAINED: (Verdict.CONTAINED, RULE, None, {"contained": True}),
    MessageType.REOPENED: (Verdict.REOPENED, RULE, None, {}),
    MessageType.DEADLINE_AT_RISK: (Verdict.DEADLINE_AT_RISK, COLLECTOR, None, DEADLINE),
    MessageType.DEADLINE_BREACHED: (Verdict.DEADLINE_BREACHED, COLLECTOR, None, DEADLINE),
    MessageType.CLEARED: (Verdict.CLEARED, "rule:disk-fine@abc", None, {}),
    MessageType.RELAPSED: (Verdict.JOINED, RULE, None, {"relapsed": True}),
    MessageType.CLOSED: (Verdict.CLOSED, PERSON, "Disco reemplazado", {}),
    MessageType.MERGED: (Verdict.MERGED, PERSON, None, {"into": "TST-01HZXB3V5K8C9YQ2M4N6P7R8SA"}),
}


def the_case(kind: MessageType) -> Case:
    if kind in (MessageType.OPENED, MessageType.CONTAINED):
        fields = {"risk": "Trojan.Gen.MBT", "action": "Left alone", "path": "C:\\temp\\x.exe", "sha256": "0" * 64}
        return a_threat(fields=fields, contained=kind is MessageType.CONTAINED)
    status = CaseStatus.CLOSED if kind in (MessageType.CLOSED, MessageType.MERGED) else CaseStatus.ACKNOWLEDGED
    return a_case(
        status=status,
        assignee="Juana Pérez",
        occurrences=8,
        last_seen_at=after(minutes=10),
        cleared_at=after(minutes=9) if kind is MessageType.CLEARED else None,
        previous_case=ExternalKey("TST-01HZXB3V5K8C9YQ2M4N6P7R8SB") if kind is MessageType.REOPENED else None,
    )


def the_deadlines(case: Case) -> list[Deadline]:
    return wind(TERMS.promise, case, [], Happening(Verdict.OPENED, NOON, RULE))


def written(kind: MessageType) -> dict[str, Any]:
    case = the_case(kind)
    seen = [Fresh(NotificationId("snmp-0-k3f9ab", 17), NOON, Transport.SNMP, Original(b"octets", "Disk 1: full"))]
    known = kind is not MessageType.OPENED
    body = message_body(
        case,
        customer=CUSTOMER,
        evidence=seen,
        originals={one.id: one.original for one in seen},
        deadlines=the_deadlines(case),
        ticket=Ticket(CaseId(7), "pull", "48213", "https://portal.example.net/t/48213", "17", NOON, "key:bridge")
        if known
        else None,
        terms=TERMS,
    )
    what, by, text, detail = CHANGES[kind]
    at = NOON + timedelta(minutes=10)
    message: dict[str, Any] = json.loads(body.of(Told(kind, 2 if known else 1, at, what, by, text, detail)))
    return checked(message)


def test_every_type_has_its_golden_message() -> None:
    assert set(CHANGES) == set(MessageType)
    assert {path.stem for path in GOLDEN.glob("case.*.json")} == {kind.value for kind in MessageType}


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in MessageType])
def test_a_message_is_the_published_one(kind: MessageType) -> None:
    file = GOLDEN / f"{kind.value}.json"
    if RENEW:
        file.write_text(json.dumps(written(kind), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert written(kind) == kept, "renew with COLLECTOR_RENEW_GOLDEN=1, and look at the change"
    assert checked(kept) == kept


def test_the_description_of_messages_is_the_published_one() -> None:
    file = GOLDEN / "schema.json"
    if RENEW:
        file.write_text(json.dumps(message_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert message_schema() == json.loads(file.read_text(encoding="utf-8"))


def test_a_reader_of_this_version_takes_messages_with_further_fields() -> None:
    from jsonschema import Draft202012Validator

    message = json.loads((GOLDEN / "case.opened.json").read_text(encoding="utf-8"))
    message["later"] = message["data"]["case"]["later"] = message["data"]["case"]["customer"]["later"] = 1
    Draft202012Validator(message_schema()).validate(message)
