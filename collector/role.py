"""What every role process is before it does its own work: settings, clock, sockets, stop flag, metrics, readiness. What the
roles do is in `collector.app`."""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import FrameType

from prometheus_client import CollectorRegistry, ProcessCollector

from collector import lifeline, logs, rollcall
from collector.config import Role, Settings
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError
from collector.go_ahead import GoAhead
from collector.role_http import AddressFile, Readiness, ReadinessCheck, RoleHttp
from collector.run_lock import run_lock
from collector.sockets import LISTENING_ROLES, BoundSocket, bind_all, close_all, inherited
from collector.stop import StopFlag

log = logs.Log(__name__)


@dataclass(slots=True)
class RoleContext:
    """What `collector.app` gets to run a role. `sockets` are those of this process, `receiver` is its number among those of the
    role; `stop` is raised by SIGTERM and SIGINT."""

    role: Role
    settings: Settings
    clock: Clock
    sockets: list[BoundSocket]
    stop: StopFlag
    registry: CollectorRegistry
    readiness: ReadinessCheck
    go_ahead: GoAhead
    receiver: int = 0
    _reload: bool = False

    @property
    def name(self) -> str:
        """Of the process."""
        return self.role.process_name(self.receiver)

    def ready_when(self, check: ReadinessCheck) -> None:
        """From now on `/readyz` answers what `check` says. It is called from other threads. Before, the role is not ready."""
        self.readiness = check

    def reload_requested(self) -> bool:
        """Whether SIGHUP came since the last question."""
        requested, self._reload = self._reload, False
        return requested

    def request_reload(self) -> None:
        self._reload = True


def run_role(
    role: Role,
    settings: Settings,
    clock: Clock,
    *,
    work: Callable[[RoleContext], None],
    environment: Mapping[str, str] | None = None,
    receiver: int = 0,
) -> int:
    """Run one role, or one of its receivers, until it is stopped; return the exit code of the process. Raise ConfigurationError
    before any work begins."""
    environment = os.environ if environment is None else environment
    os.umask(0o077)
    logs.configure(level=settings.logs.level, form=settings.logs.format, role=role.process_name(receiver))
    with ExitStack() as undo:
        context = _context(role, settings, clock, environment, receiver=receiver, undo=undo)
        try:
            _prepare(context, environment, undo=undo)
        except OSError as error:
            log.error("role cannot be started", reason=error)
            return 1
        return _work(context, work)


def _prepare(context: RoleContext, environment: Mapping[str, str], *, undo: ExitStack) -> None:
    """All that stands around the work. Raise ConfigurationError, or OSError where trying again may help: a full disk."""
    name, settings = context.name, context.settings
    _obey_signals(context)
    lifeline.watch(environment)
    undo.enter_context(run_lock(settings, name, context.clock, stop=context.stop))
    context.sockets = _sockets(context, environment)
    undo.callback(close_all, context.sockets)
    http = RoleHttp(settings.metrics.of(context.role, context.receiver), context.registry, lambda: context.readiness())
    undo.callback(http.close)
    undo.callback(AddressFile(settings.address_file(name), http.address).remove)
    log.info("role started", pid=os.getpid(), listeners=_names(context.sockets), metrics=http.address)
    rollcall.answer(name, environment)


def _work(context: RoleContext, work: Callable[[RoleContext], None]) -> int:
    try:
        work(context)
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of the process: told once, then the supervisor starts it again
        log.error("role failed", cause=error)
        return 1
    log.info("role stopped")
    return 0


def _names(sockets: list[BoundSocket]) -> str:
    return ",".join(bound.listener for bound in sockets) or "none"


def _context(
    role: Role, settings: Settings, clock: Clock, environment: Mapping[str, str], *, receiver: int, undo: ExitStack
) -> RoleContext:
    stop = StopFlag()
    undo.callback(stop.close)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    starting = Readiness(False, ("starting",))
    return RoleContext(role, settings, clock, [], stop, registry, lambda: starting, GoAhead(environment), receiver)


def _obey_signals(context: RoleContext) -> None:
    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form that signal demands
        context.stop.set()

    def reload(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form that signal demands
        context.request_reload()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)


def _sockets(context: RoleContext, environment: Mapping[str, str]) -> list[BoundSocket]:
    passed = inherited(context.role, environment)
    if passed is not None:
        return passed
    if context.role not in LISTENING_ROLES:
        return []
    if len(context.settings.receivers_of(context.role)) > 1 or context.receiver:
        raise ConfigurationError("[snmp] receivers: several need a supervisor: `collector serve` or `collector receive`")
    return bind_all(context.settings, context.clock, roles=(context.role,), environment=environment)
