"""What the header of a v3 message says of its sender and its protection: shown with the notification and in its explanation. No
key and no digest is among it."""

from dataclasses import dataclass

from collector.domain.message_flags import LEVEL_BITS, LEVELS, REPORTABLE
from collector.domain.text import harmless
from collector.domain.trap import Secured


@dataclass(frozen=True, slots=True)
class SecurityFacts:
    """As the message says, believed or not. Engine IDs in hexadecimal digits, times in seconds. The context is that of the scoped
    PDU, None as long as nobody could open it."""

    engine_id: str
    user: str
    level: str
    reportable: bool
    boots: int
    engine_time: int
    message_id: int
    context_engine_id: str | None
    context_name: str | None


def security_facts(secured: Secured) -> SecurityFacts:
    context = secured.context
    return SecurityFacts(
        engine_id=secured.engine_id.hex(),
        user=_name(secured.user),
        level=LEVELS[secured.flags & LEVEL_BITS].word,
        reportable=bool(secured.flags & REPORTABLE),
        boots=secured.boots,
        engine_time=secured.time,
        message_id=secured.message_id,
        context_engine_id=None if context is None else context[0].hex(),
        context_name=None if context is None else _name(context[1]),
    )


def _name(octets: bytes) -> str:
    """RFC 3411 section 5, SnmpAdminString: UTF-8, where everybody keeps to it."""
    return harmless(octets.decode("utf-8", "replace"))
