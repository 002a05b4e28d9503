"""The page for operators names every metric with its labels, and every sentence of the log; it names none that is not there."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from api import metrics as api_metrics
from api.edge import RequestCounters
from api.web.limiter import SignInCounters
from collector.app.room import Room
from collector.app.snapshot_following import SnapshotFollower
from collector.app.snapshot_keeping import SnapshotKeeper
from collector.app.weak_users import WeakUsers
from collector.changes.counters import ChangeCounters
from collector.domain.clock import SystemClock
from collector.domain.ids import StreamName
from collector.handoff.counters import HandoffCounters
from collector.journal.counts import JournalCounts
from collector.metrics import Family
from collector.pipeline.counters import ProcessCounters
from collector.store.engine import Store
from collector.supervisor import Supervisor
from receivers.smtp.certificate import CertificateState
from receivers.smtp.content import Memory
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.pool import Counters as MailDecoderCounters
from receivers.snmp.arrivals import Arrivals
from receivers.snmp.counters import ListenerCounters, SnmpCounters
from tests.builders import BOX

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
MODULES = [path for package in ("collector", "receivers", "rules", "api") for path in sorted((ROOT / package).rglob("*.py"))]


def _journal() -> JournalCounts:
    counts = JournalCounts()
    counts.of(StreamName.parse("snmp-0-k3f9ab"))
    return counts


COUNTING: dict[str, Callable[[], Iterable[Family]]] = {
    "api/web/limiter.py": lambda: SignInCounters().families(),
    "api/edge.py": lambda: RequestCounters().families(),
    "collector/app/room.py": lambda: Room(ROOT, SystemClock()).families(),
    "collector/app/snapshot_following.py": lambda: SnapshotFollower(
        ROOT, ROOT, domains=frozenset(), clock=SystemClock()
    ).families(),
    "collector/app/snapshot_keeping.py": lambda: SnapshotKeeper(Store("sqlite:///none.db"), ROOT, ROOT, BOX).families(),
    "collector/app/weak_users.py": lambda: WeakUsers(tuple).families(),
    "collector/changes/counters.py": lambda: ChangeCounters().families(),
    "collector/handoff/counters.py": lambda: HandoffCounters().families(),
    "collector/journal/counts.py": lambda: _journal().families(),
    "collector/pipeline/counters.py": lambda: ProcessCounters().families(),
    "collector/supervisor.py": lambda: Supervisor([], SystemClock(), environment={}).families(),
    "receivers/smtp/certificate.py": lambda: CertificateState().families(),
    "receivers/smtp/counters.py": lambda: SmtpCounters(Memory(1)).families(),
    "receivers/smtp/pool.py": lambda: MailDecoderCounters().families(),
    "receivers/snmp/counters.py": lambda: SnmpCounters(Arrivals(), {"127.0.0.1:1162": ListenerCounters()}).families(),
}
"""Module → what it counts."""
PASSING_ON = {"collector/metrics.py", "collector/journal/streams.py", "receivers/smtp/server.py", "receivers/snmp/server.py"}
"""Modules whose `families` are those of another one."""
OF_THE_API = {
    "collector_handoff_feed_position": (),
    "collector_handoff_messages_total": ("type",),
    "collector_cases": ("status", "kind", "severity"),
    "collector_deadlines": ("name", "state"),
    "collector_role_up": ("role",),
}


def _metrics() -> dict[str, tuple[str, ...]]:
    """Name as Prometheus shows it → labels."""
    families = [family for made in COUNTING.values() for family in made()]
    named = {f"{family.name}_total" if family.kind == "counter" else family.name: family.labels for family in families}
    return named | OF_THE_API


def _documented() -> dict[str, tuple[str, ...]]:
    rows = re.findall(r"^\| `(collector_\w+)` \|([^|]*)\| .+ \|$", PAGE, flags=re.MULTILINE)
    return {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def _sentences() -> dict[str, str]:
    """Constant sentence of a log call → its level."""
    found: dict[str, str] = {}
    for path in MODULES:
        for call in _calls(path):
            name = call.func
            if not isinstance(name, ast.Attribute) or name.attr not in ("info", "warning", "error"):
                continue
            if re.search(r"(?i)\blog(\(|$)", ast.unparse(name.value).lstrip("_").rpartition(".")[2]):
                sentence = call.args[0]
                assert isinstance(sentence, ast.Constant), f"{relative(path)}:{call.lineno}: not a constant sentence"
                found[str(sentence.value)] = name.attr
    return found


def test_every_module_that_counts_is_known_here() -> None:
    counting = {relative(path) for path in MODULES if "def families(" in path.read_text(encoding="utf-8")}
    assert counting == COUNTING.keys() | PASSING_ON


def test_what_the_api_adds_is_known_here() -> None:
    made = set(re.findall(r'"(collector_\w+)"', Path(api_metrics.__file__).read_text(encoding="utf-8")))
    assert made == set(OF_THE_API)


def test_the_page_names_every_metric_with_its_labels() -> None:
    assert _documented() == _metrics()


def test_metrics_named_elsewhere_in_the_page_exist() -> None:
    assert set(re.findall(r"collector_\w+", PAGE)) <= set(_metrics())


def test_the_page_names_every_sentence_of_the_log_with_its_level() -> None:
    table = PAGE.split("## Log lines", 1)[1]
    documented = {sentence: level for level, sentence in re.findall(r"^\| (\w+) \| `(.+?)` \|", table, flags=re.MULTILINE)}
    assert documented == _sentences()
