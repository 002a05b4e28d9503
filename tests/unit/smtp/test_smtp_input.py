"""A client's octets as lines and as pieces: what is pushed back comes again, the end ends the reader, nobody keeps the turn."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from receivers.smtp.input import Input


def reading(octets: bytes, work: Callable[[Input], Coroutine[Any, Any, object]], *, eof: bool = False) -> object:
    async def run() -> object:
        given = Input(limit=4_096, loop=asyncio.get_running_loop())
        given.feed_data(octets)
        if eof:
            given.feed_eof()
        return await work(given)

    return asyncio.run(run())


def test_what_is_pushed_back_is_read_again_before_the_rest() -> None:
    async def work(given: Input) -> list[bytes]:
        piece = await given.read(9)
        given.push_back(piece[4:])
        return [piece, await given.readuntil(), await given.read(100)]

    assert reading(b"text.NOOP\nQUIT", work) == [b"text.NOOP", b".NOOP\n", b"QUIT"]


@pytest.mark.parametrize(
    "read",
    [pytest.param(lambda given: given.readuntil(), id="a line"), pytest.param(lambda given: given.read(9), id="a piece")],
)
def test_at_the_end_the_reader_is_cancelled(read: Callable[[Input], Awaitable[bytes]]) -> None:
    async def work(given: Input) -> bytes:
        assert await given.readuntil() == b"NOOP\n"
        if given.at_eof():
            return await read(given)
        return await given.readuntil()

    for octets in (b"NOOP\n", b"NOOP\nhalf a li"):
        with pytest.raises(asyncio.CancelledError):
            reading(octets, work, eof=True)


def test_a_client_with_many_lines_lets_others_have_their_turn() -> None:
    async def work(given: Input) -> int:
        others = asyncio.Event()
        asyncio.get_running_loop().call_soon(others.set)
        lines = 0
        while not others.is_set():
            await given.readuntil()
            lines += 1
        return lines

    lines = reading(b"NOOP\r\n" * 1_000, work)
    assert isinstance(lines, int)
    assert 1 < lines <= 256
