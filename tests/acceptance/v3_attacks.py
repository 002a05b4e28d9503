"""What somebody may send who has caught messages of SNMPv3, guesses pass phrases, or holds the keys of another customer's
console: each with the reason for which it must not be believed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collector.domain.engine_time import MAX_BOOTS
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import Secured
from receivers.snmp.message import decode
from tests import snmp_wire as wire
from tests.acceptance.v3_consoles import SealingConsole

HERE, ELSEWHERE = "127.0.0.1", "127.0.7.7"
TEXT = "Forged"
"""The health that every forgery says is critical."""
MAX_NUMBER = 2**31 - 1
AUTHENTICATED, OPEN = SecurityLevel.AUTH_NO_PRIV, SecurityLevel.NO_AUTH_NO_PRIV


@dataclass(frozen=True, slots=True)
class Attack:
    """Datagrams that are sent from one port of `address`. `source`: with whom they are listed: whose keys they were sealed with,
    or who alone has the user that they name; None where it may be anybody."""

    name: str
    datagrams: Sequence[bytes]
    reason: str
    source: str | None = None
    state: str = "unauthenticated"
    address: str = HERE


def rebuilt(
    datagram: bytes,
    *,
    flags: bytes | None = None,
    digest: bytes | None = None,
    user: bytes | None = None,
    message_id: int | None = None,
) -> bytes:
    """The same message with other parts, whatever its digest says of that."""
    secured = _header(datagram)
    security = wire.v3_security(
        engine_id=secured.engine_id,
        boots=secured.boots,
        time=secured.time,
        user=secured.user if user is None else user,
        digest=datagram[slice(*secured.digest)] if digest is None else digest,
        salt=secured.salt,
    )
    about = wire.v3_global(
        message_id=secured.message_id if message_id is None else message_id,
        flags=bytes((secured.flags,)) if flags is None else flags,
    )
    body = datagram[slice(*secured.body)]
    return wire.v3_message(wire.tlv(0x04, body) if secured.encrypted else body, about=about, security=security)


def _header(datagram: bytes) -> Secured:
    secured = decode(datagram)
    assert isinstance(secured, Secured), secured
    return secured


def with_wrong_keys(console: SealingConsole, stranger: SealingConsole) -> list[Attack]:
    """`stranger`: a console of another customer."""
    guessed, other = replace(console.user, auth=b"guessed phrase"), replace(console.user, priv=b"guessed phrase")
    theirs = replace(stranger.user, name=console.user.name)
    changed = bytearray(console.trap(TEXT))
    changed[-1] ^= 1
    return [
        Attack("wrong pass phrase of authentication", [console.trap(TEXT, user=guessed)], "wrong_digest", console.source),
        Attack("wrong pass phrase of encryption", [console.trap(TEXT, user=other)], "decryption_error", console.source),
        Attack("another console's pass phrases", [console.trap(TEXT, user=theirs)], "wrong_digest", console.source),
        Attack("one bit of it changed", [bytes(changed)], "wrong_digest", console.source),
        Attack("unknown user", [console.trap(TEXT, user=replace(console.user, name=b"console-x"))], "unknown_user"),
        Attack("user in capitals", [console.trap(TEXT, user=replace(console.user, name=b"CONSOLE-A"))], "unknown_user"),
        Attack("no user", [rebuilt(console.trap(TEXT), user=b"")], "unknown_user"),
        Attack(
            "another customer's user", [rebuilt(console.trap(TEXT), user=stranger.user.name)], "wrong_digest", stranger.source
        ),
    ]


def with_wrong_digests(console: SealingConsole) -> list[Attack]:
    """CVE-2008-0960: whoever may send a digest of one octet guesses one of 256. `console` uses SHA-256, whose digests have 24."""
    message = console.trap(TEXT)
    digest = message[slice(*_header(message).digest)]
    every = [rebuilt(message, digest=bytes((octet,))) for octet in range(256)]
    return [
        Attack("every digest of one octet", every, "wrong_digest", console.source, address=ELSEWHERE),
        Attack("no digest", [rebuilt(message, digest=b"")], "wrong_digest", console.source),
        Attack("digest of noughts", [rebuilt(message, digest=bytes(24))], "wrong_digest", console.source),
        Attack("digest of 12 octets", [rebuilt(message, digest=digest[:12])], "wrong_digest", console.source),
        Attack("digest of 23 octets", [rebuilt(message, digest=digest[:23])], "wrong_digest", console.source),
        Attack("digest of 25 octets", [rebuilt(message, digest=digest + b"\0")], "wrong_digest", console.source),
        Attack("digest of 64 octets", [rebuilt(message, digest=digest + bytes(40))], "wrong_digest", console.source),
        Attack("digest of 65 octets", [rebuilt(message, digest=digest + bytes(41))], "bad_pdu", state="undecodable"),
    ]


def below_the_level(console: SealingConsole, signing: SealingConsole) -> list[Attack]:
    """`console` has to encrypt, `signing` has to authenticate."""
    message, plain = console.trap(TEXT), signing.trap(TEXT)
    only_signed = console.trap(TEXT, level=AUTHENTICATED)

    def flagged(datagram: bytes, *octets: int) -> list[bytes]:
        return [rebuilt(datagram, flags=bytes(octets))]

    return [
        Attack("authenticated, not encrypted", [only_signed], "level_too_low", console.source),
        Attack("neither", [console.trap(TEXT, level=OPEN)], "level_too_low", console.source),
        Attack("neither, of a user who signs", [signing.trap(TEXT, level=OPEN)], "level_too_low", signing.source),
        Attack("flag of encryption taken away", flagged(message, 1), "bad_pdu", state="undecodable"),
        Attack("flag of authentication taken away", flagged(message, 2), "bad_pdu", state="undecodable"),
        Attack("both flags taken away", flagged(message, 0), "bad_pdu", state="undecodable"),
        Attack("flag of encryption added", flagged(plain, 3), "bad_pdu", state="undecodable"),
        Attack("flag of authentication taken away from a signed one", flagged(plain, 0), "level_too_low", signing.source),
        Attack("reportable", flagged(message, 7), "wrong_digest", console.source),
        Attack("unknown flags", flagged(message, 0xF3), "wrong_digest", console.source),
        Attack("two octets of flags", flagged(message, 3, 0), "wrong_digest", console.source),
    ]


def out_of_time(console: SealingConsole) -> list[Attack]:
    """Sealed with the right keys: somebody held them back, or set the console back."""
    lower = console.boots - 1
    said = {
        "200 seconds ago": console.trap(TEXT, time=console.time - 200),
        "time of the beginning": console.trap(TEXT, time=0),
        "lower boots": console.trap(TEXT, boots=lower),
        "lower boots, highest time": console.trap(TEXT, boots=lower, time=MAX_NUMBER),
        "boots 0": console.trap(TEXT, boots=0, time=0),
        "highest boots": console.trap(TEXT, boots=MAX_BOOTS),
        "highest boots and time": console.trap(TEXT, boots=MAX_BOOTS, time=MAX_NUMBER),
    }
    above = Attack("boots above all numbers", [console.trap(TEXT, boots=MAX_BOOTS + 1)], "bad_pdu", state="undecodable")
    return [*(Attack(name, [datagram], "not_in_time_window", console.source) for name, datagram in said.items()), above]


def replayed(console: SealingConsole, caught: bytes) -> list[Attack]:
    """`caught` was believed, less than 150 seconds ago."""
    header = _header(caught)
    said = {"boots": header.boots, "time": header.time, "message_id": header.message_id}
    longer = wire.padded_tlv(0x30, caught[_content_of(caught) :], octets=4)
    return [
        Attack("exact copies", [caught, caught], "replayed", console.source),
        Attack("a copy from another address", [caught], "replayed", console.source, address=ELSEWHERE),
        Attack("a copy with octets behind it", [caught + b"\0\0\0"], "replayed", console.source),
        Attack("same msgID, other content", [console.trap("Forged otherwise", **said)], "replayed", console.source),
        Attack("a copy with another form of its length", [longer], "wrong_digest", console.source),
        Attack(
            "a copy under another msgID", [rebuilt(caught, message_id=header.message_id + 1_000)], "wrong_digest", console.source
        ),
    ]


def _content_of(datagram: bytes) -> int:
    """Where the content of the outermost element begins."""
    return 2 + (datagram[1] & 0x7F if datagram[1] & 0x80 else 0)


def from_other_engines(console: SealingConsole, stranger: SealingConsole, naming: SealingConsole, ours: bytes) -> list[Attack]:
    """With valid keys, for engines that are not their user's. `stranger` and `naming` are of another customer, who names the
    engine of the last one; `ours` is the collector's own engine."""
    inform = wire.v2_pdu(wire.uptime(), wire.trap_oid(), tag=wire.INFORM)
    pushed = {"boots": console.boots + next(console.message_ids), "time": 9}
    theirs = replace(stranger, engine_id=console.engine_id)
    return [
        Attack("another customer's engine, pushed", [theirs.trap(TEXT, **pushed)], "unknown_engine", stranger.source),
        Attack(
            "another engine than the named one", [naming.trap(TEXT, engine_id=console.engine_id)], "unknown_engine", naming.source
        ),
        Attack(
            "an engine that nobody approved", [console.trap(TEXT, engine_id=bytes(range(12)))], "unknown_engine", console.source
        ),
        Attack("our own engine as the sender", [console.trap(TEXT, engine_id=ours)], "not_in_time_window", console.source),
        Attack("an inform to the console itself", [console.message(inform)], "unknown_engine", console.source),
    ]


def no_notifications(console: SealingConsole) -> list[Attack]:
    """Sealed with the right keys."""
    kinds = {"get": wire.GET, "response": wire.RESPONSE}
    return [
        Attack(
            name,
            [console.message(wire.v2_pdu(wire.uptime(), tag=tag))],
            "not_a_trap_pdu",
            console.source,
            state="not_a_notification",
        )
        for name, tag in kinds.items()
    ]
