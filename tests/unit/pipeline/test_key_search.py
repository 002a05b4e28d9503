"""A thousand consoles behind a relay have users of one name: what an honest message costs, and what forged ones cost together."""

from collections import Counter
from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.item import InformVerdict, Item, ItemKind
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.snmp_access import AuthProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.domain.trap import SNMP_TRAP_ADDRESS, NotDecoded, Pdu, Secured, SnmpVersion, Trap
from collector.pipeline.believe import Believer
from collector.pipeline.draft import Entry
from collector.pipeline.engine_drafts import EngineDrafts
from collector.pipeline.engine_memory import EngineMemory
from collector.pipeline.source_index import SourceIndex
from tests.builders import a_source

MANY = 1_000
RELAY = "203.0.113.9"
SECOND = 1_000_000_000
IN_TIME = InformVerdict.IN_TIME.value.encode()


def engine_of(number: int) -> bytes:
    return b"\x80\x00\x1f\x88\x05" + number.to_bytes(4, "big")


def address_of(number: int) -> str:
    return f"10.0.{number // 250}.{number % 250 + 1}"


def a_console(number: int, *networks: str, named: bool = True) -> Source:
    user = SnmpUser(
        b"traps",
        AuthProtocol.SHA256,
        b"phrase %d" % number,
        engine_ids=(engine_of(number),) if named else (),
        min_level=SecurityLevel.AUTH_NO_PRIV,
        approve_engines=True,
    )
    access = SnmpAccess("v3", tuple(map(ip_network, networks or (f"{address_of(number)}/32",))), user=user)
    return a_source(number, mailbox=None, snmp=access)


class Desk:
    """Believes what was made with the right pass phrase: the payload says which. Counts how many keys each message costs."""

    def __init__(self, sources: tuple[Source, ...], *, unlimited: bool = False) -> None:
        self.tried: Counter[bytes] = Counter()
        index = SourceIndex(sources, relays=[ip_network("203.0.113.0/24")])
        recall = (lambda payload, secured: False) if unlimited else None
        self.believer = Believer(index, self._unlock, EngineDrafts(EngineMemory()), recall=recall)
        self._message_ids = 0

    def _unlock(self, payload: bytes, secured: Secured, user: SnmpUser) -> Trap | NotDecoded:
        self.tried[payload] += 1
        phrase, _, address = payload.partition(b"|")
        if phrase != user.auth:
            return NotDecoded(Outcome.UNAUTHENTICATED, Reason.WRONG_DIGEST)
        varbinds: list[tuple[str, int, bytes | int | str | None]] = [(SNMP_TRAP_ADDRESS, 0x40, address.decode())]
        return Trap(SnmpVersion.V3, b"", Pdu.TRAP_V2, 1, "1.3.6.1", None, varbinds, secured=secured)

    def hear(
        self, number: int, engine_id: bytes, *, phrase: bytes = b"", peer: str = RELAY, at_s: int = 1_000, envelope: bytes = b""
    ) -> tuple[str, int]:
        """What became of a message of that console, and how many keys were tried for it."""
        self._message_ids += 1
        self.tried.clear()
        secured = Secured(engine_id, 1, at_s, b"traps", self._message_ids, 1, (0, 0), b"", (0, 0), encrypted=False)
        payload = (phrase or b"phrase %d" % number) + b"|" + address_of(number).encode()
        item = Item("snmp-main-1", self._message_ids, ItemKind.DATAGRAM, at_s * SECOND, 0, "", peer, 162, envelope, payload)
        entry = Entry(item)
        self.believer.judge(entry, secured)
        told = entry.drafts[0].reason.value if entry.drafts else entry.sources[0].name
        return told, self.tried.total()

    def is_forged_at(self, *, times: int, at_s: int = 1_000) -> list[tuple[str, int]]:
        return [self.hear(1, engine_of(10**6 + place), phrase=b"guessed", at_s=at_s) for place in range(times)]


NAMED = tuple(a_console(number) for number in range(MANY))
UNNAMED = tuple(a_console(number, named=False) for number in range(MANY))


