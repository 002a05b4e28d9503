"""What the receivers know comes from `process`, by way of a file: it is there before they begin, follows every import, outlives
`process`, and spares them the libraries of the store."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.conftest import Install
from tests.acceptance.harness import CUSTOMERS, MAILBOX, Running, stands_still, until
from tests.acceptance.senders import Inform, InformClient, deliver, risk

pytestmark = pytest.mark.full
NOBODY = "nobody@collector.localhost"
LIBRARIES = ("sqlite", "sqlalchemy", "psycopg", "libpq")


def reply(running: Running, recipient: str) -> int:
    return deliver(running.smtp, risk("pc-snapshot").octets(), recipient=recipient)[0]


def mailbox_added(running: Running, name: str) -> str:
    """Import one more mailbox for ACME; return its address."""
    acme, beta, rest = CUSTOMERS.partition("  - code: BETA")
    running.import_customers(f"{acme}      - {{name: {name}, product: [symantec-sepm], mailbox: {name}}}\n{beta}{rest}")
    return f"{name}@collector.localhost"


def fresh(running: Running, role: str) -> bool:
    return running.metric("collector_snapshot_fresh", role=role) == 1


@contextmanager
def process_held(running: Running) -> Iterator[None]:
    """`process` stands still, between two batches."""
    running.settled()
    pid = running.roles()["process"]
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: stands_still(pid), "no thread of it runs any more")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_at_the_first_start_the_file_is_there_before_a_receiver_is_ready(install: Install) -> None:
    installed = install()
    file = installed.data_dir / "snapshot.json"
    assert not file.exists()
    installed.launch()
    until(lambda: "role=smtp pid=" in installed.log(), "the mail receiver is started")
    answer = until(lambda: _taken(installed), "a mail is taken")
    assert answer == 250
    assert file.stat().st_mode & 0o777 == 0o600
    until(installed.is_ready, "everything is ready")
    installed.stop()


def _taken(installed: Running) -> int | None:
    """The socket is bound before anybody says a word, so the first reply comes from a receiver that has begun."""
    try:
        return reply(installed, MAILBOX)
    except OSError:
        return None


def test_receivers_at_work_hold_none_of_the_libraries_of_the_store(running: Running) -> None:
    informing = InformClient(running.snmp, [Inform.of("Lean: CRITICAL no 1", 1)])
    informing.start()
    informing.finish(seconds=30)
    assert reply(running, MAILBOX) == 250
    for role in ("snmp", "smtp"):
        mapped = Path(f"/proc/{running.roles()[role]}/maps").read_text(encoding="utf-8").lower()
        assert [library for library in LIBRARIES if library in mapped] == []


def test_an_imported_mailbox_is_known_soon_and_a_lost_file_comes_back(running: Running) -> None:
    address = mailbox_added(running, "added-later")
    until(lambda: reply(running, address) == 250, "the new mailbox is known")
    file = running.data_dir / "snapshot.json"
    file.unlink()
    until(file.exists, "the file is written again")
    assert reply(running, address) == 250
    until(lambda: fresh(running, "smtp") and fresh(running, "snmp"), "both receivers are told that it holds")
    assert reply(running, NOBODY) == 550


def test_while_process_is_held_up_receivers_go_on_with_the_last_file_and_say_so(running: Running) -> None:
    until(lambda: reply(running, NOBODY) == 550, "the snapshot is confirmed")
    before = running.roles()
    with process_held(running):
        until(lambda: reply(running, NOBODY) == 451, "nobody is sure any more who does not live here")
        assert reply(running, MAILBOX) == 250
        assert not fresh(running, "smtp")
        until(lambda: not fresh(running, "snmp"), "the receiver of traps says so too")
        running.kill_role("smtp")
        until(lambda: _taken(running) == 250, "a receiver that is started meanwhile knows what the file says")
        assert reply(running, NOBODY) == 451
        assert "process_not_ready" in running.ask("/readyz").json()["reasons"]
        assert "nobody confirms the snapshot" in running.log()
        address = mailbox_added(running, "added-meanwhile")
        assert reply(running, address) == 451
    until(lambda: reply(running, address) == 250, "what was imported meanwhile is known")
    assert reply(running, NOBODY) == 550
    assert {role: pid for role, pid in running.roles().items() if role != "smtp"} == {
        role: pid for role, pid in before.items() if role != "smtp"
    }
