"""Listeners where TLS begins at once (RFC 8314 section 3.3). We accept ourselves: who is still at the handshake counts like
everybody else, and is let in, timed and sent away by the door."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from collector.logs import Log
from receivers.smtp.connection import Connection
from receivers.smtp.door import Door
from receivers.smtp.handler import Handler
from receivers.smtp.handshake import HANDSHAKE_SECONDS, SHUTDOWN_SECONDS, note_failure
from receivers.smtp.peers import peer_of

_PAUSE_SECONDS = 0.1

log = Log(__name__)


class Visitor:
    """Somebody at the handshake: a guest without words."""

    def __init__(self, peer: str, begun_ns: int) -> None:
        self.peer = peer
        self.in_mail = False
        self._begun_ns = begun_ns
        self.task: asyncio.Task[None] | None = None

    def expire(self, now_ns: int, *, idle_ns: int, mail_ns: int) -> None:
        if now_ns - self._begun_ns > min(idle_ns, mail_ns):
            self.abort()

    def shut_down(self) -> None:
        self.abort()

    def abort(self) -> None:
        if self.task is not None:
            self.task.cancel()


class TlsListener:
    """Serves `bound`, which is its own from then on, until `close`."""

    def __init__(
        self, door: Door, handler: Handler, listener: str, bound: socket.socket, tls: Callable[[], ssl.SSLContext]
    ) -> None:
        bound.setblocking(False)
        self._door, self._handler, self._listener, self._bound, self._tls = door, handler, listener, bound, tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        self._accepting.cancel()

    async def _accept(self) -> None:
        loop, told = asyncio.get_running_loop(), False
        with self._bound:
            while True:
                try:
                    accepted, name = await loop.sock_accept(self._bound)
                except OSError as error:  # too many open files, or a client that has gone already
                    if not told:
                        log.error("connections cannot be accepted", listener=self._listener, reason=error.strerror)
                    told = True
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                told = False
                self._welcome(accepted, peer_of(name)[0])

    def _welcome(self, accepted: socket.socket, peer: str) -> None:
        """Who may not come in gets no word: it would have to be said in TLS."""
        refusal = self._door.refusal(peer)
        if refusal is not None:
            self._door.counters.connections += 1
            self._door.refused(refusal, listener=self._listener, peer=peer)
            accepted.close()
            return
        visitor = Visitor(peer, self._door.clock.monotonic_ns())
        self._door.enter(visitor)
        visitor.task = asyncio.get_running_loop().create_task(self._shake_hands(accepted, visitor))
        self._tasks.add(visitor.task)
        visitor.task.add_done_callback(self._tasks.discard)

    async def _shake_hands(self, accepted: socket.socket, visitor: Visitor) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Connection(self._door, self._handler, self._listener, visitor=visitor),
                accepted,
                ssl=self._tls(),
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
            self._door.counters.handshakes["done"] += 1
        except OSError as error:
            note_failure(self._door, visitor.peer, error)
        finally:
            self._door.leave(visitor)
