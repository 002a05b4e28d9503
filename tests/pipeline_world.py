"""A small world for the pipeline: a journal in memory, the real decoders, and rules that do what the notification's text says.

A text is one instruction: `raise KEY SEVERITY`, `clear KEY`, `threat KEY`, `contained KEY`, `info`, `suppressed`, `unmatched`, or
`explode` (the rules fail on it). A trap carries one in its first varbind, a mail one per line."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from functools import lru_cache

from collector.changes.passing_time import PassingTime
from collector.domain.case import Case
from collector.domain.ids import CaseId, NotificationId, StreamName
from collector.domain.item import Envelope, Item, ItemKind, Tally, TallyReason
from collector.domain.limits import Limit
from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.signal import CaseKind, Classified, MatchedCondition, Signal, SignalType, Urgency
from collector.domain.snmp_access import SnmpAccess
from collector.domain.trap import SNMP_TRAP_OID, Trap
from collector.journal.envelope import encode_envelope, encode_tally
from collector.journal.interface import StreamState
from collector.pipeline.counters import ProcessCounters
from collector.pipeline.customer_limit import CustomerLimiter
from collector.pipeline.draft import Decoders
from collector.pipeline.processor import Processor
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.store.case_log import LogEntry, read_log
from collector.store.cases import CaseFilter, list_cases
from collector.store.engine import Connection, Store
from collector.store.ledger import LedgerLine, read_lines
from collector.store.notifications import Notification, NotificationFilter, list_notifications
from collector.store.registry import (
    Registry,
    SourceRecord,
    load_registry,
    raise_registry_version,
    save_customer,
    save_sources,
)
from receivers.smtp.decode import decode as decode_mail
from receivers.smtp.loops import loop_reason
from receivers.snmp.message import decode as decode_trap
from receivers.snmp.usm import KeyRing
from rules.text import from_octets
from tests import snmp_wire as wire
from tests.builders import BOX, TERMS, SetClock, nanoseconds, words

MAIN = StreamName("snmp-0", bulk=False, epoch="aaaaaa")
BULK = StreamName("snmp-0", bulk=True, epoch="bbbbbb")
MAILS = StreamName("smtp-0", bulk=False, epoch="cccccc")
SITE = "TST"
ACME, BETA = b"acme-community", b"beta-community"
PEER = "192.0.2.1"
_TRAP_OID = "1.3.6.1.4.1.99999.1"


class MemoryJournal:
    """A JournalReader over lists; the tests append. `on_read` is called before each read, and may break it."""

    def __init__(self) -> None:
        self.items: dict[StreamName, list[Item]] = {}
        self.on_read: Callable[[StreamName], None] = lambda stream: None

    def append(self, stream: StreamName, item: Item) -> None:
        self.items.setdefault(stream, []).append(item)

    def streams(self) -> list[StreamState]:
        return [StreamState(stream, 1, len(items)) for stream, items in sorted(self.items.items())]

    def read(self, stream: StreamName, *, after: int, limit: int, max_bytes: int = 8 << 20) -> list[Item]:
        self.on_read(stream)
        found: list[Item] = []
        octets = 0
        for item in self.items.get(stream, [])[after : after + limit]:
            if octets >= max_bytes:
                break
            found.append(item)
            octets += len(item.payload)
        return found

    def get(self, stream: StreamName, seq: int) -> Item | None:
        items = self.items.get(stream, [])
        return items[seq - 1] if 0 < seq <= len(items) else None

    def close(self) -> None: ...


class InstructionRules:
    """The Classifier of this world."""

    def classify_trap(self, trap: Trap, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        texts = [from_octets(value) for _, tag, value in trap.varbinds if tag == 4 and isinstance(value, bytes)]
        return [_obey(texts[0] if texts else "", 0, source, trace)]

    def classify_mail(self, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        lines = [line for line in mail.text.splitlines() if line.strip()]
        many = len(lines) > 1
        return [_obey(line, number if many else 0, source, trace) for number, line in enumerate(lines, 1)]


class ExplodingInstruction(Exception):
    pass


def _obey(text: str, row: int, source: str, trace: bool) -> Classified:
    word, *rest = text.split() or [""]
    plain = Classified(row, Outcome.UNMATCHED, Reason.NO_KIND, "pack", "product", "", {})
    if word == "explode":
        raise ExplodingInstruction("community=s3cret")
    if word in ("info", "suppressed"):
        outcome = Outcome.INFORMATIONAL if word == "info" else Outcome.SUPPRESSED
        return replace(plain, outcome=outcome, reason=Reason.BY_RULE, notification=word, rule=word)
    if word not in ("raise", "clear", "threat", "contained"):
        return plain
    matched = (MatchedCondition("words", "text", "begins with", word),) if trace else ()
    signal = _signal(word, rest)
    fields = {"text": text, "source": source}
    return replace(
        plain,
        outcome=Outcome.CASE,
        reason=Reason.NONE,
        notification=word,
        fields=fields,
        rule=signal.rule,
        rule_version="1",
        signal=signal,
        matched=matched,
    )


def _signal(word: str, rest: list[str]) -> Signal:
    threat = word in ("threat", "contained")
    return Signal(
        type=SignalType.CLEAR if word == "clear" else SignalType.RAISE,
        key=f"v1:pack:{rest[0]}",
        kind=CaseKind.THREAT_INCIDENT if threat else CaseKind.SEVERITY_CASE,
        severity=None if threat else int(rest[1]) if len(rest) > 1 else 3,
        urgency=Urgency.NORMAL,
        contained=word == "contained",
        review_for_severity_1=False,
        title=words(rest[0]),
        summary=words(f"{word} {rest[0]}"),
        steps=words("steps"),
        rule=f"{word}-{rest[0]}",
        rule_version="1",
        pack="pack",
        product="product",
        host=rest[0],
        quiet_close=timedelta(hours=24) if word == "contained" else None,
    )


@dataclass(frozen=True, slots=True)
class Written:
    """Everything that processing leaves behind, in a form that does not depend on how the items were cut into batches."""

    cases: list[Case]
    notifications: list[tuple[object, ...]]
    ledger: list[LedgerLine]
    log: list[list[tuple[str, str, str | None]]]


class World:
    """ACME has the consoles `console` (traps from 192.0.2.0/24, mailbox `acme`) and `second` (mailbox `acme-2`), BETA `other`."""

    def __init__(self, store: Store, journal: MemoryJournal | None = None) -> None:
        self.store = store
        self.journal = journal or MemoryJournal()
        self.clock = SetClock()
        self.counters = ProcessCounters()
        self.customer_limit = Limit(rate=0, burst=1)
        self.rules = InstructionRules()
        self.decoders = Decoders(decode_trap, KeyRing().unlock, lambda mails: [decode_mail(mail) for mail in mails], loop_reason)
        self._port = 40_000
        with store.write() as connection:
            if not load_registry(connection, BOX).sources:
                _save_people(connection)
            self.registry: Registry = load_registry(connection, BOX)

    def knowledge(self) -> Knowledge:
        return Knowledge(self.registry, SourceIndex(self.registry.sources), self.rules, self.decoders, SITE, TERMS)

    def source(self, name: str) -> Source:
        return next(source for source in self.registry.sources if source.name == name)

    # what arrives

    def item(self, stream: StreamName, kind: ItemKind, payload: bytes, **parts: object) -> NotificationId:
        place = len(self.journal.items.get(stream, [])) + 1
        at, monotonic = nanoseconds(self.clock.now()), self.clock.monotonic_ns()
        made = Item(str(stream), place, kind, at, monotonic, "127.0.0.1:1162", PEER, 162, b"", payload)._replace(**parts)  # type: ignore[arg-type]
        self.journal.append(stream, made)
        return NotificationId(str(stream), place)

    def trap(
        self, text: str, *, stream: StreamName = MAIN, community: bytes = ACME, peer: str = PEER, inform: int | None = None
    ) -> NotificationId:
        """A v2c trap with a port of its own, or with `inform` an inform with that request id from port 162."""
        payload = trap_octets(text, community=community, inform=inform)
        self._port += 1
        port = 162 if inform is not None else self._port
        return self.item(stream, ItemKind.DATAGRAM, payload, peer_address=peer, peer_port=port)

    def mail(
        self, *lines: str, to: Iterable[str] = ("acme@example.org",), message_id: str = "", login: str | None = None
    ) -> NotificationId:
        envelope = Envelope("console@example.com", tuple(to), "console", login=login)
        payload = mail_octets(*lines, message_id=message_id)
        return self.item(MAILS, ItemKind.MAIL, payload, envelope=encode_envelope(envelope))

    def tally(self, reason: TallyReason, count: int, *, peer: str = "", per_second: int = 0) -> None:
        envelope = encode_tally(Tally(reason, count, per_second))
        self.item(MAIN, ItemKind.TALLY, b"", envelope=envelope, peer_address=peer, peer_port=0)

    # what is done with it

    def processor(self, *, batch_limit: int = 2_000) -> Processor:
        return Processor(
            self.store,
            self.journal,
            knowledge=self.knowledge,
            clock=self.clock,
            batch_limit=batch_limit,
            counters=self.counters,
            wait_for_work=lambda seconds: False,
            someone_waits=lambda: False,
            changed=lambda: None,
            customers=CustomerLimiter(self.customer_limit),
        )

    def process(self, *, batch_limit: int = 2_000) -> None:
        """A new process role works off what is there."""
        processor = self.processor(batch_limit=batch_limit)
        while processor.step():
            pass

    def passing_time(self) -> PassingTime:
        """What time alone does, at the clock's present time."""
        return PassingTime(self.store, self.clock, nullcontext, TERMS)

    # what became of it

    def cases(self) -> list[Case]:
        with self.store.read() as connection:
            return [case for _, case in list_cases(connection, CaseFilter(), after=None, limit=10_000)]

    def case(self) -> Case:
        (only,) = self.cases()
        return only

    def log(self, case: Case) -> list[LogEntry]:
        with self.store.read() as connection:
            return [entry for _, entry in read_log(connection, case.id)]

    def verdicts(self, case: Case | None = None) -> list[str]:
        return [entry.verdict.value for entry in self.log(case or self.case())]

    def notifications(self) -> list[Notification]:
        with self.store.read() as connection:
            return list_notifications(connection, NotificationFilter(), after=None, limit=100_000)

    def outcomes(self) -> list[tuple[str, str]]:
        """(state, reason) of every notification, in the order of the journal."""
        found = sorted(self.notifications(), key=lambda row: row.id)
        return [(row.state.value, row.reason.value) for row in found]

    def ledger(self) -> list[LedgerLine]:
        with self.store.read() as connection:
            return read_lines(connection, since_day=0, until_day=99_999_999)

    def counted(self) -> dict[str, int]:
        """Outcome to number of items, from the ledger."""
        sums: dict[str, int] = {}
        for line in self.ledger():
            sums[line.outcome] = sums.get(line.outcome, 0) + line.count
        return sums

    def written(self) -> Written:
        cases = self.cases()
        return Written(
            [_comparable(case) for case in sorted(cases, key=lambda case: case.external_key)],
            sorted(_notification(row) for row in self.notifications()),
            self.ledger(),
            [self._turning_points(case) for case in sorted(cases, key=lambda case: case.external_key)],
        )

    def _turning_points(self, case: Case) -> list[tuple[str, str, str | None]]:
        """The log without plain repeats, which are written once per batch."""
        lines = self.log(case)
        return [(line.verdict.value, line.actor, line.notification) for line in lines if "occurrences" not in line.detail]


