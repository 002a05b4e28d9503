"""Runs the whole program in processes of its own on loopback ports: starting, asking, killing, stopping, and what must hold after
every stop. What is sent to it lives in `senders`."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from collector.domain.clock import NS_PER_SECOND, SystemClock

ROOT = Path(__file__).parents[2]
ACME, BETA = "c0mm-acme-secret", "c0mm-beta-secret"
"""Communities, which must never stand in a log."""
BODY_MARK = "body-of-"
"""Stands in the body of every mail that `senders` makes, and in no log."""
MAILBOX = "acme-sepm@collector.localhost"
CUSTOMERS = f"""
customers:
  - code: ACME
    name: Acme S.A.
    sources:
      - {{name: sepm-1, product: [symantec-sepm], mailbox: acme-sepm}}
      - {{name: proxy-1, product: [bluecoat-proxysg], snmp: {{version: v2c, community: {ACME}, networks: ["127.0.0.0/8"]}}}}
  - code: BETA
    name: Beta S.R.L.
    sources:
      - {{name: old-1, product: [bluecoat-proxysg], snmp: {{version: v1, community: {BETA}, networks: ["127.0.0.0/8"]}}}}
"""
ROLES = frozenset({"snmp", "smtp", "process", "hand-off", "api"})
CLOCK = SystemClock()
PATIENCE_SECONDS = 60.0
_LOWEST_PORT, _PORTS = 15_000, 15_000
"""Below the range from which the kernel takes ports for clients, so that a port stays free while its collector is away."""

_T = TypeVar("_T")


def until(condition: Callable[[], _T | None], what: str, *, seconds: float = PATIENCE_SECONDS) -> _T:
    """Ask until the answer is true and return it; fail with `what` after so long. An API that does not answer means not yet."""
    pause, deadline_ns = threading.Event(), CLOCK.monotonic_ns() + round(seconds * NS_PER_SECOND)
    while True:
        with suppress(httpx.TransportError):
            if answer := condition():
                return answer
        assert CLOCK.monotonic_ns() < deadline_ns, f"waited {seconds:g} s in vain: {what}"
        pause.wait(0.05)


def free_port() -> int:
    """A port on which nobody listens, neither for UDP nor for TCP."""
    while True:
        port = _LOWEST_PORT + random.SystemRandom().randrange(_PORTS)
        with suppress(OSError):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
            return port


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stands_still(pid: int) -> bool:
    """Whether a stopped process has stopped: a thread that has not had its turn yet may still take something in."""
    return {file.read_text().rpartition(")")[2].split()[0] for file in Path(f"/proc/{pid}/task").glob("*/stat")} == {"T"}


def children_of(pid: int) -> list[int]:
    """Of all threads of the process; empty when it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [int(word) for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]
    return []


