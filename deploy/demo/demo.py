"""The demonstration behind `make run`: prepares a store with invented customers, runs the collector in the foreground and prints
what to try. A production machine uses none of this."""

import errno
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from contextlib import suppress
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "deploy/demo"
CONFIG = HERE / "collector.toml"
CUSTOMERS = HERE / "customers.yaml"
READY_SECONDS = 60.0

_TRAP, _MAIL, _WEB = "127.0.0.1:1162", "127.0.0.1:1025", "http://127.0.0.1:8080"
_CRITICAL, _OK, _MESSAGE = "1.3.6.1.4.1.3417.2.12.2.0.3", "1.3.6.1.4.1.3417.2.12.2.0.1", "1.3.6.1.4.1.3417.2.12.1.1.1.0"
_ENTERPRISE = "1.3.6.1.4.1.3417.2.12.2"
_SWAKS = f"swaks --server {_MAIL} --from sepm@acme.example --to acme-sepm@collector.localhost"
_RISK = r"Risk name: Trojan.Gen\nComputer name: pc-17\nActual action: Left alone"
_HEALTH = r"Server sepm-1 health status: poor.\nReason: High memory usage\nStatus reported on Nov 3, 2026 9:15:00 AM."
_CURL = 'curl -s -H "Authorization: Bearer $(cat var/demo-api-key)"'
_OURS = ".venv/bin/collector send-trap --community demo-acme"

TRY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "A ProxySG says that its health is critical: one case of severity 2, however often it is said (v2c, v1)",
        (
            f"snmptrap -v 2c -c demo-acme {_TRAP} '' {_CRITICAL} {_MESSAGE} s 'CPU Utilization: CRITICAL'",
            f"snmptrap -v 1 -c demo-acme {_TRAP} {_ENTERPRISE} 127.0.0.1 6 3 '' {_MESSAGE} s 'CPU Utilization: CRITICAL'",
        ),
    ),
    (
        "It says that all is well again, and the case is marked as cleared; an inform is answered when it is stored",
        (
            f"snmptrap -v 2c -c demo-acme {_TRAP} '' {_OK} {_MESSAGE} s 'CPU Utilization is OK'",
            f"snmpinform -v 2c -c demo-acme {_TRAP} '' {_CRITICAL} {_MESSAGE} s 'Memory Utilization: CRITICAL'",
        ),
    ),
    (
        "The same without net-snmp",
        (
            f"{_OURS} --oid {_CRITICAL} --varbind '{_MESSAGE}=s:CPU Utilization: CRITICAL'",
            f"{_OURS} --version v1 --enterprise {_ENTERPRISE} --specific 3 --varbind '{_MESSAGE}=s:CPU Utilization: CRITICAL'",
            f"{_OURS} --oid {_OK} --varbind '{_MESSAGE}=s:CPU Utilization is OK'",
            f"{_OURS} --inform --oid {_CRITICAL} --varbind '{_MESSAGE}=s:Memory Utilization: CRITICAL'",
        ),
    ),
    (
        "A SEPM mails a risk that it left alone (a threat incident), and its own poor health (severity 3)",
        (
            f"{_SWAKS} --h-Subject 'Single Risk Event' --body '{_RISK}'",
            f"{_SWAKS} --h-Subject 'CRITICAL: Server Health Alert' --body '{_HEALTH}'",
        ),
    ),
    (
        "The same mails, and much more, without swaks: ten seconds of everything the rule packs know",
        (".venv/bin/collector simulate --community demo-acme --mailbox acme-sepm@collector.localhost --rate 50 --seconds 10",),
    ),
    (
        "What came of it",
        (
            f"{_CURL} '{_WEB}/api/v1/cases?limit=5'",
            f"{_CURL} '{_WEB}/api/v1/notifications?limit=5'",
            f"{_CURL} {_WEB}/api/v1/ledger",
            f"curl -s {_WEB}/metrics",
        ),
    ),
)
"""What there is to try: a sentence, and commands for a shell in the project's directory. README.md has them too."""


