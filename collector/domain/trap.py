"""A decoded SNMP notification, in one form for v1 traps, v2c traps and informs (RFC 3584 section 3.1). No decoding here."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypeAlias

from collector.domain.outcome import Outcome, Reason

VarbindValue: TypeAlias = bytes | int | str | None
Varbind: TypeAlias = tuple[str, int, VarbindValue]
"""(OID in dotted form, BER tag, value): octets are bytes, numbers int, OIDs and IP addresses text, null and exceptions None."""

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
SNMP_TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"


class SnmpVersion(IntEnum):
    """The version number on the wire."""

    V1 = 0
    V2C = 1
    V3 = 3

    @property
    def word(self) -> str:
        return {0: "v1", 1: "v2c", 3: "v3"}[self.value]


class Pdu(StrEnum):
    """Which notification PDU carried it."""

    TRAP_V1 = "trap_v1"
    TRAP_V2 = "trap_v2"
    INFORM = "inform"


@dataclass(slots=True)
class Secured:
    """A v3 message as its header says, believed by nobody yet (RFC 3412 section 6, RFC 3414 section 2.4). `flags` is the first
    octet of msgFlags. `digest` and `body` are (begin, end) in the datagram: of the octets of msgAuthenticationParameters, and of
    the scoped PDU with its own header, or of the octets that it is encrypted in."""

    engine_id: bytes
    boots: int
    time: int
    user: bytes
    message_id: int
    flags: int
    digest: tuple[int, int]
    salt: bytes
    body: tuple[int, int]
    encrypted: bool
    context: tuple[bytes, bytes] | None = None
    """contextEngineID and contextName of the scoped PDU, once it was opened."""


@dataclass(slots=True)
class Trap:
    """`varbinds` is everything after sysUpTime.0 and snmpTrapOID.0, which stand in fields of their own. `trap_oid` is in v2 form,
    empty when the message carried none. `truncated` counts the varbinds beyond the decoding limit: stored in the raw item, not
    decoded. `secured` is the header of the v3 message that it came in. Not frozen because a frozen dataclass costs a microsecond
    more to make; nobody changes one."""

    version: SnmpVersion
    community: bytes = field(repr=False)
    pdu: Pdu
    request_id: int
    trap_oid: str
    uptime: int | None
    varbinds: list[Varbind]
    enterprise: str = ""
    agent_address: str = ""
    generic: int = 0
    specific: int = 0
    truncated: int = 0
    secured: Secured | None = None


@dataclass(frozen=True, slots=True)
class NotDecoded:
    """Why an item did not become a notification: the decoder's other answer (it never raises past its edge)."""

    outcome: Outcome
    reason: Reason
    detail: str = ""


TrapResult: TypeAlias = Trap | Secured | NotDecoded
"""`Secured` is a v3 message whose sender must be looked at first: a stage of its own opens it."""
