"""User-based security of v3 (RFC 3414, 3826, 7860): keys from pass phrases, digests, encryption."""

from collector.domain.outcome import Outcome, Reason
from collector.domain.snmp_access import SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap


class KeyRing:
    """Opens v3 messages with users' pass phrases; keys are made once per user and engine."""

    def unlock(self, datagram: bytes, secured: Secured, user: SnmpUser) -> Trap | NotDecoded:  # noqa: ARG002
        return NotDecoded(Outcome.UNAUTHENTICATED, Reason.UNKNOWN_USER)
