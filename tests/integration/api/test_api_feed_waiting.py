"""Waiting for messages: woken by one that passes the filter and by nothing else before the time, ended by who leaves and by the
server's stop."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.bell import Bell
from api.routes import handoff
from collector.handoff.feed import FeedPage, read_feed
from collector.wake import WakeListener
from tests.api_world import URL, World, trap_saying
from tests.feed_kit import FEED, WAIT_SECONDS, served

LONG = 25
"""Seconds of a wait that is not to run out."""

Asking = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def key(collector: World) -> str:
    key = collector.named_key("reader", "handoff:read").key
    assert key is not None
    return key


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """From which place the feed was read, each time."""
    places: list[int | None] = []

    def counting(connection: Any, wanted: Any, *, after: int | None, limit: int) -> FeedPage:
        places.append(after)
        return read_feed(connection, wanted, after=after, limit=limit)

    monkeypatch.setattr(handoff, "read_feed", counting)
    return places


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> dict[str, threading.Semaphore]:
    """Released when a wait begins and when it ends."""
    marks = {"begun": threading.Semaphore(0), "ended": threading.Semaphore(0)}
    wait = handoff.FeedReader.wait

    async def marked(reader: handoff.FeedReader, page: FeedPage) -> FeedPage:
        marks["begun"].release()
        try:
            return await wait(reader, page)
        finally:
            marks["ended"].release()

    monkeypatch.setattr(handoff.FeedReader, "wait", marked)
    return marks


def inside(collector: World, key: str, work: Callable[[Asking], Awaitable[None]]) -> None:
    """Do it in the event loop in which the application waits."""

    async def main() -> None:
        transport = httpx.ASGITransport(collector.app)
        headers = {"Authorization": f"Bearer {key}"}
        async with asyncio.timeout(LONG), httpx.AsyncClient(transport=transport, base_url=URL, headers=headers) as client:

            async def ask(**parameters: Any) -> httpx.Response:
                return await client.get(FEED, params=parameters, timeout=None)

            await work(ask)

    asyncio.run(main())


async def until(condition: Callable[[], bool], collector: World) -> None:
    while not condition():
        await collector.bell.wait(0.01)


def titles(answer: httpx.Response) -> list[str]:
    return [message["data"]["case"]["title"] for message in answer.json()["items"]]


def test_who_waits_gets_the_next_message(collector: World, key: str, reads: list[int | None]) -> None:
    async def work(ask: Asking) -> None:
        waiting = asyncio.ensure_future(ask(wait=LONG))
        await until(lambda: len(reads) == 1, collector)
        await asyncio.to_thread(collector.hear, "case disk")
        assert titles(await waiting) == ["title disk (es)"]

    inside(collector, key, work)


def test_what_is_there_already_is_not_waited_for(collector: World, key: str, reads: list[int | None]) -> None:
    collector.hear("case disk")

    async def work(ask: Asking) -> None:
        assert titles(await ask(wait=LONG)) == ["title disk (es)"]
        assert reads == [None]

    inside(collector, key, work)


def test_a_message_that_the_filter_leaves_out_ends_no_wait_and_is_looked_at_once(
    collector: World, key: str, reads: list[int | None]
) -> None:
    async def work(ask: Asking) -> None:
        waiting = asyncio.ensure_future(ask(wait=LONG, rank="1"))
        await until(lambda: len(reads) == 1, collector)
        await asyncio.to_thread(collector.hear, "case disk", "case other")
        await until(lambda: len(reads) == 2, collector)
        for _ in range(3):
            collector.waker.wake()
            await collector.bell.wait(LONG)
        assert not waiting.done()
        assert reads == [None, 0], "a ring without a new message reads nothing"
        await asyncio.to_thread(collector.hear, "threat pc-1")
        answer = await waiting
        assert titles(answer) == ["title pc-1 (es)"]
        assert reads == [None, 0, 2], "the place moved past what was left out"
        assert (await ask(after=answer.json()["next"])).json()["items"] == []

    inside(collector, key, work)


def test_when_the_time_is_over_the_place_is_behind_what_was_left_out(collector: World, key: str, reads: list[int | None]) -> None:
    async def work(ask: Asking) -> None:
        waiting = asyncio.ensure_future(ask(wait=1.5, rank="1"))
        await until(lambda: len(reads) == 1, collector)
        await asyncio.to_thread(collector.hear, "case disk")
        answer = await waiting
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert answer.json()["next"] == (await ask(after="now")).json()["next"]

    inside(collector, key, work)


def test_now_waits_for_what_is_new(collector: World, key: str, waits: dict[str, threading.Semaphore]) -> None:
    collector.hear("case old")

    async def work(ask: Asking) -> None:
        waiting = asyncio.ensure_future(ask(after="now", wait=LONG))
        assert await asyncio.to_thread(waits["begun"].acquire, timeout=WAIT_SECONDS)
        await asyncio.to_thread(collector.hear, "case new")
        assert titles(await waiting) == ["title new (es)"]

    inside(collector, key, work)


def test_two_hundred_readers_wait_and_one_message_reaches_each(collector: World, key: str, reads: list[int | None]) -> None:
    async def work(ask: Asking) -> None:
        crowd = [asyncio.ensure_future(ask(wait=LONG)) for _ in range(200)]
        await until(lambda: len(reads) == 200, collector)
        await asyncio.to_thread(collector.hear, "case disk")
        assert [titles(answer) for answer in await asyncio.gather(*crowd)] == [["title disk (es)"]] * 200

    inside(collector, key, work)


def test_who_leaves_ends_their_wait(collector: World, key: str, waits: dict[str, threading.Semaphore]) -> None:
    with served(collector.app, threading.Event()) as (url, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
            request = f"GET {FEED}?wait=30 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
            client.sendall(request.encode())
            assert waits["begun"].acquire(timeout=WAIT_SECONDS)
        assert waits["ended"].acquire(timeout=WAIT_SECONDS)
        assert httpx.get(f"{url}/healthz").status_code == 200


@pytest.fixture
def stopping(collector: World, tmp_path: Path) -> Iterator[tuple[FastAPI, threading.Event]]:
    """The application with the server's own stop, as the role puts them together."""
    stop, rings = threading.Event(), WakeListener(tmp_path / "stopping.wake")
    bell = Bell(rings, last_position=lambda: 0, stop=stop)
    yield create_app(collector.tools(bell=bell, registry=CollectorRegistry())), stop
    rings.close()


