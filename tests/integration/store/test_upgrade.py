"""A store of the first release, with what its short life left in every table, is brought to this version on both databases: every
row stays, the repositories read it, and processing goes on where it stood."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BLOB, BOOLEAN, Connection, Integer, LargeBinary, MetaData, Table, func, insert, inspect, select, text
from sqlmodel import SQLModel

from collector.domain.case import CaseStatus
from collector.domain.deadline import DeadlineState
from collector.domain.message import MessageType
from collector.domain.registry import SELF_CODE
from collector.domain.snmp_access import SnmpAccess
from collector.store.case_log import read_log
from collector.store.cases import CaseFilter, list_cases
from collector.store.deadlines import read_deadlines
from collector.store.engine import Store
from collector.store.ledger import read_lines
from collector.store.messages import MessageFilter, read_messages
from collector.store.migrate import migrate, migration_config
from collector.store.originals import find_original
from collector.store.registry import load_registry, registry_version
from collector.store.schema import SCHEMA_VERSION, require_current, schema_version
from collector.store.sealing import Sealed, holds_sealed, seal_again, sealed_with_newest
from collector.store.streams import load_positions, load_retired
from tests.builders import BOX, REPOSITORY
from tests.databases import Databases
from tests.pipeline_world import BULK, MAILS, MAIN, World

Rows: TypeAlias = list[tuple[Any, ...]]
FIRST = "0001"
FIRST_RELEASE = json.loads((REPOSITORY / "tests/data/store_0001.json").read_text(encoding="utf-8"))
"""Table → columns and rows, as the first release's own code wrote them; octets are hexadecimal."""
ITS_END = datetime(2026, 3, 17, 12, 8, tzinfo=UTC)


def from_text(table: Table, columns: list[str], row: list[Any]) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in zip(columns, row, strict=True)}


def _value(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, BLOB | LargeBinary):
        return bytes.fromhex(value)
    return bool(value) if isinstance(kind, BOOLEAN) else value


