"""Starts that would do harm are refused with a sentence that says what to do."""

import re
import shutil
from pathlib import Path

import httpx
import pytest

from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import health, send
from tests.acceptance.stores import ON_POSTGRESQL, ON_SQLITE, STORE_URL, Stores

WRONG_CONFIGURATION = 78


def refused(running: Running) -> str:
    """What `serve` says when it ends by itself, as it must."""
    said = len(running.log()) if running.log_file.exists() else 0
    assert running.launch().wait(timeout=40) == WRONG_CONFIGURATION
    assert running.left() == []
    running.assert_no_leak()
    return running.log()[said:]


def test_an_empty_store_must_be_migrated_first(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> None:
    with stores.empty() as store, Running(tmp_path_factory.mktemp("empty"), store=store) as fresh:
        assert "collector migrate" in refused(fresh)
        done = fresh.command("api-key", "create", "--name", "x", "--scopes", "all", check=False)
        assert (done.returncode, done.stdout) == (WRONG_CONFIGURATION, "")
        assert "collector migrate" in done.stderr


@pytest.fixture(scope="module")
def first(install: Install) -> Running:
    return install().start()


@pytest.mark.full
def test_a_second_serve_with_the_same_data_is_refused_and_the_first_goes_on(first: Running) -> None:
    before = first.roles()
    done = first.command("serve", "--allow-root", check=False)
    assert done.returncode == WRONG_CONFIGURATION
    assert f"another supervisor runs with {first.data_dir}" in done.stderr
    assert (first.roles(), first.is_ready()) == (before, True)


@pytest.mark.full
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
    assert [path for path in (first.data_dir / "journal").iterdir() if path.is_dir()] == [], "nobody began to take something in"
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


@pytest.mark.full
@ON_SQLITE  # a store that is never reached: the database makes no difference
def test_a_start_without_the_store_takes_in_what_arrives(install: Install, tmp_path: Path) -> None:
    """Intake does not depend on the store: whether it belongs to the journal cannot be known then."""
    nowhere = tmp_path / "nowhere" / "collector.db"
    running = install(environment={"COLLECTOR__STORE__URL": f"sqlite:///{nowhere}"})
    running.launch()
    until(lambda: any((running.data_dir / "journal").glob("snmp-0-*")), "the receiver has begun")
    send(running.snmp, *map(health, numbered("Early", range(3))))
    until(lambda: stored(running) == 3, "the traps are in the journal")
    nowhere.parent.mkdir()
    shutil.copyfile(running.data_dir / "collector.db", nowhere)
    until(running.is_ready, "the store is there")
    until(lambda: running.settled().get("case") == 3, "what came early is in cases")
    running.stop()


def stored(running: Running) -> int:
    """Traps in the journal, by the receiver's own count."""
    address = running.data_dir / "run" / "snmp.addr"
    if not address.exists():
        return 0
    page = httpx.get(f"http://{address.read_text(encoding='ascii').strip()}/metrics", timeout=10).text
    samples = re.findall(r"^collector_snmp_stored_total\{.*\} (\S+)$", page, flags=re.MULTILINE)
    return round(sum(map(float, samples)))


def test_a_wrong_setting_is_named(install: Install) -> None:
    running = install(environment={"COLLECTOR__SNMP__LISTEN": "no-port"})
    assert "COLLECTOR__SNMP__LISTEN" in refused(running)


@ON_SQLITE  # refused before the store
def test_the_test_clock_is_refused_where_strangers_reach_a_listener(install: Install) -> None:
    running = install(environment={"COLLECTOR__SNMP__LISTEN": "0.0.0.0:0"}, extra=["--test-clock", "/dev/null"])
    assert "--test-clock: only with listeners on loopback" in refused(running)


@pytest.mark.full
def test_a_wrong_file_of_days_is_named_and_nobody_began_to_take_something_in(install: Install, tmp_path: Path) -> None:
    days = tmp_path / "days.yaml"
    days.write_text("overrides:\n  - {date: 2027-13-01}\n", encoding="utf-8")
    running = install(environment={"COLLECTOR__SLA__OVERRIDES": str(days)})
    assert f"{days}:" in refused(running)
    assert list((running.data_dir / "journal").glob("snmp-*")) == []


@ON_POSTGRESQL
@pytest.mark.on_both_at_once
def test_an_option_of_the_stores_address_that_nobody_knows_is_named(install: Install) -> None:
    running = install(environment={STORE_URL: "postgresql://collector:never-told@127.0.0.1/collector?sslmod=require"})
    running.secrets.add("never-told")
    assert 'store.url: invalid connection option "sslmod"' in refused(running)
    done = running.command("check-config", check=False)
    assert (done.returncode, "sslmod" in done.stderr, "never-told" in done.stderr) == (WRONG_CONFIGURATION, True, False)


@pytest.mark.full
def test_without_the_key_of_the_secrets_or_with_one_that_others_read_or_another_one_nobody_begins(install: Install) -> None:
    """What came with the right key before is still there afterwards, and nothing was made in the place of the key."""
    running = install().start()
    send(running.snmp, *map(health, numbered("Sealed", range(3))))
    until(lambda: running.settled().get("case") == 3, "the traps are in cases")
    running.stop()
    key, lanes = running.data_dir / "secret.key", sorted((running.data_dir / "journal").glob("snmp-0-*"))
    key.chmod(0o640)
    assert f"{key}: the key of the secrets has mode 0640: its group may read it; run `chmod 0600 {key}`" in refused(running)
    key.chmod(0o600)
    kept = key.rename(key.with_name("kept"))
    running.secrets.add(kept.read_text(encoding="ascii").strip())
    assert f"{key}: the key of the secrets is missing" in refused(running)
    assert not key.exists()

    other = "n" * 40
    running.set("COLLECTOR__SECRETS__KEY", other)
    running.secrets.add(other)
    said = refused(running)
    assert "[secrets] key: a community was sealed with another key; put back the key that sealed it" in said
    assert running.command("check-config", check=False).returncode == WRONG_CONFIGURATION
    assert sorted((running.data_dir / "journal").glob("snmp-0-*")) == lanes

    running.set("COLLECTOR__SECRETS__KEY", f"{other} {kept.read_text(encoding='ascii')}")
    assert "sealed with the newest key" in running.command("secrets", "seal").stdout
    running.set("COLLECTOR__SECRETS__KEY", other)
    running.start()
    send(running.snmp, *map(health, numbered("Sealed", range(3, 6))))
    until(lambda: running.settled().get("case") == 6, "traps are known by their community again")
    running.stop()
