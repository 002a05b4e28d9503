"""The composition root: each role is put together here from settings, clock and sockets, and nowhere else."""

from collector.role import RoleContext


def run_snmp(role: RoleContext) -> None:
    """Receive traps and informs until the role is stopped."""
    from collector.app.snmp_intake import run_snmp as run

    run(role)


def run_smtp(role: RoleContext) -> None:
    """Receive mails until the role is stopped."""
    from collector.app.smtp_intake import run_smtp as run

    run(role)


def run_process(role: RoleContext) -> None:
    """Turn the journal into cases until the role is stopped."""
    from collector.app.first_look import look_first
    from collector.app.snapshot_keeping import kept_snapshot

    if not look_first(role):
        return
    with kept_snapshot(role):
        role.go_ahead.give()
        from collector.app.process import run_process as run

        run(role)


def run_hand_off(role: RoleContext) -> None:
    """Deliver to the ticketing backends until the role is stopped."""
    from collector.app.hand_off import run_hand_off as run

    run(role)


def run_api(role: RoleContext) -> None:
    """Serve the API until the role is stopped."""
    from collector.app.web import run_api as run

    run(role)
