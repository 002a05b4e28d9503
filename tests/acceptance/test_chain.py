"""From the socket to the case and its explanation, with the whole program running."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests import snmp_wire as wire
from tests.acceptance.harness import BETA, CUSTOMERS, Running, until
from tests.acceptance.senders import (
    CHANGED,
    Inform,
    InformClient,
    Mail,
    deliver,
    health,
    health_v1,
    risk,
    send,
    server_health,
    trap,
)

Json = dict[str, Any]


def in_state(running: Running, text: str, **state: Any) -> Json:
    """The case with this text once it has these values."""

    def reached() -> Json | None:
        case = running.case(text)
        return case if case and all(case[name] == value for name, value in state.items()) else None

    return until(reached, f"a case with {text!r} has {state}")


def verdicts(running: Running, case: Json) -> list[str]:
    return [line["verdict"] for line in running.get(f"/cases/{case['external_key']}/log")["items"]]


def test_a_trap_a_hundred_times_more_is_one_case_until_the_console_says_that_it_is_fine(running: Running) -> None:
    send(running.snmp, health_v1("Walk: CRITICAL"))
    opened = in_state(running, "(walk)", occurrences=1)
    assert (opened["kind"], opened["severity"], opened["status"]) == ("severity_case", 2, "open")
    assert (opened["customer"]["code"], opened["trust"]) == ("ACME", "spoofable")
    send(running.snmp, *[health("Walk: CRITICAL")] * 100)
    joined = in_state(running, "(walk)", occurrences=101)
    assert (joined["external_key"], joined["cleared_at"]) == (opened["external_key"], None)
    send(running.snmp, health("Walk is OK", name=CHANGED))
    cleared = until(lambda: next((case for case in running.cases(text="(walk)") if case["cleared_at"]), None), "it is cleared")
    assert (cleared["status"], cleared["occurrences"]) == ("open", 101)
    assert (verdicts(running, opened)[0], verdicts(running, opened)[-1]) == ("opened", "cleared")


def test_an_inform_is_answered_once_it_is_stored_and_is_listed(running: Running) -> None:
    client = InformClient(running.snmp, [Inform.of("Answered: CRITICAL", 4711)], again_after_seconds=5)
    client.start()
    client.finish(seconds=20)
    assert (client.acknowledged, client.wrong_answers) == (["Answered: CRITICAL"], [])
    case = in_state(running, "(answered)", occurrences=1)
    [listed] = running.notifications(case=case["external_key"])
    assert (listed["state"], listed["transport"], listed["source"]) == ("case", "snmp", "proxy-1")
    assert listed["fields"]["message"] == "Answered: CRITICAL"


def test_a_risk_that_was_left_alone_is_a_threat_incident_and_a_resolved_one_a_contained_case(running: Running) -> None:
    for mail in (risk("pc-left"), risk("pc-clean", action="Cleaned")):
        assert deliver(running.smtp, mail.octets())[0] == 250
    active, contained = in_state(running, "pc-left"), in_state(running, "pc-clean")
    assert (active["kind"], active["contained"], active["host"]) == ("threat_incident", False, "pc-left")
    assert (contained["kind"], contained["contained"], contained["rank"]) == ("threat_incident", True, 4)


def test_a_mail_is_refused_where_nobody_lives_and_the_repeat_with_another_time_joins(running: Running) -> None:
    first, repeat = server_health("Nov 3, 2026 9:15:00 AM"), server_health("Nov 3, 2026 9:45:00 AM")
    assert deliver(running.smtp, first.octets())[0] == 250
    opened = in_state(running, "poor health", occurrences=1)
    assert (opened["kind"], opened["severity"]) == ("severity_case", 3)
    code, text = deliver(running.smtp, repeat.octets(), recipient="acme-sepm+nightly@collector.localhost")
    assert (code, in_state(running, "poor health", occurrences=2)["external_key"]) == (250, opened["external_key"])
    listed = running.get(f"/notifications/{text.rsplit(' ', 1)[-1]}")
    assert (listed["cases"], listed["verdict"]) == ([opened["external_key"]], "joined")
    refused, why = deliver(running.smtp, first.octets(), recipient="nobody@collector.localhost")
    assert (refused, why.split()[0]) == (550, "5.1.1")


def test_people_take_a_case_and_what_they_do_stands_in_its_log(running: Running) -> None:
    send(running.snmp, health("Taken: CRITICAL"))
    path = f"/cases/{in_state(running, '(taken)')['external_key']}"
    taken = running.post(f"{path}/acknowledge", {"actor": "jperez"})
    assert (taken["status"], taken["acknowledged_by"]) == ("acknowledged", "key:acceptance/jperez")
    running.post(f"{path}/notes", {"text": "the customer restarts it"})
    running.post(f"{path}/resolve", {"text": "restarted"})
    running.post(f"{path}/close")
    running.post(f"{path}/acknowledge", status=409)
    send(running.snmp, health("Taken: CRITICAL"))
    again = until(lambda: running.cases(text="(taken)", status="open"), "a new case opens")
    assert again[0]["previous_case"] == path.rsplit("/", 1)[1]
    log = [line["verdict"] for line in running.get(f"{path}/log")["items"]]
    assert log == ["opened", "acknowledged", "noted", "resolved", "closed"]


@dataclass(frozen=True, slots=True)
class Told:
    """What was recorded of a notification: what `explain` must tell."""

    state: str
    reason: str | None = None
    source: str | None = None
    notification: str | None = None
    rule: str | None = None
    verdict: str | None = None


HEALTH_CASE = Told("case", None, "proxy-1", "health", "proxysg-health-critical", "opened")
DISK_STATE = "1.3.6.1.4.1.3417.2.2.1.1.1.1.3.4"
EXPLAINED = [
    pytest.param([health("Told: CRITICAL")], HEALTH_CASE, id="case"),
    pytest.param(
        [health("Told twice: CRITICAL")] * 2,
        Told("case", None, "proxy-1", "health", "proxysg-health-critical", "joined"),
        id="joined",
    ),
    pytest.param(
        [health("Told off: CRITICAL"), health("Told off is OK", name=CHANGED)],
        Told("case", None, "proxy-1", "health_change", "proxysg-health-ok", "cleared"),
        id="cleared",
    ),
    pytest.param(
        [health("Never told is OK", name=CHANGED)],
        Told("informational", "clear_without_case", "proxy-1", "health_change", "proxysg-health-ok", "ignored_clear"),
        id="ignored clear",
    ),
    pytest.param(
        [trap("1.3.6.1.4.1.3417.2.2.2.0.1", wire.varbind(DISK_STATE, wire.integer(3)))],
        Told("informational", "by_rule", "proxy-1", "disk", "proxysg-disk-change"),
        id="informational",
    ),
    pytest.param([trap("1.3.6.1.4.1.99999.1.1")], Told("unmatched", "no_kind", "proxy-1"), id="unmatched"),
    pytest.param([health("x", community="never-told")], Told("unattributed", "unknown_community"), id="unattributed"),
    pytest.param([health("x", community=BETA)], Told("unattributed", "version_not_allowed"), id="unattributed for its version"),
    pytest.param([wire.v3_message()], Told("unauthenticated", "unknown_user"), id="unauthenticated"),
    pytest.param([health("x", tag=wire.GET)], Told("not_a_notification", "not_a_trap_pdu"), id="not a notification"),
    pytest.param([health("x")[:-3]], Told("undecodable", "truncated"), id="undecodable"),
    pytest.param(
        [health("Told again: CRITICAL", tag=wire.INFORM)] * 2,
        Told("duplicate", "repeated_inform", "proxy-1"),
        id="duplicate inform",
    ),
]


@pytest.mark.parametrize(("datagrams", "told"), EXPLAINED)
def test_explain_tells_the_whole_way_of_a_datagram(running: Running, datagrams: list[bytes], told: Told) -> None:
    before = {item["id"] for item in running.notifications()}
    send(running.snmp, *datagrams)

    def arrived() -> list[Json] | None:
        new = [item for item in running.notifications() if item["id"] not in before]
        return new if len(new) == len(datagrams) else None

    last = until(arrived, "all are listed")[-1]["id"]
    assert_explained(running.get(f"/notifications/{last}/explain"), told)


def assert_explained(explained: Json, told: Told) -> None:
    [recorded] = explained["recorded"]
    assert Told(*(recorded[name] for name in Told.__slots__)) == told
    assert (explained["state"], explained["now"]["trust"]) == (told.state, "spoofable")
    assert bool(recorded["case"]) is (told.state == "case")
    assert [found["source"] for found in explained["now"]["sources"]] == ([told.source] if told.source else [])
    [now] = explained["now"]["notifications"]
    if told.rule is not None:
        assert (now["rule"], now["rule_version"]) == (told.rule, recorded["rule_version"])
        assert now["matched"]
        tried = explained["now"]["considered"]["rows"][0]["rules"]
        assert [rule["rule"] for rule in tried if rule["chosen"]] == [told.rule]
    if told.verdict is not None:
        assert now["key"].startswith("v1:bluecoat-proxysg:health:proxy-1:")


def test_explain_tells_of_a_repeated_mail_and_the_command_says_the_same(running: Running) -> None:
    octets = risk("pc-told").octets()
    ids = [deliver(running.smtp, octets)[1].rsplit(" ", 1)[-1] for _ in range(2)]
    until(lambda: running.get(f"/notifications/{ids[1]}")["state"] != "pending", "the repeat is processed")
    explained = running.get(f"/notifications/{ids[1]}/explain")
    assert_explained(explained, Told("duplicate", "repeated_mail", "sepm-1"))
    assert json.loads(running.command("explain", ids[1]).stdout) == explained


LATECOMERS = """
  - code: LATE
    name: Late S.A.
    sources:
      - {name: sepm-9, product: [symantec-sepm], mailbox: late-sepm}
      - {name: proxy-9, product: [bluecoat-proxysg], snmp: {version: v2c, community: c0mm-late-secret, networks: ["127.0.0.0/8"]}}
