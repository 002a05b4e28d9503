"""A whole collector in miniature for tests of the API: journal, store and pipeline are real, rules and mail decoding are simple.

What a notification says decides what becomes of it: `case disk`, `clear disk`, `threat pc-1`, `info`; anything else is unmatched.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.bell import Bell
from api.tools import ApiTools
from collector.actions import Actions
from collector.domain.ids import CustomerId
from collector.domain.item import Envelope, ItemKind, Record, Tally, TallyReason
from collector.domain.mail import Mail, MailResult
from collector.domain.message import PULL
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import Classified, SignalType
from collector.domain.snmp_access import SnmpAccess
from collector.domain.terms import Terms
from collector.domain.trap import Trap
from collector.handoff.counters import HandoffCounters
from collector.handoff.inbound import Inbound
from collector.journal.envelope import encode_envelope, encode_tally
from collector.journal.streams import Journal
from collector.names.present import PresentNames
from collector.pipeline.approval import Approval
from collector.pipeline.counters import ProcessCounters
from collector.pipeline.draft import Decoders
from collector.pipeline.inspection import Inspector
from collector.pipeline.processor import Processor
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.store.api_keys import create_api_key
from collector.store.engine import Store
from collector.store.messages import last_position
from collector.store.registry import SourceRecord, load_registry, save_customer, save_sources
from collector.wake import WakeListener, Waker
from receivers.smtp.decode import decode as decode_mail
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing
from tests import snmp_wire as wire
from tests.builders import BOX, NOON, TERMS, SetClock, a_signal, a_threat_signal, nanoseconds, words
from tests.journal_records import QuickDisk

URL = "https://noc.example.net"
OUTSIDERS = "198.51.100.7"
TEXT_OID = "1.3.6.1.4.1.3417.2.12.1.1"


class PlainRules:
    """Obeys the text. `known` holds words that became known later, for quarantine that is tried anew."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def classify_trap(self, trap: Trap, *, source: str, products: tuple[str, ...], trace: bool = False) -> list[Classified]:
        return [self._classified(0, _said(trap))]

    def classify_mail(self, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> list[Classified]:
        lines = mail.text.splitlines()
        return [self._classified(number if len(lines) > 1 else 0, line) for number, line in enumerate(lines, start=1)]

    def explain(self, decoded: Trap | Mail, source: str, products: tuple[str, ...]) -> dict[str, object]:
        return {"said": _said(decoded) if isinstance(decoded, Trap) else decoded.text, "source": source}

    def _classified(self, row: int, text: str) -> Classified:
        word, _, name = text.partition(" ")
        common: dict[str, Any] = {"row": row, "pack": "pack", "product": "product", "fields": {"risk": name, "host": "host-1"}}
        title = words(f"title {name}")
        if word == "threat":
            signal = a_threat_signal(key=f"v1:pack:{name}", title=title)
        elif word in ("case", "clear") or word in self.known:
            kind = SignalType.CLEAR if word == "clear" else SignalType.RAISE
            signal = a_signal(key=f"v1:pack:{name}", type=kind, title=title)
        else:
            told = (Outcome.INFORMATIONAL, Reason.BY_RULE) if word == "info" else (Outcome.UNMATCHED, Reason.NO_RULE)
            return Classified(outcome=told[0], reason=told[1], notification="told", **common)
        common |= {"rule": signal.rule, "rule_version": signal.rule_version, "notification": "told"}
        return Classified(outcome=Outcome.CASE, reason=Reason.NONE, signal=signal, **common)


def _said(trap: Trap) -> str:
    return next((value.decode("utf-8", "replace") for _, _, value in trap.varbinds if isinstance(value, bytes)), "")


def _decode_mails(raws: Sequence[bytes]) -> list[MailResult]:
    """One whose header begins as that of a real mail is decoded as such; of the others the first line is the subject."""
    mails: list[MailResult] = []
    for raw in raws:
        if raw.startswith(b"From: "):
            mails.append(decode_mail(raw))
            continue
        subject, _, text = raw.decode("utf-8", "surrogateescape").partition("\n\n")
        mails.append(Mail(subject=subject, text=text, body_sha256=str(hash(raw))))
    return mails


def trap_saying(text: str | bytes, *more: bytes, community: str = "acme") -> bytes:
    """A v2c trap whose first variable says it."""
    octets = text.encode() if isinstance(text, str) else text
    pdu = wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(TEXT_OID, wire.tlv(4, octets)), *more)
    return wire.message(pdu, community=community.encode())


