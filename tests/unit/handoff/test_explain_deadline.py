"""Explanations of due times: what counted adds up, and the sentences say it in local time and both languages."""

from datetime import timedelta

import pytest

from collector.domain.case import Verb
from collector.domain.deadline import DeadlineName
from collector.handoff.explain_deadline import MOST_DAYS, Explained, explain, lasting
from tests.builders import a_case, a_threat
from tests.calendars import calendar, local
from tests.case_clocks import CaseClocks, severity_case

CONTACT, RESPONSE = DeadlineName.CONTACT, DeadlineName.RESPONSE


def explained(found: CaseClocks, name: DeadlineName, severity: int | None, now: str, language: str = "es") -> Explained:
    return explain(found.one(name, severity), found.promise.calendar, local(f"2026-{now}"), language)


def counted(found: Explained) -> timedelta:
    return sum((one.end_at - one.start_at for one in found.stretches if one.counted), timedelta())


def eve() -> CaseClocks:
    return CaseClocks(a_threat(), "11-20 16:50")


def test_what_runs_is_explained_up_to_its_due_time_and_adds_up_to_the_target() -> None:
    found = explained(eve(), CONTACT, None, "11-20 16:55")
    assert (found.until, counted(found)) == (local("2026-11-24 09:20"), timedelta(minutes=30))
    assert (found.counted, found.left) == (timedelta(minutes=5), timedelta(minutes=25))
    assert found.text == (
        "Contacto: 30 min de trabajo desde el vie 20/11 16:50. Vence el mar 24/11 09:20. Cuentan 10 min el vie 20/11 de 16:50 a"
        " 17:00, 20 min el mar 24/11 de 09:00 a 09:20. No cuentan: fuera de horario, fin de semana, feriado nacional; Día de la"
        " Soberanía Nacional."
    )


def test_what_is_too_late_says_for_how_long() -> None:
    found = explained(eve(), CONTACT, None, "11-24 10:00", "en")
    assert (found.counted, found.left) == (timedelta(minutes=70), timedelta(minutes=-40))
    assert counted(found) == timedelta(minutes=30)
    assert "Was due Tue 24 Nov 09:20, 40 min of working time ago." in found.text


def test_what_begins_later_says_when() -> None:
    found = explained(CaseClocks(a_threat(), "11-22 03:00"), CONTACT, None, "11-22 03:00", "en")
    assert found.text.startswith("Contact: 30 min of working time from Sun 22 Nov 03:00, counting from Tue 24 Nov 09:00. Due")
    assert found.left == timedelta(minutes=30)


def test_what_waits_for_the_customer_adds_up_to_what_was_used() -> None:
    waiting = severity_case(2, "11-18 10:00").do(Verb.CONFIRM).at("11-18 11:00").do(Verb.PEND)
    found = explained(waiting, RESPONSE, 2, "11-18 12:00")
    assert (found.until, counted(found), found.left) == (local("2026-11-18 12:00"), timedelta(hours=1), timedelta(hours=2))
    assert found.text == (
        "Respuesta (gravedad 2): 3 h de trabajo desde el mié 18/11 10:00. Espera al cliente desde el mié 18/11 11:00: se usaron"
        " 1 h, quedan 2 h. Cuentan 1 h el mié 18/11 de 10:00 a 11:00. No cuentan: espera al cliente."
    )


@pytest.mark.parametrize(
    ("when", "says"),
    [
        pytest.param("11-18 10:20", "Met Wed 18 Nov 10:20 with 20 min used. Counted:", id="in time"),
        pytest.param("11-18 10:45", "Met Wed 18 Nov 10:45 with 45 min used, 15 min late. Counted:", id="late"),
    ],
)
def test_what_was_done_adds_up_to_its_end(when: str, says: str) -> None:
    done = CaseClocks(a_threat(), "11-18 10:00").at(when).do(Verb.RESPOND)
    found = explained(done, RESPONSE, None, "11-20 10:00", "en")
    assert (found.until, found.left, counted(found)) == (local(f"2026-{when}"), None, found.counted)
    assert says in found.text


def test_what_was_replaced_or_stopped_says_so() -> None:
    confirmed = severity_case(2, "11-18 10:00").at("11-18 12:00").do(Verb.CONFIRM)
    provisional = explain(confirmed.deadlines[0], confirmed.promise.calendar, confirmed.now, "es")
    assert "Reemplazado el mié 18/11 12:00, tras 2 h de trabajo." in provisional.text
    assert "Provisorio" not in provisional.text
    stopped = explained(confirmed.do(Verb.RESOLVE), RESPONSE, 2, "11-18 12:00")
    assert "El caso terminó el mié 18/11 12:00, tras 0 min de trabajo" in stopped.text


def test_a_provisional_time_says_why_it_is_one() -> None:
    found = explained(severity_case(3, "11-18 10:00"), RESPONSE, 3, "11-18 10:00", "en")
    assert found.text.endswith("Provisional: counts from receipt until the case is confirmed.")


def test_a_long_count_names_some_days_and_sums_up_the_rest() -> None:
    late = severity_case(4, "11-02 09:00").at("11-18 17:00").do(Verb.RESPOND)
    found = explained(late, RESPONSE, 4, "11-18 17:00")
    assert found.text.count(" de 09:00 a 17:00") == MOST_DAYS
    assert "56 h más hasta el mié 18/11 17:00" in found.text


def test_seconds_are_told_where_there_are_any() -> None:
    found = explained(CaseClocks(a_threat(), "11-18 16:50:07"), CONTACT, None, "11-18 16:51", "en")
    assert "9 min 53 s on Wed 18 Nov from 16:50:07 to 17:00, 20 min 7 s on Thu 19 Nov from 09:00 to 09:20:07" in found.text


def test_a_stretch_over_midnight_names_both_days() -> None:
    around = calendar("00:00-24:00")
    case = CaseClocks(a_case(severity=2), "11-18 22:00")
    late = CaseClocks(case.case, "11-18 22:00", type(case.promise)(around, case.promise.targets))
    assert "3 h del mié 18/11 22:00 al jue 19/11 01:00" in explained(late, RESPONSE, 2, "11-18 22:00").text


def test_another_calendar_than_todays_is_named() -> None:
    found, today = eve(), calendar("09:00-18:00")
    text = explain(found.one(CONTACT), today, found.now, "en").text
    before = found.promise.calendar.label
    assert text.endswith(
        f" The due time was counted with the calendar {before}; today's is {today.label}, which the stretches are of."
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0, "0 min", id="nothing"),
        pytest.param(59.6, "1 min", id="rounded"),
        pytest.param(3_600, "1 h", id="an hour"),
        pytest.param(10_205, "2 h 50 min 5 s", id="all"),
        pytest.param(-90, "1 min 30 s", id="without its sign"),
    ],
)
def test_lengths_are_told_in_hours_minutes_and_seconds(seconds: float, text: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == text