"""


def test_a_customer_imported_later_is_known_to_the_mail_intake_and_can_be_given_what_came_before(running: Running) -> None:
    running.secrets.add("c0mm-late-secret")
    send(running.snmp, health("Late: CRITICAL", community="c0mm-late-secret"))
    strangers = until(
        lambda: [
            item
            for item in running.notifications(state="quarantine", include="varbinds")
            if any(varbind["value"] == "Late: CRITICAL" for varbind in item["varbinds"] or ())
        ],
        "the stranger is listed",
    )
    assert [item["state"] for item in strangers] == ["unattributed"]
    mail = risk("pc-late")
    recipient = "late-sepm@collector.localhost"
    assert deliver(running.smtp, mail.octets(), recipient=recipient)[0] == 550
    running.import_customers(CUSTOMERS + LATECOMERS)
    until(lambda: deliver(running.smtp, mail.octets(), recipient=recipient)[0] == 250, "the mailbox is known", seconds=5)
    [again] = running.post(f"/notifications/{strangers[0]['id']}/reprocess")["items"]
    assert (again["state"], again["customer"], again["received_at"]) == ("case", "LATE", strangers[0]["received_at"])
    assert in_state(running, "(late)")["customer"]["code"] == "LATE"
    running.post(f"/notifications/{again['id']}/reprocess", status=409)
    assert running.settled()


def refused(running: Running, reason: str) -> int:
    """How many refusals for this reason are in the ledger; a receiver tells them once a second."""
    running.settled()
    return sum(line["count"] for line in running.ledger()["items"] if (line["outcome"], line["reason"]) == ("refused", reason))


def test_nothing_is_missing_from_the_ledger_and_refusals_are_in_it(running: Running) -> None:
    mail = Mail("never-stored", "x", "line-never-stored")
    before = refused(running, "unknown_domain")
    assert deliver(running.smtp, mail.octets(), recipient="nobody@elsewhere.example")[0] == 550
    until(lambda: refused(running, "unknown_domain") == before + 1, "the refusal is counted")
    assert running.metric("collector_role_up") == 6
    assert running.metric("collector_snmp_kernel_drops_total") == 0


def test_a_persons_mail_to_a_support_mailbox_is_a_case_that_level_1_gives_a_severity(running: Running) -> None:
    mailbox = "soporte@collector.localhost"
    running.import_customers(
        "customers:\n  - code: GAMMA\n    name: Gamma\n    sources: [{name: people, product: people, mailbox: soporte}]\n"
    )
    body = "Producto: SEP\nSistema operativo: Linux\nNo actualiza la consola."
    first = Mail("support-1", "Consulta de Gamma", body, mailbox)
    until(lambda: deliver(running.smtp, first.octets(), recipient=mailbox)[0] == 250, "the mailbox is known")
    answer = Mail("support-2", "RE: Consulta de Gamma", "Sigue igual.", mailbox, {"References": "<support-1@acme.example>"})
    assert deliver(running.smtp, answer.octets(), recipient=mailbox)[0] == 250
    case = in_state(running, "consulta de gamma", occurrences=2)
    assert (case["kind"], case["severity"], case["needs_triage"], case["customer"]["code"]) == (
        "severity_case",
        None,
        True,
        "GAMMA",
    )
    found = next(one for one in running.notifications(case=case["external_key"]) if one["subject"] == first.subject)
    fields = running.get(f"/notifications/{found['id']}")["fields"]
    assert (fields["product"], fields["os"]) == ("SEP", "Linux")
    explained = running.get(f"/notifications/{found['id']}/explain")["now"]
    assert [one["rule"] for one in explained["notifications"]] == ["support-mail"]
    assert "considered" not in explained
    running.post(f"/cases/{case['external_key']}/confirm", {"severity": 3, "actor": "ana"})
    assert in_state(running, "consulta de gamma", severity=3)["needs_triage"] is False
