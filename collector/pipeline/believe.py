"""Stage 2: who sent a v3 message, and whether that is to be believed. What is, becomes a trap with its source and its trust; what
is not ends here with the exact reason. v1 and v2c prove nothing and are the next stage's business."""

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from collector.domain.engine import BY_FILE, ENGINE_ID_LENGTH, ENGINE_ID_OCTETS, NAMED, UNASKED
from collector.domain.item import InformVerdict
from collector.domain.message_flags import LEVEL_BITS, LEVELS
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import NotDecoded, Pdu, Secured
from collector.domain.trust import Trust
from collector.pipeline.draft import Batch, BeliefStep, Entry
from collector.pipeline.engine_draft import EngineDraft
from collector.pipeline.engine_drafts import EngineDrafts
from collector.pipeline.hearing import Hearing, unauthenticated
from collector.pipeline.key_search import KeySearch, Unlock
from collector.pipeline.source_index import SourceIndex

_TRUST = {
    SecurityLevel.NO_AUTH_NO_PRIV: Trust.SPOOFABLE,
    SecurityLevel.AUTH_NO_PRIV: Trust.AUTHENTICATED,
    SecurityLevel.AUTH_PRIV: Trust.ENCRYPTED,
}
_VERDICTS = {verdict.value.encode("ascii"): verdict for verdict in InformVerdict}

Recall: TypeAlias = Callable[[bytes, Secured], bool]
"""Whether this message, or a copy of it, was processed again before."""


