"""The command line: finds the command, runs it, turns errors into a line and an exit code. What commands do is in
`collector.commands`; only the module of the command in question is imported."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from collector.commands.options import Subparsers, add_config
from collector.domain.errors import CollectorError, ConfigurationError

EXIT_OK, EXIT_FAILURE, EXIT_USAGE, EXIT_CONFIGURATION = 0, 1, 2, 78
EXIT_INTERRUPTED = 130

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "run the whole collector on this machine"),
    "receive": ("serve", "run only the intake of traps and mails"),
    "process": ("roles", "run only the role that turns the journal into cases"),
    "hand-off": ("roles", "run only the role that delivers to the ticketing backends"),
    "api": ("roles", "run only the API and the page"),
    "migrate": ("store_commands", "create the store or bring it to this version"),
    "check-config": ("check", "check the settings and say every mistake"),
    "calendar": ("calendar_commands", "show and check the working calendar"),
    "customers": ("store_commands", "import customers and their sources"),
    "secrets": ("secret_commands", "seal the store's secrets with a new key"),
    "api-key": ("store_commands", "create keys for the API"),
    "user": ("user_commands", "people who sign in on the page"),
    "journal": ("journal_commands", "go on after the journal was lost"),
    "backup": ("backup_commands", "back up store, journal and settings"),
    "restore": ("backup_commands", "bring back a backup"),
    "send-trap": ("send_trap", "send one SNMP trap or inform"),
    "simulate": ("traffic", "send a realistic mix of notifications"),
    "snmp": ("snmp_commands", "SNMPv3 engines that speak for consoles"),
    "mib": ("mib_commands", "names from MIB files"),
    "explain": ("store_commands", "tell what became of a notification, and why"),
    "version": ("check", "print the version"),
}
"""Command → (module in `collector.commands`, one line of help), in the order of `--help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code of the process. Raise SystemExit (2) for wrong usage."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    args = _parser(_command_in(arguments)).parse_args(arguments)
    # journal, store and logs hold what customers sent
    os.umask(0o077)
    try:
        code: int = args.run(args)
    except ConfigurationError as error:
        return _failed(error, EXIT_CONFIGURATION)
    except CollectorError as error:
        return _failed(error, EXIT_FAILURE)
    except BrokenPipeError:
        return EXIT_FAILURE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code


def _failed(error: CollectorError, code: int) -> int:
    for line in str(error).splitlines():
        print(f"collector: {line}", file=sys.stderr)
    return code


def _command_in(arguments: Sequence[str]) -> str | None:
    """The first word that is neither an option nor the value of `--config`."""
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="collector",
        description="Turns SNMP traps, informs and alert e-mails into cases.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration. `collector COMMAND --help` tells the rest.",
    )
    add_config(parser, default=None)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    if wanted in COMMANDS:
        _add_module(COMMANDS[wanted][0], subparsers)
    else:
        for name, (_, line) in COMMANDS.items():
            subparsers.add_parser(name, help=line)
    return parser


def _add_module(name: str, subparsers: Subparsers) -> None:
    import_module(f"collector.commands.{name}").add(subparsers)
