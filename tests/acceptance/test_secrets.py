"""Nothing that a collector writes or says holds a community, a pass phrase or a key, whatever it was sent: neither its store and
snapshot nor its log, API, page, metrics, commands and backups. The journal alone holds communities, in datagrams as they came."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol
from tests import snmp_inform_kit as kit
from tests import snmp_wire as wire
from tests.acceptance import leaks, v3_attacks
from tests.acceptance.conftest import Install
from tests.acceptance.harness import ACME, BETA, Running, until
from tests.acceptance.page_browser import PASSWORD, make_user
from tests.acceptance.senders import CRITICAL, Inform, InformClient, deliver, health, health_v1, risk, send, trap
from tests.acceptance.v3_consoles import ACME_ENGINE, BETA_ENGINE, SealingConsole, customers_of, processed, source_of, user_of
from tests.snmp_inform_kit import Informer
from tests.snmp_receiver_kit import Console

BEGIN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RETENTION_DAYS = 30
MISTYPED = "c0mm-mistyped-secret"
"""A community that nobody has: somebody's secret all the same."""
TRAP_COMMUNITY = "1.3.6.1.6.3.18.1.4.0"
WRONG_CONFIGURATION = 78
SEALING = user_of("sealing-1", AuthProtocol.SHA512, PrivProtocol.AES256_C)
WEAK = user_of("weak-1", AuthProtocol.MD5, PrivProtocol.DES)
STRONG = user_of("strong-2", AuthProtocol.SHA256, PrivProtocol.DES3)
USERS = (SEALING, WEAK, STRONG)
OF_USERS = customers_of(
    SEALED=[source_of(SEALING, "sealing-1", more="approve_engines: automatic"), source_of(WEAK, "weak-1")],
    OTHERS=[source_of(STRONG, "strong-2", more=f"engine_id: {BETA_ENGINE.hex()}")],
)
ANYWHERE = 'networks: ["127.0.0.0/8"]'
MISTAKES = f"""
customers:
  - code: BAD
    name: Bad
    sources:
      - {{name: a, snmp: {{version: v3, user: a, auth: SHA, auth_protocol: "{SEALING.auth.decode()}", {ANYWHERE}}}}}
      - {{name: b, snmp: {{version: v2c, comunity: "{ACME}", {ANYWHERE}}}}}
      - {{name: c, snmp: {{version: v2c, community: "{ACME}", {ANYWHERE}}}}}
      - {{name: d, snmp: {{version: v3, user: d, community: "{BETA}", priv: "{WEAK.priv.decode()}", {ANYWHERE}}}}}
      - {{name: e, snmp: {{version: "{ACME}", community: "{BETA}", {ANYWHERE}}}}}
      - {{name: f, snmp: {{version: v3, user: f, min_level: "{WEAK.auth.decode()}", {ANYWHERE}}}}}
"""
"""Each with a secret near it or in its place."""


