"""The text of a mail's parts: which of them is read, which is only listed, and what is read of mails inside the mail. What the
headers of the whole say is `decode`'s business."""

import hashlib

from collector.domain.mail import Attachment, MailLimit
from collector.domain.outcome import Reason
from receivers.smtp import charset, headers, html, mime, rtf, winmail
from receivers.smtp.characters import one_line, unescape, visible
from receivers.smtp.flowed import unflowed
from receivers.smtp.mime import MARKUP_TO_TEXT, Budget, Part
from receivers.smtp.opaque import is_tnef, opaque

FIELD_LIMIT = 2_000
"""Characters of a header field for people."""

_RTF = frozenset({"text/rtf", "text/richtext"})
_FORWARDED = frozenset({"message/rfc822", "message/global"})
_NO_CLAIM = frozenset({"text/plain", "plain/text", "application/octet-stream", "application/text", "application/x-unknown"})
_UNKNOWN_TYPE = "application/octet-stream"
_MOST_WINMAILS = 1
"""TNEF streams of a mail that are read; unpacking is slow enough to stop others."""
_FIRST_IS_BODY = frozenset({"multipart/related", "multipart/signed"})
_BODIES = frozenset({"text/plain", "text/html"})
"""The first part of whatever has several is its body, though some programs give it a file name."""


class Reading:
    """One mail while it is read: what is left of the limits, the attachments seen, why something could not be read, and whether
    any part had words; the header lines of forwarded mails are none."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.attachments: list[Attachment] = []
        self.hidden: tuple[Reason, str] | None = None
        self.has_words = False
        self._words = False
        self._winmail = ""
        self._winmails_left = _MOST_WINMAILS

    def text_of(self, root: Part) -> str:
        """The text of a whole mail, cut at the limit."""
        return self.budget.cut(self._text_of_mail(root, forwards=0).strip("\n"))

    def _text_of_mail(self, root: Part, *, forwards: int) -> str:
        """The text of a mail, or of one that was forwarded in it. Where its parts have no words, those of its TNEF are its text:
        Outlook sends both, and they say the same."""
        outer = self._words, self._winmail
        self._words, self._winmail = False, ""
        text = self._text(root, body=True, forwards=forwards)
        if not self._words and self._winmail:
            text, self._words = f"{text}\n\n{self._winmail}", True
        self.has_words |= self._words
        self._words, self._winmail = outer
        return text.strip("\n")

    def _text(self, part: Part, *, body: bool, forwards: int) -> str:
        """The text of a part and what is below it. `body`: it stands where a body does; a file name does not make it a file."""
        if part.children:
            return self._text_of_children(part, forwards=forwards)
        if part.media_type in _FORWARDED:
            if forwards < self.budget.limits.forwards:
                return self._text_of_forwarded(part, forwards=forwards)
            self.budget.met.add(MailLimit.FORWARDS)
        if not part.is_attached() and (body or not part.file_name()) and self._is_text(part, body=body):
            return self._text_of_leaf(part)
        self._attach(part)
        return ""

    def _text_of_children(self, part: Part, *, forwards: int) -> str:
        if part.media_type == "multipart/alternative":
            return self._chosen(part.children, forwards=forwards)
        first = part.children[0]
        first_is_body = part.media_type in _FIRST_IS_BODY or first.media_type in _BODIES
        texts = [self._text(child, body=first_is_body and child is first, forwards=forwards) for child in part.children]
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
        """With the lines that people know a forwarded mail by: its own subject may be all that tells what it is."""
        inner = mime.forwarded(part, self.budget)
        text = self._text_of_mail(inner, forwards=forwards + 1)
        hint = inner.parameters.get("charset", "")
        lines = []
        for label, name in (("From", "from"), ("Subject", "subject")):
            if value := headers.text(headers.first(inner.fields, name), FIELD_LIMIT, hint=hint):
                lines.append(f"{label}: {value}")
        return "\n".join(lines) + "\n\n" + text

    def _text_of_leaf(self, part: Part) -> str:
        octets = part.octets()
        if part.media_type in _RTF and octets.lstrip().startswith(b"{\\rtf"):
            text = self._rtf(octets)
        else:
            text = self._html(part, octets) if self._is_html(part, octets) else self._plain(part, octets)
        self._words |= not text.isspace() and text != ""
        return text

    def _html(self, part: Part, octets: bytes) -> str:
        taken = self.budget.bounded(octets, self.budget.limits.text * MARKUP_TO_TEXT)
        source = charset.to_text(taken, part.parameters.get("charset") or html.stated_charset(taken))
        if len(taken) < len(octets):
            source = html.without_cut_tag(source)
        return visible(unescape(self.budget.cut(html.text_of(source))))

    def _rtf(self, octets: bytes) -> str:
        document = rtf.read(self.budget.bounded(octets, self.budget.limits.text * winmail.RTF_TO_TEXT))
        if document.cut:
            self.budget.met.add(MailLimit.TEXT)
        return visible(unescape(self.budget.cut(html.text_of(document.text) if document.is_html else document.text)))

    def _plain(self, part: Part, octets: bytes) -> str:
        octets = self.budget.bounded(octets, self.budget.limits.text * 4)
        text = self.budget.cut(charset.to_text(octets, part.parameters.get("charset", "")))
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        return visible(unescape(unescape(text)))

    def _is_text(self, part: Part, *, body: bool) -> bool:
        """By its type; a body that claims to be just octets, and has no name, by what stands in it."""
        if part.media_type.startswith(("text/", "multipart/")):
            return True
        return body and part.media_type in _NO_CLAIM and not part.file_name() and charset.is_text(part.octets())

    def _is_html(self, part: Part, octets: bytes) -> bool:
        if part.media_type in {"text/html", "text/xhtml"}:
            return True
        return part.media_type in _NO_CLAIM and html.looks_like_html(octets)

    def _attach(self, part: Part) -> None:
        octets = part.octets()
        self.hidden = self.hidden or opaque(part, octets)
        self._list(part.file_name(), part.media_type, octets)
        if is_tnef(part) and self._winmails_left:
            self._winmails_left -= 1
            self._read_winmail(octets)

    def _read_winmail(self, octets: bytes) -> None:
        """Keep its text for `_text_of_mail`; list what it has attached, as it lies there."""
        found = winmail.read(octets, limit=self.budget.limits.text)
        if found is None:
            return
        if found.cut:
            self.budget.met.add(MailLimit.TEXT)
        self._winmail = visible(unescape(self.budget.cut(found.text))).strip("\n")
        for attached in found.attachments:
            if self.budget.parts <= 0:
                self.budget.met.add(MailLimit.PARTS)
                break
            self.budget.parts -= 1
            self._list(one_line(attached.name, 255), attached.content_type or _UNKNOWN_TYPE, attached.octets)

    def _list(self, name: str, kind: str, octets: bytes | memoryview) -> None:
        self.attachments.append(Attachment(name, one_line(kind, 255), len(octets), hashlib.sha256(octets).hexdigest()))
