"""Somebody mails what brings parsers to their knees, one after another, while a console of the same customer mails its risks:
those become cases as soon as without it."""

import threading
from itertools import cycle

import httpx
import pytest

from collector.domain.clock import NS_PER_SECOND
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CLOCK, Running, until
from tests.acceptance.senders import Client, deliver, risk
from tests.nasty_mails import bombs

pytestmark = pytest.mark.full
BOMBS = {name: octets for name, octets in bombs() if name in {"nested parts", "encoded words", "parentheses in From"}}
RISKS, EVERY_SECONDS = 40, 0.1
BOMBS_A_SECOND = 5
PROMISED_SECONDS, PATIENT_SECONDS = 1.0, 6.0
"""How much longer than without bombs the others wait at most, on a machine of its own and on one that has other things to do."""


class Bomber(Client):
    """Mails one bomb after another until it is told to give up."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self.replies: list[int] = []
        self._target = running.smtp

    def stop(self) -> int:
        """How many were sent."""
        self.give_up.set()
        self.finish(seconds=30)
        return len(self.replies)

    def _run(self) -> None:
        for octets in cycle(BOMBS.values()):
            if self.give_up.wait(1 / BOMBS_A_SECOND):
                return
            self.replies.append(deliver(self._target, octets)[0])


class Watch(threading.Thread):
    """Reads the feed and notes when the case of each computer appears in it."""

    def __init__(self, running: Running) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.seen_ns: dict[str, int] = {}
        self._running = running

    def run(self) -> None:
        after: str | None = None
        with httpx.Client(headers={"Authorization": f"Bearer {self._running.key}"}, timeout=30.0) as client:
            while not self.over.is_set():
                wanted: dict[str, str | int] = {
                    "wait": 1,
                    "limit": 200,
                    "type": "case.opened",
                    **({"after": after} if after else {}),
                }
                page = client.get(self._running.url("/api/v1/handoff/feed"), params=wanted).json()
                for message in page["items"]:
                    self.seen_ns.setdefault(str(message["data"]["case"]["host"]), CLOCK.monotonic_ns())
                after = page["next"]


def longest_wait(running: Running, watch: Watch, name: str) -> float:
    """Seconds from sending a mail to the hand-off of its case, of many mails in a row."""
    sent_ns: dict[str, int] = {}
    pause = threading.Event()
    for number in range(RISKS):
        host = f"{name}-{number}"
        octets = risk(host).octets()
        sent_ns[host] = CLOCK.monotonic_ns()
        assert deliver(running.smtp, octets)[0] == 250
        pause.wait(EVERY_SECONDS)
    until(lambda: sent_ns.keys() <= watch.seen_ns.keys(), f"all cases of {name} are handed off")
    return max(watch.seen_ns[host] - sent for host, sent in sent_ns.items()) / NS_PER_SECOND


def test_parser_bombs_delay_nobody_else(install: Install) -> None:
    assert len(BOMBS) == 3
    running = install().start()
    watch, bomber = Watch(running), Bomber(running)
    watch.start()
    longest_wait(running, watch, "first")
    without, roles = longest_wait(running, watch, "quiet"), running.roles()
    bomber.start()
    until(lambda: len(bomber.replies) >= len(BOMBS), "each bomb was sent")
    bombed = longest_wait(running, watch, "bombed")
    sent = bomber.stop()
    watch.over.set()
    watch.join(30)
    print(f"{without:.2f} s without bombs, {bombed:.2f} s with {sent} ({PROMISED_SECONDS:g} s more at most are promised)")
    assert bombed - without <= PATIENT_SECONDS
    assert set(bomber.replies) == {250}
    assert sum(running.settled().values()) == 3 * RISKS + sent
    assert running.metric("collector_mail_decoder_lost_processes_total") == 0
    assert running.roles() == roles, "a role was started again"
    running.stop()
