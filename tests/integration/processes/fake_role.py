"""A role for the supervisor's tests, run as a program: notes what happens to it. Arguments: name, notes file, behaviour."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from collector import lifeline, rollcall
from collector.config import Role
from collector.sockets import inherited
from collector.stop import StopFlag

name, notes, behaviour = sys.argv[1], Path(sys.argv[2]), sys.argv[3]


def note(what: str) -> None:
    with notes.open("a", encoding="ascii") as file:
        file.write(f"{name} {what}\n")


stop = StopFlag()
signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "deaf" else lambda *_: stop.set())
signal.signal(signal.SIGHUP, lambda *_: note("hangup"))
lifeline.watch(os.environ, grace_seconds=0.2)
if behaviour == "forking":
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    note(f"forked {child.pid}")
if behaviour == "orphaning":
    orphan = subprocess.run(["sh", "-c", "sh -c 'exit 0' & echo $!"], capture_output=True, text=True, check=True)
    note(f"orphan {orphan.stdout.strip()}")
note(f"started {os.getpid()}")
if behaviour == "once-then-78":
    again = notes.read_text(encoding="ascii").count(f"{name} started") > 1
    note("refuses" if again else "works")
    sys.exit(78 if again else 1)
if behaviour == "once-then-begins" and notes.read_text(encoding="ascii").count(f"{name} started") == 1:
    sys.exit(1)
if behaviour != "unbegun":
    rollcall.answer(name, os.environ)
if behaviour.startswith("exit"):
    sys.exit(int(behaviour.removeprefix("exit")))
if behaviour == "receiving":
    (bound,) = inherited(Role.SNMP, os.environ) or []
    bound.socket.settimeout(0.1)
    while not stop.is_set():
        try:
            note("got " + bound.socket.recv(100).decode())
        except TimeoutError:
            continue
stop.wait()
note("stopped")
