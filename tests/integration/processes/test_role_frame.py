"""What every role process does around its work: lock, sockets, metrics, readiness, stopping."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.config import Settings
from collector.domain.clock import SystemClock
from collector.domain.errors import ConfigurationError
from collector.run_lock import run_lock
from collector.stop import StopFlag

Until = Callable[[Callable[[], object], str], None]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def run(role: str, behaviour: str = "work", **environment: str) -> "subprocess.Popen[str]":
        program = Path(__file__).with_name("framed_role.py")
        own = {
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "COLLECTOR__DATA_DIR": str(tmp_path),
            "COLLECTOR__SNMP__LISTEN": "127.0.0.1:0",
            "COLLECTOR__LOGS__FORMAT": "json",
        }
        process = subprocess.Popen(
            [sys.executable, str(program), role, behaviour],
            env={**os.environ, **own, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def get(run_dir: Path, role: str, path: str) -> tuple[int, str]:
    address = (run_dir / f"{role}.addr").read_text(encoding="ascii").strip()
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_role_that_the_disk_keeps_from_starting_says_so_in_a_line_and_can_be_started_again(
    start: Start, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "run" / "process.addr"
    in_the_way.mkdir(parents=True)
    refused = start("process")
    _, said = refused.communicate(timeout=30)
    assert refused.returncode == 1
    [line] = [json.loads(line) for line in said.splitlines()]
    assert (line["level"], line["sentence"]) == ("error", "role cannot be started")
    assert "process.addr" in line["reason"]
    in_the_way.rmdir()
    assert first_line(start("process")) == "none"


def test_a_role_shows_metrics_health_and_readiness_and_clears_up_when_it_stops(
    start: Start, tmp_path: Path, until: Until
) -> None:
    process, run = start("snmp"), tmp_path / "run"
    assert first_line(process).startswith("127.0.0.1:")
    status, metrics = get(run, "snmp", "/metrics")
    assert status == 200
    assert 'collector_test_total{kind="a"} 3.0' in metrics
    assert "process_resident_memory_bytes" in metrics
    assert get(run, "snmp", "/healthz") == (200, "ok\n")
    status, body = get(run, "snmp", "/readyz")
    assert (status, json.loads(body)) == (503, {"ready": False, "reasons": ["catching_up"]})
    process.send_signal(signal.SIGHUP)
    until(lambda: get(run, "snmp", "/readyz")[0] == 200, "ready after the hangup")
    assert get(run, "snmp", "/anything")[0] == 404
    process.send_signal(signal.SIGTERM)
    _, lines = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [json.loads(line)["sentence"] for line in lines.splitlines()] == ["role started", "role stopped"]
    assert not (run / "snmp.addr").exists()


def test_what_a_role_writes_is_for_its_user_alone(start: Start, tmp_path: Path) -> None:
    first_line(start("process"))
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "run/process.addr").stat().st_mode & 0o777 == 0o600


def test_a_failing_role_is_told_once_and_ends_with_1(start: Start, tmp_path: Path) -> None:
    process = start("process", "fail")
    _, lines = process.communicate(timeout=30)
    assert process.returncode == 1
    last = json.loads(lines.splitlines()[-1])
    assert (last["sentence"], last["level"]) == ("role failed", "error")
    assert "RuntimeError: the work failed" in last["traceback"]
    assert not (tmp_path / "run/process.addr").exists()


def test_a_role_that_refuses_its_configuration_passes_that_on(start: Start) -> None:
    process = start("process", "refuse")
    _, lines = process.communicate(timeout=30)
    assert process.returncode == 78
    assert lines.splitlines()[-1] == "the work refuses"


def test_several_receivers_without_a_supervisor_are_refused(start: Start) -> None:
    process = start("snmp", COLLECTOR__SNMP__RECEIVERS="2")
    _, lines = process.communicate(timeout=30)
    assert process.returncode == 78
    assert lines.splitlines()[-1] == ("[snmp] receivers: several need a supervisor: `collector serve` or `collector receive`")


def test_a_second_process_of_the_same_role_gives_up_when_it_is_told_to_stop(start: Start, until: Until, tmp_path: Path) -> None:
    first_line(start("process"))
    second = start("process")
    lock = (tmp_path / "run/process.lock").stat()
    opened = Path(f"/proc/{second.pid}/fd")
    until(lambda: any(_same(link, lock) for link in opened.iterdir()), "the second one wants the lock")
    second.send_signal(signal.SIGTERM)
    _, lines = second.communicate(timeout=30)
    assert second.returncode == 78
    assert lines.splitlines()[-1] == f"data_dir: another process runs with {tmp_path}"


def _same(link: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(link.stat(), wanted)
    except OSError:
        return False


def test_a_killed_process_leaves_no_lock(start: Start) -> None:
    first = start("process")
    first_line(first)
    first.kill()
    assert first_line(start("process")) == "none"


@pytest.fixture
def stop() -> Iterator[StopFlag]:
    stop = StopFlag()
    yield stop
    stop.close()


def test_a_data_directory_that_cannot_be_written_is_refused(tmp_path: Path, stop: StopFlag) -> None:
    (tmp_path / "file").touch()
    settings = Settings(data_dir=tmp_path / "file")
    with (
        pytest.raises(ConfigurationError, match=r"data_dir: .*cannot be written: Not a directory"),
        run_lock(settings, "process", SystemClock(), stop=stop),
    ):
        pass


def test_two_different_roles_do_not_exclude_each_other(tmp_path: Path, stop: StopFlag) -> None:
    settings, clock, never = Settings(data_dir=tmp_path), SystemClock(), timedelta(0)
    with (
        run_lock(settings, "process", clock, stop=stop, patience=never),
        run_lock(settings, "api", clock, stop=stop, patience=never),
        pytest.raises(ConfigurationError, match=f"another api runs with {tmp_path}"),
        run_lock(settings, "api", clock, stop=stop, patience=never),
    ):
        pass
    with run_lock(settings, "api", clock, stop=stop, patience=never):
        pass
