"""The systemd units agree with the settings that are installed with them; systemd itself finds nothing wrong with them."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collector.supervisor import BEGIN_TIME, STOP_TIME
from tests.unit.deploy.documents import DEPLOY, ROOT, production_settings

HERE = DEPLOY / "systemd"
SETTINGS = production_settings()
MOST_EXPOSURE = 1.3
"""As docs/install.md says; 10 is a service without any bounds."""
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


class _Unit(configparser.ConfigParser):
    """A key may stand more than once; its values are then lines of one."""

    def __init__(self, name: str) -> None:
        super().__init__(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read_string((HERE / name).read_text(encoding="utf-8"))


SERVICE = _Unit("collector.service")["Service"]


@pytest.mark.parametrize(
    ("unit", "key", "addresses"),
    [
        pytest.param("collector-snmp.socket", "ListenDatagram", SETTINGS.snmp.listen, id="snmp"),
        pytest.param("collector-smtp.socket", "ListenStream", SETTINGS.smtp.listen, id="smtp"),
    ],
)
def test_the_sockets_listen_where_the_settings_say(unit: str, key: str, addresses: tuple[object, ...]) -> None:
    socket = _Unit(unit)
    assert (socket["Socket"][key],) == tuple(map(str, addresses))
    assert socket["Socket"]["Service"] == socket["Install"]["RequiredBy"] == "collector.service"


def test_the_socket_for_traps_is_as_large_as_the_settings_want() -> None:
    assert _Unit("collector-snmp.socket")["Socket"]["ReceiveBuffer"] == f"{SETTINGS.snmp.receive_buffer >> 20}M"


def test_the_service_keeps_its_data_where_the_settings_say() -> None:
    assert SETTINGS.data_dir == Path("/var/lib") / SERVICE["StateDirectory"]
    assert "COLLECTOR_CONFIG=/etc/collector/collector.toml" in SERVICE["Environment"].split()


def test_only_the_supervisor_is_told_to_stop_and_it_has_the_time_that_it_needs() -> None:
    assert SERVICE["KillMode"] == "mixed"
    assert float(SERVICE["TimeoutStopSec"].removesuffix("s")) >= 2 * STOP_TIME.total_seconds()


def test_the_service_is_never_given_up_because_that_would_close_its_sockets() -> None:
    unit = _Unit("collector.service")
    assert (SERVICE["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")
    assert {_Unit(f"collector-{name}.socket")["Socket"]["TriggerLimitIntervalSec"] for name in ("snmp", "smtp")} == {"0"}


def test_a_start_may_take_as_long_as_a_migration_takes_and_says_itself_when_it_is_ready() -> None:
    assert (SERVICE["Type"], SERVICE["TimeoutStartSec"]) == ("notify", "infinity")
    assert SERVICE["ExecStartPre"].startswith("-"), "a store that is away must not keep the intake from starting"
    assert BEGIN_TIME.total_seconds() <= 30


def test_the_service_has_no_capability_and_the_other_way_of_binding_has_one() -> None:
    unit = (HERE / "collector.service").read_text(encoding="utf-8")
    assert re.findall(r"^(?:CapabilityBoundingSet|AmbientCapabilities)=(.*)$", unit, flags=re.MULTILINE) == ["", ""]
    dropin = _Unit("ports-by-capability.conf")["Service"]
    assert dropin["CapabilityBoundingSet"] == dropin["AmbientCapabilities"] == "CAP_NET_BIND_SERVICE"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file system that has systemd's own units, ours, and something in the place of the programs that they name."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for file in (*HERE.glob("*.service"), *HERE.glob("*.socket")):
        shutil.copy(file, units)
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    for program in ("opt/collector/current/bin/collector", "bin/kill"):
        (tmp_path / program).parent.mkdir(parents=True)
        (tmp_path / program).write_text("#!/bin/sh\n", encoding="ascii")
        (tmp_path / program).chmod(0o755)
    return tmp_path


def analyze(root: Path, verb: str, *words: str) -> tuple[int, str]:
    line = ["systemd-analyze", verb, f"--root={root}", "--no-pager", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


UNITS = ("collector.service", "collector-snmp.socket", "collector-smtp.socket")


def use_capability(root: Path) -> None:
    directory = root / "etc/systemd/system/collector.service.d"
    directory.mkdir()
    shutil.copy(HERE / "ports-by-capability.conf", directory)


@pytest.mark.full
@systemd
def test_systemd_has_nothing_to_say_about_the_units(root: Path) -> None:
    assert analyze(root, "verify", *UNITS) == (0, "")
    use_capability(root)
    assert analyze(root, "verify", "collector.service") == (0, "")


@pytest.mark.full
@systemd
@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("ProtectSytem=strict", "Unknown key 'ProtectSytem'", id="misspelt"),
        pytest.param("SystemCallFilter=@no-such-group", "@no-such-group", id="no such group"),
        pytest.param("ExecStartPre=/opt/collector/missing", "is not executable", id="no such program"),
    ],
)
def test_systemd_says_what_is_wrong_with_a_unit(root: Path, line: str, complaint: str) -> None:
    file = root / "etc/systemd/system/collector.service"
    file.write_text(file.read_text(encoding="utf-8").replace("[Service]\n", f"[Service]\n{line}\n"), encoding="utf-8")
    assert complaint in analyze(root, "verify", "collector.service")[1]


def exposure(root: Path) -> float:
    _, said = analyze(root, "security", "--offline=true", "collector.service")
    told = re.search(r"Overall exposure level for collector.service: ([\d.]+)", said)
    assert told, said
    return float(told[1])


@pytest.mark.full
@systemd
def test_the_service_is_hardly_exposed(root: Path) -> None:
    assert exposure(root) <= MOST_EXPOSURE
    assert f"`systemd-analyze security`: {exposure(root)}" in (ROOT / "docs/install.md").read_text(encoding="utf-8")
    use_capability(root)
    assert exposure(root) <= MOST_EXPOSURE + 0.3
