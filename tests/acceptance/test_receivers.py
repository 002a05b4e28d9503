"""Several receivers for one listener: cases come out as from one, a killed receiver loses nothing, and what was received with
other settings is processed to its end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CUSTOMERS, Running, stands_still, until
from tests.acceptance.senders import Inform, InformClient, health, send
from tests.acceptance.stores import ON_SQLITE

pytestmark = pytest.mark.full
CONSOLES = [f"127.0.6.{number}" for number in range(1, 25)]
NUMBER, LISTEN = "COLLECTOR__SNMP__RECEIVERS", "COLLECTOR__SNMP__LISTEN"
RECEIVERS = ("snmp", "snmp-1")


@pytest.fixture(scope="module")
def running(install: Install) -> Iterator[Running]:
    """With two receivers and two listeners, one for each family."""
    made = install(environment={NUMBER: "2"})
    made.import_customers(CUSTOMERS.replace('"127.0.0.0/8"', '"127.0.0.0/8", "::1/128"'))
    made.set(LISTEN, f"{made.snmp[0]}:{made.snmp[1]},[::1]:{made.snmp[1]}")
    started = made.start()
    yield started
    started.settled()
    started.stop()


def shares(texts: list[str]) -> Iterator[tuple[str, list[bytes]]]:
    """Which console sends which traps."""
    for place, console in enumerate(CONSOLES):
        yield console, [health(text) for text in texts[place :: len(CONSOLES)]]


def send_shares(running: Running, texts: list[str]) -> None:
    for console, traps in shares(texts):
        send(running.snmp, *traps, address=console)


def streams(running: Running) -> set[str]:
    """Those that hold something."""
    return {line["stream"] for line in running.ledger()["streams"] if line["position"]}


def test_cases_come_out_and_both_receivers_had_their_share(running: Running) -> None:
    texts = numbered("Shared", range(240))
    send_shares(running, texts)
    until(lambda: sum(case["occurrences"] for case in running.cases(text="(shared")) == len(texts), "all are in cases")
    assert_traps_once(running, "Shared", texts)
    for name in RECEIVERS:
        assert running.metric("collector_snmp_stored_total", role=name, lane="main") >= len(CONSOLES)
        assert running.metric("collector_snmp_receive_buffer_bytes", role=name) > 0
        assert running.metric("collector_role_up", role=name) == running.metric("collector_role_running", role=name) == 1
    assert {stream.rpartition("-")[0] for stream in streams(running)} == {"snmp-0", "snmp-1"}


def test_every_listener_takes_traps_and_informs_and_is_named_with_the_peer(running: Running) -> None:
    before = running.metric("collector_snmp_received_datagrams_total", listener=f"[::1]:{running.snmp[1]}")
    (text, asked) = numbered("Six", range(2))
    inform = Inform.of(asked, 9)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as console:
        console.settimeout(30)
        console.connect(("::1", running.snmp[1]))
        port = console.getsockname()[1]
        console.send(health(text))
        console.send(inform.datagram)
        assert console.recv(65_535) == inform.answer
    until(lambda: sum(case["occurrences"] for case in running.cases(text="(six")) == 2, "both are in cases")
    peers = {item["peer"] for item in running.notifications() if str(item["fields"].get("message")).startswith("Six")}
    assert peers == {f"[::1]:{port}"}
    after = running.metric("collector_snmp_received_datagrams_total", listener=f"[::1]:{running.snmp[1]}")
    assert after - before == 2


def test_traps_in_the_sockets_of_killed_receivers_are_there_afterwards(running: Running) -> None:
    texts = numbered("Waiting", range(240))
    pids = [running.roles()[name] for name in RECEIVERS]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: all(stands_still(pid) for pid in pids), "no thread of them runs any more")
    send_shares(running, texts)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: sum(case["occurrences"] for case in running.cases(text="(waiting")) == len(texts), "all are in cases")
    assert_traps_once(running, "Waiting", texts)


def test_nothing_acknowledged_is_lost_or_doubled_when_each_receiver_is_killed(running: Running) -> None:
    parts = 6
    clients = []
    for place in range(parts):
        texts = numbered("Killed", range(place, 300, parts))
        informs = [Inform.of(text, 1 + number) for number, text in enumerate(texts)]
        clients.append(InformClient(running.snmp, informs, address=CONSOLES[place], per_second=12))
    for client in clients:
        client.start()
    for name in RECEIVERS:
        running.kill_role(name)
    until(running.is_ready, "all are ready again")
    for client in clients:
        client.finish(seconds=60)
    running.settled()
    assert [client.wrong_answers for client in clients] == [[]] * parts
    acknowledged = [text for client in clients for text in client.acknowledged]
    assert len(acknowledged) == 300
    assert_traps_once(running, "Killed", acknowledged)
    assert running.restarts("snmp-1") >= 1


def is_ready(running: Running, name: str) -> bool:
    file = running.data_dir / "run" / f"{name}.addr"
    address = file.read_text(encoding="ascii").strip() if file.exists() else ""
    return bool(address) and httpx.get(f"http://{address}/readyz").status_code == httpx.codes.OK


def receive(running: Running, receivers: int, texts: list[str]) -> None:
    """`receive` without anybody who processes: starts, gets the traps, and is stopped."""
    line = [sys.executable, "-m", "collector", "receive", "--allow-root"]
    environment = {**running.environment, NUMBER: str(receivers)}
    with running.log_file.open("ab") as log, subprocess.Popen(line, env=environment, stdout=log, stderr=log) as process:
        names = ["snmp", *(f"snmp-{number}" for number in range(1, receivers))]
        until(lambda: all(is_ready(running, name) for name in names), "the receivers are ready")
        send_shares(running, texts)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, running.log()


def ended(running: Running) -> set[str]:
    """Lanes of the streams that nobody writes any more."""
    return {mark.parent.name.rpartition("-")[0] for mark in (running.data_dir / "journal").glob("*/ended")}


@ON_SQLITE  # it is about the journal
def test_what_receivers_took_that_are_no_more_is_processed_to_its_end(install: Install) -> None:
    running = install()
    before, after, again = (numbered(kind, range(120)) for kind in ("Before", "After", "Again"))
    receive(running, 3, before)
    running.start()
    send_shares(running, after)
    until(lambda: running.settled().get("case") == 240, "all are in cases")
    assert_traps_once(running, "Before", before)
    assert_traps_once(running, "After", after)
    assert ended(running) == {"snmp-1", "snmp-1-bulk", "snmp-2", "snmp-2-bulk"}
    known = streams(running)
    running.stop()

    receive(running, 2, again)
    running.start()
    until(lambda: running.settled().get("case") == 360, "all are in cases")
    assert_traps_once(running, "Again", again)
    assert [stream for stream in streams(running) - known if stream.startswith("snmp-1-")] != [], "its lane went on in a new one"
    running.stop()
