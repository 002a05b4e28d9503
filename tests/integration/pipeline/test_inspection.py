"""Looking at single notifications and trying quarantine anew, on both databases."""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest

from collector.domain.errors import Conflict, NotFound
from collector.domain.ids import CustomerId, NotificationId
from collector.domain.item import ItemKind, TallyReason
from collector.domain.mail import Mail
from collector.domain.snmp_access import SnmpAccess
from collector.domain.trap import Trap
from collector.pipeline.inspection import Inspector
from collector.pipeline.originals import OriginalsKeeper
from collector.store.registry import SourceRecord, load_registry, save_sources
from tests.builders import BOX, NOON, after
from tests.pipeline_world import ACME, MAILS, MAIN, World, mail_octets, trap_octets


@pytest.fixture
def inspector(world: World) -> Inspector:
    def explain(notification: Trap | Mail, source: str, products: tuple[str, ...]) -> dict[str, object]:
        return {"as seen from": source, "products": list(products)}

    return Inspector(
        world.store, world.journal, knowledge=world.knowledge, explain=explain, clock=world.clock, turn=nullcontext, box=BOX
    )


def teach(world: World, community: bytes) -> None:
    """ACME registers one more console: what was a stranger's is its own now."""
    acme = world.source("console").customer.id
    with world.store.write() as connection:
        save_sources(
            connection, acme, [SourceRecord("new", (), None, SnmpAccess.with_community("v2c", community, ["0.0.0.0/0"]))], BOX
        )
        world.registry = load_registry(connection, BOX)


def explained(inspector: Inspector, item: NotificationId, customer_id: CustomerId | None = None) -> Any:
    return inspector.explain(item, customer_id=customer_id)


def forget_journal(world: World) -> None:
    world.journal.items = {stream: [] for stream in world.journal.items}


def test_explain_tells_the_whole_way_of_a_notification_that_opened_a_case(world: World, inspector: Inspector) -> None:
    item = world.trap("raise disk 2")
    world.process()
    told = explained(inspector, item)
    assert json.loads(json.dumps(told)) == told
    assert told["state"] == "case"
    (recorded,) = told["recorded"]
    assert (recorded["rule"], recorded["verdict"], recorded["case"]) == ("raise-disk", "opened", world.case().external_key)
    now = told["now"]
    assert isinstance(now, dict)
    assert now["sources"] == [{"customer": "ACME", "source": "console"}]
    assert (now["peer"], now["trust"], now["received_at"]) == ("192.0.2.1:40001", "spoofable", "2026-03-17T12:00:00.000Z")
    (notification,) = now["notifications"]
    assert (notification["key"], notification["signal"], notification["primary"]) == ("v1:pack:disk", "raise", True)
    assert [condition["test"] for condition in notification["matched"]] == ["begins with"]
    assert now["considered"] == {"as seen from": "console", "products": ["product"]}


def test_explain_tells_why_not(world: World, inspector: Inspector) -> None:
    stranger, garbage = world.trap("info", community=b"x"), world.item(MAIN, ItemKind.DATAGRAM, b"\x30\x82")
    assert explained(inspector, stranger)["state"] == "pending"
    world.process()
    told = explained(inspector, stranger)
    assert told["recorded"][0]["reason"] == "unknown_community"
    assert told["now"]["considered"] == {"as seen from": "", "products": []}
    assert "x" not in json.dumps(told["now"]["decoded"])
    assert explained(inspector, garbage)["now"]["decoded"]["reason"] == "truncated"


def test_explain_writes_nothing(world: World, inspector: Inspector) -> None:
    item = world.trap("raise disk 3")
    world.process()
    before = world.written()
    explained(inspector, item)
    assert world.written() == before


def test_a_customer_is_told_its_own_part_of_a_mail_alone(world: World, inspector: Inspector) -> None:
    item = world.mail("raise disk 3", to=["beta@example.org", "acme@example.org"])
    world.process()
    acme = world.source("console").customer.id
    told = explained(inspector, item, acme)
    assert [row["customer"] for row in told["recorded"]] == ["ACME"]
    now = json.dumps(told["now"])
    assert "BETA" not in now
    assert "other" not in now
    assert '"customer": "ACME"' in now
    assert told["now"]["considered"]["as seen from"] == "console"


@pytest.mark.parametrize(
    "text", ["snmp-0-aaaaaa-99", "snmp-9-zzzzzz-1", "smtp-0-cccccc-1"], ids=["beyond the end", "no such stream", "not there yet"]
)
def test_what_is_not_there_is_not_found(world: World, inspector: Inspector, text: str) -> None:
    world.trap("info")
    world.tally(TallyReason.TOO_LARGE, 1)
    world.process()
    for unknown in (NotificationId.parse(text), NotificationId(str(MAIN), 2)):
        with pytest.raises(NotFound):
            explained(inspector, unknown)
        with pytest.raises(NotFound):
            inspector.reprocess(unknown, actor="user:ana")
    assert inspector.contents([NotificationId.parse(text)]) == {}


def test_another_customers_notification_is_not_found(world: World, inspector: Inspector) -> None:
    item = world.trap("info")
    world.process()
    with pytest.raises(NotFound):
        inspector.explain(item, customer_id=world.source("other").customer.id)


def test_contents_are_decoded_again(world: World, inspector: Inspector) -> None:
    trap, mail, garbage = world.trap("info"), world.mail("info"), world.item(MAIN, ItemKind.DATAGRAM, b"?")
    found = inspector.contents([trap, mail, garbage])
    assert (found[trap].payload, found[trap].kind) == (trap_octets("info", community=b"*" * len(ACME)), ItemKind.DATAGRAM)
    assert isinstance(found[trap].decoded, Trap)
    assert isinstance(found[mail].decoded, Mail)
    assert found[mail].payload == mail_octets("info")
    assert found[garbage].payload == b"?"


