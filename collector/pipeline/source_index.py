"""The registry, turned round: from what a message shows to the sources that it can only be. Each question costs the same among
any number of sources, because anybody may ask with any address."""

from collections.abc import Hashable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias, TypeVar

from collector.domain.ids import SourceId
from collector.domain.networks import NetworkMap
from collector.domain.outcome import Reason
from collector.domain.registry import Source, mailbox_of
from collector.domain.snmp_access import Network, SnmpAccess, SnmpUser
from collector.domain.trap import SNMP_TRAP_ADDRESS, SnmpVersion, Trap

_T = TypeVar("_T", bound=Hashable)
_CACHE_LIMIT = 20_000
_IP_ADDRESS = 0x40
_NOWHERE = ("", "0.0.0.0")
_ANYWHERE = ""

SourceUser: TypeAlias = tuple[Source, SnmpUser]
"""A source and its v3 user."""


class SourceIndex:
    """Sources by community, user, engine, network and mailbox.

    What a message from one of `relays` says of its first sender's address is believed in place of the relay's own; from anybody
    else it is data. No console speaks from `own_engine`, whatever a message says.
    """

    def __init__(self, sources: tuple[Source, ...], *, relays: Iterable[Network] = (), own_engine: bytes = b"") -> None:
        self._by_user: dict[bytes, list[SourceUser]] = {}
        self._by_engine: dict[tuple[bytes, bytes], list[SourceUser]] = {}
        self._user_of: dict[SourceId, SourceUser] = {}
        self._by_mailbox: dict[str, Source] = {}
        self._relays = tuple(relays)
        self.own_engine = own_engine
        self._found: dict[tuple[str, bytes, SnmpVersion, str], Source | Reason] = {}
        self._users_found: dict[tuple[str, bytes, str], list[SourceUser]] = {}
        self._same_users: dict[tuple[SourceId, ...], list[SourceUser]] = {}
        self._relays_found: dict[str, bool] = {}
        self._networks = NetworkMap((network, source) for source in sources if source.snmp for network in source.snmp.networks)
        by_community: dict[bytes, list[tuple[Source, SnmpAccess]]] = {}
        for source in sources:
            if source.snmp is not None and source.snmp.user is not None:
                self._add_user(source, source.snmp.user)
            elif source.snmp is not None:
                by_community.setdefault(source.snmp.community, []).append((source, source.snmp))
            if source.mailbox is not None:
                self._by_mailbox[source.mailbox.casefold()] = source
        self._near_by_community = {word: _by_network(sharing) for word, sharing in by_community.items()}
        self._near_by_user = {name: _by_network(sharing) for name, sharing in self._by_user.items()}

    def _add_user(self, source: Source, user: SnmpUser) -> None:
        found = self._user_of[source.id] = source, user
        self._by_user.setdefault(user.name, []).append(found)
        for engine_id in user.engine_ids:
            self._by_engine.setdefault((user.name, engine_id), []).append(found)

    def of_trap(self, address: str, community: bytes, version: SnmpVersion, listener: str = "") -> Source | Reason:
        """The source, or why there is none. Remembered per address, since consoles repeat themselves; of strangers nothing is
        remembered, since they may show a new community of any length each time."""
        if community not in self._near_by_community:
            return Reason.UNKNOWN_COMMUNITY
        key = (address, community, version, listener)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _CACHE_LIMIT:
                self._found.clear()
            found = self._found[key] = self._search(address, community, version, listener)
        return found

    def _search(self, address: str, community: bytes, version: SnmpVersion, listener: str) -> Source | Reason:
        near = self._near_by_community[community].of(address)
        if not near:
            return Reason.PEER_NOT_IN_NETWORKS
        hearing = [(source, access) for source, access in near if access.listener in ("", listener)]
        if not hearing:
            return Reason.LISTENER_NOT_ALLOWED
        speaking = [source for source, access in hearing if version in access.versions]
        if not speaking:
            return Reason.VERSION_NOT_ALLOWED
        return speaking[0] if len(speaking) == 1 else Reason.AMBIGUOUS_SOURCE

    def of_user(self, peer: str, name: bytes, listener: str) -> list[SourceUser]:
        """The sources that a v3 message may be from, by the user that it names. Of a relay's it is not known yet which address
        counts."""
        return self._users(_ANYWHERE if self.is_relay(peer) else peer, name, listener)

    def of_user_at(self, address: str, name: bytes, listener: str) -> list[SourceUser]:
        """The same when it is known which address counts."""
        return self._users(address, name, listener)

    def of_engine(
        self, engine_id: bytes, proven: Iterable[SourceId], *, peer: str, name: bytes, listener: str
    ) -> list[SourceUser]:
        """Of those whom `of_user` finds, who speaks from an engine: by the customers file, or because he is among the `proven`.
        One look at each of them, however many have the name."""
        known = (*self._by_engine.get((name, engine_id), ()), *(self._user_of[one] for one in proven if one in self._user_of))
        relay = self.is_relay(peer)
        found = {
            one[0].id: one
            for one in known
            if one[1].name == name and _hears(one[0], listener) and (relay or self.is_within(one[0], peer))
        }
        return list(found.values())

    def _users(self, address: str, name: bytes, listener: str) -> list[SourceUser]:
        if name not in self._by_user:
            return []
        key = (address, name, listener)
        found = self._users_found.get(key)
        if found is None:
            if len(self._users_found) >= _CACHE_LIMIT:
                self._users_found.clear()
                self._same_users.clear()
            near = self._by_user[name] if address == _ANYWHERE else self._near_by_user[name].of(address)
            found = [(source, user) for source, user in near if _hears(source, listener)]
            # one list for all addresses of a network: a thousand may have one name there, and addresses can be forged
            found = self._users_found[key] = self._same_users.setdefault(tuple([source.id for source, _ in found]), found)
        return found

    def named(self, name: bytes) -> list[SourceUser]:
        """Every source with a v3 user of that name."""
        return self._by_user.get(name, [])

    def is_relay(self, peer: str) -> bool:
        """Whether its word on where a message is from is believed."""
        if not self._relays:
            return False
        found = self._relays_found.get(peer)
        if found is None:
            if len(self._relays_found) >= _CACHE_LIMIT:
                self._relays_found.clear()
            address = _parsed(peer)
            found = self._relays_found[peer] = any(address in network for network in self._relays)
        return found

    def address_of(self, peer: str, trap: Trap) -> str:
        """The address that counts: of what a relay passes on, the first sender's (`snmpTrapAddress.0`, RFC 3584 section 3.1; else
        the agent-addr of v1), as far as the message tells."""
        if not self.is_relay(peer):
            return peer
        claims = (trap_address(trap), trap.agent_address)
        return next((claim for claim in claims if claim not in _NOWHERE and _is_address(claim)), peer)

    @staticmethod
    def is_within(source: Source, address: str) -> bool:
        parsed = _parsed(address)
        return source.snmp is not None and any(parsed in network for network in source.snmp.networks)

    def around(self, peer: str, listener: str) -> tuple[Source, ...]:
        """The sources whose networks the peer is in: who it may be when nothing else is known of what it sent."""
        near = self._networks.of(peer)
        return tuple(source for source in near if _hears(source, listener))

    def of_recipients(self, recipients: tuple[str, ...]) -> tuple[Source, ...]:
        """Each source once, in the order of the envelope."""
        found: dict[SourceId, Source] = {}
        for recipient in recipients:
            source = self._by_mailbox.get(mailbox_of(recipient))
            if source is not None:
                found.setdefault(source.id, source)
        return tuple(found.values())


def _hears(source: Source, listener: str) -> bool:
    """Whether the listener is one that its notifications may come through."""
    return source.snmp is not None and source.snmp.listener in ("", listener)


def _by_network(sharing: Iterable[tuple[Source, _T]]) -> NetworkMap[tuple[Source, _T]]:
    """Those that share a community or a user's name: one look finds who of them an address may be, however many they are."""
    return NetworkMap((network, (source, what)) for source, what in sharing if source.snmp for network in source.snmp.networks)


def trap_address(trap: Trap) -> str:
    """What `snmpTrapAddress.0` says, empty when it is not there. Relays write it as the last variable."""
    for name, tag, value in reversed(trap.varbinds):
        if name == SNMP_TRAP_ADDRESS:
            return value if tag == _IP_ADDRESS and isinstance(value, str) else ""
    return ""


def _parsed(address: str) -> IPv4Address | IPv6Address:
    """Without its zone; an IPv4 address in IPv6 clothes as the IPv4 address."""
    parsed = ip_address(address.partition("%")[0])
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
