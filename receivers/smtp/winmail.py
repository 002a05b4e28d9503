"""The text of a TNEF message: which of its bodies is read, and how. `tnef` finds them, `rtf` and `html` lay them out."""

from dataclasses import dataclass

from receivers.smtp import charset, html, rtf, rtf_packed, tnef
from receivers.smtp.characters import unescape
from receivers.smtp.mime import MARKUP_TO_TEXT
from receivers.smtp.tnef import TnefAttachment

RTF_TO_TEXT = 2
"""The same for RTF, which is slower to unpack: half a second for a million characters at worst."""


@dataclass(frozen=True, slots=True)
class WinMail:
    """`text` is empty when there is no body that could be read; `cut` when not all of it was."""

    text: str
    cut: bool
    attachments: list[TnefAttachment]


def read(octets: bytes, *, limit: int) -> WinMail | None:
    """Plain text unless it is empty, else HTML, else RTF, of at most some `limit` characters. None when `octets` are no TNEF."""
    most = limit * MARKUP_TO_TEXT
    found = tnef.read(octets, limit=most)
    if found is None:
        return None
    if found.plain.strip():
        return WinMail(unescape(found.plain), len(found.plain) > most, found.attachments)
    if found.html.strip():
        return WinMail(_of_html(found), len(found.html) > most, found.attachments)
    return _of_rtf(found, limit * RTF_TO_TEXT)


def _of_rtf(found: tnef.Tnef, most: int) -> WinMail:
    source = rtf_packed.unpacked(found.rtf, limit=most + 1)
    document = rtf.read(source[:most])
    text = html.text_of(document.text) if document.is_html else unescape(document.text)
    return WinMail(text, len(source) > most or document.cut, found.attachments)


def _of_html(found: tnef.Tnef) -> str:
    return html.text_of(charset.to_text(found.html, found.html_charset or html.stated_charset(found.html)))
