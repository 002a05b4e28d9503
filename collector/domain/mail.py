"""A decoded e-mail: text and headers that rules may look at. No MIME here."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from collector.domain.trap import NotDecoded


class MailLimit(StrEnum):
    """A limit that a mail went beyond: what lies behind it is not read, and the mail is partly decoded."""

    TEXT = "text"
    PARTS = "parts"
    DEPTH = "depth"
    HEADER = "header"
    FORWARDS = "forwards"


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is known of an attachment without opening it. `size` in octets after transfer decoding."""

    name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Mail:
    """`text` is the body for people to read, from text/plain or converted HTML; lines end in `\\n`, table cells are kept apart by
    tabs. `subject` and addresses are decoded. `limits` are those that cut the decoding short, in their own order."""

    subject: str
    text: str
    message_id: str = ""
    header_from: str = ""
    auto_submitted: str = ""
    content_type: str = ""
    loop_header: bool = False
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = field(default=())
    body_sha256: str = ""
    limits: tuple[MailLimit, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether the mail is only partly decoded."""
        return bool(self.limits)


MailResult: TypeAlias = Mail | NotDecoded
