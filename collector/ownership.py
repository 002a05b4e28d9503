"""What a command of root makes among the data belongs to whom the data belong to: the roles, which are not root's, must be able
to use it at their next start."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector.logs import Log

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_ENTRY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Whoever owns the directory could put something else in the place of what is in it, at any moment."""

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class _Heir:
    """User and group who get it."""

    user: int
    group: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file or directory; `folder` is the descriptor of the directory that it is in, `inode` tells it from one that it
    replaced."""

    folder: int
    name: str
    path: str
    inode: int


def like_its_directory(path: Path) -> None:
    """Give a file or directory that was just made to the owner of the directory that it is in: at once, for what another process
    may want to use before the command ends. Nothing happens when this process is not root's, or that directory is."""
    if os.geteuid() != 0:
        return
    folder = os.open(path.parent, _DIRECTORY)
    try:
        if (heir := _heir(os.fstat(folder))) is not None:
            _give(folder, path.name, heir, path)
    finally:
        os.close(folder)


@contextmanager
def inherited(data_dir: Path) -> Iterator[None]:
    """What root makes below `data_dir` meanwhile belongs to its owner afterwards, however it ends. What was root's before stays
    so: somebody may have wanted it, and the start says it when the roles cannot use it."""
    top = data_dir.resolve()
    heir = _heir(top.stat()) if os.geteuid() == 0 and top.is_dir() else None
    if heir is None:
        yield
        return
    before = {(entry.path, entry.inode) for entry in _own_entries(top)}
    try:
        yield
    finally:
        for entry in _own_entries(top):
            if (entry.path, entry.inode) not in before:
                _give(entry.folder, entry.name, heir, Path(entry.path))


def _heir(directory: os.stat_result) -> _Heir | None:
    return _Heir(directory.st_uid, directory.st_gid) if directory.st_uid != os.geteuid() else None


def _own_entries(top: Path) -> Iterator[_Entry]:
    """Of this process's user. Symbolic links are not followed, and sockets do not last."""
    for place, directories, files, folder in os.fwalk(top):
        for name in (*directories, *files):
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except OSError:
                continue  # gone meanwhile
            if _is_own(status):
                yield _Entry(folder, name, str(Path(place, name)), status.st_ino)


def _give(folder: int, name: str, heir: _Heir, path: Path) -> None:
    """Said when it fails, as in a container that may not; the roles are root's there too."""
    try:
        descriptor = os.open(name, _ENTRY, dir_fd=folder)
        try:
            if _is_own(os.fstat(descriptor)):
                os.fchown(descriptor, heir.user, heir.group)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.warning("what root made among the data stays root's", path=path, reason=error.strerror)


def _is_own(status: os.stat_result) -> bool:
    """A file with a second name may be one of root's from elsewhere, which the owner of the directory linked there."""
    is_file = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    return status.st_uid == os.geteuid() and (is_file or stat.S_ISDIR(status.st_mode))