def test_the_stop_of_the_server_ends_every_wait_with_an_answer(
    stopping: tuple[FastAPI, threading.Event], key: str, waits: dict[str, threading.Semaphore]
) -> None:
    readers = 30
    headers = {"Authorization": f"Bearer {key}"}
    app, stop = stopping
    with served(app, stop) as (url, thread), ThreadPoolExecutor(readers) as pool:
        asked = [
            pool.submit(httpx.get, f"{url}{FEED}", params={"wait": 30}, headers=headers, timeout=WAIT_SECONDS)
            for _ in range(readers)
        ]
        for _ in range(readers):
            assert waits["begun"].acquire(timeout=WAIT_SECONDS)
        stop.set()
        answers = [one.result(WAIT_SECONDS) for one in asked]
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
    assert [(answer.status_code, answer.json()["items"]) for answer in answers] == [(200, [])] * readers


def test_over_a_real_socket_a_trap_reaches_who_waits(collector: World, key: str, waits: dict[str, threading.Semaphore]) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    with served(collector.app, threading.Event()) as (url, _), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.get, f"{url}{FEED}", params={"wait": 30}, headers=headers, timeout=WAIT_SECONDS)
        assert waits["begun"].acquire(timeout=WAIT_SECONDS)
        collector.arrive(trap_saying("case disk"))
        collector.process()
        assert titles(asked.result(WAIT_SECONDS)) == ["title disk (es)"]
