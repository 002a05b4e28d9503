"""`calendar`: shows the working calendar and says what is missing in it. Touches neither the store nor the network."""

import argparse
from typing import TYPE_CHECKING

from collector.commands.options import Subparsers, add_config, add_test_clock, clock_of, settings_of
from collector.domain.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from collector.config import Settings
    from collector.domain.calendar import WorkingCalendar

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "calendar",
        help="show and check the working calendar",
        description="The calendar by which promised times are counted.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser(
        "show",
        help="print working hours and the special days of a year",
        description="Print the calendar's label, its zone and hours, and every special day of a year: date, kind, whether "
        "anybody works, name, and where it is known from.",
    )
    show.add_argument("year", metavar="YEAR", nargs="?", type=int, help="the present one when it is left out")
    show.set_defaults(run=_show)
    check = actions.add_parser(
        "check",
        help="say what the calendar does not know yet",
        description="Say, a sentence each, that the bridge days of this year or (from 12 November on) of the next are not known, "
        "that the data end within 60 days, and which entries of the own overrides change nothing. The exit code is then 1.",
    )
    check.set_defaults(run=_check)
    for action in (show, check):
        add_config(action)
        add_test_clock(action)


def _show(args: argparse.Namespace) -> int:
    from collector.calendars import load_calendar

    settings = settings_of(args)
    calendar = load_calendar(settings)
    year = _today(args, settings, calendar).year if args.year is None else args.year
    first, last = calendar.known_from.year, calendar.known_until.year
    if not first <= year <= last:
        raise Rejected(f"YEAR: the calendar knows {first} to {last}, not {year}")
    for line in _lines(calendar, settings, year):
        print(line)
    return 0


def _check(args: argparse.Namespace) -> int:
    from collector.calendars import build_calendar
    from collector.calendars.check import findings

    settings = settings_of(args)
    built = build_calendar(settings)
    found = list(findings(built, _today(args, settings, built.calendar)))
    for sentence in found:
        print(sentence)
    if not found:
        print("the calendar is complete")
    return 1 if found else 0


def _today(args: argparse.Namespace, settings: "Settings", calendar: "WorkingCalendar") -> "date":
    return clock_of(args, settings).now().astimezone(calendar.zone).date()


def _lines(calendar: "WorkingCalendar", settings: "Settings", year: int) -> "Iterator[str]":
    yield f"calendar {calendar.label}, {settings.sla.timezone}, known until {calendar.known_until}"
    yield f"working hours: Monday to Friday {settings.sla.hours}"
    yield f"attention hours, which no clock uses: Monday to Friday {settings.sla.attention_hours}"
    for special in calendar.special_days(year):
        counts = "no work" if special.counts else "work"
        name = special.name.in_language(settings.language)
        weekday = _WEEKDAYS[special.day.weekday()]
        yield f"{special.day} {weekday}  {special.kind:<16}  {counts:<7}  {name} ({special.source})"
