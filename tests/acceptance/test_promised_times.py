"""Promised times of a running collector whose clock the test moves: each due time, the stretches that explain it, and the words
about it at their minute, once, whatever is killed. All times are of the wall in Buenos Aires (-03:00), November 2026; Monday the
23rd is a holiday there."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collector.domain.clock import rfc3339
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import WARNING, deliver, health, risk, send

HOLIDAY = "Día de la Soberanía Nacional"


def wall(day_and_time: str) -> datetime:
    """`20 16:50`."""
    day, _, time = day_and_time.partition(" ")
    return datetime.fromisoformat(f"2026-11-{day}T{time}-03:00")


class Moved:
    """A running collector and its clock."""

    def __init__(self, install: Install, directory: Path, begin: str) -> None:
        self._file = directory / "clock"
        self.set(begin)
        self.running: Running = install(extra=["--test-clock", str(self._file)]).start()

    def set(self, now: str) -> None:
        """In one step: the collector never reads half a time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(wall(now).isoformat(), encoding="ascii")
        fresh.replace(self._file)

    def threat(self, host: str) -> None:
        assert deliver(self.running.smtp, risk(host).octets())[0] == 250
        self.until_there(host)

    def health(self, what: str, *, name: str | None = None) -> None:
        send(self.running.snmp, health(f"{what}: BAD", name=name) if name else health(f"{what}: BAD"))
        self.until_there(what)

    def until_there(self, text: str) -> None:
        until(lambda: self.running.case(text) and not self.running.ledger()["pending"], f"the case of {text} is there")

    def path(self, text: str) -> str:
        case = self.running.case(text)
        assert case is not None
        return f"/cases/{case['external_key']}"

    def deadlines(self, text: str) -> list[dict[str, Any]]:
        return list(self.running.get(f"{self.path(text)}/deadlines", language="es")["items"])

    def verdicts(self, text: str) -> list[tuple[str, str]]:
        """(verdict, deadline) of every word about due times in the history of the case."""
        lines = self.running.items(f"{self.path(text)}/log")
        return [(line["verdict"], line["detail"]["deadline"]) for line in lines if line["verdict"].startswith("deadline_")]

    def told(self, text: str) -> list[str]:
        """Types of the messages about due times that ticketing finds in the feed."""
        key = self.path(text).rpartition("/")[2]
        feed = self.running.get("/handoff/feed", limit=500, type="case.deadline_at_risk,case.deadline_breached")["items"]
        return [message["type"] for message in feed if message["data"]["case"]["external_key"] == key]

    def wait_for(self, text: str, *verdicts: tuple[str, str]) -> None:
        until(lambda: self.verdicts(text) == list(verdicts), f"{text}: {verdicts}")


@pytest.fixture
def moved(install: Install, tmp_path: Path) -> Moved:
    return Moved(install, tmp_path, "13 16:50")


def stretches(deadline: dict[str, Any]) -> list[tuple[str, str, bool, list[str]]]:
    return [(one["start"], one["end"], one["counted"], one["reasons"]) for one in deadline["stretches"]]


def stretch(start: str, end: str, *reasons: str) -> tuple[str, str, bool, list[str]]:
    return rfc3339(wall(start)), rfc3339(wall(end)), not reasons, list(reasons)


def due(deadline: dict[str, Any]) -> tuple[str, int | None, str, bool, str]:
    return deadline["name"], deadline["severity"], deadline["state"], deadline["provisional"], deadline["due_at"]


def owed(name: str, severity: int | None, due_at: str, *, provisional: bool = False) -> tuple[str, int | None, str, bool, str]:
    return name, severity, "running", provisional, rfc3339(wall(due_at))


BOTH = ("contact", "response")
NEAR, PASSED = [[(verdict, name) for name in BOTH] for verdict in ("deadline_at_risk", "deadline_breached")]


