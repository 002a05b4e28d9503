"""The feed of a running collector: a trap reaches a reader that waits, a stop ends the wait, and with twenty writers, traps and
kill -9 of `process` and `api` in between readers miss nothing and get nothing twice."""

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.checks import numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import health, send

WRITERS, NOTES, CASES = 20, 15, 8
KILLS = ("process", "api", "process", "api")
Message = dict[str, Any]


class Reader(threading.Thread):
    """Walks the feed with long polls over its own connections, and asks again from its place whenever there is no answer."""

    def __init__(self, running: Running, **filters: Any) -> None:
        super().__init__(daemon=True)
        self.messages: list[Message] = []
        self.over = threading.Event()
        self.answers = 0
        self._running = running
        self._filters = filters
        self._after: str | None = None

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._running.key}"}
        with httpx.Client(headers=headers, timeout=20.0) as client:
            while True:
                finished = self.over.is_set()
                page = self._page(client)
                if page is None:
                    self.over.wait(0.1)
                elif finished and not page["items"] and not page["more"]:
                    return

    def _page(self, client: httpx.Client) -> Any:
        place = {"after": self._after} if self._after else {}
        try:
            answer = client.get(
                self._running.url("/api/v1/handoff/feed"), params={"wait": 2, "limit": 20, **place, **self._filters}
            )
        except httpx.TransportError:
            return None
        if answer.status_code != httpx.codes.OK:
            return None
        page = answer.json()
        self.messages += page["items"]
        self._after = page["next"]
        self.answers += 1
        return page


@pytest.mark.full
def test_a_trap_reaches_a_reader_that_waits_and_its_ticket_comes_back(running: Running) -> None:
    reader = Reader(running)
    reader.start()
    send(running.snmp, health("Feed Utilization: CRITICAL"))
    [opened] = until(lambda: [one for one in reader.messages if one["type"] == "case.opened"], "the case is in the feed")
    key = opened["data"]["case"]["external_key"]
    entry = {"event_id": "e-1", "at": opened["timestamp"], "status": "in_progress", "ticket": {"number": "48213"}}
    assert running.post(f"/cases/{key}/ticket-events", entry, status=202)["applied"] is True
    shown = running.get(f"/cases/{key}")
    assert (shown["status"], shown["ticket"]["number"]) == ("acknowledged", "48213")
    reader.over.set()
    reader.join(30)
    assert not reader.is_alive()
    assert running.metric("collector_handoff_feed_position") >= 1


def connected(running: Running) -> int:
    """How many connections to the API are established, as proc(5) lists them."""
    local = f":{running.http[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(row[1].endswith(local) and row[3] == "01" for row in rows)


@pytest.mark.full
def test_a_stop_ends_every_wait_with_an_answer(install: Install) -> None:
    running = install().start()
    headers = {"Authorization": f"Bearer {running.key}"}
    with ThreadPoolExecutor(5) as pool:
        asked = [
            pool.submit(httpx.get, running.url("/api/v1/handoff/feed"), params={"wait": 30}, headers=headers, timeout=60.0)
            for _ in range(5)
        ]
        until(lambda: connected(running) >= 5, "five readers are connected")
        running.get("/cases")
        running.stop()
        answers = [one.result(30) for one in asked]
    assert [(answer.status_code, answer.json()["items"]) for answer in answers] == [(200, [])] * 5


class Writer:
    """Somebody who writes notes and takes cases, and repeats every request until it is answered."""

    def __init__(self, running: Running, number: int, keys: list[str]) -> None:
        self._running = running
        self._number = number
        self._keys = keys
        self.notes: list[str] = []

    def work(self) -> None:
        headers = {"Authorization": f"Bearer {self._running.key}"}
        with httpx.Client(headers=headers, timeout=20.0) as client:
            for number in range(NOTES):
                key, note = self._keys[(self._number + number) % len(self._keys)], f"note {self._number}-{number}"
                self._until_answered(client, f"/api/v1/cases/{key}/notes", {"text": note}, note)
                self._until_answered(client, f"/api/v1/cases/{key}/assign", {"assignee": f"w{self._number}"}, f"{note} assign")
                self.notes.append(note)

    def _until_answered(self, client: httpx.Client, path: str, body: dict[str, str], once: str) -> None:
        pause = threading.Event()
        while True:
            try:
                answer = client.post(self._running.url(path), json=body, headers={"Idempotency-Key": once})
            except httpx.TransportError:
                pause.wait(0.1)
                continue
            if answer.status_code == httpx.codes.OK:
                return
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            pause.wait(0.1)


def wait_for_notes(writers: list[Writer], wanted: int) -> None:
    until(lambda: sum(len(writer.notes) for writer in writers) >= wanted, "notes are written", seconds=120)


def whole_feed(running: Running) -> list[Message]:
    found: list[Message] = []
    place: dict[str, str] = {}
    while True:
        page = running.get("/handoff/feed", limit=500, **place)
        found += page["items"]
        place = {"after": page["next"]}
        if not page["more"]:
            return found


def assert_in_order(messages: list[Message]) -> None:
    by_case: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_case[message["data"]["case"]["external_key"]].append(message)
    for mine in by_case.values():
        assert [one["seq"] for one in mine] == list(range(1, len(mine) + 1))
        assert [one["type"] == "case.opened" for one in mine] == [True] + [False] * (len(mine) - 1)
    ids = [message["id"] for message in messages]
    assert len(ids) == len(set(ids))


@pytest.mark.full
def test_writers_traps_and_kills_leave_no_hole_in_the_feed(install: Install) -> None:
    running = install().start()
    send(running.snmp, *(health(text) for text in numbered("Feed", range(CASES), metrics=CASES)))
    keys = until(lambda: found if len(found := [case["external_key"] for case in running.cases()]) == CASES else None, "cases")
    readers = [Reader(running), Reader(running, type="case.noted"), Reader(running)]
    writers = [Writer(running, number, keys) for number in range(WRITERS)]
    for reader in readers[:2]:
        reader.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        working = [pool.submit(writer.work) for writer in writers]
        for round_, role in enumerate(KILLS):
            wanted = (round_ + 1) * WRITERS * NOTES // (len(KILLS) + 1)
            wait_for_notes(writers, wanted)
            send(running.snmp, *(health(text) for text in numbered(f"Round{round_}", range(5), metrics=5)))
            running.kill_role(role)
            if round_ == 1:
                readers[2].start()
        for one in working:
            one.result(240)
    until(running.is_ready, "everything is ready again", seconds=60)
    running.settled(seconds=60)
    for reader in readers:
        reader.over.set()
    for reader in readers:
        reader.join(60)
        assert not reader.is_alive()
    messages = whole_feed(running)
    assert readers[0].messages == messages
    assert readers[2].messages == messages
    assert readers[1].messages == [one for one in messages if one["type"] == "case.noted"]
    assert_in_order(messages)
    notes = [one["data"]["change"]["text"] for one in messages if one["data"]["change"]["what"] == "noted"]
    assert sorted(notes) == sorted(note for writer in writers for note in writer.notes)
    running.stop()
