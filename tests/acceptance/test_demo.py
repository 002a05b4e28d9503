"""`make run` as a user has it: start, type what it prints, see the case, Ctrl-C, start again. On free ports with its own data."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.domain.clock import NS_PER_SECOND, SystemClock
from tests.traffic_kit import closed_port

ROOT = Path(__file__).parents[2]
CLOCK = SystemClock()
PATIENCE_SECONDS = 60


def until(condition: Callable[[], Any]) -> None:
    """Wait for the collector to make it true; fail after a minute."""
    pause, deadline_ns = threading.Event(), CLOCK.monotonic_ns() + PATIENCE_SECONDS * NS_PER_SECOND
    while not condition():
        assert CLOCK.monotonic_ns() < deadline_ns, "it did not happen"
        pause.wait(0.05)


@dataclass(slots=True)
class Demo:
    """A copy of the demonstration in a directory of its own."""

    home: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def told(self) -> str:
        return (self.home / "told").read_text(encoding="utf-8")

    @property
    def key(self) -> str:
        return (self.home / "var/demo-api-key").read_text(encoding="ascii").strip()

    @property
    def password(self) -> str:
        return (self.home / "var/demo-password").read_text(encoding="ascii").strip()

    def page_after_signing_in(self) -> str:
        """What the printed address of the page shows to the printed user with the printed password."""
        printed = re.search(r"page +(http://\S+/), user (\S+), password (\S+)", self.told)
        assert printed is not None
        assert printed[3] == self.password
        address = printed[1]
        with httpx.Client(headers={"Origin": address.rstrip("/")}, follow_redirects=True, timeout=10) as client:
            answer = client.post(f"{address}sign-in", data={"name": printed[2], "password": printed[3]})
        assert answer.status_code == httpx.codes.OK
        return answer.text

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until it says what to try; at the end as by Ctrl-C, which reaches the whole group."""
        with (self.home / "told").open("wb") as told:
            self.process = self._start(told)
        try:
            until(lambda: "To try" in self.told or self.process is None or self.process.poll() is not None)
            assert "To try" in self.told, self.told
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                assert self.process.wait(timeout=PATIENCE_SECONDS) == 0
            finally:
                with_children_gone(self.process.pid)

    def _start(self, told: Any) -> "subprocess.Popen[bytes]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR")}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-u", str(self.home / "deploy/demo/demo.py")]
        return subprocess.Popen(command, env=environment, stdout=told, stderr=told, start_new_session=True)

    def started_again_meanwhile(self) -> tuple[int, str]:
        """Exit code and words of a second one."""
        with (self.home / "second").open("wb") as told:
            code = self._start(told).wait(timeout=PATIENCE_SECONDS)
        return code, (self.home / "second").read_text(encoding="utf-8")

    def type(self, beginning: str) -> None:
        """Run the printed command of our own that begins so."""
        command = next(line.strip() for line in self.told.splitlines() if line.strip().startswith(f".venv/bin/{beginning}"))
        words = [sys.executable, "-m", *shlex.split(command.removeprefix(".venv/bin/"))]
        subprocess.run(words, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)

    def get(self, path: str) -> dict[str, Any]:
        """What the API answers to the printed key."""
        address = re.search(r"API +(http://\S+)/api/v1", self.told)
        assert address is not None
        request = urllib.request.Request(f"{address[1]}/api/v1{path}", headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: dict[str, Any] = json.load(answer)
        return body


def with_children_gone(group: int) -> None:
    """Nothing of the process group is left."""
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    shutil.copytree(ROOT / "deploy/demo", tmp_path / "deploy/demo")
    file = tmp_path / "deploy/demo/collector.toml"
    settings = file.read_text(encoding="utf-8")
    for address, kind in (
        ("127.0.0.1:1162", socket.SOCK_DGRAM),
        ("127.0.0.1:1025", socket.SOCK_STREAM),
        ("127.0.0.1:8080", socket.SOCK_STREAM),
    ):
        assert address in settings
        settings = settings.replace(address, closed_port(kind))
    file.write_text(settings, encoding="utf-8")
    return Demo(tmp_path)


@pytest.mark.full
def test_a_user_gets_from_nothing_to_a_case_and_finds_it_again(demo: Demo) -> None:
    with demo.running():
        assert demo.key in demo.told
        for secret in ("demo-api-key", "demo-password"):
            assert oct((demo.home / "var" / secret).stat().st_mode & 0o777) == "0o600"
        assert "demo-acme" not in demo.page_after_signing_in()
        demo.type(f"collector send-trap --to {trap_address(demo)} --community demo-acme --version v1")
        demo.type(f"collector send-trap --to {trap_address(demo)} --community demo-acme --oid 1.3.6.1.4.1.3417.2.12.2.0.3")
        until(lambda: [case["occurrences"] for case in demo.get("/cases")["items"]] == [2])
        (case,) = demo.get("/cases")["items"]
        assert (case["severity"], case["customer"]["code"], case["cleared_at"]) == (2, "ACME", None)
        assert case["external_key"] in demo.page_after_signing_in()
        demo.type(f"collector send-trap --to {trap_address(demo)} --community demo-acme --oid 1.3.6.1.4.1.3417.2.12.2.0.1")
        until(lambda: demo.get("/cases")["items"][0]["cleared_at"])
        code, told = demo.started_again_meanwhile()
        assert code == 1
        assert f"{trap_address(demo)} (UDP) is in use" in told
    key, password = demo.key, demo.password
    with demo.running():
        assert demo.password == password
        assert case["external_key"] in demo.page_after_signing_in()
        assert demo.key == key
        assert [one["external_key"] for one in demo.get("/cases")["items"]] == [case["external_key"]]


def trap_address(demo: Demo) -> str:
    found = re.search(r"traps and informs +(\S+) ", demo.told)
    assert found is not None
    return found[1]


@pytest.mark.full
def test_a_lost_store_or_a_lost_key_gives_a_new_key(demo: Demo) -> None:
    with demo.running():
        first = demo.key
    shutil.rmtree(demo.home / "var/journal")
    for file in demo.home.glob("var/collector.db*"):
        file.unlink()
    with demo.running():
        assert demo.key != first
        assert "ACME" in demo.page_after_signing_in()
        assert demo.get("/cases")["items"] == []
        assert "ACME" in demo.page_after_signing_in()
    (demo.home / "var/demo-api-key").unlink()
    (demo.home / "var/demo-password").unlink()
    with demo.running():
        assert demo.get("/cases")["items"] == []
