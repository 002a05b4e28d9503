"""Whom the snapshot allows to send what from where. The keys of its users at our engine are made here, beside the work, so that
no datagram has to wait for them."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from collector.domain.networks import NetworkMap
from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import Network, SnmpAccess, SnmpUser
from collector.domain.trap import SnmpVersion
from collector.snapshot import Snapshot, SnapshotView
from receivers.snmp.usm import KeyRing


class _Sharing:
    """The sources that share a community or a user's name, and a listener. One look finds who of them an address may be, however
    many they are: anybody may ask, with any address."""

    def __init__(self, accesses: Sequence[SnmpAccess]) -> None:
        self.users = [access.user for access in accesses if access.user is not None]
        self._near = NetworkMap((network, access.user) for access in accesses for network in access.networks)

    def have(self, peer: str) -> bool:
        return bool(self._near.of(peer))

    def users_at(self, peer: str) -> list[SnmpUser]:
        return [user for user in self._near.of(peer) if user is not None]


class KnownSenders:
    """The present snapshot, by community and by user. `relays` may send for everybody. For one thread, besides `close`."""

    def __init__(self, view: SnapshotView, ring: KeyRing, engine: OwnEngine, *, relays: Sequence[Network] = ()) -> None:
        self._view = view
        self._ring = ring
        self._engine = engine
        self._relays = tuple(relays)
        self._of_relays = NetworkMap((network, True) for network in relays)
        self._networks: NetworkMap[Network] = NetworkMap((network, network) for network in relays)
        self._snapshot: Snapshot | None = None
        self._by_community: dict[tuple[SnmpVersion, bytes, str], _Sharing] = {}
        self._by_user: dict[tuple[bytes, str], _Sharing] = {}
        self._engine_ids: frozenset[bytes] = frozenset()
        self._keys: dict[SnmpUser, Future[None]] = {}
        self._maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snmp-keys")
        self.refresh()

    def refresh(self) -> None:
        """Take over what has changed; costs nothing when nothing has."""
        snapshot = self._view.current()
        if snapshot is not self._snapshot and snapshot is not None:
            self._snapshot = snapshot
            self._index(snapshot.accesses)

    @property
    def known(self) -> bool:
        """Whether there is a snapshot; without one everybody is a stranger."""
        return self._snapshot is not None

    def has_community(self, version: SnmpVersion, community: bytes, *, peer: str, listener: str) -> bool:
        """Whether somebody may send with this community from there to here."""
        hearing = [found for heard in ("", listener) if (found := self._by_community.get((version, community, heard)))]
        return any(sharing.have(peer) for sharing in hearing) or (bool(hearing) and self._is_relay(peer))

    def users(self, name: bytes, *, peer: str, listener: str) -> list[SnmpUser]:
        """Who may send under this name from there to here: at most one, if the customers file is right and it is no relay."""
        hearing = [found for heard in ("", listener) if (found := self._by_user.get((name, heard)))]
        if hearing and self._is_relay(peer):
            return [user for sharing in hearing for user in sharing.users]
        return [user for sharing in hearing for user in sharing.users_at(peer)]

    def network_of(self, peer: str) -> Network | None:
        """The smallest network of a source or relay that the peer is in; None: it is a stranger's address."""
        return max(self._networks.of(peer), key=lambda network: network.prefixlen, default=None)

    def is_ready(self, user: SnmpUser) -> bool:
        """Whether the user's keys at our engine are made."""
        return self._keys[user].done()

    def speak_from(self, engine_id: bytes) -> bool:
        """Whether a known user sends traps from this engine."""
        return engine_id in self._engine_ids

    def close(self) -> None:
        """What is not made yet is left."""
        self._maker.shutdown(wait=False, cancel_futures=True)

    def _index(self, accesses: Sequence[SnmpAccess]) -> None:
        by_community: dict[tuple[SnmpVersion, bytes, str], list[SnmpAccess]] = {}
        by_user: dict[tuple[bytes, str], list[SnmpAccess]] = {}
        for access in accesses:
            if access.user is not None:
                by_user.setdefault((access.user.name, access.listener), []).append(access)
                continue
            for version in access.versions:
                by_community.setdefault((version, access.community, access.listener), []).append(access)
        self._by_community = {key: _Sharing(sharing) for key, sharing in by_community.items()}
        self._by_user = {key: _Sharing(sharing) for key, sharing in by_user.items()}
        networks = {*self._relays, *(network for access in accesses for network in access.networks)}
        self._networks = NetworkMap((network, network) for network in networks)
        users = {user for sharing in self._by_user.values() for user in sharing.users}
        self._engine_ids = frozenset(engine_id for user in users for engine_id in user.engine_ids)
        self._keys = {user: self._keys.get(user) or self._maker.submit(self._make_keys, user) for user in users}

    def _make_keys(self, user: SnmpUser) -> None:
        """Both are made now and kept in the ring: one costs up to 10 ms."""
        _ = self._ring.keys(user, self._engine.id).cipher

    def _is_relay(self, peer: str) -> bool:
        return bool(self._of_relays.of(peer))
