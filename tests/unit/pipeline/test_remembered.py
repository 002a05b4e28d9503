"""What was said about a trap is said again about the same trap, and about no other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import Classified
from collector.domain.trap import Pdu, SnmpVersion, Trap
from collector.pipeline.remembered import MOST_OCTETS, MOST_TRAPS, MOST_VARBINDS, RememberedRules

TRAP = Trap(SnmpVersion.V2C, b"c", Pdu.TRAP_V2, 1, "1.3.6.1.4.1.1.0.1", 100, [("1.3.6.1.4.1.1.1.0", 4, b"one")])


class Asked:
    """Rules that count how often they were asked."""

    def __init__(self) -> None:
        self.traps = 0

    def classify_trap(self, trap: Trap, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        self.traps += 1
        return [Classified(0, Outcome.UNMATCHED, Reason.NO_RULE, "", "", str(self.traps), {})]

    def classify_mail(self, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        raise NotImplementedError


def told(rules: RememberedRules, trap: Trap, source: str = "one", products: tuple[str, ...] = ("p",)) -> str:
    return rules.classify_trap(trap, source=source, products=products)[0].notification


def test_a_repeat_is_not_asked_about_again() -> None:
    asked = Asked()
    rules = RememberedRules(asked)
    later = replace(TRAP, request_id=2, uptime=200, varbinds=[*TRAP.varbinds])
    assert told(rules, TRAP) == told(rules, later) == "1"
    assert asked.traps == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"trap_oid": "1.3.6.1.4.1.1.0.2"},
        {"varbinds": []},
        {"varbinds": [("1.3.6.1.4.1.1.1.0", 4, b"two")]},
        {"varbinds": [("1.3.6.1.4.1.1.1.0", 0x40, b"one")]},
        {"varbinds": [("1.3.6.1.4.1.1.1.1", 4, b"one")]},
        {"varbinds": [*TRAP.varbinds, *TRAP.varbinds]},
    ],
)
def test_another_trap_is_asked_about(changes: dict[str, Any]) -> None:
    rules = RememberedRules(Asked())
    assert told(rules, TRAP) != told(rules, replace(TRAP, **changes))


def test_the_same_trap_of_another_source_is_asked_about() -> None:
    rules = RememberedRules(Asked())
    assert len({told(rules, TRAP), told(rules, TRAP, "two"), told(rules, TRAP, products=("q",))}) == 3


def test_a_trace_is_always_worked_out_and_never_remembered() -> None:
    asked = Asked()
    rules = RememberedRules(asked)
    for _ in range(2):
        rules.classify_trap(TRAP, source="one", products=("p",), trace=True)
    assert (asked.traps, told(rules, TRAP)) == (2, "3")


def test_memory_is_bounded_in_traps_and_in_the_size_of_one() -> None:
    asked = Asked()
    rules = RememberedRules(asked)
    for number in range(MOST_TRAPS + 10):
        told(rules, replace(TRAP, trap_oid=f"1.3.{number}"))
        assert len(rules._known) <= MOST_TRAPS


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"varbinds": [("1.3", 4, b"x" * MOST_OCTETS)]}, id="a long value"),
        pytest.param({"varbinds": [("1.3." + "4294967295." * 127 + "1", 2, 1)]}, id="a long name"),
        pytest.param({"varbinds": [("1.3", 2, 1)] * (MOST_VARBINDS + 1)}, id="many variables"),
        pytest.param({"trap_oid": "1.3." + "4294967295." * 127 + "1"}, id="a long OID"),
    ],
)
def test_what_is_large_is_not_remembered(changes: dict[str, Any]) -> None:
    asked = Asked()
    rules = RememberedRules(asked)
    large = replace(TRAP, **changes)
    assert told(rules, large) != told(rules, large)
