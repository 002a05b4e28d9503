"""What the manuals for installing and for those who are called tell to type can be typed, and what they name is there."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import cli
from tests.unit.deploy.documents import DEPLOY, ROOT, documented_metrics, production_settings

MANUALS = [ROOT / "docs/install.md", ROOT / "docs/runbook.md"]
EVERY_MANUAL = pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in MANUALS])


def typed() -> Iterator[tuple[str, str]]:
    """Page and command line, from blocks of shell and from text; a command without its arguments is only named."""
    for page in MANUALS:
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines() if line.startswith("collector ")]
        lines += re.findall(r"`(collector [^`]+)`", text)
        yield from ((page.stem, line.partition(" #")[0].strip()) for line in lines)


def complaint(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the program says against the command line. A missing argument is no mistake: a text may only name a command."""
    words = shlex.split(line)[1:]
    try:
        cli._parser(words[0]).parse_args(words)
    except SystemExit:
        said = capsys.readouterr().err
        return "" if "are required" in said else said
    return ""


@pytest.mark.parametrize(("page", "line"), [pytest.param(*one, id=": ".join(one)) for one in sorted(set(typed()))])
def test_every_command_of_ours_is_understood(page: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(line, capsys) == ""


@pytest.mark.parametrize("line", ["collector backup --store-onyl x", "collector customers export x", "collector migrate now"])
def test_a_command_that_does_not_exist_would_be_seen(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(line, capsys)


@EVERY_MANUAL
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE) if anchor else []
        anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, f"{target}#{anchor}"


@EVERY_MANUAL
def test_every_file_of_ours_and_every_metric_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    files = set(re.findall(r"\bdeploy/[\w./-]+\w", text))
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert set(re.findall(r"\bcollector_(?!toml)[a-z_]+", text)) - documented_metrics() == set()


def test_the_settings_of_a_production_machine_are_good_and_change_what_they_must() -> None:
    settings = production_settings()
    assert len(settings.secrets.key.get_secret_value()) == 44
    assert settings.data_dir == Path("/var/lib/collector")
    assert [str(address) for _, address in settings.listeners()] == ["0.0.0.0:162", "0.0.0.0:25", "127.0.0.1:8080"]
    assert settings.api_url.startswith("https://")
    assert not settings.journal.allow_volatile


@pytest.mark.parametrize("name", ["install", "systemd/collector"])
def test_scripts_can_be_run(name: str) -> None:
    script = DEPLOY / name
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False).stderr == ""
