"""The packs of the product and of the installation, from their folders."""

from pathlib import Path

import pytest

from collector.app.knowledge import load_rules
from collector.config import Settings

BUILT_IN = {"bluecoat-proxysg", "generic-snmp", "symantec-sepm"}


def test_one_file_that_cannot_be_read_costs_no_other_pack(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "latin.yaml").write_bytes("título: x".encode("latin-1"))
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "broken.yaml").write_text("format: 1\n", encoding="utf-8")
    ruleset = load_rules(Settings.model_validate({"rules": {"packs_dir": str(tmp_path)}}))
    assert {pack.name for pack in ruleset.packs} >= BUILT_IN
    assert sum(record.message == "a rule pack was refused" for record in caplog.records) == 3
