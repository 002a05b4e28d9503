"""The part `snmp:` of a source in the customers file. Every mistake is told with its line and what is allowed; no error repeats a
community or a pass phrase."""

import re
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv6Network, ip_network
from typing import TypeVar

from collector.config.address import ListenAddress
from collector.domain.engine import parse_engine_id
from collector.domain.errors import Rejected
from collector.domain.snmp_access import VERSIONS, AuthProtocol, Network, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from rules.nodes import Mapping, Node, suggestion

SECRET_KEYS = frozenset({"community", "auth", "priv"})
_OF_ANY = ("version", "networks", "listener")
_OF_COMMUNITY = ("community",)
_OF_USER = ("user", "auth", "auth_protocol", "priv", "priv_protocol", "engine_id", "min_level", "approve_engines")
KEYS = (*_OF_ANY[:1], *_OF_COMMUNITY, *_OF_USER, *_OF_ANY[1:])
_LONGEST_SECRET = 255
_LONGEST_USER = 32
"""Octets of msgUserName (RFC 3414 section 2.4)."""
_SHORTEST_PHRASE = 8
"""Characters (RFC 3414 section 11.2)."""
_OTHER_NAMES = {"SHA1": "SHA", "AES128": "AES", "DES3": "3DES", "TRIPLEDES": "3DES", "3DESEDE": "3DES"}
"""What others call them, in capitals and without signs."""
_SIGNS = re.compile(r"[^A-Z0-9]|^(USM|HMAC)[^A-Z0-9]*")
P = TypeVar("P", bound=StrEnum)


class ApproveEngines(StrEnum):
    """How an engine that nobody has seen gets to be believed."""

    BY_HAND = "by_hand"
    AUTOMATIC = "automatic"


def read_access(snmp: Mapping) -> SnmpAccess:
    """What the mapping says. After an error it is harmless and of no use."""
    version = _version(snmp)
    networks = _networks(snmp)
    listener = _listener(snmp)
    if version == "v3":
        _refuse(snmp, _OF_COMMUNITY, "is for v1 and v2c; v3 has `user`")
        return SnmpAccess(version, networks, listener, user=_user(snmp))
    if version:
        _refuse(snmp, _OF_USER, f"is for v3; {version} has `community`")
    return SnmpAccess(version, networks, listener, _community(snmp) if version or "user" not in snmp else b"")


def _refuse(snmp: Mapping, keys: tuple[str, ...], why: str) -> None:
    for key in keys:
        if key in snmp:
            snmp.error(key, f"`{key}` {why}")


def _version(snmp: Mapping) -> str:
    """What stands there instead is not repeated, here and below: it may be a secret in the wrong place."""
    version = snmp.text("version")
    if version and version not in VERSIONS:
        snmp.error("version", f"`version` must be one of {', '.join(VERSIONS)}{suggestion(f'v{version}', VERSIONS)}")
        return ""
    return version


def _community(snmp: Mapping) -> bytes:
    community = snmp.text("community").encode()
    if len(community) > _LONGEST_SECRET:
        snmp.error("community", f"`community` is longer than {_LONGEST_SECRET} octets")
    return community


def _networks(snmp: Mapping) -> tuple[Network, ...]:
    if (given := snmp.require("networks")) and given.value == []:
        given.error("`networks` must name at least one network: without one, nothing is accepted")
    found = [_network(node) for node in snmp.items("networks")]
    return tuple(network for network in found if network is not None)


def _network(node: Node) -> Network | None:
    text = node.text("each of `networks`")
    if not text:
        return None
    try:
        network = ip_network(text)
    except ValueError as error:
        node.error(f"`networks`: {error}")
        return None
    if isinstance(network, IPv6Network) and (mapped := network.network_address.ipv4_mapped) and network.prefixlen >= 96:
        # Senders that come so through a socket of IPv6 are known by their IPv4 address.
        node.error(f"`networks`: IPv4 is written as such, {mapped}/{network.prefixlen - 96}, not in the form of IPv6")
        return None
    return network


def _listener(snmp: Mapping) -> str:
    text = snmp.text("listener") if "listener" in snmp else ""
    if not text:
        return ""
    try:
        return str(ListenAddress.parse(text))
    except ValueError as error:
        snmp.error("listener", f"`listener`: {error}")
        return ""


def _user(snmp: Mapping) -> SnmpUser:
    name = snmp.text("user").encode()
    if len(name) > _LONGEST_USER:
        snmp.error("user", f"`user` is longer than {_LONGEST_USER} octets")
    auth_protocol, auth = _protected(snmp, "auth", AuthProtocol)
    priv_protocol, priv = _protected(snmp, "priv", PrivProtocol)
    with_auth, with_priv = "auth" in snmp or "auth_protocol" in snmp, "priv" in snmp or "priv_protocol" in snmp
    if with_priv and not with_auth:
        snmp.error("priv" if "priv" in snmp else "priv_protocol", "`priv` needs `auth`: there is no level that only encrypts")
    engine_ids = _engine_ids(snmp)
    return SnmpUser(
        name,
        auth_protocol,
        auth,
        priv_protocol,
        priv,
        engine_ids,
        _min_level(snmp, SecurityLevel.AUTH_PRIV if with_priv else SecurityLevel(1 + with_auth)),
        _approve_engines(snmp, with_auth=with_auth),
    )


