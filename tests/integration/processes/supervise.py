"""Runs a supervisor as a program, for tests that kill it. Argument: JSON: notes file, roles [name, behaviour, rank], times."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from collector import logs
from collector.child import RoleSpec
from collector.config import Role, Settings
from collector.domain.clock import SystemClock
from collector.sockets import bind_all
from collector.supervisor import Supervisor
from collector.systemd import ServiceNotifier

plan = json.loads(sys.argv[1])
logs.configure(level="info", form="json", role="supervisor")
settings = Settings.model_validate({"snmp": {"listen": "127.0.0.1:0"}})
bound = bind_all(settings, SystemClock(), roles=[Role.SNMP])
roles = [
    RoleSpec(
        name=name,
        command=(sys.executable, str(Path(__file__).with_name("fake_role.py")), name, plan["notes"], behaviour),
        stop_rank=rank,
        sockets=bound if behaviour == "receiving" else (),
    )
    for name, behaviour, rank in plan["roles"]
]
print(bound[0].listener, flush=True)
supervisor = Supervisor(
    roles,
    SystemClock(),
    environment=os.environ,
    stop_time=timedelta(seconds=plan["stop_seconds"]),
    begin_time=timedelta(seconds=plan["begin_seconds"]),
    service=ServiceNotifier(os.environ),
)
code = supervisor.run()
print(json.dumps({family.name: [sample[1] for sample in family.samples] for family in supervisor.families()}), flush=True)
sys.exit(code)
