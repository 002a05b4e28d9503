"""The rows about mails: how many are accepted durably and what one costs, beside Postfix, over open connections and with a
connection for each."""

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.harness import MAILBOX
from tests.acceptance.senders import risk
from tests.benchmarks import postfix
from tests.benchmarks.collector_taker import CollectorTaker
from tests.benchmarks.conditions import CLOCK, say, seconds_since
from tests.benchmarks.figures import CountsDiffer, Table, quantile
from tests.benchmarks.mail_sender import CLIENTS, MARK, Delivered, Load, deliver
from tests.benchmarks.postfix import Postfix
from tests.benchmarks.trap_sender import TROUBLES

REPEATS = 3
SECONDS = 4.0
OCTETS = 2_000
_PROSE = b"This paragraph stands for the words that consoles and relays put around a notification.\r\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of one load of mails; `cases_after` are the seconds until all of them were in cases."""

    delivered: Delivered
    cpu: Mapping[str, float]
    cases_after: float = 0.0

    @property
    def rate(self) -> float:
        return self.delivered.mails / self.delivered.seconds

    def cpu_us(self, *parts: str) -> float:
        return sum(self.cpu[part] for part in parts or self.cpu) / self.delivered.mails * 1e6


def contents() -> list[bytes]:
    """Mails of a SEPM about a risk that is left alone, each of another computer, filled up to about OCTETS."""
    mails = [risk(f"pc-{number}", mark=MARK.decode()).octets() for number in range(TROUBLES)]
    return [mail + _PROSE * ((OCTETS - len(mail)) // len(_PROSE)) for mail in mails]


def add(table: Table, collector: CollectorTaker, folder: Path) -> None:
    table.section(f"Mails: {len(contents()[0]):,} octets, {CLIENTS} clients, 250 after the sync", _peer_name())
    with ExitStack() as peers:
        absent = _absence()
        peer = None if absent else peers.enter_context(Postfix(folder / "postfix"))
        for new_connection, manner in ((False, "connections stay open"), (True, "a connection for each mail")):
            _add_manner(table, collector, peer or absent, new_connection, manner)


def _peer_name() -> str:
    return f"Postfix {postfix.version()}" if postfix.POSTCONF else "Postfix"


def _absence() -> str:
    """Why there is no Postfix to compare with; empty when there is one."""
    if not postfix.POSTCONF:
        return "not installed"
    return "" if os.geteuid() == 0 else "needs root"


def _add_manner(table: Table, collector: CollectorTaker, peer: Postfix | str, new_connection: bool, manner: str) -> None:
    ours: list[Batch] = []
    theirs: list[Batch] = []
    for number in range(REPEATS):
        say(f"mails, {manner}, {number + 1} of {REPEATS}")
        ours.append(_by_collector(collector, new_connection))
        if isinstance(peer, Postfix):
            theirs.append(_by_postfix(peer, new_connection))
    absent = peer if isinstance(peer, str) else ""
    table.row(f"{manner}: accepted", "/s", [one.rate for one in ours], absent or [one.rate for one in theirs])
    waits = [quantile(one.delivered.waits_ms, 99) for one in ours]
    other_waits = absent or [quantile(one.delivered.waits_ms, 99) for one in theirs]
    table.row(f"{manner}: 250 after the last octet, p99", "ms", waits, other_waits)
    receiving, log = [one.cpu_us("smtp") for one in ours], absent or [one.cpu_us("mail") for one in theirs]
    table.row(f"{manner}: CPU per mail, accepting", "us", receiving, log)
    table.row(
        f"{manner}: CPU per mail, everything", "us", [one.cpu_us() for one in ours], absent or [one.cpu_us() for one in theirs]
    )
    table.row(f"{manner}: last one in its case after", "s", [one.cases_after for one in ours], digits=2)
    clients = [one.delivered.cpu / one.delivered.mails * 1e6 for one in (*ours, *theirs)]
    table.row(f"{manner}: CPU per mail of the clients", "us", clients)


def _load(address: tuple[str, int], new_connection: bool) -> Load:
    return Load(address, contents(), MAILBOX, new_connection, SECONDS, run=str(CLOCK.monotonic_ns()))


def _by_collector(collector: CollectorTaker, new_connection: bool) -> Batch:
    """Wait until all of it is in cases: the processor time is that of everything that is done with a mail."""
    taken, accepted, cpu_before = collector.tally().taken, collector.accepted_mails(), collector.cpu()
    delivered = deliver(_load(collector.running.smtp, new_connection))
    begun_ns = CLOCK.monotonic_ns()
    collector.running.settled(seconds=120)
    behind, cpu = seconds_since(begun_ns), collector.cpu()
    for what, count in (("accepted", collector.accepted_mails() - accepted), ("in cases", collector.tally().taken - taken)):
        if count != delivered.mails:
            raise CountsDiffer(f"{delivered.mails} mails got their 250, {count} are {what}")
    return Batch(delivered, {part: seconds - cpu_before[part] for part, seconds in cpu.items()}, behind)


def _by_postfix(peer: Postfix, new_connection: bool) -> Batch:
    peer.empty()
    cpu_before = peer.cpu()
    delivered = deliver(_load(peer.address, new_connection))
    threading.Event().wait(0.5)  # what it does behind the 250 is its work too
    cpu = peer.cpu()
    if (held := peer.held()) != delivered.mails:
        raise CountsDiffer(f"{delivered.mails} mails got their 250, {held} are in the queue")
    return Batch(delivered, {part: seconds - cpu_before[part] for part, seconds in cpu.items()})
