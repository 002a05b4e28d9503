"""A decoded e-mail: text and headers that rules may look at. No MIME here."""

from dataclasses import dataclass, field
from typing import TypeAlias

from collector.domain.trap import NotDecoded


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
    tabs. `subject` and addresses are decoded. `partial` says that a limit cut the decoding short."""

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
    partial: bool = False


MailResult: TypeAlias = Mail | NotDecoded
