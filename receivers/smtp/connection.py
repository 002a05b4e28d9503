"""One connection: a dialogue on a transport, with back-pressure both ways and times. What is said stands in `dialogue`; who may
connect, and what all connections share, in `door`."""

import asyncio
from collections.abc import Callable
from typing import cast

from collector.domain.item import ItemKind, Record
from collector.journal.envelope import encode_envelope
from collector.logs import Log
from receivers.smtp import replies
from receivers.smtp.committer import Pending
from receivers.smtp.dialogue import Dialogue, Submission
from receivers.smtp.door import Door
from receivers.smtp.replies import Reply

log = Log(__name__)


class Connection(asyncio.Protocol):
    """A client. Lives in the receiver's loop; `settle` alone answers for the journal."""

    def __init__(self, door: Door, listener: str) -> None:
        self._door = door
        self._listener = listener
        self._eof = self._lost = False
        self._reading = True
        self._dialogue = Dialogue(door.terms, self._refused)
        self._active_ns = self._begun_ns = door.clock.monotonic_ns()
        self.peer, self._port = "", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.peer, self._port = _peer(transport.get_extra_info("peername"))
        self._door.counters.connections += 1
        if self._door.shutting_down:
            self._turn_away(replies.SHUTTING_DOWN)
        elif not self._door.admits(self.peer):
            self._turn_away(replies.TOO_MANY_CONNECTIONS)
        else:
            self._door.enter(self)
            self._flush()

    def data_received(self, data: bytes) -> None:
        self._active_ns = self._door.clock.monotonic_ns()
        self._guarded(lambda: self._dialogue.receive(data))

    def eof_received(self) -> bool:
        """A client that only sends may still read: the answer to what it sent is owed."""
        self._eof = True
        return self._dialogue.waiting

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._lost = True
        self._door.leave(self)
        if not self._dialogue.waiting:
            self._dialogue.abandon()

    def pause_writing(self) -> None:
        """The client sends without reading: look at nothing more until it does."""
        self._dialogue.held = True

    def resume_writing(self) -> None:
        self._dialogue.held = False
        self._guarded(self._dialogue.proceed)

    def settle(self, reply: Reply) -> None:
        """The fate of the submitted mail: called in the loop, also when the client has gone."""
        if self._lost:
            self._dialogue.abandon()
            return
        self._active_ns = self._begun_ns = self._door.clock.monotonic_ns()
        self._guarded(lambda: self._dialogue.settle(reply))

    def expire(self, now_ns: int, *, idle_ns: int, mail_ns: int) -> None:
        """End a connection that takes too long, cut off one that does not take the last word. One that waits for us may stay."""
        idle = now_ns - self._active_ns > idle_ns
        if self._dialogue.waiting or not (idle or now_ns - self._begun_ns > mail_ns):
            return
        if self._dialogue.closing:
            self._transport.abort()
            return
        log.info("a client took too long", peer=self.peer, in_mail=self._dialogue.in_mail)
        self._dialogue.end(replies.TIMED_OUT)
        self._flush()

    def shut_down(self) -> None:
        if not self._dialogue.in_mail and not self._dialogue.closing:
            self._dialogue.end(replies.SHUTTING_DOWN)
            self._flush()

    def abort(self) -> None:
        self._transport.abort()

    def _guarded(self, work: Callable[[], None]) -> None:
        """The edge: nothing that a client sends, and no fault of ours, gets past it. The client learns a constant sentence."""
        try:
            work()
            if (submission := self._dialogue.take_submission()) is not None:
                self._submit(submission)
        except Exception as error:  # noqa: BLE001
            log.error("a mail dialogue failed", peer=self.peer, cause=error)
            self._dialogue.abandon()
            self._dialogue.end(replies.INTERNAL)
        self._flush()

    def _submit(self, submission: Submission) -> None:
        clock = self._door.clock
        record = Record(
            ItemKind.MAIL,
            clock.now_ns(),
            clock.monotonic_ns(),
            self._listener,
            self.peer,
            self._port,
            encode_envelope(submission.envelope),
            submission.octets,
        )
        self._door.submit(Pending(record, self.settle))

    def _flush(self) -> None:
        """Send what there is to say; read on only when the dialogue can take more."""
        if self._door.shutting_down and not self._dialogue.in_mail and not self._dialogue.closing:
            self._dialogue.end(replies.SHUTTING_DOWN)
        if output := self._dialogue.take_output():
            self._transport.write(output)
        if self._dialogue.closing or (self._eof and not self._dialogue.waiting):
            self._transport.close()
            return
        self._read(not self._dialogue.waiting and not self._dialogue.held)

    def _read(self, wanted: bool) -> None:
        if wanted is not self._reading:
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _turn_away(self, reply: Reply) -> None:
        self._refused(reply)
        self._dialogue.abandon()
        self._transport.write(reply.octets)
        self._transport.close()

    def _refused(self, reply: Reply) -> None:
        self._door.refused(reply, listener=self._listener, peer=self.peer)


def _peer(name: tuple[str, int] | tuple[str, int, int, int] | None) -> tuple[str, int]:
    """Address and port. An IPv4 client of a listener for both families is still an IPv4 client."""
    return (name[0].removeprefix("::ffff:"), name[1]) if name else ("", 0)
