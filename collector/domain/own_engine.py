"""The collector's own SNMP engine, which is authoritative for the informs that are sent to it (RFC 3411 section 3.1.1, RFC 3414
section 2.2). Where its boots are kept, and who raises them, is not known here."""

from dataclasses import dataclass

from collector.domain.clock import NS_PER_SECOND

MAX_BOOTS = 0x7FFFFFFF
"""RFC 3414 section 2.2.2: an engine that got there is never in time again."""
MAX_TIME = 0x7FFFFFFF
WINDOW_SECONDS = 150
"""RFC 3414 section 2.2.3."""


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """`boots`: how often it began, this time included; `begun_ns`: when, on the monotonic clock, which all processes share until
    the machine is started again."""

    id: bytes
    boots: int
    begun_ns: int

    def time(self, now_ns: int) -> int:
        """snmpEngineTime, the seconds since it began, at `now_ns` of the monotonic clock. Never goes back."""
        return min(max(0, now_ns - self.begun_ns) // NS_PER_SECOND, MAX_TIME)

    def in_time(self, boots: int, time: int, now_ns: int) -> bool:
        """Whether a message that says `boots` and `time`, and came at `now_ns`, is within the time window (RFC 3414 section 3.2
        step 7a): as far behind our time as ahead of it."""
        return self.boots == boots < MAX_BOOTS and abs(self.time(now_ns) - time) <= WINDOW_SECONDS
