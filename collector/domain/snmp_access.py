"""How a console's traps are known and how far they must be protected: versions, communities, users and their algorithms
(RFC 3411, 3414, 3826, 7860). Nothing is computed here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self, TypeAlias

from collector.domain.trap import SnmpVersion

Network: TypeAlias = IPv4Network | IPv6Network

_SPOKEN = {
    "v1": frozenset({SnmpVersion.V1}),
    "v2c": frozenset({SnmpVersion.V1, SnmpVersion.V2C}),
    "v3": frozenset({SnmpVersion.V3}),
}
VERSIONS = tuple(_SPOKEN)
"""The words of the customers file."""


class SecurityLevel(IntEnum):
    """How a v3 message is protected (RFC 3411 section 3.4.3), ordered."""

    NO_AUTH_NO_PRIV = 1
    AUTH_NO_PRIV = 2
    AUTH_PRIV = 3

    @property
    def word(self) -> str:
        return ("noAuthNoPriv", "authNoPriv", "authPriv")[self - 1]

    @classmethod
    def of_word(cls, word: str) -> Self:
        """Raise KeyError."""
        return {level.word: level for level in cls}[word]


class AuthProtocol(StrEnum):
    """RFC 3414 sections 6 and 7; RFC 7860. The words are those of the customers file."""

    MD5 = "MD5"
    SHA1 = "SHA"
    SHA224 = "SHA-224"
    SHA256 = "SHA-256"
    SHA384 = "SHA-384"
    SHA512 = "SHA-512"

    @property
    def weak(self) -> bool:
        return self in (AuthProtocol.MD5, AuthProtocol.SHA1)


class PrivProtocol(StrEnum):
    """RFC 3414 section 8; RFC 3826; draft-reeder-snmpv3-usm-3desede; draft-blumenthal-aes-usm. `-C`: AES with the keys lengthened
    as Reeder's draft says, which Cisco and others do; without it as Blumenthal's draft says."""

    DES = "DES"
    DES3 = "3DES"
    AES128 = "AES"
    AES192 = "AES-192"
    AES256 = "AES-256"
    AES192_C = "AES-192-C"
    AES256_C = "AES-256-C"

    @property
    def weak(self) -> bool:
        return self in (PrivProtocol.DES, PrivProtocol.DES3)


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A v3 user of one console. `auth` and `priv` are pass phrases, not keys; without a protocol they are empty. `engine_ids`:
    the engines that it is known to speak from; with none, engines are approved as they come, by themselves when
    `approve_engines`."""

    name: bytes
    auth_protocol: AuthProtocol | None = None
    auth: bytes = field(default=b"", repr=False)
    priv_protocol: PrivProtocol | None = None
    priv: bytes = field(default=b"", repr=False)
    engine_ids: tuple[bytes, ...] = ()
    min_level: SecurityLevel = SecurityLevel.AUTH_PRIV
    approve_engines: bool = False

    def __hash__(self) -> int:
        """Of what hardly two users have alike. Keys are looked up by their user with every message, and the hash of all its parts
        costs a microsecond."""
        return hash((self.name, self.auth, self.priv))

    @property
    def weak(self) -> tuple[str, ...]:
        """The protocols that work and should not be used any more."""
        chosen: tuple[AuthProtocol | PrivProtocol | None, ...] = (self.auth_protocol, self.priv_protocol)
        return tuple(protocol.value for protocol in chosen if protocol is not None and protocol.weak)


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """`version` as in the customers file: `v2c` admits v1 and v2c, `v1` only v1, `v3` only v3. `community` for v1 and v2c, `user`
    for v3. `listener` is `host:port`, empty for all of them."""

    version: str
    networks: tuple[Network, ...]
    listener: str = ""
    community: bytes = field(default=b"", repr=False)
    user: SnmpUser | None = None

    @property
    def versions(self) -> frozenset[SnmpVersion]:
        """What it may speak."""
        return _SPOKEN[self.version]

    @classmethod
    def with_community(cls, version: str, community: bytes, networks: Iterable[str], *, listener: str = "") -> Self:
        """Raise ValueError when a network is none."""
        return cls(version, tuple(ip_network(network) for network in networks), listener, community)
