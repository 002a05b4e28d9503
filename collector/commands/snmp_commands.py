"""`snmp`: the SNMPv3 engines that speak for consoles: who they are, and whether what they send is believed."""

import argparse
import json
import os
import pwd
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from collector.commands.opening import opened_store
from collector.commands.options import Subparsers, add_config, settings_of
from collector.domain.engine import EngineState, parse_engine_id
from collector.domain.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collector.domain.engine import Engine, ForgottenEngine
    from collector.pipeline.approval import Approval
    from collector.store.engine import Store, Turn
    from collector.store.engines import EngineFilter

_AT_ONCE = 500


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "snmp", help="SNMPv3 engines that speak for consoles", description="SNMPv3 engines that speak for consoles."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_engines(actions)
    _add_approve(actions)
    forget = actions.add_parser(
        "forget",
        help="believe an engine no more",
        description="Take an engine's approval back and forget what is known of its time: when it comes again, it must be "
        "approved again and begins anew. That is what a console needs that was set back and counts its boots from the beginning. "
        "Who did it, and when, stays in `collector snmp engines --forgotten`.",
    )
    _add_engine(forget)
    forget.set_defaults(run=_forget)


def _add_engines(actions: Subparsers) -> None:
    engines = actions.add_parser(
        "engines",
        help="list them",
        description="List the engines that were heard of: id, state, source, address of the newest message, number of messages, "
        "first and last time, who approved it. What a `seen` one sends waits in quarantine until it is approved.",
    )
    which = engines.add_mutually_exclusive_group()
    which.add_argument("--state", choices=[state.value for state in EngineState], help="only those")
    which.add_argument(
        "--forgotten",
        action="store_true",
        help="instead, those that somebody forgot (the last 100 of each source): id, source, address, number of messages, who "
        "had approved it, who forgot it and when",
    )
    engines.add_argument("--json", action="store_true", help="as JSON, with boots and time")
    add_config(engines)
    engines.set_defaults(run=_engines)


def _add_approve(actions: Subparsers) -> None:
    approve = actions.add_parser(
        "approve",
        help="believe an engine",
        description="Believe what an engine sends from now on, also beside those that the customers file names; a running "
        "collector takes it over within a second. With --source an engine can be approved that was not heard of yet.",
    )
    _add_engine(approve)
    approve.add_argument("--reprocess", action="store_true", help="process again what waited for it in quarantine")
    approve.set_defaults(run=_approve)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("engine", metavar="ENGINE", help="its id in hexadecimal digits, as `engines` shows it")
    parser.add_argument("--source", metavar="CUSTOMER/NAME", help="the source that it speaks for, when there are several")
    add_config(parser)


def _engines(args: argparse.Namespace) -> int:
    from collector.store.engines import EngineFilter, list_engines

    if args.forgotten:
        return _forgotten(args)
    wanted = EngineFilter(state=EngineState(args.state) if args.state else None)
    with _opened(args) as (store, _), store.read() as connection:
        engines = list_engines(connection, wanted)
    _print([_told(engine) for engine in engines], [_line(engine) for engine in engines], as_json=args.json)
    return 0


def _forgotten(args: argparse.Namespace) -> int:
    from collector.store.forgotten_engines import ForgottenFilter, list_forgotten

    with _opened(args) as (store, _), store.read() as connection:
        engines = list_forgotten(connection, ForgottenFilter())
    _print([_forgotten_told(engine) for engine in engines], [_forgotten_line(engine) for engine in engines], as_json=args.json)
    return 0


