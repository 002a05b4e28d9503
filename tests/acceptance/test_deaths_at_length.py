"""Kill -9 of every process, singly and together, at random moments, while 5,000 informs and 500 mails (on PostgreSQL 2,000 and
200) come in from clients that send again what was not acknowledged."""

import os
import random
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.acceptance.checks import assert_mails_once, assert_traps_once, hosts_of, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import Inform, InformClient, MailClient, risk
from tests.acceptance.stores import Stores

pytestmark = pytest.mark.full
SEED = 20_260_302
CONSOLES, INFORMS_PER_SECOND, RELAYS = 4, 60, 2
MAILS_PER_INFORM = 0.1


@dataclass(frozen=True, slots=True)
class Size:
    """Of one long round."""

    informs: int
    mails: int
    rounds: int


ON_A_FILE, ON_A_SERVER = Size(5_000, 500, 30), Size(2_000, 200, 12)


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


def informing(running: Running, informs: int) -> list[InformClient]:
    return [
        InformClient(
            running.snmp,
            [Inform.of(text, 1 + number) for number, text in enumerate(numbered("Storm", share, metrics=50))],
            address=f"127.0.0.{11 + place}",
            per_second=INFORMS_PER_SECOND / CONSOLES,
        )
        for place, share in enumerate(shares(informs, CONSOLES))
    ]


def mailing(running: Running, mails: int) -> list[MailClient]:
    rate = INFORMS_PER_SECOND * MAILS_PER_INFORM / RELAYS
    return [
        MailClient(running.smtp, [risk(f"storm-{number}") for number in share], per_second=rate)
        for share in shares(mails, RELAYS)
    ]


def wait_for_more(consoles: list[InformClient], more: int, *, at_most: int) -> None:
    """Until so many more informs are acknowledged than now, or all are."""

    def acknowledged() -> int:
        return sum(len(console.acknowledged) for console in consoles)

    wanted = min(acknowledged() + more, at_most)
    until(lambda: acknowledged() >= wanted, "informs are acknowledged again", seconds=90)


def test_nothing_acknowledged_is_missing_and_nothing_is_twice(install: Install, stores: Stores) -> None:
    size = ON_A_FILE if stores.is_sqlite else ON_A_SERVER
    running = install().start()
    consoles, relays = informing(running, size.informs), mailing(running, size.mails)
    clients = [*consoles, *relays]
    for client in clients:
        client.start()
    chance = random.Random(SEED)
    killer = Killer(running, chance)
    for _ in range(size.rounds):
        wait_for_more(consoles, chance.choice([0, 1, chance.randint(1, 50), chance.randint(50, 200)]), at_most=size.informs)
        killer.strike()
    until(running.is_ready, "everything is ready again", seconds=60)
    for client in clients:
        client.finish(seconds=240)
    totals = running.settled(seconds=120)
    assert killer.killed > size.rounds
    assert [console.wrong_answers for console in consoles] == [[]] * CONSOLES
    listed = running.notifications()
    assert {item["state"] for item in listed} <= {"case", "duplicate"}
    assert totals == {"case": size.informs + size.mails} | ({"duplicate": totals["duplicate"]} if "duplicate" in totals else {})
    assert_traps_once(running, "Storm", [text for console in consoles for text in console.acknowledged], listed=listed)
    hosts = {host: found for relay in relays for host, found in hosts_of(relay).items()}
    assert len(hosts) == size.mails
    assert_mails_once(running, hosts, listed=listed)
    running.stop()
