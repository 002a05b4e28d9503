"""Arguments of MAIL and RCPT, and which of our mailboxes an address names (RFC 5321 sections 4.1.1.2 and 4.1.1.3). No DNS."""

import re

from collector.domain.registry import mailbox_of
from collector.snapshot import SnapshotView
from receivers.smtp import replies
from receivers.smtp.replies import Reply

_PATH = re.compile(r"""\s*+(?:<((?:"(?:[^"\\]|\\.){0,256}"|[^<>"\s]){0,998})>|([^<>"\s]{1,998}))((?:\s.*)?)""", re.DOTALL)
_ROUTE = re.compile(r"@[^:]*:")

NULL_SENDER = "<>"
"""How aiosmtpd writes it: an empty address means none there."""


def parse_address(argument: str) -> tuple[str, str] | None:
    """The address that stands behind FROM: or TO:, without brackets and source route, and the parameters behind it. None when it
    is no address; missing brackets are forgiven."""
    match = _PATH.fullmatch(argument)
    if match is None:
        return None
    address = readable(match[1] if match[1] is not None else match[2])
    route = _ROUTE.match(address)
    return (address[route.end() :] if route else address) or NULL_SENDER, match[3]


def readable(text: str) -> str:
    """aiosmtpd keeps octets that are no UTF-8 as lone surrogates, which cannot be stored: show them as `\\xNN`."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def recipient_reply(address: str, view: SnapshotView) -> Reply:
    """Whether mail for `address` is taken. Case does not matter; what stands behind a `+` does not either."""
    snapshot, fresh = view.fresh_snapshot()
    if snapshot is None:
        return replies.NOT_READY
    if address.rpartition("@")[2].rstrip(".").casefold() not in snapshot.domains:
        return replies.RELAYING_DENIED
    if mailbox_of(address) in snapshot.mailboxes:
        return replies.RECIPIENT_OK
    return replies.UNKNOWN_MAILBOX if fresh else replies.NOT_READY
