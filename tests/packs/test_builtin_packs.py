"""The packs that come with the product: all load, each of their own tests holds, and the policy's promises are kept."""

import pytest

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome
from collector.domain.signal import CaseKind, Classified, SignalType, Urgency
from collector.domain.trap import Pdu, SnmpVersion, Trap
from rules.loader import builtin_packs_path, load_packs
from rules.model import RuleSpec, TestSpec, TransportKind
from rules.samples import samples
from rules.selftest import failures, run_test

RESULT = load_packs(builtin_packs_path())
RULESET = RESULT.ruleset
CASES = [
    pytest.param(pack.spec.name, rule, test, id=f"{rule.name}: {test.name}")
    for pack in RULESET.compiled
    for rule in pack.spec.rules
    for test in rule.tests
]
HEALTH = "1.3.6.1.4.1.3417.2.12"


def mail(subject: str, text: str) -> list[Classified]:
    return RULESET.classify_mail(Mail(subject=subject, text=text), source="console-1", products=("symantec-sepm",))


def health(number: int, message: str) -> Classified:
    varbinds = [(f"{HEALTH}.1.1.1.0", 4, message.encode())]
    found = Trap(SnmpVersion.V2C, b"", Pdu.TRAP_V2, 1, f"{HEALTH}.2.0.{number}", 1, list(varbinds))
    return RULESET.classify_trap(found, source="proxy-1", products=("bluecoat-proxysg",))[0]


def key(answer: Classified) -> str:
    assert answer.signal is not None, answer
    return answer.signal.key


def test_every_pack_loads() -> None:
    assert RESULT.refused == {}
    assert {pack.name for pack in RULESET.packs} >= {"symantec-sepm", "bluecoat-proxysg", "generic-snmp"}
    assert {path.stem for path in builtin_packs_path().glob("*.yaml")} == {pack.name for pack in RULESET.packs}


@pytest.mark.parametrize(("pack", "rule", "test"), CASES)
def test_the_tests_in_the_packs_hold_with_all_packs_loaded(pack: str, rule: RuleSpec, test: TestSpec) -> None:
    """Alone they were run at load; here no other pack may take a notification away."""
    spec = next(found for found in RULESET.packs if found.name == pack)
    answers = [
        answer for answer in run_test(RULESET, spec, test) if answer.rule == rule.name and answer.outcome is not Outcome.UNMATCHED
    ]
    assert bool(answers) is test.expect.match
    if test.expect.match and test.expect.key:
        assert key(answers[0]) == test.expect.key


def test_the_packs_pass_their_own_demands() -> None:
    assert [failure.message for pack in RULESET.compiled for failure in failures(pack)] == []


def test_every_title_is_in_both_languages_and_nothing_opens_severity_1() -> None:
    for pack in RULESET.packs:
        for rule in pack.rules:
            if rule.case:
                assert rule.case.title.es
                assert rule.case.title.en
                assert rule.case.steps.es
                assert rule.case.steps.en
                if rule.case.severity:
                    assert min([rule.case.severity.default, *rule.case.severity.table.values()]) >= 2


def test_only_endpoint_protection_opens_threat_incidents() -> None:
    assert {
        pack.name for pack in RULESET.packs for rule in pack.rules if rule.case and rule.case.kind is CaseKind.THREAT_INCIDENT
    } == {"symantec-sepm"}


@pytest.mark.parametrize(
    ("critical", "ok"),
    [
        pytest.param("CPU Utilization: CRITICAL", "CPU Utilization: OK", id="colon"),
        pytest.param("CPU Utilization is CRITICAL", "CPU Utilization is OK", id="is"),
        pytest.param("CPU Utilization: CRITICAL", "CPU Utilization is OK", id="colon and is"),
        pytest.param(
            "Health state of CPU Utilization changed to CRITICAL (was OK)", "CPU Utilization is OK", id="sentence and is"
        ),
        pytest.param(
            "CPU Utilization: CRITICAL", "Health state of CPU Utilization changed to OK (was CRITICAL)", id="colon and sentence"
        ),
        pytest.param("CPU Utilization CRITICAL", "cpu utilization ok", id="bare words"),
        pytest.param(
            "The CPU Utilization status changed from OK to CRITICAL",
            "CPU  Utilization status changed from CRITICAL to OK",
            id="from to",
        ),
        pytest.param("CRITICAL: CPU Utilization (98%)", "OK: CPU Utilization (12%)", id="state first"),
        pytest.param("", "OK", id="no metric"),
    ],
)
def test_a_metrics_ok_clears_its_critical(critical: str, ok: str) -> None:
    raised, cleared = health(3, critical), health(1, ok)
    assert raised.signal is not None
    assert cleared.signal is not None
    assert (raised.signal.type, raised.signal.severity) == (SignalType.RAISE, 2)
    assert cleared.signal.type is SignalType.CLEAR
    assert key(raised) == key(cleared)


def test_warning_and_critical_of_a_metric_are_one_case() -> None:
    assert key(health(2, "CPU Utilization: WARNING")) == key(health(3, "CPU Utilization: CRITICAL"))


@pytest.mark.parametrize(
    "message", ["CPU Utilization changed", "", "book of OKLAHOMA", "CPU is CRITICAL", "CPU changed from OK to WARNING"]
)
def test_the_oid_of_two_meanings_never_clears_without_the_word(message: str) -> None:
    signal = health(1, message).signal
    assert signal is not None
    assert signal.type is SignalType.RAISE


