"""Our decoder beside pysnmp's on generated notifications, encoded by pysnmp and by ourselves: every field must be the same, and
what it was made from."""

import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import Pdu, Secured, SnmpVersion, Trap, Varbind, VarbindValue
from receivers.snmp.frame import peek
from receivers.snmp.message import decode
from receivers.snmp.responses import response_to
from receivers.snmp.usm import KeyRing
from tests import snmp_generated as generated
from tests import snmp_wire as wire
from tests.pysnmp_v3 import PysnmpEngine

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pysnmp 7.1 with pysmi 2
    from pysnmp.proto import rfc1902
    from pysnmp.proto.api import v1, v2c

ROUNDS = [
    pytest.param(50, 1, id="short"),
    pytest.param(1_250, 2, id="full", marks=pytest.mark.full),
]
"""Each of the four tables makes so many: 5,000 in the full ring."""
Random = random.Random
PDUS = [pytest.param((Pdu.TRAP_V1,), id="v1"), pytest.param((Pdu.TRAP_V2, Pdu.INFORM), id="v2c")]
_TYPES: dict[int, Callable[[Any], Any]] = {
    generated.INTEGER: rfc1902.Integer32,
    generated.OCTETS: rfc1902.OctetString,
    generated.NULL: lambda _: v2c.null,
    generated.OID: rfc1902.ObjectIdentifier,
    generated.IP_ADDRESS: rfc1902.IpAddress,
    generated.COUNTER32: rfc1902.Counter32,
    generated.GAUGE32: rfc1902.Gauge32,
    generated.TIME_TICKS: rfc1902.TimeTicks,
    generated.OPAQUE: rfc1902.Opaque,
    generated.COUNTER64: rfc1902.Counter64,
}


def written_by_pysnmp(trap: Trap) -> bytes:
    module: Any = v1 if trap.pdu is Pdu.TRAP_V1 else v2c
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, trap.community)
    module.apiMessage.set_pdu(message, v1_pdu(trap) if module is v1 else v2_pdu(trap))
    octets: bytes = encoder.encode(message)
    return octets


def v1_pdu(trap: Trap) -> Any:
    pdu, api = v1.TrapPDU(), v1.apiTrapPDU
    api.set_defaults(pdu)
    api.set_enterprise(pdu, trap.enterprise)
    api.set_agent_address(pdu, trap.agent_address)
    api.set_generic_trap(pdu, trap.generic)
    api.set_specific_trap(pdu, trap.specific)
    api.set_timestamp(pdu, trap.uptime)
    api.set_varbinds(pdu, varbinds_of(trap.varbinds))
    return pdu


def v2_pdu(trap: Trap) -> Any:
    pdu = (v2c.InformRequestPDU if trap.pdu is Pdu.INFORM else v2c.SNMPv2TrapPDU)()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, trap.request_id)
    head: list[Varbind] = [
        (wire.SYS_UPTIME, generated.TIME_TICKS, trap.uptime),
        (wire.TRAP_OID, generated.OID, trap.trap_oid),
    ]
    v2c.apiPDU.set_varbinds(pdu, varbinds_of([*head, *trap.varbinds]))
    return pdu


def varbinds_of(varbinds: list[Varbind]) -> list[tuple[Any, Any]]:
    return [(rfc1902.ObjectIdentifier(name), _TYPES[tag](value)) for name, tag, value in varbinds]


def plain(value: Any) -> VarbindValue:
    """A pysnmp value as our decoder would say it."""
    if isinstance(value, univ.ObjectIdentifier):
        return str(value)
    if isinstance(value, univ.Null):  # to pyasn1 a kind of OctetString
        return None
    if isinstance(value, univ.OctetString):
        octets = bytes(value.asOctets())
        return ".".join(map(str, octets)) if _tag(value) == generated.IP_ADDRESS else octets
    return int(value)


def told_by_pysnmp(datagram: bytes, pdu: Pdu) -> Trap:
    module: Any = v1 if pdu is Pdu.TRAP_V1 else v2c
    message, rest = decoder.decode(datagram, asn1Spec=module.Message())
    assert not rest
    found = module.apiMessage.get_pdu(message)
    community = bytes(module.apiMessage.get_community(message).asOctets())
    return _v1_told(found, community) if module is v1 else _v2_told(found, community)


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
@pytest.mark.parametrize("pdus", PDUS)
def test_what_pysnmp_wrote_says_the_same_to_both(pdus: tuple[Pdu, ...], *, rounds: int, seed: int) -> None:
    random = Random(seed)
    for _ in range(rounds):
        trap = generated.some_trap(random, random.choice(pdus))
        datagram = written_by_pysnmp(trap)

        assert decode(datagram) == trap, datagram.hex()
        assert told_by_pysnmp(datagram, trap.pdu) == trap, datagram.hex()


@pytest.mark.parametrize(("rounds", "seed"), ROUNDS)
@pytest.mark.parametrize("pdus", PDUS)
def test_what_we_wrote_as_loosely_as_ber_allows_says_the_same_to_both(pdus: tuple[Pdu, ...], *, rounds: int, seed: int) -> None:
    random = Random(seed)
    for place in range(rounds):
        trap = generated.some_trap(random, random.choice(pdus))
        datagram = generated.Writer(random, loose=place % 5 > 0).message(trap)

        assert decode(datagram) == trap, datagram.hex()
        assert told_by_pysnmp(datagram, trap.pdu) == trap, datagram.hex()


PAIRS: list[tuple[AuthProtocol | None, PrivProtocol | None]] = [(None, None), *product(AuthProtocol, [None, *PrivProtocol])]


@pytest.mark.parametrize(
    ("rounds", "seed"), [pytest.param(1, 3, id="short"), pytest.param(20, 4, id="full", marks=pytest.mark.full)]
)
def test_what_pysnmp_sealed_with_any_pair_of_algorithms_is_what_went_in(tmp_path: Path, *, rounds: int, seed: int) -> None:
    random, ring, engine = Random(seed), KeyRing(), PysnmpEngine(bytes.fromhex("80001f8880c0ffee0102030405"), tmp_path)
    for auth, priv in PAIRS:
        user = SnmpUser(
            f"{auth}-{priv}".encode(),
            *(auth, b"auth-pass-phrase" if auth else b"", priv, b"priv pass phrase" if priv else b""),
            min_level=SecurityLevel.NO_AUTH_NO_PRIV,
        )
        engine.know(user)
        for _ in range(rounds):
            trap = generated.some_trap(random, Pdu.TRAP_V2, most_varbinds=10)
            datagram = engine.trap(user, v2_pdu(trap))
            secured = decode(datagram)
            assert isinstance(secured, Secured)
            opened = ring.unlock(datagram, secured, user)

            assert opened == replace(trap, version=SnmpVersion.V3, community=b"", secured=secured), datagram.hex()


def test_pysnmp_reads_our_response_as_the_answer_to_its_inform() -> None:
    random = Random(3)
    answered = 0
    while answered < 50:
        datagram = written_by_pysnmp(generated.some_trap(random, random.choice((Pdu.TRAP_V2, Pdu.INFORM))))
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
