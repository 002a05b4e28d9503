"""Places in a list: opaque to the caller, checked when they come back. A cursor belongs to one list and one order."""

import base64
import binascii
import re

from api.problems import Problem

_FORM = re.compile(r"1\.([a-z-]{1,20})\.(oldest|newest)\.([0-9]{1,18})")
_LONGEST = 100


def encode_cursor(listed: str, order: str, after: int) -> str:
    """`listed` names the list, `after` is the place of the last one shown."""
    return base64.urlsafe_b64encode(f"1.{listed}.{order}.{after}".encode()).decode().rstrip("=")


def decode_cursor(text: str | None, listed: str, order: str) -> int | None:
    """The place after which to go on; None begins. Raise Problem (400) when it is no cursor of this list and order."""
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        match = _FORM.fullmatch(base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii"))
    except (binascii.Error, ValueError):
        match = None
    if match is None or len(text) > _LONGEST:
        raise Problem(400, "bad_cursor", "the cursor is damaged: take `next` as it was answered")
    if (match[1], match[2]) != (listed, order):
        raise Problem(400, "bad_cursor", "the cursor was made for another list or another order")
    return int(match[3])
