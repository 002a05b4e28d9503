"""A collector is backed up while it works and brought back elsewhere: what the backup has is there once, no id is given twice."""

from pathlib import Path

import pytest

from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import health, send
from tests.acceptance.stores import Stores
from tests.acceptance.test_deaths import clients, finish

WRONG_CONFIGURATION = 78


@pytest.mark.full
def test_a_backup_under_load_is_brought_back_and_goes_on_with_ids_of_its_own(
    install: Install, stores: Stores, tmp_path: Path
) -> None:
    origin = install().start()
    send(origin.snmp, *map(health, before := numbered("Before", range(20))))
    until(lambda: origin.settled().get("case") == 20, "the first traps are in cases")

    informing, mailing = clients(origin, "During", informs=150, mails=20)
    until(lambda: informing.acknowledged and mailing.acknowledged, "both are under way")
    origin.command("backup", str(tmp_path / "backup"))
    refused = origin.command("restore", str(tmp_path / "backup"), check=False)
    assert (refused.returncode, refused.stdout) == (WRONG_CONFIGURATION, "")
    assert "stop the collector first" in refused.stderr
    finish(origin, "During", informing, mailing)
    given_out = {item["id"] for item in origin.notifications()}
    keys = {case["external_key"] for case in origin.cases()}
    origin.stop()

    with stores.empty() as store, Running(_made(tmp_path / "elsewhere"), store=store) as brought_back:
        brought_back.use_key(origin.key)
        brought_back.command("restore", str(tmp_path / "backup"))
        brought_back.start()
        brought_back.settled()
        restored = {item["id"] for item in brought_back.notifications()}
        assert restored <= given_out
        assert_traps_once(brought_back, "Before", before)
        assert {case["external_key"] for case in brought_back.cases()} <= keys

        send(brought_back.snmp, *map(health, afterwards := numbered("Afterwards", range(20))))
        informing, mailing = clients(brought_back, "Late", informs=30, mails=10)
        finish(brought_back, "Late", informing, mailing)
        assert_traps_once(brought_back, "Afterwards", afterwards)
        new = {item["id"] for item in brought_back.notifications()} - restored
        assert len(new) >= 20 + 30 + 10
        assert new.isdisjoint(given_out)
        ledger = brought_back.ledger()
        assert ledger["arrived"] == ledger["accounted"]
        brought_back.stop()


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
