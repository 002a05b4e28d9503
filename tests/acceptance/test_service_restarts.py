"""The service is stopped and started again as systemd does it, with sockets that systemd keeps, while consoles send without a
pause: nothing is lost, nothing is there twice, nobody is refused."""

import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.domain.clock import NS_PER_SECOND
from tests.acceptance.checks import assert_mails_once, assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import CLOCK, ROOT, Running, until
from tests.acceptance.senders import Client, Inform, InformClient, MailClient, console, deliver, health, risk, send
from tests.acceptance.service_parent import ServiceParent

IN_THE_GAP = 50
TRAPS_PER_SECOND = 40
"""So few that all of a gap fits into the smallest receive buffer that a kernel gives without privileges."""


class TrapClient(Client):
    """Sends traps at a steady rate until it is told that it is enough. Nobody answers a trap: each is sent once."""

    def __init__(self, running: Running, kind: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.enough = threading.Event()
        self._target = running.snmp
        self._kind = kind

    def missing(self) -> str:
        return "it does not stop"

    def _run(self) -> None:
        next_ns = CLOCK.monotonic_ns()
        with console("127.0.0.21") as udp:
            while not self.enough.wait(max(0.0, (next_ns - CLOCK.monotonic_ns()) / NS_PER_SECOND)):
                (text,) = numbered(self._kind, [len(self.texts)])
                udp.sendto(health(text), self._target)
                self.texts.append(text)
                next_ns += NS_PER_SECOND // TRAPS_PER_SECOND


def hosts_of(mailing: MailClient) -> dict[str, str]:
    return {mark.removeprefix("risk-").removesuffix("-Leftalone"): found for mark, found in mailing.acknowledged.items()}


def in_the_gap(running: Running, number: int, start: Callable[[], None]) -> tuple[list[str], dict[str, str]]:
    """Send while nothing runs, each once; then start. Return the traps' texts, and the id of the mail by its host.

    The inform is answered and the mail is taken after the start, without having been sent again."""
    traps = numbered(f"Gap{number}", range(IN_THE_GAP))
    inform = Inform.of(f"Gap{number}0: CRITICAL asked", 70_000 + number)
    mail = risk(f"gap-{number}")
    with console("127.0.0.22") as udp, ThreadPoolExecutor(1) as others:
        send(running.snmp, *map(health, traps), address="127.0.0.23")
        udp.sendto(inform.datagram, running.snmp)
        said = others.submit(deliver, running.smtp, mail.octets())
        start()
        udp.settimeout(30)
        assert udp.recv(65_535) == inform.answer
        code, reply = said.result(timeout=30)
    assert code == 250, reply
    return [*traps, inform.text], {f"gap-{number}": reply.rsplit(" ", 1)[-1]}


@pytest.mark.parametrize(
    "rounds", [pytest.param(1, id="once", marks=pytest.mark.full), pytest.param(6, id="six times", marks=pytest.mark.full)]
)
def test_stopping_and_starting_with_the_sockets_kept_loses_nothing(rounds: int, install: Install, tmp_path: Path) -> None:
    running = install()
    with ServiceParent(running, tmp_path / "notices") as systemd:
        systemd.start()
        trapping = TrapClient(running, "Steady")
        informing = InformClient(
            running.snmp, [Inform.of(text, 1 + n) for n, text in enumerate(numbered("Asked", range(60 * rounds)))], per_second=40
        )
        mailing = MailClient(running.smtp, [risk(f"steady-{number}") for number in range(8 * rounds)], per_second=10)
        clients: list[Client] = [trapping, informing, mailing]
        for client in clients:
            client.start()
        gaps: dict[int, list[str]] = {}
        mails: dict[str, str] = {}
        for number in range(rounds):
            before = len(trapping.texts)
            until(lambda before=before: len(trapping.texts) >= before + 20, "it is under way")  # type: ignore[misc]
            systemd.stop()
            gaps[number], taken = in_the_gap(running, number, systemd.start)
            mails |= taken
        trapping.enough.set()
        for client in clients:
            client.finish(seconds=120)
        check_everything(running, trapping, informing, mailing, gaps, mails)
        systemd.stop()


def check_everything(
    running: Running,
    trapping: TrapClient,
    informing: InformClient,
    mailing: MailClient,
    gaps: dict[int, list[str]],
    mails: dict[str, str],
) -> None:
    """Each trap that was sent, each inform and mail that was acknowledged, once."""
    sent = len(trapping.texts) + sum(map(len, gaps.values()))
    until(lambda: running.ledger()["totals"].get("case", 0) >= sent, "all that was sent is in cases")
    totals = running.settled()
    assert informing.wrong_answers == []
    assert running.metric("collector_snmp_kernel_drops_total") == 0
    listed = running.notifications()
    assert_traps_once(running, "Steady", trapping.texts, listed=listed)
    assert_traps_once(running, "Asked", informing.acknowledged, listed=listed)
    for number, texts in gaps.items():
        assert_traps_once(running, f"Gap{number}", texts, listed=listed)
    assert_mails_once(running, hosts_of(mailing) | mails, listed=listed)
    assert totals["case"] == sent + len(informing.acknowledged) + len(mailing.acknowledged) + len(mails)
    assert set(totals) <= {"case", "duplicate"}


@pytest.mark.full
def test_what_the_unit_does_at_a_reload_reaches_every_role_and_stops_none(install: Install, tmp_path: Path) -> None:
    unit = (ROOT / "deploy/systemd/collector.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecReload=(.+)$", unit, flags=re.MULTILINE)
    running = install()
    with ServiceParent(running, tmp_path / "notices") as systemd:
        systemd.start()
        before = running.log().count("rules were read")
        roles = running.roles()
        subprocess.run(shlex.split(line.replace("$MAINPID", str(running.supervisor.pid))), check=True, timeout=60)
        until(lambda: running.log().count("rules were read") > before, "the rules are read again")
        assert running.roles() == roles
        systemd.stop()