@dataclass
class Caller:
    """Somebody with a key, or without one."""

    app: FastAPI
    runner: asyncio.Runner
    key: str | None

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.send("PUT", path, json=body)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.send("POST", path, json=body, **options) if body is not None else self.send("POST", path, **options)

    def send(self, method: str, path: str, *, headers: Mapping[Any, Any] | None = None, **options: Any) -> httpx.Response:
        credentials = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return self.runner.run(self._send(method, path, headers={**credentials, **(headers or {})}, **options))

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.request(method, path, **options)

    def items(self, path: str, **options: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def walk(self, path: str, params: Mapping[str, Any], *, between: Any = lambda: None) -> list[dict[str, Any]]:
        """Every item of every page; `between` is done after each page."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            answer = self.get(path, params={**params, **({"cursor": cursor} if cursor else {})})
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            cursor = answer.json()["next"]
            if cursor is None:
                return found
            between()


@dataclass
class World:
    """Two customers with a console each: ACME (community and mailbox `acme`) and OTHER (`other`)."""

    store: Store
    directory: Path
    clock: SetClock = field(default_factory=SetClock)
    rules: PlainRules = field(default_factory=PlainRules)
    ready: tuple[bool, list[str]] = (True, [])
    role_addresses: dict[str, str] = field(default_factory=dict)
    language: str = "es"
    handoff: HandoffCounters = field(default_factory=HandoffCounters)

    def __enter__(self) -> Self:
        with self.store.write() as connection:
            self.acme = self._customer(connection, "ACME", "Acme S.A.")
            self.other = self._customer(connection, "OTHER", "Other S.R.L.")
        self._journal = Journal(self.directory, clock=self.clock, allow_volatile=True, disk=QuickDisk())
        self._writers = {lane: self._journal.open_writer(lane) for lane in ("snmp-0", "snmp-0-bulk", "smtp-0")}
        self.reader = self._journal.reader()
        self._runner = asyncio.Runner()
        self._rings = WakeListener(self.directory / "api.wake")
        self.waker = Waker(self.directory / "api.wake")
        self.bell = Bell(self._rings, last_position=self._last_position, stop=threading.Event())
        self._knowledge = self._know()
        self._processor = self._make_processor()
        self.loaded_names = self.directory / "names.json"
        self.names = PresentNames(self.loaded_names)
        self.inspector = Inspector(
            self.store,
            self.reader,
            knowledge=lambda: self._knowledge,
            explain=self.rules.explain,
            clock=self.clock,
            turn=nullcontext,
            names=self.names,
            box=BOX,
        )
        self.registry = CollectorRegistry()
        self.app = create_app(self.tools())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._runner.close()
        self._rings.close()
        self.waker.close()
        self.reader.close()
        for writer in self._writers.values():
            writer.close()

    def tools(self, **changes: Any) -> ApiTools:
        actions = Actions(self.store, self.clock, nullcontext, self.terms, changed=self.waker.wake)
        inbound = Inbound(
            self.store, self.clock, nullcontext, self.terms, actions, counters=self.handoff, changed=self.waker.wake
        )
        made: dict[str, Any] = {
            "store": self.store,
            "actions": actions,
            "inbound": inbound,
            "handoff": self.handoff,
            "inspector": self.inspector,
            "approval": Approval(self.store, self.clock, nullcontext),
            "reader": self.reader,
            "clock": self.clock,
            "terms": self.terms,
            "bell": self.bell,
            "readiness": lambda: self.ready,
            "role_addresses": lambda: self.role_addresses,
            "registry": self.registry,
            "names": self.names,
        }
        return ApiTools(**{**made, **changes})

    @property
    def terms(self) -> Terms:
        return replace(TERMS, language=self.language, public_url=URL)

    def _last_position(self) -> int:
        with self.store.read() as connection:
            return last_position(connection)

    def _customer(self, connection: Any, code: str, name: str) -> CustomerId:
        customer_id = save_customer(connection, code=code, name=name, language="es")
        lower = code.lower()
        record = SourceRecord(
            f"{lower}-1", ("product",), lower, SnmpAccess.with_community("v2c", lower.encode(), ["192.0.2.0/24"])
        )
        save_sources(connection, customer_id, [record], BOX)
        return customer_id

    def add_support_mailbox(self) -> None:
        """ACME has the mailbox `soporte` too, to which people write."""
        with self.store.write() as connection:
            save_sources(connection, self.acme, [SourceRecord("people", ("people",), "soporte")], BOX)
        self._knowledge = self._know()

    def _know(self) -> Knowledge:
        with self.store.read() as connection:
            registry = load_registry(connection, BOX)
        decoders = Decoders(decode, KeyRing().unlock, _decode_mails, lambda _: None)
        return Knowledge(registry, SourceIndex(registry.sources), self.rules, decoders, "TST", self.terms)

    def _make_processor(self) -> Processor:
        return Processor(
            self.store,
            self.reader,
            knowledge=lambda: self._knowledge,
            clock=self.clock,
            batch_limit=100,
            counters=ProcessCounters(),
            wait_for_work=lambda _: False,
            someone_waits=lambda: False,
            changed=self.waker.wake,
        )

    def key(self, *scopes: str, customer_id: CustomerId | None = None, expires_at: datetime | None = None) -> Caller:
        """Somebody with a fresh key; its name is made of the scopes."""
        with self.store.write() as connection:
            name = f"{'+'.join(scopes)}@{customer_id}@{expires_at}"
            held = frozenset(scopes)
            key = create_api_key(
                connection, name=name, scopes=held, at=self.clock.now(), customer_id=customer_id, expires_at=expires_at
            )
        return Caller(self.app, self._runner, key)

    def named_key(self, name: str, *scopes: str, destination: str = PULL) -> Caller:
        with self.store.write() as connection:
            key = create_api_key(connection, name=name, scopes=frozenset(scopes), at=self.clock.now(), destination=destination)
        return Caller(self.app, self._runner, key)

    def caller(self, key: str | None, app: FastAPI | None = None) -> Caller:
        return Caller(app or self.app, self._runner, key)

    def arrive(self, *traps: bytes, peer: str = "192.0.2.10", lane: str = "snmp-0") -> list[str]:
        """Make datagrams durable; return their ids."""
        return self._append(lane, [self._record(ItemKind.DATAGRAM, payload, peer=peer) for payload in traps])

    def arrive_mail(self, *bodies: str | bytes, mailboxes: Sequence[str] = ("acme",)) -> list[str]:
        """Make mails durable; the first line is the subject, then a blank line."""
        recipients = tuple(f"{mailbox}@collector.test" for mailbox in mailboxes)
        envelope = encode_envelope(Envelope("console@acme.test", recipients, "acme.test"))
        raws = [body.encode() if isinstance(body, str) else body for body in bodies]
        return self._append("smtp-0", [self._record(ItemKind.MAIL, raw, envelope=envelope) for raw in raws])

    def tally(self, reason: TallyReason, count: int) -> None:
        """Make a receiver's count durable."""
        self._append("snmp-0", [self._record(ItemKind.TALLY, b"", envelope=encode_tally(Tally(reason, count)))])

    def _record(self, kind: ItemKind, payload: bytes, *, peer: str = "192.0.2.10", envelope: bytes = b"") -> Record:
        now_ns = nanoseconds(self.clock.now())
        return Record(kind, now_ns, now_ns, "127.0.0.1:1162", peer, 40_000, envelope, payload)

    def _append(self, lane: str, records: list[Record]) -> list[str]:
        writer = self._writers[lane]
        first = writer.append(records)
        return [f"{writer.stream}-{first + number}" for number in range(len(records))]

    def process(self) -> None:
        """Work everything off."""
        while self._processor.step():
            pass

    def hear(self, *texts: str | bytes, community: str = "acme", peer: str = "192.0.2.10") -> list[str]:
        """Traps with these texts arrive and are processed; return their ids."""
        ids = self.arrive(*(trap_saying(text, community=community) for text in texts), peer=peer)
        self.process()
        return ids


@contextmanager
def world(store: Store, directory: Path, **options: Any) -> Iterator[World]:
    with World(store, directory / "journal", **options) as made:
        yield made


__all__ = ["NOON", "Caller", "World", "trap_saying", "world"]