def test_one_risk_is_one_key_whatever_the_action_and_the_way() -> None:
    open_mail = mail("Single Risk Event", "Risk name: Trojan.Gen\nComputer name: pc-17\nActual action: Left alone\n")[0]
    done_mail = mail("Single Risk Event", "Risk name: Trojan.Gen\nComputer name: pc-17\nActual action: Quarantined\n")[0]
    spanish = mail("x", "Nombre del riesgo: Trojan.Gen\nNombre del equipo: pc-17\nAcción realizada: En cuarentena\n")[0]
    assert len({key(answer) for answer in (open_mail, done_mail, spanish)}) == 1
    assert [answer.signal.contained for answer in (open_mail, done_mail, spanish) if answer.signal] == [False, True, True]


def test_a_digest_gives_one_notification_per_computer_and_risk() -> None:
    text = "".join(
        f"Virus found, IP Address: 192.0.2.{n}, Computer name: pc-{n}, Risk name: Trojan.Gen, Occurrences: 1, "
        f'C:\\a, b.exe, "", Actual action: {action}, Requested action: Cleaned, Secondary action: Quarantined\n'
        for n, action in enumerate(["Left alone", "Cleaned by deletion", "Access denied", "Process terminate pending restart"], 1)
    )
    answers = mail("Risk events", text)
    assert [answer.row for answer in answers] == [1, 2, 3, 4]
    assert [answer.signal.contained for answer in answers if answer.signal] == [False, True, True, False]
    assert [answer.signal.host for answer in answers if answer.signal] == ["pc-1", "pc-2", "pc-3", "pc-4"]


def test_a_row_without_a_risk_is_kept_for_a_person() -> None:
    row = "Computer name: pc-{}, Risk name: {}, Actual action: Left alone\n"
    answers = mail("Risk events", row.format(1, "Trojan.Gen") + row.format(2, "") + row.format(3, "Trojan.Gen"))
    assert [answer.outcome for answer in answers] == [Outcome.CASE, Outcome.UNMATCHED, Outcome.CASE]
    assert answers[1].detail == "the key needs the field risk"


@pytest.mark.parametrize(
    ("risk", "action", "urgency"),
    [
        pytest.param("EICAR Test String", "Left alone", Urgency.LOW, id="test file"),
        pytest.param("Trojan.Gen", "Left alone", Urgency.NORMAL, id="common"),
        pytest.param("Ransom.Wannacry", "Left alone", Urgency.HIGH, id="ransomware"),
        pytest.param("SONAR.Heuristic.1", "All actions failed", Urgency.HIGH, id="behaviour"),
        pytest.param("Backdoor.PsEmpire", "", Urgency.HIGH, id="backdoor, action empty"),
    ],
)
def test_urgency_follows_the_family(risk: str, action: str, urgency: Urgency) -> None:
    signal = mail("x", f"Risk name: {risk}\nComputer name: pc-17\nActual action: {action}\n")[0].signal
    assert signal is not None
    assert (signal.urgency, signal.contained) == (urgency, False)


def test_a_console_cannot_be_made_to_write_another_key() -> None:
    answer = mail("x", "Risk name: b:c\nComputer name: a\nActual action: Left alone\n")[0]
    other = mail("x", "Risk name: c\nComputer name: a:b\nActual action: Left alone\n")[0]
    assert (key(answer), key(other)) == ("v1:symantec-sepm:threat:a:b%3Ac", "v1:symantec-sepm:threat:a%3Ab:c")


def test_server_health_joins_whatever_the_reason_and_the_time() -> None:
    form = "Server sepm-1 health status: {}.\nReason: {}\nStatus reported on Nov {}, 2026 9:15:00 AM.\n"
    poor, disk = form.format("poor", "High CPU", 3), form.format("poor", "Disk is nearly full", 4)
    good = "Server sepm-1 health status: good.\nStatus reported on Nov 5, 2026 9:15:00 AM.\n"
    answers = [mail("Server Health Alert", text)[0] for text in (poor, disk, good)]
    assert len({key(answer) for answer in answers}) == 1
    assert [answer.signal.severity for answer in answers[:2] if answer.signal] == [3, 2]
    assert answers[2].signal is not None
    assert answers[2].signal.type is SignalType.CLEAR


def test_samples_cover_both_transports_and_classify_as_their_rule() -> None:
    found = samples(RULESET)
    assert {sample.transport for sample in found} == set(TransportKind)
    for sample in found:
        if sample.transport is TransportKind.MAIL:
            answers = RULESET.classify_mail(Mail(subject=sample.subject, text=sample.text), source="s", products=())
        else:
            varbinds = [(oid, 4, value) for oid, value in sample.varbinds]
            trap = Trap(SnmpVersion.V2C, b"", Pdu.TRAP_V2, 1, sample.trap_oid, 1, varbinds)
            answers = RULESET.classify_trap(trap, source="s", products=())
        assert sample.rule in {answer.rule for answer in answers}


@pytest.mark.parametrize("name", ["Trojan.Gen", "Ransom.Wannacry", "EICAR Test String"])
@pytest.mark.parametrize("action", ["Left alone", "Pending repair", "Cleaned", "Wundermittel"])
def test_a_risk_says_the_console_s_action_as_the_console_said_it(name: str, action: str) -> None:
    signal = mail("x", f"Risk name: {name}\nComputer name: pc-17\nActual action: {action}\n")[0].signal
    assert signal is not None
    assert (signal.summary.es, signal.summary.en) == (f"Acción de la consola: {action}", f"The console's action: {action}")
    assert {"unresolved", "pending", "resolved", "unknown"}.isdisjoint(signal.title.es.split())


def test_an_action_is_no_severity() -> None:
    signal = mail("x", "Risk name: Trojan.Gen\nComputer name: pc-17\nActual action: Left alone\n")[0].signal
    assert signal is not None
    assert signal.source_severity is None
