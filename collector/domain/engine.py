"""A v3 engine that speaks for a console, as people see and approve it. Its time window is `engine_time`'s."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from collector.domain.engine_time import EngineTime
from collector.domain.errors import Rejected
from collector.domain.ids import SourceId

MOST_SEEN = 64
"""Engines of one source that wait for approval; the one that was quiet longest goes when another one comes."""
MOST_APPROVED_UNASKED = 64
"""Engines of one source that `approve_engines` approves; people may approve more."""
MOST_FORGOTTEN = 100
"""Of one source, of which it is kept who forgot them; the oldest goes when another one comes."""
NAMED = "engine_id"
UNASKED = "approve_engines"
"""Who approved an engine that the customers file names, or of which it says that it needs no approval: its keys."""
BY_FILE = frozenset({NAMED, UNASKED})
"""They hold as long as the file does not name other engines; what a person approved holds beside those that it names."""
ENGINE_ID_OCTETS = range(5, 33)
"""RFC 3411 section 5. What is shorter cannot be approved, so it is not listed either."""
ENGINE_ID_LENGTH = f"{ENGINE_ID_OCTETS[0]} to {ENGINE_ID_OCTETS[-1]} octets"


class EngineState(StrEnum):
    """Whether what it sends is believed."""

    SEEN = "seen"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Engine:
    """`customer` and `source` are code and name. `time` is None where nothing of it was authenticated. `messages` counts those
    that were; where the user needs no authentication, all of them."""

    number: int
    source_id: SourceId
    customer: str
    source: str
    engine_id: bytes
    state: EngineState
    peer: str
    first_seen_at: datetime
    last_seen_at: datetime
    messages: int
    time: EngineTime | None
    approved_by: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class ForgottenEngine:
    """An engine that somebody forgot, as it was then. It may have come again since, and been approved."""

    number: int
    customer: str
    source: str
    engine_id: bytes
    peer: str
    messages: int
    approved_by: str | None
    approved_at: datetime | None
    forgotten_by: str
    forgotten_at: datetime


def parse_engine_id(text: str) -> bytes:
    """Of hexadecimal digits, with `0x` before them and `:` between them or without. Raise Rejected when it is none (RFC 3411
    section 5: 5 to 32 octets)."""
    digits = text.strip().removeprefix("0x").removeprefix("0X").replace(":", "")
    try:
        octets = bytes.fromhex(digits)
    except ValueError:
        octets = b""
    if len(octets) not in ENGINE_ID_OCTETS or len(digits) != 2 * len(octets):
        raise Rejected(f"an engine ID has {ENGINE_ID_LENGTH} in hexadecimal digits, such as 80001f8880e9bd0c1d")
    return octets
