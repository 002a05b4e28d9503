"""The intake roles: a receiver, its journal lanes and what it may know. They need nothing but their disk."""

from collector.app.paths import process_wake, snapshot
from collector.app.refresh import SnapshotRefresher
from collector.app.room import Room
from collector.journal.streams import Journal
from collector.logs import Log
from collector.metrics import register
from collector.role import RoleContext
from collector.role_http import Readiness
from collector.store.engine import Store
from collector.wake import Waker
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.server import SnmpReceiver

_CHECK_SECONDS = 1.0
log = Log(__name__)


def _journal(role: RoleContext) -> Journal:
    return Journal(role.settings.journal_dir, clock=role.clock, segment_bytes=role.settings.journal.segment_bytes)


def run_snmp(role: RoleContext) -> None:
    """Until stopped; what was read by then is durable."""
    settings = role.settings
    journal = _journal(role)
    main, bulk = journal.open_writer("snmp-0"), journal.open_writer("snmp-0-bulk")
    room = Room(settings.journal_dir, role.clock)
    waker = Waker(process_wake(settings))
    receiver = SnmpReceiver(
        [(bound.listener, bound.socket) for bound in role.sockets],
        main=main,
        bulk=bulk,
        limiter=PeerLimiter(settings.snmp.rate_limit, settings.snmp.burst, exempt=settings.snmp.trusted_relays),
        clock=role.clock,
        wake=waker.wake,
        room=room.has,
        run_directory=settings.run_dir,
        receive_buffer=settings.snmp.receive_buffer,
    )
    register(role.registry, receiver, journal)
    receiver.start()
    role.ready_when(lambda: _intake_readiness(room, receiver))
    while not role.stop.wait(_CHECK_SECONDS):
        if receiver.failure is not None:
            raise receiver.failure
    receiver.stop()
    main.close()
    bulk.close()
    waker.close()


def _intake_readiness(room: Room, receiver: SnmpReceiver) -> Readiness:
    if receiver.failure is not None:
        return Readiness(ready=False, reasons=("receiver_failed",))
    return Readiness(ready=True) if room.has() else Readiness(ready=False, reasons=("disk_short",))
