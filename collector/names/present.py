"""The names as they are now, for programs that run long: read when first asked for, read again after what was loaded changed."""

import threading
from pathlib import Path
from typing import TypeAlias

from collector.domain.errors import ConfigurationError
from collector.logs import Log
from collector.names.book import NameBook
from collector.names.catalogue import catalogue, catalogue_book
from collector.names.file import read_modules

_Stamp: TypeAlias = tuple[int, ...] | None
log = Log(__name__)


class PresentNames:
    """Call it for the present names. Nothing is read before the first call; each call looks whether the file is still the same.

    A file that cannot be read is said once, and what comes with the collector is used alone. For any number of threads."""

    def __init__(self, loaded: Path) -> None:
        """`loaded` is the file of `collector mib load`; it need not be there."""
        self._path = loaded
        self._lock = threading.Lock()
        self._known: tuple[_Stamp, NameBook] | None = None

    def __call__(self) -> NameBook:
        stamp, known = self._stamp(), self._known
        if known is not None and known[0] == stamp:
            return known[1]
        with self._lock:
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, self._read())
            return self._known[1]

    def _stamp(self) -> _Stamp:
        """Changes with every replacement of the file, each has an inode of its own, and when others may read it or may not."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return (error.errno or 0,)
        return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size

    def _read(self) -> NameBook:
        try:
            loaded = read_modules(self._path)
        except ConfigurationError as error:
            log.warning("loaded names cannot be read; only those of the collector are shown", reason=str(error))
            loaded = {}
        book = NameBook(catalogue().values(), loaded.values()) if loaded else catalogue_book()
        log.info("names were read", loaded=len(loaded), names=len(book))
        return book
