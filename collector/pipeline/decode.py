"""Stage 1: bytes become a trap, a mail, a tally, or a reason why not."""

from collector.domain.item import ItemKind
from collector.domain.mail import Mail, MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded, TrapResult
from collector.journal.envelope import decode_tally, refused_octets
from collector.pipeline.draft import Batch, Decoders, Entry


def decode(batch: Batch, decoders: Decoders) -> None:
    """Traps here, mails together by the decoding processes."""
    mails: list[Entry] = []
    decode_trap = decoders.trap
    for entry in batch.entries:
        if entry.drafts:
            continue
        kind = entry.item.kind
        if entry.before is not None and kind != ItemKind.TALLY:
            _keep(entry, entry.before.decoded, decoders)
        elif kind == ItemKind.DATAGRAM:
            _keep(entry, decode_trap(entry.item.payload), decoders)
        elif kind == ItemKind.MAIL:
            mails.append(entry)
        else:
            entry.tally = decode_tally(entry.item.envelope)
    if mails:
        results = decoders.mails([entry.item.payload for entry in mails])
        for entry, result in zip(mails, results, strict=True):
            _keep(entry, result, decoders)


def _keep(entry: Entry, result: TrapResult | MailResult | None, decoders: Decoders) -> None:
    entry.decoded = result
    if entry.item.kind == ItemKind.MAIL and (octets := refused_octets(entry.item.envelope)):
        entry.settle(Outcome.UNDECODABLE, Reason.TOO_LARGE, f"{octets} octets")
    elif isinstance(result, NotDecoded):
        entry.settle(result.outcome, result.reason, result.detail)
    elif isinstance(result, Mail) and (reason := decoders.loop_reason(result)) is not None:
        entry.settle(Outcome.LOOP, reason)
