"""`collector simulate` against a real port and a real SMTP server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from collector.domain.trap import Pdu
from receivers.snmp.responses import response_to
from tests.traffic_kit import closed_port, collector, listening

MAILBOX = "acme-sepm@collector.localhost"
ACCEPTED = "250 2.0.0 stored"


@dataclass
class MailSink:
    """Takes mails; the replies of `replies` come first, then mails are accepted."""

    replies: list[str] = field(default_factory=list)
    accepted: list[bytes] = field(default_factory=list)
    address: str = ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        reply = self.replies.pop(0) if self.replies else ACCEPTED
        if reply == ACCEPTED:
            assert envelope.rcpt_tos == [MAILBOX]
            assert isinstance(envelope.content, bytes)
            self.accepted.append(envelope.content)
        return reply


@contextmanager
def mail_sink(*replies: str) -> Iterator[MailSink]:
    sink = MailSink(list(replies))
    host, _, port = closed_port(socket.SOCK_STREAM).rpartition(":")
    server = Controller(sink, hostname=host, port=int(port))
    server.start()
    sink.address = f"{host}:{port}"
    try:
        yield sink
    finally:
        server.stop()


def simulate(*words: str) -> int:
    return collector("simulate", "--community", "demo", "--rate", "400", *words)


def test_everything_is_sent_and_acknowledged(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as port, mail_sink() as sink:
        words = ("--mailbox", MAILBOX, "--count", "100", "--mails-share", "0.3", "--informs-share", "0.5", "--sources", "5")
        assert simulate("--trap-to", port.address, "--mail-to", sink.address, *words) == 0
    assert len(port.datagrams) + len(sink.accepted) == 100
    assert len({trap.pdu for trap in port.traps}) == 3
    assert {trap.community for trap in port.traps} == {b"demo"}
    assert set(port.peers) == {f"127.0.0.{number}" for number in range(2, 7)}
    mails = [message_from_bytes(octets, policy=policy.default) for octets in sink.accepted]
    assert len({mail["Message-ID"] for mail in mails}) == len(mails) > 10
    assert {mail["To"] for mail in mails} == {MAILBOX}
    assert "100 sent" in capsys.readouterr().out


def test_informs_and_mails_are_sent_again_until_they_are_acknowledged(capsys: pytest.CaptureFixture[str]) -> None:
    seen: set[bytes] = set()

    def second_time(datagram: bytes) -> bytes | None:
        if datagram in seen:
            return response_to(datagram)
        seen.add(datagram)
        return None

    with listening(second_time) as port, mail_sink("451 4.3.0 later", "452 4.3.1 disk is short") as sink:
        words = ("--mailbox", MAILBOX, "--count", "20", "--mails-share", "0.5", "--informs-share", "1")
        assert simulate("--trap-to", port.address, "--mail-to", sink.address, *words) == 0
    informs = [trap for trap in port.traps if trap.pdu is Pdu.INFORM]
    assert len(informs) == 2 * len({inform.request_id for inform in informs}) > 0
    assert f"{len(informs) // 2 + 2} sent again" in capsys.readouterr().out
    assert len(sink.accepted) + len({trap.request_id for trap in informs}) + len(port.traps) - len(informs) == 20


def test_a_mail_that_is_refused_for_good_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with mail_sink("550 5.1.1 no such mailbox") as sink:
        words = ("--mail-to", sink.address, "--mailbox", MAILBOX, "--count", "5", "--mails-share", "1")
        assert simulate(*words) == 1
    assert len(sink.accepted) == 4
    assert f"1 refused or never acknowledged; the first: {sink.address} refused a mail: 550" in capsys.readouterr().out


def test_traps_to_a_closed_port_are_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    target = closed_port(socket.SOCK_DGRAM)
    assert simulate("--trap-to", target, "--mails-share", "0", "--informs-share", "0", "--count", "5", "--sources", "2") == 1
    assert f"5 refused or never acknowledged; the first: nobody listens on {target} (UDP)" in capsys.readouterr().out


def test_the_same_seed_sends_the_same_traps() -> None:
    def sent(seed: str) -> list[tuple[str, object]]:
        with listening() as port:
            words = ("--trap-to", port.address, "--mails-share", "0", "--count", "60", "--seed", seed)
            assert simulate(*words) == 0
        return [(trap.trap_oid, trap.varbinds) for trap in port.traps]

    assert sent("4") == sent("4") != sent("5")


def test_a_duration_ends_it_and_progress_is_told_each_second(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as port:
        assert simulate("--trap-to", port.address, "--mails-share", "0", "--seconds", "1.2") == 0
    told = capsys.readouterr().err.splitlines()
    assert any(" sent (" in line and " answered, 0 refused" in line for line in told)
    assert len(port.datagrams) > 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["--trap-to", "192.0.2.1:162"], "--allow-remote", id="traps to another machine"),
        pytest.param(["--mail-to", "192.0.2.1:25"], "--allow-remote", id="mails to another machine"),
        pytest.param([], "mails need a --mailbox", id="mails to nobody"),
        pytest.param(["--mailbox", "acme"], "must be an address", id="no address"),
        pytest.param(["--mailbox", "a@b\r\nRCPT TO:<c@d>"], "must be an address", id="an address with a command in it"),
        pytest.param(["--mails-share", "1.5"], "from 0 to 1", id="more than everything"),
    ],
)
def test_wrong_usage_is_told(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(*words) == 2
    assert told in capsys.readouterr().err


def test_nothing_of_it_goes_on_after_the_end() -> None:
    before = threading.active_count()
    with listening() as port, mail_sink() as sink:
        simulate("--trap-to", port.address, "--mail-to", sink.address, "--mailbox", MAILBOX, "--count", "3")
    assert threading.active_count() == before


def test_two_runs_of_one_seed_are_not_taken_for_repeats() -> None:
    def ids() -> set[object]:
        with listening() as port, mail_sink() as sink:
            words = ("--mailbox", MAILBOX, "--count", "30", "--mails-share", "0.5", "--informs-share", "1")
            assert simulate("--trap-to", port.address, "--mail-to", sink.address, *words) == 0
        mails = [message_from_bytes(octets, policy=policy.default) for octets in sink.accepted]
        return {mail["Message-ID"] for mail in mails} | {trap.request_id for trap in port.traps if trap.pdu is Pdu.INFORM}

    one, other = ids(), ids()
    assert min(len(one), len(other)) > 15
    assert not one & other
