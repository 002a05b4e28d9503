"""Serving the application over sockets that are bound already. Signals are the process's business: here a flag stops it."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

THREADS = 12
"""Requests worked on at once: fewer than the store has connections (`collector.store.engine`), so that none waits for one."""
MAX_HEAD = 64 * 1024
HEAD_SECONDS = 10.0
MOST_CONNECTIONS = 500
KEEP_ALIVE_SECONDS = 15
GRACE_SECONDS = 2


class Stop(Protocol):
    """Tells the server to end (threading.Event fits)."""

    def is_set(self) -> bool: ...


def serve(app: ASGIApp, sockets: Sequence[socket.socket], stop: Stop) -> None:
    """Until `stop` is set: then no new connections, two seconds for requests that are under way, and the sockets are closed."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    _Server(config, stop).run(list(sockets))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stop: Stop) -> None:
        super().__init__(config)
        self._stop = stop

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        current_default_thread_limiter().total_tokens = THREADS
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        return await super().on_tick(counter) or self._stop.is_set()


class BoundedProtocol(HttpToolsProtocol):
    """The parser keeps what it gets of a request's head however long it is and takes: bounded here in octets and time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_octets = 0
        self._in_head = True
        self._too_slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self._begin_head()

    def data_received(self, data: bytes) -> None:
        """In portions while a head is read: a body that comes with its head must not be counted as one."""
        while data and self._in_head and not self.transport.is_closing():
            room = MAX_HEAD - self._head_octets
            if room <= 0:
                self._refuse()
                return
            portion, data = data[:room], data[room:]
            self._head_octets += len(portion)
            super().data_received(portion)
        if data and not self.transport.is_closing():
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin_head()

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def _begin_head(self) -> None:
        if self._too_slow is None:
            self._head_octets, self._in_head = 0, True
            self._too_slow = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_head(self) -> None:
        self._in_head = False
        if self._too_slow is not None:
            self._too_slow.cancel()
            self._too_slow = None

    def _refuse(self) -> None:
        self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
