"""One child process of the supervisor: started, watched, ended with all it started itself. When to restart it is the
supervisor's decision."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from collector.sockets import BoundSocket, pass_down


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role to keep running. `command`: the whole command line. Roles with a lower `stop_rank` are stopped earlier."""

    name: str
    command: tuple[str, ...]
    stop_rank: int = 0
    sockets: Sequence[BoundSocket] = field(default=())


class Child:
    """A running process. It leads a process group, so that what it started can be ended with it, and a Ctrl-C in the terminal
    reaches the supervisor alone, which stops the roles in order."""

    def __init__(self, spec: RoleSpec, environment: Mapping[str, str], *, descriptors: Sequence[int] = ()) -> None:
        """Raise OSError when the process cannot be started."""
        told, sockets = pass_down(spec.sockets)
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            spec.command,
            env={**environment, **told},
            pass_fds=(*sockets, *descriptors),
            stdin=subprocess.DEVNULL,
            process_group=0,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> int | None:
        """The exit code (negative: the signal) once the process is dead, else None. Takes the dead one from the process table."""
        if self._process.returncode is None and self._is_dead():
            # while the dead process is still in the table, nobody else can have its group's number
            self._signal_group(signal.SIGKILL)
        return self._process.poll()

    def _is_dead(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, not to those that it started; nothing happens when it is dead."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the process and everything in its group."""
        if self._process.returncode is None:
            self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        # EPERM: only dead processes are left in the group
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
