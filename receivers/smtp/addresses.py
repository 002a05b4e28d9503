"""Arguments of MAIL and RCPT, and which of our mailboxes an address names (RFC 5321 sections 4.1.1.2 and 4.1.1.3). No DNS."""

import re
from dataclasses import dataclass

from collector.snapshot import SnapshotView
from receivers.smtp import replies
from receivers.smtp.replies import Reply

_PATH = re.compile(r"""\s*+(?:<((?:"(?:[^"\\]|\\.){0,256}"|[^<>"\s]){0,998})>|([^<>"\s]{1,998}))((?:\s.*)?)""", re.DOTALL)
_ROUTE = re.compile(r"@[^:]*:")


@dataclass(frozen=True, slots=True)
class Path:
    """An address without brackets (empty: the null sender) and the parameters behind it, names in upper case."""

    address: str
    parameters: dict[str, str]


def parse_path(argument: str, keyword: str) -> Path | None:
    """What stands behind FROM or TO, None when it is no `<keyword>:<address> ...`; blanks and missing brackets are forgiven."""
    found, colon, rest = argument.partition(":")
    match = _PATH.fullmatch(rest) if colon and found.strip().upper() == keyword else None
    if match is None:
        return None
    address = match[1] if match[1] is not None else match[2]
    route = _ROUTE.match(address)
    pairs = (word.partition("=") for word in match[3].split())
    return Path(address[route.end() :] if route else address, {name.upper(): value for name, _, value in pairs})


def recipient_reply(address: str, view: SnapshotView) -> Reply:
    """Whether mail for `address` is taken. Case does not matter; what stands behind a `+` does not either."""
    snapshot = view.current()
    if snapshot is None:
        return replies.NOT_READY
    local, _, domain = address.rpartition("@")
    if domain.rstrip(".").casefold() not in snapshot.domains:
        return replies.RELAYING_DENIED
    mailbox = local.strip('"').casefold()
    if mailbox in snapshot.mailboxes or mailbox.partition("+")[0] in snapshot.mailboxes:
        return replies.RECIPIENT_OK
    return replies.UNKNOWN_MAILBOX if view.fresh() else replies.NOT_READY
