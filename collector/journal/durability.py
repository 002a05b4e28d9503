"""Whether a directory's file system can be told to keep what was synced. It finds the lies that Linux admits to, not those
of a disk."""

import re
from pathlib import Path
from typing import NamedTuple

from collector.domain.errors import ConfigurationError

_VOLATILE_TYPES = frozenset({"tmpfs", "ramfs"})
_NO_BARRIER = frozenset({"nobarrier", "barrier=0"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """One line of mountinfo (proc_pid_mountinfo(5)): where, what, and the file system's own options."""

    point: Path
    kind: str
    options: frozenset[str]


def check_durable(directory: Path, *, allow_volatile: bool = False, mountinfo: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Whether what is synced in the directory survives a power cut, as far as that can be told.

    Raise ConfigurationError for a disk that is mounted so that it pretends. Memory pretends nothing, so it may be used, but the
    sentence returned must be said. `allow_volatile` waives both.
    """
    mount = _mount_of(directory.resolve(), mountinfo.read_text(encoding="utf-8", errors="surrogateescape"))
    if mount is None or allow_volatile:
        return None
    if mount.kind in _VOLATILE_TYPES:
        return (
            f"{directory}: lies on {mount.kind} (mounted at {mount.point}), which is memory: a power cut loses "
            "what was acknowledged; choose a data_dir on a disk"
        )
    if mount.kind == "overlay" and "volatile" in mount.options:
        raise ConfigurationError(
            f"{directory}: lies on an overlay mounted with `volatile` (at {mount.point}), "
            "which ignores syncs; choose a data_dir on a volume of its own"
        )
    if dangerous := mount.options & _NO_BARRIER:
        raise ConfigurationError(
            f"{directory}: lies on {mount.kind} mounted with `{min(dangerous)}` (at {mount.point}), "
            "which lets the disk forget synced data; mount it with barriers"
        )
    return None


def _mount_of(path: Path, mountinfo: str) -> Mount | None:
    """The mount that the path lies on: the deepest one, of equal ones the latest, which covers the others."""
    best: Mount | None = None
    for line in mountinfo.splitlines():
        mount = _parse(line)
        if (
            mount is not None
            and path.is_relative_to(mount.point)
            and (best is None or len(mount.point.parts) >= len(best.point.parts))
        ):
            best = mount
    return best


def _parse(line: str) -> Mount | None:
    before, separator, after = line.partition(" - ")
    place, system = before.split(" "), after.split(" ")
    if not separator or len(place) < 6 or len(system) < 3:
        return None
    point = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), place[4])
    return Mount(Path(point), system[0], frozenset(place[5].split(",") + system[2].split(",")))
