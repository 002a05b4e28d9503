"""Options that several commands share, and what they stand for."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from collector.domain.clock import Clock, FileClock, SystemClock
from collector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from collector.config import Settings

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name for it


def add_config(parser: argparse.ArgumentParser, *, default: object = argparse.SUPPRESS) -> None:
    """`--config FILE`; it may stand before or after the command."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=default,
        help="settings file (TOML); otherwise COLLECTOR_CONFIG, otherwise the built-in defaults",
    )


def add_test_clock(parser: argparse.ArgumentParser) -> None:
    """The hidden option by which tests move the time."""
    parser.add_argument("--test-clock", metavar="FILE", type=Path, help=argparse.SUPPRESS)


def add_allow_root(parser: argparse.ArgumentParser) -> None:
    """`--allow-root`."""
    parser.add_argument("--allow-root", action="store_true", help="work as root too, which is refused otherwise")


def settings_of(args: argparse.Namespace) -> "Settings":
    """Raise ConfigurationError with every mistake."""
    from collector.config import load

    return load(args.config, os.environ)


def clock_of(args: argparse.Namespace, settings: "Settings") -> Clock:
    """The machine's clock, or the one in the file of `--test-clock`. That one is refused where strangers can reach a listener:
    with a stopped clock no deadline would ever pass."""
    path: Path | None = args.test_clock
    if path is None:
        return SystemClock()
    for key, address in settings.listeners():
        if not address.is_loopback:
            raise ConfigurationError(f"--test-clock: only with listeners on loopback, but {key} has {address}")
    clock = FileClock(path)
    try:
        clock.now()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--test-clock: {path} holds no time: {error}") from error
    return clock
