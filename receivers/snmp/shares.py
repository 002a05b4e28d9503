"""Which senders share a limit besides their own: those of one console's networks, and all strangers together. Else a flood from
many addresses, each within its own limit, would be nobody's."""

from typing import TypeAlias

from collector.domain.limits import Limit
from collector.domain.networks import NetworkMap
from collector.domain.snmp_access import Network
from collector.snapshot import Snapshot, SnapshotView
from receivers.snmp.limiter import Account

_Networks: TypeAlias = tuple[Network, ...]


def shared_limit(limit: Limit, address: Limit) -> Limit:
    """What the addresses of one console's networks have together: never less than a single address has, else that one could not
    use what is its own. A limit of 0 is none."""
    return Limit(max(limit.rate, address.rate), max(limit.burst, address.burst)) if limit.rate else limit


class NetworkShares:
    """By the networks of the sources in the snapshot. Who belongs to several sources shares with those who belong to the same
    ones. Without a snapshot nobody is known to be a stranger, and nobody shares."""

    def __init__(self, view: SnapshotView, *, known: Limit, strangers: Limit) -> None:
        """A limit of 0 is none."""
        self._view = view
        self._known = known
        self._strangers = strangers
        self._snapshot: Snapshot | None = None
        self._networks: NetworkMap[_Networks] = NetworkMap(())
        self._accounts: dict[frozenset[_Networks], Account] = {}

    def refresh(self) -> bool:
        """See `limiter.Shares`. Who shares with the same ones as before keeps what was used up."""
        snapshot = self._view.current()
        if snapshot is self._snapshot or snapshot is None:
            return False
        self._snapshot = snapshot
        self._networks = NetworkMap((network, access.networks) for access in snapshot.accesses for network in access.networks)
        present = {access.networks for access in snapshot.accesses}
        self._accounts = {owners: account for owners, account in self._accounts.items() if owners <= present}
        return True

    def of(self, peer: str) -> Account | None:
        """See `limiter.Shares`."""
        if self._snapshot is None:
            return None
        owners = frozenset(self._networks.of(peer))
        limit = self._known if owners else self._strangers
        if not limit.rate:
            return None
        account = self._accounts.get(owners)
        if account is None:
            account = self._accounts[owners] = Account(limit, of_strangers=not owners)
        return account
