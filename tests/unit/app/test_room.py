"""What is said of the journal's disk."""

import shutil
from pathlib import Path

from collector.app.room import Room
from collector.domain.clock import SystemClock


def test_size_and_free_octets_are_those_of_the_disk(tmp_path: Path) -> None:
    told = {family.name: family.samples for family in Room(tmp_path, SystemClock()).families()}
    disk = shutil.disk_usage(tmp_path)
    assert told["collector_journal_disk_bytes"] == [((), disk.total)]
    ((_, free),) = told["collector_journal_disk_free_bytes"]
    assert 0 < free < disk.total


def test_what_does_not_fit_above_the_reserve_has_no_room(tmp_path: Path) -> None:
    room = Room(tmp_path, SystemClock())
    assert room.has(0)
    assert not room.has(shutil.disk_usage(tmp_path).total)
