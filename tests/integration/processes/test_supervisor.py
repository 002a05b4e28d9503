"""The supervisor with real child processes: restarts, order of stopping, and nobody left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

Until = Callable[[Callable[[], object], str], None]
ROOT = Path(__file__).parents[3]


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def in_process_table(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class Supervised:
    """A supervisor program and what its roles noted."""

    def __init__(
        self,
        notes: Path,
        roles: list[tuple[str, str, int]],
        *,
        stop_seconds: float,
        begin_seconds: float,
        wrapper: tuple[str, ...],
        environment: dict[str, str],
    ) -> None:
        self.notes_file = notes
        notes.touch()
        plan = json.dumps({"notes": str(notes), "roles": roles, "stop_seconds": stop_seconds, "begin_seconds": begin_seconds})
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, str(Path(__file__).with_name("supervise.py")), plan],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def notes(self, name: str = "") -> list[str]:
        return [line for line in self.notes_file.read_text(encoding="ascii").splitlines() if line.startswith(name)]

    def pids(self, name: str, what: str = "started") -> list[int]:
        return [int(match[1]) for line in self.notes(name) if (match := re.fullmatch(rf"{name} {what} (\d+)", line))]

    def address(self) -> tuple[str, int]:
        assert self.process.stdout is not None
        host, _, port = self.process.stdout.readline().strip().rpartition(":")
        return host, int(port)

    def stop(self) -> tuple[int, dict[str, list[float]]]:
        """SIGTERM; return the exit code and the counters."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=30)
        return self.process.returncode, json.loads(out.splitlines()[-1])

    def destroy(self) -> None:
        self.process.kill()
        self.process.communicate()
        for line in self.notes():
            if match := re.search(r"(?:started|forked) (\d+)", line):
                with suppress(ProcessLookupError):
                    os.kill(int(match[1]), signal.SIGKILL)


Start = Callable[..., Supervised]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Start]:
    running: list[Supervised] = []

    def start(*roles: tuple[str, str, int], environment: dict[str, str] | None = None, **options: Any) -> Supervised:
        defaults: dict[str, Any] = {"stop_seconds": 9, "begin_seconds": 60, "wrapper": (), "environment": environment or {}}
        running.append(Supervised(tmp_path / "notes", list(roles), **defaults | options))
        return running[-1]

    yield start
    for one in running:
        one.destroy()


def test_a_killed_role_is_started_again_and_counted_and_the_others_go_on(supervise: Start, until: Until) -> None:
    run = supervise(("a", "obedient", 0), ("b", "obedient", 0))
    until(lambda: run.pids("a") and run.pids("b"), "both start")
    os.kill(run.pids("a")[0], signal.SIGKILL)
    until(lambda: len(run.pids("a")) == 2, "a starts again")
    assert not in_process_table(run.pids("a")[0])
    assert len(run.pids("b")) == 1
    assert run.stop() == (0, {"collector_role_restarts": [1, 0], "collector_role_running": [0, 0]})


def test_a_role_that_ends_by_itself_is_started_again_whatever_its_exit_code(supervise: Start, until: Until) -> None:
    run = supervise(("good", "exit0", 0), ("bad", "exit1", 0))
    until(lambda: len(run.pids("good")) >= 3 and len(run.pids("bad")) >= 3, "both start three times")
    assert run.stop()[0] == 0


