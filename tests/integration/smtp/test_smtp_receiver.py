"""The mail receiver over real sockets: what is answered when, what is in the journal then, and what limits do."""

import logging
import shutil
import smtplib
import subprocess
import threading
from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.errors import JournalError, JournalFull
from collector.domain.item import Envelope, Tally, TallyReason
from collector.journal.envelope import decode_envelope
from collector.snapshot import Snapshot
from receivers.smtp.server import Limits, SmtpReceiver
from tests.smtp_receiver_kit import DEADLINE, QUICK, RECIPIENT, Client, World, receiving, until

SECRET = "a-secret-of-the-server"


def samples(receiver: SmtpReceiver) -> dict[tuple[str, ...], float]:
    return {(family.name, *labels): value for family in receiver.families() for labels, value in family.samples}


def test_a_mail_of_smtplib_is_stored_byte_for_byte_and_answered_with_its_id() -> None:
    content = b"Subject: s\r\n\r\n.leading dot\r\nse\xf1or\r\n"
    with receiving() as (world, receiver):
        with smtplib.SMTP(*world.address, local_hostname="client.example") as client:
            client.ehlo()
            client.mail("sepm@console.example", ["size=100"])
            client.rcpt("ACME-sepm+x@alerts.example")
            client.rcpt("beta@alerts.example")
            assert client.data(content) == (250, b"2.0.0 Ok: stored as smtp-0-abcdef-1")
            port = client.sock.getsockname()[1] if client.sock else 0
        (record,) = world.journal.mails
        recipients = ("ACME-sepm+x@alerts.example", "beta@alerts.example")
        assert decode_envelope(record.envelope) == Envelope("sepm@console.example", recipients, "client.example")
        assert record.payload == content
        assert (record.listener, record.peer_address, record.peer_port) == ("127.0.0.1:25", "127.0.0.1", port)
        assert world.wakes
        assert samples(receiver)["collector_smtp_accepted_mails",] == 1
        assert samples(receiver)["collector_smtp_accepted_octets",] == len(content)
        assert samples(receiver)["collector_smtp_in_flight_octets",] == 0


def test_250_is_not_said_before_the_append_has_returned() -> None:
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        world.journal.gate.clear()
        world.journal.entered.clear()
        client.send(b"text\r\n.\r\n")
        assert world.journal.entered.wait(DEADLINE)
        client._socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client._socket.recv(1)
        client._socket.settimeout(DEADLINE)
        assert world.journal.mails == []
        world.journal.gate.set()
        assert client._socket.recv(100).startswith(b"250 2.0.0")
        assert len(world.journal.mails) == 1


def test_all_mails_that_wait_go_into_one_commit() -> None:
    with receiving() as (world, _):
        clients = [Client(world.address) for _ in range(12)]
        for client in clients:
            client.begin()
        world.journal.gate.clear()
        world.journal.entered.clear()
        clients[0].send(b"first\r\n.\r\n")
        assert world.journal.entered.wait(DEADLINE)
        for client in clients[1:]:
            client.send(b"text\r\n.\r\n")
        with Client(world.address) as last:  # answered by the loop after it has seen all the others
            last.reply()
            last.say(b"NOOP")
        world.journal.gate.set()
        ids = {client.reply().rsplit("-", 1)[1] for client in clients}
        assert ids == {str(number) for number in range(1, 13)}
        assert len([batch for batch in world.journal.batches if batch]) <= 3
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    ("failure", "reply", "reason"),
    [
        pytest.param(JournalFull(SECRET), "452 4.3.1", TallyReason.DISK_SHORT, id="full"),
        pytest.param(JournalError(SECRET), "451 4.3.0", TallyReason.INTERNAL_ERROR, id="broken"),
        pytest.param(ZeroDivisionError(SECRET), "451 4.3.0", TallyReason.INTERNAL_ERROR, id="anything"),
    ],
)
def test_a_journal_that_refuses_is_a_temporary_refusal_and_the_next_mail_may_pass(
    failure: Exception, reply: str, reason: TallyReason
) -> None:
    with receiving() as (world, receiver), Client(world.address) as client:
        client.begin()
        world.journal.failure = failure
        said = client.say(b"text\r\n.")
        assert said.startswith(reply)
        assert SECRET not in said
        world.journal.failure = None
        for command in (b"MAIL FROM:<a@b.example>", f"RCPT TO:<{RECIPIENT}>".encode(), b"DATA"):
            client.say(command)
        assert client.say(b"text\r\n.").startswith("250 2.0.0")
        assert samples(receiver)["collector_smtp_refusals", reason.value] == 1
        world.journal.wait_for(lambda journal: ("127.0.0.1", Tally(reason, 1)) in journal.tallies)


