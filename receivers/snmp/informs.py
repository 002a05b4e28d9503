"""Decides what is answered: informs of known senders, and those who look for our engine or have its time wrong (RFC 3412
section 7, RFC 3414 section 3.2). What is sent, and how often, is decided in `answers`."""

from collections.abc import Callable
from typing import NamedTuple

from collector.domain.item import InformVerdict
from collector.domain.message_flags import REPORTABLE
from collector.domain.outcome import Reason
from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import SecurityLevel, SnmpUser
from collector.domain.trap import Secured
from collector.domain.vain_keys import VainKeys
from receivers.snmp import v3
from receivers.snmp.answers import Answer, AnswerKind
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.frame import frame_of
from receivers.snmp.questions import Question
from receivers.snmp.reports import may_be_confirmed, told
from receivers.snmp.responses import is_inform, response_to, scoped_response
from receivers.snmp.senders import KnownSenders
from receivers.snmp.usm import KeyRing, LocalKeys, Opened
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3_building import Envelope, UsmStatistic, build


class Decision(NamedTuple):
    """What becomes of a question. `envelope` goes into the journal with the datagram: the `InformVerdict`, if there is one.
    `not_ready`: it cannot be judged now and is not stored, so that its sender repeats it."""

    envelope: bytes = b""
    answer: Answer | None = None
    not_ready: bool = False


_UNANSWERED = Decision()
_NOT_READY = Decision(not_ready=True)
_IN_TIME = InformVerdict.IN_TIME.value.encode("ascii")
_NOT_IN_TIME = InformVerdict.NOT_IN_TIME.value.encode("ascii")


class Informs:
    """Judges questions for one thread. What is not known is not believed: without a snapshot nobody gets a Response."""

    def __init__(self, engine: OwnEngine, senders: KnownSenders, ring: KeyRing, counters: SnmpCounters) -> None:
        self._engine = engine
        self._senders = senders
        self._ring = ring
        self._counters = counters
        self._salts = Salts()
        self._vain_keys = VainKeys()
        self.opened = 0
        """How many v3 messages were opened since `begin`: each costs a digest, and its sender may be anybody."""

    @property
    def engine_id(self) -> bytes:
        return self._engine.id

    def begin(self) -> None:
        """A new group."""
        self.opened = 0
        self._senders.refresh()

    def decide(self, question: Question, *, peer: str, listener: str, now_ns: int) -> Decision:
        """Of a question that came at `now_ns` of the monotonic clock from `peer` to `listener`. Never raises."""
        try:
            return self._decide(question, peer, listener, now_ns)
        except Exception:  # noqa: BLE001 - the edge: a fault of ours must not stop the line that hostile octets come in on
            self._counters.unanswered(Reason.DECODER_FAILED)
            return _UNANSWERED

    def _decide(self, question: Question, peer: str, listener: str, now_ns: int) -> Decision:
        if question.secured is None:
            return self._of_community(question, peer, listener)
        if question.secured.engine_id != self._engine.id:
            return self._of_stranger(question.datagram, question.secured, peer)
        return self._to_our_engine(question.datagram, question.secured, peer=peer, listener=listener, now_ns=now_ns)

    def _of_community(self, question: Question, peer: str, listener: str) -> Decision:
        version, community = frame_of(question.datagram, question.pdu)
        if not self._senders.has_community(version, community, peer=peer, listener=listener):
            self._counters.unanswered(Reason.UNKNOWN_COMMUNITY)
            return _UNANSWERED
        return Decision(answer=Answer(AnswerKind.RESPONSE, lambda _: response_to(question.datagram)))

    def _of_stranger(self, datagram: bytes, secured: Secured, peer: str) -> Decision:
        """Who looks for our engine, or has the id of one that was here before."""
        if not secured.flags & REPORTABLE or self._senders.speak_from(secured.engine_id):
            return _UNANSWERED
        if not may_be_confirmed(datagram, secured):
            return _UNANSWERED
        self._counters.unknown_engines += 1
        report = self._report(UsmStatistic.UNKNOWN_ENGINE_IDS, self._counters.unknown_engines, datagram, secured)
        return Decision(answer=Answer(AnswerKind.ENGINE_DISCOVERY, report, len(datagram), self._senders.network_of(peer)))

    def _to_our_engine(self, datagram: bytes, secured: Secured, *, peer: str, listener: str, now_ns: int) -> Decision:
        if not self._senders.known:
            return _NOT_READY
        users = self._senders.users(secured.user, peer=peer, listener=listener)
        if not self._vain_keys.begin(len(users), now_ns):
            return _NOT_READY
        if not all(map(self._senders.is_ready, users)):
            self._vain_keys.found()
            return _NOT_READY
        reason = Reason.UNKNOWN_USER
        for user in users:
            self.opened += 1
            opened = self._ring.open(datagram, secured, user)
            if isinstance(opened, Opened):
                self._vain_keys.found()
                return self._authentic(datagram, secured, user, opened=opened, peer=peer, now_ns=now_ns)
            reason = opened.reason
        self._counters.unanswered(reason)
        return _UNANSWERED

    def _authentic(
        self, datagram: bytes, secured: Secured, user: SnmpUser, *, opened: Opened, peer: str, now_ns: int
    ) -> Decision:
        """A message of a known user, whole and for us; what is in it, and when it was sealed, is still to be seen."""
        level = v3.level_of(secured.flags, encrypted=secured.encrypted)
        if level > SecurityLevel.NO_AUTH_NO_PRIV and not self._engine.in_time(secured.boots, secured.time, now_ns):
            return self._out_of_time(datagram, secured, user, peer)
        if not is_inform(opened.data, opened.pdu):
            return _UNANSWERED

        def response(now_ns: int) -> bytes | None:
            return self._response(secured, user, level, opened=opened, now_ns=now_ns)

        return Decision(_IN_TIME, Answer(AnswerKind.RESPONSE, response))

    def _out_of_time(self, datagram: bytes, secured: Secured, user: SnmpUser, peer: str) -> Decision:
        self._counters.not_in_time += 1
        if not secured.flags & REPORTABLE:
            return Decision(_NOT_IN_TIME)
        keys = self._ring.keys(user, self._engine.id)
        report = self._report(UsmStatistic.NOT_IN_TIME_WINDOWS, self._counters.not_in_time, datagram, secured, keys=keys)
        network = self._senders.network_of(peer)
        return Decision(_NOT_IN_TIME, Answer(AnswerKind.TIME_SYNCHRONISATION, report, len(datagram), network))

    def _report(
        self, statistic: UsmStatistic, counter: int, datagram: bytes, secured: Secured, *, keys: LocalKeys | None = None
    ) -> Callable[[int], bytes]:
        """What makes it when it is sent."""
        return lambda now_ns: told(statistic, counter, self._engine, datagram=datagram, secured=secured, keys=keys, now_ns=now_ns)

    def _response(self, secured: Secured, user: SnmpUser, level: SecurityLevel, *, opened: Opened, now_ns: int) -> bytes | None:
        """At the level of the inform, sealed with our engine's keys (RFC 3414 section 3.1)."""
        scoped = scoped_response(opened.data, opened.begin, opened.pdu, opened.end)
        if scoped is None:
            return None
        engine = self._engine
        envelope = Envelope(engine.id, engine.boots, engine.time(now_ns), user.name, secured.message_id, level)
        return build(envelope, scoped, self._ring.keys(user, engine.id), salts=self._salts)
