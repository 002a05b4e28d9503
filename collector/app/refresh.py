"""Keeps a receiver's snapshot as fresh as the store allows, in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from collector import snapshot
from collector.app.paths import snapshot as snapshot_file
from collector.app.sealing import intake_box
from collector.config import Settings
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError
from collector.logs import Log
from collector.secrets import SecretBox
from collector.snapshot import Snapshot, SnapshotView
from collector.store.engine import Store
from collector.store.registry import Registry, load_registry, registry_version

_EVERY_SECONDS = 0.5
_STOP_SECONDS = 1.0
log = Log(__name__)


class SnapshotRefresher:
    """Asks the store twice a second for the registry's version and writes the local file when it changed. While the store is away
    the last snapshot stays, and is no longer fresh after five seconds."""

    def __init__(self, store: Store, path: Path, *, domains: tuple[str, ...], box: SecretBox, clock: Clock) -> None:
        self._store = store
        self._box = box
        self._path = path
        self._domains = frozenset(domains)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
        self.view = SnapshotView(clock, _last(path, box))
        self._trouble: Exception | None = None
        """Why the last question had no answer."""
        self._asked = False

    def start(self) -> None:
        """Raise ConfigurationError when the store is there and its secrets cannot be opened: its communities and users would be
        strangers."""
        self.refresh()
        if isinstance(self._trouble, ConfigurationError):
            raise self._trouble
        self._thread.start()

    def stop(self) -> None:
        """Without waiting for a store that does not answer: what the thread may still do harms nobody."""
        self._stop.set()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            self.refresh()

    def refresh(self) -> None:
        """Once. The store being away is no error here."""
        try:
            present = self._read()
        except Exception as error:  # noqa: BLE001 (a thread that ended here would leave new mailboxes unknown for ever)
            if type(error) is not type(self._trouble):
                _tell(error)
            self._trouble = error
            return
        self._trouble = None
        known = self.view.current()
        if known != present or not self._asked:  # the first time also what an older key sealed
            # A full disk must not keep a receiver from what it knows in memory.
            with suppress(OSError):
                snapshot.save(self._path, present, self._box)
        self.view.confirm(present)
        self._asked = True

    def _read(self) -> Snapshot:
        """All of it the first time: the file may be of another store, such as the one from before a backup was restored, and each
        store numbers its versions for itself."""
        known = self.view.current() if self._asked else None
        with self._store.read() as connection:
            version = registry_version(connection)
            if known is not None and known.version == version:
                return known
            return self._snapshot(load_registry(connection, self._box))

    def _snapshot(self, registry: Registry) -> Snapshot:
        mailboxes = frozenset(source.mailbox.casefold() for source in registry.sources if source.mailbox is not None)
        accesses = tuple(source.snmp for source in registry.sources if source.snmp is not None)
        return Snapshot(registry.version, mailboxes, self._domains, accesses)


@contextmanager
def refreshed_view(settings: Settings, clock: Clock) -> Iterator[SnapshotView]:
    """What a receiver knows, kept fresh meanwhile. Raise ConfigurationError when secrets cannot be opened."""
    store = Store(settings.store_url)
    try:
        box = intake_box(settings, store)
        refresher = SnapshotRefresher(store, snapshot_file(settings), domains=settings.smtp.domains, box=box, clock=clock)
        refresher.start()
        yield refresher.view
        refresher.stop()
    finally:
        store.close()


def _tell(error: Exception) -> None:
    if isinstance(error, ConfigurationError):
        log.error("the secrets in the store cannot be opened; the snapshot is used alone", reason=str(error))
    else:
        log.warning("the store is away; the snapshot is used alone", reason=f"{type(error).__name__}: {error}")


def _last(path: Path, box: SecretBox) -> Snapshot | None:
    """What was written last. A file that is damaged or sealed with another key is as good as none: until the store was asked,
    unknown mailboxes get 451."""
    try:
        return snapshot.load(path, box)
    except ConfigurationError as error:
        log.warning("the snapshot cannot be read; it is written again", reason=str(error))
        return None
