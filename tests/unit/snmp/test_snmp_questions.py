"""What may want an answer is found among all that arrives; traps and what answers others have sent never do."""

import pytest

from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import Secured
from receivers.snmp.message import decode
from receivers.snmp.questions import Question, question_in
from tests import snmp_inform_kit as kit
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import own_engine
from tests.snmp_v3_kit import sealed

OURS = own_engine()


def found(datagram: bytes) -> Question | None:
    return question_in(datagram, OURS.id)


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(wire.v2_message(), id="v2c-trap"),
        pytest.param(wire.v1_message(), id="v1-trap"),
        pytest.param(wire.v2_message(wire.varbind(wire.HEALTH, b"\x04\x01\xa6")), id="v2c-trap-with-the-octet-of-an-inform"),
        pytest.param(wire.v2_message(tag=wire.GET), id="v2c-get"),
        pytest.param(wire.v2_message(tag=wire.RESPONSE), id="v2c-response"),
        *(pytest.param(sealed(level=level), id=f"v3-trap-{level.word}") for level in SecurityLevel),
        pytest.param(kit.in_the_open(b"", kit.pdu(wire.TRAP_V2), reportable=False), id="v3-trap-of-no-engine"),
        pytest.param(sealed()[:40], id="cut-v3"),
        pytest.param(b"\x30\x05\x02\x01\x03\x30", id="v3-that-ends-at-once"),
        pytest.param(b"", id="empty"),
    ],
)
def test_what_nobody_waits_for_is_no_question(datagram: bytes) -> None:
    assert found(datagram) is None


def test_an_inform_of_v2c_is_one_and_is_repeated() -> None:
    datagram = wire.inform()
    assert found(datagram) == Question(datagram, pdu=datagram.index(b"\xa6"))


@pytest.mark.parametrize("level", SecurityLevel)
@pytest.mark.parametrize("reportable", [True, False])
def test_what_is_for_our_engine_is_one_whatever_its_flags_say(level: SecurityLevel, reportable: bool) -> None:
    question = found(kit.message_to(OURS, kit.pdu(), level=level, reportable=reportable))
    assert question is not None
    assert question.repeated
    assert question.secured is not None
    assert question.secured.engine_id == OURS.id


def test_a_discovery_is_one_and_is_repeated() -> None:
    question = found(kit.discovery())
    assert question is not None
    assert question.repeated


def test_a_reportable_message_for_another_engine_may_be_one_and_may_be_a_trap_that_nobody_repeats() -> None:
    question = found(kit.in_the_open(kit.CONSOLE_ENGINE, kit.pdu()))
    assert question is not None
    assert not question.repeated


def padded(datagram: bytes) -> bytes:
    """The same message with long forms of length around and in its global data."""
    secured = decode(datagram)
    assert isinstance(secured, Secured)
    version = b"\x02\x01\x03"
    begin = datagram.index(version) + len(version)
    size = datagram[begin + 1]
    about = wire.padded_tlv(0x30, datagram[begin + 2 : begin + 2 + size], octets=2)
    return wire.padded_tlv(0x30, version + about + datagram[begin + 2 + size :], octets=3)


def test_a_sender_that_writes_lengths_in_long_form_is_looked_at_as_well() -> None:
    assert found(padded(kit.discovery())) is not None
    assert found(padded(kit.message_to(OURS, kit.pdu(), reportable=False))) is not None
    assert found(padded(sealed())) is None


def test_every_cut_of_a_question_raises_nothing() -> None:
    for datagram in (kit.discovery(), kit.message_to(OURS, kit.pdu()), wire.inform()):
        for stop in range(len(datagram)):
            found(datagram[:stop])
