"""Informs of v3 to the whole collector: what was answered is in a case once, whoever is killed, and consoles find the engine
again after every start."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from collector.domain.own_engine import OwnEngine
from tests import snmp_inform_kit as kit
from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CUSTOMERS, Running, until
from tests.acceptance.senders import CRITICAL, HEALTH_TEXT
from tests.snmp_inform_kit import Informer
from tests.snmp_receiver_kit import Console
from tests.snmp_v3_kit import USER
from tests.snmp_wire import INFORM, string, trap_oid, uptime, v2_pdu, varbind

CONSOLE = f"""
      - name: proxy-3
        product: [bluecoat-proxysg]
        snmp: {{version: v3, user: {USER.name.decode()}, networks: ["127.0.0.0/8"],
               auth: {USER.auth.decode()}, auth_protocol: {USER.auth_protocol},
               priv: {USER.priv.decode()}, priv_protocol: {USER.priv_protocol}}}
"""


@pytest.fixture(scope="module")
def running(install: Install) -> Running:
    started = install()
    acme, beta, rest = CUSTOMERS.partition("  - code: BETA")
    started.import_customers(acme + CONSOLE.lstrip("\n") + beta + rest)
    started.secrets |= {USER.auth.decode(), USER.priv.decode()}
    return started.start()


def say(informer: Informer, text: str, request_id: int) -> None:
    """An inform on the console's health, until it is answered."""
    informer.inform(v2_pdu(uptime(), trap_oid(CRITICAL), varbind(HEALTH_TEXT, string(text)), tag=INFORM, request_id=request_id))


def state_of(running: Running) -> tuple[str, int]:
    """(id, boots) as the file has them."""
    kept = json.loads((running.data_dir / "snmp-engine.json").read_text())
    return kept["engine_id"], kept["boots"]


def say_all(running: Running, kind: str, informer: Informer, *, halfway: Callable[[], None]) -> None:
    texts = numbered(kind, range(40))
    for number, text in enumerate(texts, start=1):
        say(informer, text, number)
        if number == len(texts) // 2:
            halfway()
    running.settled()
    assert_traps_once(running, kind, texts)


@pytest.mark.full
def test_informs_of_a_console_that_found_our_engine_are_in_cases_once_and_encrypted(running: Running) -> None:
    with Console(running.snmp) as console:
        informer = Informer(console)
        say_all(running, "Sealed", informer, halfway=lambda: None)
    assert (informer.engine.id.hex(), informer.engine.boots) == state_of(running)
    [case] = running.cases(text="(sealed0")
    assert (case["trust"], case["customer"]["code"]) == ("encrypted", "ACME")


@pytest.mark.full
def test_a_killed_receiver_is_the_same_engine_when_it_is_started_again(running: Running) -> None:
    with Console(running.snmp) as console:
        informer = Informer(console)
        say(informer, "Before: CRITICAL no 1", 1)
        before = informer.engine
        say_all(running, "Killed", informer, halfway=lambda: running.kill_role("snmp"))
    assert len(informer.reports) == 1
    assert informer.engine == before


@pytest.mark.full
def test_boots_rise_strictly_when_everything_is_killed_and_consoles_go_on(running: Running) -> None:
    engines: list[OwnEngine] = []
    with Console(running.snmp) as console:
        informer = Informer(console)

        def kill_everything() -> None:
            engines.append(informer.engine)
            running.kill_all()
            running.start()

        for start in range(3):
            say_all(running, f"Started{start}", informer, halfway=kill_everything)
        engines.append(informer.engine)
    assert [engine.boots for engine in engines] == list(range(engines[0].boots, engines[0].boots + 4))
    assert {engine.id for engine in engines} == {engines[0].id}
    assert len(informer.reports) == 1 + 3  # to find us, and after each start


@pytest.mark.full
def test_a_changed_pass_phrase_holds_within_a_second_and_without_a_restart(running: Running) -> None:
    before = running.roles()
    changed = replace(USER, auth=b"another pass phrase")
    running.secrets.add("another pass phrase")
    acme, beta, rest = CUSTOMERS.partition("  - code: BETA")
    told = CONSOLE.lstrip("\n").replace(USER.auth.decode(), "another pass phrase")
    running.import_customers(acme + told + beta + rest)
    with Console(running.snmp) as console:
        informer = Informer(console, changed)
        say(informer, "Changed: CRITICAL no 1", 1)
        console.send(kit.message_to(informer.engine, kit.pdu(), user=USER))
        until(lambda: running.metric("collector_snmp_informs_unanswered_total", reason="wrong_digest"), "the old one is refused")
        assert not console.has_answer()
    assert running.roles() == before
    running.settled()
    assert_traps_once(running, "Changed", ["Changed: CRITICAL no 1"])
    running.stop()