def test_a_fault_in_the_dialogue_is_a_temporary_refusal_that_says_nothing_about_itself() -> None:
    def broken(octets: int) -> bool:
        raise ZeroDivisionError(SECRET)

    with receiving() as (world, _):
        world.room = broken
        with Client(world.address) as client:
            client.reply()
            client.say(b"EHLO x")
            assert client.say(b"MAIL FROM:<a@b>") == "451 4.3.0 Not stored, try again later"
            assert client.reply() == ""
        world.room = None
        with Client(world.address) as client:
            client.begin()
            assert client.say(b"text\r\n.").startswith("250")


def test_an_unknown_mailbox_is_refused_for_good_only_when_it_is_known_to_be_unknown() -> None:
    with receiving(fresh=False) as (world, _), Client(world.address) as client:
        client.reply()
        client.say(b"EHLO x")
        client.say(b"MAIL FROM:<a@b>")
        assert client.say(b"RCPT TO:<new@alerts.example>").startswith("451 4.3.0")
        world.view.confirm(Snapshot(2, frozenset({"acme-sepm"}), frozenset({"alerts.example"})))
        assert client.say(b"RCPT TO:<new@alerts.example>").startswith("550 5.1.1")
        assert client.say(b"RCPT TO:<a@other.example>").startswith("550 5.7.1")
        world.view.confirm(Snapshot(3, frozenset({"acme-sepm", "new"}), frozenset({"alerts.example"})))
        assert client.say(b"RCPT TO:<new@alerts.example>").startswith("250 2.1.5")


def test_what_was_refused_is_in_the_journal_by_reason_and_peer() -> None:
    with receiving() as (world, _):
        with Client(world.address) as client:
            client.reply()
            client.say(b"EHLO x")
            client.say(b"MAIL FROM:<a@b>")
            client.send(b"RCPT TO:<x@alerts.example>\r\nRCPT TO:<y@alerts.example>\r\nRCPT TO:<z@other.example>\r\n")
            assert [client.reply()[:3] for _ in range(3)] == ["550", "550", "550"]
        world.journal.wait_for(lambda journal: sum(tally.count for _, tally in journal.tallies) == 3)
        counted = {(peer, tally.reason) for peer, tally in world.journal.tallies}
        assert counted == {("127.0.0.1", TallyReason.UNKNOWN_MAILBOX), ("127.0.0.1", TallyReason.UNKNOWN_DOMAIN)}


def test_tallies_that_the_journal_refused_are_written_when_it_can() -> None:
    with receiving() as (world, _):
        world.journal.failure = JournalFull("full")
        with Client(world.address) as client:
            client.reply()
            client.say(b"EHLO x")
            client.say(b"MAIL FROM:<a@b>")
            world.journal.entered.clear()
            client.say(b"RCPT TO:<x@alerts.example>")
            assert world.journal.entered.wait(DEADLINE)
        world.journal.failure = None
        world.journal.wait_for(lambda journal: ("127.0.0.1", Tally(TallyReason.UNKNOWN_MAILBOX, 1)) in journal.tallies)


def test_a_line_of_200_kilobytes_is_a_line_like_any_other() -> None:
    line = b"x" * 200_000
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        assert client.say(line + b"\r\n.").startswith("250")
        assert world.journal.mails[0].payload == line + b"\r\n"


def test_bare_line_feeds_are_content_and_end_nothing() -> None:
    content = b"Subject: s\n\nServer poor\n.\nstill the same mail\n"
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        assert client.say(content + b"\r\n.").startswith("250")
        assert [mail.payload for mail in world.journal.mails] == [content + b"\r\n"]