def _print(told: list[dict[str, object]], lines: list[list[str]], *, as_json: bool) -> None:
    if as_json:
        json.dump(told, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        for line in lines:
            print("\t".join(line))


def _told(engine: "Engine") -> dict[str, object]:
    from collector.domain.clock import rfc3339

    return {
        "engine_id": engine.engine_id.hex(),
        "customer": engine.customer,
        "source": engine.source,
        "state": engine.state.value,
        "peer": engine.peer or None,
        "first_seen_at": rfc3339(engine.first_seen_at),
        "last_seen_at": rfc3339(engine.last_seen_at),
        "messages": engine.messages,
        "authenticated": engine.time is not None,
        "boots": None if engine.time is None else engine.time.boots,
        "engine_time": None if engine.time is None else engine.time.time,
        "approved_by": engine.approved_by,
        "approved_at": None if engine.approved_at is None else rfc3339(engine.approved_at),
    }


def _line(engine: "Engine") -> list[str]:
    from collector.domain.clock import rfc3339

    return [
        engine.engine_id.hex(),
        engine.state.value,
        f"{engine.customer}/{engine.source}",
        engine.peer or "-",
        str(engine.messages),
        rfc3339(engine.first_seen_at),
        rfc3339(engine.last_seen_at),
        engine.approved_by or "-",
    ]


def _forgotten_told(engine: "ForgottenEngine") -> dict[str, object]:
    from collector.domain.clock import rfc3339

    return {
        "engine_id": engine.engine_id.hex(),
        "customer": engine.customer,
        "source": engine.source,
        "peer": engine.peer or None,
        "messages": engine.messages,
        "approved_by": engine.approved_by,
        "approved_at": None if engine.approved_at is None else rfc3339(engine.approved_at),
        "forgotten_by": engine.forgotten_by,
        "forgotten_at": rfc3339(engine.forgotten_at),
    }


def _forgotten_line(engine: "ForgottenEngine") -> list[str]:
    from collector.domain.clock import rfc3339

    return [
        engine.engine_id.hex(),
        f"{engine.customer}/{engine.source}",
        engine.peer or "-",
        str(engine.messages),
        engine.approved_by or "-",
        engine.forgotten_by,
        rfc3339(engine.forgotten_at),
    ]


def _approve(args: argparse.Namespace) -> int:
    wanted = _filter(args)
    with _opened(args) as (store, turn):
        approval = _approval(args, store, turn)
        engine = approval.approve(wanted, actor=_actor())
        print(f"{engine.engine_id.hex()} is believed for {engine.customer}/{engine.source}")
        if args.reprocess:
            print(f"{_catch_up(args, store, turn, approval, engine)} notifications were processed again")
    return 0


def _catch_up(args: argparse.Namespace, store: "Store", turn: "Turn", approval: "Approval", engine: "Engine") -> int:
    from collector.app.inspecting import inspector

    done, left = 0, -1
    with inspector(settings_of(args), store, turn) as made:
        while True:
            caught = approval.catch_up(engine, made, actor=_actor(), limit=_AT_ONCE)
            done += caught.done
            if not caught.done or not caught.left or caught.left == left:
                return done
            left = caught.left


def _forget(args: argparse.Namespace) -> int:
    wanted = _filter(args)
    with _opened(args) as (store, turn):
        engine = _approval(args, store, turn).forget(wanted, actor=_actor())
    print(f"{engine.engine_id.hex()} is forgotten for {engine.customer}/{engine.source}")
    return 0


def _filter(args: argparse.Namespace) -> "EngineFilter":
    """Raise Rejected."""
    from collector.store.engines import EngineFilter

    engine_id = parse_engine_id(args.engine)
    if args.source is None:
        return EngineFilter(engine_id=engine_id)
    customer, slash, name = args.source.partition("/")
    if not (slash and customer and name):
        raise Rejected(f"--source: CUSTOMER/NAME, such as ACME/sepm-1, not {args.source!r}")
    return EngineFilter(engine_id=engine_id, customer_code=customer, source=name)


def _actor() -> str:
    """Who types it, as the machine knows them."""
    try:
        return f"command:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"command:{os.getuid()}"


def _approval(args: argparse.Namespace, store: "Store", turn: "Turn") -> "Approval":
    from collector.domain.clock import SystemClock
    from collector.own_engine_file import own_engine_id
    from collector.pipeline.approval import Approval

    return Approval(store, SystemClock(), turn, own_engine=own_engine_id(settings_of(args), os.environ))


@contextmanager
def _opened(args: argparse.Namespace) -> "Iterator[tuple[Store, Turn]]":
    """A store of this version."""
    from collector.store.schema import require_current

    with opened_store(settings_of(args)) as (store, turn):
        require_current(store)
        yield store, turn
