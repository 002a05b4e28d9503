"""What people notice: how soon a trap is a visible case, how long verbs and lists take while traps come in. Asks the API."""

import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import httpx

from tests.acceptance.harness import Running
from tests.acceptance.senders import health, send
from tests.benchmarks.conditions import CLOCK, seconds_since
from tests.benchmarks.figures import CountsDiffer

_ASK_AGAIN_SECONDS = 0.004
_LONGEST_SECONDS = 10.0


def client_of(running: Running) -> httpx.Client:
    return httpx.Client(headers={"Authorization": f"Bearer {running.key}"}, timeout=30.0)


@dataclass(slots=True)
class People:
    """While it is entered, somebody acts on a case about 20 times a second and lists 100 cases about 5 times a second. Every case
    is acknowledged once, then gets notes: that writes as much. The times are milliseconds that people waited."""

    running: Running
    verbs: list[float] = field(default_factory=list)
    lists: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _failures: list[BaseException] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._stop.clear()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Raise what went wrong meanwhile."""
        assert self._thread is not None
        self._stop.set()
        self._thread.join()
        if self._failures:
            raise self._failures[0]

    def _work(self) -> None:
        try:
            with client_of(self.running) as client:
                self._act(client)
        except (httpx.HTTPError, CountsDiffer) as failure:
            self._failures.append(failure)

    def _act(self, client: httpx.Client) -> None:
        listing = self.running.url("/api/v1/cases")
        page = client.get(listing, params={"limit": 1000}).raise_for_status().json()["items"]
        keys = [case["external_key"] for case in page if case["status"] == "open"] + [case["external_key"] for case in page]
        for number in itertools.count():
            if self._stop.wait(0.04):
                return
            verb, body = ("acknowledge", None) if number < len(keys) - len(page) else ("notes", {"text": "bench"})
            where = self.running.url(f"/api/v1/cases/{keys[number % len(keys)]}/{verb}")
            self.verbs.append(_milliseconds(lambda: client.post(where, json=body)))  # noqa: B023
            if number % 4 == 0:
                self.lists.append(_milliseconds(lambda: client.get(listing, params={"limit": 100})))


def _milliseconds(ask: Callable[[], httpx.Response]) -> float:
    begun_ns = CLOCK.monotonic_ns()
    ask().raise_for_status()
    return seconds_since(begun_ns) * 1000


def visible_after_ms(running: Running, samples: int) -> list[float]:
    """Send one trap at a time that opens a case, and ask for the newest case until it is that one. The time of the last question
    and its answer is included. Pauses of random length keep the samples from following the rhythm of any poll."""
    pause, draw, waits = threading.Event(), random.Random(1), []
    with client_of(running) as client:
        for number in range(samples):
            pause.wait(draw.uniform(0.02, 0.12))
            mark = f"Latency {number}"
            datagram, begun_ns = health(f"{mark}: CRITICAL"), CLOCK.monotonic_ns()
            send(running.snmp, datagram)
            while mark.casefold() not in _newest_title(client, running):
                if seconds_since(begun_ns) > _LONGEST_SECONDS:
                    raise CountsDiffer(f"a trap is no visible case after {_LONGEST_SECONDS:g} s")
                pause.wait(_ASK_AGAIN_SECONDS)
            waits.append(seconds_since(begun_ns) * 1000)
    return waits


def _newest_title(client: httpx.Client, running: Running) -> str:
    answer = client.get(running.url("/api/v1/cases"), params={"limit": 1, "order": "newest", "language": "en"})
    items = answer.raise_for_status().json()["items"]
    return str(items[0]["title"]).casefold() if items else ""
