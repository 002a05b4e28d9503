"""Processes that are killed or stopped while notifications come in. The long round is in `test_deaths_at_length`."""

import os
import re
import signal

import pytest

from tests.acceptance.checks import assert_mails_once, assert_traps_once, hosts_of, numbered
from tests.acceptance.harness import ROLES, Running, stands_still, until
from tests.acceptance.senders import Inform, InformClient, MailClient, health, risk, send


def clients(running: Running, kind: str, *, informs: int, mails: int) -> tuple[InformClient, MailClient]:
    """Started; both take some seconds if nothing troubles them."""
    asked = [Inform.of(text, number) for number, text in enumerate(numbered(kind, range(informs)), start=1)]
    informing = InformClient(running.snmp, asked, per_second=informs / 6)
    mailing = MailClient(running.smtp, [risk(f"{kind}-{number}".lower()) for number in range(mails)], per_second=mails / 6)
    informing.start()
    mailing.start()
    return informing, mailing


def finish(running: Running, kind: str, informing: InformClient, mailing: MailClient) -> None:
    """Both are done, and everything is there once."""
    informing.finish(seconds=60)
    mailing.finish(seconds=60)
    running.settled()
    assert informing.wrong_answers == []
    listed = running.notifications()
    assert_traps_once(running, kind, informing.acknowledged, listed=listed)
    assert_mails_once(running, hosts_of(mailing), listed=listed)


def test_nothing_acknowledged_is_lost_or_doubled_when_every_role_is_killed_in_turn(running: Running) -> None:
    informing, mailing = clients(running, "Killed", informs=300, mails=40)
    for role in ("process", "snmp", "smtp", "hand-off", "api"):
        running.kill_role(role)
    until(running.is_ready, "all are ready again")
    finish(running, "Killed", informing, mailing)
    assert len(informing.acknowledged) == 300
    assert {role: running.restarts(role) for role in ROLES} == dict.fromkeys(ROLES, 1)


@pytest.mark.full
def test_traps_in_the_socket_of_a_killed_receiver_are_there_afterwards(running: Running) -> None:
    texts = numbered("Queued", range(50))
    pid = running.roles()["snmp"]
    os.kill(pid, signal.SIGSTOP)
    until(lambda: stands_still(pid), "no thread of it runs any more")
    send(running.snmp, *map(health, texts))
    os.kill(pid, signal.SIGKILL)
    until(lambda: sum(case["occurrences"] for case in running.cases(text="(queued")) == 50, "all are in cases")
    assert_traps_once(running, "Queued", texts)


@pytest.mark.full
def test_a_killed_supervisor_takes_everything_with_it_and_its_successor_goes_on(running: Running) -> None:
    informing, mailing = clients(running, "Orphaned", informs=150, mails=20)
    until(lambda: informing.acknowledged and mailing.acknowledged, "both are under way")
    running.kill_supervisor()
    running.start()
    finish(running, "Orphaned", informing, mailing)


@pytest.mark.full
def test_a_stop_under_load_goes_in_order_within_ten_seconds_and_loses_nothing(running: Running) -> None:
    informing, mailing = clients(running, "Stopped", informs=150, mails=20)
    until(lambda: informing.acknowledged and mailing.acknowledged, "both are under way")
    texts = numbered("Last", range(200))
    send(running.snmp, *map(health, texts))
    said = len(running.log())
    running.stop(seconds=10)
    stopped = re.findall(r" info (\S+) collector\.role: role stopped", running.log()[said:])
    assert (set(stopped[:2]), stopped[2:]) == ({"snmp", "smtp"}, ["process", "hand-off", "api"])
    running.start()
    finish(running, "Stopped", informing, mailing)
    assert_traps_once(running, "Last", texts)
