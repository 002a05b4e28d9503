"""The SMTP intake role: the receiver with its journal lane and the snapshot of known mailboxes."""

from collector.app.intake import may_begin, receive
from collector.app.journal import open_journal
from collector.app.paths import process_wake
from collector.app.room import Room
from collector.app.snapshot_following import SnapshotFollower, followed_snapshot
from collector.metrics import register
from collector.role import RoleContext
from collector.wake import Waker
from receivers.smtp.server import Limits, SmtpReceiver


def run_smtp(role: RoleContext) -> None:
    """Until stopped; what was answered with 250 by then is durable."""
    if not may_begin(role):
        return
    with followed_snapshot(role.settings, role.clock) as followed:
        _run(role, followed)


def _run(role: RoleContext, followed: SnapshotFollower) -> None:
    settings = role.settings
    journal = open_journal(settings, role.clock)
    writer = journal.open_writer("smtp-0")
    room = Room(settings.journal_dir, role.clock)
    waker = Waker(process_wake(settings))
    receiver = SmtpReceiver(
        [(bound.listener, bound.socket) for bound in role.sockets],
        journal=writer,
        view=followed.view,
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
    register(role.registry, receiver, journal, room, followed)
    receive(role, receiver, room)
    writer.close()
    waker.close()