class Stopped(Exception):
    """The demonstration cannot go on; the text is for people."""


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    os.chdir(ROOT)
    os.environ["COLLECTOR_CONFIG"] = str(CONFIG)
    try:
        data_dir = _prepare()
        return _serve(data_dir)
    except Stopped as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _prepare() -> Path:
    """The data directory with a store, the customers and a key in it. Raise Stopped when a port is taken or a step fails."""
    settings = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    for section, kind in (("snmp", socket.SOCK_DGRAM), ("smtp", socket.SOCK_STREAM), ("api", socket.SOCK_STREAM)):
        for address in settings[section]["listen"]:
            _require_free(address, kind)
    data_dir = ROOT / str(settings["data_dir"])
    is_new = not (data_dir / "collector.db").exists()
    _collector("migrate")
    _collector("customers", "import", str(CUSTOMERS))
    _keep_key(data_dir / "demo-api-key", is_new=is_new)
    return data_dir


def _require_free(address: str, kind: socket.SocketKind) -> None:
    host, _, port = address.rpartition(":")
    protocol = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Stopped(f"cannot listen on {address} ({protocol}): {error.strerror}") from error
            raise Stopped(
                f"{address} ({protocol}) is in use, perhaps by another `make run`. Stop that, or choose another port in "
                f"{CONFIG.relative_to(ROOT)}"
            ) from None


def _collector(*words: str) -> str:
    """Run a command to its end; return what it printed."""
    done = subprocess.run([sys.executable, "-m", "collector", *words], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Stopped(f"`collector {words[0]}` failed (exit code {done.returncode})")
    return done.stdout.strip()


def _keep_key(path: Path, *, is_new: bool) -> None:
    """Create the key once. A key of an earlier store is worthless with a new one."""
    if is_new:
        path.unlink(missing_ok=True)
    if path.exists():
        return
    name = "demo" if is_new else f"demo-{secrets.token_hex(3)}"
    key = _collector("api-key", "create", "--name", name, "--scopes", "all")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{key}\n")


def _serve(data_dir: Path) -> int:
    """The collector in the foreground, until it ends or a signal comes; a signal is passed on and is no failure."""
    served = subprocess.Popen([sys.executable, "-m", "collector", "serve"])
    asked = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        asked.set()
        with suppress(ProcessLookupError):
            served.send_signal(signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if _ready(served, asked):
        print(_told(data_dir), flush=True)
    code = served.wait()
    return 0 if asked.is_set() else code


def _ready(served: "subprocess.Popen[bytes]", asked: threading.Event) -> bool:
    """Wait for `/readyz`; False when the collector ended or was stopped before."""
    tries = int(READY_SECONDS / 0.1)
    for _ in range(tries):
        if served.poll() is not None or asked.wait(0.1):
            return False
        if _answers_ready():
            return True
    print(f"make run: {_WEB}/readyz is not ready after {READY_SECONDS:.0f} s; the log above says why", file=sys.stderr)
    return False


def _answers_ready() -> bool:
    """Asked without urllib, which would obey the proxy settings of the environment."""
    connection = http.client.HTTPConnection(_WEB.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _told(data_dir: Path) -> str:
    """Where things are, the key, and what to try."""
    key = (data_dir / "demo-api-key").read_text(encoding="ascii").strip()
    lines = [
        "",
        "The collector runs. Ctrl-C stops it; `make run` starts it again with the same data.",
        "",
        f"  traps and informs  {_TRAP} (UDP), communities demo-acme, demo-ceibo, demo-ceibo-sepm, demo-nandu (v1 only)",
        f"  mail               {_MAIL} (SMTP), acme-sepm@collector.localhost, ceibo-sepm@..., nandu-sepm@...",
        f"  API                {_WEB}/api/v1, metrics {_WEB}/metrics, readiness {_WEB}/readyz",
        f"  API key            {key}",
        f"                     (in {_short(data_dir / 'demo-api-key')})",
        f"  data               {_short(data_dir)} (delete it to begin anew)",
        f"  settings           {_short(CONFIG)}, customers {_short(CUSTOMERS)}",
        "  log                this terminal",
        "",
        f"To try, in another terminal, in {ROOT}:",
    ]
    for sentence, commands in TRY:
        lines += ["", f"  {sentence}:", *(f"    {command}" for command in commands)]
    return "\n".join([*lines, ""])


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