def fill(connection: Connection) -> None:
    """The rows of the first release, parents before children; numbers are given out from behind them."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        if table.name in FIRST_RELEASE:
            told = FIRST_RELEASE[table.name]
            connection.execute(insert(table), [from_text(table, told["columns"], row) for row in told["rows"]])
            _go_on_counting(connection, table)


def _go_on_counting(connection: Connection, table: Table) -> None:
    if connection.dialect.name == "postgresql" and "id" in table.c and isinstance(table.c.id.type, Integer):
        last = connection.execute(select(func.max(table.c.id))).scalar_one()
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})"))


REPLACED = {"snmp_version", "snmp_community", "snmp_networks"}
"""Columns of the first release that are one column now; `test_sources_keep_how_they_are_known` looks at it."""


def held(connection: Connection) -> dict[str, Rows]:
    """What the columns of the first release hold now, but for those that were replaced."""
    found = {}
    for name, told in FIRST_RELEASE.items():
        table = Table(name, MetaData(), autoload_with=connection)
        columns = [table.c[column] for column in told["columns"] if column not in REPLACED]
        found[name] = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
    return found


@pytest.fixture
def old(databases: Databases) -> Iterator[Store]:
    """As the first release left it."""
    store = Store(databases.empty())
    with store.write() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        fill(connection)
    yield store
    store.close()


@pytest.fixture
def upgraded(old: Store) -> Store:
    assert migrate(old) == SCHEMA_VERSION
    return old


def test_the_frozen_store_has_rows_in_every_table_of_the_first_release(old: Store) -> None:
    assert schema_version(old) == FIRST
    with old.read() as connection:
        assert set(inspect(connection).get_table_names()) == {*FIRST_RELEASE, "alembic_version"}
    assert [name for name, told in FIRST_RELEASE.items() if not told["rows"]] == []


def test_an_upgrade_keeps_every_row_and_gives_the_schema_of_the_models(old: Store) -> None:
    with old.read() as connection:
        before = held(connection)
    migrate(old)
    require_current(old)
    with old.read() as connection:
        assert held(connection) == before
        options = {"compare_type": True, "compare_server_default": True, "target_metadata": SQLModel.metadata}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata) == []
        assert {customer.code for customer in load_registry(connection, BOX).customers.values()} == {"SELF", "ACME", "BETA"}


def test_sources_keep_how_they_are_known(upgraded: Store) -> None:
    with upgraded.read() as connection:
        known = {source.name: source.snmp for source in load_registry(connection, BOX).sources}
    assert known == {
        "console": SnmpAccess.with_community("v2c", b"acme-community", ["192.0.2.0/24"]),
        "second": None,
        "other": SnmpAccess.with_community("v1", b"beta-community", ["198.51.100.0/24"]),
    }


def everything(store: Store) -> str:
    """All that stands in the tables, octets in hexadecimal digits."""
    with store.read() as connection:
        tables = MetaData()
        tables.reflect(connection)
        rows = [row for table in tables.sorted_tables for row in connection.execute(select(table)).all()]
    return repr([value.hex() if isinstance(value, bytes) else value for row in rows for value in row])


def test_sealing_leaves_no_community_open_and_loses_nothing(upgraded: Store) -> None:
    communities = ("acme-community", "beta-community")
    needles = [form for name in communities for form in (name, name.encode().hex(), b64encode(name.encode()).decode())]
    with upgraded.read() as connection:
        before = load_registry(connection, BOX)
        original = find_original(connection, "snmp-0-aaaaaa-1", BOX)
    assert not holds_sealed(upgraded)
    assert not sealed_with_newest(upgraded, BOX)
    assert [form for form in needles if form in everything(upgraded)]
    assert seal_again(upgraded, BOX, turn=nullcontext) == Sealed(sources=2, originals=3)
    assert holds_sealed(upgraded)
    assert sealed_with_newest(upgraded, BOX)
    assert not [form for form in needles if form in everything(upgraded)]
    assert seal_again(upgraded, BOX, turn=nullcontext) == Sealed()
    with upgraded.read() as connection:
        assert load_registry(connection, BOX) == before
        assert find_original(connection, "snmp-0-aaaaaa-1", BOX) == original


def test_a_sealed_store_of_one_file_holds_no_trace_of_an_open_community(upgraded: Store) -> None:
    if upgraded.file is None:
        pytest.skip("PostgreSQL clears dead rows in its own time")
    seal_again(upgraded, BOX, turn=nullcontext)
    with upgraded.read() as connection:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    octets = b"".join(path.read_bytes() for path in upgraded.file.parent.glob(f"{upgraded.file.name}*"))
    assert b"console" in octets
    assert b"acme-community" not in octets
    assert b64encode(b"acme-community") not in octets


def test_what_the_first_release_wrote_is_read(upgraded: Store) -> None:
    with upgraded.read() as connection:
        cases = {case.host: case for _, case in list_cases(connection, CaseFilter(), after=None, limit=99)}
        logs = {host: [entry.verdict.value for _, entry in read_log(connection, case.id)] for host, case in cases.items()}
        counted = sum(line.count for line in read_lines(connection, since_day=0, until_day=99_999_999))
        original = find_original(connection, "snmp-0-aaaaaa-1", BOX)
        assert {str(name) for name in load_positions(connection)} == {"snmp-0-aaaaaa", "snmp-0-bulk-bbbbbb", "smtp-0-cccccc"}
        assert [str(name) for name in load_retired(connection)] == ["snmp-0-zzzzzz"]
        assert registry_version(connection) == 1
    assert len(cases) == len(FIRST_RELEASE["cases"]["rows"]) - 1  # two of one host: the second is shown
    assert (cases["waiting"].status, cases["again"].status) == (CaseStatus.PENDING, CaseStatus.ACKNOWLEDGED)
    assert (cases["open"].confirmed_at, cases["open"].assignee, cases["open"].occurrences) == (None, None, 2)
    assert (logs["open"], logs["again"]) == (["opened", "joined", "noted"], ["opened", "closed", "reopened"])
    assert logs["taken"] == ["opened", "cleared", "acknowledged"]
    assert counted == 21
    assert original is not None
    assert original.payload.endswith(b"raise open 3")


def world_of(store: Store) -> World:
    """A minute later; the journal still holds what was processed, of which nobody asks for the content."""
    world = World(store)
    world.clock.move(ITS_END + timedelta(minutes=1) - world.clock.now())
    for stream, count in ((MAIN, 19), (BULK, 1), (MAILS, 2)):
        for _ in range(count):
            world.trap("processed long ago", stream=stream)
    return world


def test_processing_goes_on_where_the_first_release_stood(upgraded: Store) -> None:
    world = world_of(upgraded)
    before = {case.external_key: case for case in world.cases()}
    world.trap("raise open 3")
    world.trap("clear waiting", stream=BULK)
    world.trap("raise new 2")
    world.mail("threat pc-1", "contained pc-2", "info x", message_id="one")
    world.process()
    after = {case.external_key: case for case in world.cases()}
    by_host = {case.host: case for case in after.values()}
    [opened] = after.keys() - before.keys()
    assert (after[opened].host, by_host["open"].occurrences, by_host["pc-1"].occurrences) == ("new", 3, 1)
    assert by_host["waiting"].cleared_at is not None
    assert world.outcomes().count(("duplicate", "repeated_mail")) == 2
    assert sum(world.counted().values()) == 25
    assert world.verdicts(by_host["open"]) == ["opened", "joined", "noted", "joined"]


def test_cases_of_the_first_release_get_their_clocks_and_are_told_once(upgraded: Store) -> None:
    world = world_of(upgraded)
    time = world.passing_time()
    adopted = time.adopt_cases()
    assert adopted > 1
    assert time.adopt_cases() == 0
    with upgraded.read() as connection:
        cases = {case.id: case for _, case in list_cases(connection, CaseFilter(), after=None, limit=99)}
        messages = read_messages(connection, MessageFilter(), after=0, limit=99)
        deadlines = read_deadlines(connection, cases)
    told = {message.case_id for message in messages}
    assert len(messages) == len(told) == adopted
    assert {message.type for message in messages} == {MessageType.OPENED}
    for case in cases.values():
        mine = case.customer_code != SELF_CODE and not case.contained and case.status is not CaseStatus.CLOSED
        assert (case.id in told, case.handed_seq) == (mine, int(mine)), case.host
        owes = mine and case.status is not CaseStatus.RESOLVED
        assert bool(deadlines.get(case.id)) is owes, case.host
        assert all(one.since_at == case.opened_at for one in deadlines.get(case.id, [])), case.host
    waiting = next(case for case in cases.values() if case.host == "waiting")
    assert {one.state for one in deadlines[waiting.id]} == {DeadlineState.PAUSED}
    world.trap("raise open 1")
    world.process()
    with upgraded.read() as connection:
        later = read_messages(connection, MessageFilter(), after=messages[-1].position, limit=99)
    assert [message.type for message in later] == [MessageType.SEVERITY_CHANGED]
