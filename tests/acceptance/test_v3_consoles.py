"""Consoles of SNMPv3 to the whole collector: whatever pair of algorithms they use, what they say is believed, named, theirs and
in their case; and how people get a console on board whose engine nobody knows."""

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpUser
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CLOCK, Running
from tests.acceptance.senders import CRITICAL, HEALTH_TEXT, console, send
from tests.acceptance.v3_consoles import (
    ACME_ENGINE,
    AUTH_MARK,
    BETA_ENGINE,
    OFFERED_BY_NET_SNMP,
    PRIV_MARK,
    NetSnmp,
    SealingConsole,
    customers_of,
    processed,
    pysnmp_trap,
    source_of,
    trust_of,
    user_of,
)
from tests.pysnmp_v3 import PysnmpEngine

Json = dict[str, Any]
OF_NET_SNMP = pytest.mark.skipif(
    not all(map(shutil.which, ("snmptrap", "snmpinform"))), reason="net-snmp's snmptrap and snmpinform are not installed"
)
NAME_OF_CRITICAL = "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap"
PAIRS: list[tuple[AuthProtocol | None, PrivProtocol | None]] = [(None, None), *product(AuthProtocol, [None, *PrivProtocol])]


def named(auth: AuthProtocol | None, priv: PrivProtocol | None) -> str:
    return f"pair-{auth or 'none'}-{priv or 'none'}".lower()


USERS = {named(*pair): user_of(named(*pair), *pair) for pair in PAIRS}
"""Source's name → the user of its console."""
OFFERED = {name: user for name, user in USERS.items() if user.priv_protocol in (None, *OFFERED_BY_NET_SNMP)}
"""Those that net-snmp can be."""
LACKING = {name: user for name, user in USERS.items() if name not in OFFERED}
PLAIN = USERS["pair-none-none"]
MET = user_of("met-1", AuthProtocol.SHA256, PrivProtocol.AES128)
MET_BY_ALL = user_of("met-2", AuthProtocol.SHA512, PrivProtocol.AES256)
TRUSTING = user_of("trusting-1", AuthProtocol.SHA224, PrivProtocol.AES192)
RESTARTED = user_of("restarted-1", AuthProtocol.SHA384, PrivProtocol.AES128)
AUTOMATIC = "approve_engines: automatic"


def code_of(user: SnmpUser) -> str:
    """The customer of a pair's console: one for each authentication protocol."""
    return f"P-{user.auth_protocol or 'NONE'}"


def _of_pair(name: str, user: SnmpUser) -> str:
    return source_of(user, name, more=AUTOMATIC if user.auth_protocol else f"engine_id: {ACME_ENGINE.hex()}")


def _customers() -> str:
    codes: dict[str, list[str]] = {code_of(user): [] for user in USERS.values()}
    for name, user in USERS.items():
        codes[code_of(user)].append(_of_pair(name, user))
    new = [source_of(user, user.name.decode()) for user in (MET, MET_BY_ALL)]
    new += [source_of(user, user.name.decode(), more=AUTOMATIC) for user in (TRUSTING, RESTARTED)]
    return customers_of(**codes, NEW=new)


@pytest.fixture(scope="module")
def running(install: Install) -> Iterator[Running]:
    made = install(environment={"COLLECTOR__LOGS__LEVEL": "debug"})
    made.import_customers(_customers())
    made.secrets |= {AUTH_MARK, PRIV_MARK}
    started = made.start()
    yield started
    started.settled()
    started.stop()


def assert_in_their_cases(running: Running, kind: str, users: dict[str, SnmpUser]) -> None:
    """Of each console one notification with `<kind>-<name>` in its text, which is in a case of its own."""
    found = {str(item["fields"].get("message")).removesuffix(": CRITICAL"): item for item in running.notifications(state="case")}
    for name, user in users.items():
        item = found[f"{kind}-{name}"]
        assert (item["customer"], item["source"], item["trust"]) == (code_of(user), name, trust_of(user)), name
        assert (item["trap_oid"], item["trap_name"]) == (CRITICAL, NAME_OF_CRITICAL), name
        [key] = item["cases"]
        case = running.get(f"/cases/{key}")
        assert (case["customer"]["code"], case["trust"], case["occurrences"]) == (code_of(user), trust_of(user), 1), name
        assert (case["kind"], case["severity"]) == ("severity_case", 2), name