def test_what_waits_in_the_kernel_outlives_a_killed_receiver(supervise: Start, until: Until) -> None:
    run = supervise(("snmp", "receiving", 0))
    address = run.address()
    until(lambda: run.pids("snmp"), "the receiver starts")
    os.kill(run.pids("snmp")[0], signal.SIGSTOP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(50):
            sender.sendto(str(number).encode(), address)
    os.kill(run.pids("snmp")[0], signal.SIGKILL)
    until(lambda: len(run.notes("snmp got")) >= 50, "the next receiver reads all")
    assert run.notes("snmp got") == [f"snmp got {number}" for number in range(50)]


def test_a_role_that_refuses_its_configuration_stops_everything_with_its_code(supervise: Start, until: Until) -> None:
    run = supervise(("a", "obedient", 0), ("b", "exit78", 0))
    assert run.process.wait(timeout=30) == 78
    until(lambda: not any(map(alive, run.pids("a"))), "a is gone")


def test_roles_are_stopped_rank_by_rank(supervise: Start, until: Until) -> None:
    names = ("api", "hand-off", "process", "smtp")
    run = supervise(*((name, "obedient", rank) for name, rank in zip(names, (3, 2, 1, 0), strict=True)))
    until(lambda: all(run.pids(name) for name in names), "all start")
    run.stop()
    assert [line for line in run.notes() if line.endswith("stopped")] == [f"{name} stopped" for name in reversed(names)]


def test_a_role_that_does_not_stop_in_its_time_is_killed_and_the_next_rank_still_stops_in_peace(
    supervise: Start, until: Until
) -> None:
    run = supervise(("deaf", "deaf", 0), ("api", "obedient", 1), stop_seconds=1)
    until(lambda: run.pids("deaf") and run.pids("api"), "both start")
    assert run.stop()[0] == 0
    assert not in_process_table(run.pids("deaf")[0])
    assert run.notes("api")[-1] == "api stopped"


def test_a_hangup_reaches_every_role_and_stops_none(supervise: Start, until: Until) -> None:
    run = supervise(("a", "obedient", 0), ("b", "obedient", 0))
    until(lambda: run.pids("a") and run.pids("b"), "both start")
    run.process.send_signal(signal.SIGHUP)
    until(lambda: {"a hangup", "b hangup"} <= set(run.notes()), "both hear it")
    assert run.stop()[1]["collector_role_restarts"] == [0, 0]


@pytest.mark.parametrize("behaviour", ["obedient", "deaf", "forking"])
def test_nobody_survives_a_killed_supervisor(behaviour: str, supervise: Start, until: Until) -> None:
    run = supervise(("a", behaviour, 0), ("b", "obedient", 1))
    until(lambda: run.pids("a") and run.pids("b"), "both start")
    pids = [*run.pids("a"), *run.pids("b"), *run.pids("a", "forked")]
    assert len(pids) == (3 if behaviour == "forking" else 2)
    run.process.kill()
    until(lambda: not any(map(alive, pids)), "all are gone")


def test_what_a_killed_role_started_goes_with_it(supervise: Start, until: Until) -> None:
    run = supervise(("a", "forking", 0))
    until(lambda: run.pids("a"), "a starts")
    (forked,) = run.pids("a", "forked")
    # a stopped process would not notice that its parent is gone
    os.kill(forked, signal.SIGSTOP)
    os.kill(run.pids("a")[0], signal.SIGKILL)
    until(lambda: not alive(forked), "what it started is gone")
    until(lambda: len(run.pids("a")) == 2, "a starts again")


@pytest.mark.full
@pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace needs root")
def test_as_process_1_of_a_container_it_buries_orphans(supervise: Start, until: Until) -> None:
    run = supervise(("a", "orphaning", 0), wrapper=("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"))
    until(lambda: run.pids("a"), "a starts")
    (supervisor,) = map(int, Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split())
    seen = Path(f"/proc/{supervisor}/task/{supervisor}/children")
    until(lambda: len(seen.read_text().split()) == 1, "only the role is a child of the supervisor")
    os.kill(supervisor, signal.SIGTERM)
    assert run.process.wait(timeout=30) == 0


def test_a_role_that_worked_before_and_refuses_its_configuration_now_stops_nothing(supervise: Start, until: Until) -> None:
    run = supervise(("a", "obedient", 0), ("b", "once-then-78", 0))
    until(lambda: len(run.pids("b")) >= 2, "b is started again")
    until(lambda: run.notes("b refuses"), "b refuses")
    assert run.process.poll() is None
    assert len(run.pids("a")) == 1
    assert run.stop()[0] == 0


@pytest.fixture
def service() -> Iterator[socket.socket]:
    """Where systemd would hear the service, in the abstract name space."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0collector-test-{os.getpid()}")
        listening.settimeout(30)
        yield listening


def heard(service: socket.socket) -> list[str]:
    return service.recv(4096).decode().split("\n")


def told_to(service: socket.socket) -> dict[str, str]:
    return {"NOTIFY_SOCKET": "@" + service.getsockname()[1:].decode()}


def test_systemd_hears_that_it_is_ready_once_every_role_has_begun_and_that_it_stops(
    supervise: Start, until: Until, service: socket.socket
) -> None:
    run = supervise(("a", "obedient", 0), ("b", "once-then-begins", 0), environment=told_to(service))
    assert heard(service) == ["READY=1", "STATUS=every role has begun its work"]
    assert len(run.pids("b")) == 2, "it had to be started again before it began"
    os.kill(run.pids("a")[0], signal.SIGKILL)
    until(lambda: len(run.pids("a")) == 2, "a starts again")
    assert run.stop()[0] == 0
    assert heard(service) == ["STOPPING=1"]


def test_a_role_that_does_not_begin_keeps_systemd_waiting_only_for_a_while(supervise: Start, service: socket.socket) -> None:
    run = supervise(("a", "obedient", 0), ("b", "unbegun", 0), environment=told_to(service), begin_seconds=0.1)
    assert heard(service)[0] == "READY=1"
    assert run.stop()[0] == 0


def test_what_systemd_hears_names_the_role_that_has_not_begun(supervise: Start, service: socket.socket) -> None:
    supervise(("b", "unbegun", 0), environment=told_to(service), begin_seconds=0.1)
    assert heard(service) == ["READY=1", "STATUS=not begun: b"]


def test_where_nobody_listens_for_the_service_it_runs_all_the_same(supervise: Start, until: Until, tmp_path: Path) -> None:
    run = supervise(("a", "obedient", 0), environment={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    until(lambda: run.pids("a"), "a starts")
    assert run.stop()[0] == 0
