"""Why a promised time is due when it is: which time counted and which did not, in numbers and in a sentence for people, in local
time. How working time is counted is `collector.domain.calendar`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from collector.domain.calendar import Gap, Stretch, WorkingCalendar
from collector.domain.deadline import Deadline, DeadlineName, DeadlineState
from collector.domain.signal import Words

MOST_DAYS = 6
"""Days that a sentence names one by one."""
GAPS = {
    Gap.OUTSIDE_HOURS: Words("fuera de horario", "outside hours"),
    Gap.WEEKEND: Words("fin de semana", "weekend"),
    Gap.NATIONAL_HOLIDAY: Words("feriado nacional", "national holiday"),
    Gap.BRIDGE_DAY: Words("día no laborable puente", "bridge day"),
    Gap.NON_WORKING_DAY: Words("día no laborable", "non-working day"),
    Gap.OVERRIDE: Words("día especial", "special day"),
    Gap.PAUSED: Words("espera al cliente", "waits for the customer"),
}
_NAMES = {
    DeadlineName.CONTACT: Words("Contacto", "Contact"),
    DeadlineName.RESPONSE: Words("Respuesta", "Response"),
    DeadlineName.TRIAGE: Words("Evaluación", "Triage"),
}
_WEEKDAYS = Words("lun mar mié jue vie sáb dom", "Mon Tue Wed Thu Fri Sat Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, slots=True)
class Explained:
    """`counted`: working time used until now, or until it ended. `left`: what remains of the target, negative once it is too
    late, None when it ended. `stretches` lead without a hole from `since_at` to `until`: the due time of one that runs, so that
    what counts adds up to the target; now for one that waits for the customer, else its end, and it adds up to `counted`.
    `today` is the label of the calendar that all this was counted with: another one than the deadline's when the calendar has
    changed since."""

    deadline: Deadline
    counted: timedelta
    left: timedelta | None
    until: datetime
    stretches: tuple[Stretch, ...]
    today: str
    text: str


def explain(deadline: Deadline, calendar: WorkingCalendar, now: datetime, language: str) -> Explained:
    """The deadline as it is `now`; `calendar` is today's, and the local time is its zone's."""
    end = deadline.ended_at or max(now, deadline.since_at)
    paused = deadline.state is DeadlineState.PAUSED
    until = deadline.due_at if deadline.is_owed and not paused else end
    stretches = calendar.stretches(deadline.since_at, until, deadline.pauses)
    counted = calendar.counted(deadline.since_at, end, deadline.pauses)
    left = deadline.target - counted if deadline.is_owed else None
    words = _Speech(language, calendar.zone)
    text = words.sentence(deadline, counted, end, now, stretches)
    if deadline.calendar != calendar.label:
        text += words.other_calendar(deadline.calendar, calendar.label)
    return Explained(deadline, counted, left, until, stretches, calendar.label, text)


class _Speech:
    """One language and one zone."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self._language, self._zone = language, zone

    def _say(self, es: str, en: str) -> str:
        return en if self._language == "en" else es

    def _word(self, words: Words) -> str:
        return words.in_language(self._language)

    def sentence(self, one: Deadline, counted: timedelta, end: datetime, now: datetime, stretches: Sequence[Stretch]) -> str:
        parts = [self._promise(one), self._outcome(one, counted, end, now)]
        if days := self._days(stretches):
            parts.append(self._say("Cuentan ", "Counted: ") + days)
        if gaps := self._gaps(stretches):
            parts.append(self._say("No cuentan: ", "Not counted: ") + gaps)
        if one.provisional and one.is_owed:
            provisional = "Provisorio: cuenta desde la recepción hasta que se confirme el caso"
            parts.append(self._say(provisional, "Provisional: counts from receipt until the case is confirmed"))
        return ". ".join(parts) + "."

    def _promise(self, one: Deadline) -> str:
        name, target, since = self._word(_NAMES[one.name]), lasting(one.target), self._moment(one.since_at)
        if one.severity is not None:
            name += self._say(f" (gravedad {one.severity})", f" (severity {one.severity})")
        begins = ""
        if one.start_at != one.since_at:
            start = self._moment(one.start_at)
            begins = self._say(f", cuenta desde el {start}", f", counting from {start}")
        return (
            self._say(f"{name}: {target} de trabajo desde el {since}", f"{name}: {target} of working time from {since}") + begins
        )

    def _outcome(self, one: Deadline, counted: timedelta, end: datetime, now: datetime) -> str:
        """What became of it, or when it is due."""
        due, used = self._moment(one.due_at), lasting(counted)
        match one.state:
            case DeadlineState.PAUSED:
                since = self._moment(one.pauses[-1].start_at)
                left = lasting(one.target - counted)
                return self._say(
                    f"Espera al cliente desde el {since}: se usaron {used}, quedan {left}",
                    f"Waits for the customer since {since}: {used} used, {left} left",
                )
            case DeadlineState.MET | DeadlineState.STOPPED | DeadlineState.REPLACED:
                return self._ended(one, counted, self._moment(end))
            case _ if now >= one.due_at:
                over = lasting(counted - one.target)
                return self._say(f"Venció el {due}, hace {over} de trabajo", f"Was due {due}, {over} of working time ago")
            case _:
                return self._say(f"Vence el {due}", f"Due {due}")

    def _ended(self, one: Deadline, counted: timedelta, end: str) -> str:
        what = {
            DeadlineState.MET: self._say("Cumplido", "Met"),
            DeadlineState.STOPPED: self._say("El caso terminó", "The case ended"),
        }.get(one.state, self._say("Reemplazado", "Replaced"))
        used = lasting(counted)
        said = self._say(f"{what} el {end}, tras {used} de trabajo", f"{what} {end} with {used} used")
        if one.is_late:
            over = lasting(counted - one.target)
            said += self._say(f", {over} tarde", f", {over} late")
        return said

    def _days(self, stretches: Sequence[Stretch]) -> str:
        """`10 min el vie 20/11 de 16:50 a 17:00, 20 min el lun 23/11 de 09:00 a 09:20`."""
        parts = [one for one in stretches if one.counted]
        said = [self._stretch(one) for one in parts[:MOST_DAYS]]
        if rest := parts[MOST_DAYS:]:
            more = lasting(sum((one.end_at - one.start_at for one in rest), timedelta()))
            last = self._moment(rest[-1].end_at)
            said.append(self._say(f"{more} más hasta el {last}", f"{more} more until {last}"))
        return ", ".join(said)

    def _stretch(self, one: Stretch) -> str:
        start, end = one.start_at.astimezone(self._zone), one.end_at.astimezone(self._zone)
        length = lasting(one.end_at - one.start_at)
        if start.date() != end.date():
            first, last = self._moment(start), self._moment(end)
            return self._say(f"{length} del {first} al {last}", f"{length} from {first} to {last}")
        day, first, last = self._day(start.date()), _wall(start), _wall(end)
        return self._say(f"{length} el {day} de {first} a {last}", f"{length} on {day} from {first} to {last}")

    def _gaps(self, stretches: Sequence[Stretch]) -> str:
        skipped = [one for one in stretches if not one.counted]
        reasons = dict.fromkeys(self._word(GAPS[Gap(reason)]) for one in skipped for reason in one.reasons)
        names = dict.fromkeys(self._word(name) for one in skipped for name in one.names)
        return ", ".join(reasons) + (f"; {', '.join(names)}" if names else "")

    def other_calendar(self, counted_with: str, today: str) -> str:
        return self._say(
            f" El plazo se contó con el calendario {counted_with}; el de hoy es {today}, y los tramos son de este.",
            f" The due time was counted with the calendar {counted_with}; today's is {today}, which the stretches are of.",
        )

    def _moment(self, at: datetime) -> str:
        local = at.astimezone(self._zone)
        return f"{self._day(local.date())} {_wall(local)}"

    def _day(self, day: date) -> str:
        weekday = self._word(_WEEKDAYS).split()[day.weekday()]
        return self._say(f"{weekday} {day.day}/{day.month}", f"{weekday} {day.day} {_MONTHS[day.month - 1]}")


def _wall(local: datetime) -> str:
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")


def lasting(length: timedelta) -> str:
    """`2 h 50 min`, to the second."""
    seconds = round(abs(length).total_seconds())
    parts = [f"{seconds // 3600} h"] * (seconds >= 3600)
    parts += [f"{seconds // 60 % 60} min"] * (seconds // 60 % 60 > 0)
    parts += [f"{seconds % 60} s"] * (seconds % 60 > 0)
    return " ".join(parts) or "0 min"
