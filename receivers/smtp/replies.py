"""Every reply of the mail receiver: code, enhanced code (RFC 3463) and sentence. When which one is given is decided elsewhere."""

from dataclasses import dataclass

from collector.domain.item import TallyReason


@dataclass(frozen=True, slots=True)
class Reply:
    """`refusal` is what the ledger counts when this reply kept something from being stored; `before`, lines that precede."""

    code: int
    enhanced: str
    sentence: str
    refusal: TallyReason | None = None
    before: tuple[str, ...] = ()

    @property
    def octets(self) -> bytes:
        status = f"{self.code} {self.enhanced} " if self.enhanced else f"{self.code} "
        lines = "".join(f"{self.code}-{line}\r\n" for line in self.before)
        return f"{lines}{status}{self.sentence}\r\n".encode("ascii", "replace")

    @property
    def is_last(self) -> bool:
        """Whether the connection ends with it."""
        return self.code in {221, 421}

    @property
    def is_error(self) -> bool:
        """Whether the client did something wrong (ours, temporary, are 4yz)."""
        return self.code >= 500


GO_AHEAD = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
GOODBYE = Reply(221, "2.0.0", "Bye")
HELP = Reply(214, "2.0.0", "Commands: EHLO HELO STARTTLS MAIL RCPT DATA RSET NOOP VRFY QUIT")
OK = Reply(250, "2.0.0", "Ok")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient ok")
SENDER_OK = Reply(250, "2.1.0", "Sender ok")
VERIFY_BY_SENDING = Reply(252, "2.5.0", "Send some mail and see")

SHUTTING_DOWN = Reply(421, "4.3.2", "Going down for a moment, try again later")
TIMED_OUT = Reply(421, "4.4.2", "Waited too long, closing")
FULL = Reply(421, "4.3.2", "Too many connections in all, try again later", TallyReason.TOO_MANY_CONNECTIONS)
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", "Too many connections, try again later", TallyReason.TOO_MANY_CONNECTIONS)
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors, closing", TallyReason.TOO_MANY_ERRORS)

INTERNAL = Reply(451, "4.3.0", "Not stored, try again later", TallyReason.INTERNAL_ERROR)
NOT_READY = Reply(451, "4.3.0", "Mailboxes cannot be checked now, try again later", TallyReason.NOT_READY)
DISK_SHORT = Reply(452, "4.3.1", "No room to store it now, try again later", TallyReason.DISK_SHORT)
BUSY = Reply(452, "4.3.1", "Too much mail at once, try again later", TallyReason.OVER_LIMIT)
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients, send the rest separately", TallyReason.TOO_MANY_RECIPIENTS)

BAD_COMMAND = Reply(500, "5.5.2", "Command not recognised")
LINE_TOO_LONG = Reply(500, "5.5.2", "Command line too long", TallyReason.LINE_TOO_LONG)
BAD_ARGUMENTS = Reply(501, "5.5.4", "Arguments not understood")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
HELLO_FIRST = Reply(503, "5.5.1", "Say EHLO first")
TLS_ALREADY = Reply(503, "5.5.1", "TLS has been started already")
MAIL_FIRST = Reply(503, "5.5.1", "Say MAIL FROM first")
MAIL_ALREADY = Reply(503, "5.5.1", "A mail has been begun already")
NO_RECIPIENTS = Reply(503, "5.5.1", "No recipient was accepted")
TLS_FIRST = Reply(530, "5.7.0", "Say STARTTLS first", TallyReason.TLS_REQUIRED)
RELAYING_DENIED = Reply(550, "5.7.1", "Relaying denied", TallyReason.UNKNOWN_DOMAIN)
UNKNOWN_MAILBOX = Reply(550, "5.1.1", "No such mailbox here", TallyReason.UNKNOWN_MAILBOX)
TOO_LARGE = Reply(552, "5.3.4", "Message too large", TallyReason.TOO_LARGE)
TOO_LARGE_LISTED = Reply(552, "5.3.4", "Message too large")
"""The same; what was kept of it is in the journal, and counts there."""
BAD_ADDRESS = Reply(553, "5.1.3", "Address not understood")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter not recognised")

REFUSALS = tuple(
    dict.fromkeys(reply.refusal for reply in tuple(globals().values()) if isinstance(reply, Reply) and reply.refusal is not None)
)
"""Every reason that a reply here can have, for the counters."""


IDENT = "ESMTP"
"""What the greeting says behind our name: not what we are made of."""

_LIBRARY = {
    "500 Command line too long": LINE_TOO_LONG,
    "500 Error: command 'AUTH' not recognized": NOT_IMPLEMENTED,
    "530 Must issue a STARTTLS command first": TLS_FIRST,
    "503 Error: send HELO first": HELLO_FIRST,
    "503 Error: send EHLO first": HELLO_FIRST,
    "503 Error: need MAIL command": MAIL_FIRST,
    "503 Error: nested MAIL command": MAIL_ALREADY,
}
_LIBRARY_CODES = {
    "454": NOT_IMPLEMENTED,
    "538": NOT_IMPLEMENTED,  # AUTH is not offered
    "500": BAD_COMMAND,
    "501": BAD_ARGUMENTS,
    "502": NOT_IMPLEMENTED,
    "552": TOO_LARGE,
    "553": BAD_ADDRESS,
    "555": UNKNOWN_PARAMETER,
}


def in_place_of(status: str) -> Reply:
    """What we say where aiosmtpd would say `status`: its replies lack enhanced codes, and some repeat what the client sent."""
    code = status[:3]
    if code == "220":
        return Reply(220, "", status[4:])  # the greeting: our name and `IDENT`
    return _LIBRARY.get(status) or _LIBRARY_CODES.get(code, INTERNAL)


def hello(hostname: str) -> Reply:
    return Reply(250, "", hostname)


def extensions(hostname: str, *, size_limit: int, starttls: bool) -> Reply:
    """The answer to EHLO (RFC 1870, 6152, 6531, 2920, 3207, 2034)."""
    before = (hostname, f"SIZE {size_limit}", "8BITMIME", "SMTPUTF8", "PIPELINING", *(("STARTTLS",) if starttls else ()))
    return Reply(250, "", "ENHANCEDSTATUSCODES", before=before)


def stored(notification_id: str) -> Reply:
    """Only after the commit: from here on the mail is ours."""
    return Reply(250, "2.0.0", f"Ok: stored as {notification_id}")