@dataclass(slots=True)
class Secretive:
    """A running collector that was told secrets and has worked with them. `said`: what commands printed."""

    running: Running
    clock: Path
    said: list[tuple[str, bytes]] = field(default_factory=list)

    def set_clock(self, days: float) -> None:
        fresh = self.clock.with_suffix(".new")
        fresh.write_text((BEGIN + timedelta(days=days)).isoformat(), encoding="ascii")
        fresh.replace(self.clock)

    def command(self, *words: str, exit_code: int = 0) -> str:
        done = self.running.command(*words, check=False)
        assert done.returncode == exit_code, done.stderr
        self.said.append((" ".join(words), (done.stdout + done.stderr).encode()))
        return done.stdout

    def needles(self, *, of_journal: bool = False) -> dict[bytes, str]:
        """What must not stand anywhere."""
        own = {engine["engine_id"] for engine in self.running.items("/snmp/engines")}
        engines = {ACME_ENGINE, BETA_ENGINE, *map(bytes.fromhex, own), self._own_engine()}
        secrets = {name: secret for user in USERS for name, secret in leaks.keys_of(user, engines)}
        secrets |= {"key of the API": self.running.key.encode(), "password": PASSWORD.encode()}
        secrets["key of the secrets"] = (self.running.data_dir / "secret.key").read_bytes().split()[0]
        if not of_journal:
            secrets |= {word: word.encode() for word in (ACME, BETA, MISTYPED)}
        return leaks.needles_of(secrets)

    def _own_engine(self) -> bytes:
        with Console(self.running.snmp) as asking:
            asking.send(kit.discovery())
            return kit.told(asking.answer()).secured.engine_id

    def send_everything(self) -> None:
        """What is believed, what is not, and what cannot be read."""
        running, told = self.running, wire.varbind(TRAP_COMMUNITY, wire.string(ACME))
        plain = [
            *(health(f"Open{number}: CRITICAL") for number in range(40)),
            health_v1("Old: CRITICAL", community=BETA),
            health("Mistyped: CRITICAL", community=MISTYPED),
            health("Of another version: CRITICAL", community=BETA),
            trap(CRITICAL, told),
            health("Cut off: CRITICAL")[:-3],
            b"\0\1" + health("Behind something: CRITICAL"),
        ]
        sealing, strong = SealingConsole(SEALING, ACME_ENGINE), SealingConsole(STRONG, BETA_ENGINE)
        weak = SealingConsole(WEAK, ACME_ENGINE)
        guessed = replace(SEALING, auth=b"guessed phrase"), replace(SEALING, priv=b"guessed phrase")
        secured = [
            *(console.trap("Sealed") for console in (sealing, strong, weak)),
            *(sealing.trap("Guessed", user=user) for user in guessed),
            sealing.trap("Level", level=v3_attacks.AUTHENTICATED),
            strong.trap("Level", level=v3_attacks.OPEN),
            sealing.trap("Late", boots=1),
            sealing.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(CRITICAL), told)),
            sealing.trap("Cut off")[:-3],
        ]
        with processed(running, len(plain) + len(secured)):
            send(running.snmp, *plain, *secured)
        self._inform()
        assert deliver(running.smtp, risk(f"pc-{len(self.said)}").octets())[0] == 250
        running.settled()
        self._give_a_ticket()

    def _give_a_ticket(self) -> None:
        """So that everything there is to ask has an answer."""
        key = self.running.cases()[0]["external_key"]
        headers = {"Authorization": f"Bearer {self.running.key}"}
        url = self.running.url(f"/api/v1/cases/{key}/ticket")
        assert httpx.put(url, json={"number": "48213"}, headers=headers, timeout=20).is_success

    def _inform(self) -> None:
        informing = InformClient(self.running.snmp, [Inform.of("Asked: CRITICAL", 4711)])
        informing.start()
        informing.finish(seconds=30)
        with Console(self.running.snmp) as sender:
            informer = Informer(sender, SEALING)
            informer.inform(wire.v2_pdu(wire.uptime(), wire.trap_oid(CRITICAL), tag=wire.INFORM))
            sender.send(kit.message_to(informer.engine, kit.pdu(), user=replace(SEALING, priv=b"guessed phrase")))

    def answers(self) -> Iterator[tuple[str, bytes]]:
        yield from leaks.api_answers(self.running)
        yield from leaks.role_metrics(self.running)

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Its files, also those that other processes are writing."""
        yield from leaks.files_below(self.running.data_dir, journal=False)
        yield "the log", self.running.log_file.read_bytes()

    def journal(self) -> Iterator[tuple[str, bytes]]:
        return leaks.files_below(self.running.data_dir, journal=True)


@pytest.fixture(scope="module")
def secretive(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secretive]:
    clock = tmp_path_factory.mktemp("clock") / "clock"
    environment = {
        "COLLECTOR__LOGS__LEVEL": "debug",
        "COLLECTOR__JOURNAL__SEGMENT_BYTES": "4096",
        "COLLECTOR__JOURNAL__RETENTION_DAYS": str(RETENTION_DAYS),
    }
    made = Secretive(install(environment=environment, extra=["--test-clock", str(clock)]), clock)
    made.set_clock(0)
    made.running.import_customers(OF_USERS)
    made.running.start()
    made.send_everything()
    yield made
    made.running.settled()
    made.running.stop()


@pytest.mark.full
def test_answers_files_and_log_hold_no_secret(secretive: Secretive) -> None:
    needles = secretive.needles()
    assert leaks.found(needles, secretive.answers()) == []
    assert leaks.found(needles, secretive.written()) == []
    assert leaks.found(secretive.needles(of_journal=True), secretive.journal()) == []
    assert leaks.found({ACME.encode(): "a community"}, secretive.journal())  # so the search finds what is there


@pytest.mark.full
def test_pages_hold_no_secret(secretive: Secretive, tmp_path: Path) -> None:
    make_user(secretive.running, tmp_path, "ana")
    assert leaks.found(secretive.needles(), leaks.pages(secretive.running, "ana", PASSWORD)) == []


@pytest.mark.full
def test_commands_print_no_secret(secretive: Secretive, tmp_path: Path) -> None:
    good, bad = tmp_path / "customers.yaml", tmp_path / "mistakes.yaml"
    good.write_text(OF_USERS.replace("approve_engines: automatic", "min_level: authNoPriv"), encoding="utf-8")
    bad.write_text(MISTAKES, encoding="utf-8")
    listed = secretive.running.notifications()
    one_of_each = {item["state"]: item["id"] for item in listed}
    for words in (
        ("check-config", "--show"),
        ("customers", "import", "--dry-run", str(good)),
        ("customers", "import", str(good)),
        ("snmp", "engines"),
        ("snmp", "engines", "--json"),
        ("snmp", "approve", ACME_ENGINE.hex(), "--source", "SEALED/weak-1", "--reprocess"),
        ("secrets", "seal"),
        ("migrate",),
        *(("explain", identity) for identity in one_of_each.values()),
    ):
        secretive.command(*words)
    secretive.command("customers", "import", str(bad), exit_code=WRONG_CONFIGURATION)
    assert leaks.found(secretive.needles(), secretive.said) == []


@pytest.mark.full
def test_backups_hold_no_secret_but_the_key_that_opens_them(secretive: Secretive, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    secretive.command("backup", str(backup))
    assert leaks.found(secretive.needles(), leaks.files_below(backup, journal=False)) == []
    assert leaks.found(secretive.needles(of_journal=True), leaks.files_below(backup, journal=True)) == []
    assert leaks.found(secretive.needles(), secretive.said) == []


def sealed_originals(backup: Path) -> int:
    """How many octets of traps are in it that the journal no longer has."""
    with closing(sqlite3.connect(backup / "store.db")) as store:
        [(number,)] = store.execute("SELECT count(*) FROM originals WHERE sealed")
    return int(number)


@pytest.mark.full
def test_what_outlives_the_journal_holds_no_secret(secretive: Secretive, tmp_path: Path) -> None:
    """The last one: everything again, when originals of traps were copied into the store."""
    running = secretive.running
    running.stop()
    secretive.set_clock(RETENTION_DAYS + 1)
    running.start()
    until(lambda: "journal segments beyond their retention were dropped" in running.log(), "segments are dropped")
    secretive.send_everything()
    needles = secretive.needles()
    assert leaks.found(needles, secretive.answers()) == []
    assert leaks.found(needles, secretive.written()) == []
    secretive.command("backup", str(tmp_path / "backup"))
    assert leaks.found(needles, leaks.files_below(tmp_path / "backup", journal=False)) == []
    assert sealed_originals(tmp_path / "backup") > 0
