"""The command line: which command, which exit code, which line on stderr."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import __version__, cli
from collector.commands import options
from collector.domain.clock import FileClock, SystemClock
from collector.domain.errors import ConfigurationError
from receivers.snmp import udp


@pytest.fixture(autouse=True)
def umask_as_before() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def no_settings_and_no_data_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)


def exit_code(*arguments: str) -> int:
    try:
        return cli.main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_the_version_stands_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("version") == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_what_commands_write_is_for_their_user_alone(tmp_path: Path) -> None:
    exit_code("version")
    (tmp_path / "file").touch()
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--help") == 0
    shown = capsys.readouterr().out
    assert [name for name in cli.COMMANDS if f"    {name}" not in shown] == []


@pytest.mark.parametrize("command", ["serve", "receive", "process", "hand-off", "api", "check-config", "version"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(command, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: collector {command}")
    assert "--test-clock" not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="no command"),
        pytest.param(["serv"], id="unknown command"),
        pytest.param(["serve", "--unknown"], id="unknown option"),
        pytest.param(["receive", "--only", "http"], id="unknown role"),
        pytest.param(["--config"], id="option without value"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(*arguments) == 2
    assert "usage: collector" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["snmp", "engines"], id="engines"),
        pytest.param(["user", "list"], id="users"),
        pytest.param(["explain", "snmp-0-k3f9ab-17"], id="explain"),
        pytest.param(["api-key", "create", "--name", "bridge", "--scopes", "all"], id="api-key"),
        pytest.param(["secrets", "seal"], id="secrets"),
        pytest.param(["backup", "copy"], id="backup"),
        pytest.param(["journal", "accept-loss"], id="accept-loss"),
    ],
)
def test_a_store_that_is_not_there_is_named_and_nothing_is_made(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*words) == 78
    file = tmp_path / "var/collector.db"
    wanted = f"collector: {file}: there is no store; look at data_dir and [store] url, or make it: `collector migrate`\n"
    assert capsys.readouterr().err == wanted
    assert list(tmp_path.iterdir()) == []


def test_names_that_were_never_loaded_are_listed_and_removed_without_a_directory(tmp_path: Path) -> None:
    assert (exit_code("mib", "list"), exit_code("mib", "remove", "EXAMPLE-MIB")) == (0, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_configuration_is_exit_code_78_with_a_line_for_each_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('site = "x"\nlanguage = "fr"\n', encoding="utf-8")
    assert exit_code("check-config", "--config", str(file)) == 78
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(": ")[:3] for line in shown.err.splitlines()] == [
        ["collector", f"{file}:1", "site"],
        ["collector", f"{file}:2", "language"],
    ]


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "after the command"])
def test_the_settings_file_may_be_named_before_or_after_the_command(
    tmp_path: Path, before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('site = "ROSARIO"\n', encoding="utf-8")
    config, command = ["--config", str(file)], ["check-config", "--show"]
    assert exit_code(*(config + command if before else command + config)) == 0
    assert 'site = "ROSARIO"' in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("granted", "said"),
    [
        pytest.param(300_000_000, "this user would get 300000000 of 268435456 octets", id="all of it"),
        pytest.param(
            4_194_304,
            "this user would get 4194304 of 268435456 octets; "
            "raise net.core.rmem_max, or give the socket its size in its systemd unit (ReceiveBuffer=)",
            id="less",
        ),
    ],
)
def test_the_check_says_what_the_kernel_would_grant(
    granted: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(udp, "would_grant", lambda _: granted)
    assert exit_code("check-config") == 0
    assert f"[snmp] receive_buffer: {said}" in capsys.readouterr().out.splitlines()
    monkeypatch.setenv("COLLECTOR__SNMP__LISTEN", "")
    assert exit_code("check-config") == 0
    assert "receive_buffer" not in capsys.readouterr().out


def test_shown_settings_mask_secrets(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLLECTOR__STORE__URL", "postgresql://u:tell-nobody@h/d")
    assert exit_code("check-config", "--show") == 0
    shown = capsys.readouterr().out
    assert "[store] url = " in shown
    assert "tell-nobody" not in shown


def test_small_commands_do_not_load_large_libraries() -> None:
    program = (
        "import sys; from collector.cli import main; main(['version']);"
        "heavy = {'sqlalchemy', 'sqlmodel', 'pydantic', 'fastapi', 'pysnmp', 'aiosmtpd', 'prometheus_client', 'asyncio'};"
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def parsed(*arguments: str) -> tuple[object, object]:
    args = cli._parser("process").parse_args(["process", *arguments])
    settings = options.settings_of(args)
    return options.clock_of(args, settings), settings


def test_the_test_clock_is_the_file(tmp_path: Path) -> None:
    file = tmp_path / "now"
    file.write_text("2026-03-02T12:00:00+00:00", encoding="ascii")
    assert isinstance(parsed("--test-clock", str(file))[0], FileClock)
    assert isinstance(parsed()[0], SystemClock)


@pytest.mark.parametrize("section", ["SNMP", "SMTP", "API"])
def test_the_test_clock_is_refused_where_strangers_can_reach_a_listener(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "now"
    file.write_text("2026-03-02T12:00:00+00:00", encoding="ascii")
    monkeypatch.setenv(f"COLLECTOR__{section}__LISTEN", "127.0.0.1:7,0.0.0.0:8")
    with pytest.raises(
        ConfigurationError, match=rf"only with listeners on loopback, but \[{section.lower()}\] listen has 0.0.0.0:8"
    ):
        parsed("--test-clock", str(file))


@pytest.mark.parametrize("text", ["yesterday", "2026-03-02T12:00:00"], ids=["no time", "no zone"])
def test_a_test_clock_that_shows_no_time_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "now"
    file.write_text(text, encoding="ascii")
    with pytest.raises(ConfigurationError, match="holds no time"):
        parsed("--test-clock", str(file))
