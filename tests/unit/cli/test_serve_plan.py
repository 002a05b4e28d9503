"""What `serve` and `receive` tell the supervisor to run."""

import argparse
import socket
import sys
from pathlib import Path

import pytest

from collector.cli import _parser, main
from collector.commands import serve
from collector.config import Role
from collector.privileges import require_unprivileged
from collector.sockets import BoundSocket, close_all


def options(*arguments: str) -> argparse.Namespace:
    return _parser("serve").parse_args(["serve", *arguments])


@pytest.mark.parametrize(
    ("role", "command"),
    [
        pytest.param(Role.SNMP, ("receive", "--only", "snmp"), id="snmp"),
        pytest.param(Role.SMTP, ("receive", "--only", "smtp"), id="smtp"),
        pytest.param(Role.PROCESS, ("process",), id="process"),
        pytest.param(Role.HAND_OFF, ("hand-off",), id="hand-off"),
        pytest.param(Role.API, ("api",), id="api"),
    ],
)
def test_each_role_is_a_command_of_its_own_that_the_command_line_knows(role: Role, command: tuple[str, ...]) -> None:
    spec = serve._spec(role, [], ())
    assert spec.command == (sys.executable, "-m", "collector", *command)
    assert _parser(command[0]).parse_args(command).run is not None


def test_receivers_have_a_number_a_name_and_sockets_of_their_own() -> None:
    bound = [BoundSocket(Role.SNMP, "127.0.0.1:162", socket.socket(), receiver) for receiver in (0, 1)]
    bound.append(BoundSocket(Role.SMTP, "127.0.0.1:25", socket.socket()))
    specs = [serve._spec(Role.SNMP, bound, ("--config", "c"), receiver) for receiver in (0, 1)]
    assert [spec.name for spec in specs] == ["snmp", "snmp-1"]
    assert [list(spec.sockets) for spec in specs] == [bound[:1], bound[1:2]]
    assert [spec.command[3:] for spec in specs] == [
        ("receive", "--only", "snmp", "--config", "c"),
        ("receive", "--only", "snmp", "--receiver", "1", "--config", "c"),
    ]
    assert _parser("receive").parse_args(specs[1].command[3:]).receiver == 1
    close_all(bound)


def test_receivers_stop_first_and_the_api_last() -> None:
    ranks = {role: serve._spec(role, [], ()).stop_rank for role in Role}
    assert sorted(Role, key=ranks.__getitem__) == [Role.SNMP, Role.SMTP, Role.PROCESS, Role.HAND_OFF, Role.API]
    assert ranks[Role.SNMP] == ranks[Role.SMTP] < ranks[Role.PROCESS] < ranks[Role.HAND_OFF] < ranks[Role.API]


def test_the_roles_are_told_where_the_settings_and_the_clock_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = serve._options(options("--config", "c.toml", "--test-clock", "now"))
    assert told == ("--config", str(tmp_path / "c.toml"), "--test-clock", str(tmp_path / "now"))
    assert serve._options(options()) == ()


@pytest.mark.parametrize("command", ["serve", "receive", "process", "hand-off", "api"])
def test_root_is_refused_unless_it_is_said_and_the_roles_are_told_that_it_may(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("COLLECTOR__DATA_DIR", str(tmp_path / "data"))
    assert main([command]) == 78
    assert "started as root" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
    assert serve._options(_parser(command).parse_args([command, "--allow-root"])) == ("--allow-root",)


def test_whoever_is_not_root_needs_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1_000)
    require_unprivileged(root_allowed=False)


def test_the_roles_are_not_told_what_systemd_told_us(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"}
    for name in (*told, "OTHER"):
        monkeypatch.setenv(name, "1")
    assert serve._child_environment().keys() & {*told, "OTHER"} == {"OTHER"}
