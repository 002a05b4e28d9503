"""`user`: the people who sign in on the page. A password is never an argument: other users of the machine could read it."""

import argparse
import getpass
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from collector.commands.opening import opened_store
from collector.commands.options import Subparsers, add_config, settings_of
from collector.domain.errors import ConfigurationError, Rejected
from collector.domain.users import LONGEST_FULL_NAME, SHORTEST_PASSWORD, UserRole, check_name, check_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collector.store.engine import Connection

_MOST_OCTETS = 4096


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("user", help="people who sign in on the page", description="People who sign in on the page.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_create(actions)
    listed = actions.add_parser("list", help="list them", description="List them: name, role, language, state, full name.")
    add_config(listed)
    listed.set_defaults(run=_list)
    _add_password(actions)
    disable = actions.add_parser(
        "disable",
        help="let somebody sign in no more",
        description="Let somebody sign in no more; what they have open ends at once. The name stays theirs, since histories of "
        "cases have it.",
    )
    disable.add_argument("name", metavar="NAME", help="whom")
    add_config(disable)
    disable.set_defaults(run=_disable)


def _add_create(actions: Subparsers) -> None:
    create = actions.add_parser(
        "create",
        help="let somebody sign in",
        description="Let somebody sign in on the page. The password is asked for twice on a terminal, otherwise it is the first "
        f"line of standard input; it has at least {SHORTEST_PASSWORD} characters.",
    )
    create.add_argument("name", metavar="NAME", help="small letters, digits, . _ and -; stands in the history of cases")
    create.add_argument("--full-name", metavar="TEXT", default="", help="as colleagues write it")
    create.add_argument(
        "--role",
        choices=[role.value for role in UserRole],
        default=UserRole.ENGINEER.value,
        help="engineer reads and acts (the default), viewer only reads",
    )
    create.add_argument("--language", choices=["es", "en"], help="of the page; otherwise the installation's")
    _add_file(create)
    add_config(create)
    create.set_defaults(run=_create)


def _add_password(actions: Subparsers) -> None:
    password = actions.add_parser(
        "password",
        help="give somebody another password",
        description="Give somebody another password; it is read as by `create`. What they have open ends at once.",
    )
    password.add_argument("name", metavar="NAME", help="whom")
    _add_file(password)
    add_config(password)
    password.set_defaults(run=_password)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-file", metavar="FILE", type=Path, help="read the password from this file's first line")


def _create(args: argparse.Namespace) -> int:
    from collector.domain.clock import SystemClock
    from collector.passwords import hash_password
    from collector.store.users import create_user

    check_name(args.name)
    if len(args.full_name) > LONGEST_FULL_NAME or not args.full_name.isprintable():
        raise Rejected(f"--full-name: one line of at most {LONGEST_FULL_NAME} characters")
    language = args.language or settings_of(args).language
    password_hash = hash_password(_read_password(args.password_file))
    with _writing(args) as connection:
        create_user(
            connection,
            name=args.name,
            full_name=args.full_name.strip(),
            role=UserRole(args.role),
            language=language,
            password_hash=password_hash,
            at=SystemClock().now(),
        )
    print(f"{args.name} may sign in ({args.role})")
    return 0


def _list(args: argparse.Namespace) -> int:
    from collector.store.schema import require_current
    from collector.store.users import list_users

    with opened_store(settings_of(args)) as (store, _):
        require_current(store)
        with store.read() as connection:
            for user in list_users(connection):
                state = "disabled" if user.disabled_at else "active"
                print(f"{user.name}\t{user.role.value}\t{user.language}\t{state}\t{user.full_name}")
    return 0


def _password(args: argparse.Namespace) -> int:
    from collector.passwords import hash_password
    from collector.store.users import set_password

    password_hash = hash_password(_read_password(args.password_file))
    with _writing(args) as connection:
        set_password(connection, args.name, password_hash)
    print(f"{args.name} has another password")
    return 0


def _disable(args: argparse.Namespace) -> int:
    from collector.domain.clock import SystemClock
    from collector.store.users import disable_user

    with _writing(args) as connection:
        disable_user(connection, args.name, at=SystemClock().now())
    print(f"{args.name} may sign in no more")
    return 0


@contextmanager
def _writing(args: argparse.Namespace) -> "Iterator[Connection]":
    """One transaction of a store of this version."""
    from collector.store.schema import require_current

    with opened_store(settings_of(args)) as (store, turn):
        require_current(store)
        with store.write(turn) as connection:
            yield connection


def _read_password(file: Path | None) -> str:
    """Raise Rejected for one that is too short, or two that differ; ConfigurationError for a file that cannot be read."""
    if file is not None:
        try:
            with file.open(encoding="utf-8") as opened:
                return check_password(_first_line(opened.read(_MOST_OCTETS)))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"--password-file: {file} cannot be read: {error}") from error
    if not sys.stdin.isatty():
        return check_password(_first_line(sys.stdin.read(_MOST_OCTETS)))
    password = check_password(getpass.getpass("password: "))
    if getpass.getpass("again: ") != password:
        raise Rejected("the two passwords differ")
    return password


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removesuffix("\r")