class Running:
    """An installation in `directory` and, after `start`, its running `serve`. Use it as a context: on leaving it every process
    is dead, whatever happened. `store` are the variables that name its store, if that is not a file of its own; `environment`
    sets more; `extra` are more words after `serve`; `wrapper` is a command line that runs `serve` at its end."""

    def __init__(
        self,
        directory: Path,
        *,
        customers: str = CUSTOMERS,
        store: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        extra: Sequence[str] = (),
        wrapper: Sequence[str] = (),
    ) -> None:
        self.data_dir = directory / "data"
        self.log_file = directory / "serve.log"
        self.snmp, self.smtp, self.http = (("127.0.0.1", free_port()) for _ in range(3))
        self.secrets = {ACME, BETA, BODY_MARK}
        """What must not stand in the log."""
        self.key = ""
        self._customers = directory / "customers.yaml"
        self._customers.write_text(customers, encoding="utf-8")
        self._extra = tuple(extra)
        self._wrapper = tuple(wrapper)
        self._descriptors: tuple[int, ...] = ()
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR")}
        self._environment |= {"COLLECTOR__DATA_DIR": str(self.data_dir), "PYTHONPATH": str(ROOT), **self._listeners()}
        self.store = dict(store or {})
        self._environment |= self.store | dict(environment or {})
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=20.0)

    def _listeners(self) -> dict[str, str]:
        addresses = {"SNMP": self.snmp, "SMTP": self.smtp, "API": self.http}
        return {f"COLLECTOR__{section}__LISTEN": f"{host}:{port}" for section, (host, port) in addresses.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_all()
        self._client.close()

    # The installation

    @property
    def environment(self) -> dict[str, str]:
        """In which every command speaks of this installation."""
        return dict(self._environment)

    def set(self, variable: str, value: str) -> None:
        """From now on, for everything that is started."""
        self._environment[variable] = value

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the program to its end."""
        line = [sys.executable, "-m", "collector", *words]
        done = subprocess.run(line, env=self._environment, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    def prepare(self) -> Self:
        """A migrated store with the customers, and a key for everything."""
        self.command("migrate")
        self.command("customers", "import", str(self._customers))
        self.use_key(self.command("api-key", "create", "--name", "acceptance", "--scopes", "all").stdout.strip())
        return self

    def use_key(self, key: str) -> None:
        self.key = key
        self.secrets.add(key)
        self._client.headers["Authorization"] = f"Bearer {key}"

    def import_customers(self, text: str) -> None:
        self._customers.write_text(text, encoding="utf-8")
        self.command("customers", "import", str(self._customers))

    # Its processes

    def launch_through(self, wrapper: Sequence[str], descriptors: Sequence[int]) -> None:
        """From now on `launch` runs this command line with `serve` at its end, and leaves these descriptors open for it."""
        self._wrapper, self._descriptors = tuple(wrapper), tuple(descriptors)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start `serve` and wait for nothing. Its words are appended to the log."""
        line = [*self._wrapper, sys.executable, "-m", "collector", "serve", "--allow-root", *self._extra]
        with self.log_file.open("ab") as log:
            self._supervisor = subprocess.Popen(
                line, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=self._descriptors
            )
        return self._supervisor

    def start(self) -> Self:
        """`serve`, until everything is ready."""
        launched = self.launch()

        def ready() -> bool:
            assert launched.poll() is None, f"serve ended with {launched.returncode}:\n{self.log()}"
            return self.is_ready()

        until(ready, "everything is ready")
        return self

    def is_ready(self) -> bool:
        try:
            return self._client.get(self.url("/readyz")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        assert self._supervisor is not None, "serve was not started"
        return self._supervisor

    def roles(self) -> dict[str, int]:
        """The pid of every role that runs now."""
        return {role: pid for pid in children_of(self.supervisor.pid) if (role := _role_of(pid))}

    def processes(self) -> list[int]:
        """The supervisor and everything below it."""
        found = [self.supervisor.pid]
        for pid in found:
            found.extend(children_of(pid))
        return found

    def kill_role(self, role: str) -> None:
        """kill -9, and wait for its successor to be started."""
        before = self.roles()[role]
        os.kill(before, signal.SIGKILL)
        until(lambda: self.roles().get(role, before) != before, f"{role} is started again")

    def kill_supervisor(self) -> None:
        """kill -9 of the supervisor alone; everything below it ends by itself."""
        self.supervisor.kill()
        self.supervisor.wait()
        until(lambda: not self.left(), "nothing outlives the supervisor")

    def left(self) -> list[int]:
        """Processes of this installation that run, whoever started them."""
        mark = f"COLLECTOR__DATA_DIR={self.data_dir}\0".encode()
        return [pid for pid in _all_processes() if mark in _environment_of(pid) and is_alive(pid)]

    def kill_all(self) -> None:
        """The end of a test that failed."""
        for pid in self.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._supervisor is not None:
            self._supervisor.wait()
        until(lambda: not self.left(), "everything is dead")

    def stop(self, *, seconds: float = 15.0) -> None:
        """SIGTERM, and what must hold after every stop: exit code 0, no process left, no secret in the log."""
        seen = self.processes()
        self.supervisor.send_signal(signal.SIGTERM)
        code = self.supervisor.wait(timeout=seconds)
        assert code == 0, self.log()
        assert [pid for pid in seen if is_alive(pid)] == []
        assert self.left() == []
        self.assert_no_leak()

    # What it says

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def assert_no_leak(self) -> None:
        """No community, key or line of a mail in the log, neither as text nor as octets."""
        said = self.log()
        assert [word for word in self.secrets if word in said or word.encode().hex() in said] == []

    def url(self, path: str) -> str:
        host, port = self.http
        return f"http://{host}:{port}{path}"

    def ask(self, path: str, **parameters: Any) -> httpx.Response:
        """Whatever the API says to that path."""
        return self._client.get(self.url(path), params=parameters)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of `/api/v1<path>`."""
        answer = self.ask(f"/api/v1{path}", **parameters)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, status: int = 200) -> Any:
        answer = self._client.post(self.url(f"/api/v1{path}"), json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def items(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, limit=1000, **({"cursor": cursor} if cursor else {}), **parameters)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def cases(self, **parameters: Any) -> list[dict[str, Any]]:
        return list(self.items("/cases", language="en", **parameters))

    def case(self, text: str) -> dict[str, Any] | None:
        """The one case with this in title, host or key."""
        found = self.cases(text=text)
        assert len(found) <= 1, found
        return found[0] if found else None

    def notifications(self, **parameters: Any) -> list[dict[str, Any]]:
        return list(self.items("/notifications", **parameters))

    def ledger(self) -> dict[str, Any]:
        ledger: dict[str, Any] = self.get("/ledger")
        return ledger

    def settled(self, *, seconds: float = PATIENCE_SECONDS) -> dict[str, int]:
        """Wait until nothing is pending; return the count of each outcome. Nothing may be missing then."""

        def done() -> dict[str, Any] | None:
            ledger = self.ledger()
            return None if ledger["pending"] else ledger

        ledger = until(done, "everything is processed", seconds=seconds)
        assert ledger["difference"] == 0, ledger
        totals: dict[str, int] = ledger["totals"]
        return totals

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name with these labels; fails when there is none."""
        return _sum(self._client.get(self.url("/metrics")).text, name, labels)

    def restarts(self, role: str) -> float:
        """How often the supervisor started the role again: it tells that at its own address."""
        address = (self.data_dir / "run" / "supervisor.addr").read_text(encoding="ascii").strip()
        return _sum(self._client.get(f"http://{address}/metrics").text, "collector_role_restarts_total", {"role": role})


def _sum(metrics: str, name: str, labels: Mapping[str, str]) -> float:
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = [line for line in metrics.splitlines() if line.partition("{")[0].split(" ")[0] == name]
    samples = [float(line.rsplit(" ", 1)[1]) for line in lines if all(word in line for word in wanted)]
    assert samples, f"no sample of {name} {labels}"
    return sum(samples)


def _role_of(pid: int) -> str | None:
    """By the command line: `... -m collector receive --only snmp --receiver 1` is `snmp-1`, `... -m collector process`."""
    with suppress(FileNotFoundError, ProcessLookupError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        role = next((word for word in words if word in ROLES), None)
        return f"{role}-{words[words.index('--receiver') + 1]}" if role and "--receiver" in words else role
    return None


def _all_processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _environment_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    return b""
