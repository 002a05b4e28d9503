"""`collector snmp`: engines listed, approved and forgotten by commands, with what waited for it in the journal."""

import getpass
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import cli
from collector.domain.clock import SystemClock
from collector.domain.item import ItemKind, Record
from collector.journal.streams import Journal
from collector.pipeline.counters import ProcessCounters
from collector.pipeline.processor import Processor
from collector.store.engine import Store
from collector.store.registry import SourceRecord
from tests.builders import KEY
from tests.journal_records import open_journal
from tests.v3_world import ENGINE, OTHER_ENGINE, STRANGER, V3World, access_of

WHO = f"command:{getpass.getuser()}"
ID = ENGINE.hex()


class Machine:
    """A data directory with a store of the consoles of `V3World` and a journal."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.journal: Journal = open_journal(data / "journal")
        self.store = Store(f"sqlite:///{data / 'collector.db'}")
        self.world = V3World(self.store)
        self.world.clock.moment = SystemClock().now()

    def run(self, *arguments: str, code: int = 0) -> list[str]:
        """What the command prints."""
        assert cli.main(arguments) == code
        said = self._capsys.readouterr()
        return said.err.splitlines() if code else said.out.splitlines()

    def hear(self, *datagrams: bytes) -> None:
        at_ns = self.world.clock.now_ns()
        records = [Record(ItemKind.DATAGRAM, at_ns, 0, "127.0.0.1:1162", "192.0.2.1", 162, b"", one) for one in datagrams]
        with self.journal.open_writer("snmp-0") as writer:
            writer.append(records)
        with self.journal.reader() as reader:
            processor = Processor(
                self.store,
                reader,
                knowledge=self.world.knowledge,
                clock=self.world.clock,
                batch_limit=100,
                counters=ProcessCounters(),
                wait_for_work=lambda _: False,
                someone_waits=lambda: False,
                changed=lambda: None,
            )
            while processor.step():
                pass


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Machine]:
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)
    data = tmp_path / "data"
    monkeypatch.setenv("COLLECTOR__DATA_DIR", str(data))
    monkeypatch.setenv("COLLECTOR__SECRETS__KEY", KEY)
    before = os.umask(0o022)
    assert cli.main(["migrate"]) == 0
    capsys.readouterr()
    made = Machine(data, capsys)
    yield made
    made.store.close()
    os.umask(before)


def test_engines_are_listed_as_lines_and_as_json(machine: Machine) -> None:
    assert machine.run("snmp", "engines") == []
    machine.hear(machine.world.secured("info"), machine.world.secured("info"))
    [line] = machine.run("snmp", "engines", "--state", "seen")
    assert line.split("\t")[:5] == [ID, "seen", "ACME/secure", "192.0.2.1:162", "2"]
    assert line.endswith("\t-")
    assert machine.run("snmp", "engines", "--state", "approved") == []
    [told] = json.loads("\n".join(machine.run("snmp", "engines", "--json")))
    assert (told["engine_id"], told["boots"], told["authenticated"], told["approved_by"]) == (ID, 4, True, None)


def test_an_engine_is_approved_with_what_waited_and_forgotten(machine: Machine) -> None:
    machine.hear(*[machine.world.secured("nothing that a rule knows") for _ in range(3)])
    assert machine.run("snmp", "approve", f"0x{ID.upper()}", "--reprocess") == [
        f"{ID} is believed for ACME/secure",
        "3 notifications were processed again",
    ]
    assert machine.world.outcomes() == [("unmatched", "no_kind")] * 3
    [line] = machine.run("snmp", "engines")
    assert line.split("\t")[1] == "approved"
    assert line.endswith(f"\t{WHO}")
    assert machine.run("snmp", "forget", ID) == [f"{ID} is forgotten for ACME/secure"]
    assert machine.run("snmp", "engines") == []
    [line] = machine.run("snmp", "engines", "--forgotten")
    assert line.split("\t")[:6] == [ID, "ACME/secure", "192.0.2.1:162", "3", WHO, WHO]
    [told] = json.loads("\n".join(machine.run("snmp", "engines", "--forgotten", "--json")))
    assert (told["engine_id"], told["source"], told["approved_by"], told["forgotten_by"]) == (ID, "secure", WHO, WHO)
    assert line.split("\t")[6] == told["forgotten_at"]


def test_an_engine_is_approved_before_it_is_heard_of(machine: Machine) -> None:
    other = OTHER_ENGINE.hex()
    assert "name a source" in machine.run("snmp", "approve", other, code=1)[0]
    machine.run("snmp", "approve", other, "--source", "ACME/secure")
    machine.hear(machine.world.secured("info", engine_id=OTHER_ENGINE))
    assert machine.world.outcomes() == [("informational", "by_rule")]


def test_an_engine_of_several_sources_must_be_named_with_one(machine: Machine) -> None:
    machine.world.save(SourceRecord("third", (), None, access_of(STRANGER)))
    machine.hear(machine.world.secured("info"), machine.world.secured("info", user=STRANGER))
    assert "name one of ACME/secure, ACME/third" in machine.run("snmp", "approve", ID, code=1)[0]
    assert machine.run("snmp", "approve", ID, "--source", "ACME/third") == [f"{ID} is believed for ACME/third"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("approve", "xyz"), "an engine ID has 5 to 32 octets", id="no hexadecimal digits"),
        pytest.param(("approve", "80001f88"), "an engine ID has 5 to 32 octets", id="too short"),
        pytest.param(("forget", ID), "was seen there", id="not there"),
        pytest.param(("approve", ID, "--source", "ACME"), "--source: CUSTOMER/NAME", id="half a source"),
    ],
)
def test_mistakes_are_told(machine: Machine, arguments: tuple[str, ...], told: str) -> None:
    [line] = machine.run("snmp", *arguments, code=1)
    assert told in line
