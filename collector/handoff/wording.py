"""Sentences for people about a case: how often, since when, in local time. All else that people read is written by rules."""

from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.domain.case import Case


@cache
def local_zone() -> tzinfo:
    """The zone of the service. Where the machine has no zone files: what that zone has been since 2009."""
    try:
        return ZoneInfo("America/Argentina/Buenos_Aires")
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=-3), "-03")


def summary_of(case: Case, language: str) -> str:
    """`3 avisos en 4 min; primero 09:00:02 -03, último 09:04:10 -03.` and then the rule's own words."""
    counted = _counted_en(case) if language == "en" else _counted_es(case)
    return f"{counted} {case.summary.in_language(language)}".rstrip()


def _counted_es(case: Case) -> str:
    first, last = _local(case)
    if case.occurrences == 1:
        return f"1 aviso: {first}."
    return f"{case.occurrences} avisos en {_lasting(case)}; primero {first}, último {last}."


def _counted_en(case: Case) -> str:
    first, last = _local(case)
    if case.occurrences == 1:
        return f"1 notification: {first}."
    return f"{case.occurrences} notifications in {_lasting(case)}; first {first}, last {last}."


def _local(case: Case) -> tuple[str, str]:
    """First and last; with the date when they are not of one day."""
    first, last = case.opened_at.astimezone(local_zone()), case.last_seen_at.astimezone(local_zone())
    same_day = first.date() == last.date()
    return _clock_time(first, with_date=not same_day), _clock_time(last, with_date=not same_day)


def _clock_time(moment: datetime, *, with_date: bool) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S %Z" if with_date else "%H:%M:%S %Z")


def _lasting(case: Case) -> str:
    seconds = max(0, int((case.last_seen_at - case.opened_at).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ticket_known(number: str) -> str:
    """The same in every language."""
    return f"Ticket {number}"


def ticket_conflict(known: str, offered: str, language: str) -> str:
    """Both numbers, for people who have to find out which ticket is the right one."""
    if language == "en":
        return f"Two tickets for this case: {known} is known, {offered} was offered and not taken"
    return f"Dos tickets para este caso: se conoce el {known}, el {offered} fue ofrecido y no se tomó"
