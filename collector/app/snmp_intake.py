"""The SNMP intake role: the receiver with its two journal lanes, the own engine and the snapshot of known senders."""

import os

from collector.app.access_opening import AccessOpener
from collector.app.intake import may_begin, receive
from collector.app.journal import open_journal
from collector.app.left_lanes import end_left_lanes
from collector.app.paths import process_wake
from collector.app.room import Room
from collector.app.snapshot_following import SnapshotFollower, followed_snapshot
from collector.config.model import SnmpSettings
from collector.domain.limits import Limit
from collector.metrics import register
from collector.own_engine_file import own_engine
from collector.role import RoleContext
from collector.snapshot import SnapshotView
from collector.wake import Waker
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.server import SnmpReceiver
from receivers.snmp.shares import NetworkShares, shared_limit


def _limiter(settings: SnmpSettings, view: SnapshotView) -> PeerLimiter:
    address = Limit(settings.rate_limit, settings.burst)
    known = shared_limit(Limit(settings.customer_rate_limit, settings.customer_burst), address)
    shares = NetworkShares(view, known=known, strangers=address)
    return PeerLimiter(settings.rate_limit, settings.burst, exempt=settings.trusted_relays, shares=shares)


def run_snmp(role: RoleContext) -> None:
    """Until stopped; what was read by then is durable. Raise ConfigurationError when the keys of the secrets cannot be read."""
    if not may_begin(role):
        return
    with followed_snapshot(role.settings, role.clock, open_access=AccessOpener(role.settings)) as followed:
        _run(role, followed)


def _run(role: RoleContext, followed: SnapshotFollower) -> None:
    settings = role.settings
    journal = open_journal(settings, role.clock)
    if role.receiver == 0:
        end_left_lanes(journal, receivers=settings.snmp.receivers)
    lane = f"snmp-{role.receiver}"
    main, bulk = journal.open_writer(lane), journal.open_writer(f"{lane}-bulk")
    room = Room(settings.journal_dir, role.clock)
    waker = Waker(process_wake(settings))
    receiver = SnmpReceiver(
        [(bound.listener, bound.socket) for bound in role.sockets],
        main=main,
        bulk=bulk,
        limiter=_limiter(settings.snmp, followed.view),
        engine=own_engine(settings, role.clock, os.environ),
        view=followed.view,
        relays=settings.snmp.trusted_relays,
        clock=role.clock,
        wake=waker.wake,
        room=room.has,
        run_directory=settings.run_dir,
        name=role.name,
    )
    register(role.registry, receiver, journal, room, followed)
    receive(role, receiver, room)
    main.close()
    bulk.close()
    waker.close()
