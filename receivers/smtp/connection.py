"""One connection: aiosmtpd's protocol, and the few of its ways that are not ours. Each override says why it is one (ADR 0004).
What a client may do is decided in `handler`; who may connect, and what all connections share, in `door`."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from aiosmtpd.smtp import SMTP

from collector.domain.item import Envelope, ItemKind, Record, TallyReason
from collector.journal.envelope import encode_envelope
from collector.logs import Log
from receivers.smtp import replies
from receivers.smtp.addresses import NULL_SENDER, parse_address
from receivers.smtp.committer import Pending
from receivers.smtp.content import Content
from receivers.smtp.door import Door, Guest
from receivers.smtp.handler import Handler, Hooked
from receivers.smtp.handshake import HANDSHAKE_SECONDS, SHUTDOWN_SECONDS, note_failure, shown_certificate
from receivers.smtp.input import Input
from receivers.smtp.peers import peer_of
from receivers.smtp.replies import Reply

LINE_LIMIT = 4_096
"""Octets of a command line. Twice as many wait unread at most, and one piece from the kernel; content has limits of its own."""
_PIECE = 1 << 16

_STORED = 250

Command: TypeAlias = Callable[[str], Awaitable[None]]

log = Log(__name__)


class _Commands(dict[str, Command]):
    """aiosmtpd sends a client away after five unknown commands, in words of its own. Here they are errors like any other."""

    def get(self, verb: str, _default: object = None) -> Command:
        return self[verb] if verb in self else self["UNKNOWN"]


class Connection(Hooked, SMTP):
    """A client. Lives in the receiver's loop; a task of aiosmtpd's works for it, and ends with the reply that is the last.
    `visitor` was in its place until the handshake was done, at a listener where TLS begins at once."""

    line_length_limit = LINE_LIMIT

    def __init__(self, door: Door, handler: Handler, listener: str, *, visitor: Guest | None = None) -> None:
        self._door = door
        self._listener = listener
        self._visitor = visitor
        self._content: Content | None = None
        self._errors = 0
        self.in_mail = self._committing = self._closing = self._shaking_hands = self._lost = False
        # aiosmtpd's limits are one object for all connections, cleared by each new one; each EHLO adds to them.
        self.command_size_limits = defaultdict(lambda: LINE_LIMIT)
        terms, loop = door.terms, asyncio.get_running_loop()
        super().__init__(
            handler,
            data_size_limit=None,  # what is too large, as announced, is refused when it is known for whom it is
            enable_SMTPUTF8=True,
            hostname=terms.hostname,  # without it: a DNS query for each connection
            ident=replies.IDENT,
            loop=loop,
        )
        self._smtp_methods = _Commands(self._smtp_methods)
        self.require_starttls = terms.tls_required
        self._input = Input(limit=LINE_LIMIT, loop=loop)  # in place of the reader that the line above has made
        asyncio.StreamReaderProtocol.__init__(self, self._input, self._cb_client_connected, loop)
        self._active_ns = self._begun_ns = door.clock.monotonic_ns()
        self.peer, self._port = "", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.peer, self._port = peer_of(transport.get_extra_info("peername"))
        if self._visitor is not None:
            self._note_tls(transport)
            self._door.leave(self._visitor)
        self._door.counters.connections += 1
        refusal = self._door.refusal(self.peer)
        if refusal is None:
            self._door.enter(self)
        else:
            self._send_away(refusal)

    def connection_lost(self, error: Exception | None) -> None:
        """Once: of a connection that ends in the handshake the loop tells us sometimes, and then late."""
        if self._lost:
            return
        self._lost = True
        super().connection_lost(error)
        closed: asyncio.Future[None] = self._closed  # type: ignore[attr-defined] # typeshed leaves it out
        if closed.done() and not closed.cancelled():
            closed.exception()  # or the loop tells of every client that hung up, when it clears away
        self._door.leave(self)

    def data_received(self, data: bytes) -> None:
        self._active_ns = self._door.clock.monotonic_ns()
        super().data_received(data)

    def eof_received(self) -> bool:
        """aiosmtpd's cancels whatever goes on, also a mail that waits for its commit. A client that only sends may still read:
        the answer to what it sent is owed."""
        self._input.feed_eof()
        return self.session is not None and self.session.ssl is None

    def expire(self, now_ns: int, *, idle_ns: int, mail_ns: int) -> None:
        """End a connection that takes too long, cut off one that does not take the last word. One that waits for us may stay."""
        idle = now_ns - self._active_ns > idle_ns
        if self._committing or not (idle or now_ns - self._begun_ns > mail_ns):
            return
        if self._closing or self._shaking_hands:
            self.abort()
            return
        bare = self._content is not None and self._content.seems_over
        log.info("a client took too long", peer=self.peer, in_mail=self.in_mail, ends_lines_with_lf=bare)
        self._send_away(replies.TIMED_OUT)

    def shut_down(self) -> None:
        if self._shaking_hands:
            self.abort()
        elif not self.in_mail and not self._closing:
            self._send_away(replies.SHUTTING_DOWN)

    def abort(self) -> None:
        self._writer.transport.abort()

    def _timeout_cb(self) -> None:
        """aiosmtpd hangs up without a word, and also on a mail that waits for the disk. Here the door sees to time: `expire`."""

    async def push(self, status: Reply | str) -> None:  # type: ignore[override]
        """Every reply comes by here: ours, and sentences of aiosmtpd, for which ours are said. Errors are counted."""
        reply = status if isinstance(status, Reply) else replies.in_place_of(status)
        self._say(reply)
        self._errors += reply.is_error
        if self._errors >= self._door.terms.max_errors and not self._closing:
            self._say(replies.TOO_MANY_ERRORS)
        if self._closing:
            raise asyncio.CancelledError  # what stands behind in the input is not looked at
        await self._writer.drain()

    async def handle_exception(self, error: Exception) -> Reply:  # type: ignore[override]
        """The edge: aiosmtpd's says 500 and the error's own text. What follows in the input may be half a mail, so it ends."""
        log.error("a mail dialogue failed", peer=self.peer, cause=error)
        self._closing = True
        return replies.INTERNAL

    async def smtp_UNKNOWN(self, _: str) -> None:  # noqa: N802 - aiosmtpd's way to name them
        await self.push(replies.BAD_COMMAND)

    async def smtp_HELP(self, _: str) -> None:  # noqa: N802
        """aiosmtpd's lists also what is not offered."""
        await self.push(replies.HELP)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's way to name them
        """aiosmtpd's makes the layer of asyncio's own loop by hand. Between our word and the handshake nothing is awaited: what
        comes next in the clear is read into the buffer that is dropped, or spoils the handshake."""
        refusal = self._tls_refusal(arg)
        if refusal is not None or self._door.terms.tls is None:
            await self.push(refusal or replies.NOT_IMPLEMENTED)
            return
        self._say(replies.READY_FOR_TLS)
        secured, failure = await self._shake_hands(self._door.terms.tls())
        if secured is None:
            note_failure(self._door, self.peer, failure)
            self.connection_lost(failure)
            raise asyncio.CancelledError
        self._door.counters.handshakes["done"] += 1
        self._begin_anew(secured)

    smtp_BDAT = smtp_ETRN = smtp_TURN = SMTP.smtp_EXPN  # noqa: N815
    """Known, and not offered."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """aiosmtpd's reads line by line, refuses long lines for ever, and keeps content that no account of memory knows of."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        refusal = self._data_refusal(arg)
        if refusal is not None:
            await self.push(refusal)
            return
        self.in_mail = True
        await self.push(replies.GO_AHEAD)
        reply = await self._receive_mail()
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        self.in_mail = False
        await self.push(reply)
        if self._door.shutting_down:
            await self.push(replies.SHUTTING_DOWN)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """aiosmtpd's is the standard library's header parser: 124 us instead of 2, and 3,000 open brackets exhaust its stack."""
        return parse_address(arg) or (None, None)

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        """aiosmtpd's takes letters and digits of all scripts: int() does not."""
        return super()._getparams(params) if all(map(str.isascii, params)) else None

    def _tls_refusal(self, arg: str | None) -> Reply | None:
        if self._door.terms.tls is None:
            return replies.NOT_IMPLEMENTED
        if self._tls_protocol is not None:
            return replies.TLS_ALREADY
        return replies.BAD_ARGUMENTS if arg else None

    async def _shake_hands(self, context: ssl.SSLContext) -> tuple[asyncio.Transport | None, OSError | None]:
        """The transport that is secured, or none and why."""
        self._shaking_hands = True
        try:
            secured = await self.loop.start_tls(
                self._writer.transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
        except OSError as error:
            return None, error
        self._shaking_hands = False
        return (secured, None) if secured is not None and not secured.is_closing() else (None, None)

    def _begin_anew(self, secured: asyncio.Transport) -> None:
        """As if the client had just come: what it said in the clear, anybody may have said (RFC 3207 section 4.2)."""
        self._input.forget(secured)
        self._writer._transport = secured  # type: ignore[attr-defined]  # noqa: SLF001 - the writer has no way of its own
        self.transport = secured
        self._set_rset_state()  # type: ignore[no-untyped-call] # aiosmtpd has types only in part
        self.session = self._create_session()
        self.session.peer = secured.get_extra_info("peername")
        self._note_tls(secured)
        self._active_ns = self._begun_ns = self._door.clock.monotonic_ns()

    def _note_tls(self, secured: asyncio.BaseTransport) -> None:
        assert self.session is not None  # noqa: S101 - for mypy: set as long as there is a connection
        self._tls_protocol = secured  # type: ignore[assignment] # aiosmtpd asks only whether there is one
        self.session.ssl = {"certificate": shown_certificate(secured)}

    def _data_refusal(self, arg: str | None) -> Reply | None:
        assert self.envelope is not None  # noqa: S101 - for mypy: set as long as there is a connection
        if not self.envelope.mail_from:
            return replies.MAIL_FIRST
        if not self.envelope.rcpt_tos:
            return replies.NO_RECIPIENTS
        return replies.BAD_ARGUMENTS if arg else None

    async def _receive_mail(self) -> Reply:
        content = self._content = Content(self._door.terms.memory, size_limit=self._door.terms.size_limit)
        try:
            await self._collect(content)
            if content.too_large:
                return await self.refuse_for_size(content.head, self._recipients(), content.received)
            return self._content_refusal(content) or await self._store(content)
        finally:
            content.release()
            self._content = None

    async def _collect(self, content: Content) -> None:
        """Until its end, or until it is clear that the client will not stop by itself."""
        while content.received <= 2 * self._door.terms.size_limit:
            rest = content.feed(await self._input.read(_PIECE))
            if rest is not None:
                self._input.push_back(rest)
                return
        self._closing = True

    def _content_refusal(self, content: Content) -> Reply | None:
        if content.no_memory:
            return replies.BUSY
        return None if self._door.terms.room(content.received) else replies.DISK_SHORT

    async def _store(self, content: Content) -> Reply:
        """Return when its fate is known. The memory is held until then, also when the client, and with it this task, is gone."""
        fate: asyncio.Future[Reply] = self.loop.create_future()
        record, held = self._record(content.octets(), self._recipients()), content.hand_over()
        fate.add_done_callback(lambda _: self._door.terms.memory.give_back(held))
        return await self._commit(Pending(record, fate.set_result), fate)

    async def refuse_for_size(self, head: bytes, recipients: tuple[str, ...], octets: int) -> Reply:
        """Of a mail that is refused for its size a record remains, with its begin as far as that was seen: somebody wanted to
        tell something. Where there is no room even for that, it is counted."""
        if not self._door.terms.room(len(head)):
            return replies.TOO_LARGE
        fate: asyncio.Future[Reply] = self.loop.create_future()
        record = self._record(head, recipients, refused_octets=octets)
        reply = await self._commit(Pending(record, fate.set_result, accepted=False), fate)
        if reply.code != _STORED:
            return replies.TOO_LARGE
        self._door.counters.refusals[TallyReason.TOO_LARGE] += 1
        return replies.TOO_LARGE_LISTED

    async def _commit(self, pending: Pending, fate: asyncio.Future[Reply]) -> Reply:
        self._committing = True
        self._door.submit(pending)
        reply = await asyncio.shield(fate)
        self._committing = False
        self._active_ns = self._begun_ns = self._door.clock.monotonic_ns()
        return reply

    def _recipients(self) -> tuple[str, ...]:
        assert self.envelope is not None  # noqa: S101 - as above
        return tuple(self.envelope.rcpt_tos)

    def _record(self, octets: bytes, recipients: tuple[str, ...], *, refused_octets: int = 0) -> Record:
        assert self.session is not None  # noqa: S101 - as above
        assert self.envelope is not None  # noqa: S101 - as above
        sender = "" if self.envelope.mail_from == NULL_SENDER else self.envelope.mail_from or ""
        tls = self.session.ssl
        envelope = Envelope(
            sender,
            recipients,
            self.session.host_name or "",
            self.envelope.smtp_utf8,
            tls=tls is not None,
            certificate=tls["certificate"] if tls else None,
            refused_octets=refused_octets,
        )
        now, monotonic = self._door.clock.now_ns(), self._door.clock.monotonic_ns()
        return Record(ItemKind.MAIL, now, monotonic, self._listener, self.peer, self._port, encode_envelope(envelope), octets)

    def _say(self, reply: Reply) -> None:
        self._door.refused(reply, listener=self._listener, peer=self.peer)
        self._writer.write(reply.octets)
        self._closing = self._closing or reply.is_last
        if self._closing:
            self._writer.close()

    def _send_away(self, reply: Reply) -> None:
        """Say a last word, whatever the task is waiting for."""
        assert self._handler_coroutine is not None  # noqa: S101
        self._say(reply)
        self._handler_coroutine.cancel()
