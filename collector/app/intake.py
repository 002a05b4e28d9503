"""What both intake roles share: a receiver runs until its role is stopped or it fails. They need nothing but their disk."""

from collections.abc import Callable
from typing import Protocol

from collector.app.memory import settle_down
from collector.app.room import Room
from collector.logs import Log
from collector.role import RoleContext
from collector.role_http import Readiness

_CHECK_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0
"""For the word of `process`: meanwhile traps wait in the kernel, whose buffer may be small."""
_log = Log(__name__)


class Receiver(Protocol):
    """What both receivers are to their process."""

    @property
    def failure(self) -> Exception | None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def may_begin(role: RoleContext) -> bool:
    """Wait until it is known that store and journal belong together, or that this cannot be known now. False when the role is
    stopped meanwhile: what it acknowledged would be lost with the journal that is in its place by mistake."""
    if not role.go_ahead.wait(role.stop, _PATIENCE_SECONDS) and not role.stop.is_set():
        _log.warning("process does not say whether store and journal belong together; the intake begins")
    return not role.stop.is_set()


def receive(role: RoleContext, receiver: Receiver, room: Room, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Run it until the role is stopped, `meanwhile` once a second. Raise what ended it before: the process ends and is started
    again."""
    settle_down()
    receiver.start()
    role.ready_when(lambda: _readiness(room, receiver))
    while not role.stop.wait(_CHECK_SECONDS):
        if receiver.failure is not None:
            raise receiver.failure
        meanwhile()
    receiver.stop()


def _readiness(room: Room, receiver: Receiver) -> Readiness:
    if receiver.failure is not None:
        return Readiness(ready=False, reasons=("receiver_failed",))
    return Readiness(ready=True) if room.has() else Readiness(ready=False, reasons=("disk_short",))