class Believer:
    """Judges messages in order of arrival. `recall` is there when a person has them judged again; `entry.judged` then says what
    was found out about time and copies when they arrived."""

    def __init__(self, index: SourceIndex, unlock: Unlock, engines: EngineDrafts, *, recall: Recall | None = None) -> None:
        self._index = index
        self._engines = engines
        self._recall = recall
        self._search = KeySearch(index, unlock, engines, unlimited=recall is not None)

    def judge(self, entry: Entry, secured: Secured, *, trace: bool = False) -> None:
        """Make a trap of the entry, or settle it."""
        hearing = Hearing(entry, secured, _VERDICTS.get(entry.item.envelope), entry.item.received_at_ns // 1_000)
        for name, step in self._STEPS:
            refusal = step(self, hearing)
            if trace:
                entry.belief.append(BeliefStep(name, refusal))
            if refusal is not None:
                if hearing.trap is not None:
                    entry.decoded = hearing.trap
                entry.settle(refusal.outcome, refusal.reason, refusal.detail, hearing.source)
                return
        if hearing.trap is not None and hearing.source is not None:
            entry.decoded, entry.sources = hearing.trap, (hearing.source,)
            entry.trust = _TRUST[LEVELS[secured.flags & LEVEL_BITS]]

    def _names_an_engine(self, hearing: Hearing) -> NotDecoded | None:
        """RFC 3414 section 4: who asks for our engine ID says none."""
        if hearing.secured.engine_id:
            return None
        return NotDecoded(Outcome.NOT_A_NOTIFICATION, Reason.ENGINE_DISCOVERY)

    def _has_a_source(self, hearing: Hearing) -> NotDecoded | None:
        item, secured = hearing.entry.item, hearing.secured
        near = self._index.of_user(item.peer_address, secured.user, item.listener)
        hearing.candidates = near
        return None if near else unauthenticated(Reason.UNKNOWN_USER)

    def _opens(self, hearing: Hearing) -> NotDecoded | None:
        return self._search.opens(hearing)

    def _comes_from_there(self, hearing: Hearing) -> NotDecoded | None:
        """What a relay passes on says inside where it is from, so it had to be opened first."""
        peer, trap, source = hearing.entry.item.peer_address, hearing.trap, hearing.source
        if trap is None or source is None or not self._index.is_relay(peer):
            return None
        address = self._index.address_of(peer, trap)
        if self._index.is_within(source, address):
            return None
        hearing.trap = hearing.source = None
        return unauthenticated(Reason.UNKNOWN_USER, f"not from {address}")

    def _is_answered(self, hearing: Hearing) -> NotDecoded | None:
        """Of an inform the receiver is the authoritative engine: what was sent to us was judged where it was answered. The PDU
        tells what it is; the reportable flag only where there is none to be seen (RFC 3412 section 6.4)."""
        secured = hearing.secured
        if hearing.verdict is InformVerdict.NOT_IN_TIME:
            if secured.boots == secured.time == 0:
                return NotDecoded(Outcome.NOT_A_NOTIFICATION, Reason.TIME_SYNCHRONISATION)
            return unauthenticated(Reason.NOT_IN_TIME_WINDOW)
        if hearing.verdict is None and secured.engine_id == self._index.own_engine:
            return unauthenticated(
                Reason.UNKNOWN_ENGINE, f"{secured.engine_id.hex()}: our own engine, which speaks for no console"
            )
        if hearing.verdict is None and hearing.trap is not None and hearing.trap.pdu is Pdu.INFORM:
            return unauthenticated(Reason.UNKNOWN_ENGINE, f"an inform to {secured.engine_id.hex()}, which we are not")
        return None

    def _is_fresh(self, hearing: Hearing) -> NotDecoded | None:
        """Asked before anybody's approval: of everything that waits for that it is known whether it came in time, and first."""
        source, entry, secured = hearing.source, hearing.entry, hearing.secured
        if source is None or not hearing.authentic:
            return None
        if entry.judged is not None:  # an inform too: that it came in time says nothing of copies
            return unauthenticated(entry.judged) if entry.judged else None
        if hearing.verdict is not None:
            self._engines.asked = True  # a copy of it may have been processed again meanwhile
            return None
        draft = self._draft(hearing, source)
        if draft is None:
            return None
        late = self._recall is not None
        reason = draft.take(secured.boots, secured.time, secured.message_id, hearing.at, late=late)
        if reason:
            return unauthenticated(reason)
        draft.note(entry.item, hearing.at_us)
        return None

    def _draft(self, hearing: Hearing, source: Source) -> EngineDraft | None:
        """None when it can be none by its length, or there is no room for another one that nobody authenticated."""
        if len(hearing.secured.engine_id) not in ENGINE_ID_OCTETS:
            return None
        if hearing.draft is None:
            engine_id = hearing.secured.engine_id
            hearing.draft = self._engines.find(source.id, engine_id) or self._engines.add(
                source.id, engine_id, authentic=hearing.authentic, peer=hearing.entry.item.peer, at_us=hearing.at_us
            )
        return hearing.draft

    def _is_approved(self, hearing: Hearing) -> NotDecoded | None:
        source, user = hearing.source, hearing.user
        if source is None or user is None or hearing.verdict is not None:
            return None
        named = hearing.secured.engine_id in user.engine_ids
        draft = self._draft(hearing, source)
        if draft is not None and user.engine_ids and not named and draft.approved_by in BY_FILE:
            draft.approved_by = draft.approved_us = None  # the file named it once, and names others now
        if draft is not None and not hearing.authentic and draft.time is None:
            draft.note(hearing.entry.item, hearing.at_us)
        if draft is not None and draft.approved_by is None:
            if named:
                draft.approve(NAMED, hearing.at_us)
            elif user.approve_engines and hearing.authentic and self._engines.may_approve_unasked(draft):
                draft.approve(UNASKED, hearing.at_us)
        if named or (draft is not None and draft.approved_by is not None):
            return None
        engine_id = hearing.secured.engine_id
        told = "" if len(engine_id) in ENGINE_ID_OCTETS else f": an engine ID has {ENGINE_ID_LENGTH}"
        return unauthenticated(Reason.UNKNOWN_ENGINE, f"{engine_id.hex()}{told}")

    def _is_the_first(self, hearing: Hearing) -> NotDecoded | None:
        """Of its copies that are processed again."""
        if self._recall is None or hearing.source is None or not hearing.authentic:
            return None
        return unauthenticated(Reason.REPLAYED) if self._recall(hearing.entry.item.payload, hearing.secured) else None

    _STEPS: ClassVar[tuple[tuple[str, "Step"], ...]] = (
        ("engine_id", _names_an_engine),
        ("user", _has_a_source),
        ("keys", _opens),
        ("address", _comes_from_there),
        ("inform", _is_answered),
        ("time", _is_fresh),
        ("engine", _is_approved),
        ("again", _is_the_first),
    )
    """In this order, by the names that `explain` tells. Of the class: bound methods kept in an instance would be a circle."""


Step: TypeAlias = Callable[[Believer, Hearing], NotDecoded | None]


def believe(batch: Batch, believer: Believer, *, trace: bool = False) -> None:
    for entry in batch.entries:
        if isinstance(entry.decoded, Secured) and not entry.drafts:
            believer.judge(entry, entry.decoded, trace=trace)
