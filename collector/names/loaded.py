"""What was loaded from MIB files: kept in one file, changed by one command at a time."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from collector.domain.errors import ConfigurationError, Unavailable
from collector.names.file import read_modules, write_modules
from collector.names.model import Module
from collector.ownership import like_its_directory


@contextmanager
def changing(path: Path) -> Iterator[dict[str, Module]]:
    """The loaded modules by name, to be changed in place; written at the end unless an error ends it. Waits for another command.

    Raise ConfigurationError when they cannot be read, or the directory is not there and cannot be made; Unavailable when the new
    ones cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        like_its_directory(path.parent)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(f"data_dir: {path.parent} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        modules = read_modules(path)
        before = dict(modules)
        yield modules
        if modules != before:
            _replace(path, modules, descriptor)
    finally:
        os.close(descriptor)


def _replace(path: Path, modules: Mapping[str, Module], folder: int) -> None:
    try:
        write_modules(path, modules.values())
        os.fsync(folder)
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written: {error.strerror}") from error
