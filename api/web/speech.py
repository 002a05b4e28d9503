"""What the page says about times, people and amounts, in one language, zone and moment. Fixed texts are in `words`."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from api.web.words import say

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Speech:
    """`now` is the moment at which the page is made."""

    language: str
    zone: tzinfo
    now: datetime

    def t(self, key: str, **values: object) -> str:
        return say(self.language, key, **values)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def when(self, at: datetime) -> str:
        """`14:05` today, `mar 24/11 14:05` within half a year, else with the year."""
        there, here = self.local(at), self.local(self.now)
        if there.date() == here.date():
            return f"{there:%H:%M}"
        if abs(at - self.now) > 180 * _DAY:
            return f"{there:%Y-%m-%d %H:%M}"
        return f"{self.t(f'day.{there.weekday()}')} {there:%d/%m %H:%M}"

    def moment(self, at: datetime) -> str:
        """With date, seconds and zone: nothing left to guess."""
        return f"{self.local(at):%Y-%m-%d %H:%M:%S %Z}"

    def lasting(self, span: timedelta) -> str:
        """The two largest units: `23 min`, `1 h 05 min`, `3 d 4 h`."""
        if span < _MINUTE:
            return self.t("time.under_minute")
        if span < _HOUR:
            return f"{span // _MINUTE} min"
        if span < _DAY:
            hours, rest = divmod(span, _HOUR)
            return f"{hours} h {rest // _MINUTE:02d} min"
        days, rest = divmod(span, _DAY)
        return f"{days} d {rest // _HOUR} h"

    def left(self, due: datetime) -> str:
        """Until then, or since then."""
        if due > self.now:
            return self.t("time.left", d=self.lasting(due - self.now))
        return self.t("time.late", d=self.lasting(self.now - due))

    def ago(self, at: datetime) -> str:
        if self.now - at < _MINUTE:
            return self.t("time.now")
        return self.t("time.ago", d=self.lasting(self.now - at))

    def working(self, span: timedelta) -> str:
        """An amount of working time; days would mislead."""
        if span < _HOUR:
            return f"{span // _MINUTE} min"
        hours, rest = divmod(span, _HOUR)
        return f"{hours} h {rest // _MINUTE:02d} min" if rest else f"{hours} h"

    def actor(self, actor: str) -> str:
        """`user:ana` is Ana's own name; programs and rules say what they are."""
        kind, _, name = actor.partition(":")
        match kind:
            case "user":
                return name
            case "key":
                program, _, person = name.partition("/")
                return person or self.t("actor.key", name=program)
            case "rule":
                return self.t("actor.rule", name=name.partition("@")[0])
            case "" | "collector":
                return self.t("actor.collector")
            case _:
                return actor

    def number(self, amount: int) -> str:
        """`12.345` or `12,345`."""
        return f"{amount:,}".replace(",", "." if self.language == "es" else ",")
