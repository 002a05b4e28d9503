"""The commands that run one role in this process: `process`, `hand-off`, `api`, `receive --only`. `serve` starts them too."""

import argparse
from collections.abc import Callable

from collector.commands.options import Subparsers, add_allow_root, add_config, add_test_clock, clock_of, settings_of

_ROLES = {
    "process": "read the journal, decode, classify, fold into cases, fill the outbox",
    "hand-off": "deliver what is in the outbox to the ticketing backends",
    "api": "serve the API, the page and the merged metrics",
}


def add(subparsers: Subparsers) -> None:
    for name, what in _ROLES.items():
        parser = subparsers.add_parser(
            name,
            help=what,
            description=f"Run one role alone in this process: {what}. Stops at SIGTERM, reloads at SIGHUP.",
        )
        add_allow_root(parser)
        add_config(parser)
        add_test_clock(parser)
        parser.set_defaults(run=_run, role=name)


def _run(args: argparse.Namespace) -> int:
    return run_one(args, args.role)


def run_one(args: argparse.Namespace, name: str, *, receiver: int = 0) -> int:
    """Run the role of that name, or that receiver of it, until it is stopped. Raise ConfigurationError before it begins."""
    from collector.app import run_api, run_hand_off, run_process, run_smtp, run_snmp
    from collector.config import Role
    from collector.privileges import require_unprivileged
    from collector.role import RoleContext, run_role

    require_unprivileged(root_allowed=args.allow_root)

    work: dict[Role, Callable[[RoleContext], None]] = {
        Role.SNMP: run_snmp,
        Role.SMTP: run_smtp,
        Role.PROCESS: run_process,
        Role.HAND_OFF: run_hand_off,
        Role.API: run_api,
    }
    settings = settings_of(args)
    return run_role(Role(name), settings, clock_of(args, settings), work=work[Role(name)], receiver=receiver)
