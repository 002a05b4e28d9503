"""What aiosmtpd asks us about a dialogue: each hook returns the reply, and by it decides. How a dialogue goes is the library's
business, how a mail is received and stored that of `connection`."""

from typing import ClassVar, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

from receivers.smtp import replies
from receivers.smtp.addresses import NULL_SENDER, readable, recipient_reply
from receivers.smtp.door import Terms
from receivers.smtp.replies import Reply

_NAME_LIMIT = 255
_LARGEST = (1 << 63) - 1
"""What is announced may have thousands of digits."""


class Hooked:
    """aiosmtpd looks through everything that `dir` shows, again in every new connection: it is shown what it looks for."""

    _hooks: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        cls._hooks = tuple(name for name in dir(cls) if name.startswith(("smtp_", "auth_", "handle_")))

    def __dir__(self) -> tuple[str, ...]:
        return self._hooks


class Refusing(Protocol):
    """What the handler asks of a connection."""

    async def refuse_for_size(self, head: bytes, recipients: tuple[str, ...], octets: int) -> Reply: ...


def _announced(options: list[str]) -> int:
    """Octets, 0 when it is not said (RFC 1870). Digits of ASCII: the library has looked."""
    sizes = [option.removeprefix("SIZE=") for option in options if option.startswith("SIZE=")]
    return min(int(sizes[-1]), _LARGEST) if sizes else 0


class Handler(Hooked):
    """One for all connections. The names of the methods, and their arguments, are aiosmtpd's."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    async def handle_HELO(self, _server: SMTP, session: Session, _envelope: Envelope, name: str) -> Reply:  # noqa: N802
        session.host_name = readable(name)[:_NAME_LIMIT]
        return replies.hello(self._terms.hostname)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, _responses: list[str]
    ) -> list[Reply]:
        session.host_name = readable(name)[:_NAME_LIMIT]
        starttls = self._terms.tls is not None and session.ssl is None
        return [replies.extensions(self._terms.hostname, size_limit=self._terms.size_limit, starttls=starttls)]

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Reply:
        size = _announced(options)
        envelope.mail_options = options
        if size > self._terms.size_limit:
            envelope.mail_from = address
            return replies.SENDER_OK  # each recipient is refused: so it is known for whom it was
        if self._terms.memory.held + size > self._terms.memory.limit:
            return replies.BUSY
        if not self._terms.room(size):
            return replies.DISK_SHORT
        envelope.mail_from = address
        return replies.SENDER_OK

    async def handle_RCPT(  # noqa: N802
        self, server: Refusing, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> Reply:
        if address == NULL_SENDER:
            return replies.BAD_ADDRESS
        reply = recipient_reply(address, self._terms.view)
        if reply is not replies.RECIPIENT_OK or address in envelope.rcpt_tos:
            return reply
        if (size := _announced(envelope.mail_options)) > self._terms.size_limit:
            return await server.refuse_for_size(b"", (address,), size)
        if len(envelope.rcpt_tos) >= self._terms.max_recipients:
            return replies.TOO_MANY_RECIPIENTS
        envelope.rcpt_tos.append(address)
        return reply

    async def handle_RSET(self, *_: object) -> Reply:  # noqa: N802
        return replies.OK

    async def handle_NOOP(self, *_: object) -> Reply:  # noqa: N802
        return replies.OK

    async def handle_VRFY(self, *_: object) -> Reply:  # noqa: N802
        return replies.VERIFY_BY_SENDING

    async def handle_QUIT(self, *_: object) -> Reply:  # noqa: N802
        return replies.GOODBYE
