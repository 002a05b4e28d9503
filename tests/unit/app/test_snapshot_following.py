"""How a receiver follows the snapshot that `process` writes: by looking at two files, and at nothing else."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from collector import snapshot
from collector.app.snapshot_following import SnapshotFollower
from collector.domain.snmp_access import SnmpAccess
from collector.sealed_access import access_of, json_of
from collector.secret_keys import new_key
from collector.secrets import SecretBox
from collector.snapshot import SEALED_FOR, Snapshot
from tests.builders import BOX, SetClock

DOMAINS = frozenset({"alerts.example"})
COMMUNITY = SnmpAccess.with_community("v2c", b"c0mmunity", ["192.0.2.0/24"])
STALE = timedelta(seconds=snapshot.FRESH_SECONDS)


@dataclass(slots=True)
class Followed:
    """A follower, and what `process` would do."""

    directory: Path
    clock: SetClock = field(default_factory=SetClock)
    _moments: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def file(self) -> Path:
        return self.directory / "snapshot.json"

    def write(self, version: int, *mailboxes: str, box: SecretBox = BOX) -> None:
        sealed = [json_of(COMMUNITY, box, SEALED_FOR)]
        snapshot.write(self.file, snapshot.body_of(version, mailboxes, sealed))

    def beat(self) -> None:
        """Each time at another moment, however fast the test is."""
        beat, moment = self.directory / "snapshot.beat", next(self._moments)
        beat.touch()
        os.utime(beat, (moment, moment))

    def follower(self, *, opens: bool = True) -> SnapshotFollower:
        """One that has looked for the first time."""
        made = SnapshotFollower(
            self.file,
            self.directory / "snapshot.beat",
            domains=DOMAINS,
            clock=self.clock,
            open_access=partial(access_of, box=BOX, owner=SEALED_FOR) if opens else None,
        )
        made.begin()
        return made


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def known(version: int, *mailboxes: str) -> Snapshot:
    return Snapshot(version, frozenset(mailboxes), DOMAINS, (COMMUNITY,))


def fresh(follower: SnapshotFollower) -> float:
    [family] = follower.families()
    [(_, number)] = family.samples
    return number


def test_the_file_is_known_from_the_start_and_nobody_has_confirmed_it(followed: Followed) -> None:
    followed.write(7, "one")
    assert followed.follower().view.fresh_snapshot() == (known(7, "one"), False)


def test_who_opens_no_secrets_gets_none(followed: Followed) -> None:
    followed.write(7, "one", box=SecretBox([new_key()]))
    assert followed.follower(opens=False).view.current() == Snapshot(7, frozenset({"one"}), DOMAINS)


def test_each_beat_confirms_for_five_seconds(followed: Followed) -> None:
    followed.write(7, "one")
    follower = followed.follower()
    for _ in range(3):
        followed.beat()
        follower.look()
        followed.clock.move(STALE - timedelta(microseconds=1))
        follower.look()
        assert follower.view.fresh()
    followed.clock.move(timedelta(microseconds=1))
    follower.look()
    assert follower.view.fresh_snapshot() == (known(7, "one"), False)


def test_the_beat_of_a_process_that_has_ended_confirms_nothing(followed: Followed) -> None:
    followed.write(7, "one")
    followed.beat()
    follower = followed.follower()
    follower.look()
    assert not follower.view.fresh()
    followed.beat()
    follower.look()
    assert follower.view.fresh()


def test_a_new_file_is_taken_over_and_an_equal_one_changes_nothing(followed: Followed) -> None:
    followed.write(7, "one")
    follower = followed.follower()
    before = follower.view.current()
    followed.write(7, "one")
    follower.look()
    assert follower.view.current() is before
    followed.write(8, "one", "two")
    follower.look()
    assert follower.view.current() == known(8, "one", "two")


def test_without_a_file_nothing_is_known_until_it_is_there(followed: Followed) -> None:
    follower = followed.follower()
    followed.beat()
    follower.look()
    assert follower.view.fresh_snapshot() == (None, False)
    followed.write(1, "one")
    followed.beat()
    follower.look()
    assert follower.view.fresh_snapshot() == (known(1, "one"), True)


def test_when_the_file_is_removed_what_was_known_stays_and_is_not_confirmed(followed: Followed) -> None:
    followed.write(7, "one")
    follower = followed.follower()
    followed.file.unlink()
    followed.beat()
    follower.look()
    assert follower.view.fresh_snapshot() == (known(7, "one"), False)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"version": 8, "mailboxes": ["two"]}'])
def test_of_a_damaged_file_nothing_is_taken_and_it_is_told_once(
    followed: Followed, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    followed.write(7, "one")
    follower = followed.follower()
    followed.file.write_text(text, encoding="ascii")
    for _ in range(3):
        followed.beat()
        follower.look()
    assert follower.view.fresh_snapshot() == (known(7, "one"), False)
    assert [one.message for one in caplog.records] == ["the snapshot cannot be read; what was known before stays"]
    followed.write(8, "two")
    followed.beat()
    follower.look()
    assert follower.view.fresh_snapshot() == (known(8, "two"), True)


def test_a_file_sealed_with_another_key_is_as_good_as_none(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    followed.write(7, "one", box=SecretBox([new_key()]))
    follower = followed.follower()
    followed.beat()
    follower.look()
    assert follower.view.fresh_snapshot() == (None, False)
    [reason] = [vars(one)["fields"]["reason"] for one in caplog.records]
    assert "a community was sealed with another key" in reason
    assert "c0mmunity" not in reason


def test_that_nobody_confirms_it_is_told_once_each_time_and_shown(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    followed.write(7, "one")
    follower = followed.follower()
    for told in (1, 2):
        followed.beat()
        follower.look()
        assert fresh(follower) == 1
        for _ in range(3):
            followed.clock.move(STALE)
            follower.look()
        assert fresh(follower) == 0
        assert len(caplog.records) == told
    assert {one.message for one in caplog.records} == {
        "nobody confirms the snapshot, process or the store is away; it is used alone"
    }
