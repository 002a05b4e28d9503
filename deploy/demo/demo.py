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
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "deploy/demo"
CONFIG = HERE / "collector.toml"
CUSTOMERS = HERE / "customers.yaml"
READY_SECONDS = 60.0
USER = "demo"

_CRITICAL, _OK, _MESSAGE = "1.3.6.1.4.1.3417.2.12.2.0.3", "1.3.6.1.4.1.3417.2.12.2.0.1", "1.3.6.1.4.1.3417.2.12.1.1.1.0"
_V3_USER = "-u demo-acme-v3 -l authPriv -a SHA-256 -A demo-auth-phrase -x AES -X demo-priv-phrase"
_ENTERPRISE = "1.3.6.1.4.1.3417.2.12.2"
_RISK = r"Risk name: Trojan.Gen\nComputer name: pc-17\nActual action: Left alone"
_HEALTH = r"Server sepm-1 health status: poor.\nReason: High memory usage\nStatus reported on Nov 3, 2026 9:15:00 AM."


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demonstration is reached, and where its data are."""

    traps: str
    mails: str
    api: str
    data_dir: Path

    @property
    def key_file(self) -> Path:
        return self.data_dir / "demo-api-key"

    @property
    def password_file(self) -> Path:
        """Of the user `demo`, who signs in on the page."""
        return self.data_dir / "demo-password"


def place() -> Place:
    """As `collector.toml` says."""
    settings = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    traps, mails, api = (str(settings[section]["listen"][0]) for section in ("snmp", "smtp", "api"))
    return Place(traps, mails, api, ROOT / str(settings["data_dir"]))


def to_try(at: Place) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Sentences, each with commands for a shell in the project's directory. README.md has them too."""
    swaks = f"swaks --server {at.mails} --from sepm@acme.example --to acme-sepm@collector.localhost"
    curl = f'curl -s -H "Authorization: Bearer $(cat {_short(at.key_file)})"'
    ours = f".venv/bin/collector send-trap --to {at.traps} --community demo-acme"
    simulate = f".venv/bin/collector simulate --trap-to {at.traps} --mail-to {at.mails}"
    return (
        (
            "A ProxySG says that its health is critical: one case of severity 2, however often it is said (v2c, v1)",
            (
                f"snmptrap -v 2c -c demo-acme {at.traps} '' {_CRITICAL} {_MESSAGE} s 'CPU Utilization: CRITICAL'",
                f"snmptrap -v 1 -c demo-acme {at.traps} {_ENTERPRISE} 127.0.0.1 6 3 '' {_MESSAGE} s 'CPU Utilization: CRITICAL'",
            ),
        ),
        (
            "It says that all is well again, and the case is marked as cleared; an inform is answered when it is stored",
            (
                f"snmptrap -v 2c -c demo-acme {at.traps} '' {_OK} {_MESSAGE} s 'CPU Utilization is OK'",
                f"snmpinform -v 2c -c demo-acme {at.traps} '' {_CRITICAL} {_MESSAGE} s 'Memory Utilization: CRITICAL'",
            ),
        ),
        (
            "A newer appliance speaks SNMPv3, signed and encrypted: what it says is believed as `encrypted`",
            (f"snmptrap -v 3 {_V3_USER} {at.traps} '' {_CRITICAL} {_MESSAGE} s 'Disk Utilization: CRITICAL'",),
        ),
        (
            "The first four without net-snmp",
            (
                f"{ours} --oid {_CRITICAL} --varbind '{_MESSAGE}=s:CPU Utilization: CRITICAL'",
                f"{ours} --version v1 --enterprise {_ENTERPRISE} --specific 3 --varbind '{_MESSAGE}=s:CPU Utilization: CRITICAL'",
                f"{ours} --oid {_OK} --varbind '{_MESSAGE}=s:CPU Utilization is OK'",
                f"{ours} --inform --oid {_CRITICAL} --varbind '{_MESSAGE}=s:Memory Utilization: CRITICAL'",
            ),
        ),
        (
            "A SEPM mails a risk that it left alone (a threat incident), and its own poor health (severity 3)",
            (
                f"{swaks} --h-Subject 'Single Risk Event' --body '{_RISK}'",
                f"{swaks} --h-Subject 'CRITICAL: Server Health Alert' --body '{_HEALTH}'",
            ),
        ),
        (
            "The same mails, and much more, without swaks: ten seconds of everything the rule packs know",
            (f"{simulate} --community demo-acme --mailbox acme-sepm@collector.localhost --rate 50 --seconds 10",),
        ),
        (
            "What came of it",
            (
                f"{curl} 'http://{at.api}/api/v1/cases?limit=5'",
                f"{curl} 'http://{at.api}/api/v1/notifications?limit=5'",
                f"{curl} http://{at.api}/api/v1/ledger",
                f"curl -s http://{at.api}/metrics",
            ),
        ),
    )


