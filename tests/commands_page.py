"""docs/commands.md, made from the parsers of the command line. `python -m tests.commands_page` writes it; a test compares it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from collector import cli

PAGE = Path(__file__).parents[1] / "docs/commands.md"
_HEAD = """\
# Commands

Made from the program itself (`python -m tests.commands_page`); `collector COMMAND --help` says the same. Options for which no
default is named are not set. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration, 130 interrupted.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for name, parser in commands():
        parts.append(f"## `collector {name}`\n\n{_plain(parser.description or '')}\n")
        parts += _table(parser)
        if parser.epilog:
            parts.append(f"```text\n{parser.epilog.rstrip()}\n```\n")
    return "\n".join(parts)


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser, in the order of `--help`; those with actions give one for each."""
    for name in cli.COMMANDS:
        yield from _leaves(name, _choices(cli._parser(name))[name])


def _leaves(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    nested = _choices(parser)
    if not nested:
        yield name, parser
    for action, inner in nested.items():
        yield from _leaves(f"{name} {action}", inner)


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def shown(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a user may give, but for `--help` and what is hidden."""
    return [one for one in parser._actions if one.help != argparse.SUPPRESS and not isinstance(one, argparse._HelpAction)]


def _table(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = [f"| `{_usage(action)}` | {_meaning(parser, action)} |" for action in shown(parser)]
    if rows:
        yield "\n".join(["| option | meaning |", "|---|---|", *rows, ""])


def _usage(action: argparse.Action) -> str:
    value = action.metavar or ("{" + ",".join(action.choices) + "}" if action.choices else action.dest.upper())
    if not action.option_strings:
        return str(value)
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = _plain(parser._get_formatter()._expand_help(action)).replace("|", "\\|")
    return f"{text} (needed)" if action.required and action.option_strings else text


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
