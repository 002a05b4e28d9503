"""The intake roles: a receiver, its journal lanes and what it may know. They need nothing but their disk."""

from typing import Protocol

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
from receivers.smtp.server import Limits, SmtpReceiver
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
    _receive(role, receiver, room)
    main.close()
    bulk.close()
    waker.close()


def run_smtp(role: RoleContext) -> None:
    """Until stopped; what was answered with 250 by then is durable."""
    settings = role.settings
    journal = _journal(role)
    writer = journal.open_writer("smtp-0")
    room = Room(settings.journal_dir, role.clock)
    waker = Waker(process_wake(settings))
    store = Store(settings.store_url)
    refresher = SnapshotRefresher(store, snapshot(settings), domains=settings.smtp.domains, clock=role.clock)
    receiver = SmtpReceiver(
        [(bound.listener, bound.socket) for bound in role.sockets],
        journal=writer,
        view=refresher.view,
        clock=role.clock,
        wake=waker.wake,
        room=room.has,
        hostname=settings.smtp.greeting_name,
        limits=Limits(
            size=settings.smtp.size_limit,
            connections=settings.smtp.max_connections,
            connections_per_peer=settings.smtp.max_connections_per_peer,
        ),
    )
    register(role.registry, receiver, journal)
    refresher.start()
    _receive(role, receiver, room)
    refresher.stop()
    writer.close()
    store.close()
    waker.close()


class Receiver(Protocol):
    """What both receivers are to their process."""

    @property
    def failure(self) -> Exception | None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def _receive(role: RoleContext, receiver: Receiver, room: Room) -> None:
    receiver.start()
    role.ready_when(lambda: _readiness(room, receiver))
    while not role.stop.wait(_CHECK_SECONDS):
        if receiver.failure is not None:
            raise receiver.failure
    receiver.stop()


def _readiness(room: Room, receiver: Receiver) -> Readiness:
    if receiver.failure is not None:
        return Readiness(ready=False, reasons=("receiver_failed",))
    return Readiness(ready=True) if room.has() else Readiness(ready=False, reasons=("disk_short",))
