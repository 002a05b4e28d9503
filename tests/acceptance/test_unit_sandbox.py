"""The whole program under the sandbox of its systemd unit: nothing that it does is forbidden there, and the sandbox is one."""

import ctypes.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.checks import assert_mails_once, assert_traps_once, hosts_of, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import ROOT, Running, until
from tests.acceptance.senders import Inform, InformClient, MailClient, deliver, health, risk, send
from tests.acceptance.stores import PostgresqlStores, Stores

UNIT = ROOT / "deploy/systemd/collector.service"
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not ctypes.util.find_library("seccomp"), reason="libseccomp is not installed"),
    pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"),
]
IS_ROOT = os.geteuid() == 0
DAC_OVERRIDE = 2
"""Its bit. Root without it may not enter the directory of the tests' PostgreSQL, which belongs to another user."""


def sandbox(stores: Stores | None = None, unit: Path = UNIT) -> tuple[str, ...]:
    """The command line that confines what stands after it: no capability, and the unit's rules."""
    more = ",+dac_override" if isinstance(stores, PostgresqlStores) else ""
    bare = ("setpriv", f"--bounding-set=-all{more}", "--inh-caps=-all", "--ambient-caps=-all") if IS_ROOT else ()
    return (*bare, sys.executable, "-m", "tests.acceptance.unit_sandbox", str(unit))


def confined(program: str) -> str:
    """The last line that the program says on standard error."""
    done = subprocess.run(
        [*sandbox(), sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    return done.stderr.splitlines()[-1] if done.stderr else ""


@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        pytest.param("import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "OSError: [Errno 97]", id="netlink"),
        pytest.param("import mmap; mmap.mmap(-1, 4096, prot=6)", "PermissionError: [Errno 1]", id="memory to write and execute"),
        pytest.param("import os; os.chown('/tmp', 1, 1)", "PermissionError: [Errno 1]", id="privileged call"),
        pytest.param("import os; os.setuid(1)", "PermissionError: [Errno 1]", id="another user"),
        pytest.param("import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 33, 1 << 33))", "", id="a limit of its own"),
    ],
)
def test_the_sandbox_itself(program: str, refusal: str) -> None:
    assert confined(program)[: len(refusal) or None] == refusal


def test_the_collector_does_all_its_work_in_the_sandbox_of_its_unit(install: Install, stores: Stores) -> None:
    running = install(wrapper=sandbox(stores)).start()
    assert_confined(running.supervisor.pid, capabilities=DAC_OVERRIDE if isinstance(stores, PostgresqlStores) else 0)
    texts = numbered("Boxed", range(60))
    informing = InformClient(running.snmp, [Inform.of(text, number) for number, text in enumerate(texts[:30], start=1)])
    mailing = MailClient(running.smtp, [risk(f"boxed-{number}") for number in range(10)])
    informing.start()
    mailing.start()
    send(running.snmp, *map(health, texts[30:]))
    running.kill_role("process")
    running.supervisor.send_signal(signal.SIGHUP)
    informing.finish(seconds=60)
    mailing.finish(seconds=60)
    until(lambda: sum(running.ledger()["totals"].values()) >= 70, "everything has arrived")
    running.settled()
    assert_traps_once(running, "Boxed", texts)
    assert_mails_once(running, hosts_of(mailing))
    key = running.cases()[0]["external_key"]
    assert running.post(f"/cases/{key}/acknowledge")["status"] == "acknowledged"
    assert running.metric("collector_snmp_kernel_drops_total") == 0
    running.stop()
    assert "Operation not permitted" not in running.log()


def assert_confined(pid: int, *, capabilities: int) -> None:
    told = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert (told["Seccomp"], told["NoNewPrivs"]) == ("2", "1")
    assert not IS_ROOT or int(told["CapBnd"], 16) == capabilities


READ_ONLY = """
mount --make-rprivate / && mount --bind "$DATA" "$DATA" && mount -t tmpfs tmpfs /dev/shm &&
mount -o remount,bind,ro / && exec "$@"
"""
"""ProtectSystem=strict with its StateDirectory=, for everything that is on the root file system."""


def can_mount() -> bool:
    line = ["unshare", "--mount", "mount", "--bind", "/tmp", "/tmp"]
    return os.geteuid() == 0 and subprocess.run(line, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="making file systems read-only needs root")
def test_the_collector_writes_nowhere_but_into_its_data_directory(install: Install, stores: Stores, tmp_path: Path) -> None:
    data = tmp_path / "data"
    wrapper = ("unshare", "--mount", "env", f"DATA={data}", "sh", "-c", READ_ONLY, "sh", *sandbox(stores))
    running = install(tmp_path, wrapper=wrapper).start()
    probe = Path(f"/proc/{running.supervisor.pid}/root{tmp_path}/probe")
    with pytest.raises(OSError, match="Read-only file system"):
        probe.touch()
    send(running.snmp, *map(health, numbered("Strict", range(10))))
    code, _ = deliver(running.smtp, risk("strict").octets())
    assert code == 250
    until(lambda: running.ledger()["totals"].get("case") == 11, "all is in cases")
    running.stop()
    assert "Read-only" not in running.log()


def test_a_service_that_is_refused_what_it_needs_would_be_seen(install: Install, stores: Stores, tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.service"
    narrow.write_text(UNIT.read_text(encoding="utf-8") + "\nSystemCallFilter=~recvmmsg recvfrom recvmsg\n", encoding="utf-8")
    running: Running = install(wrapper=sandbox(stores, narrow))
    running.launch()
    until(lambda: "Operation not permitted" in running.log(), "a role says so")
