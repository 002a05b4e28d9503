"""Our decoder beside pysnmp's on generated v1 and v2c messages that pysnmp itself encoded: every field must be the same."""

import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ

from collector.domain.trap import SNMP_TRAP_OID, SYS_UPTIME, Pdu, SnmpVersion, Trap, VarbindValue
from receivers.snmp.message import decode, peek, response_to

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pysnmp 7.1 with pysmi 2
    from pysnmp.proto import rfc1902
    from pysnmp.proto.api import v1, v2c

ROUNDS = [
    pytest.param(300, 1, id="short"),
    pytest.param(5_000, 2, id="full", marks=pytest.mark.full),
]
Random = random.Random


def some_oid(random: Random) -> tuple[int, ...]:
    biggest = random.choice((127, 128, 16_384, 2**32 - 1))
    return (1, 3, *(random.randint(0, biggest) for _ in range(random.randint(1, 20))))


def some_value(random: Random, *, v1_only: bool) -> Any:
    makers: list[Callable[[], Any]] = [
        lambda: rfc1902.OctetString(random.randbytes(random.choice((0, 1, 30, 126, 127, 128, 300)))),
        lambda: rfc1902.Integer32(
            random.choice((0, -1, 127, 128, -129, 2**31 - 1, -(2**31), random.randint(-(2**31), 2**31 - 1)))
        ),
        lambda: rfc1902.ObjectIdentifier(some_oid(random)),
        lambda: rfc1902.IpAddress(".".join(str(random.randint(0, 255)) for _ in range(4))),
        lambda: rfc1902.Counter32(random.randint(0, 2**32 - 1)),
        lambda: rfc1902.Gauge32(random.choice((0, 127, 128, 2**32 - 1))),
        lambda: rfc1902.TimeTicks(random.randint(0, 2**32 - 1)),
        lambda: rfc1902.Opaque(random.randbytes(random.randint(0, 40))),
    ]
    if not v1_only:
        makers.append(lambda: rfc1902.Counter64(random.choice((0, 2**63, 2**64 - 1, random.randint(0, 2**64 - 1)))))
        makers.append(lambda: v2c.null)
    return random.choice(makers)()


def some_varbinds(random: Random, *, v1_only: bool) -> list[tuple[Any, Any]]:
    count = random.choice((0, 1, 4, 10, 60))
    return [(rfc1902.ObjectIdentifier(some_oid(random)), some_value(random, v1_only=v1_only)) for _ in range(count)]


def encoded(module: Any, pdu: Any, community: bytes) -> bytes:
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    octets: bytes = encoder.encode(message)
    return octets


def v1_trap(random: Random) -> bytes:
    pdu, api = v1.TrapPDU(), v1.apiTrapPDU
    api.set_defaults(pdu)
    api.set_enterprise(pdu, some_oid(random))
    api.set_agent_address(pdu, ".".join(str(random.randint(0, 255)) for _ in range(4)))
    api.set_generic_trap(pdu, random.randint(0, 6))
    api.set_specific_trap(pdu, random.choice((0, 1, 200, 2**31 - 1)))
    api.set_timestamp(pdu, random.randint(0, 2**32 - 1))
    api.set_varbinds(pdu, some_varbinds(random, v1_only=True))
    return encoded(v1, pdu, random.randbytes(random.choice((0, 6, 200))))


def v2_notification(random: Random) -> bytes:
    pdu = random.choice((v2c.SNMPv2TrapPDU, v2c.InformRequestPDU))()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, random.choice((0, -1, 2**31 - 1, random.randint(-(2**31), 2**31 - 1))))
    head = [
        (rfc1902.ObjectIdentifier(SYS_UPTIME), rfc1902.TimeTicks(random.randint(0, 2**32 - 1))),
        (rfc1902.ObjectIdentifier(SNMP_TRAP_OID), rfc1902.ObjectIdentifier(some_oid(random))),
    ]
    v2c.apiPDU.set_varbinds(pdu, head + some_varbinds(random, v1_only=False))
    return encoded(v2c, pdu, random.randbytes(random.choice((0, 6, 200))))


