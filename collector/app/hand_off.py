"""The hand-off role. It holds its place in the supervisor's order; deliveries come with the outbox."""

from collector.role import RoleContext
from collector.role_http import Readiness


def run_hand_off(role: RoleContext) -> None:
    """Wait for the stop: there is no destination yet that something could be delivered to."""
    role.ready_when(lambda: Readiness(ready=True))
    role.stop.wait()
