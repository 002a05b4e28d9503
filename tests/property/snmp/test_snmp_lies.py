"""Every systematic lie about a message is met: nothing raises, everything is a notification or has a reason, and the work is
never more than a small multiple of the octets."""

import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any, SupportsIndex

import pytest

from collector.domain.contents import whole_text
from collector.domain.snmp_access import SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from collector.domain.trap_facts import facts_of
from receivers.snmp import ber
from receivers.snmp.frame import Shape, peek
from receivers.snmp.message import decode
from receivers.snmp.questions import question_in
from receivers.snmp.responses import response_to
from receivers.snmp.usm import KeyRing
from tests import snmp_lies
from tests import snmp_wire as wire

NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
VARBINDS = (
    wire.varbind(NAME, wire.string("disk 3 failed")),
    wire.varbind(NAME, wire.integer(8)),
    wire.varbind(NAME, wire.oid(NAME)),
    wire.varbind(NAME, wire.tlv(0x40, bytes(4))),
    wire.varbind(NAME, wire.integer(2**63, tag=0x46)),
)
PLAIN_V3 = wire.v3_message(wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid(), *VARBINDS[:2])))
SEALED_V3 = wire.v3_message(
    wire.tlv(0x04, bytes(64)),
    about=wire.v3_global(flags=b"\x03"),
    security=wire.v3_security(digest=bytes(12), salt=bytes(8)),
)
MESSAGES = [
    pytest.param(wire.v1_message(*VARBINDS), id="v1"),
    pytest.param(wire.v2_message(*VARBINDS), id="v2c"),
    pytest.param(wire.inform(VARBINDS[0]), id="inform"),
    pytest.param(PLAIN_V3, id="v3"),
    pytest.param(SEALED_V3, id="v3-encrypted"),
]
ANYBODY = SnmpUser(b"console-1", min_level=SecurityLevel.NO_AUTH_NO_PRIV)
OWN_ENGINE = bytes.fromhex("80001f8880aabbccdd")
RING = KeyRing()


def meet(datagram: bytes) -> None:
    """What receiver and pipeline do to a datagram before anybody is believed, and what must hold of the answers."""
    result = decode(datagram)
    if isinstance(result, Secured):
        result = RING.unlock(datagram, result, ANYBODY)
    if isinstance(result, NotDecoded):
        assert result.reason not in ("", "decoder_failed"), datagram.hex()
        assert len(result.detail) < 200
    else:
        assert isinstance(result, Trap)
        check(result)
    response = response_to(datagram)
    assert response is None or (peek(datagram).shape is Shape.INFORM and len(response) <= len(datagram) + 6)
    question = question_in(datagram, OWN_ENGINE)
    assert question is None or question.datagram is datagram


def check(trap: Trap) -> None:
    """The sizes that everything behind the decoder relies on."""
    assert len(trap.varbinds) <= ber.MAX_VARBINDS
    assert all(not isinstance(value, int) or -(2**63) <= value < 2**64 for _, _, value in trap.varbinds)
    names = [trap.trap_oid, trap.enterprise, *(name for name, _, _ in trap.varbinds)]
    assert max(map(len, names)) <= (ber.MAX_ARCS + 2) * len("4294967295.")
    text = whole_text(trap)
    assert text is None or text.encode()
    assert facts_of(trap).version in ("v1", "v2c", "v3")


@pytest.mark.parametrize("message", MESSAGES)
def test_every_lie_at_every_element_is_met(message: bytes) -> None:
    for datagram in snmp_lies.at_each_element(message):
        meet(datagram)


@pytest.mark.parametrize("message", MESSAGES)
def test_an_end_and_a_change_at_every_octet_are_met(message: bytes) -> None:
    for datagram in snmp_lies.at_each_octet(message):
        meet(datagram)


def test_every_size_of_digest_salt_engine_and_user_is_met() -> None:
    for datagram in snmp_lies.at_v3_sizes():
        meet(datagram)


class Watched(bytes):
    """Octets that count how many of them are copied out of them."""

    copied = 0

    def __getitem__(self, place: SupportsIndex | slice) -> Any:
        found = super().__getitem__(place)
        Watched.copied += len(found) if isinstance(found, bytes) else 1
        return found


def work(function: Callable[[bytes], object], datagram: bytes) -> int:
    """Lines of the receiver's own code that run, and octets that they take out of the datagram."""
    ours, lines = str(Path(ber.__file__).parent), 0

    def line(_frame: FrameType, event: str, _argument: object) -> object:
        nonlocal lines
        lines += event == "line"
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> object:
        return line if frame.f_code.co_filename.startswith(ours) else None

    Watched.copied = 0
    before = sys.gettrace()
    sys.settrace(call)  # type: ignore[arg-type]  # a local trace function is one that returns itself
    try:
        function(Watched(datagram))
    finally:
        sys.settrace(before)
    return lines + Watched.copied


def question(datagram: bytes) -> object:
    return question_in(datagram, OWN_ENGINE)


def most_work(datagram: bytes) -> int:
    """In the hardest way of a datagram through the receiver, as the trap that it is or as an inform."""
    ber._oid_texts.clear()
    inform = datagram.replace(bytes((wire.TRAP_V2,)), bytes((wire.INFORM,)), 1)
    return max(work(decode, datagram), *(work(function, inform) for function in (response_to, peek, question)))


def test_the_work_is_never_more_than_a_small_multiple_of_the_octets() -> None:
    """Measured in lines and octets, not in seconds: what is quadratic would be thousands of them for each octet."""
    hard = chain(snmp_lies.bombs(), [wire.v2_message_of(65_507), b"\x30\x82\xff\xdf" * 16_000])

    found = {len(datagram): most_work(datagram) for datagram in hard}

    assert {octets: worked for octets, worked in found.items() if worked > 2_000 + 10 * octets} == {}
    assert max(found.values()) > 65_507, "nothing was measured"
