"""Bringing a backup back into an installation that has nothing yet. Everything is checked and laid down under other names first;
the last step gives store and journal their names."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector.backup.files import copy_file, digest_of, sync
from collector.backup.keys import RestoredKeys, key_in_place, keys_for, seal_restored
from collector.backup.manifest import JOURNAL, STORE, BackedUpStream, Manifest, read_manifest
from collector.backup.progress import Progress
from collector.config import Settings
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError, Unavailable
from collector.domain.ids import StreamName
from collector.journal.copying import lay_down
from collector.journal.disk import sync_directory
from collector.store.copying import copy_tables, is_empty
from collector.store.engine import Store
from collector.store.migrate import migrate
from collector.store.restoring import begin_again, skip_message_ids
from collector.store.schema import SCHEMA_VERSION
from collector.store.sealing import Lost

_LOCKS = (".lock", ".keep")
"""What a journal leaves in its directory that is no stream."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a restore works, and what becomes of it."""

    store: Path
    journal: Path
    final_journal: Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """`store_only`: the store alone, beside a journal that is still there. `forget_secrets`: without what no key opens."""

    store_only: bool = False
    forget_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """`lost` is what was left out because no key opens it."""

    manifest: Manifest
    lost: Lost


def restore(backup: Path, settings: Settings, wanted: Wanted, *, clock: Clock, say: Callable[[str], None]) -> Restored:
    """Bring back store and journal, and the key of the secrets where there is none. Nobody may use the installation meanwhile.
    Nothing is overwritten, and a restore that fails leaves nothing.

    Raise ConfigurationError when the backup does not fit or something is there already, Unavailable when store or disk fail.
    """
    manifest, store_only = read_manifest(backup), wanted.store_only
    _require_fit(manifest, settings, backup, store_only=store_only)
    store = Store(settings.store_url)
    try:
        _require_empty(store, settings, store_only=store_only)
        places = _Places(_beside(store, settings), settings.data_dir / "journal.restoring", settings.journal_dir)
        with _cleared(places):
            progress = Progress(clock, say)
            _check(manifest, backup, progress, store_only=store_only)
            keys = keys_for(manifest, backup, settings)
            lost = _prepare_store(backup / STORE, places.store, progress, wanted, keys)
            if not store_only:
                _prepare_journal(manifest, backup, places.journal, progress)
            with key_in_place(keys):
                _finish(store, places, progress, store_only=store_only)
    finally:
        store.close()
    return Restored(manifest, lost)


def _require_fit(manifest: Manifest, settings: Settings, backup: Path, *, store_only: bool) -> None:
    if manifest.schema > SCHEMA_VERSION:
        raise ConfigurationError(
            f"{backup}: its store is at version {manifest.schema}, this program knows up to {SCHEMA_VERSION}: use the program "
            f"that made the backup ({manifest.program}), or a newer one"
        )
    if manifest.site != settings.site:
        raise ConfigurationError(
            f"{backup}: is of the site {manifest.site}, but the settings say {settings.site}: keys of cases would change"
        )
    if manifest.streams is None and not store_only:
        raise ConfigurationError(
            f"{backup}: holds no journal; restore it beside the journal that it belongs to, with --store-only"
        )


def _require_empty(store: Store, settings: Settings, *, store_only: bool) -> None:
    if not is_empty(store):
        raise ConfigurationError("the store is not empty; a backup is restored into an empty one, nothing is overwritten")
    if not store_only and _foreign(settings.journal_dir):
        raise ConfigurationError(
            f"{settings.journal_dir}: the journal is not empty; move it away first, or restore the store alone beside it with "
            "--store-only when it belongs to this backup"
        )


def _foreign(journal: Path) -> list[str]:
    return [path.name for path in journal.iterdir() if path.name not in _LOCKS] if journal.exists() else []


def _beside(store: Store, settings: Settings) -> Path:
    """The working copy: where the store itself is a file, on the same disk, so that it only gets another name at the end."""
    file = store.file
    return settings.data_dir / "store.restoring" if file is None else file.with_name(f"{file.name}.restoring")


