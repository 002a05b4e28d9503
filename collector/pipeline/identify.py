"""Stage 2: which console sent it. Deny by default: what no source explains is unattributed and given to no customer."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from collector.domain.ids import SourceId
from collector.domain.item import ItemKind
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source, mailbox_of
from collector.domain.trap import Secured, SnmpVersion, Trap
from collector.domain.trust import Trust
from collector.journal.envelope import decode_envelope
from collector.pipeline.draft import Batch, Entry

_CACHE_LIMIT = 20_000


class SourceIndex:
    """The registry, turned round: from what a message shows to the source that it can only be."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._by_community: dict[bytes, list[Source]] = {}
        self._by_mailbox: dict[str, Source] = {}
        self._cache: dict[tuple[str, bytes, SnmpVersion], Source | Reason] = {}
        for source in sources:
            if source.snmp is not None:
                self._by_community.setdefault(source.snmp.community, []).append(source)
            if source.mailbox is not None:
                self._by_mailbox[source.mailbox.casefold()] = source

    def of_trap(self, peer: str, community: bytes, version: SnmpVersion) -> Source | Reason:
        """The source, or why there is none. Remembered per peer, since consoles repeat themselves; of strangers nothing is
        remembered, since they may show a new community of any length each time."""
        if community not in self._by_community:
            return Reason.UNKNOWN_COMMUNITY
        key = (peer, community, version)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._search(ip_address(peer.partition("%")[0]), community, version)
        return found

    def _search(self, peer: IPv4Address | IPv6Address, community: bytes, version: SnmpVersion) -> Source | Reason:
        if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
            peer = peer.ipv4_mapped
        near = [
            source
            for source in self._by_community[community]
            if source.snmp and any(peer in network for network in source.snmp.networks)
        ]
        if not near:
            return Reason.PEER_NOT_IN_NETWORKS
        speaking = [source for source in near if source.snmp and version in source.snmp.versions]
        if not speaking:
            return Reason.VERSION_NOT_ALLOWED
        return speaking[0] if len(speaking) == 1 else Reason.AMBIGUOUS_SOURCE

    def of_recipients(self, recipients: tuple[str, ...]) -> tuple[Source, ...]:
        """Each source once, in the order of the envelope."""
        found: dict[SourceId, Source] = {}
        for recipient in recipients:
            source = self._by_mailbox.get(mailbox_of(recipient))
            if source is not None:
                found.setdefault(source.id, source)
        return tuple(found.values())


def identify(batch: Batch, index: SourceIndex) -> None:
    for entry in batch.entries:
        if isinstance(entry.decoded, Trap):
            _identify_trap(entry, entry.decoded, index)
        elif isinstance(entry.decoded, Secured):
            entry.settle(Outcome.UNAUTHENTICATED, Reason.UNKNOWN_USER)
        elif entry.item.kind == ItemKind.MAIL:
            _identify_mail(entry, index)


def _identify_trap(entry: Entry, trap: Trap, index: SourceIndex) -> None:
    found = index.of_trap(entry.item.peer_address, trap.community, trap.version)
    if isinstance(found, Source):
        entry.sources = (found,)
    else:
        entry.settle(Outcome.UNATTRIBUTED, found)


def _identify_mail(entry: Entry, index: SourceIndex) -> None:
    envelope = decode_envelope(entry.item.envelope)
    entry.trust = Trust.AUTHENTICATED if envelope.login else Trust.SPOOFABLE
    entry.sources = index.of_recipients(envelope.recipients)
    if entry.drafts:
        # The envelope names the console also of a mail that cannot be read or belongs to a loop.
        for draft in entry.drafts:
            draft.source = entry.sources[0] if entry.sources else None
    elif not entry.sources:
        entry.settle(Outcome.UNATTRIBUTED, Reason.UNKNOWN_MAILBOX)
