"""A role process with work of its own instead of the product's, run as a program by the tests of the frame."""

import os
import sys

from collector.config import Role, load
from collector.domain.clock import SystemClock
from collector.domain.errors import CollectorError, ConfigurationError
from collector.metrics import Family, register
from collector.role import RoleContext, run_role
from collector.role_http import Readiness


class Counting:
    def families(self) -> list[Family]:
        return [Family("collector_test", "A test.", "counter", ("kind",), [(("a",), 3)])]


def work(role: RoleContext) -> None:
    if sys.argv[2] == "fail":
        raise RuntimeError("the work failed")
    if sys.argv[2] == "refuse":
        raise ConfigurationError("the work refuses")
    register(role.registry, Counting())
    print(role.sockets[0].listener if role.sockets else "none", flush=True)
    ready = False
    role.ready_when(lambda: Readiness(True) if ready else Readiness(False, ("catching_up",)))
    while not role.stop.wait(0.01):
        ready = ready or role.reload_requested()


try:
    code = run_role(Role(sys.argv[1]), load(None, os.environ), SystemClock(), work=work)
except CollectorError as error:
    print(error, file=sys.stderr)
    code = 78
sys.exit(code)
