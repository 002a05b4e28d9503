"""Starts that would do harm are refused with a sentence that says what to do."""

import shutil

import pytest

from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import health, send

WRONG_CONFIGURATION = 78


def refused(running: Running) -> str:
    """What `serve` says when it ends by itself, as it must."""
    said = len(running.log()) if running.log_file.exists() else 0
    assert running.launch().wait(timeout=40) == WRONG_CONFIGURATION
    assert running.left() == []
    running.assert_no_leak()
    return running.log()[said:]


def test_an_empty_store_must_be_migrated_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Running(tmp_path_factory.mktemp("empty")) as fresh:
        assert "collector migrate" in refused(fresh)
        done = fresh.command("api-key", "create", "--name", "x", "--scopes", "all", check=False)
        assert (done.returncode, done.stdout) == (WRONG_CONFIGURATION, "")
        assert "collector migrate" in done.stderr


@pytest.fixture(scope="module")
def first(install: Install) -> Running:
    return install().start()


def test_a_second_serve_with_the_same_data_is_refused_and_the_first_goes_on(first: Running) -> None:
    before = first.roles()
    done = first.command("serve", check=False)
    assert done.returncode == WRONG_CONFIGURATION
    assert f"another supervisor runs with {first.data_dir}" in done.stderr
    assert (first.roles(), first.is_ready()) == (before, True)


def test_a_journal_that_is_gone_stops_the_start_until_its_loss_is_accepted(first: Running) -> None:
    before, after = numbered("Memory", range(12), metrics=3), numbered("Memory", range(12, 24), metrics=3)
    send(first.snmp, *map(health, before))
    until(lambda: first.settled().get("case") == len(before), "the first traps are in cases")
    streams = {line["stream"] for line in first.ledger()["streams"]}
    while_it_runs = first.command("journal", "accept-loss", check=False)
    assert (while_it_runs.returncode, while_it_runs.stdout) == (WRONG_CONFIGURATION, "")
    assert "stop the collector first" in while_it_runs.stderr
    first.stop()

    shutil.rmtree(first.data_dir / "journal")
    said = refused(first)
    assert "the journal and the store do not belong together" in said
    assert [stream for stream in streams if stream not in said] == []
    assert "collector journal accept-loss" in said
    assert "nothing was done" in first.command("journal", "accept-loss", "--dry-run").stdout
    accepted = first.command("journal", "accept-loss").stdout.splitlines()
    assert {line.partition(":")[0] for line in accepted} == streams
    assert "nothing to do" in first.command("journal", "accept-loss").stdout

    first.start()
    send(first.snmp, *map(health, after))
    until(lambda: first.settled().get("case") == len(before + after), "the new traps join the cases of the first")
    assert_traps_once(first, "Memory", before + after)
    ledger = first.ledger()
    assert ledger["arrived"] == ledger["accounted"]
    assert streams < {line["stream"] for line in ledger["streams"]}
    first.stop()


def test_a_wrong_setting_is_named(install: Install) -> None:
    running = install(environment={"COLLECTOR__SNMP__LISTEN": "no-port"})
    assert "COLLECTOR__SNMP__LISTEN" in refused(running)


def test_the_test_clock_is_refused_where_strangers_reach_a_listener(install: Install) -> None:
    running = install(environment={"COLLECTOR__SNMP__LISTEN": "0.0.0.0:0"}, extra=["--test-clock", "/dev/null"])
    assert "--test-clock: only with listeners on loopback" in refused(running)