@pytest.mark.parametrize("almost", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r"])
def test_smuggled_mails_stay_inside_the_one_that_carries_them(almost: bytes) -> None:
    smuggled = b"MAIL FROM:<root@bank.example>\r\nRCPT TO:<beta@alerts.example>\r\nDATA\r\nfree\r\n"
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        client.send(b"text" + almost + smuggled)
        assert client.say(b".").startswith("250")
        assert client.say(b"NOOP").startswith("250")
        assert [decode_envelope(mail.envelope).mail_from for mail in world.journal.mails] == ["a@b.example"]


def test_two_mails_in_one_connection_are_two_records() -> None:
    with receiving() as (world, _), smtplib.SMTP(*world.address) as client:
        for text in ("one", "two"):
            client.sendmail("a@b.example", [RECIPIENT], f"Subject: {text}\r\n\r\n{text}")
        assert [mail.payload for mail in world.journal.mails] == [b"Subject: one\r\n\r\none\r\n", b"Subject: two\r\n\r\ntwo\r\n"]


def test_a_pipelining_client_gets_every_reply_in_order() -> None:
    mail = b"MAIL FROM:<a@b>\r\nRCPT TO:<acme-sepm@alerts.example>\r\nDATA\r\ntext\r\n.\r\n"
    with receiving() as (world, _), Client(world.address) as client:
        client.reply()
        client.send(b"EHLO x\r\n" + mail * 3 + b"QUIT\r\n")
        codes = [client.reply()[:3] for _ in range(14)]
        assert codes == ["250", *["250", "250", "354", "250"] * 3, "221"]
        assert len(world.journal.mails) == 3


def test_a_client_that_closes_its_side_after_the_mail_still_gets_the_answer() -> None:
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        world.journal.gate.clear()
        client.send(b"text\r\n.\r\n")
        client.half_close()
        with Client(world.address) as other:  # answered by the loop after it has seen the end
            other.reply()
            other.say(b"NOOP")
        world.journal.gate.set()
        assert client.reply().startswith("250")
        assert client.reply() == ""


def test_a_client_that_goes_before_the_answer_leaves_no_trace_in_memory() -> None:
    with receiving() as (world, receiver):
        with Client(world.address) as client:
            client.begin()
            world.journal.gate.clear()
            world.journal.entered.clear()
            client.send(b"text\r\n.\r\n")
            assert world.journal.entered.wait(DEADLINE)
        world.journal.gate.set()
        world.journal.wait_for(lambda journal: len(journal.mails) == 1)
        with Client(world.address) as client:
            client.begin()
            assert client.say(b"text\r\n.").startswith("250")
        assert samples(receiver)["collector_smtp_in_flight_octets",] == 0


def test_a_mail_over_the_size_limit_is_552_announced_or_not() -> None:
    with receiving(replace(QUICK, size=1_000)) as (world, receiver), Client(world.address) as client:
        client.reply()
        client.say(b"EHLO x")
        assert client.say(b"MAIL FROM:<big@b> SIZE=1001").startswith("250")
        assert client.say(f"RCPT TO:<{RECIPIENT}>".encode()).startswith("552 5.3.4")
        client.say(b"RSET")
        client.say(b"MAIL FROM:<a@b>")
        client.say(f"RCPT TO:<{RECIPIENT}>".encode())
        client.say(b"DATA")
        assert client.say(b"Subject: s\r\n\r\n" + b"x" * 1_500 + b"\r\n.").startswith("552 5.3.4")
        assert client.say(b"NOOP").startswith("250")
        kept = [(decode_envelope(mail.envelope), mail.payload[:14]) for mail in world.journal.mails]
        assert kept == [
            (Envelope("big@b", (RECIPIENT,), "x", refused_octets=1_001), b""),
            (Envelope("a@b", (RECIPIENT,), "x", refused_octets=1_519), b"Subject: s\r\n\r\n"),
        ]
        assert samples(receiver)["collector_smtp_accepted_mails",] == 0
        assert samples(receiver)["collector_smtp_refusals", "too_large"] == 2


def test_a_short_disk_is_452_at_once_and_for_what_would_not_fit() -> None:
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        world.free = 100
        assert client.say(b"x" * 200 + b"\r\n.").startswith("452 4.3.1")
        assert client.say(b"MAIL FROM:<a@b> SIZE=200").startswith("452 4.3.1")
        world.free = 1 << 30
        assert client.say(b"MAIL FROM:<a@b> SIZE=200").startswith("250")


def test_more_in_flight_than_memory_allows_is_452() -> None:
    with receiving(replace(QUICK, in_flight=300_000)) as (world, _), Client(world.address) as one, Client(world.address) as two:
        one.begin()
        two.begin()
        world.journal.gate.clear()
        world.journal.entered.clear()
        one.send(b"x" * 200_000 + b"\r\n.\r\n")
        assert world.journal.entered.wait(DEADLINE)
        assert two.say(b"x" * 200_000 + b"\r\n.").startswith("452 4.3.1")
        world.journal.gate.set()
        assert one.reply().startswith("250")


def test_connections_are_limited_per_peer_and_in_all() -> None:
    limits = replace(QUICK, connections=3, connections_per_peer=2)
    with receiving(limits) as (world, receiver), Client(world.address) as one, Client(world.address) as two:
        assert [one.reply()[:3], two.reply()[:3]] == ["220", "220"]
        with Client(world.address) as three:
            assert three.reply() == "421 4.7.0 Too many connections, try again later"
            assert three.reply() == ""
        assert one.say(b"QUIT").startswith("221")
        assert one.reply() == ""
        until_admitted(world)
        assert samples(receiver)["collector_smtp_refusals", "too_many_connections"] >= 1


def until_admitted(world: World) -> None:
    """The server sees the end of a connection a moment later than its client."""
    for _ in range(1_000):
        with Client(world.address) as client:
            if client.reply().startswith("220"):
                return
    pytest.fail("nobody is let in any more")


def test_when_all_places_are_taken_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    limits = replace(QUICK, connections=3, connections_per_peer=2)
    with receiving(limits) as (world, _):
        inside = [Client(world.address, source=source) for source in ("127.0.0.2", "127.0.0.3", "127.0.0.3")]
        assert [client.reply()[:3] for client in inside] == ["220"] * 3
        with Client(world.address) as outside:
            assert outside.reply() == "421 4.3.2 Too many connections in all, try again later"
            assert outside.reply() == ""
        for client in inside:
            client.close()


def test_a_trusted_relay_has_no_limit_of_its_own_and_a_reserve() -> None:
    limits = replace(QUICK, connections=20, connections_per_peer=9, relays=(ip_network("127.0.0.8/30"),))
    with receiving(limits) as (world, _):
        inside = [Client(world.address, source=source) for source in ("127.0.0.2", "127.0.0.3") for _ in range(9)]
        assert {client.reply()[:3] for client in inside} == {"220"}
        with Client(world.address, source="127.0.0.4") as stranger:
            assert stranger.reply().startswith("421 4.3.2")
        inside += [Client(world.address, source="127.0.0.9") for _ in range(2)]
        assert [client.reply()[:3] for client in inside[-2:]] == ["220", "220"]
        with Client(world.address, source="127.0.0.10") as relay:
            assert relay.reply().startswith("421 4.3.2")
        for client in inside:
            client.close()
    with receiving(limits) as (world, _):
        relays = [Client(world.address, source="127.0.0.9") for _ in range(12)]
        assert {client.reply()[:3] for client in relays} == {"220"}
        for client in relays:
            client.close()


def test_where_few_places_are_left_those_that_are_only_held_are_taken_back() -> None:
    with receiving(replace(QUICK, connections=10, connections_per_peer=10)) as (world, _):
        holding = [Client(world.address) for _ in range(8)]
        busy = Client(world.address)
        busy.begin()
        busy.send(b"half a mail\r\n")
        for client in holding:
            client.reply()
        holding[0].say(b"NOOP")
        world.clock.ahead_ns += 11 * 10**9
        for client in holding:
            assert client.reply().startswith("421 4.4.2")
            client.close()
        assert busy.say(b"the other half\r\n.").startswith("250")
        busy.close()


@pytest.mark.parametrize("piece", [b"x", b"x\r\n", b"\r\n.."], ids=["no lines", "lines", "dots"])
def test_a_sender_that_never_comes_to_an_end_has_ten_minutes(piece: bytes) -> None:
    with receiving() as (world, receiver), Client(world.address) as client:
        client.begin()
        begun, received = world.clock.ahead_ns, 0
        while world.clock.ahead_ns - begun < 590 * 10**9:
            client.send(piece)
            received += len(piece)
            until(lambda: samples(receiver)["collector_smtp_in_flight_octets",] == received, "it was read")  # noqa: B023
            world.clock.ahead_ns += 30 * 10**9
        assert client.reply().startswith("421 4.4.2")
        assert world.journal.mails == []


@pytest.mark.parametrize("errors", [3, Limits().errors])
def test_a_client_that_makes_only_errors_is_sent_away(errors: int) -> None:
    with receiving(replace(QUICK, errors=errors)) as (world, _), Client(world.address) as client:
        client.reply()
        client.send(b"X\r\n" * (errors + 2))
        assert [client.reply()[:9] for _ in range(errors + 2)] == [*["500 5.5.2"] * errors, "421 4.7.0", ""]


@pytest.mark.parametrize(
    ("limits", "begin"),
    [
        pytest.param(replace(QUICK, idle_seconds=60), False, id="idle after the greeting"),
        pytest.param(replace(QUICK, idle_seconds=60), True, id="idle in the middle of a mail"),
        pytest.param(replace(QUICK, idle_seconds=9_000, mail_seconds=60), True, id="one mail takes too long"),
    ],
)
def test_a_client_that_takes_too_long_is_told_and_sent_away(limits: Limits, begin: bool) -> None:
    with receiving(limits) as (world, receiver), Client(world.address) as client:
        if begin:
            client.begin()
            client.send(b"half a mail")
        else:
            client.reply()
        while begin and samples(receiver)["collector_smtp_in_flight_octets",] == 0:
            assert receiver.failure is None
        world.clock.ahead_ns = 61 * 10**9
        assert client.reply().startswith("421 4.4.2")
        assert client.reply() == ""
        assert world.journal.mails == []


def test_a_client_that_waits_for_a_slow_disk_is_not_sent_away() -> None:
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        world.journal.gate.clear()
        world.journal.entered.clear()
        client.send(b"text\r\n.\r\n")
        assert world.journal.entered.wait(DEADLINE)
        world.clock.ahead_ns = 10_000 * 10**9
        with Client(world.address) as other:
            other.reply()
            world.clock.ahead_ns *= 2
            assert other.reply().startswith("421 4.4.2")
        world.journal.gate.set()
        assert client.reply().startswith("250")


def test_a_client_that_sends_without_reading_does_not_fill_memory() -> None:
    with receiving() as (world, _), Client(world.address) as client:
        client._socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.send(b"NOOP\r\n" * 20_000_000)
        client._socket.settimeout(DEADLINE)
        assert client.reply().startswith("220")
        assert client.reply().startswith("250")


def test_stopping_lets_a_mail_be_finished_and_sends_the_others_away() -> None:
    with receiving() as (world, receiver), Client(world.address) as busy, Client(world.address) as idle:
        busy.begin()
        idle.reply()
        busy.send(b"first half\r\n")
        stopping = threading.Thread(target=receiver.stop)
        stopping.start()
        assert idle.reply() == "421 4.3.2 Going down for a moment, try again later"
        assert busy.say(b"second half\r\n.").startswith("250")
        assert busy.reply().startswith("421 4.3.2")
        stopping.join(DEADLINE)
        assert not stopping.is_alive()
        assert world.journal.mails[0].payload == b"first half\r\nsecond half\r\n"
        with Client(world.address) as late:  # the socket is still the supervisor's and queues for the next receiver
            late.send(b"EHLO x\r\n")


def test_refusals_counted_in_the_last_moment_are_written_when_stopping() -> None:
    with receiving(replace(QUICK, sweep_seconds=3_600)) as (world, _), Client(world.address) as client:
        client.reply()
        client.say(b"EHLO x")
        client.say(b"MAIL FROM:<a@b>")
        client.say(b"RCPT TO:<x@alerts.example>")
    assert world.journal.tallies == [("127.0.0.1", Tally(TallyReason.UNKNOWN_MAILBOX, 1))]


def test_nothing_of_a_mail_goes_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), receiving() as (world, _), Client(world.address) as client:
        client.begin()
        client.say(b"Subject: " + SECRET.encode() + b"\r\n\r\n" + SECRET.encode() + b"\r\n.")
    assert SECRET not in caplog.text


def test_the_name_is_never_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_: object) -> None:
        pytest.fail("a name was looked up")

    for name in ("getfqdn", "gethostbyaddr", "getnameinfo", "gethostbyname"):
        monkeypatch.setattr(f"socket.{name}", looked_up)
    with receiving() as (world, _), Client(world.address) as client:
        client.begin()
        assert client.say(b"text\r\n.").startswith("250")


@pytest.mark.full
def test_swaks_delivers_a_mail() -> None:
    swaks = shutil.which("swaks")
    if swaks is None:
        pytest.skip("swaks is not installed")
    with receiving() as (world, _):
        host, port = world.address
        done = subprocess.run(
            [swaks, "--server", host, "--port", str(port), "--to", RECIPIENT, "--from", "a@b.example", "--body", "Server poor"],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()
        assert b"Server poor" in world.journal.mails[0].payload