def _comparable(case: Case) -> Case:
    """Without what depends on how the items were cut into batches: numbers, and which repeats were told with another change."""
    return replace(case, id=CaseId(0), version=0, note_due_at=None, noted_occurrences=0)


def _notification(row: Notification) -> tuple[object, ...]:
    told = (row.customer or "", row.source or "", row.state.value, row.reason.value, row.verdict, row.case or "", row.rule)
    return (str(row.id), row.received_at, *told, row.text, int(row.trust))


def _save_people(connection: Connection) -> None:
    networks = ("192.0.2.0/24",)
    acme = save_customer(connection, code="ACME", name="Acme S.A.", language="es")
    beta = save_customer(connection, code="BETA", name="Beta Ltd.", language="en")
    records = [
        SourceRecord("console", ("product",), "acme", SnmpAccess.with_community("v2c", ACME, networks)),
        SourceRecord("second", ("product",), "acme-2"),
    ]
    save_sources(connection, acme, records, BOX)
    save_sources(
        connection, beta, [SourceRecord("other", (), "beta", SnmpAccess.with_community("v1", BETA, ("198.51.100.0/24",)))], BOX
    )
    raise_registry_version(connection)


@lru_cache(maxsize=1_000)
def trap_octets(text: str, *, community: bytes = ACME, inform: int | None = None, version: int = 1) -> bytes:
    varbinds = (
        wire.uptime(),
        wire.varbind(SNMP_TRAP_OID, wire.oid(_TRAP_OID)),
        wire.varbind(f"{_TRAP_OID}.1", wire.string(text)),
    )
    tag, number = (wire.TRAP_V2, 77) if inform is None else (wire.INFORM, inform)
    return wire.message(wire.v2_pdu(*varbinds, tag=tag, request_id=number), version=version, community=community)


def mail_octets(*lines: str, message_id: str = "", **headers: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = "notification"
    message["From"] = "console@example.com"
    if message_id:
        message["Message-ID"] = f"<{message_id}@example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("\n".join(lines) + "\n")
    return message.as_bytes().replace(b"\n", b"\r\n")