@OF_NET_SNMP
@pytest.mark.full
def test_traps_of_net_snmp_with_every_pair_of_algorithms_are_in_the_cases_of_their_consoles(
    running: Running, tmp_path: Path
) -> None:
    with processed(running, len(OFFERED)):
        for name, user in OFFERED.items():
            words = () if user.auth_protocol else ("-e", f"0x{ACME_ENGINE.hex()}")
            NetSnmp(tmp_path / name).trap(running.snmp, user, f"trap-{name}", *words)
    assert_in_their_cases(running, "trap", OFFERED)


@OF_NET_SNMP
@pytest.mark.full
def test_informs_of_net_snmp_with_every_pair_of_algorithms_are_answered_and_in_the_same_cases(
    running: Running, tmp_path: Path
) -> None:
    codes = {name: NetSnmp(tmp_path / name).inform(running.snmp, user, f"inform-{name}") for name, user in OFFERED.items()}
    assert codes == dict.fromkeys(OFFERED, 0)
    running.settled()
    assert_in_their_cases(running, "inform", OFFERED)


@pytest.mark.full
def test_traps_of_pysnmp_with_the_pairs_that_net_snmp_lacks_are_in_the_cases_of_their_consoles(
    running: Running, tmp_path: Path
) -> None:
    with processed(running, len(LACKING)):
        for place, (name, user) in enumerate(LACKING.items()):
            engine = PysnmpEngine(bytes.fromhex("80001f8880") + place.to_bytes(8), tmp_path)
            engine.know(user)
            send(running.snmp, pysnmp_trap(engine, user, f"pysnmp-{name}"))
    assert_in_their_cases(running, "pysnmp", LACKING)


@pytest.mark.full
def test_send_trap_gets_its_informs_answered_with_the_pairs_that_net_snmp_lacks(running: Running) -> None:
    for name, user in LACKING.items():
        send_inform(running, user, f"sent-{name}")
    running.settled()
    assert_in_their_cases(running, "sent", LACKING)


def send_inform(running: Running, user: SnmpUser, text: str) -> None:
    """With our own `send-trap`, which fails when it is not answered."""
    running.set("AUTH_PHRASE", user.auth.decode())
    running.set("PRIV_PHRASE", user.priv.decode())
    target = f"{running.snmp[0]}:{running.snmp[1]}"
    protocols = ("--auth-protocol", str(user.auth_protocol), "--priv-protocol", str(user.priv_protocol))
    phrases = ("--auth", "env:AUTH_PHRASE", "--priv", "env:PRIV_PHRASE")
    about = ("--oid", CRITICAL, "--varbind", f"{HEALTH_TEXT}=s:{text}: CRITICAL", "--inform")
    running.command("send-trap", "--to", target, "--version", "v3", "--user", user.name.decode(), *protocols, *phrases, *about)


def engines(running: Running, source: str) -> list[Json]:
    """Those that speak for a source, as the API tells."""
    return [engine for engine in running.items("/snmp/engines", customer="NEW") if engine["source"] == source]


def occurrences(running: Running, text: str) -> int:
    """How often the case of that health was raised."""
    return sum(case["occurrences"] for case in running.cases(text=f"({text})"))


def refused(running: Running, source: str) -> list[Json]:
    """What of a source is not believed."""
    listed = running.notifications(state="unauthenticated", customer="NEW")
    return [item for item in listed if item["source"] == source]


@pytest.mark.full
def test_a_console_with_an_unknown_engine_is_on_board_after_one_request_and_nothing_of_it_is_lost(running: Running) -> None:
    console_of_it = SealingConsole(MET_BY_ALL, BETA_ENGINE)
    with console() as udp:
        peer = "{}:{}".format(*udp.getsockname())
        with processed(running, 2):
            for _ in range(2):
                udp.sendto(console_of_it.trap("Met by all"), running.snmp)
        assert [(item["peer"], item["reason"]) for item in refused(running, "met-2")] == [(peer, "unknown_engine")] * 2
        assert occurrences(running, "met by all") == 0
        [seen] = engines(running, "met-2")
        assert (seen["engine_id"], seen["state"], seen["peer"]) == (BETA_ENGINE.hex(), "seen", peer)
        assert (seen["authenticated"], seen["messages"], seen["boots"]) == (True, 2, 3)
        told = running.post(f"/snmp/engines/{seen['engine_id']}/approve", {"actor": "jperez", "reprocess": True})
        assert (told["reprocessed"], told["left"]) == (2, 0)
        assert (told["engine"]["state"], told["engine"]["approved_by"]) == ("approved", "key:acceptance/jperez")
        with processed(running):
            udp.sendto(console_of_it.trap("Met by all"), running.snmp)
    assert occurrences(running, "met by all") == 3
    assert refused(running, "met-2") == []
    [case] = running.cases(text="(met by all)")
    assert (case["customer"]["code"], case["trust"]) == ("NEW", "encrypted")


