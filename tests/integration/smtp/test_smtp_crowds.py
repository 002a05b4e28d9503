"""A thousand clients at once that mean no good, and consoles that do: their mails are stored meanwhile, and nothing else is."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from collector.app.open_files import allow_connections
from receivers.smtp.server import SmtpReceiver
from tests.smtp_receiver_kit import DEADLINE, QUICK, RECIPIENT, Client, World, receiving, until

CROWD = 1_000
BEGIN = b"EHLO x\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<acme-sepm@alerts.example>\r\nDATA\r\n"
ABUSES: list[bytes] = [
    b"",
    b"EHLO",
    b"EHLO x\r\nMAIL FROM:<",
    BEGIN,
    BEGIN + b"Subject: half\r\n\r\nof a mail",
    BEGIN + b"x" * 5_000,
    BEGIN + b"\n.\n\r.\r\r\n.\n",
    b"\x00" * 1_000,
    b"x" * 20_000,
    b"NOOP\r\n" * 500,
]


@pytest.fixture(autouse=True)
def _both_ends_are_in_this_process() -> None:
    allow_connections(2 * CROWD + 500)


@contextmanager
def crowd(world: World, sources: Callable[[int], str], count: int = CROWD) -> Iterator[list[Client]]:
    """So many connections, each with its abuse, that stay."""
    clients: list[Client] = []
    try:
        for number in range(count):
            clients.append(Client(world.address, source=sources(number)))
            clients[-1].send_what_is_taken(ABUSES[number % len(ABUSES)])
        yield clients
    finally:
        for client in clients:
            client.close()


def send_good_mails(world: World, count: int) -> None:
    for number in range(count):
        with smtplib.SMTP(*world.address, timeout=DEADLINE, local_hostname="console.example") as console:
            console.sendmail("sepm@console.example", [RECIPIENT], b"good %d" % number)


def senders(world: World) -> set[bytes]:
    return {mail.payload[:4] for mail in world.journal.mails}


def until_seen(receiver: SmtpReceiver, connections: int) -> None:
    until(lambda: receiver.counters.connections >= connections, "all were seen")


@pytest.mark.full
def test_a_thousand_connections_that_are_let_in_do_not_keep_good_mails_out() -> None:
    limits = replace(QUICK, connections=CROWD + 200, connections_per_peer=50)
    with receiving(limits) as (world, receiver), crowd(world, lambda number: f"127.0.1.{1 + number // 50}"):
        until_seen(receiver, CROWD)
        assert receiver.counters.open == CROWD
        send_good_mails(world, 50)
        assert (len(world.journal.mails), senders(world)) == (50, {b"good"})


@pytest.mark.full
def test_a_thousand_connections_of_one_address_are_mostly_refused() -> None:
    with receiving(replace(QUICK, connections=200)) as (world, receiver), crowd(world, lambda _: "127.0.0.2"):
        until_seen(receiver, CROWD)
        assert receiver.counters.open == QUICK.connections_per_peer
        send_good_mails(world, 50)
        assert (len(world.journal.mails), senders(world)) == (50, {b"good"})
