"""Making a backup of a running installation. The store comes first and the journal after it, so that the journal is never behind
the store's positions; a backup has its name only when everything in it is on the disk."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector import __version__
from collector.backup.files import copy_file, digest_of, sync, write_file
from collector.backup.manifest import (
    FORMAT,
    JOURNAL,
    KEY,
    NAME,
    SETTINGS,
    STORE,
    BackedUpFile,
    BackedUpStream,
    Manifest,
    encode,
)
from collector.backup.progress import Progress
from collector.config import Settings
from collector.domain.clock import Clock, rfc3339
from collector.domain.errors import ConfigurationError, Unavailable
from collector.domain.ids import StreamName
from collector.journal.copying import StreamFiles
from collector.journal.interface import StreamState
from collector.journal.positions import verify_positions
from collector.journal.streams import Journal
from collector.store.copying import row_counts, save_to_file
from collector.store.engine import Connection, Store
from collector.store.schema import SCHEMA_VERSION
from collector.store.streams import load_positions, load_retired


@dataclass(frozen=True, slots=True)
class Installation:
    """What is backed up. `config` is the settings file, if there is one; `journal` is None when only the store is wanted, `key`
    when the key of the secrets is not to lie in the backup."""

    settings: Settings
    config: Path | None
    store: Store
    journal: Journal | None
    key: Path | None = None


def back_up(what: Installation, target: Path, *, clock: Clock, say: Callable[[str], None]) -> Manifest:
    """Make the backup `target`, a directory that is not there yet. Beside a running collector.

    Raise ConfigurationError when it cannot be made there or store and journal do not belong together, Unavailable when the
    store or the disk fails, JournalError when a stream cannot be read. Nothing is left then.
    """
    if os.path.lexists(target):
        raise ConfigurationError(f"{target}: is there already; a backup gets a directory of its own")
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    with _removed_unless_finished(unfinished, target):
        return _Writer(what, unfinished, Progress(clock, say)).write(rfc3339(clock.now()))


@contextmanager
def _removed_unless_finished(unfinished: Path, target: Path) -> Iterator[None]:
    try:
        try:
            unfinished.mkdir(mode=0o700)
            yield
            unfinished.rename(target)
            sync(target.parent)
        except OSError as error:
            raise Unavailable(f"{target}: the backup cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the copy of the store holds: rows by table, how far each stream was processed, and the streams given up."""

    rows: dict[str, int]
    positions: dict[StreamName, int]
    retired: set[StreamName]


def _look(connection: Connection) -> _Held:
    positions = {stream: position.position for stream, position in load_positions(connection).items()}
    return _Held(row_counts(connection), positions, set(load_retired(connection)))


class _Writer:
    """One backup while it is made in `root`."""

    def __init__(self, what: Installation, root: Path, progress: Progress) -> None:
        self._what = what
        self._root = root
        self._progress = progress
        self._files: list[BackedUpFile] = []

    def write(self, created_at: str) -> Manifest:
        journal = self._what.journal
        if journal is None:
            held, streams = self._copy_store(), None
        else:
            # What the store had processed must still be there when the journal's turn has come.
            with journal.nothing_dropped():
                held = self._copy_store()
                streams = self._copy_journal(journal.files(), held)
        self._copy_settings()
        if self._what.key is not None:
            self._copy(self._what.key, self._root / KEY)
        manifest = Manifest(
            format=FORMAT,
            program=__version__,
            schema=SCHEMA_VERSION,
            site=self._what.settings.site,
            created_at=created_at,
            rows=held.rows,
            files=tuple(self._files),
            streams=streams,
        )
        for directory, _, _ in os.walk(self._root, topdown=False):
            sync(Path(directory))
        write_file(self._root / NAME, encode(manifest))
        sync(self._root)
        return manifest

    def _copy_store(self) -> _Held:
        path = self._root / STORE
        held = save_to_file(self._what.store, path, self._progress.tell, _look)
        path.chmod(0o600)
        sync(path)
        size = path.stat().st_size
        digest = digest_of(path, moved=self._progress.counting("octets of the store read back", size))
        self._files.append(BackedUpFile(STORE, size, digest))
        return held

    def _copy_journal(self, streams: list[StreamFiles], held: _Held) -> tuple[BackedUpStream, ...]:
        states = [StreamState(one.stream, 1, one.end, one.ended) for one in streams]
        verify_positions(held.positions, states, retired=held.retired)
        moved = self._progress.counting("octets of the journal", sum(sum(one.octets.values()) for one in streams))
        (self._root / JOURNAL).mkdir(mode=0o700)
        for one in streams:
            directory = self._root / JOURNAL / str(one.stream)
            directory.mkdir(mode=0o700)
            for path, octets in one.octets.items():
                self._copy(path, directory / path.name, octets=octets, moved=moved)
        return tuple(BackedUpStream(str(one.stream), one.marker.hex(), one.end) for one in streams)

    def _copy_settings(self) -> None:
        """The file as it is, and the files that it names and the collector reads: overrides of the calendar and rule packs."""
        settings, root = self._what.settings, self._root / SETTINGS
        root.mkdir(mode=0o700)
        if self._what.config is not None:
            self._copy(self._what.config, root / "collector.toml")
        if settings.sla.overrides is not None:
            self._copy(settings.sla.overrides, root / "overrides.yaml")
        if settings.rules.packs_dir is not None:
            (root / "packs").mkdir(mode=0o700)
            for pack in sorted(settings.rules.packs_dir.glob("*.yaml")):
                self._copy(pack, root / "packs" / pack.name)

    def _copy(
        self, source: Path, target: Path, *, octets: int | None = None, moved: Callable[[int], None] = lambda _: None
    ) -> None:
        digest = copy_file(source, target, octets=octets, moved=moved)
        self._files.append(BackedUpFile(target.relative_to(self._root).as_posix(), target.stat().st_size, digest))