@OF_NET_SNMP
@pytest.mark.full
def test_a_person_sees_the_engine_of_a_new_console_approves_it_and_processes_again_what_waited(
    running: Running, tmp_path: Path
) -> None:
    tool = NetSnmp(tmp_path)
    with processed(running):
        tool.trap(running.snmp, MET, "Met by one")
    [first] = refused(running, "met-1")
    [seen] = engines(running, "met-1")
    listed = running.command("snmp", "engines").stdout
    [line] = [line for line in listed.splitlines() if seen["engine_id"] in line]
    assert all(word in line for word in ("NEW/met-1", "seen", first["peer"])), line
    running.command("snmp", "approve", seen["engine_id"])
    with processed(running):
        tool.trap(running.snmp, MET, "Met by one")
    assert occurrences(running, "met by one") == 1
    [again] = running.post(f"/notifications/{first['id']}/reprocess")["items"]
    assert (again["state"], again["cases"]) == ("case", [case["external_key"] for case in running.cases(text="(met by one)")])
    assert occurrences(running, "met by one") == 2
    running.post(f"/notifications/{first['id']}/reprocess", status=409)


@pytest.mark.full
def test_an_engine_of_a_user_that_needs_no_approval_is_believed_at_once_and_after_its_restarts(
    running: Running, tmp_path: Path
) -> None:
    boots = []
    for start in range(3):
        engine = PysnmpEngine(bytes.fromhex("80001f888074727573740000"), tmp_path)
        engine.know(TRUSTING)
        boots.append(engine.clock[0])
        with processed(running):
            send(running.snmp, pysnmp_trap(engine, TRUSTING, "Trusted"))
        assert occurrences(running, "trusted") == start + 1
    assert boots[0] < boots[1] < boots[2]
    [known] = engines(running, "trusting-1")
    assert (known["state"], known["approved_by"], known["boots"]) == ("approved", "approve_engines", boots[2])


@OF_NET_SNMP
@pytest.mark.full
def test_a_machine_whose_snmptrap_counts_from_the_beginning_again_is_believed_once_its_engine_is_forgotten(
    running: Running, tmp_path: Path
) -> None:
    """Its engine time is the machine's uptime, its boots are always 1: see docs/operating.md."""
    tool = NetSnmp(tmp_path)

    def says(*words: str) -> int:
        with processed(running):
            tool.trap(running.snmp, RESTARTED, "Restarted", *words)
        return occurrences(running, "restarted")

    assert says("-Z", "1,2000000000") == 1  # after 231 days
    assert says() == 1
    [late] = refused(running, "restarted-1")
    assert late["reason"] == "not_in_time_window"
    assert says("-Z", "2,10") == 2
    assert says() == 2
    [engine] = engines(running, "restarted-1")
    running.command("snmp", "forget", engine["engine_id"])
    assert says() == 3
    for number in (4, 5):  # what the documentation says to do instead: it goes on over reboots
        assert says("-Z", f"1,{CLOCK.now_ns() // NS_PER_SECOND}") == number


@pytest.mark.full
def test_users_of_weak_protocols_are_named_shown_and_counted(running: Running, tmp_path: Path) -> None:
    weak = {name: user.weak for name, user in USERS.items() if user.weak}
    assert len(weak) == 2 * 8 + 4 * 2  # MD5 and SHA with anything, the others with DES and 3DES
    listed = {source["name"]: source for source in running.items("/sources") if source["snmp"]}
    assert {name: tuple(listed[name]["snmp"]["weak"]) for name in USERS} == {name: weak.get(name, ()) for name in USERS}
    for protocol in ("MD5", "SHA", "DES", "3DES"):
        users = [name for name, words in weak.items() if protocol in words]
        assert running.metric("collector_snmp_weak_users", protocol=protocol) == len(users)
    file = tmp_path / "customers.yaml"
    file.write_text(_customers(), encoding="utf-8")
    for words in (("check-config",), ("customers", "import", "--dry-run", str(file))):
        done = running.command(*words)
        warnings = [line for line in (done.stdout + done.stderr).splitlines() if "warning: " in line]
        assert {name for name in USERS if any(f"/{name}: " in line for line in warnings)} == {*weak, "pair-none-none"}