def _protected(snmp: Mapping, key: str, kind: type[P]) -> tuple[P | None, bytes]:
    """A pass phrase and its protocol: both or neither."""
    named = f"{key}_protocol"
    if key not in snmp and named not in snmp:
        return None, b""
    protocol, phrase = _protocol(snmp, named, key, kind), b""
    if named in snmp and key not in snmp:
        snmp.error(named, f"`{named}` needs `{key}`, the pass phrase")
    elif key in snmp:
        phrase = _phrase(snmp, key)
    return protocol, phrase


def _protocol(snmp: Mapping, named: str, key: str, kind: type[P]) -> P | None:
    words = [protocol.value for protocol in kind]
    if named not in snmp:
        snmp.error(key, f"`{key}` needs `{named}`: one of {', '.join(words)}")
        return None
    text = snmp.text(named)
    if text in words:
        return kind(text)
    if text:
        snmp.error(named, f"`{named}` must be one of {', '.join(words)}{_meant(text, words)}")
    return None


def _meant(text: str, words: list[str]) -> str:
    """What was probably meant."""
    name = _SIGNS.sub("", text.upper())
    known = {_SIGNS.sub("", word): word for word in words}
    meant = known.get(name) or _OTHER_NAMES.get(name) or next(iter(get_close_matches(text.upper(), words, n=1)), None)
    return f"; did you mean `{meant}`?" if meant in words else ""


def _phrase(snmp: Mapping, key: str) -> bytes:
    phrase = snmp.text(key)
    if phrase and len(phrase) < _SHORTEST_PHRASE:
        snmp.error(key, f"`{key}` must have at least {_SHORTEST_PHRASE} characters (RFC 3414, 11.2)")
    if len(phrase.encode()) > _LONGEST_SECRET:
        snmp.error(key, f"`{key}` is longer than {_LONGEST_SECRET} octets")
    return phrase.encode()


def _engine_ids(snmp: Mapping) -> tuple[bytes, ...]:
    node = snmp.get("engine_id")
    if node is None:
        return ()
    if node.value == []:
        node.error("`engine_id` must not be empty; leave it out to approve engines as they come")
    nodes = node.items("`engine_id`") if isinstance(node.value, list) else [node]
    found = [_engine_id(one) for one in nodes]
    return tuple(dict.fromkeys(engine_id for engine_id in found if engine_id))


def _engine_id(node: Node) -> bytes:
    text = node.text("`engine_id`")
    if not text:
        return b""
    try:
        engine_id = parse_engine_id(text)
    except Rejected as error:
        node.error(f"`engine_id`: {error}")
        return b""
    if engine_id.strip(b"\0") and engine_id.strip(b"\xff"):
        return engine_id
    node.error("`engine_id`: one of 00 or ff alone is nobody's (RFC 3411, 5)")
    return b""


def _min_level(snmp: Mapping, highest: SecurityLevel) -> SecurityLevel:
    """authPriv, unless the file says that less will do: nobody's traps are forged because a line was forgotten."""
    if "min_level" not in snmp:
        if highest < SecurityLevel.AUTH_PRIV and "user" in snmp:
            missing = "`auth` and `priv`" if highest is SecurityLevel.NO_AUTH_NO_PRIV else "`priv`"
            told = f"which needs {missing}; if {highest.word} will do, write `min_level: {highest.word}`"
            snmp.error("user", f"`min_level` is authPriv when absent, {told}")
        return SecurityLevel.AUTH_PRIV
    text, words = snmp.text("min_level"), [level.word for level in SecurityLevel]
    if text not in words:
        if text:
            snmp.error("min_level", f"`min_level` must be one of {', '.join(words)}{suggestion(text, words)}")
        return highest
    level = SecurityLevel.of_word(text)
    if level > highest:
        missing = "auth" if highest is SecurityLevel.NO_AUTH_NO_PRIV else "priv"
        snmp.error("min_level", f"`min_level` {text} needs `{missing}`: this user reaches {highest.word} at most")
        return highest
    return level


def _approve_engines(snmp: Mapping, *, with_auth: bool) -> bool:
    node, words = snmp.get("approve_engines"), [way.value for way in ApproveEngines]
    if node is None or node.value == ApproveEngines.BY_HAND.value:
        return False
    if node.value != ApproveEngines.AUTOMATIC.value:
        meant = suggestion(node.value, words) if isinstance(node.value, str) else ""
        node.error(f"`approve_engines` must be one of {', '.join(words)}{meant}")
        return False
    if not with_auth:
        node.error("`approve_engines` automatic needs `auth`: anybody could name himself an engine of this user")
    if "engine_id" in snmp:
        node.error("`approve_engines` automatic and `engine_id` exclude each other: naming engines is their approval")
    return True
