"""Stage 6, inside the transaction: everything the batch did is written, and the journal positions with it."""

from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from collector.domain.clock import NS_PER_SECOND, from_ns
from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind, TallyReason
from collector.domain.mail import Mail
from collector.domain.outcome import Outcome
from collector.domain.trap import Trap
from collector.pipeline.classify import primary
from collector.pipeline.draft import TEXT_SHOWN, Batch, Draft, Entry
from collector.pipeline.fold import CaseFold
from collector.store.case_log import Original, append_log, original_slot, save_originals
from collector.store.cases import insert_cases, update_cases
from collector.store.engine import Connection
from collector.store.ledger import LedgerKey, add_counts
from collector.store.notifications import insert_notifications
from collector.store.seen import save_seen
from collector.store.streams import Position, save_position

_NS_PER_DAY = 86_400 * NS_PER_SECOND
_dump = orjson.dumps


def write_effects(connection: Connection, batch: Batch, folds: list[CaseFold], positions: dict[StreamName, Position]) -> None:
    """`positions` are the streams' rows as they are in the store; afterwards the store holds the batch's end."""
    _write_cases(connection, folds)
    numbers = {str(stream): position.id for stream, position in positions.items()}
    rows = [_row(entry, draft, numbers) for entry in batch.entries if entry.tally is None for draft in entry.drafts]
    insert_notifications(connection, rows)
    save_seen(connection, batch.seen)
    add_counts(connection, _ledger(batch))
    for stream, (last, tallies) in batch.taken.items():
        present = positions[stream]
        save_position(connection, Position(present.id, stream, last, present.tallies + tallies))


def _write_cases(connection: Connection, folds: list[CaseFold]) -> None:
    # First what gives up its key, then what takes it: at any moment one open case per key.
    update_cases(connection, [fold.case for fold in folds if fold.changed and not fold.is_new])
    new = [fold for fold in folds if fold.is_new]
    numbers = insert_cases(connection, [fold.case for fold in new])
    for fold in new:
        fold.number(numbers[fold.case.external_key])
    append_log(connection, [line for fold in folds for line in fold.log])
    save_originals(connection, [_original(fold, *kept) for fold in folds for kept in fold.kept_originals()])


def _original(fold: CaseFold, occurrence: int, entry: Entry, draft: Draft) -> Original:
    item = entry.item
    slot = original_slot(occurrence)
    return Original(fold.case.id, slot, str(entry.id_of(draft)), item.kind, from_ns(item.received_at_ns), item.payload)


def _row(entry: Entry, draft: Draft, numbers: dict[str, int]) -> tuple[object, ...]:
    item, source, found = entry.item, draft.source, draft.classified
    trap_oid, subject, text = _shown(entry)
    return (
        numbers[item.stream],
        item.seq,
        draft.row,
        item.received_at_ns // 1_000,
        "smtp" if item.kind == ItemKind.MAIL else "snmp",
        f"{item.peer_address}:{item.peer_port}",
        source.customer.id if source else None,
        source.id if source else None,
        found.product if found else "",
        draft.outcome.value,
        draft.reason.value,
        int(entry.trust),
        found.notification if found else "",
        trap_oid,
        subject,
        text,
        _dump(found.fields).decode() if found and found.fields else "",
        found.rule if found else "",
        found.rule_version if found else "",
        draft.verdict,
        draft.fold.case.id if draft.fold else None,
        _storable(draft.detail),
    )


def _shown(entry: Entry) -> tuple[str, str, str]:
    """(trap OID, subject, first characters of the text)."""
    decoded = entry.decoded
    if isinstance(decoded, Trap):
        for _, tag, value in decoded.varbinds:
            if tag == 4 and type(value) is bytes and len(value) > 1:
                return (
                    decoded.trap_oid,
                    "",
                    value[: TEXT_SHOWN * 2].decode("utf-8", "replace")[:TEXT_SHOWN].replace("\0", "\ufffd"),
                )
        return decoded.trap_oid, "", ""
    if isinstance(decoded, Mail):
        return "", _storable(decoded.subject[:TEXT_SHOWN]), _storable(decoded.text[:TEXT_SHOWN])
    return "", "", ""


def _storable(text: str) -> str:
    """Text that every database takes: no NUL, no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def ledger_key(item: Item, customer_id: int | None, source_id: int | None, outcome: Outcome, reason: str) -> LedgerKey:
    """The ledger's line for an item that ended so: on the day of its arrival."""
    day = _day(item.received_at_ns // _NS_PER_DAY)
    return LedgerKey(day, customer_id or 0, source_id or 0, item.transport.value, outcome.value, str(reason))


def _ledger(batch: Batch) -> Counter[LedgerKey]:
    counts: Counter[LedgerKey] = Counter()
    for entry in batch.entries:
        if entry.tally is None:
            draft = primary(entry)
            customer_id, source_id = (draft.source.customer.id, draft.source.id) if draft.source else (None, None)
            counts[ledger_key(entry.item, customer_id, source_id, draft.outcome, draft.reason.value)] += 1
        elif entry.tally.reason is not TallyReason.KERNEL_DROP:
            # What the kernel dropped never reached us: it has a metric and a case, no line.
            outcome = Outcome.OVER_LIMIT if entry.tally.reason is TallyReason.OVER_LIMIT else Outcome.REFUSED
            counts[ledger_key(entry.item, None, None, outcome, entry.tally.reason.value)] += entry.tally.count
    return counts


@lru_cache(maxsize=8)
def _day(number: int) -> int:
    """The n-th day since 1970 (UTC) as yyyymmdd."""
    moment = datetime.fromtimestamp(number * 86_400, UTC)
    return moment.year * 10_000 + moment.month * 100 + moment.day
