"""The step of belief that finds whose keys open a v3 message. Its engine says who is tried first; who it is, the keys say."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from collector.domain.engine import ENGINE_ID_OCTETS
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.snmp_access import SnmpUser
from collector.domain.trap import NotDecoded, Pdu, Secured, Trap
from collector.domain.vain_keys import VainKeys
from collector.pipeline.engine_drafts import EngineDrafts
from collector.pipeline.hearing import Hearing, unauthenticated
from collector.pipeline.source_index import SourceIndex, SourceUser

Unlock: TypeAlias = Callable[[bytes, Secured, SnmpUser], Trap | NotDecoded]
Fitting: TypeAlias = tuple[Source, SnmpUser, Trap]
"""A source whose keys have opened a message, and what came out."""


class KeySearch:
    """With `unlimited`, any number is tried in vain: a person waits for the answer."""

    def __init__(self, index: SourceIndex, unlock: Unlock, engines: EngineDrafts, *, unlimited: bool) -> None:
        self._index = index
        self._unlock = unlock
        self._engines = engines
        self._unlimited = unlimited

    def opens(self, hearing: Hearing) -> NotDecoded | None:
        """Who is known to speak from the engine is tried first: where a thousand have users of one name, an honest message costs
        no more than elsewhere, and forged ones together what `VainKeys` allows."""
        if len(hearing.candidates) == 1:
            return self._opens_alone(hearing, *hearing.candidates[0])
        refusal: NotDecoded | None = None
        speaking = self._speaking(hearing)
        for group in (speaking, _without(hearing.candidates, speaking)):
            if not self._may_try(hearing, len(group)):
                engine_id = hearing.secured.engine_id.hex()
                told = f"{engine_id}: not looked for among {len(group)} users of that name, too much came that fits none of them"
                return refusal or unauthenticated(Reason.UNKNOWN_ENGINE, told)
            for source, user in group:
                opened = self._unlock(hearing.entry.item.payload, hearing.secured, user)
                if isinstance(opened, Trap):
                    self._vain_keys(hearing).found()
                    return self._choose(hearing, self._fitting(hearing, (source, user, opened), speaking))
                refusal = refusal or opened
        return refusal

    def _opens_alone(self, hearing: Hearing, source: Source, user: SnmpUser) -> NotDecoded | None:
        """Where it can be from one only, as nearly always. When his keys do not open it, it is found with him all the same: its
        user, its address and the listener fit nobody else. That proves nothing. Which address counts, of a relay's is not
        known."""
        opened = self._unlock(hearing.entry.item.payload, hearing.secured, user)
        if isinstance(opened, Trap):
            hearing.source, hearing.user, hearing.trap = source, user, opened
            return None
        hearing.source = source if self._index.is_within(source, hearing.entry.item.peer_address) else None
        return opened

    def _speaking(self, hearing: Hearing) -> Sequence[SourceUser]:
        """Of several candidates, those of the engine. Informs carry ours."""
        if hearing.verdict is not None:
            return ()
        item, secured = hearing.entry.item, hearing.secured
        proven = self._engines.speaking(secured.engine_id)
        return self._index.of_engine(secured.engine_id, proven, peer=item.peer_address, name=secured.user, listener=item.listener)

    def _vain_keys(self, hearing: Hearing) -> VainKeys:
        return self._engines.memory.vain_keys[hearing.entry.item.is_bulk]

    def _may_try(self, hearing: Hearing, keys: int) -> bool:
        """What the receiver has judged fits one of them; and a person may wait."""
        allowed = self._vain_keys(hearing).begin(keys, hearing.entry.item.received_at_ns)
        return allowed or hearing.verdict is not None or self._unlimited

    def _fitting(self, hearing: Hearing, first: Fitting, speaking: Sequence[SourceUser]) -> list[Fitting]:
        """All whose keys open it: it tells from which address it is. Keys of those who do not speak from the engine change
        nothing when it is the first one's."""
        item, secured = hearing.entry.item, hearing.secured
        address = self._index.address_of(item.peer_address, first[2])
        others = self._index.of_user_at(address, secured.user, item.listener)
        if self._index.is_within(first[0], address) and hearing.verdict is None and self._speaks_from(first, secured.engine_id):
            others = [one for one in speaking if self._index.is_within(one[0], address)]
        fitting = [first]
        for source, user in _without(others, [first[:2]]):
            opened = self._unlock(item.payload, secured, user)
            if isinstance(opened, Trap):
                fitting.append((source, user, opened))
        return fitting if len(fitting) == 1 else [one for one in fitting if self._index.is_within(one[0], address)]

    def _choose(self, hearing: Hearing, fitting: Sequence[Fitting]) -> NotDecoded | None:
        """Where several have the same keys, which the customers file does not allow, it is whose engine it is. Informs say
        nothing of theirs, and never does an order among sources decide."""
        speaking = fitting
        if len(fitting) > 1:
            speaking = [one for one in fitting if hearing.verdict is None and self._speaks_from(one, hearing.secured.engine_id)]
        if len(speaking) == 1:
            hearing.source, hearing.user, hearing.trap = speaking[0]
            return None
        hearing.trap = fitting[0][2]
        told = self._ambiguous(hearing, fitting, approved=bool(speaking))
        return NotDecoded(Outcome.UNATTRIBUTED, Reason.AMBIGUOUS_SOURCE, told)

    def _ambiguous(self, hearing: Hearing, fitting: Sequence[Fitting], *, approved: bool) -> str:
        """What a person can do. An engine that speaks for none of them waits for approval at each, so that it is listed."""
        fit = f"the keys of {', '.join(sorted(f'{one.customer.code}/{one.name}' for one, _, _ in fitting))} fit"
        engine_id = hearing.secured.engine_id
        if hearing.verdict is not None or fitting[0][2].pdu is Pdu.INFORM or not self._may_be_listed(engine_id):
            return f"{fit}: give them different pass phrases"
        if approved:
            return f"{engine_id.hex()}: {fit}, and several may speak from it: forget it at all but one, or correct engine_id"
        for source, _, _ in fitting:
            self._engines.list_seen(source.id, engine_id, hearing.entry.item, authentic=hearing.authentic, at_us=hearing.at_us)
        return f"{engine_id.hex()}: {fit}: approve it for one of them"

    def _may_be_listed(self, engine_id: bytes) -> bool:
        return len(engine_id) in ENGINE_ID_OCTETS and engine_id != self._index.own_engine

    def _speaks_from(self, one: Fitting, engine_id: bytes) -> bool:
        source, user, _ = one
        known = self._engines.find(source.id, engine_id)
        return engine_id in user.engine_ids or (known is not None and known.approved_by is not None)


def _without(users: Sequence[SourceUser], others: Sequence[SourceUser]) -> Sequence[SourceUser]:
    left_out = {source.id for source, _ in others}
    return [one for one in users if one[0].id not in left_out] if left_out else users
