"""Stage 3: which console sent it. Deny by default: what no source explains is unattributed and given to no customer. A v3 message
was attributed when it was believed."""

from collector.domain.item import ItemKind
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.trap import Trap
from collector.journal.envelope import decode_envelope
from collector.pipeline.draft import Batch, Entry
from collector.pipeline.mail_origin import MailOrigins
from collector.pipeline.source_index import SourceIndex


def identify(batch: Batch, index: SourceIndex, origins: MailOrigins) -> None:
    for entry in batch.entries:
        if isinstance(entry.decoded, Trap):
            if entry.decoded.secured is None:
                _identify_trap(entry, entry.decoded, index)
        elif entry.item.kind == ItemKind.MAIL:
            _identify_mail(entry, index, origins)
        elif entry.tally is not None:
            entry.sources = index.around(entry.item.peer_address, entry.item.listener)


def _identify_trap(entry: Entry, trap: Trap, index: SourceIndex) -> None:
    item = entry.item
    address = index.address_of(item.peer_address, trap)
    found = index.of_trap(address, trap.community, trap.version, item.listener)
    if isinstance(found, Source):
        entry.sources = (found,)
    else:
        entry.settle(Outcome.UNATTRIBUTED, found, f"from {address}" if address != item.peer_address else "")


def _identify_mail(entry: Entry, index: SourceIndex, origins: MailOrigins) -> None:
    envelope = decode_envelope(entry.item.envelope)
    entry.sources = index.of_recipients(envelope.recipients)
    origin = entry.origin = origins.of(entry.item.peer_address, envelope, entry.item.payload)
    entry.proven = frozenset(source.id for source in entry.sources if any(origins.proofs(origin, source)))
    if entry.drafts:
        # The envelope names the console also of a mail that cannot be read or belongs to a loop.
        for draft in entry.drafts:
            draft.source = entry.sources[0] if entry.sources else None
    elif not entry.sources:
        entry.settle(Outcome.UNATTRIBUTED, Reason.UNKNOWN_MAILBOX)
