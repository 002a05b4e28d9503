"""What the ways into TLS share: how long they may take, what is counted and told of one that failed, and whose certificate was
shown."""

import hashlib
import ssl
from asyncio import BaseTransport

from collector.logs import Log
from receivers.smtp.door import Door

HANDSHAKE_SECONDS = 60.0
"""At most; the door is mostly less patient."""
SHUTDOWN_SECONDS = 2.0
"""For a client to agree that TLS ends. One that does not is cut off."""

log = Log(__name__)


def note_failure(door: Door, peer: str, error: OSError | None) -> None:
    """OpenSSL's reason is a word of its own, nothing of the client's."""
    door.counters.handshakes["failed"] += 1
    reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__ if error else "ended"
    log.info("a TLS handshake failed", peer=peer, reason=reason)


def shown_certificate(transport: BaseTransport) -> str | None:
    """The SHA-256 of the certificate that the client showed, in hexadecimal digits. OpenSSL has verified it by then."""
    secured = transport.get_extra_info("ssl_object")
    octets = secured.getpeercert(binary_form=True) if secured is not None else None
    return hashlib.sha256(octets).hexdigest() if octets else None
