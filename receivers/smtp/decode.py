"""One stored mail to text and the headers that rules look at. Pure and total: whatever the octets are, a `MailResult` comes back.
Runs in a decoding process (`worker`); MIME cutting lives in `mime`, charsets in `charset`, HTML in `html`."""

import hashlib
import re

from collector.domain.mail import Attachment, Mail, MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp import charset, headers, html, mime
from receivers.smtp.characters import one_line, unescape, visible
from receivers.smtp.mime import Budget, Limits, Part

LOOP_FIELD = "x-collector-loop"
"""Whatever the collector sends carries this header; `loops` decides what it means on the way in."""

_FIELD_LIMIT = 2_000
_REFERENCES_LIMIT = 100
_MESSAGE_ID = re.compile(rb"<[^<>\s]{1,998}>")
_HTML_TO_TEXT = 8
"""A character of text may cost that many of markup before the source is cut."""
_OPAQUE = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/ms-tnef", "application/pgp-encrypted"})
_AUTO_REPLY_FIELDS = ("x-autoreply", "x-autorespond")


def decode(raw: bytes, limits: Limits = Limits()) -> MailResult:  # noqa: B008 - frozen
    """What `raw` says. Never raises: what has no text at all, and what nobody foresaw, is a `NotDecoded`."""
    try:
        return _Reading(raw, limits).result()
    except Exception as error:  # noqa: BLE001 - the promise of this function; the original stays in the journal
        return NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, type(error).__name__)


class _Reading:
    """One mail while it is read: what is left of the limits, and the attachments seen."""

    def __init__(self, raw: bytes, limits: Limits) -> None:
        self._budget = Budget.of(limits)
        self._root = mime.parse(mime.normalised(raw), self._budget)
        self._attachments: list[Attachment] = []
        self._opaque = ""

    def result(self) -> MailResult:
        root = self._root
        text = self._cut(self._text(root, body=True, forwards=0).strip("\n"))
        hint = root.parameters.get("charset", "")
        subject = self._field("subject", hint)
        if not text.strip() and (self._opaque or not subject):
            return NotDecoded(Outcome.UNDECODABLE, Reason.NO_TEXT, self._opaque)
        return Mail(
            subject=subject,
            text=text,
            message_id=_message_id(headers.first(root.fields, "message-id")),
            header_from=self._field("from", hint),
            auto_submitted=_auto_submitted(root.fields),
            content_type=root.media_type,
            loop_header=LOOP_FIELD in root.fields,
            references=_references(root.fields),
            attachments=tuple(self._attachments),
            body_sha256=hashlib.sha256(root.raw().rstrip()).hexdigest(),
            partial=self._budget.partial,
        )

    def _field(self, name: str, hint: str) -> str:
        return headers.text(headers.first(self._root.fields, name), _FIELD_LIMIT, hint=hint)

    def _text(self, part: Part, *, body: bool, forwards: int) -> str:
        """The text of a part and what is below it. `body`: it stands where a body does; a file name does not make it a file."""
        if part.children:
            return self._text_of_children(part, forwards=forwards)
        if part.media_type == "message/rfc822" and forwards < self._budget.limits.forwards and not body:
            return self._text_of_forwarded(part, forwards=forwards)
        if part.media_type.startswith(("text/", "multipart/")) and not part.is_attached() and (body or not part.file_name()):
            return self._text_of_leaf(part)
        self._attach(part)
        return ""

    def _text_of_children(self, part: Part, *, forwards: int) -> str:
        if part.media_type == "multipart/alternative":
            return self._chosen(part.children, forwards=forwards)
        first_is_body = part.media_type in {"multipart/related", "multipart/signed"}
        texts = [
            self._text(child, body=first_is_body and index == 0, forwards=forwards) for index, child in enumerate(part.children)
        ]
        return "\n\n".join(text for text in texts if text.strip())

    def _chosen(self, children: list[Part], *, forwards: int) -> str:
        """Plain text unless it is empty, else the richest one that has text."""
        ranked = sorted(children, key=lambda child: (child.media_type != "text/plain", child.media_type != "text/html"))
        chosen = ""
        for child in ranked:
            if child.media_type.startswith("text/") and chosen:
                continue
            text = self._text(child, body=child.media_type.startswith("text/"), forwards=forwards)
            chosen = chosen or (text if text.strip() else "")
        return chosen

    def _text_of_forwarded(self, part: Part, *, forwards: int) -> str:
        inner = mime.forwarded(part, self._budget)
        text = self._text(inner, body=True, forwards=forwards + 1)
        lines = []
        for label, name in (("From", "from"), ("Subject", "subject")):
            if value := headers.text(headers.first(inner.fields, name), _FIELD_LIMIT):
                lines.append(f"{label}: {value}")
        return "\n".join(lines) + "\n\n" + text

    def _text_of_leaf(self, part: Part) -> str:
        octets = part.octets()
        if self._is_html(part, octets):
            octets = self._bounded(octets, self._budget.limits.text * _HTML_TO_TEXT)
            source = charset.to_text(octets, part.parameters.get("charset") or html.stated_charset(octets))
            return visible(unescape(html.to_text(source)))
        octets = self._bounded(octets, self._budget.limits.text * 4)
        return visible(unescape(unescape(charset.to_text(octets, part.parameters.get("charset", "")))))

    def _is_html(self, part: Part, octets: bytes) -> bool:
        if part.media_type in {"text/html", "text/xhtml"}:
            return True
        return part.media_type == "text/plain" and html.looks_like_html(octets)

    def _attach(self, part: Part) -> None:
        octets = part.octets()
        name, kind = part.file_name(), part.media_type
        if kind in _OPAQUE or name.lower() == "winmail.dat":
            self._opaque = kind
        self._attachments.append(Attachment(name, one_line(kind, 255), len(octets), hashlib.sha256(octets).hexdigest()))

    def _bounded(self, octets: bytes, limit: int) -> bytes:
        self._budget.partial |= len(octets) > limit
        return octets[:limit]

    def _cut(self, text: str) -> str:
        limit = self._budget.limits.text
        self._budget.partial |= len(text) > limit
        return text[:limit]


def _message_id(value: bytes) -> str:
    match = _MESSAGE_ID.search(value)
    return one_line((match[0] if match else value).decode("latin-1"), 1_000)


def _references(fields: headers.Fields) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("in-reply-to", "references"):
        for octets in _MESSAGE_ID.findall(headers.first(fields, name)):
            found.setdefault(visible(octets.decode("latin-1")))
    return tuple(found)[:_REFERENCES_LIMIT]


def _auto_submitted(fields: headers.Fields) -> str:
    """The keyword of Auto-Submitted (RFC 3834 section 5); older ways to mark an automatic reply are told in the same word."""
    if any(name in fields for name in _AUTO_REPLY_FIELDS) or headers.first(fields, "precedence").strip().lower() == b"auto_reply":
        return "auto-replied"
    keyword = headers.first(fields, "auto-submitted").partition(b";")[0]
    return one_line(keyword.partition(b"(")[0].decode("latin-1"), 64).lower()
