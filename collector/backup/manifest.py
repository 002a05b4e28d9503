"""What a backup says of itself: versions, the moment, every file with size and digest, how far each stream goes. It is written
last, so that a directory without it is no backup."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from collector.domain.errors import ConfigurationError
from collector.domain.ids import StreamName

FORMAT = 1
NAME = "manifest.json"
STORE = "store.db"
JOURNAL = "journal"
SETTINGS = "settings"
KEY = "secret.key"


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """`path` is relative to the backup, with slashes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackedUpStream:
    """A stream of the journal: its files lie in `journal/<name>/`. `end` is the number of its last item."""

    name: str
    marker: str
    end: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`streams` is None for a backup of the store alone; `rows` are counted by table."""

    format: int
    program: str
    schema: str
    site: str
    created_at: str
    rows: dict[str, int]
    files: tuple[BackedUpFile, ...]
    streams: tuple[BackedUpStream, ...] | None


def encode(manifest: Manifest) -> bytes:
    return json.dumps(asdict(manifest), indent=1, sort_keys=True).encode() + b"\n"


def read_manifest(backup: Path) -> Manifest:
    """Raise ConfigurationError when the directory is no backup, or one of a newer program."""
    path = backup / NAME
    try:
        raw = json.loads(path.read_bytes())
        if raw["format"] != FORMAT:
            raise ConfigurationError(f"{backup}: a backup of format {raw['format']!r}, this program knows {FORMAT}")
        manifest = _from_json(raw)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{backup}: is no backup: there is no {NAME} in it") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path}: is damaged: {error}") from error
    return manifest


def _from_json(raw: dict[str, Any]) -> Manifest:
    """Raise ValueError, KeyError or TypeError for what no backup says, such as a file outside it."""
    files = tuple(BackedUpFile(str(file["path"]), int(file["size"]), str(file["sha256"])) for file in raw["files"])
    for file in files:
        if not _is_inside(file.path):
            raise ValueError(f"no place in a backup: {file.path!r}")
    streams = raw["streams"]
    return Manifest(
        format=FORMAT,
        program=str(raw["program"]),
        schema=str(raw["schema"]),
        site=str(raw["site"]),
        created_at=str(raw["created_at"]),
        rows={str(table): int(number) for table, number in raw["rows"].items()},
        files=files,
        streams=None if streams is None else tuple(_stream(stream) for stream in streams),
    )


def _stream(raw: dict[str, Any]) -> BackedUpStream:
    bytes.fromhex(raw["marker"])
    return BackedUpStream(str(StreamName.parse(raw["name"])), str(raw["marker"]), int(raw["end"]))


def _is_inside(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts
