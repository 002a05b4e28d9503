"""`process` keeps the receivers' snapshot as fresh as the store allows, in a thread of its own, so that long batches hold nothing
up."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from collector import snapshot
from collector.app.paths import snapshot as snapshot_file
from collector.app.paths import snapshot_beat
from collector.domain.errors import ConfigurationError, Unavailable
from collector.domain.registry import Source
from collector.logs import Log
from collector.metrics import Family, register
from collector.role import RoleContext
from collector.sealed_access import json_of
from collector.secrets import SecretBox
from collector.snapshot import SEALED_FOR, Identity
from collector.store.engine import Connection, Store
from collector.store.registry import Registry, load_registry, registry_version

_EVERY_SECONDS = 0.4
_STOP_SECONDS = 1.0
log = Log(__name__)


class SnapshotKeeper:
    """Asks the store every 0.4 s for the registry's version, writes the file when it changed or is not the one that was
    written last, and touches `beat`. While the store is away, its secrets cannot be opened or the disk refuses, the file stays as
    it is and nobody touches the beat."""

    def __init__(self, store: Store, file: Path, beat: Path, box: SecretBox) -> None:
        self._store = store
        self._file = file
        self._beat = beat
        self._box = box
        self._present: tuple[int, bytes] | None = None
        """The registry's version and what the file must hold. Nothing at first: the file may be of another store, such as the
        one from before a backup was restored, and each store numbers its versions for itself."""
        self._written: Identity | None = None
        self._refused: tuple[int, str] | None = None
        """The version of the registry whose secrets cannot be opened, and why: it is not tried again, the keys stay the same."""
        self._trouble: type[Exception] | None = None
        self._failures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)

    def start(self) -> None:
        """The snapshot is written on return, if it can be."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Without waiting for a store that does not answer: what the thread may still do harms nobody."""
        self._stop.set()
        self._thread.join(_STOP_SECONDS)

    def families(self) -> Iterable[Family]:
        what = "Times that the snapshot for the receivers could not be written."
        yield Family("collector_snapshot_write_failures", what, "counter", (), [((), self._failures)])

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            self.refresh()

    def refresh(self) -> None:
        """Once. Whatever goes wrong is tried again the next time."""
        try:
            self._write(self._read())
            self._beat.touch(mode=0o600)
        except Exception as error:  # noqa: BLE001 (a thread that ended here would leave new mailboxes unknown for ever)
            self._failures += isinstance(error, OSError)
            if type(error) is not self._trouble:
                _tell(error)
            self._trouble = type(error)
        else:
            self._trouble = None

    def _read(self) -> bytes:
        with self._store.read() as connection:
            version = registry_version(connection)
            if self._present is not None and self._present[0] == version:
                return self._present[1]
            registry = self._load(connection, version)
        body = _body_of(registry.version, registry.sources, self._box)
        self._present, self._written = (registry.version, body), None
        return body

    def _load(self, connection: Connection, version: int) -> Registry:
        if self._refused is not None and self._refused[0] == version:
            raise ConfigurationError(self._refused[1])
        try:
            return load_registry(connection, self._box)
        except ConfigurationError as error:
            self._refused = (version, str(error))
            raise

    def _write(self, body: bytes) -> None:
        """Also when somebody removed or damaged what was written."""
        if self._written is None or snapshot.identity(self._file) != self._written:
            snapshot.write(self._file, body)
            self._written = snapshot.identity(self._file)


def _body_of(version: int, sources: Iterable[Source], box: SecretBox) -> bytes:
    mailboxes = {source.mailbox.casefold() for source in sources if source.mailbox is not None}
    sealed = [json_of(source.snmp, box, SEALED_FOR) for source in sources if source.snmp is not None]
    return snapshot.body_of(version, mailboxes, sealed)


@contextmanager
def kept_snapshot(role: RoleContext) -> Iterator[None]:
    """The snapshot is written and kept fresh meanwhile. Raise ConfigurationError when there are no keys."""
    settings = role.settings
    box = SecretBox.of_settings(settings)
    with closing(Store(settings.store_url)) as store:
        keeper = SnapshotKeeper(store, snapshot_file(settings), snapshot_beat(settings), box)
        register(role.registry, keeper)
        keeper.start()
        try:
            yield
        finally:
            keeper.stop()


def _tell(error: Exception) -> None:
    if isinstance(error, Unavailable):
        return  # `process` itself says that the store is away
    if isinstance(error, ConfigurationError):
        log.error("the secrets in the store cannot be opened; the snapshot stays as it was", reason=str(error))
    else:
        log.error(
            "the snapshot cannot be written; the receivers go on with the last one", reason=f"{type(error).__name__}: {error}"
        )