class Stopped(Exception):
    """The demonstration cannot go on; the text is for people."""


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    os.chdir(ROOT)
    # The demonstration is what its file says, whatever the installer's own variables say of another installation.
    for name in [name for name in os.environ if name.startswith("COLLECTOR__")]:
        del os.environ[name]
    os.environ["COLLECTOR_CONFIG"] = str(CONFIG)
    try:
        at = place()
        _prepare(at)
        return _serve(at)
    except Stopped as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _prepare(at: Place) -> None:
    """Make a store with the customers and a key in it. Raise Stopped when a port is taken or a step fails."""
    for address, kind in ((at.traps, socket.SOCK_DGRAM), (at.mails, socket.SOCK_STREAM), (at.api, socket.SOCK_STREAM)):
        _require_free(address, kind)
    is_new = not (at.data_dir / "collector.db").exists()
    _collector("migrate")
    _collector("customers", "import", str(CUSTOMERS))
    _keep_key(at.key_file, is_new=is_new)
    _keep_user(at.password_file, is_new=is_new)


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
    _write_secret(path, _collector("api-key", "create", "--name", name, "--scopes", "all"))


def _keep_user(path: Path, *, is_new: bool) -> None:
    """Make the user once; give them another password when theirs was lost. A password of an earlier store is worthless."""
    if is_new:
        path.unlink(missing_ok=True)
    if path.exists():
        return
    _write_secret(path, secrets.token_urlsafe(12))
    is_known = any(line.split("\t")[0] == USER for line in _collector("user", "list").splitlines())
    words = ("password", USER) if is_known else ("create", USER, "--full-name", "Demo")
    try:
        _collector("user", *words, "--password-file", str(path))
    except Stopped:
        path.unlink()
        raise


def _write_secret(path: Path, secret: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{secret}\n")


def _serve(at: Place) -> int:
    """The collector in the foreground, until it ends or a signal comes; a signal is passed on and is no failure."""
    # in a container there may be nobody but root
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    served = subprocess.Popen([sys.executable, "-m", "collector", "serve", *as_root])  # noqa: S603 - no word of anybody else
    asked = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        asked.set()
        with suppress(ProcessLookupError):
            served.send_signal(signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if _ready(at, served, asked):
        print(_told(at), flush=True)
    code = served.wait()
    return 0 if asked.is_set() else code


def _ready(at: Place, served: "subprocess.Popen[bytes]", asked: threading.Event) -> bool:
    """Wait for `/readyz`; False when the collector ended or was stopped before."""
    tries = int(READY_SECONDS / 0.1)
    for _ in range(tries):
        if served.poll() is not None or asked.wait(0.1):
            return False
        if _answers_ready(at):
            return True
    print(f"make run: http://{at.api}/readyz is not ready after {READY_SECONDS:.0f} s; the log above says why", file=sys.stderr)
    return False


def _answers_ready(at: Place) -> bool:
    """Asked without urllib, which would obey the proxy settings of the environment."""
    connection = http.client.HTTPConnection(at.api, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _told(at: Place) -> str:
    """Where things are, the key, and what to try."""
    key = at.key_file.read_text(encoding="ascii").strip()
    password = at.password_file.read_text(encoding="ascii").strip()
    lines = [
        "",
        "The collector runs. Ctrl-C stops it; `make run` starts it again with the same data.",
        "",
        f"  traps and informs  {at.traps} (UDP), communities demo-acme, demo-ceibo, demo-ceibo-sepm, demo-nandu (v1 only)",
        "                     and the SNMPv3 user demo-acme-v3",
        f"  mail               {at.mails} (SMTP), acme-sepm@collector.localhost, ceibo-sepm@..., nandu-sepm@...",
        f"  page               http://{at.api}/, user {USER}, password {password}",
        f"                     (in {_short(at.password_file)})",
        f"  API                http://{at.api}/api/v1, metrics http://{at.api}/metrics, readiness http://{at.api}/readyz",
        f"  API key            {key}",
        f"                     (in {_short(at.key_file)})",
        f"  data               {_short(at.data_dir)} (delete it to begin anew)",
        f"  settings           {_short(CONFIG)}, customers {_short(CUSTOMERS)}",
        "  log                this terminal",
        "",
        f"To try, in another terminal, in {ROOT}:",
    ]
    for sentence, commands in to_try(at):
        lines += ["", f"  {sentence}:", *(f"    {command}" for command in commands)]
    return "\n".join([*lines, ""])


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
