"""Whom the snapshot allows to send what from where. The keys of its users at our engine are made here, beside the work, so that
no datagram has to wait for them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_address

from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import Network, SnmpAccess, SnmpUser
from collector.domain.trap import SnmpVersion
from collector.snapshot import Snapshot, SnapshotView
from receivers.snmp.usm import KeyRing


class KnownSenders:
    """The present snapshot, by community and by user. `relays` may send for everybody. For one thread, besides `close`."""

    def __init__(self, view: SnapshotView, ring: KeyRing, engine: OwnEngine, *, relays: Sequence[Network] = ()) -> None:
        self._view = view
        self._ring = ring
        self._engine = engine
        self._relays = tuple(relays)
        self._snapshot: Snapshot | None = None
        self._by_community: dict[tuple[SnmpVersion, bytes], list[SnmpAccess]] = {}
        self._by_user: dict[bytes, list[tuple[SnmpAccess, SnmpUser]]] = {}
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
        accesses = self._by_community.get((version, community), ())
        return any(self._fits(access, peer, listener) for access in accesses)

    def users(self, name: bytes, *, peer: str, listener: str) -> list[SnmpUser]:
        """Who may send under this name from there to here: at most one, if the customers file is right."""
        return [user for access, user in self._by_user.get(name, ()) if self._fits(access, peer, listener)]

    def is_ready(self, user: SnmpUser) -> bool:
        """Whether the user's keys at our engine are made."""
        return self._keys[user].done()

    def speak_from(self, engine_id: bytes) -> bool:
        """Whether a known user sends traps from this engine."""
        return engine_id in self._engine_ids

    def close(self) -> None:
        """What is not made yet is left."""
        self._maker.shutdown(wait=False, cancel_futures=True)

    def _index(self, accesses: Iterable[SnmpAccess]) -> None:
        self._by_community, self._by_user = {}, {}
        users = set()
        for access in accesses:
            if access.user is not None:
                users.add(access.user)
                self._by_user.setdefault(access.user.name, []).append((access, access.user))
                continue
            for version in access.versions:
                self._by_community.setdefault((version, access.community), []).append(access)
        self._engine_ids = frozenset(engine_id for user in users for engine_id in user.engine_ids)
        self._keys = {user: self._keys.get(user) or self._maker.submit(self._make_keys, user) for user in users}

    def _make_keys(self, user: SnmpUser) -> None:
        """Both are made now and kept in the ring: one costs up to 10 ms."""
        _ = self._ring.keys(user, self._engine.id).cipher

    def _fits(self, access: SnmpAccess, peer: str, listener: str) -> bool:
        if access.listener not in ("", listener):
            return False
        address = ip_address(peer)
        return any(address in network for network in (*access.networks, *self._relays))
