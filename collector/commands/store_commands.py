"""`migrate`, `customers`, `api-key`, `explain`: commands that open the store and end."""

import argparse
import json
import re
import sys
from datetime import timedelta
from pathlib import Path

from collector.commands.opening import opened_store
from collector.commands.options import Subparsers, add_config, settings_of
from collector.domain.errors import ConfigurationError, NotFound, Rejected
from collector.domain.message import PULL, checked_destination
from collector.domain.scopes import MEANINGS, Scope, parse_scopes

_KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def add(subparsers: Subparsers) -> None:
    _add_migrate(subparsers)
    _add_customers(subparsers)
    _add_api_key(subparsers)
    _add_explain(subparsers)


def _add_migrate(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "migrate",
        help="create the store or bring it to this version",
        description="Create the tables of an empty store, or bring those of an older version to this one, in one transaction. "
        "Doing it again changes nothing. The other commands refuse a store of another version. The key that seals secrets is "
        "made when there is none, and what an older key sealed is sealed with the newest.",
    )
    add_config(parser)
    parser.set_defaults(run=_migrate)


def _add_customers(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "customers", help="import customers and their sources", description="Customers and their sources."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    imports = actions.add_parser(
        "import",
        help="import a customers file",
        description="Bring the store to what a customers file (YAML) says. The file is checked as a whole first; every mistake "
        "is told with its line and then nothing is imported. What the file does not name stays as it is. Running roles take the "
        "change over within a second. Warns of sources whose traps others could forge: v1, v2c, users without authentication "
        "or with weak protocols, pass phrases that customers share, or consoles whose engines need no approval.",
    )
    imports.add_argument("file", metavar="FILE", type=Path, help="the customers file; see docs/configuration.md")
    imports.add_argument("--dry-run", action="store_true", help="only say what would change")
    add_config(imports)
    imports.set_defaults(run=_import)


def _add_api_key(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("api-key", help="create keys for the API", description="Keys for the API.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="create a key and print it",
        description="Create a key and print it, alone, on standard output. It is shown this once; the store keeps a hash of it.",
    )
    create.add_argument("--name", required=True, help="who uses it; stands in the log of cases, e.g. bridge-1")
    create.add_argument(
        "--scopes",
        required=True,
        help=f"what it may do: {Scope.ALL}, or a comma list of {', '.join(scope for scope in MEANINGS if scope != Scope.ALL)}",
    )
    create.add_argument("--customer", metavar="CODE", help="limit it to one customer")
    create.add_argument(
        "--destination",
        metavar="NAME",
        default=PULL,
        help=f"the ticketing backend that it speaks for; {PULL}, the readers of the feed, when absent",
    )
    create.add_argument("--days", type=int, metavar="N", help="let it expire after N days")
    add_config(create)
    create.set_defaults(run=_create_key)


def _add_explain(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "explain",
        help="tell what became of a notification, and why",
        description="Print the whole way of a notification as JSON: what was recorded when it was processed (source, kind, rule, "
        "verdict, case), and what the present customers and rules say to each step, with every rule that was tried and the "
        "conditions that held or did not.",
    )
    parser.add_argument("id", metavar="ID", help="as in lists, logs and the 250 reply, e.g. snmp-0-k3f9ab-17")
    add_config(parser)
    parser.set_defaults(run=_explain)


def _migrate(args: argparse.Namespace) -> int:
    from collector.app.sealing import box_for, told
    from collector.store.migrate import migrate
    from collector.store.schema import schema_version
    from collector.store.sealing import seal_again, sealed_with_newest

    settings = settings_of(args)
    with opened_store(settings, make=True) as (store, turn):
        before = schema_version(store)
        version = migrate(store)
        box = box_for(settings, store)
        # Originals are many: they are looked through when there is a reason.
        if before != version or not sealed_with_newest(store, box):
            for line in told(seal_again(store, box, turn=turn)):
                print(line)
    print(f"the store is at version {version}")
    return 0


def _import(args: argparse.Namespace) -> int:
    from collector.app.looking_ahead import warnings_of
    from collector.registry.file import read_customers
    from collector.registry.importing import import_customers
    from collector.secrets import SecretBox
    from collector.store.schema import require_current

    settings = settings_of(args)
    file: Path = args.file
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}") from error
    customers = read_customers(text, str(file))
    with opened_store(settings) as (store, turn):
        require_current(store)
        box = SecretBox.of_settings(settings)
        result = import_customers(store, customers, file=str(file), dry_run=args.dry_run, turn=turn, box=box)
    for line in result.lines:
        print(line)
    owned = [(f"{c.code}/{s.record.name}", s.record.snmp) for c in customers for s in c.sources if s.record.snmp is not None]
    for warning in warnings_of(owned, settings, beside=result.kept):
        print(f"collector: warning: {warning}", file=sys.stderr)
    print(_outcome(len(result.lines), dry_run=args.dry_run))
    return 0


def _outcome(changes: int, *, dry_run: bool) -> str:
    if not changes:
        return "nothing to change"
    return f"{changes} to change; nothing was imported (--dry-run)" if dry_run else f"{changes} changed"


def _create_key(args: argparse.Namespace) -> int:
    from collector.domain.clock import SystemClock
    from collector.store.api_keys import create_api_key
    from collector.store.registry import load_customer_records
    from collector.store.schema import require_current

    scopes = parse_scopes(args.scopes)
    if not _KEY_NAME.fullmatch(args.name):
        raise Rejected(f"--name: letters, digits, . _ and -, at most 64; not {args.name!r}")
    destination = checked_destination(args.destination)
    now = SystemClock().now()
    with opened_store(settings_of(args)) as (store, turn):
        require_current(store)
        with store.write(turn) as connection:
            customer_id = None
            if args.customer is not None:
                customer = load_customer_records(connection).get(args.customer)
                if customer is None:
                    raise NotFound(f"--customer: there is no customer {args.customer}")
                customer_id = customer.id
            if args.days is not None and args.days < 1:
                raise Rejected("--days: at least 1")
            expires_at = None if args.days is None else now + timedelta(days=args.days)
            key = create_api_key(
                connection,
                name=args.name,
                scopes=scopes,
                at=now,
                customer_id=customer_id,
                expires_at=expires_at,
                destination=destination,
            )
    print(key)
    return 0


def _explain(args: argparse.Namespace) -> int:
    from collector.app.inspecting import inspector
    from collector.domain.ids import NotificationId

    try:
        wanted = NotificationId.parse(args.id)
    except ValueError as error:
        raise Rejected(str(error)) from error
    settings = settings_of(args)
    with opened_store(settings) as (store, turn), inspector(settings, store, turn) as made:
        told = made.explain(wanted, customer_id=None)
    json.dump(told, sys.stdout, ensure_ascii=False, indent=2)
    print()
    return 0
