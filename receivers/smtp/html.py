"""HTML to text for people and rules: rows by newline, cells by tab, scripts and styles gone. Substitution, not a tree, so that
time and memory grow with the length only (docs/adr/0003-mail-decoding.md); nothing is fetched, no link followed."""

import re
from typing import cast

from receivers.smtp.characters import unescape

_SOFT = "\v"
"""A line break that holds only where its line is no row of a table: Outlook puts paragraphs into every cell."""

_TAG = re.compile(
    r"""<(?:(/?[a-zA-Z]\w*+)[^<>"']*+(?:>|(?:"[^"<]*+"|'[^'<]*+'|[^<>"']++)*+>|[^<>]*+>)|[!?/][^<>]*+>)""", re.ASCII
)
"""A tag and its name. No alternative runs past the next `<`: a document without a single `>` costs no more than one with many."""


class _Marks(dict[str | None, str]):
    """What a tag leaves in the text. Names are there in lower and upper case, for speed; the rest is looked up, and not kept."""

    def __missing__(self, name: str | None) -> str:
        lower = (name or "").lower()
        return self.get(lower, "")


_BLOCKS = (
    "address article aside blockquote body br center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 head header hr html"
    " legend li main nav ol option p pre section ul"
)


def _marks() -> _Marks:
    marks = _Marks({"td": "\t", "th": "\t", None: ""})
    for words, mark in (("table tr caption", "\n"), (_BLOCKS, _SOFT), ("td th a b i u font span strong tbody thead o", "")):
        for word in words.split():
            marks.setdefault(word, mark)
            marks.setdefault(f"/{word}", mark)
    marks.update([(name.upper(), mark) for name, mark in marks.items() if name])
    return marks


_MARKS = _marks()
_PLAIN_TAGS = (("</td>", ""), ("</tr>", "\n"), ("<tr>", "\n"), ("<td>", "\t"), ("</p>", _SOFT), ("</span>", ""))
"""Half of all tags in real tables; a replacement costs a tenth of what the pattern does."""
_UNSEEN = frozenset({"script", "style", "title", "noframes", "template", "object", "svg"})
_NOTHING_BEHIND = frozenset({"script", "style"})
"""Of those the ones that hide all the rest where they never end; a title cut short hides nothing."""
_PRE = re.compile(r"<pre\b.*?(?:</pre\b|\Z)", re.IGNORECASE | re.DOTALL)
_LOOKS_LIKE_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|table)[\s>]", re.IGNORECASE
)
_BEGINS_WITH_MARKUP = re.compile(rb"\s*<(?:p|div|span|font|center|style|meta|h[1-6])[\s>]", re.IGNORECASE)
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_META_CHARSET = re.compile(rb"""<meta[^<>]{0,200}?charset\s{0,4}=\s{0,4}["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)


def looks_like_html(octets: bytes) -> bool:
    """Whether a body without a usable Content-Type begins as HTML does, or with an element of its text and closes one."""
    if _LOOKS_LIKE_HTML.match(octets, 0, 2_048) is not None:
        return True
    return _BEGINS_WITH_MARKUP.match(octets, 0, 2_048) is not None and b"</" in octets


def has_markup(source: str) -> bool:
    """Whether there is anything that could be a tag: what calls itself HTML and has none is plain text, lines and all."""
    return _MARKUP.search(source) is not None


def stated_charset(octets: bytes) -> str:
    """The charset in a `<meta>` of the first 2,048 octets, or ""."""
    match = _META_CHARSET.search(octets, 0, 2_048)
    return match[1].decode("ascii") if match else ""


def without_cut_tag(source: str) -> str:
    """What was cut in a tag, without it: half a tag would be text."""
    begin = source.rfind("<")
    return source[:begin] if begin > source.rfind(">") else source


def text_of(source: str) -> str:
    """The text of what calls itself HTML: laid out where there is markup, else as it stands."""
    return to_text(source) if has_markup(source) else unescape(source)


def to_text(source: str) -> str:
    """Lines of text. The entities of the tags' level are resolved here, those that were escaped twice by the caller."""
    source = _without_comments(source)
    if "<pre" in source or "<PRE" in source:
        source = _PRE.sub(lambda match: match[0].replace("\n", "<br>"), source)
    flat = " ".join(source.split())
    for tag, mark in _PLAIN_TAGS:
        flat = flat.replace(tag, mark)
    parts: list[str | None] = _TAG.split(flat)
    if any(name and name.lower() in _UNSEEN for name in set(parts[1::2])):
        parts = _without_unseen(parts)
    parts[1::2] = map(_MARKS.__getitem__, parts[1::2])
    return unescape(_laid_out(_without_idle_blanks("".join(cast("list[str]", parts)))))


def _without_unseen(parts: list[str | None]) -> list[str | None]:
    """`parts` alternates text and tag name. What stands inside an unseen element goes."""
    last = {(name or "").lower(): place for place, name in enumerate(parts[1::2])}
    kept: list[str | None] = [parts[0]]
    closing = ""
    for place, (name, text) in enumerate(zip(parts[1::2], parts[2::2], strict=True)):
        lower = (name or "").lower()
        if closing:
            closing = "" if lower == closing else closing
            if closing:
                continue
        elif lower in _UNSEEN and (lower in _NOTHING_BEHIND or last.get(f"/{lower}", -1) > place):
            closing = f"/{lower}"
            continue
        kept += (name, text)
    return kept


def _without_idle_blanks(marked: str) -> str:
    while "  " in marked:
        marked = marked.replace("  ", " ")
    for mark in ("\t", "\n", _SOFT):
        marked = marked.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    return marked


def _laid_out(marked: str) -> str:
    lines = []
    for line in marked.split("\n"):
        row = line.removeprefix("\t")
        if _SOFT not in row:
            lines.append(row)
        elif "\t" in row and not _single_cell(row):
            lines.append("\t".join(" ".join(piece for piece in cell.split(_SOFT) if piece) for cell in row.split("\t")))
        else:
            lines += [piece.strip(" \t") for piece in row.split(_SOFT)]
    return "\n".join(line for line in lines if line)


def _single_cell(row: str) -> bool:
    """A layout table: one cell of text between spacers."""
    return sum(1 for cell in row.split("\t") if cell.strip(" " + _SOFT)) < 2


def _without_comments(source: str) -> str:
    if "<!--" not in source:
        return source
    kept, at = [], 0
    while (begin := source.find("<!--", at)) >= 0:
        kept.append(source[at:begin])
        stop = source.find("-->", begin + 2)  # `<!-->` is a whole one
        if stop < 0:
            return "".join(kept)
        at = stop + 3
    kept.append(source[at:])
    return "".join(kept)
