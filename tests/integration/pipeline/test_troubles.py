"""Items that break a stage, a store that is away, and a journal that fails: the line goes on and nothing is lost."""

import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest

from collector.actions import Act, Actions
from collector.domain.case import Verb
from collector.domain.errors import Unavailable
from collector.domain.ids import StreamName
from collector.domain.item import ItemKind, TallyReason
from collector.domain.mail import Mail
from collector.domain.trap import TrapResult
from collector.pipeline.draft import Decoders
from collector.store.engine import Store
from collector.store.streams import load_positions
from tests.builders import TERMS
from tests.databases import Databases, hold_write_lock
from tests.pipeline_world import MAILS, MAIN, World

PARKED = ("undecodable", "decoder_failed")


def positions(world: World) -> dict[StreamName, tuple[int, int]]:
    with world.store.read() as connection:
        return {name: (position.position, position.tallies) for name, position in load_positions(connection).items()}


def test_an_item_that_breaks_a_stage_is_parked_and_the_others_are_not_harmed(world: World) -> None:
    for text in ("raise disk 3", "explode", "raise disk 3", "explode", "raise cpu 3"):
        world.trap(text)
    world.mail("raise disk 3", "explode")
    world.mail("raise mail 3")
    world.process()
    assert world.outcomes() == [PARKED, ("case", ""), ("case", ""), PARKED, ("case", ""), PARKED, ("case", "")]
    assert world.counters.poisoned == 3
    assert sorted((case.host, case.occurrences) for case in world.cases()) == [("cpu", 1), ("disk", 2), ("mail", 1)]
    assert world.counted() == {"case": 4, "undecodable": 3}
    assert positions(world) == {MAIN: (5, 0), MAILS: (2, 0)}
    parked = next(row for row in world.notifications() if row.state.value == "undecodable")
    assert parked.detail == "ExplodingInstruction in the pipeline"


def test_the_metrics_count_a_parked_item_too(world: World) -> None:
    world.trap("explode")
    world.process()
    assert world.counters.outcomes == {("snmp", "undecodable"): 1}
    assert world.counters.items == 1


def test_a_broken_decoder_parks_what_it_breaks_on(world: World) -> None:
    decode = world.decoders.trap

    def trap(payload: bytes) -> TrapResult:
        if b"cpu" in payload:
            raise MemoryError
        return decode(payload)

    def mails(payloads: object) -> list[Mail]:
        raise RuntimeError("every mail")

    world.decoders = Decoders(trap, world.decoders.unlock, mails, world.decoders.loop_reason)  # type: ignore[arg-type]
    world.trap("raise disk 3")
    world.trap("raise cpu 3")
    world.mail("raise disk 3")
    world.process()
    assert world.outcomes() == [PARKED, ("case", ""), PARKED]


def test_a_tally_or_an_envelope_that_is_not_understood_stops_nothing(world: World) -> None:
    world.item(MAIN, ItemKind.TALLY, b"", envelope=b'{"reason":"from_a_later_version","count":3}')
    world.item(MAIN, ItemKind.TALLY, b"", envelope=b"\xff")
    world.tally(TallyReason.TOO_LARGE, 2)
    world.trap("raise disk 3")
    world.item(MAILS, ItemKind.MAIL, b"Subject: x\r\n\r\nraise disk 3\r\n", envelope=b"{}")
    world.process()
    assert world.outcomes() == [PARKED, ("case", "")]
    assert world.counted() == {"case": 1, "undecodable": 1, "refused": 2}
    assert positions(world)[MAIN] == (4, 3)


