"""What aiosmtpd asks us about a dialogue: each hook returns the reply, and by it decides. How a dialogue goes is the library's
business, how a mail is received and stored that of `connection`."""

from typing import ClassVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from receivers.smtp import replies
from receivers.smtp.addresses import NULL_SENDER, readable, recipient_reply
from receivers.smtp.door import Terms
from receivers.smtp.replies import Reply

_NAME_LIMIT = 255


class Hooked:
    """aiosmtpd looks through everything that `dir` shows, again in every new connection: it is shown what it looks for."""

    _hooks: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        cls._hooks = tuple(name for name in dir(cls) if name.startswith(("smtp_", "auth_", "handle_")))

    def __dir__(self) -> tuple[str, ...]:
        return self._hooks


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
        sizes = [option.removeprefix("SIZE=") for option in options if option.startswith("SIZE=")]
        size = int(sizes[-1]) if sizes else 0  # digits, and below the limit: the library has looked
        if self._terms.memory.held + size > self._terms.memory.limit:
            return replies.BUSY
        if not self._terms.room(size):
            return replies.DISK_SHORT
        envelope.mail_from = address
        return replies.SENDER_OK

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> Reply:
        if address == NULL_SENDER:
            return replies.BAD_ADDRESS
        reply = recipient_reply(address, self._terms.view)
        if reply is not replies.RECIPIENT_OK or address in envelope.rcpt_tos:
            return reply
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
