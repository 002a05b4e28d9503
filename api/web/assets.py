"""Style, script and icon: read once, with a hash of their content in their address, so that browsers may keep them for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.responses import Response

from collector.domain.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str


@cache
def _assets() -> dict[str, Asset]:
    """Address → asset. The address is `<name>.<hash><suffix>`."""
    found = {}
    for file in sorted(_FOLDER.iterdir()):
        if file.suffix in _TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[f"{file.stem}.{digest}{file.suffix}"] = Asset(content, _TYPES[file.suffix])
    return found


@cache
def asset_path(name: str) -> str:
    """Where the asset of this file name is, from `/` on. Raise StopIteration when there is none."""
    stem, _, suffix = name.rpartition(".")
    found = next(path for path in _assets() if path.startswith(f"{stem}.") and path.endswith(f".{suffix}"))
    return f"static/{found}"


@cache
def build() -> str:
    """Changes whenever an asset does: a page that an older server made reloads itself."""
    return hashlib.sha256("\n".join(_assets()).encode()).hexdigest()[:12]


def answer(path: str) -> Response:
    """Raise NotFound."""
    asset = _assets().get(path)
    if asset is None:
        raise NotFound("there is no such file")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(asset.content, media_type=asset.media_type, headers=headers)
