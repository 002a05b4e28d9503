"""Reading messages in tests: every one that is read here is held against the published description, and may hold nothing more."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from api.schemas.handoff import MessageView, message_schema
from api.server import serve
from collector.store.engine import Store
from collector.store.messages import MessageFilter, read_messages
from tests.api_world import Caller

FEED = "/api/v1/handoff/feed"
WAIT_SECONDS = 20
Parsed = dict[str, Any]


@cache
def _validator() -> Draft202012Validator:
    schema = message_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def checked(message: Parsed) -> Parsed:
    """The message, which fits the description."""
    assert [error.message for error in _validator().iter_errors(message)] == []
    MessageView.model_validate_json(json.dumps(message))
    return message


def stored(store: Store) -> list[Parsed]:
    """Everything in the outbox, with its position as `position`."""
    with store.read() as connection:
        kept = read_messages(connection, MessageFilter(), after=0, limit=1_000_000)
    return [{**checked(json.loads(message.body)), "position": message.position} for message in kept]


def told(messages: list[Parsed]) -> list[tuple[str, str]]:
    """(type, what) of each."""
    return [(message["type"], message["data"]["change"]["what"]) for message in messages]


def page(caller: Caller, **parameters: Any) -> Parsed:
    answer = caller.get(FEED, params=parameters)
    assert answer.status_code == 200, answer.text
    found: Parsed = answer.json()
    for message in found["items"]:
        checked(message)
    return found


def walk(caller: Caller, **parameters: Any) -> list[Parsed]:
    """The feed from its place to its end."""
    found: list[Parsed] = []
    while True:
        read = page(caller, **parameters)
        found += read["items"]
        if not read["more"]:
            return found
        parameters["after"] = read["next"]


@contextmanager
def served(app: Any, stop: threading.Event) -> Iterator[tuple[str, threading.Thread]]:
    """The application over a real socket until `stop`: (address, the server's thread)."""
    bound = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(app, [bound], stop))
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}", thread
    finally:
        stop.set()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
        bound.close()
