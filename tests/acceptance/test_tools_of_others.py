"""The README's own lines, with net-snmp and swaks: clients that share nothing with us."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.harness import ROOT, Running, until
from tests.acceptance.stores import Stores

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        not all(map(shutil.which, ("snmptrap", "snmpinform", "swaks"))), reason="net-snmp and swaks are not installed"
    ),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CUSTOMERS = (ROOT / "deploy/demo/customers.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def running(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With the demonstration's customers."""
    with stores.empty() as store, Running(tmp_path_factory.mktemp("demo"), customers=CUSTOMERS, store=store) as started:
        yield started.prepare().start()
        started.settled()
        started.stop()


def line(*parts: str) -> str:
    """The README's one line that has these parts."""
    [found] = [line for line in README.splitlines() if all(part in line for part in parts) and not line.startswith(".venv")]
    return found


def run(running: Running, text: str, *, check: bool = True) -> str:
    """Run a line of the README against our ports; return what it printed."""
    for port, (_, ours) in ((1162, running.snmp), (1025, running.smtp), (8080, running.http)):
        text = re.sub(rf":{port}\b", f":{ours}", text)
    done = subprocess.run(shlex.split(text), capture_output=True, text=True, timeout=30, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def case_of(running: Running, text: str, *, occurrences: int) -> dict[str, Any]:
    return until(
        lambda: next((case for case in running.cases(text=text) if case["occurrences"] == occurrences), None),
        f"a case of {text} with {occurrences} occurrences",
    )


def test_traps_of_both_versions_make_one_case_that_the_ok_trap_clears(running: Running) -> None:
    v2c, v1 = line("snmptrap -v 2c", "CRITICAL"), line("snmptrap -v 1", "CRITICAL")
    run(running, v2c)
    opened = case_of(running, "cpu utilization", occurrences=1)
    assert (opened["severity"], opened["kind"], opened["customer"]["code"]) == (2, "severity_case", "ACME")
    for _ in range(50):
        run(running, v1)
        run(running, v2c)
    joined = case_of(running, "cpu utilization", occurrences=101)
    assert (joined["external_key"], joined["cleared_at"]) == (opened["external_key"], None)
    run(running, line("snmptrap -v 2c", "is OK"))
    until(lambda: running.cases(text="cpu utilization")[0]["cleared_at"], "the case is cleared")


def test_an_inform_is_answered_and_listed(running: Running) -> None:
    run(running, line("snmpinform"))
    case = case_of(running, "memory utilization", occurrences=1)
    [listed] = running.notifications(case=case["external_key"])
    assert listed["fields"]["message"] == "Memory Utilization: CRITICAL"


def test_mails_open_a_threat_incident_and_a_case_that_its_repeat_joins(running: Running) -> None:
    assert " 250 " in run(running, line("swaks", "Single Risk Event"))
    threat = case_of(running, "pc-17", occurrences=1)
    assert (threat["kind"], threat["contained"]) == ("threat_incident", False)
    health = line("swaks", "Server Health")
    run(running, health)
    opened = case_of(running, "poor health", occurrences=1)
    assert (opened["kind"], opened["severity"]) == ("severity_case", 3)
    run(running, health.replace("9:15:00", "9:45:00"))
    assert case_of(running, "poor health", occurrences=2)["external_key"] == opened["external_key"]


def test_mail_to_an_unknown_mailbox_gets_550(running: Running) -> None:
    said = run(running, line("swaks", "Single Risk Event").replace("acme-sepm@", "nobody@"), check=False)
    assert "550 5.1.1" in said


def test_a_signed_and_encrypted_trap_is_believed_as_such_without_anybodys_approval(running: Running) -> None:
    run(running, line("snmptrap -v 3"))
    opened = case_of(running, "disk utilization", occurrences=1)
    assert (opened["customer"]["code"], opened["source"]["name"], opened["trust"]) == ("ACME", "proxy-2", "encrypted")
