"""One stored mail to text and the headers that rules look at. Pure and total: whatever the octets are, a `MailResult` comes back.
Runs in a decoding process (`worker`); MIME cutting lives in `mime`, the text of the parts in `reading`."""

import hashlib
import re

from collector.domain.mail import Mail, MailLimit, MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp import headers, mime
from receivers.smtp.characters import one_line, visible
from receivers.smtp.mime import Budget, Limits
from receivers.smtp.opaque import is_pgp_block
from receivers.smtp.reading import FIELD_LIMIT, Reading

LOOP_FIELD = "x-collector-loop"
"""Whatever the collector sends carries this header; `loops` decides what it means on the way in."""

_REFERENCES_LIMIT, _PARENTS_LIMIT = 100, 10
_MESSAGE_ID = re.compile(rb"<[^<>\s]{1,998}>")
_AUTO_REPLY_FIELDS = ("x-autoreply", "x-autorespond")


def decode(raw: bytes, limits: Limits = Limits()) -> MailResult:  # noqa: B008 - frozen
    """What `raw` says. Never raises: what has no text at all, and what nobody foresaw, is a `NotDecoded`."""
    try:
        return _result(raw, limits)
    except Exception as error:  # noqa: BLE001 - the promise of this function; the original stays in the journal
        return NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, type(error).__name__)


def _result(raw: bytes, limits: Limits) -> MailResult:
    budget = Budget.of(limits)
    root = mime.parse(mime.normalised(raw), budget)
    reading = Reading(budget)
    text = reading.text_of(root)
    hint = root.parameters.get("charset", "")
    subject = headers.text(headers.first(root.fields, "subject"), FIELD_LIMIT, hint=hint)
    if reading.hidden is not None and not reading.has_words:
        reason, what = reading.hidden
        return NotDecoded(Outcome.UNDECODABLE, reason, what)
    if is_pgp_block(text):
        return NotDecoded(Outcome.UNDECODABLE, Reason.ENCRYPTED, "PGP MESSAGE")
    if not text.strip() and not subject:
        return NotDecoded(Outcome.UNDECODABLE, Reason.NO_TEXT)
    return Mail(
        subject=subject,
        text=text,
        message_id=_message_id(headers.first(root.fields, "message-id")),
        header_from=headers.text(headers.first(root.fields, "from"), FIELD_LIMIT, hint=hint),
        auto_submitted=_auto_submitted(root.fields),
        content_type=root.media_type,
        loop_header=LOOP_FIELD in root.fields,
        references=_references(root.fields),
        attachments=tuple(reading.attachments),
        body_sha256=hashlib.sha256(root.raw().rstrip()).hexdigest(),
        limits=tuple(limit for limit in MailLimit if limit in budget.met),
    )


def _message_id(value: bytes) -> str:
    match = _MESSAGE_ID.search(value)
    return one_line((match[0] if match else value).decode("latin-1"), 1_000)


def _references(fields: headers.Fields) -> tuple[str, ...]:
    """The thread's first mail first (RFC 5322 section 3.6.4), what is answered last where References does not name it."""
    found: dict[str, None] = {}
    for name, most in (("references", _REFERENCES_LIMIT), ("in-reply-to", _PARENTS_LIMIT)):
        for octets in _MESSAGE_ID.findall(headers.first(fields, name))[:most]:
            found.setdefault(visible(octets.decode("latin-1")))
    return tuple(found)


def _auto_submitted(fields: headers.Fields) -> str:
    """The keyword of Auto-Submitted (RFC 3834 section 5); older ways to mark an automatic reply are told in the same word."""
    if any(name in fields for name in _AUTO_REPLY_FIELDS) or headers.first(fields, "precedence").strip().lower() == b"auto_reply":
        return "auto-replied"
    keyword = headers.first(fields, "auto-submitted").partition(b";")[0]
    return one_line(keyword.partition(b"(")[0].decode("latin-1"), 64).lower()
