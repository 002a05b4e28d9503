"""A pack is added while everything runs: SIGHUP, and what it was missing for is processed again."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests import snmp_wire as wire
from tests.acceptance.conftest import Install
from tests.acceptance.harness import ACME, Running, until
from tests.acceptance.senders import send

OID = "1.3.6.1.4.1.99998.0.1"
PACK = f"""
format: 1
pack: invented-ups
title: Invented UPS
products: [invented-ups]
notifications:
  battery:
    snmp:
      trap_oid: "{OID}"
rules:
  - name: ups-on-battery
    title: On battery
    detection:
      seen: {{notification: battery, source: "*-1"}}
      condition: seen
    case:
      kind: severity_case
      severity: 3
      key: [battery, "{{source}}"]
      title: {{es: "{{source}} en batería", en: "{{source}} on battery"}}
    tests:
      - name: by trap
        trap: {{oid: "{OID}"}}
        expect: {{severity: 3}}
      - name: of another source
        fields: {{notification: battery, source: other}}
        expect: no_match
"""


def unmatched(running: Running) -> list[dict[str, Any]]:
    return [one for one in running.notifications(state="unmatched") if one["trap_oid"] == OID]


@pytest.mark.full
def test_after_a_reload_the_quarantine_is_processed_with_the_new_pack(install: Install, tmp_path: Path) -> None:
    running = install(environment={"COLLECTOR__RULES__PACKS_DIR": str(tmp_path)}).start()
    send(running.snmp, wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(OID)), community=ACME.encode()))
    [waiting] = until(lambda: unmatched(running), "the trap is unmatched")
    (tmp_path / "invented-ups.yaml").write_text(PACK, encoding="utf-8")
    os.kill(running.supervisor.pid, signal.SIGHUP)
    until(lambda: running.log().count("rules were read") > 2, "process has read the packs again")

    def explained() -> bool:
        told = running.get(f"/notifications/{waiting['id']}/explain")["now"]["notifications"]
        return [one["rule"] for one in told] == ["ups-on-battery"]

    until(explained, "the API explains with the new pack")
    [done] = running.post(f"/notifications/{waiting['id']}/reprocess")["items"]
    assert (done["state"], done["rule"]) == ("case", "ups-on-battery")
    running.settled()
    running.stop()
