"""Forged and replayed messages of SNMPv3 to the whole collector: none of them is believed, now, after a restart or after a kill
of everything; each is listed with its exact reason and counted; and the consoles themselves are believed on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest

from collector.domain.engine_time import MAX_BOOTS
from collector.domain.snmp_access import SecurityLevel
from tests import snmp_inform_kit as kit
from tests import snmp_wire as wire
from tests.acceptance import v3_attacks
from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CLOCK, until
from tests.acceptance.senders import CRITICAL, HEALTH_TEXT, console, health_pdu
from tests.acceptance.v3_attacked import ALONE, CUSTOMERS, World
from tests.acceptance.v3_attacks import Attack
from tests.acceptance.v3_consoles import ACME_ENGINE, AUTH_MARK, PRIV_MARK, processed
from tests.snmp_inform_kit import Informer
from tests.snmp_receiver_kit import Console

KEPT = ("engine_id", "customer", "source", "state", "messages", "boots", "engine_time", "approved_by", "approved_at")
"""What of an engine a start must not change."""
MESSAGE_IDS = count(900)
BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(install: Install) -> Iterator[World]:
    everything = {"COLLECTOR__LOGS__LEVEL": "debug", "COLLECTOR__PROCESS__REFUSED_PER_PEER": "0"}
    made = install(environment=everything)
    made.import_customers(CUSTOMERS)
    made.secrets |= {AUTH_MARK, PRIV_MARK}
    world = World(made.start())
    world.approve()
    yield world
    made.settled()
    made.stop()


def all_attacks(world: World) -> list[Attack]:
    """With a trap that was believed just now."""
    caught = world.says(world.console, "Caught")
    world.says(world.signing, "Caught")
    return [
        *v3_attacks.with_wrong_keys(world.console, world.other),
        *v3_attacks.with_wrong_digests(world.console),
        *v3_attacks.below_the_level(world.console, world.signing),
        *v3_attacks.out_of_time(world.console),
        *v3_attacks.replayed(world.console, caught),
        *v3_attacks.from_other_engines(world.console, world.other, world.naming, world.own_engine()[0]),
        *v3_attacks.no_notifications(world.console),
    ]


def test_nothing_forged_or_replayed_is_believed_and_the_consoles_are_believed_on(world: World) -> None:
    world.withstands(all_attacks(world))
    for speaker in (world.console, world.signing):
        world.says(speaker, "Believed on")


@pytest.mark.full
def test_people_who_process_it_again_find_it_refused_for_the_same_reason(world: World) -> None:
    listed = [item for item in world.withstands(all_attacks(world)) if item["state"] == "unauthenticated"]
    cases = world.cases()
    for before in listed:
        [after] = world.running.post(f"/notifications/{before['id']}/reprocess")["items"]
        assert (after["state"], after["reason"]) == ("unauthenticated", before["reason"]), before
    assert world.cases() == cases


@pytest.mark.full
def test_who_holds_the_key_of_another_customer_whose_engines_need_no_approval_gets_ours_only_when_somebody_approves(
    world: World,
) -> None:
    """And even then it is another engine than that of our console, which is believed on."""
    world.says(world.console, "Ours")
    theirs = world.trusting.trap("Theirs", engine_id=ACME_ENGINE, boots=MAX_BOOTS - 1, time=9)
    world.withstands([Attack("unasked", [theirs], "unknown_engine", world.trusting.source)])
    world.running.post(f"/snmp/engines/{ACME_ENGINE.hex()}/approve", {"customer": "OTHERS", "source": world.trusting.source})
    world.send(world.trusting.trap("Theirs", engine_id=ACME_ENGINE, boots=MAX_BOOTS - 1, time=9))
    [case] = world.running.cases(text="(theirs)")
    assert case["customer"]["code"] == "OTHERS"
    known = {(engine["source"], engine["engine_id"]): engine["boots"] for engine in world.running.items("/snmp/engines")}
    assert known["console-a", ACME_ENGINE.hex()] == world.console.boots
    assert known["trusting-b", ACME_ENGINE.hex()] == MAX_BOOTS - 1
    world.says(world.console, "Ours")


def inform_pdu(text: str, *, request_id: int = 77) -> bytes:
    varbinds = wire.uptime(), wire.trap_oid(CRITICAL), wire.varbind(HEALTH_TEXT, wire.string(f"{text}: CRITICAL"))
    return wire.v2_pdu(*varbinds, tag=wire.INFORM, request_id=request_id)


@dataclass(slots=True)
class Informing:
    """Informs of `ALONE` to our engine, which was found as consoles find it; `caught` is one that was answered."""

    world: World
    sender: Console
    caught: bytes
    informer: Informer

    @classmethod
    def begun(cls, world: World, sender: Console, text: str) -> Self:
        informer = Informer(sender, ALONE)
        informer.inform(inform_pdu("Found", request_id=1))
        caught = kit.message_to(informer.engine, inform_pdu(text), user=ALONE, message_id=next(MESSAGE_IDS))
        sender.send(caught)
        answer = kit.told(sender.answer(), ALONE)
        assert answer.pdu[0] == wire.RESPONSE
        until(lambda: world.believed(text) == 1, "it is believed")
        return cls(world, sender, caught, informer)

    def sealed(self, **parts: Any) -> bytes:
        """One that nobody has seen."""
        return kit.message_to(
            self.informer.engine, inform_pdu("Forged"), **{"user": ALONE, "message_id": next(MESSAGE_IDS), **parts}
        )

    def states(self, port: Console) -> list[tuple[str, str | None]]:
        """(state, reason) of what came from there."""
        self.world.running.settled()
        peer = f"{port.address}:{port.port}"
        return [(item["state"], item["reason"]) for item in self.world.running.notifications() if item["peer"] == peer]


@pytest.mark.full
def test_a_copied_inform_counts_once_whoever_sends_it(world: World) -> None:
    with Console(world.running.snmp) as sender, Console(world.running.snmp) as thief:
        informing = Informing.begun(world, sender, "Copied inform")
        with processed(world.running, 2):
            sender.send(informing.caught)
            thief.send(informing.caught)
        assert informing.states(sender)[-1] == ("duplicate", "repeated_inform")
        assert informing.states(thief) == [("unauthenticated", "replayed")]
    assert world.believed("Copied inform") == 1


@pytest.mark.full
def test_forged_informs_get_no_response_and_are_not_believed(world: World) -> None:
    """Only who holds the keys is told that his time is wrong."""
    with Console(world.running.snmp) as sender:
        informing = Informing.begun(world, sender, "Honest inform")
        engine = informing.informer.engine
        now = engine.time(CLOCK.monotonic_ns())
        forged = {
            "wrong_digest": informing.sealed(user=replace(ALONE, auth=b"guessed phrase")),
            "decryption_error": informing.sealed(user=replace(ALONE, priv=b"guessed phrase")),
            "level_too_low": informing.sealed(level=SecurityLevel.AUTH_NO_PRIV),
            "unknown_user": informing.sealed(user=replace(ALONE, name=b"console-x")),
        }
        late = [{"time": now + 200}, {"boots": engine.boots - 1}, {"boots": engine.boots + 1}]
        for reason, datagram in forged.items():
            with Console(world.running.snmp) as thief:
                with processed(world.running):
                    thief.send(datagram)
                assert not thief.has_answer()
                assert informing.states(thief) == [("unauthenticated", reason)]
        for parts in late:
            with Console(world.running.snmp) as thief:
                with processed(world.running):
                    thief.send(informing.sealed(**parts))
                assert kit.told(thief.answer(), ALONE).pdu[0] == kit.REPORT
                assert informing.states(thief) == [("unauthenticated", "not_in_time_window")]
    assert world.believed("Forged") == 0


def stop_in_order(world: World) -> None:
    world.running.stop()


def kill_everything(world: World) -> None:
    world.running.kill_all()


@pytest.mark.full
@pytest.mark.parametrize("end", [stop_in_order, kill_everything])
def test_after_a_start_what_was_caught_before_is_still_refused_and_approvals_hold(
    world: World, end: Callable[[World], None]
) -> None:
    caught = [world.says(world.console, f"Before {end.__name__}") for _ in range(3)]
    named = world.says(world.signing, f"Before {end.__name__}")
    with Console(world.running.snmp) as sender:
        informing = Informing.begun(world, sender, f"Informed {end.__name__}")
    engines, (engine_id, boots) = world.running.items("/snmp/engines"), world.own_engine()
    known = [{name: engine[name] for name in KEPT} for engine in engines]

    end(world)
    world.running.start()

    assert [{name: engine[name] for name in KEPT} for engine in world.running.items("/snmp/engines")] == known
    assert world.own_engine() == (engine_id, boots + 1)
    assert world.running.metric("collector_snmp_engine_boots") == boots + 1
    world.withstands(
        [
            *(Attack(f"copy {number}", [copy], "replayed", world.console.source) for number, copy in enumerate(caught)),
            Attack("copy of a signed one", [named], "replayed", world.signing.source),
            *v3_attacks.replayed(world.console, caught[0]),
            *v3_attacks.out_of_time(world.console),
            *v3_attacks.with_wrong_keys(world.console, world.other),
            Attack("an inform to our engine of before", [informing.caught], "not_in_time_window", world.console.source),
        ]
    )
    for speaker in (world.console, world.signing):
        world.says(speaker, f"After {end.__name__}")


@pytest.mark.full
def test_copies_that_meet_a_kill_are_believed_once(world: World) -> None:
    """Whatever of a batch was in the store and what was not: memory and cases are one commit."""
    texts = numbered("Metakill", range(200))
    datagrams = [world.console.message(health_pdu(text)) for text in texts]
    with console() as owner, console(v3_attacks.ELSEWHERE) as thief:
        with processed(world.running, 2 * len(datagrams)):
            for number, datagram in enumerate(datagrams):
                owner.sendto(datagram, world.running.snmp)
                thief.sendto(datagram, world.running.snmp)
                if number in (50, 100):
                    world.running.kill_role("process")
        assert_traps_once(world.running, "Metakill", texts)
        world.running.kill_all()
        world.running.start()
        with processed(world.running, len(datagrams)):
            for datagram in datagrams:
                thief.sendto(datagram, world.running.snmp)
    assert_traps_once(world.running, "Metakill", texts)


@pytest.mark.full
def test_a_copy_is_one_however_the_wall_clock_is_set_and_too_old_when_the_console_has_spoken(
    install: Install, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"

    def set_clock(seconds: int) -> None:
        fresh = clock.with_suffix(".new")
        fresh.write_text((BEGIN + timedelta(seconds=seconds)).isoformat(), encoding="ascii")
        fresh.replace(clock)

    set_clock(0)
    made = install(extra=["--test-clock", str(clock)])
    made.import_customers(CUSTOMERS)
    world = World(made.start())
    world.approve()
    began = world.console.time
    caught = world.says(world.console, "Remembered")
    for seconds in (100, 153, 86_400, -3_600, 3_600):
        set_clock(seconds)
        world.withstands([Attack(f"set by {seconds} s", [caught], "replayed", world.console.source)])
    world.send(world.console.trap("Remembered", time=began + 3_600))
    assert world.believed("Remembered") == 2
    world.withstands([Attack("when the console has spoken", [caught], "not_in_time_window", world.console.source)])
    made.kill_all()
    made.start()
    world.withstands([Attack("after a kill", [caught], "not_in_time_window", world.console.source)])
    made.stop()
