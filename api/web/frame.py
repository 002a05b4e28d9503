"""What stands around every page of somebody signed in."""

from typing import Any

from api.web.assets import build
from api.web.statusline import Status
from api.web.visitor import Visitor


def frame_of(visitor: Visitor, status: Status, *, here: str, root: str | None = None) -> dict[str, Any]:
    """`here` is the page's own address below `/`, for coming back to it; `root` leads to `/` from the page that shows this."""
    return {
        "root": root or visitor.root,
        "here": here,
        "user": visitor.user,
        "token": visitor.session.form_token,
        "status": status,
        "build": build(),
    }