def test_of_an_engine_that_the_customers_file_names_one_key_is_tried() -> None:
    desk = Desk(NAMED)
    assert [desk.hear(number, engine_of(number)) for number in (0, 500, 999)] == [
        ("console-0", 1),
        ("console-500", 1),
        ("console-999", 1),
    ]


def test_of_an_engine_that_proved_itself_one_key_is_tried() -> None:
    desk = Desk(UNNAMED)
    assert desk.hear(700, engine_of(700)) == ("console-700", 701)
    assert desk.hear(700, engine_of(700)) == ("console-700", 1)


def test_forged_messages_together_cost_a_limited_number_of_keys_and_what_is_honest_goes_on() -> None:
    desk = Desk(UNNAMED)
    desk.hear(3, engine_of(3))
    forged = desk.is_forged_at(times=300)
    assert sum(tried for _, tried in forged) == 100_000
    assert forged[0] == ("wrong_digest", MANY)
    assert forged[-1] == ("unknown_engine", 0)
    assert desk.hear(3, engine_of(3)) == ("console-3", 1)
    assert desk.hear(3, engine_of(3), phrase=b"guessed") == ("wrong_digest", 1)
    assert desk.hear(4, engine_of(4), at_s=1_001) == ("console-4", 5)  # a new one, as soon as there is time again
    assert desk.is_forged_at(times=11, at_s=1_001)[-2:] == [("wrong_digest", MANY), ("unknown_engine", 0)]


def test_those_who_are_found_do_not_count_however_many_they_are() -> None:
    desk = Desk(UNNAMED)
    assert {desk.hear(number, engine_of(number))[0] for number in range(MANY)} == {source.name for source in UNNAMED}


def test_where_a_few_have_the_name_every_key_is_tried_for_every_message() -> None:
    desk = Desk(UNNAMED[:16])
    assert set(desk.is_forged_at(times=10_000)) == {("wrong_digest", 16)}


@pytest.mark.parametrize("unlimited", [False, True], ids=["the receiver judged it", "a person asks"])
def test_what_somebody_waits_for_is_looked_for_among_all(unlimited: bool) -> None:
    desk = Desk(UNNAMED, unlimited=unlimited)
    desk.is_forged_at(times=300)
    envelope = b"" if unlimited else IN_TIME
    assert desk.hear(999, engine_of(999), envelope=envelope) == ("console-999", MANY)


def test_of_two_with_one_pass_phrase_the_address_decides_though_the_other_one_speaks_from_the_engine() -> None:
    here = NAMED[0]
    assert here.snmp is not None
    assert here.snmp.user is not None
    elsewhere = replace(a_console(1), snmp=replace(here.snmp, networks=(ip_network(f"{address_of(1)}/32"),)))
    desk = Desk((here, elsewhere, *NAMED[2:]))
    assert desk.hear(0, engine_of(0)) == ("console-0", 1)
    assert desk.hear(1, engine_of(0), phrase=b"phrase 0") == ("console-1", 2)
    assert desk.hear(5, engine_of(0), phrase=b"phrase 0")[0] == "unknown_user"


def test_a_thousand_in_one_network_are_told_apart_by_their_engines_at_the_cost_of_one() -> None:
    sources = tuple(a_console(number, "198.51.100.0/24") for number in range(MANY))
    desk = Desk(sources)
    assert desk.hear(900, engine_of(900), peer="198.51.100.7") == ("console-900", 1)
    assert desk.hear(900, engine_of(900), peer="192.0.2.1") == ("unknown_user", 0)


def test_an_engine_of_two_who_may_be_meant_is_ambiguous() -> None:
    one = a_console(1, "198.51.100.0/24")
    assert one.snmp is not None
    twin = replace(a_console(2), snmp=one.snmp)
    desk = Desk((one, twin, *(a_console(number, "198.51.100.0/24") for number in range(3, 30))))
    assert desk.hear(1, engine_of(1), peer="198.51.100.7") == ("ambiguous_source", 2)
