"""The ledger, the memory against repeats, stream positions, API keys and the registry's rows, on both databases."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from collector.domain.errors import Conflict
from collector.domain.ids import StreamName
from collector.domain.registry import SELF_CODE
from collector.domain.snmp_access import SnmpAccess
from collector.domain.trap import SnmpVersion
from collector.store.api_keys import ApiKey, create_api_key, find_api_key
from collector.store.dialect import table_of
from collector.store.engine import Store
from collector.store.ledger import LedgerKey, add_counts, read_lines, total
from collector.store.registry import (
    SourceRecord,
    load_customer_records,
    load_registry,
    load_source_records,
    raise_registry_version,
    registry_version,
    release_mailboxes,
    save_customer,
    save_sources,
)
from collector.store.seen import drop_expired, load_seen, save_seen
from collector.store.streams import Position, add_stream, load_positions, load_retired, retire_stream, save_position
from collector.store.tables import ApiKeyRow, SourceRow
from collector.store.types import UtcTime, from_micros, to_micros
from tests.builders import BOX, NOON, after
from tests.integration.store.conftest import People

STREAM = StreamName("snmp-0", bulk=False, epoch="k3f9ab")


def line(day: int, customer: int, outcome: str, source: int = 0) -> LedgerKey:
    return LedgerKey(day, customer, source, "snmp", outcome, "")


def test_the_ledger_adds_up(store: Store, people: People) -> None:
    with store.write() as connection:
        add_counts(connection, {line(20260317, people.acme, "case", people.console): 3, line(20260317, 0, "unattributed"): 1})
        add_counts(connection, {line(20260317, people.acme, "case", people.console): 4, line(20260318, people.beta, "loop"): 1})
        add_counts(connection, {})
        assert total(connection) == {("case", ""): 7, ("unattributed", ""): 1, ("loop", ""): 1}
        lines = read_lines(connection, since_day=20260317, until_day=20260317)
    assert [(told.customer, told.source, told.outcome, told.count) for told in lines] == [
        (None, None, "unattributed", 1),
        ("ACME", "console-1", "case", 7),
    ]


def test_a_ledger_line_can_be_moved_and_an_empty_one_is_not_told(store: Store, people: People) -> None:
    with store.write() as connection:
        add_counts(connection, {line(20260317, 0, "unattributed"): 1})
        add_counts(connection, {line(20260317, 0, "unattributed"): -1, line(20260317, people.acme, "case"): 1})
        lines = read_lines(connection, since_day=20260301, until_day=20260331)
        assert [(told.outcome, told.count) for told in lines] == [("case", 1)]
        assert sum(total(connection).values()) == 1


def test_a_customers_ledger_holds_only_its_own_lines_of_the_days_asked_for(store: Store, people: People) -> None:
    with store.write() as connection:
        days = (20260316, 20260317, 20260318)
        add_counts(connection, {line(day, who, "case"): 1 for day in days for who in (people.acme, people.beta)})
        lines = read_lines(connection, since_day=20260316, until_day=20260317, customer_id=people.beta)
    assert [(told.day, told.customer) for told in lines] == [(20260316, "BETA"), (20260317, "BETA")]


def test_the_memory_against_repeats_forgets_what_has_expired(store: Store) -> None:
    old, new = (hashlib.md5(name, usedforsecurity=False).digest() for name in (b"old", b"new"))
    with store.write() as connection:
        save_seen(connection, [(old, to_micros(after(minutes=1))), (new, to_micros(after(minutes=2)))])
        save_seen(connection, [])
        assert load_seen(connection) == {old: to_micros(after(minutes=1)), new: to_micros(after(minutes=2))}
        drop_expired(connection, before=after(minutes=1))
        assert load_seen(connection) == {new: to_micros(after(minutes=2))}


def test_what_is_seen_again_is_remembered_until_the_later_time(store: Store) -> None:
    with store.write() as connection:
        save_seen(connection, [(b"\0" * 16, to_micros(NOON))])
        save_seen(connection, [(b"\0" * 16, to_micros(after(minutes=2)))])
        assert load_seen(connection) == {b"\0" * 16: to_micros(after(minutes=2))}


def test_positions_come_back_by_stream(store: Store) -> None:
    bulk = StreamName("snmp-0", bulk=True, epoch="k3f9ac")
    with store.write() as connection:
        first, second = add_stream(connection, STREAM), add_stream(connection, bulk)
        save_position(connection, Position(first.id, STREAM, 5_000_000_000, 7))
    with store.read() as connection:
        assert load_positions(connection) == {STREAM: Position(first.id, STREAM, 5_000_000_000, 7), bulk: second}
        assert (second.position, second.tallies) == (0, 0)


def test_a_retired_stream_keeps_its_row_and_is_not_among_the_positions(store: Store) -> None:
    anew = StreamName("snmp-0", bulk=False, epoch="z00000")
    with store.write() as connection:
        first = Position(add_stream(connection, STREAM).id, STREAM, 5, 1)
        save_position(connection, first)
        retire_stream(connection, first)
        second = add_stream(connection, anew)
    with store.read() as connection:
        assert load_positions(connection) == {anew: second}
        assert load_retired(connection) == {STREAM: first}


def test_an_api_key_is_found_by_itself_alone_and_is_stored_nowhere(store: Store, people: People) -> None:
    with store.write() as connection:
        key = create_api_key(
            connection, name="bridge", scopes=frozenset({"cases:read", "cases:write"}), at=NOON, customer_id=people.acme
        )
        other = create_api_key(connection, name="noc", scopes=frozenset({"all"}), at=NOON)
    with store.read() as connection:
        found = find_api_key(connection, key, at=NOON)
        assert found == ApiKey(found.id if found else 0, "bridge", frozenset({"cases:read", "cases:write"}), people.acme)
        everybody = find_api_key(connection, other, at=NOON)
        assert everybody is not None
        assert everybody.customer_id is None
        assert find_api_key(connection, key + "x", at=NOON) is None
        assert find_api_key(connection, "", at=NOON) is None
        rows = [str(tuple(row)) for row in connection.execute(select(table_of(ApiKeyRow)))]
    assert key != other
    assert len(rows) == 2
    assert all(key not in row and other not in row for row in rows)


def test_an_api_keys_name_is_given_once(store: Store) -> None:
    with store.write() as connection:
        create_api_key(connection, name="noc", scopes=frozenset({"all"}), at=NOON)
        with pytest.raises(Conflict, match="named 'noc'"):
            create_api_key(connection, name="noc", scopes=frozenset({"all"}), at=NOON)


def test_an_api_key_ends_when_it_expires_and_when_it_is_revoked(store: Store) -> None:
    with store.write() as connection:
        short = create_api_key(connection, name="short", scopes=frozenset(), at=NOON, expires_at=after(minutes=1))
        long = create_api_key(connection, name="long", scopes=frozenset(), at=NOON)
        assert find_api_key(connection, short, at=after(minutes=1) - timedelta(microseconds=1)) is not None
        assert find_api_key(connection, short, at=after(minutes=1)) is None
        assert find_api_key(connection, long, at=after(minutes=1)) is not None
        keys = table_of(ApiKeyRow)
        connection.execute(update(keys).where(keys.c.name == "long").values(revoked_at=NOON))
        assert find_api_key(connection, long, at=NOON) is None


ACCESS = SnmpAccess.with_community("v2c", b"\xc3\xb1\0", ["192.0.2.0/24", "2001:db8::/32"])


def test_the_registry_comes_back_with_everything_that_identifies_a_console(store: Store) -> None:
    record = SourceRecord("proxy-1", ("bluecoat-proxysg", "x"), "acme", ACCESS)
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme S.A.", language="es")
        save_sources(
            connection, acme, [record, SourceRecord("old", (), None, SnmpAccess.with_community("v1", b"c", ["0.0.0.0/0"]))], BOX
        )
        assert raise_registry_version(connection) == 1
    with store.read() as connection:
        registry = load_registry(connection, BOX)
        assert registry.version == registry_version(connection) == 1
        assert load_source_records(connection, acme, BOX)["proxy-1"] == record
        assert set(load_customer_records(connection)) == {"ACME"}
    proxy, old = registry.sources
    assert (proxy.name, proxy.products, proxy.mailbox, proxy.customer.code) == (
        "proxy-1",
        ("bluecoat-proxysg", "x"),
        "acme",
        "ACME",
    )
    assert proxy.snmp is not None
    assert old.snmp is not None
    assert (proxy.snmp.community, [str(network) for network in proxy.snmp.networks]) == (
        b"\xc3\xb1\0",
        ["192.0.2.0/24", "2001:db8::/32"],
    )
    assert proxy.snmp.versions == {SnmpVersion.V1, SnmpVersion.V2C}
    assert old.snmp.versions == {SnmpVersion.V1}
    assert registry.self_customer.code == SELF_CODE


def test_a_retired_console_is_left_out_until_it_is_saved_again(store: Store, people: People) -> None:
    sources = table_of(SourceRow)
    with store.write() as connection:
        connection.execute(update(sources).where(sources.c.id == people.console).values(retired=True))
        assert [source.id for source in load_registry(connection, BOX).sources] == [people.other_console]
        assert set(load_source_records(connection, people.acme, BOX)) == {"console-2"}
        save_sources(
            connection,
            people.acme,
            [
                SourceRecord(
                    "console-1",
                    (),
                    "acme-1",
                )
            ],
            BOX,
        )
        assert {source.id for source in load_registry(connection, BOX).sources} == {people.console, people.other_console}


def test_a_released_mailbox_can_be_given_to_another_console(store: Store, people: People) -> None:
    with store.write() as connection:
        release_mailboxes(connection, ["acme-1"])
        save_sources(
            connection,
            people.acme,
            [
                SourceRecord(
                    "console-2",
                    (),
                    "acme-1",
                )
            ],
            BOX,
        )
        boxes = {name: record.mailbox for name, record in load_source_records(connection, people.acme, BOX).items()}
    assert boxes == {"console-1": None, "console-2": "acme-1"}


def test_times_are_stored_to_the_microsecond_and_naive_ones_refused() -> None:
    moment = after(seconds=0.000_001)
    assert from_micros(to_micros(moment)) == moment
    with pytest.raises(ValueError, match="naive"):
        to_micros(moment.replace(tzinfo=None))


def test_a_naive_time_does_not_reach_the_database(store: Store) -> None:
    with pytest.raises(Exception, match="naive time"), store.write() as connection:
        create_api_key(connection, name="x", scopes=frozenset(), at=NOON.replace(tzinfo=None))
    assert UtcTime.cache_ok


def test_foreign_keys_are_enforced_on_both(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), store.write() as connection:
        connection.execute(
            text("INSERT INTO sources (customer_id, name, products, retired) VALUES (999, 'x', '[]', :no)"), {"no": False}
        )