@pytest.mark.full
def test_due_times_of_a_week_and_what_is_said_of_them(moved: Moved) -> None:
    moved.threat("pc-friday")
    friday = moved.deadlines("pc-friday")
    assert [due(one) for one in friday] == [owed(name, None, "16 09:20") for name in BOTH]
    assert stretches(friday[0]) == [
        stretch("13 16:50", "13 17:00"),
        stretch("13 17:00", "16 09:00", "outside_hours", "weekend"),
        stretch("16 09:00", "16 09:20"),
    ]
    assert friday[0]["text"] == (
        "Contacto: 30 min de trabajo desde el vie 13/11 16:50. Vence el lun 16/11 09:20. Cuentan 10 min el vie 13/11 de 16:50 a"
        " 17:00, 20 min el lun 16/11 de 09:00 a 09:20. No cuentan: fuera de horario, fin de semana."
    )
    moved.set("15 03:00")
    moved.threat("pc-sunday")
    sunday = moved.deadlines("pc-sunday")
    assert [due(one) for one in sunday] == [owed(name, None, "16 09:30") for name in BOTH]
    assert stretches(sunday[0]) == [
        stretch("15 03:00", "16 09:00", "weekend", "outside_hours"),
        stretch("16 09:00", "16 09:30"),
    ]
    assert moved.running.case("pc-sunday")["outside_hours"] is True  # type: ignore[index]

    moved.set("16 09:12:30")
    moved.wait_for("pc-friday", *NEAR)
    assert moved.verdicts("pc-sunday") == []
    moved.running.kill_role("process")
    moved.set("16 09:20")
    moved.wait_for("pc-friday", *NEAR, *PASSED)
    assert moved.verdicts("pc-sunday") == []
    assert [(one["state"], one["late"], one["left_seconds"]) for one in moved.deadlines("pc-friday")] == [
        ("breached", True, 0)
    ] * 2
    moved.set("16 09:22:30")
    moved.wait_for("pc-sunday", *NEAR)
    moved.running.post(f"{moved.path('pc-sunday')}/record-contact", {"who": "Ana", "how": "phone"})
    moved.running.kill_supervisor()
    moved.running.start()
    moved.set("16 09:30")
    moved.wait_for("pc-sunday", *NEAR, PASSED[1])
    assert moved.verdicts("pc-friday") == [*NEAR, *PASSED]
    assert moved.told("pc-friday") == ["case.deadline_at_risk"] * 2 + ["case.deadline_breached"] * 2
    assert moved.told("pc-sunday") == ["case.deadline_at_risk"] * 2 + ["case.deadline_breached"]
    assert "deadlines came near or passed" in moved.running.log()
    assert moved.running.metric("collector_deadline_verdicts_total", verdict="deadline_breached") == 1
    assert moved.running.metric("collector_deadlines", state="breached") == 3
    moved.running.stop()


@pytest.mark.full
def test_the_eve_of_a_long_weekend_and_a_clock_that_jumps_over_it(moved: Moved) -> None:
    moved.set("20 16:50")
    moved.threat("pc-eve")
    eve = moved.deadlines("pc-eve")
    assert [due(one) for one in eve] == [owed(name, None, "24 09:20") for name in BOTH]
    assert stretches(eve[0]) == [
        stretch("20 16:50", "20 17:00"),
        stretch("20 17:00", "24 09:00", "outside_hours", "weekend", "national_holiday"),
        stretch("24 09:00", "24 09:20"),
    ]
    assert HOLIDAY in eve[0]["stretches"][1]["names"][0]
    assert HOLIDAY in eve[0]["text"]
    moved.set("24 11:00")
    moved.wait_for("pc-eve", *PASSED)
    assert moved.running.metric("collector_deadline_verdicts_total", verdict="deadline_at_risk") == 0
    assert moved.running.metric("collector_deadline_verdicts_total", verdict="deadline_breached") == 2
    moved.running.stop()


@pytest.mark.full
def test_severity_2_confirmed_two_hours_later_and_a_raise_from_3_to_2(moved: Moved) -> None:
    moved.set("18 10:00")
    moved.health("disk")
    moved.health("fan", name=WARNING)
    assert [due(one) for one in moved.deadlines("disk")] == [owed("response", 2, "18 13:00", provisional=True)]
    assert moved.deadlines("disk")[0]["text"].endswith("Provisorio: cuenta desde la recepción hasta que se confirme el caso.")
    moved.set("18 10:30")
    moved.running.post(f"{moved.path('fan')}/confirm")
    moved.set("18 11:00")
    moved.health("fan")
    until(lambda: moved.running.case("fan")["severity"] == 2, "the fan is severity 2")  # type: ignore[index]
    _, third, second = moved.deadlines("fan")
    assert [due(third), due(second)] == [owed("response", 3, "18 16:30"), owed("response", 2, "18 14:00")]
    assert stretches(second) == [stretch("18 11:00", "18 14:00")]
    moved.set("18 12:00")
    confirmed = moved.running.post(f"{moved.path('disk')}/confirm", {"text": "visto"})
    assert [one["due_at"] for one in confirmed["deadlines"]] == [rfc3339(wall("18 15:00"))]
    replaced, definite = moved.deadlines("disk")
    assert (replaced["state"], replaced["ended_at"]) == ("replaced", rfc3339(wall("18 12:00")))
    assert due(definite) == owed("response", 2, "18 15:00")
    assert stretches(definite) == [stretch("18 12:00", "18 15:00")]
    moved.set("18 14:00")
    moved.wait_for("fan", ("deadline_breached", "response"))
    moved.running.post(f"{moved.path('fan')}/respond", {"at": "2026-11-18T13:55:00-03:00", "text": "enviado"})
    assert [(one["state"], one["late"]) for one in moved.deadlines("fan")] == [
        ("replaced", False),
        ("met", False),
        ("met", False),
    ]
    moved.running.stop()