def test_what_a_case_keeps_is_there_when_the_journal_is_not(world: World, inspector: Inspector) -> None:
    kept, mail, gone = world.trap("raise disk 3"), world.mail("info", "raise cpu 3"), world.trap("info")
    world.process()
    keeper = OriginalsKeeper(world.store, world.journal, BOX)
    keeper(MAIN, 1, 2)
    keeper(MAILS, 1, 1)
    forget_journal(world)
    row = NotificationId(str(MAILS), 1, 2)
    found = inspector.contents([kept, mail, row, gone])
    assert set(found) == {kept, mail, row}
    assert found[mail].payload == found[row].payload == mail_octets("info", "raise cpu 3")
    assert explained(inspector, gone)["now"] is None


def test_reprocessing_moves_the_state_and_the_ledger_of_its_own_day(world: World, inspector: Inspector) -> None:
    item = world.trap("raise disk 2", community=b"new")
    world.process()
    teach(world, b"new")
    world.clock.move(timedelta(days=3))
    (row,) = inspector.reprocess(item, actor="user:ana")
    assert (row.id, row.state.value, row.customer, row.received_at) == (item, "case", "ACME", NOON)
    assert [(line.day, line.customer, line.outcome, line.count) for line in world.ledger()] == [(20260317, "ACME", "case", 1)]
    assert len(world.notifications()) == 1


def test_a_case_opened_by_reprocessing_begins_now_and_says_that_it_is_late(world: World, inspector: Inspector) -> None:
    item = world.trap("raise disk 2", community=b"new")
    world.process()
    teach(world, b"new")
    world.clock.move(timedelta(minutes=90))
    inspector.reprocess(item, actor="user:ana")
    case = world.case()
    assert (case.opened_at, case.last_seen_at) == (after(minutes=90), after(minutes=90))
    opened, noted = world.log(case)
    assert opened.detail == {"late": True}
    assert (noted.verdict.value, noted.actor, noted.text) == ("noted", "user:ana", f"reprocessed {item}")


def test_a_clear_that_is_reprocessed_says_how_it_was_when_it_came(world: World, inspector: Inspector) -> None:
    teach(world, b"new")
    arrived = world.trap("clear disk", community=b"unknown")
    world.process()
    world.clock.move(timedelta(minutes=10))
    world.trap("raise disk 2", community=b"new")
    world.process()
    world.clock.move(timedelta(minutes=10))
    teach(world, b"unknown")
    (row,) = inspector.reprocess(arrived, actor="user:ana")
    assert (row.state.value, row.reason.value) == ("informational", "clear_out_of_date")
    assert world.case().cleared_at is None


def test_what_is_still_in_quarantine_may_be_tried_again_and_again(world: World, inspector: Inspector) -> None:
    item = world.trap("raise disk 2", community=b"new")
    world.process()
    for _ in range(2):
        (row,) = inspector.reprocess(item, actor="user:ana")
        assert row.state.value == "unattributed"
    assert world.counted() == {"unattributed": 1}
    teach(world, b"new")
    inspector.reprocess(item, actor="user:ana")
    with pytest.raises(Conflict, match="is case; only quarantine"):
        inspector.reprocess(item, actor="user:ana")
    assert world.case().occurrences == 1


def test_a_mail_of_several_rows_is_reprocessed_as_a_whole(world: World, inspector: Inspector) -> None:
    item = world.mail("raise disk 3", "raise cpu 3", to=["new@example.org"])
    world.process()
    acme = world.source("console").customer.id
    with world.store.write() as connection:
        save_sources(connection, acme, [SourceRecord("new", (), "new")], BOX)
        world.registry = load_registry(connection, BOX)
    rows = inspector.reprocess(NotificationId(item.stream, item.seq, 1), actor="user:ana")
    assert [str(row.id) for row in rows] == [f"{item}-1", f"{item}-2"]
    assert world.counted() == {"case": 1}


def test_a_clear_that_finds_nothing_in_reprocessing_leaves_no_note_on_a_case(world: World, inspector: Inspector) -> None:
    world.trap("raise disk 2")
    item = world.trap("clear disk", community=b"new")
    world.process()
    teach(world, b"new")
    (row,) = inspector.reprocess(item, actor="user:ana")
    assert (row.state.value, row.reason.value) == ("informational", "clear_other_source")
    assert world.verdicts() == ["opened"]


def test_reprocessing_joins_the_case_that_holds_the_key(world: World, inspector: Inspector) -> None:
    item = world.trap("raise disk 2", community=b"new")
    world.process()
    teach(world, b"new")
    world.trap("raise disk 2")
    world.process()
    inspector.reprocess(item, actor="user:ana")
    assert world.case().occurrences == 2
    assert world.verdicts() == ["opened", "joined", "noted"]


def test_only_quarantine_whose_octets_are_kept_is_reprocessed(world: World, inspector: Inspector) -> None:
    fine, lost = world.trap("info"), world.trap("unmatched")
    world.process()
    with pytest.raises(Conflict, match="is informational"):
        inspector.reprocess(fine, actor="user:ana")
    forget_journal(world)
    with pytest.raises(Conflict, match="no longer kept"):
        inspector.reprocess(lost, actor="user:ana")
    assert world.counted() == {"informational": 1, "unmatched": 1}


def test_reprocessing_does_not_move_the_positions(world: World, inspector: Inspector) -> None:
    item = world.trap("unmatched")
    world.trap("raise disk 3")
    processor = world.processor(batch_limit=1)
    processor.step()
    inspector.reprocess(item, actor="user:ana")
    while processor.step():
        pass
    assert world.outcomes() == [("unmatched", "no_kind"), ("case", "")]
