"""The packs of the product and of the installation, from their folders."""

from pathlib import Path

import pytest

from collector.app.knowledge import KnowledgeKeeper, load_rules
from collector.config import Settings
from collector.pipeline.draft import Decoders
from collector.store.engine import Store
from receivers.smtp.loops import loop_reason
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing
from rules.loader import builtin_packs_path
from tests.builders import BOX, TERMS

NO_DECODERS = Decoders(trap=decode, unlock=KeyRing().unlock, mails=lambda raws: [], loop_reason=loop_reason)
BUILT_IN = {"bluecoat-proxysg", "generic-snmp", "symantec-sepm"}


def test_one_file_that_cannot_be_read_costs_no_other_pack(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "latin.yaml").write_bytes("título: x".encode("latin-1"))
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "broken.yaml").write_text("format: 1\n", encoding="utf-8")
    ruleset = load_rules(Settings.model_validate({"rules": {"packs_dir": str(tmp_path)}}))
    assert {pack.name for pack in ruleset.packs} >= BUILT_IN
    assert sum(record.message == "a rule pack was refused" for record in caplog.records) == 3


def test_a_reload_with_a_broken_pack_keeps_the_last_good_set(store: Store, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    good = (builtin_packs_path() / "generic-snmp.yaml").read_text(encoding="utf-8").replace("generic-snmp", "own")
    own.write_text(good, encoding="utf-8")
    keeper = KnowledgeKeeper(store, Settings.model_validate({"rules": {"packs_dir": str(tmp_path)}}), NO_DECODERS, TERMS, BOX)
    before = keeper().rules
    own.write_text(good.replace("rules:", "rulez:", 1), encoding="utf-8")
    keeper.reload_rules()
    assert keeper().rules is before
    own.unlink()
    keeper.reload_rules()
    assert keeper().rules is before
    own.write_text(good + "\n# changed\n", encoding="utf-8")
    keeper.reload_rules()
    assert keeper().rules is not before
