"""The store locked by somebody else, and the disk full: intake does what can be done, and everything goes on by itself after."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.store.engine import Store
from tests.acceptance.checks import assert_mails_once, assert_traps_once, hosts_of, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CLOCK, Running, until
from tests.acceptance.senders import Inform, InformClient, MailClient, deliver, health, risk, send
from tests.acceptance.stores import ON_SQLITE, STORE_URL

pytestmark = pytest.mark.full
HELD_SECONDS = 20


def driven(url: str) -> str:
    """As the settings have it for SQLAlchemy."""
    return url.replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def held(running: Running, mode: str = "IMMEDIATE") -> Iterator[None]:
    """Somebody else has the store's write lock."""
    if STORE_URL in running.store:
        with closing(Store(driven(running.store[STORE_URL]))) as another, another.write():
            yield
        return
    with closing(sqlite3.connect(running.data_dir / "collector.db", timeout=30, isolation_level=None)) as other:
        other.execute(f"BEGIN {mode}")
        yield
        other.execute("ROLLBACK")


ON_EACH = [
    pytest.param("sqlite", "IMMEDIATE", id="sqlite-IMMEDIATE"),
    pytest.param("sqlite", "EXCLUSIVE", id="sqlite-EXCLUSIVE"),
    pytest.param("postgresql", "IMMEDIATE", id="postgresql", marks=pytest.mark.postgresql),
]


@pytest.mark.parametrize(("stores", "mode"), ON_EACH, indirect=["stores"])
def test_intake_acknowledges_while_the_store_is_locked_and_processing_catches_up(install: Install, mode: str) -> None:
    running = install().start()
    before = running.roles()
    informing = InformClient(running.snmp, [Inform.of(text, 1) for text in numbered("Locked", range(1000))], per_second=50)
    mailing = MailClient(running.smtp, [risk(f"locked-{number}") for number in range(100)], per_second=5)
    with held(running, mode):
        begun_ns = CLOCK.monotonic_ns()
        informing.start()
        mailing.start()
        until(
            lambda: CLOCK.monotonic_ns() - begun_ns > HELD_SECONDS * NS_PER_SECOND and len(mailing.acknowledged) > 50,
            "mails are taken",
            seconds=60,
        )
        assert len(informing.acknowledged) > 500
        assert running.cases() == []
        assert running.ledger()["pending"] > 500
        assert deliver(running.smtp, risk("x").octets(), recipient="nobody@collector.localhost")[0] == 550
    informing.finish(seconds=60)
    mailing.finish(seconds=60)
    running.settled()
    listed = running.notifications()
    assert_traps_once(running, "Locked", informing.acknowledged, listed=listed)
    assert_mails_once(running, hosts_of(mailing), listed=listed)
    assert (len(informing.acknowledged), len(mailing.acknowledged), running.roles()) == (1000, 100, before)
    running.stop()


def test_a_stop_while_the_store_is_locked_kills_nobody_and_loses_nothing(install: Install) -> None:
    running = install().start()
    texts = numbered("Held", range(50))
    with held(running):
        send(running.snmp, *map(health, texts))
        until(lambda: running.ledger()["pending"] == len(texts), "they are stored and wait")
        running.stop(seconds=10)
    assert "did not stop in its time" not in running.log()
    running.start()
    running.settled()
    assert_traps_once(running, "Held", texts)
    running.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """32 MiB of memory."""
    point = tmp_path / "small"
    point.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small tmpfs")
    line = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(point)]
    mounted = subprocess.run(line, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"this machine does not let us mount a small tmpfs: {mounted.stderr.strip()}")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def fill(directory: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


@dataclass(frozen=True, slots=True)
class Filled:
    """A collector on the small disk, with clients under way, when the disk has just become full."""

    running: Running
    informing: InformClient
    mailing: MailClient
    ballast: Path

    def finish(self) -> dict[str, int]:
        """There is room again: everything comes in and is there once. Return the count of each outcome."""
        self.ballast.unlink()
        self.informing.finish(seconds=60)
        self.mailing.finish(seconds=60)
        until(self.running.is_ready, "everything is ready again", seconds=60)
        totals = self.running.settled(seconds=60)
        listed = self.running.notifications()
        assert_traps_once(self.running, "Full", self.informing.acknowledged, listed=listed)
        assert_mails_once(self.running, hosts_of(self.mailing), listed=listed)
        assert (len(self.informing.acknowledged), len(self.mailing.acknowledged)) == (600, 60)
        self.running.stop()
        return totals


@pytest.fixture
def filled(install: Install, small_disk: Path) -> Filled:
    running = install(small_disk, environment={"COLLECTOR__JOURNAL__SEGMENT_BYTES": str(1 << 20)})
    running.log_file = small_disk.parent / "serve.log"
    running.start()
    informing = InformClient(running.snmp, [Inform.of(text, 1) for text in numbered("Full", range(600))], per_second=60)
    mailing = MailClient(running.smtp, [risk(f"full-{number}") for number in range(60)], per_second=6)
    informing.start()
    mailing.start()
    until(lambda: len(informing.acknowledged) > 50 and len(mailing.acknowledged) > 5, "both are under way")
    ballast = fill(small_disk)
    until(lambda: mailing.refused, "a mail is refused")
    return Filled(running, informing, mailing, ballast)


@ON_SQLITE  # the journal's disk, and the store's beside it; a server has a disk of its own
def test_a_full_disk_keeps_mails_and_informs_with_their_senders_and_all_recovers_without_a_restart(filled: Filled) -> None:
    running, informing, mailing = filled.running, filled.informing, filled.mailing
    before, answered, again = running.roles(), len(informing.acknowledged), informing.sent_again
    texts = numbered("Spilled", range(300))
    send(running.snmp, *map(health, texts))
    until(lambda: informing.sent_again > again + 20, "informs are sent again in vain")
    assert len(informing.acknowledged) <= answered + 10
    assert not running.is_ready()
    assert running.roles() == before
    totals = filled.finish()
    assert running.log().count("role process started") == len(before)
    assert set(mailing.refused) == {452}
    assert sum(totals.values()) == 600 + informing.sent_again + len(texts) + 60 + len(mailing.refused)


@ON_SQLITE  # the journal's disk, and the store's beside it; a server has a disk of its own
def test_roles_that_are_killed_on_a_full_disk_come_back_when_there_is_room(filled: Filled) -> None:
    running = filled.running
    for role in ("snmp", "smtp", "process", "api"):
        running.kill_role(role)
    until(lambda: running.log().count("role cannot be started") >= 4, "they cannot be started")
    assert running.supervisor.poll() is None
    filled.finish()
    assert "Traceback" not in running.log()
