"""Which streams end when there are fewer receivers than before."""

from pathlib import Path

import pytest

from collector.app.left_lanes import end_left_lanes
from collector.journal.streams import Journal
from tests.journal_records import open_journal

LANES = ("snmp-0", "snmp-0-bulk", "snmp-1", "snmp-1-bulk", "snmp-2", "snmp-2-bulk", "smtp-0")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = open_journal(tmp_path / "journal")
    for lane in LANES:
        journal.open_writer(lane).close()
    return journal


def going_on(journal: Journal) -> set[str]:
    return {stream.lane for stream in journal.going_on()}


@pytest.mark.parametrize(
    ("receivers", "left"),
    [
        pytest.param(3, set(LANES), id="as many as before"),
        pytest.param(2, {"snmp-0", "snmp-0-bulk", "snmp-1", "snmp-1-bulk", "smtp-0"}, id="one less"),
        pytest.param(1, {"snmp-0", "snmp-0-bulk", "smtp-0"}, id="one is left"),
        pytest.param(16, set(LANES), id="more than before"),
    ],
)
def test_lanes_of_receivers_that_are_no_more_end(receivers: int, left: set[str], journal: Journal) -> None:
    end_left_lanes(journal, receivers=receivers)
    assert going_on(journal) == left
    end_left_lanes(journal, receivers=receivers)
    assert going_on(journal) == left


def test_a_lane_that_is_written_goes_on_until_the_next_start(journal: Journal) -> None:
    with journal.open_writer("snmp-1"):
        end_left_lanes(journal, receivers=1)
        assert going_on(journal) == {"snmp-0", "snmp-0-bulk", "snmp-1", "smtp-0"}
    end_left_lanes(journal, receivers=1)
    assert going_on(journal) == {"snmp-0", "snmp-0-bulk", "smtp-0"}


def test_a_lane_that_cannot_be_ended_keeps_no_receiver_from_starting(journal: Journal, tmp_path: Path) -> None:
    for marker in (tmp_path / "journal").glob("snmp-1-*/*.marker"):
        marker.unlink()
    end_left_lanes(journal, receivers=1)
    assert going_on(journal) == {"snmp-0", "snmp-0-bulk", "snmp-1", "snmp-1-bulk", "smtp-0"}
