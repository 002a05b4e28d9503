"""Somebody floods while 25 consoles of other customers send a trap a second each: theirs become cases meanwhile, none
is lost, the flood has one case, and every datagram is accounted for. `COLLECTOR_FLOOD_SECONDS` makes the first one longer."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.floods import ATTACKS, CUSTOMERS, NEIGHBOURS, RELAY, SECRETS, Flooder, Neighbours, Watch
from tests.acceptance.harness import Running, until
from tests.acceptance.stores import Stores
from tests.benchmarks.usage import HighWater, memory_mib

pytestmark = pytest.mark.full
RATE = 20_000
LONG_SECONDS = int(os.environ.get("COLLECTOR_FLOOD_SECONDS", "20"))
SHORT_SECONDS = 12
PROMISED_SECONDS, PATIENT_SECONDS = 5.0, 30.0
"""How long the others wait at most, on a machine of its own and on one that has other things to do."""
MOST_MEMORY_MIB = 600
_PATIENCE_SECONDS = 240.0
_ENVIRONMENT = {"COLLECTOR__SNMP__TRUSTED_RELAYS": f"{RELAY}/32"}

STRANGERS = {"unknown communities", "known community from foreign addresses, informs", "malformed", "forged addresses"}
WITHOUT_CASE = {"forged addresses of a console"}
"""All of them is held back, and nothing of it left out at this rate."""


@pytest.fixture
def flooder() -> Iterator[Flooder]:
    with Flooder() as made:
        yield made


def settled(running: Running, sent: int) -> dict[str, int]:
    """Wait until so many datagrams are accounted for; return the count of each outcome. What was left out is told each second."""
    until(lambda: sum(running.ledger()["totals"].values()) >= sent, "everything is accounted for", seconds=_PATIENCE_SECONDS)
    totals = running.settled()
    assert sum(totals.values()) == sent
    assert running.metric("collector_snmp_kernel_drops_total") == 0
    return totals


class Flooded:
    """What came of an attack on a running collector."""

    def __init__(self, running: Running, flooder: Flooder, attack: str, seconds: int) -> None:
        self.running = running
        self.watch = Watch(running)
        self.neighbours = Neighbours(running.snmp, seconds)
        roles = running.roles()
        self.watch.start()
        with HighWater(lambda: memory_mib(running.processes())) as memory:
            flood = flooder.flood(running.snmp, attack, rate=RATE, seconds=seconds)
            self.neighbours.run()
            self.sent = flood.result()
            self.totals = settled(running, self.sent + len(self.neighbours.sent_ns))
        self.memory = memory.highest
        self.watch.over.set()
        self.watch.join(30)
        assert running.roles() == roles, "a role was started again"
        assert self.memory < MOST_MEMORY_MIB

    def assert_promise(self) -> None:
        """Each trouble of the neighbours has one case, which was there to be read in time."""
        delays = self.watch.delays(self.neighbours)
        assert set(delays) == set(self.neighbours.sent_ns)
        print(f"the others waited {max(delays.values()):.1f} s at most ({PROMISED_SECONDS:g} s promised)")
        assert max(delays.values()) <= PATIENT_SECONDS, sorted(delays.values())[-5:]
        codes = {f"N{number}" for number in range(NEIGHBOURS)}
        theirs = [case for case in self.running.cases() if case["customer"]["code"] in codes]
        assert len(theirs) == len(self.neighbours.sent_ns)
        assert {case["occurrences"] for case in theirs} == {1}

    def own_cases(self) -> list[dict[str, Any]]:
        return [case for case in self.running.cases() if case["product"] == "collector"]


def test_a_console_at_20000_a_second_delays_nobody_and_has_one_case(stores: Stores, flooder: Flooder, tmp_path: Path) -> None:
    with stores.empty() as store, Running(tmp_path, customers=CUSTOMERS, store=store, environment=_ENVIRONMENT) as running:
        running.secrets |= SECRETS
        flooded = Flooded(running.prepare().start(), flooder, "console", LONG_SECONDS)
        flooded.assert_promise()
        (case,) = flooded.own_cases()
        assert (case["customer"]["code"], case["severity"], case["status"]) == ("FLOOD", 3, "open")
        assert case["title"] == "The console proxy-1 floods the collector"
        assert flooded.totals["over_limit"] == running.metric("collector_snmp_left_out_total")
        running.stop()


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name != "console"])
def test_whatever_floods_delays_nobody(attack: str, flooder: Flooder, tmp_path: Path) -> None:
    with Running(tmp_path, customers=CUSTOMERS, environment=_ENVIRONMENT) as running:
        running.secrets |= SECRETS
        flooded = Flooded(running.prepare().start(), flooder, attack, SHORT_SECONDS)
        flooded.assert_promise()
        expected = [] if attack in WITHOUT_CASE else ["SELF" if attack in STRANGERS else "FLOOD"]
        assert [case["customer"]["code"] for case in flooded.own_cases()] == expected
        running.stop()


def test_a_kill_in_the_middle_of_a_flood_changes_nothing_of_what_is_counted(flooder: Flooder, tmp_path: Path) -> None:
    with Running(tmp_path, customers=CUSTOMERS, environment=_ENVIRONMENT) as running:
        running.secrets |= SECRETS
        running.prepare().start()
        flood = flooder.flood(running.snmp, "relay", rate=RATE, seconds=SHORT_SECONDS)
        threading.Event().wait(SHORT_SECONDS / 2)
        running.kill_role("process")
        settled(running, flood.result())
        (case,) = [case for case in running.cases() if case["product"] == "collector"]
        assert case["customer"]["code"] == "FLOOD"
        running.stop()
