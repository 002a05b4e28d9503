"""Started as root, or with a capability, the collector binds ports below 1024 and keeps nothing of what that needed."""

import ctypes.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from collector import privileges
from collector.domain.errors import ConfigurationError
from collector.domain.item import ItemKind
from collector.journal.streams import Journal
from collector.privileges import Account
from tests.acceptance.harness import children_of
from tests.journal_records import open_journal

Until = Callable[[Callable[[], object], str], None]
ROOT = Path(__file__).parents[3]
NOBODY = pwd.getpwnam("nobody")


LIBRARIES = os.pathsep.join((str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
AS_NOBODY = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups")


def interpreter() -> str | None:
    """One that the user nobody can run this program with: our own may stand in root's home."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return None
    environment = {**os.environ, "PYTHONPATH": LIBRARIES}
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        # the shell in between has lost what setpriv may still open
        line = [
            *AS_NOBODY,
            "sh",
            "-c",
            'exec "$@"',
            "sh",
            python,
            "-c",
            "import collector, pydantic_core, cryptography, sqlalchemy",
        ]
        if subprocess.run(line, env=environment, cwd="/", capture_output=True, check=False).returncode == 0:
            return python
    return None


PYTHON = interpreter() or ""
pytestmark = pytest.mark.skipif(
    not PYTHON, reason="becoming another user needs root, setpriv, and a program that the user nobody can run"
)


def privileged_port() -> int:
    """Below 1024, and free for UDP."""
    while True:
        port = 600 + random.SystemRandom().randrange(400)
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Intake:
    """`collector receive` with two receivers on a privileged port; its data are in a directory that belongs to nobody."""

    def __init__(self, directory: Path) -> None:
        self.target = ("127.0.0.1", privileged_port())
        self.data_dir = directory / "data"
        self._log_file = directory / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("COLLECTOR")} | {
            "PYTHONPATH": LIBRARIES,
            "COLLECTOR__DATA_DIR": str(self.data_dir),
            "COLLECTOR__SNMP__LISTEN": f"{self.target[0]}:{self.target[1]}",
            "COLLECTOR__SNMP__RECEIVERS": "2",
            "COLLECTOR__SMTP__LISTEN": "",
            "COLLECTOR__SECRETS__KEY": "k" * 43,
        }

    def start(self, *words: str, wrapper: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        line = [*wrapper, PYTHON, "-m", "collector", "receive", *words]
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(line, env=self.environment, stdout=log, stderr=log, cwd="/")
        return self._process

    def log(self) -> str:
        return self._log_file.read_text(encoding="utf-8") if self._log_file.exists() else ""

    def pids(self) -> list[int]:
        """Of the supervisor and its roles."""
        assert self._process is not None
        return [self._process.pid, *children_of(self._process.pid)]

    def journal(self) -> Journal:
        return open_journal(self.data_dir / "journal")

    def stored(self) -> int:
        if not (self.data_dir / "journal").exists():
            return 0
        with self.journal().reader() as reader:
            return sum(
                item.kind is ItemKind.DATAGRAM
                for state in reader.streams()
                for item in reader.read(state.stream, after=0, limit=1000)
            )

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where the user nobody comes to; the tests' own directories are root's alone."""
    with tempfile.TemporaryDirectory(prefix="collector-test-") as made:
        os.chown(made, NOBODY.pw_uid, NOBODY.pw_gid)
        yield Path(made)


@pytest.fixture
def intake(directory: Path) -> Iterator[Intake]:
    intake = Intake(directory)
    yield intake
    intake.end()
    print(intake.log())  # pytest shows it of a test that failed


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def assert_without_privileges(pids: Sequence[int]) -> None:
    assert len(pids) == 4, "the supervisor, two receivers and the intake of mails"
    for told in map(status, pids):
        assert told["Uid"].split() == [str(NOBODY.pw_uid)] * 4
        assert told["Gid"].split() == [str(NOBODY.pw_gid)] * 4
        assert set(told["Groups"].split()) <= {str(NOBODY.pw_gid)}
        assert {int(told[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
        assert told["NoNewPrivs"] == "1"


def send(intake: Intake) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as console:
        console.sendto(b"anything", intake.target)


def assert_works(intake: Intake, until: Until) -> None:
    """Takes a datagram, and another one after both receivers were killed: they need nothing to start again."""
    until(lambda: "every role has begun its work" in intake.log(), "it has begun")
    assert_without_privileges(intake.pids())
    send(intake)
    until(lambda: intake.stored() == 1, "the first is stored")
    roles = set(intake.pids()[1:])
    for pid in roles:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(intake.pids()[1:]) - roles) == len(roles), "the roles are started again")
    send(intake)
    until(lambda: intake.stored() == 2, "the second is stored")
    assert_without_privileges(intake.pids())
    files = [intake.data_dir, *intake.data_dir.rglob("*")]
    assert {(file.lstat().st_uid, file.lstat().st_gid) for file in files} == {(NOBODY.pw_uid, NOBODY.pw_gid)}


def test_root_binds_and_becomes_the_user_for_good(intake: Intake, until: Until) -> None:
    intake.start("--user", "nobody")
    assert_works(intake, until)
    environment = Path(f"/proc/{intake.pids()[1]}/environ").read_bytes().split(b"\0")
    assert {b"USER=nobody", b"LOGNAME=nobody", f"HOME={NOBODY.pw_dir}".encode()} <= set(environment)
    assert "the roles run as root" not in intake.log()


WITH_THE_CAPABILITY = (*AS_NOBODY, "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service")


@pytest.mark.full
def test_a_capability_is_given_up_once_the_port_is_bound(intake: Intake, until: Until) -> None:
    intake.start(wrapper=WITH_THE_CAPABILITY)
    assert_works(intake, until)


@pytest.mark.full
@pytest.mark.skipif(not ctypes.util.find_library("seccomp"), reason="libseccomp is not installed")
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_that_binds_by_capability_lets_it_be_given_up(intake: Intake, directory: Path, until: Until) -> None:
    unit = directory / "collector.service"
    parts = [
        (ROOT / "deploy/systemd" / name).read_text(encoding="utf-8") for name in ("collector.service", "ports-by-capability.conf")
    ]
    unit.write_text("\n".join(parts), encoding="utf-8")
    intake.start(wrapper=(*WITH_THE_CAPABILITY, PYTHON, "-m", "tests.acceptance.unit_sandbox", str(unit)))
    assert_works(intake, until)
    assert "capabilities could not be given up" not in intake.log()


@pytest.mark.parametrize("words", [(), ("--only", "snmp")])
def test_root_is_refused_with_what_to_do(intake: Intake, words: tuple[str, ...]) -> None:
    said = refused(intake, *words)
    assert "started as root: --user NAME (`serve`, `receive`) binds the listeners as root and becomes NAME; else " in said
    assert not intake.data_dir.exists() or not list(intake.data_dir.iterdir())


@pytest.mark.full
def test_root_that_is_allowed_to_works_and_is_told(intake: Intake, until: Until) -> None:
    intake.start("--allow-root")
    until(lambda: "every role has begun its work" in intake.log(), "it has begun")
    assert {status(pid)["Uid"].split()[0] for pid in intake.pids()} == {"0"}
    assert "warning receive collector.commands.serve: the roles run as root; --user gives that up" in intake.log()


def refused(intake: Intake, *words: str, wrapper: Sequence[str] = ()) -> str:
    assert intake.start(*words, wrapper=wrapper).wait(timeout=30) == 78, intake.log()
    return intake.log()


def test_a_data_directory_with_files_of_root_is_refused_with_what_to_do(intake: Intake) -> None:
    (intake.data_dir / "journal").mkdir(parents=True)
    for made in (intake.data_dir, intake.data_dir / "journal"):
        os.chown(made, NOBODY.pw_uid, NOBODY.pw_gid)
    left = intake.data_dir / "journal" / "left-by-root"
    left.touch(mode=0o600)
    said = refused(intake, "--user", "nobody")
    assert f"--user: nobody may not use {left} in data_dir; chown -R nobody: {intake.data_dir}" in said
    assert not (intake.data_dir / "run").exists()


def test_a_data_directory_that_cannot_be_made_is_refused_with_what_to_do(intake: Intake, directory: Path) -> None:
    os.chown(directory, 0, 0)
    directory.chmod(0o755)
    said = refused(intake, "--user", "nobody")
    assert f"nobody cannot make data_dir: Permission denied; install -d -m 0700 -o nobody {intake.data_dir}" in said


def test_settings_that_the_user_may_not_read_are_refused(intake: Intake, directory: Path) -> None:
    file = directory / "collector.toml"
    file.write_text('site = "ROOT"', encoding="ascii")
    file.chmod(0o600)
    assert f"{file}: cannot be read by the user nobody: Permission denied" in refused(
        intake, "--user", "nobody", "--config", str(file)
    )


@pytest.mark.full
def test_a_second_one_with_the_same_data_is_refused_before_it_binds(intake: Intake, until: Until) -> None:
    intake.start("--user", "nobody")
    until(lambda: "every role has begun its work" in intake.log(), "it has begun")
    line = [PYTHON, "-m", "collector", "receive", "--user", "nobody"]
    done = subprocess.run(line, env=intake.environment, capture_output=True, text=True, timeout=60, cwd="/", check=False)
    assert (done.returncode, f"another receive runs with {intake.data_dir}" in done.stderr) == (78, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("nobody-of-this-name", "--user: this machine has no user nobody-of-this-name", id="unknown"),
        pytest.param("root", "--user: root is root; name a user without privileges", id="root"),
    ],
)
def test_a_user_that_it_cannot_become_is_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Account.named(name)
    assert str(caught.value) == said


def test_only_root_can_become_another_user(intake: Intake) -> None:
    somebody = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid not in (0, NOBODY.pw_uid))
    said = refused(intake, "--user", somebody, wrapper=AS_NOBODY)
    assert f"--user: only root can become {somebody}; start without it as {somebody}, or as root" in said


def test_acting_as_a_user_ends_with_the_block(directory: Path) -> None:
    before = os.geteuid(), os.getegid(), os.getgroups()
    with privileges.acting_as(Account.named("nobody")):
        (directory / "made").touch()
        assert (os.geteuid(), os.getegid()) == (NOBODY.pw_uid, NOBODY.pw_gid)
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
    assert (directory / "made").stat().st_uid == NOBODY.pw_uid
