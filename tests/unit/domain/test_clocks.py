"""Which promised times a case has and what each change does to them. Days: 11-18 is a Wednesday, 11-20 a Friday, Monday 11-23 a
holiday; work is from 09:00 to 17:00."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from collector.domain.case import Verb, Verdict
from collector.domain.clocks import Promise
from collector.domain.deadline import DeadlineName, DeadlineState
from collector.domain.sla import ResponseStarts, SlaTargets
from tests.builders import a_case, a_threat
from tests.calendars import calendar, local
from tests.case_clocks import HOLIDAY, CaseClocks, severity_case

CONTACT, RESPONSE, TRIAGE = DeadlineName.CONTACT, DeadlineName.RESPONSE, DeadlineName.TRIAGE


def threat(at: str, **changes: object) -> CaseClocks:
    return CaseClocks(a_threat(**changes), at)


_BORN = [
    pytest.param("11-18 10:00", "11-18 10:30", id="on a working morning"),
    pytest.param("11-20 16:50", "11-24 09:20", id="on the eve of a long weekend"),
    pytest.param("11-22 03:00", "11-24 09:30", id="on a Sunday before a holiday"),
    pytest.param("11-15 03:00", "11-16 09:30", id="on a plain Sunday"),
    pytest.param("11-18 16:30", "11-18 17:00", id="half an hour before the end"),
    pytest.param("11-18 17:00", "11-19 09:30", id="at the end"),
]


@pytest.mark.parametrize(("born", "due"), _BORN)
def test_a_threat_owes_contact_and_response_half_an_hour_from_receipt(born: str, due: str) -> None:
    found = threat(born)
    assert found.owed() == [("contact", None, "running", due), ("response", None, "running", due)]
    assert not any(one.provisional for one in found.deadlines)
    assert found.case.due_at == local(f"2026-{due}")


_SEVERITIES = [
    pytest.param(1, [("contact", 1, "running", "11-18 10:30"), ("response", 1, "running", "11-18 11:00")], id="1"),
    pytest.param(2, [("response", 2, "running", "11-18 13:00")], id="2"),
    pytest.param(3, [("response", 3, "running", "11-18 16:00")], id="3"),
    pytest.param(4, [("response", 4, "running", "11-20 10:00")], id="4"),
    pytest.param(None, [("response", 4, "running", "11-20 10:00")], id="none yet counts as 4"),
]


@pytest.mark.parametrize(("severity", "owed"), _SEVERITIES)
def test_until_it_is_confirmed_a_response_is_provisional_and_counts_from_receipt(
    severity: int | None, owed: list[tuple[str, int | None, str, str]]
) -> None:
    found = severity_case(severity, "11-18 10:00")
    assert found.owed() == owed
    assert [one.provisional for one in found.deadlines] == [one.name is RESPONSE for one in found.deadlines]


def test_severity_2_confirmed_two_hours_later_counts_from_the_confirmation() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 12:00").do(Verb.CONFIRM)
    assert found.all() == [("response", 2, "replaced", "11-18 13:00"), ("response", 2, "running", "11-18 15:00")]
    assert not found.one(RESPONSE, 2).provisional


def test_contact_of_severity_1_counts_from_receipt_whatever_is_confirmed() -> None:
    found = severity_case(1, "11-18 10:00").at("11-18 10:15").do(Verb.CONFIRM)
    assert found.owed() == [("contact", 1, "running", "11-18 10:30"), ("response", 1, "running", "11-18 11:15")]


def test_confirming_again_changes_nothing() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 12:00").do(Verb.CONFIRM).at("11-18 12:30").do(Verb.CONFIRM)
    assert found.owed() == [("response", 2, "running", "11-18 15:00")]
    assert found.case.version == 2


def test_a_raise_starts_the_new_severitys_clocks_beside_the_old_ones() -> None:
    found = severity_case(3, "11-18 10:00").at("11-18 10:30").do(Verb.CONFIRM).at("11-18 11:00").signal(severity=2)
    assert found.owed() == [
        ("response", 3, "running", "11-18 16:30"),
        ("response", 2, "running", "11-18 14:00"),
    ]
    assert not found.one(RESPONSE, 2).provisional
    found.at("11-18 13:00").do(Verb.RESPOND)
    assert [one.state for one in found.deadlines[1:]] == [DeadlineState.MET] * 2


def test_a_raise_before_the_confirmation_is_provisional_and_the_confirmation_counts_for_the_new_severity_alone() -> None:
    found = severity_case(3, "11-18 10:00").at("11-18 11:00").signal(severity=2)
    assert found.owed() == [("response", 3, "running", "11-18 16:00"), ("response", 2, "running", "11-18 14:00")]
    assert [one.provisional for one in found.deadlines] == [True, True]
    found.at("11-18 12:00").do(Verb.CONFIRM)
    assert found.owed() == [("response", 2, "running", "11-18 15:00")]


def test_a_raise_to_severity_1_owes_contact_from_the_raise() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 10:05").do(Verb.RECORD_CONTACT).at("11-18 11:00").signal(severity=1)
    assert found.owed()[1:] == [("contact", 1, "running", "11-18 11:30"), ("response", 1, "running", "11-18 12:00")]


def test_a_case_raised_after_it_was_answered_owes_another_answer() -> None:
    found = severity_case(3, "11-18 10:00").do(Verb.CONFIRM).at("11-18 10:30").do(Verb.RESPOND)
    found.at("11-18 11:00").signal(severity=2)
    assert found.owed() == [("response", 2, "running", "11-18 14:00")]


def test_a_repeat_starts_nothing() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 11:00").signal(severity=2).signal(severity=4)
    assert found.owed() == [("response", 2, "running", "11-18 13:00")]


def test_a_contained_threat_has_no_clock_until_it_grows() -> None:
    found = threat("11-18 10:00", contained=True)
    assert (found.deadlines, found.case.due_at) == ([], None)
    found.at("11-18 10:10").signal(contained=True)
    assert found.deadlines == []
    found.at("11-18 10:20").do(Verb.RESPOND).at("11-18 11:00").signal()
    assert found.owed() == [("contact", None, "running", "11-18 11:30"), ("response", None, "running", "11-18 11:30")]


def test_people_may_reopen_a_contained_threat_and_it_still_has_no_clock() -> None:
    assert threat("11-18 10:00", contained=True).do(Verb.CLOSE).do(Verb.REOPEN).deadlines == []


def test_a_review_for_severity_1_is_a_triage_in_half_an_hour_that_confirming_meets() -> None:
    found = severity_case(2, "11-18 10:00", review_for_severity_1=True)
    assert found.owed()[0] == ("triage", None, "running", "11-18 10:30")
    found.at("11-18 10:10").do(Verb.CONFIRM)
    assert found.all()[0] == ("triage", None, "met", "11-18 10:30")
    assert found.owed() == [("response", 2, "running", "11-18 13:10")]


def test_a_triage_that_a_raise_brought_after_the_confirmation_can_be_met() -> None:
    found = severity_case(3, "11-18 10:00").do(Verb.CONFIRM)
    found.at("11-18 11:00").signal(severity=2, review_for_severity_1=True)
    assert ("triage", None, "running", "11-18 11:30") in found.owed()
    found.at("11-18 11:10").do(Verb.CONFIRM)
    assert found.one(TRIAGE).state is DeadlineState.MET
    assert found.owed() == [("response", 3, "running", "11-18 16:00"), ("response", 2, "running", "11-18 14:00")]
    assert found.case.confirmed_at == local("2026-11-18 10:00")


def test_the_review_finds_severity_1() -> None:
    found = severity_case(2, "11-18 10:00", review_for_severity_1=True).at("11-18 10:20").do(Verb.CONFIRM, severity=1)
    assert found.owed() == [("contact", 1, "running", "11-18 10:50"), ("response", 1, "running", "11-18 11:20")]


def test_people_who_raise_a_severity_start_clocks_beside_the_old_ones() -> None:
    found = severity_case(3, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.CONFIRM, severity=2)
    assert found.owed() == [("response", 3, "running", "11-18 16:00"), ("response", 2, "running", "11-18 14:00")]


def test_a_lower_severity_takes_over_the_count_with_its_own_target() -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 12:00").do(Verb.CONFIRM, severity=3)
    assert found.all()[1:] == [("response", 2, "replaced", "11-18 13:00"), ("response", 3, "running", "11-18 16:00")]


def test_a_lower_severity_takes_over_the_pauses_too() -> None:
    found = severity_case(2, "11-18 09:00").do(Verb.CONFIRM).at("11-18 10:00").do(Verb.PEND).at("11-18 12:00").do(Verb.RESUME)
    assert found.at("11-18 12:30").do(Verb.CONFIRM, severity=3).owed() == [("response", 3, "running", "11-18 17:00")]


def test_a_severity_lowered_while_the_case_waits_goes_on_waiting() -> None:
    found = severity_case(2, "11-18 09:00").do(Verb.CONFIRM).at("11-18 10:00").do(Verb.PEND)
    found.at("11-18 12:00").do(Verb.CONFIRM, severity=3)
    assert (found.one(RESPONSE, 3).state, found.case.due_at) == (DeadlineState.PAUSED, None)
    assert [(pause.start_at, pause.end_at) for pause in found.one(RESPONSE, 3).pauses] == [(local("2026-11-18 10:00"), None)]
    assert found.at("11-18 13:00").do(Verb.RESUME).owed() == [("response", 3, "running", "11-19 10:00")]


def test_what_was_answered_at_a_more_severe_number_is_answered() -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.RESPOND)
    assert found.do(Verb.CONFIRM, severity=3).owed() == []
    assert found.do(Verb.RESOLVE).do(Verb.REOPEN).owed() == []


def test_lowering_to_a_severity_whose_clock_still_runs_keeps_that_clock() -> None:
    found = severity_case(3, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").signal(severity=2)
    assert found.do(Verb.CONFIRM, severity=3).owed() == [("response", 3, "running", "11-18 16:00")]


def test_confirming_lower_at_first_counts_from_the_confirmation() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 11:00").do(Verb.CONFIRM, severity=3)
    assert found.owed() == [("response", 3, "running", "11-18 17:00")]


def test_pending_pauses_and_resuming_goes_on_with_what_was_left() -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.PEND)
    assert (found.owed()[0][2], found.case.due_at) == ("paused", None)
    found.at("11-19 10:00").do(Verb.RESUME)
    assert found.owed() == [("response", 2, "running", "11-19 12:00")]
    assert found.case.due_at == local("2026-11-19 12:00")


def test_a_new_signal_continues_a_case_that_waits() -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.PEND).at("11-18 13:00").signal(severity=2)
    assert found.owed() == [("response", 2, "running", "11-18 15:00")]


def test_a_confirmation_while_the_case_waits_starts_a_clock_that_waits() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 11:00").do(Verb.PEND).at("11-18 12:00").do(Verb.CONFIRM)
    assert found.owed()[0][2] == "paused"
    assert found.at("11-18 13:00").do(Verb.RESUME).owed() == [("response", 2, "running", "11-18 16:00")]


def test_what_is_too_late_already_does_not_wait() -> None:
    found = threat("11-18 10:00").at("11-18 10:31").do(Verb.PEND)
    assert [state for _, _, state, _ in found.owed()] == ["breached", "breached"]


def test_what_was_too_late_before_anybody_looked_does_not_wait_either() -> None:
    found = threat("11-18 10:00")
    found.now = local("2026-11-18 10:30")
    found.do(Verb.PEND)
    assert [state for _, _, state, _ in found.owed()] == ["running", "running"]
    assert [verdict for verdict, _, _ in found.at("11-18 10:31").told] == [Verdict.DEADLINE_BREACHED] * 2


@pytest.mark.parametrize("end", [Verb.RESOLVE, Verb.CLOSE])
def test_a_case_that_is_over_stops_its_clocks_and_reopening_continues_them(end: Verb) -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(end)
    assert [state for _, _, state, _ in found.all()] == ["replaced", "stopped"]
    assert found.case.due_at is None
    assert found.at("11-18 13:00").do(Verb.REOPEN).owed() == [("response", 2, "running", "11-18 15:00")]


def test_a_signal_that_reopens_and_is_worse_starts_the_new_severitys_clocks_too() -> None:
    found = (
        severity_case(3, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.RESOLVE).at("11-18 11:30").signal(severity=2)
    )
    assert found.owed() == [("response", 3, "running", "11-18 16:30"), ("response", 2, "running", "11-18 14:30")]


def test_contact_and_response_are_two_and_acknowledging_is_neither() -> None:
    found = threat("11-18 10:00").at("11-18 10:05").do(Verb.ACKNOWLEDGE)
    assert len(found.owed()) == 2
    assert [name for name, *_ in found.do(Verb.RECORD_CONTACT).owed()] == ["response"]
    assert found.do(Verb.RESPOND).owed() == []


def test_the_first_contact_counts_and_later_ones_move_nothing() -> None:
    found = threat("11-18 10:00").at("11-18 10:05").do(Verb.RECORD_CONTACT).at("11-18 12:00").do(Verb.RECORD_CONTACT)
    assert found.one(CONTACT).ended_at == local("2026-11-18 10:05") == found.case.contacted_at


def test_what_is_written_down_late_was_in_time() -> None:
    found = threat("11-18 10:00").at("11-18 11:00").do(Verb.RESPOND, happened="11-18 10:20")
    assert found.one(RESPONSE).state is DeadlineState.MET
    assert not found.one(RESPONSE).is_late
    assert found.one(CONTACT).is_late


def test_an_answer_from_before_the_raise_does_not_answer_the_raise() -> None:
    found = severity_case(3, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").signal(severity=2)
    found.at("11-18 11:30").do(Verb.RESPOND, happened="11-18 10:50")
    assert found.owed() == [("response", 2, "running", "11-18 14:00")]


@pytest.mark.parametrize("lowered", [None, 3])
def test_an_answer_from_before_the_confirmation_is_an_answer(lowered: int | None) -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 11:00").do(Verb.CONFIRM)
    if lowered:
        found.do(Verb.CONFIRM, severity=lowered)
    assert found.at("11-18 11:30").do(Verb.RESPOND, happened="11-18 10:50").owed() == []


@pytest.mark.parametrize("verb", [Verb.RESPOND, Verb.RESOLVE])
def test_what_ends_while_the_case_waits_is_not_late(verb: Verb) -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.PEND).at("11-19 16:00").do(verb)
    assert found.one(RESPONSE, 2).ended_at == local("2026-11-19 16:00")
    assert not found.one(RESPONSE, 2).is_late


def test_what_ends_after_its_due_time_is_late() -> None:
    assert threat("11-18 10:00").at("11-18 10:31").do(Verb.RESOLVE).one(CONTACT).is_late
    assert not threat("11-18 10:00").at("11-18 10:30").do(Verb.RESOLVE).one(CONTACT).is_late


def test_at_risk_and_breached_are_said_once_each_at_their_moment() -> None:
    found = threat("11-18 10:00")
    for time in ("10:22:29", "10:22:30", "10:22:31", "10:29:59", "10:30", "10:31", "16:00"):
        found.at(f"11-18 {time}")
    expected = [(Verdict.DEADLINE_AT_RISK, "10:22:30"), (Verdict.DEADLINE_BREACHED, "10:30:00")]
    assert [(verdict, f"{at:%H:%M:%S}") for verdict, place, at in found.told if place == 0] == expected


def test_when_time_jumps_over_both_only_the_breach_is_said() -> None:
    found = threat("11-18 10:00").at("11-18 12:00").at("11-18 12:01")
    assert [verdict for verdict, _, _ in found.told] == [Verdict.DEADLINE_BREACHED] * 2


def test_what_was_said_is_not_said_again_after_a_pause_or_a_reopening() -> None:
    found = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 12:30").do(Verb.PEND).at("11-18 14:00").do(Verb.RESUME)
    found.at("11-18 14:20").do(Verb.RESOLVE).at("11-18 15:00").do(Verb.REOPEN).at("11-18 15:05")
    assert [verdict for verdict, _, _ in found.told] == [Verdict.DEADLINE_AT_RISK]
    assert [verdict for verdict, _, _ in found.at("11-18 16:00").told] == [Verdict.DEADLINE_AT_RISK, Verdict.DEADLINE_BREACHED]
    found.do(Verb.RESOLVE).do(Verb.REOPEN).at("11-19 10:00")
    assert len(found.told) == 2
    assert found.owed()[0][2] == "breached"


def test_what_nobody_had_said_before_the_case_was_stopped_is_said_after_it_was_reopened() -> None:
    found = threat("11-18 10:00")
    found.now = local("2026-11-18 11:00")
    found.do(Verb.RESOLVE).do(Verb.REOPEN)
    assert found.told == []
    assert [verdict for verdict, _, _ in found.at("11-18 11:01").told] == [Verdict.DEADLINE_BREACHED] * 2


def test_verdicts_hold_for_provisional_times_and_the_definite_one_starts_anew() -> None:
    found = severity_case(2, "11-18 10:00").at("11-18 13:30").do(Verb.CONFIRM)
    assert [verdict for verdict, _, _ in found.told] == [Verdict.DEADLINE_BREACHED]
    assert found.owed() == [("response", 2, "running", "11-18 16:30")]


def by_receipt(case: CaseClocks, at: str) -> CaseClocks:
    targets = SlaTargets(response_starts=ResponseStarts.RECEIPT)
    return CaseClocks(case.case, at, Promise(case.promise.calendar, targets))


def test_where_responses_count_from_receipt_nothing_is_provisional_and_confirming_moves_nothing() -> None:
    found = by_receipt(severity_case(2, "11-18 10:00"), "11-18 10:00")
    assert [one.provisional for one in found.deadlines] == [False]
    assert found.at("11-18 12:00").do(Verb.CONFIRM).owed() == [("response", 2, "running", "11-18 13:00")]
    assert found.do(Verb.CONFIRM, severity=3).owed() == [("response", 3, "running", "11-18 16:00")]


def test_contact_may_be_promised_for_other_severities() -> None:
    targets = SlaTargets(severity_contact=MappingProxyType({1: timedelta(minutes=30), 2: timedelta(hours=1)}))
    found = CaseClocks(a_case(severity=1), "11-18 10:00", Promise(calendar(days=[HOLIDAY]), targets))
    assert found.at("11-18 10:10").do(Verb.CONFIRM, severity=2).owed() == [
        ("contact", 2, "running", "11-18 11:00"),
        ("response", 2, "running", "11-18 13:10"),
    ]


def test_a_calendar_that_changed_counts_anew_when_the_clock_goes_on() -> None:
    found = severity_case(4, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.PEND)
    before = found.one(RESPONSE, 4).calendar
    found.promise = replace(found.promise, calendar=calendar("09:00-13:00"))
    found.at("11-18 12:00").do(Verb.RESUME)
    assert found.owed() == [("response", 4, "running", "11-24 11:00")]
    assert found.one(RESPONSE, 4).calendar == found.promise.calendar.label != before
