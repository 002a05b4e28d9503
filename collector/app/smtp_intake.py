"""The SMTP intake role: the receiver with its journal lane and the snapshot of known mailboxes."""

from typing import TYPE_CHECKING

from collector.app.intake import may_begin, receive
from collector.app.journal import open_journal
from collector.app.open_files import allow_connections
from collector.app.paths import process_wake
from collector.app.room import Room
from collector.app.smtp_tls import certificate_of, follow
from collector.app.snapshot_following import SnapshotFollower, followed_snapshot
from collector.config.model import SmtpSettings
from collector.metrics import register
from collector.role import RoleContext
from collector.wake import Waker
from receivers.smtp.server import Limits, SmtpReceiver

if TYPE_CHECKING:
    from receivers.smtp.certificate import Certificate


def _limits(smtp: SmtpSettings) -> Limits:
    return Limits(
        size=smtp.size_limit,
        recipients=smtp.max_recipients,
        errors=smtp.max_errors,
        connections=smtp.max_connections,
        connections_per_peer=smtp.max_connections_per_peer,
        idle_seconds=smtp.idle_seconds,
        mail_seconds=smtp.mail_seconds,
        relays=smtp.trusted_relays,
    )


def run_smtp(role: RoleContext) -> None:
    """Until stopped; what was answered with 250 by then is durable. Raise ConfigurationError when the certificate is no good."""
    certificate = certificate_of(role.settings)
    if not may_begin(role):
        return
    with followed_snapshot(role.settings, role.clock) as followed:
        _run(role, followed, certificate)


def _run(role: RoleContext, followed: SnapshotFollower, certificate: "Certificate | None") -> None:
    settings = role.settings
    allow_connections(settings.smtp.max_connections)
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
        limits=_limits(settings.smtp),
        tls_sockets=[(bound.listener, bound.socket) for bound in role.sockets if bound.tls],
        tls=None if certificate is None else lambda: certificate.context,
        tls_required=settings.smtp.tls_required,
    )
    register(role.registry, receiver, journal, room, followed, *([certificate] if certificate else []))
    receive(role, receiver, room, meanwhile=lambda: follow(role, certificate))
    writer.close()
    waker.close()
