"""How long one datagram takes: our decoder, the glance and the answer to an inform, beside pysnmp's decoding of the same octets;
and what v3 costs on top, header and opening, with each cipher and hash. Run it as `python -m tests.benchmarks.bench_decoder`."""

import timeit
import warnings
from collections.abc import Callable
from dataclasses import replace

from pyasn1.codec.ber import decoder

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpUser
from collector.domain.trap import Secured, Trap
from receivers.snmp.frame import peek
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.message import decode
from receivers.snmp.responses import response_to
from receivers.snmp.usm import KeyRing
from tests import snmp_wire as wire
from tests.snmp_v3_kit import USER, sealed

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pysnmp 7.1 with pysmi 2
    from pysnmp.proto.api import v1, v2c

TABLE = "1.3.6.1.4.1.3417.2.12.1.1.1"
VALUES = (
    wire.string("ProxySG-dc1-01"),
    wire.string("Health check failed: upstream proxy 10.20.30.40 does not answer since 12 minutes"),
    wire.string("critical"),
    wire.integer(3),
    wire.string("2026-11-22T03:14:15Z"),
    wire.string("sg-edge-01.dc1.example.net"),
    wire.integer(4_000_000_000, tag=0x42),
    wire.string("CPU Utilization"),
    wire.integer(97),
    wire.string("Interface 0:0"),
)


def varbinds(count: int) -> list[bytes]:
    return [wire.varbind(f"{TABLE}.{place}.0", value) for place, value in enumerate(VALUES[:count], start=1)]


def microseconds(work: Callable[[], object], *, number: int) -> float:
    """The best of five runs."""
    return min(timeit.repeat(work, number=number, repeat=5)) / number * 1e6


def pysnmp_decoding(datagram: bytes, version: int) -> Callable[[], object]:
    module = v1 if version == 0 else v2c
    return lambda: decoder.decode(datagram, asn1Spec=module.Message())


def users() -> list[SnmpUser]:
    """Every cipher with SHA-1, and every hash with AES-128."""
    ciphers = [replace(USER, priv_protocol=priv) for priv in PrivProtocol]
    return [*ciphers, *(replace(USER, auth_protocol=auth) for auth in AuthProtocol if auth is not AuthProtocol.SHA1)]


def sealed_messages() -> None:
    ring, scoped = KeyRing(), wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid(), *varbinds(4)))
    print(f"{'v3, 6 varbinds':<18} {'octets':>6} {'header us':>10} {'unlock us':>10}")
    for user in users():
        datagram = sealed(scoped, user=user)
        secured = decode(datagram)
        assert isinstance(secured, Secured)
        assert isinstance(ring.unlock(datagram, secured, user), Trap)
        header = microseconds(lambda datagram=datagram: decode(datagram), number=20_000)  # type: ignore[misc]
        unlock = microseconds(lambda told=(datagram, secured, user): ring.unlock(*told), number=20_000)  # type: ignore[misc]
        print(f"{f'{user.auth_protocol} {user.priv_protocol}':<18} {len(datagram):>6} {header:>10.2f} {unlock:>10.2f}")


def main() -> None:
    samples = (
        ("v1, 6 varbinds", wire.v1_message(*varbinds(6)), 0),
        ("v2c, 6 varbinds", wire.v2_message(*varbinds(4)), 1),
        ("v2c, 12 varbinds", wire.v2_message(*varbinds(10)), 1),
    )
    print(f"{'message':<18} {'octets':>6} {'decode us':>10} {'pysnmp us':>10} {'times':>6}")
    for name, datagram, version in samples:
        ours = microseconds(lambda datagram=datagram: decode(datagram), number=20_000)  # type: ignore[misc]
        theirs = microseconds(pysnmp_decoding(datagram, version), number=200)
        print(f"{name:<18} {len(datagram):>6} {ours:>10.2f} {theirs:>10.1f} {theirs / ours:>6.0f}")
    inform = wire.inform(*varbinds(10))
    limiter = PeerLimiter(1_000_000, 10_000)
    for name, work in (
        ("peek, inform", lambda: peek(inform)),
        ("peek, trap", lambda: peek(samples[-1][1])),
        ("response_to", lambda: response_to(inform)),
        ("limiter", lambda: limiter.judge("192.0.2.1", 1)),
    ):
        print(f"{name:<18} {'':>6} {microseconds(work, number=50_000):>10.2f}")
    sealed_messages()


if __name__ == "__main__":
    main()
