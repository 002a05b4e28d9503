"""The README's walk from a new customer to the ticket's number: its blocks, typed into a shell as they stand there."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import ROOT, Running, until
from tests.acceptance.stores import Stores

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl"))), reason="bash and curl are not installed"),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CUSTOMERS = (ROOT / "deploy/demo/customers.yaml").read_text(encoding="utf-8")
WALK = README.partition("## The whole way in ten minutes")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```", WALK, flags=re.DOTALL)


@pytest.fixture(scope="module")
def running(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With the demonstration's customers and its key where the demonstration keeps it."""
    with stores.empty() as store, Running(tmp_path_factory.mktemp("walk"), customers=CUSTOMERS, store=store) as started:
        started.prepare()
        (started.data_dir / "demo-api-key").write_text(f"{started.key}\n", encoding="ascii")
        yield started.start()
        started.settled()
        started.stop()


def typed(running: Running, block: str) -> str:
    """Run a block as it stands there, with our ports and directories; return what it printed."""
    for port, (_, ours) in ((1162, running.snmp), (1025, running.smtp), (8080, running.http)):
        block = re.sub(rf":{port}\b", f":{ours}", block)
    block = re.sub(r"\bvar/", f"{running.data_dir}/", block).replace(".venv/bin/collector", f"{sys.executable} -m collector")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], cwd=ROOT, env=running.environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_every_block_of_the_walk_does_what_it_says(running: Running) -> None:
    customer, sending, ticketing = BLOCKS
    assert "customer TERO" in typed(running, customer)
    typed(running, sending)
    threat = until(lambda: running.case("srv-tero-1"), "the mail's threat incident")
    until(lambda: running.case("disk utilization"), "the trap's case")
    assert (threat["customer"]["code"], threat["kind"]) == ("TERO", "threat_incident")

    told = typed(running, ticketing)
    feed, ticket, entry, deadlines = _documents(told)
    opened = [message for message in feed["items"] if message["type"] == "case.opened"]
    assert {message["data"]["case"]["customer"]["code"] for message in opened} == {"TERO"}
    assert len(opened) == 2
    assert "48213" in json.dumps(ticket)
    assert entry["applied"] is True
    assert {one["name"] for one in deadlines["items"]} == {"contact", "response"}
    now = running.case("srv-tero-1")
    assert now is not None
    assert (now["status"], now["ticket"]["number"]) == ("acknowledged", "48213")


def _documents(text: str) -> list[dict[str, Any]]:
    """The JSON documents that stand one after the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def test_what_the_walk_names_is_there() -> None:
    for named in re.findall(r"\]\((\w[^)#]*)\)", WALK):
        assert (Path(ROOT) / named).exists(), named
