"""What time alone does to cases, with a clock that the test moves: each limit is shown by two cases a minute apart, one of which
is over it and one not yet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import CHANGED, WARNING, deliver, health, risk, send

BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def set_clock(file: Path, minutes: float) -> None:
    """In one step: the collector never reads half a time."""
    fresh = file.with_suffix(".new")
    fresh.write_text((BEGIN + timedelta(minutes=minutes)).isoformat(), encoding="ascii")
    fresh.replace(file)


def states(running: Running) -> dict[str, str]:
    """Status by the last word of the title, or by the host."""
    return {case["host"] or case["title"].rpartition("(")[2].rstrip(")"): case["status"] for case in running.cases()}


def wait_for(running: Running, **wanted: str) -> None:
    """Until the first of the cases has its state; the others must have theirs then."""
    first, status = next(iter(wanted.items()))
    until(lambda: states(running).get(first) == status, f"{first} is {status}")
    assert {name: found for name, found in states(running).items() if name in wanted} == wanted


def trouble(running: Running, name: str) -> None:
    """A warning and a critical that are cleared at once, and a contained threat."""
    for oid, what in ((WARNING, f"warn{name}"), (None, f"crit{name}")):
        raised = health(f"{what}: BAD", name=oid) if oid else health(f"{what}: BAD")
        send(running.snmp, raised, health(f"{what} is OK", name=CHANGED))
    assert deliver(running.smtp, risk(f"pc{name}", action="Cleaned").octets())[0] == 250
    names = {f"warn{name}", f"crit{name}", f"pc{name}"}
    until(lambda: names <= states(running).keys() and not running.ledger()["pending"], f"the cases of {name} are there")


@pytest.mark.full
def test_cases_are_resolved_and_closed_by_quiet_alone_each_in_its_time(install: Install, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    set_clock(clock, 0)
    running = install(extra=["--test-clock", str(clock)]).start()
    trouble(running, "a")
    set_clock(clock, 1)
    trouble(running, "b")
    set_clock(clock, 15)
    wait_for(running, warna="resolved", warnb="open", crita="open", critb="open", pca="open")
    set_clock(clock, 16)
    wait_for(running, warnb="resolved", warna="resolved", crita="open")
    set_clock(clock, 75)
    wait_for(running, warna="closed", warnb="resolved", critb="open", pca="open")
    send(running.snmp, health("warnb: BAD", name=WARNING))
    wait_for(running, warnb="open")
    set_clock(clock, 24 * 60)
    wait_for(running, pca="closed", pcb="open", crita="open", critb="open")
    assert [case["close_reason"] for case in running.cases(text="pca")] == ["quiet for long enough"]
    running.stop()
