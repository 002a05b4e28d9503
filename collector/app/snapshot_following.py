"""The receivers follow the snapshot that `process` writes, in a thread of their own. They never ask the store, nor load the
libraries for it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collector import snapshot
from collector.app.paths import snapshot as snapshot_file
from collector.app.paths import snapshot_beat
from collector.config import Settings
from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.snmp_access import SnmpAccess
from collector.logs import Log
from collector.metrics import Family
from collector.snapshot import FRESH_SECONDS, Identity, SnapshotView

_EVERY_SECONDS = 0.2
log = Log(__name__)


class SnapshotFollower:
    """Looks five times a second whether the file is another one. It is confirmed when `beat` was touched since the last look: the
    time of the last touch alone says nothing, since `process` may have ended since. Without `open_access` communities and users
    are left out."""

    def __init__(
        self,
        file: Path,
        beat: Path,
        *,
        domains: frozenset[str],
        clock: Clock,
        open_access: Callable[[str], SnmpAccess] | None = None,
    ) -> None:
        self.view = SnapshotView(clock)
        self._file = file
        self._beat = beat
        self._domains = domains
        self._clock = clock
        self._open_access = open_access
        self._read: Identity | None = None
        self._heard: Identity | None = None
        self._heard_ns = 0
        self._alone = False
        self._trouble: tuple[Identity | None, type[Exception]] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)

    def start(self) -> None:
        """What the file says is known on return."""
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """Look for the first time, when nothing can be confirmed yet."""
        self._heard_ns = self._clock.monotonic_ns()
        self._follow()
        self._heard = self._last_beat()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def families(self) -> Iterable[Family]:
        what = "Whether it was confirmed within five seconds that the store says what this receiver knows."
        yield Family("collector_snapshot_fresh", what, "gauge", (), [((), self.view.fresh())])

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        """Once. The beat is asked first: what is read after it is at least as new as it says."""
        beat = self._last_beat()
        readable = self._follow()
        known = self.view.current()
        if readable and known is not None and beat not in (None, self._heard):
            self.view.confirm(known)
            self._heard_ns = self._clock.monotonic_ns()
        self._heard = beat
        self._tell_alone()

    def _last_beat(self) -> Identity | None:
        try:
            return snapshot.identity(self._beat)
        except OSError:
            return None

    def _follow(self) -> bool:
        """Whether what is known is what the file says."""
        present: Identity | None = None
        try:
            present = snapshot.identity(self._file)
            if present is not None and present != self._read:
                self._load()
                self._read, self._trouble = present, None
        except Exception as error:  # noqa: BLE001 (a thread that ended here would leave new mailboxes unknown for ever)
            if (present, type(error)) != self._trouble:
                log.warning("the snapshot cannot be read; what was known before stays", reason=f"{type(error).__name__}: {error}")
            self._trouble = (present, type(error))
            return False
        return present is not None

    def _load(self) -> None:
        found = snapshot.load(self._file, domains=self._domains, open_access=self._open_access)
        # what is the same stays the same object: whoever made tables of it need not make them again
        if found is not None and found != self.view.current():
            self.view.know(found)

    def _tell_alone(self) -> None:
        """Once per absence."""
        alone = self._clock.monotonic_ns() - self._heard_ns >= FRESH_SECONDS * NS_PER_SECOND
        if alone and not self._alone:
            log.warning("nobody confirms the snapshot, process or the store is away; it is used alone", known=self._known())
        self._alone = alone

    def _known(self) -> str:
        known = self.view.current()
        return "nothing" if known is None else f"version {known.version}"


@contextmanager
def followed_snapshot(
    settings: Settings, clock: Clock, *, open_access: Callable[[str], SnmpAccess] | None = None
) -> Iterator[SnapshotFollower]:
    """What a receiver knows, followed meanwhile."""
    follower = SnapshotFollower(
        snapshot_file(settings),
        snapshot_beat(settings),
        domains=frozenset(settings.smtp.domains),
        clock=clock,
        open_access=open_access,
    )
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()
