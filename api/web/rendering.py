"""Templates into pages. Everything that is put into one is text: markup in it is escaped, and characters that nobody would see
but that change what is seen (control and format characters) are spelled out."""

import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from api.web.assets import asset_path
from api.web.speech import Speech

_HERE = Path(__file__).parent
_JOINERS = "\u200c\u200d"
"""Format characters that belong to ordinary writing: emojis and some scripts are made with them."""
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    # not no-referrer as for the API: browsers would then send `Origin: null` with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}


def visible(text: str) -> str:
    """The text with every character that would be obeyed instead of shown written as its number; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_shown(char) else f"\\u{ord(char):04x}" for char in text)


def _is_shown(char: str) -> bool:
    return char in "\n\t" or char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _finalize(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return "" if value is None else value


def _words_for_script(speech: Speech) -> str:
    names = ("left", "late", "ago", "now", "under_minute")
    words = {name: speech.t(f"time.{name}") for name in names}
    words |= {"on": speech.t("live.on"), "off": speech.t("live.off")}
    words |= {"new": speech.t("list.new"), "new_many": speech.t("list.new_many")}
    return json.dumps(words, ensure_ascii=False)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"asset": asset_path, "script_words": _words_for_script}
    return made


def render(template: str, speech: Speech, context: Mapping[str, Any]) -> str:
    """`s` is the speech in every template, `root` leads from the page to `/`."""
    return _environment().get_template(template).render(s=speech, **context)


def page(text: str, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """HTML with the headers that every page has."""
    # lone surrogates have no UTF-8 form; `visible` has spelled them out already where they came through a template's value
    return HTMLResponse(text.encode("utf-8", "replace"), status, headers={**HEADERS, **(headers or {})})
