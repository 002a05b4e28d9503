"""The SNMP intake role: the receiver with its two journal lanes."""

from collector.app.intake import may_begin, receive
from collector.app.journal import open_journal
from collector.app.paths import process_wake
from collector.app.room import Room
from collector.metrics import register
from collector.role import RoleContext
from collector.wake import Waker
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.server import SnmpReceiver


def run_snmp(role: RoleContext) -> None:
    """Until stopped; what was read by then is durable."""
    if not may_begin(role):
        return
    settings = role.settings
    journal = open_journal(settings, role.clock)
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
    register(role.registry, receiver, journal, room)
    receive(role, receiver, room)
    main.close()
    bulk.close()
    waker.close()