def plain(value: Any) -> VarbindValue:
    """A pysnmp value as our decoder would say it."""
    if isinstance(value, univ.ObjectIdentifier):
        return str(value)
    if isinstance(value, univ.Null):  # to pyasn1 a kind of OctetString
        return None
    if isinstance(value, univ.OctetString):
        octets = bytes(value.asOctets())
        return ".".join(map(str, octets)) if _tag(value) == 0x40 else octets
    return int(value)


def told_by_pysnmp(module: Any, datagram: bytes) -> Trap:
    message, rest = decoder.decode(datagram, asn1Spec=module.Message())
    assert not rest
    pdu = module.apiMessage.get_pdu(message)
    community = bytes(module.apiMessage.get_community(message).asOctets())
    return _v1_told(pdu, community) if module is v1 else _v2_told(pdu, community)


def _v1_told(pdu: Any, community: bytes) -> Trap:
    api = v1.apiTrapPDU
    enterprise, generic = str(api.get_enterprise(pdu)), int(api.get_generic_trap(pdu))
    specific = int(api.get_specific_trap(pdu))
    return Trap(
        version=SnmpVersion.V1,
        community=community,
        pdu=Pdu.TRAP_V1,
        request_id=0,
        trap_oid=f"1.3.6.1.6.3.1.1.5.{generic + 1}" if generic < 6 else f"{enterprise}.0.{specific}",
        uptime=int(api.get_timestamp(pdu)),
        varbinds=[(str(name), _tag(value), plain(value)) for name, value in api.get_varbinds(pdu)],
        enterprise=enterprise,
        agent_address=str(plain(api.get_agent_address(pdu))),
        generic=generic,
        specific=specific,
    )


def _v2_told(pdu: Any, community: bytes) -> Trap:
    (_, uptime), (_, trap_oid), *varbinds = v2c.apiPDU.get_varbinds(pdu)
    return Trap(
        version=SnmpVersion.V2C,
        community=community,
        pdu=Pdu.INFORM if isinstance(pdu, v2c.InformRequestPDU) else Pdu.TRAP_V2,
        request_id=int(v2c.apiPDU.get_request_id(pdu)),
        trap_oid=str(trap_oid),
        uptime=int(uptime),
        varbinds=[(str(name), _tag(value), plain(value)) for name, value in varbinds],
    )


def _tag(value: Any) -> int:
    tag: int = encoder.encode(value)[0]
    return tag


@pytest.mark.parametrize(("rounds", "seed"), ROUNDS)
@pytest.mark.parametrize(("make", "module"), [pytest.param(v1_trap, v1, id="v1"), pytest.param(v2_notification, v2c, id="v2c")])
def test_we_decode_what_pysnmp_decodes(make: Callable[[Random], bytes], module: Any, *, rounds: int, seed: int) -> None:
    random = Random(seed)
    for _ in range(rounds // 2):
        datagram = make(random)

        assert decode(datagram) == told_by_pysnmp(module, datagram), datagram.hex()


def test_pysnmp_reads_our_response_as_the_answer_to_its_inform() -> None:
    random = Random(3)
    answered = 0
    while answered < 50:
        datagram = v2_notification(random)
        response = response_to(datagram)
        assert (response is not None) == (peek(datagram).shape.value == "inform")
        if response is None:
            continue
        answered += 1
        asked, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        told, rest = decoder.decode(response, asn1Spec=v2c.Message())
        assert not rest
        request, answer = v2c.apiMessage.get_pdu(asked), v2c.apiMessage.get_pdu(told)
        assert isinstance(answer, v2c.ResponsePDU)
        assert v2c.apiMessage.get_community(told) == v2c.apiMessage.get_community(asked)
        assert v2c.apiPDU.get_request_id(answer) == v2c.apiPDU.get_request_id(request)
        assert (int(v2c.apiPDU.get_error_status(answer)), int(v2c.apiPDU.get_error_index(answer))) == (0, 0)
        assert v2c.apiPDU.get_varbinds(answer) == v2c.apiPDU.get_varbinds(request)