@contextmanager
def _cleared(places: _Places) -> Iterator[None]:
    """Nothing of an attempt before this one, and afterwards nothing of this one, is in the working places."""
    try:
        _clear(places)
        try:
            yield
        finally:
            _clear(places)
    except OSError as error:
        raise Unavailable(f"the backup cannot be restored: {error.strerror}: {error.filename or places.store}") from error


def _clear(places: _Places) -> None:
    _remove_store(places.store)
    if places.journal.exists():
        shutil.rmtree(places.journal)


def _remove_store(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _check(manifest: Manifest, backup: Path, progress: Progress, *, store_only: bool) -> None:
    """Every file is the one that was written. Of the journal nothing is asked when only the store is wanted."""
    wanted = [file for file in manifest.files if not (store_only and file.path.startswith(f"{JOURNAL}/"))]
    if STORE not in {file.path for file in wanted}:
        raise ConfigurationError(f"{backup}: its manifest names no {STORE}")
    moved = progress.counting("octets of the backup checked", sum(file.size for file in wanted))
    for file in wanted:
        path = backup / file.path
        try:
            good = path.stat().st_size == file.size and digest_of(path, moved=moved) == file.sha256
        except FileNotFoundError:
            good = False
        if not good:
            raise ConfigurationError(f"{path}: is not the file that was backed up (size or SHA-256 differ); nothing was restored")


def _prepare_store(source: Path, path: Path, progress: Progress, wanted: Wanted, keys: RestoredKeys) -> Lost:
    """The copy is brought to this program's schema, to what must be different after a restore, and sealed with the key of this
    place."""
    copy_file(source, path, moved=progress.counting("octets of the store", source.stat().st_size))
    with _opened(path) as store:
        migrate(store)
        with store.write() as connection:
            begin_again(connection)
            if not wanted.store_only:
                skip_message_ids(connection)
        lost = seal_restored(store, keys, forget=wanted.forget_secrets)
    sync(path)
    return lost


def _prepare_journal(manifest: Manifest, backup: Path, root: Path, progress: Progress) -> None:
    files = {file.path: file.size for file in manifest.files if file.path.startswith(f"{JOURNAL}/")}
    moved = progress.counting("octets of the journal", sum(files.values()))
    root.mkdir(mode=0o700)
    for one in manifest.streams or ():
        _prepare_stream(one, backup, files, root, moved)
    sync_directory(root)


def _prepare_stream(one: BackedUpStream, backup: Path, files: dict[str, int], root: Path, moved: Callable[[int], None]) -> None:
    directory = lay_down(root, StreamName.parse(one.name), bytes.fromhex(one.marker), end=one.end)
    for path in files:
        if path.startswith(f"{JOURNAL}/{one.name}/"):
            copy_file(backup / path, directory / Path(path).name, moved=moved)
    sync_directory(directory)


def _finish(store: Store, places: _Places, progress: Progress, *, store_only: bool) -> None:
    """Store and journal become visible together, as far as two things can. Where the store is a file it comes first: one without
    its journal stops the start, but a journal without its store would be processed into an empty one."""
    file = store.file
    with _back_if_it_fails(places) as put_journal:
        if file is None:
            migrate(store)
            with _opened(places.store) as source, source.read() as reading, store.write() as writing:
                copy_tables(reading, writing, progress.tell)
                if not store_only:
                    put_journal()
            return
        store.close()
        _remove_store(file)
        places.store.rename(file)
        try:
            sync_directory(file.parent)
            if not store_only:
                put_journal()
        except BaseException:
            file.rename(places.store)
            raise


@contextmanager
def _opened(file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{file}")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _back_if_it_fails(places: _Places) -> Iterator[Callable[[], None]]:
    """What gives the journal its name; it loses it again when the store does not get its own."""
    done = False

    def put() -> None:
        nonlocal done
        for name in _LOCKS:
            (places.final_journal / name).unlink(missing_ok=True)
        places.journal.rename(places.final_journal)  # over an empty directory, or none
        done = True
        sync_directory(places.final_journal.parent)

    try:
        yield put
    except BaseException:
        if done:
            places.final_journal.rename(places.journal)
        raise