def test_what_a_stage_tripped_over_does_not_show_what_the_item_holds(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A traceback names the place; a database error would name every value if it were let."""
    caplog.set_level(logging.DEBUG)
    world.mail("raise disk 3", "explode this-is-the-body")
    world.trap("explode this-is-the-octet-string")
    world.process()
    assert "this-is-the" not in caplog.text
    assert world.counters.poisoned == 2


def test_a_store_that_is_locked_keeps_items_waiting_and_then_catches_up(databases: Databases) -> None:
    url = databases.fresh()
    store = Store(url, write_wait_seconds=0.02)
    world = World(store)
    processor = world.processor()
    world.trap("raise disk 3")
    processor.step()
    release = _lock(url)
    for _ in range(5):
        world.trap("raise disk 3")
        with pytest.raises(Unavailable):
            processor.step()
    release()
    while processor.step():
        pass
    assert world.case().occurrences == 6
    assert world.counted() == {"case": 6}
    store.close()


def _lock(url: str) -> Callable[[], None]:
    if url.startswith("sqlite"):
        return hold_write_lock(url).close
    other = Store(url)
    holding = other.write()
    holding.__enter__()

    def release() -> None:
        holding.__exit__(None, None, None)
        other.close()

    return release


def test_the_loop_waits_for_a_store_that_is_away_and_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    failures: list[int] = []
    processor = world.processor()
    world.trap("raise disk 3")
    write = Store.write

    def away(store: Store, *arguments: object) -> object:
        if len(failures) < 3:
            failures.append(1)
            raise Unavailable("away")
        return write(store)

    monkeypatch.setattr(Store, "write", away)
    monkeypatch.setattr(stop, "wait", lambda seconds: None)
    processor.run(stop, housekeeping=lambda: stop.set() if world.notifications() else None)
    assert world.counters.store_failures == 3
    assert world.outcomes() == [("case", "")]


def test_the_loop_yields_to_those_who_wait_and_ends_when_it_is_told(world: World) -> None:
    stop = threading.Event()
    processor = world.processor(batch_limit=1)
    processor._someone_waits = lambda: True
    for _ in range(3):
        world.trap("raise disk 3")
    processor.run(stop, housekeeping=lambda: stop.set() if len(world.notifications()) == 3 else None)
    assert world.counters.yields == 3
    assert processor.processed == {MAIN: 3}


def test_a_wake_up_is_given_after_every_batch_that_was_committed(world: World) -> None:
    processor = world.processor(batch_limit=2)
    told: list[int] = []
    processor._changed = lambda: told.append(len(world.notifications()))
    for _ in range(5):
        world.trap("raise disk 3")
    while processor.step():
        pass
    assert told == [2, 4, 5]


def test_a_journal_that_fails_to_read_loses_nothing(world: World) -> None:
    processor = world.processor(batch_limit=2)
    for _ in range(5):
        world.trap("raise disk 3")
    processor.step()

    def fail(stream: StreamName) -> None:
        raise OSError(5, "input/output error")

    world.journal.on_read = fail
    for _ in range(3):
        with pytest.raises(OSError, match="input/output"):
            processor.step()
    world.journal.on_read = lambda stream: None
    while processor.step():
        pass
    assert world.case().occurrences == 5


def test_a_stream_that_appears_later_is_taken_up(world: World) -> None:
    processor = world.processor()
    world.trap("raise disk 3")
    processor.step()
    world.mail("raise disk 3")
    assert processor.step() is False  # it looks for streams once in a second
    world.clock.move(timedelta(seconds=1))
    assert processor.step() is True
    assert world.case().occurrences == 2


def test_people_act_while_items_are_processed(world: World) -> None:
    """Two writers of one case: neither takes back what the other did."""
    world.trap("raise disk 3")
    world.process()
    key = world.case().external_key
    actions = Actions(world.store, world.clock, nullcontext, TERMS)
    started = threading.Event()

    def notes() -> None:
        for number in range(20):
            actions.perform(Act(key, Verb.NOTE, "user:ana", text=f"note {number}"))
            started.set()

    thread = threading.Thread(target=notes)
    thread.start()
    assert started.wait(20)
    processor = world.processor(batch_limit=5)
    for _ in range(100):
        world.trap("raise disk 3")
    while processor.step():
        pass
    thread.join(30)
    assert world.case().occurrences == 101
    assert world.verdicts().count("noted") == 20
    assert world.case().version == 1 + 20 + 20
