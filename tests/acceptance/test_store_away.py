"""PostgreSQL goes away under load: it is stopped, so that connections are refused, or it hangs, so that they are taken and never
answered. Intake goes on, people are told, nothing is started again, and everything is there once when it is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from collector.domain.clock import NS_PER_SECOND
from tests.acceptance.checks import assert_mails_once, assert_traps_once, hosts_of, numbered
from tests.acceptance.harness import CLOCK, Running, free_port, until
from tests.acceptance.senders import Inform, InformClient, MailClient, TrapClient, deliver, health, risk
from tests.databases import PostgresqlServer, postgresql_missing

pytestmark = pytest.mark.postgresql
INFORMS_PER_SECOND, TRAPS_PER_SECOND, MAILS_PER_SECOND = 20, 40, 4
BEFORE_AND_AFTER_SECONDS = 4
PASSWORD = "never-told-store-password"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    missing = postgresql_missing()
    if missing is not None:
        pytest.skip(missing)
    with PostgresqlServer(port=free_port()) as started:
        started.start()
        yield started


@pytest.fixture(scope="module")
def running(server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With a database and a role as the documentation has them, and the URL in a file."""
    home: Path = tmp_path_factory.mktemp("served")
    (home / "url").write_text(server.owned_database(PASSWORD) + "\n", encoding="ascii")
    with Running(home, store={"COLLECTOR__STORE__URL_FILE": str(home / "url")}) as started:
        started.secrets.add(PASSWORD)
        yield started.prepare().start()
        started.settled()
        started.stop()


@dataclass(frozen=True, slots=True)
class Load:
    """Consoles that send for so many seconds."""

    name: str
    running: Running
    informing: InformClient
    trapping: TrapClient
    mailing: MailClient

    @classmethod
    def begin(cls, running: Running, name: str, *, seconds: int, traps: bool = True) -> "Load":
        informs = [
            Inform.of(text, number)
            for number, text in enumerate(numbered(f"{name}inform", range(INFORMS_PER_SECOND * seconds)), start=1)
        ]
        trapped = [health(text) for text in numbered(f"{name}trap", range(TRAPS_PER_SECOND * seconds if traps else 0))]
        mails = [risk(f"{name}-{number}".lower()) for number in range(MAILS_PER_SECOND * seconds)]
        made = cls(
            name,
            running,
            InformClient(running.snmp, informs, per_second=INFORMS_PER_SECOND),
            TrapClient(running.snmp, trapped, per_second=TRAPS_PER_SECOND),
            MailClient(running.smtp, mails, per_second=MAILS_PER_SECOND),
        )
        for client in (made.informing, made.trapping, made.mailing):
            client.start()
        until(lambda: made.informing.acknowledged and made.mailing.acknowledged, "all are under way")
        return made

    def acknowledged(self) -> tuple[int, int]:
        return len(self.informing.acknowledged), len(self.mailing.acknowledged)

    def finish(self) -> None:
        """All is sent and acknowledged, and is there once."""
        for client in (self.informing, self.trapping, self.mailing):
            client.finish(seconds=90)
        until(self.running.is_ready, "everything is ready again")
        self.running.settled(seconds=90)
        assert (self.informing.wrong_answers, self.mailing.refused) == ([], [])
        listed = self.running.notifications()
        assert_traps_once(self.running, f"{self.name}inform", self.informing.acknowledged, listed=listed)
        assert_traps_once(
            self.running, f"{self.name}trap", numbered(f"{self.name}trap", range(self.trapping.sent)), listed=listed
        )
        assert_mails_once(self.running, hosts_of(self.mailing), listed=listed)


@contextmanager
def away(server: PostgresqlServer, how: str) -> Iterator[None]:
    leave, come_back = {"refused": (server.stop, server.start), "hung": (server.hang, server.go_on)}[how]
    leave()
    try:
        yield
    finally:
        come_back()


def assert_told(running: Running) -> None:
    """Who asks hears that it is for a while, and a load balancer that it is the store."""
    answer = until(lambda: found if (found := running.ask("/api/v1/cases")).status_code != httpx.codes.OK else None, "it is told")
    assert (answer.status_code, answer.headers["Retry-After"]) == (httpx.codes.SERVICE_UNAVAILABLE, "2")
    readiness = running.ask("/readyz")
    assert readiness.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "store_away" in readiness.json()["reasons"]


def unknown_mailbox(running: Running) -> int:
    return deliver(running.smtp, risk("pc-nowhere").octets(), recipient="nobody@collector.localhost")[0]


@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        pytest.param("refused", 8, id="refused for 8 s", marks=pytest.mark.full),
        pytest.param("hung", 8, id="hung for 8 s", marks=pytest.mark.full),
        pytest.param("refused", 60, id="refused for a minute", marks=pytest.mark.full),
        pytest.param("hung", 60, id="hung for a minute", marks=pytest.mark.full),
    ],
)
def test_intake_acknowledges_while_the_server_is_away_and_processing_catches_up(
    running: Running, server: PostgresqlServer, how: str, seconds: int
) -> None:
    before = running.roles()
    load = Load.begin(running, f"{how}{seconds}".capitalize(), seconds=seconds + BEFORE_AND_AFTER_SECONDS)
    with away(server, how):
        begun_ns, (answered, taken) = CLOCK.monotonic_ns(), load.acknowledged()
        assert_told(running)
        until(lambda: unknown_mailbox(running) == 451, "the snapshot is too old to say who does not live here")
        until(lambda: CLOCK.monotonic_ns() - begun_ns > seconds * NS_PER_SECOND, "the time is over", seconds=seconds + 30)
        assert_told(running)
        informs, mails = load.acknowledged()
        assert informs - answered > INFORMS_PER_SECOND * seconds / 2
        assert mails - taken > MAILS_PER_SECOND * seconds / 2
    load.finish()
    assert unknown_mailbox(running) == 550
    assert running.roles() == before


@pytest.mark.full
def test_a_stop_while_the_server_hangs_is_in_order_and_a_start_waits_for_it(running: Running, server: PostgresqlServer) -> None:
    load = Load.begin(running, "Halted", seconds=6, traps=False)  # nobody sends a trap again that comes while nothing runs
    with away(server, "hung"):
        running.stop(seconds=10)
        assert "did not stop in its time" not in running.log()
        assert not load.informing.is_done()
        assert not load.mailing.is_done()
        said = len(running.log())
        running.launch()
        until(lambda: load.informing.is_done() and load.mailing.is_done(), "intake works without the store, from its snapshot")
        until(lambda: running.log()[said:].count("waiting for the store") == 2, "process and api wait")
    load.finish()
