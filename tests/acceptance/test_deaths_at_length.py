"""Kill -9 of every process, singly and together, at random moments, while 5,000 informs and 500 mails come in from clients that
send again what was not acknowledged."""

import os
import random
import signal
from collections.abc import Iterable
from contextlib import suppress

import pytest

from tests.acceptance.checks import assert_mails_once, assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import Inform, InformClient, MailClient, risk

pytestmark = pytest.mark.full
SEED = 20_260_302
INFORMS, CONSOLES, INFORMS_PER_SECOND = 5_000, 4, 60
MAILS, RELAYS = 500, 2
ROUNDS = 30


class Killer:
    """Chooses whom to kill and when, the same for the same seed as far as the machine lets it."""

    def __init__(self, running: Running, chance: random.Random) -> None:
        self._running = running
        self._chance = chance
        self.killed = 0

    def strike(self) -> None:
        what = self._chance.choices(
            [self._one, self._some, self._all_roles, self._everything, self._supervisor], weights=[8, 4, 2, 2, 2]
        )
        what[0]()

    def _one(self) -> None:
        self._kill([self._chance.choice(self._below() or [0])])

    def _some(self) -> None:
        below = self._below()
        self._kill(self._chance.sample(below, k=min(len(below), self._chance.randint(2, 4))))

    def _all_roles(self) -> None:
        self._kill(self._below())

    def _everything(self) -> None:
        """The supervisor first or last."""
        found = self._running.processes()
        self._kill(found if self._chance.random() < 0.5 else reversed(found))
        self._start_again()

    def _supervisor(self) -> None:
        """It alone: its successor comes while its roles are still on their way out."""
        self._kill([self._running.supervisor.pid])
        self._start_again()

    def _start_again(self) -> None:
        """As systemd would, without waiting for anything."""
        self._running.supervisor.wait()
        self._running.launch()

    def _below(self) -> list[int]:
        """Roles and the processes that they started."""
        return self._running.processes()[1:]

    def _kill(self, pids: Iterable[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                if pid:
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1


def shares(count: int, parts: int) -> list[range]:
    return [range(first, count, parts) for first in range(parts)]


def informing(running: Running) -> list[InformClient]:
    return [
        InformClient(
            running.snmp,
            [Inform.of(text, 1 + number) for number, text in enumerate(numbered("Storm", share, metrics=50))],
            address=f"127.0.0.{11 + place}",
            per_second=INFORMS_PER_SECOND / CONSOLES,
        )
        for place, share in enumerate(shares(INFORMS, CONSOLES))
    ]


def mailing(running: Running) -> list[MailClient]:
    rate = INFORMS_PER_SECOND * MAILS / INFORMS / RELAYS
    return [
        MailClient(running.smtp, [risk(f"storm-{number}") for number in share], per_second=rate)
        for share in shares(MAILS, RELAYS)
    ]


def wait_for_more(consoles: list[InformClient], more: int) -> None:
    """Until so many more informs are acknowledged than now, or all are."""

    def acknowledged() -> int:
        return sum(len(console.acknowledged) for console in consoles)

    wanted = min(acknowledged() + more, INFORMS)
    until(lambda: acknowledged() >= wanted, "informs are acknowledged again", seconds=90)


def test_nothing_acknowledged_is_missing_and_nothing_is_twice(install: Install) -> None:
    running = install().start()
    consoles, relays = informing(running), mailing(running)
    clients = [*consoles, *relays]
    for client in clients:
        client.start()
    chance = random.Random(SEED)
    killer = Killer(running, chance)
    for _ in range(ROUNDS):
        wait_for_more(consoles, chance.choice([0, 1, chance.randint(1, 50), chance.randint(50, 200)]))
        killer.strike()
    until(running.is_ready, "everything is ready again", seconds=60)
    for client in clients:
        client.finish(seconds=240)
    totals = running.settled(seconds=120)
    assert killer.killed > ROUNDS
    assert [console.wrong_answers for console in consoles] == [[]] * CONSOLES
    listed = running.notifications()
    assert {item["state"] for item in listed} <= {"case", "duplicate"}
    assert totals == {"case": INFORMS + MAILS} | ({"duplicate": totals["duplicate"]} if "duplicate" in totals else {})
    assert_traps_once(running, "Storm", [text for console in consoles for text in console.acknowledged], listed=listed)
    hosts = {
        mark.removeprefix("risk-").removesuffix("-Leftalone"): found for r in relays for mark, found in r.acknowledged.items()
    }
    assert len(hosts) == MAILS
    assert_mails_once(running, hosts, listed=listed)
    running.stop()
