"""One client's SMTP dialogue as a state machine (RFC 5321): octets in, replies and complete mails out. No sockets, no threads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from collector.domain.item import Envelope
from collector.snapshot import SnapshotView
from receivers.smtp import replies
from receivers.smtp.addresses import Path, parse_path, recipient_reply
from receivers.smtp.content import Content, Memory
from receivers.smtp.replies import Reply

LINE_LIMIT = 4_096
_MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every dialogue. `room` answers whether so many octets can be stored now."""

    hostname: str
    size_limit: int
    max_recipients: int
    max_errors: int
    view: SnapshotView
    memory: Memory
    room: Callable[[int], bool]


@dataclass(slots=True)
class _Transaction:
    """A mail that has been begun."""

    mail_from: str
    smtp_utf8: bool
    recipients: dict[str, None]


@dataclass(frozen=True, slots=True)
class Submission:
    """A complete mail that waits for its commit."""

    envelope: Envelope
    octets: bytes


class Dialogue:
    """Feed it with `receive`; send what `take_output` gives; what `take_submission` gives, store, and say so with `settle`.

    While a submission is `waiting` for that, and while `held` is set, nothing further of the input is looked at.
    """

    def __init__(self, terms: Terms, refused: Callable[[Reply], None]) -> None:
        self._terms = terms
        self._refused = refused
        self._input = bytearray()
        self._output = bytearray()
        self._helo: str | None = None
        self._transaction: _Transaction | None = None
        self._content: Content | None = None
        self._errors = 0
        self._skipping = False
        self._submission: Submission | None = None
        self.waiting = False
        self.held = False
        self.closing = False
        self._say(replies.greeting(terms.hostname))

    @property
    def in_mail(self) -> bool:
        """Whether mail content is being received or stored."""
        return self._content is not None

    def take_output(self) -> bytes:
        octets = bytes(self._output)
        self._output.clear()
        return octets

    def take_submission(self) -> Submission | None:
        """The mail that has been completed, once."""
        submission, self._submission = self._submission, None
        return submission

    def receive(self, octets: bytes) -> None:
        self._input += octets
        self.proceed()

    def proceed(self) -> None:
        """Work through the input as far as possible."""
        while self._input and not self.waiting and not self.held and not self.closing:
            if self._content is not None:
                self._receive_content(self._content)
            elif not self._receive_line():
                return

    def settle(self, reply: Reply) -> None:
        """The submission's fate."""
        self.waiting = False
        self._end_mail(reply)
        self.proceed()

    def end(self, reply: Reply) -> None:
        """Say a last word and look at nothing more."""
        self._say(reply)
        self.closing = True

    def abandon(self) -> None:
        """The connection is gone or spoilt: give the memory back."""
        self.closing, self.waiting, self._submission = True, False, None
        self._input.clear()
        if self._content is not None:
            self._content.release()
            self._content = None

    def _receive_content(self, content: Content) -> None:
        octets = bytes(self._input)
        self._input.clear()
        rest = content.feed(octets)
        if rest is None:
            if content.received > 2 * self._terms.size_limit:  # it will not stop by itself
                self._end_mail(replies.TOO_LARGE)
                self.closing = True
            return
        self._input += rest
        refusal = self._content_refusal(content)
        if refusal is not None:
            self._end_mail(refusal)
        elif self._transaction is not None and self._helo is not None:
            recipients = tuple(self._transaction.recipients)
            envelope = Envelope(self._transaction.mail_from, recipients, self._helo, self._transaction.smtp_utf8)
            self._submission = Submission(envelope, content.octets())
            self.waiting = True

    def _content_refusal(self, content: Content) -> Reply | None:
        if content.too_large:
            return replies.TOO_LARGE
        if content.no_memory:
            return replies.BUSY
        return None if self._terms.room(content.received) else replies.DISK_SHORT

    def _end_mail(self, reply: Reply) -> None:
        if self._content is not None:
            self._content.release()
        self._content = self._transaction = None
        self._say(reply)

    def _receive_line(self) -> bool:
        """Take one command line from the input; False when it is not complete. A bare LF ends a command too: nothing is smuggled
        by that, because what follows a mail's content has passed CR LF . CR LF."""
        end = self._input.find(b"\n")
        too_long = self._skipping or end > LINE_LIMIT or (end < 0 and len(self._input) > LINE_LIMIT)
        if end < 0:
            self._skipping = too_long
            if too_long:
                self._input.clear()
            return False
        line = bytes(self._input[:end])
        del self._input[: end + 1]
        if too_long:
            self._skipping = False
            self._answer(replies.LINE_TOO_LONG)
        else:
            self._command(line.strip())
        return True

    def _command(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        method = self._COMMANDS.get(verb.upper())
        if method is None:
            self._answer(replies.BAD_COMMAND)
            return
        reply = method(self, argument.decode("utf-8", "backslashreplace").strip())
        if reply is not None:
            self._answer(reply)

    def _say(self, reply: Reply) -> None:
        if reply.refusal is not None:
            self._refused(reply)
        self._output += reply.octets

    def _answer(self, reply: Reply) -> None:
        """Say `reply`, and count it when the client is to blame."""
        self._say(reply)
        self._errors += reply.is_error
        if self._errors >= self._terms.max_errors:
            self.end(replies.TOO_MANY_ERRORS)

    def _ehlo(self, argument: str) -> Reply | None:
        if not argument:
            return replies.BAD_ARGUMENTS
        self._helo, self._transaction = argument[:255], None
        self._output += replies.extensions(self._terms.hostname, size_limit=self._terms.size_limit)
        return None

    def _hello(self, argument: str) -> Reply | None:
        if not argument:
            return replies.BAD_ARGUMENTS
        self._helo, self._transaction = argument[:255], None
        return replies.hello(self._terms.hostname)

    def _mail(self, argument: str) -> Reply:
        if self._helo is None:
            return replies.HELLO_FIRST
        if self._transaction is not None:
            return replies.MAIL_ALREADY
        path = parse_path(argument, "FROM")
        if path is None:
            return replies.BAD_ADDRESS
        refusal = self._mail_refusal(path)
        if refusal is not None:
            return refusal
        self._transaction = _Transaction(path.address, "SMTPUTF8" in path.parameters, {})
        return replies.SENDER_OK

    def _mail_refusal(self, path: Path) -> Reply | None:
        if not path.parameters.keys() <= _MAIL_PARAMETERS:
            return replies.UNKNOWN_PARAMETER
        stated = path.parameters.get("SIZE", "0")
        if path.parameters.get("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"} or not _is_size(stated):
            return replies.BAD_ARGUMENTS
        size = int(stated)
        if size > self._terms.size_limit:
            return replies.TOO_LARGE
        if self._terms.memory.held + size > self._terms.memory.limit:
            return replies.BUSY
        return None if self._terms.room(size) else replies.DISK_SHORT

    def _recipient(self, argument: str) -> Reply:
        if self._transaction is None:
            return replies.MAIL_FIRST
        path = parse_path(argument, "TO")
        if path is None or not path.address:
            return replies.BAD_ADDRESS
        if path.parameters:
            return replies.UNKNOWN_PARAMETER
        reply = recipient_reply(path.address, self._terms.view)
        if reply is not replies.RECIPIENT_OK:
            return reply
        if path.address not in self._transaction.recipients and len(self._transaction.recipients) >= self._terms.max_recipients:
            return replies.TOO_MANY_RECIPIENTS
        self._transaction.recipients[path.address] = None
        return reply

    def _data(self, argument: str) -> Reply:
        if self._transaction is None:
            return replies.MAIL_FIRST
        if not self._transaction.recipients:
            return replies.NO_RECIPIENTS
        if argument:
            return replies.BAD_ARGUMENTS
        self._content = Content(self._terms.memory, size_limit=self._terms.size_limit)
        return replies.GO_AHEAD

    def _reset(self, _: str) -> Reply:
        self._transaction = None
        return replies.OK

    def _quit(self, _: str) -> None:
        self.end(replies.GOODBYE)

    def _noop(self, _: str) -> Reply:
        return replies.OK

    def _verify(self, _: str) -> Reply:
        return replies.VERIFY_BY_SENDING

    def _help(self, _: str) -> Reply:
        return replies.HELP

    def _unsupported(self, _: str) -> Reply:
        return replies.NOT_IMPLEMENTED

    _COMMANDS: ClassVar[dict[bytes, Callable[["Dialogue", str], Reply | None]]] = {
        b"EHLO": _ehlo,
        b"HELO": _hello,
        b"MAIL": _mail,
        b"RCPT": _recipient,
        b"DATA": _data,
        b"RSET": _reset,
        b"NOOP": _noop,
        b"QUIT": _quit,
        b"VRFY": _verify,
        b"HELP": _help,
        b"EXPN": _unsupported,
        b"BDAT": _unsupported,
        b"ETRN": _unsupported,
        b"TURN": _unsupported,
        b"AUTH": _unsupported,
        b"STARTTLS": _unsupported,
    }


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 20
