"""`serve` and `receive`: several roles under the supervisor. One role alone is in `roles`."""

import argparse
import os
import sys
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING

from collector.commands.options import Subparsers, add_allow_root, add_config, add_test_clock, clock_of, settings_of
from collector.commands.roles import run_one
from collector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collector.child import RoleSpec
    from collector.config import Role, Settings
    from collector.domain.clock import Clock
    from collector.sockets import BoundSocket
    from collector.supervisor import Supervisor


def add(subparsers: Subparsers) -> None:
    serve = subparsers.add_parser(
        "serve",
        help="run the whole collector on this machine",
        description="Bind all listeners and run all roles (snmp, smtp, process, hand-off, api) as supervised processes. "
        "SIGTERM stops them in order within 10 s; SIGHUP reloads. The store must be migrated first (collector migrate).",
    )
    serve.set_defaults(run=_serve)
    receive = subparsers.add_parser(
        "receive",
        help="run only the intake of traps and mails",
        description="Bind the SNMP and SMTP listeners and store what arrives in the journal. Needs no store: who may send is "
        "known from the file that `collector process` keeps in the same data_dir.",
    )
    receive.add_argument("--only", choices=["snmp", "smtp"], help="run this one in the present process, unsupervised")
    receive.add_argument("--receiver", metavar="NUMBER", type=int, default=0, help=argparse.SUPPRESS)
    receive.set_defaults(run=_receive)
    for parser in (serve, receive):
        parser.add_argument(
            "--user",
            metavar="NAME",
            help="started as root: bind the listeners, then become this user for good, before any role is started",
        )
        add_allow_root(parser)
        add_config(parser)
        add_test_clock(parser)


def _serve(args: argparse.Namespace) -> int:
    from collector.config import Role

    return _supervise(args, tuple(Role), name="supervisor")


def _receive(args: argparse.Namespace) -> int:
    from collector.config import Role

    if args.only:
        if args.user:
            raise ConfigurationError("--user: not with --only; without it, or with `collector serve`")
        return run_one(args, args.only, receiver=args.receiver)
    return _supervise(args, (Role.SNMP, Role.SMTP), name="receive")


def _supervise(args: argparse.Namespace, roles: "Sequence[Role]", *, name: str) -> int:
    """Bind, start, keep running, stop. Raise ConfigurationError before any role is started."""
    from collector import logs
    from collector.config import Role
    from collector.go_ahead import GoAheadPipe
    from collector.own_engine_file import environment_of, raise_boots
    from collector.privileges import require_unprivileged
    from collector.secret_keys import weaknesses_of_key_file
    from collector.supervisor import Supervisor
    from collector.systemd import ServiceNotifier

    if not args.user:
        require_unprivileged(root_allowed=args.allow_root)
    settings = settings_of(args)
    clock = clock_of(args, settings)
    logs.configure(level=settings.logs.level, form=settings.logs.format, role=name)
    with ExitStack() as undo:
        bound = _listen(args, settings, clock, roles, name=name, undo=undo)
        for weakness in weaknesses_of_key_file(settings):
            logs.Log(__name__).warning("the file of the key of the secrets is open to others", reason=weakness)
        specs = [_spec(role, bound, _options(args), receiver) for role in roles for receiver in settings.receivers_of(role)]
        go_ahead = GoAheadPipe()
        undo.callback(go_ahead.close)
        # without `process` nobody would say it, and nothing is compared
        told = go_ahead.environment() if Role.PROCESS in roles else {}
        if Role.SNMP in roles:
            # once for all receivers, and before any of them can answer
            told |= environment_of(raise_boots(settings, clock))
        supervisor = Supervisor(
            specs,
            clock,
            environment={**_child_environment(), **told},
            descriptors=go_ahead.descriptors,
            service=ServiceNotifier(os.environ),
        )
        _show_metrics(supervisor, settings, name, undo=undo)
        return supervisor.run()


def _listen(
    args: argparse.Namespace, settings: "Settings", clock: "Clock", roles: "Sequence[Role]", *, name: str, undo: ExitStack
) -> "list[BoundSocket]":
    """Be the only one and bind: all that may need privileges. On return this process has none that its roles could use, except
    when root started it with `--allow-root`."""
    from collector import logs, privileges
    from collector.config import Role
    from collector.run_lock import run_lock
    from collector.sockets import bind_all
    from collector.stop import StopFlag
    from receivers.snmp.udp import granted_buffer

    log = logs.Log(__name__)
    account = privileges.Account.named(args.user) if args.user else None
    with privileges.acting_as(account) if account else nullcontext():
        if account:
            settings_of(args)  # as the roles will read them
            privileges.require_usable(account, settings.data_dir)
        undo.enter_context(run_lock(settings, name, clock, stop=StopFlag()))
    bound = bind_all(settings, clock, roles=roles, environment=os.environ)
    for one in bound:
        undo.callback(one.socket.close)
        told = {"receive_buffer": granted_buffer(one.socket)} if one.role is Role.SNMP else {}
        log.info("listening", role=one.role.process_name(one.receiver), address=one.listener, **told)
    if account:
        privileges.become(account)
    elif os.geteuid():
        privileges.give_up_capabilities()
    else:
        log.warning("the roles run as root; --user gives that up once the listeners are bound")
    return bound


def _spec(role: "Role", bound: "Sequence[BoundSocket]", options: tuple[str, ...], receiver: int = 0) -> "RoleSpec":
    from collector.child import RoleSpec
    from collector.config import Role

    number = ("--receiver", str(receiver)) if receiver else ()
    command = ("receive", "--only", role.value, *number) if role in (Role.SNMP, Role.SMTP) else (role.value,)
    ranks = {Role.SNMP: 0, Role.SMTP: 0, Role.PROCESS: 1, Role.HAND_OFF: 2, Role.API: 3}
    return RoleSpec(
        name=role.process_name(receiver),
        command=(sys.executable, "-m", "collector", *command, *options),
        stop_rank=ranks[role],
        sockets=[one for one in bound if one.role is role and one.receiver == receiver],
    )


def _options(args: argparse.Namespace) -> tuple[str, ...]:
    """What the roles must be told too."""
    config = ("--config", str(args.config.absolute())) if args.config else ()
    test_clock = ("--test-clock", str(args.test_clock.absolute())) if args.test_clock else ()
    allow_root = ("--allow-root",) if args.allow_root else ()
    return (*config, *test_clock, *allow_root)


def _child_environment() -> dict[str, str]:
    """Ours without systemd's words, which are for this process alone."""
    from collector.systemd import VARIABLES

    return {name: value for name, value in os.environ.items() if name not in VARIABLES}


def _show_metrics(supervisor: "Supervisor", settings: "Settings", name: str, *, undo: ExitStack) -> None:
    from prometheus_client import CollectorRegistry, ProcessCollector

    from collector.config import ListenAddress
    from collector.metrics import register
    from collector.role_http import AddressFile, Readiness, RoleHttp

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    register(registry, supervisor)

    def check() -> Readiness:
        return Readiness(True) if supervisor.all_running() else Readiness(False, ("role_down",))

    http = RoleHttp(ListenAddress("127.0.0.1", 0), registry, check)
    undo.callback(http.close)
    undo.callback(AddressFile(settings.run_dir / f"{name}.addr", http.address).remove)
