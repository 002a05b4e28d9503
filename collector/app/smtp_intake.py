"""The SMTP intake role: the receiver with its journal lane and the snapshot of known mailboxes."""

from collector.app.intake import may_begin, receive
from collector.app.journal import open_journal
from collector.app.paths import process_wake, snapshot
from collector.app.refresh import SnapshotRefresher
from collector.app.room import Room
from collector.metrics import register
from collector.role import RoleContext
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.wake import Waker
from receivers.smtp.server import Limits, SmtpReceiver


def run_smtp(role: RoleContext) -> None:
    """Until stopped; what was answered with 250 by then is durable."""
    if not may_begin(role):
        return
    settings = role.settings
    journal = open_journal(settings, role.clock)
    writer = journal.open_writer("smtp-0")
    room = Room(settings.journal_dir, role.clock)
    waker = Waker(process_wake(settings))
    store = Store(settings.store_url)
    box = SecretBox.of_settings(settings)
    refresher = SnapshotRefresher(store, snapshot(settings), domains=settings.smtp.domains, box=box, clock=role.clock)
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
    register(role.registry, receiver, journal, room)
    refresher.start()
    receive(role, receiver, room)
    refresher.stop()
    writer.close()
    store.close()
    waker.close()
