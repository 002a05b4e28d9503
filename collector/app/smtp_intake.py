"""The SMTP intake role: the receiver with its journal lane and the snapshot of known mailboxes."""

from collector.app.intake import may_begin, receive
from collector.app.journal import open_journal
from collector.app.paths import process_wake
from collector.app.room import Room
from collector.app.smtp_tls import certificate_of, follow
from collector.app.snapshot_following import SnapshotFollower, followed_snapshot
from collector.metrics import register
from collector.role import RoleContext
from collector.wake import Waker
from receivers.smtp.certificate import Certificate
from receivers.smtp.server import Limits, SmtpReceiver


def run_smtp(role: RoleContext) -> None:
    """Until stopped; what was answered with 250 by then is durable. Raise ConfigurationError when the certificate is no good."""
    certificate = certificate_of(role)
    if not may_begin(role):
        return
    with followed_snapshot(role.settings, role.clock) as followed:
        _run(role, followed, certificate)


def _run(role: RoleContext, followed: SnapshotFollower, certificate: Certificate | None) -> None:
    settings = role.settings
    journal = open_journal(settings, role.clock)
    writer = journal.open_writer("smtp-0")
    room = Room(settings.journal_dir, role.clock)
    waker = Waker(process_wake(settings))
    receiver = SmtpReceiver(
        [(bound.listener, bound.socket) for bound in role.sockets if not bound.tls],
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
        tls_sockets=[(bound.listener, bound.socket) for bound in role.sockets if bound.tls],
        tls=None if certificate is None else lambda: certificate.context,
        tls_required=settings.smtp.tls_required,
    )
    register(role.registry, receiver, journal, room, followed, *([certificate] if certificate else []))
    receive(role, receiver, room, meanwhile=lambda: follow(role, certificate))
    writer.close()
    waker.close()
