"""The page of commands says what the program says, and what the README and the demonstration tell to type can be typed."""

import argparse
import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from collector import cli
from collector.config import load
from collector.registry.file import read_customers
from tests import commands_page

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = commands_page.PAGE.read_text(encoding="utf-8")


def _demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("collector_demo", ROOT / "deploy/demo/demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


DEMO = _demo()
PRINTED: list[str] = [command for _, commands in DEMO.to_try(DEMO.place()) for command in commands]
FIRST = README.partition("## A first case in a minute")[2].partition("\n## ")[0]
"""What the demonstration prints too; the rest of the README is its own."""
TYPED = re.findall(r"^((?:\.venv/bin/collector|snmptrap|snmpinform|swaks|curl) .*)$", FIRST, flags=re.MULTILINE)
OURS = re.findall(r"^(\.venv/bin/collector .*)$", README, flags=re.MULTILINE)


def test_the_page_of_commands_is_up_to_date() -> None:
    assert commands_page.page() == PAGE, "write it anew: python -m tests.commands_page"


@pytest.mark.parametrize(("name", "parser"), [pytest.param(*one, id=one[0]) for one in commands_page.commands()])
def test_every_command_and_option_stands_in_the_page(name: str, parser: argparse.ArgumentParser) -> None:
    section = PAGE.split(f"## `collector {name}`\n", 1)[1].split("\n## ", 1)[0]
    options = [word for action in commands_page.shown(parser) for word in action.option_strings]
    assert [word for word in options if f"`{word}" not in section] == []


def test_the_readme_has_the_commands_that_the_demonstration_prints() -> None:
    assert TYPED == PRINTED


@pytest.mark.parametrize("command", OURS)
def test_what_the_readme_says_to_type_is_understood(command: str) -> None:
    words = shlex.split(command)[1:]
    args = cli._parser(words[0]).parse_args(words)
    assert callable(args.run)


def test_the_demonstration_has_good_settings_and_customers() -> None:
    settings = load(DEMO.CONFIG, {})
    assert all(address.is_loopback for _, address in settings.listeners())
    place = DEMO.place()
    assert (place.traps, place.mails, place.api) == tuple(str(address) for _, address in settings.listeners())
    customers = read_customers(DEMO.CUSTOMERS.read_text(encoding="utf-8"), "customers.yaml")
    communities = [source.record.snmp.community for customer in customers for source in customer.sources if source.record.snmp]
    known = [community.decode() for community in communities if community]
    assert len(known) == len(set(known)), "each community must mean one source"
    mailboxes = {source.record.mailbox for customer in customers for source in customer.sources}
    told = set(re.findall(r"(?:-c|--community) (\S+)", FIRST)), set(re.findall(r"(\S+)@collector\.localhost", FIRST))
    assert told[0] <= set(known)
    assert told[1] <= mailboxes


def test_the_demonstration_asks_the_collector_for_what_it_has() -> None:
    commands = {name for name, _ in commands_page.commands()}
    source = (ROOT / "deploy/demo/demo.py").read_text(encoding="utf-8")
    asked = {
        " ".join(filter(None, words)) for words in re.findall(r'_collector\("([\w-]+)"(?:, "(import|create|list)")?', source)
    }
    assert asked == {"migrate", "customers import", "api-key create", "user list", "user"}
    assert asked - {"user"} | {"user create", "user password"} <= commands
