"""TLS on the mail intake over real sockets: STARTTLS and listeners where it begins at once; nothing crosses from the clear."""

import hashlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from collector.journal.envelope import decode_envelope
from receivers.smtp.certificate import Certificate, TlsFiles, load_context
from receivers.smtp.server import Limits, SmtpReceiver
from tests.smtp_receiver_kit import DEADLINE, QUICK, RECIPIENT, Client, World, receiving, until
from tests.smtp_tls_kit import client_context, pair

FROM = b"MAIL FROM:<a@b.example>"
TO = f"RCPT TO:<{RECIPIENT}>".encode()


def context_of(files: TlsFiles) -> ssl.SSLContext:
    return load_context(files)[0]


@contextmanager
def securing(tmp_path: Path, limits: Limits = QUICK, *, tls_required: bool = False) -> Iterator[tuple[World, SmtpReceiver]]:
    context = context_of(pair().write(tmp_path))
    with receiving(limits, tls=lambda: context, tls_required=tls_required) as (world, receiver):
        yield world, receiver


def handshakes(receiver: SmtpReceiver) -> dict[str, int]:
    return dict(receiver.counters.handshakes)


def until_nobody_is_inside(receiver: SmtpReceiver) -> None:
    """The server sees the end of a connection a moment later than its client."""
    until(lambda: not receiver.counters.open, "nobody is inside")


def test_a_mail_comes_through_starttls_and_says_so(tmp_path: Path) -> None:
    with securing(tmp_path) as (world, receiver), smtplib.SMTP(*world.address, timeout=DEADLINE) as client:
        client.ehlo("before.example")
        assert client.has_extn("starttls")
        trusting = client_context(pair())
        client._host = "mx.example"  # type: ignore[attr-defined] # the name that the certificate must have
        assert client.starttls(context=trusting) == (220, b"2.0.0 Ready to start TLS")
        client.ehlo("after.example")
        assert not client.has_extn("starttls")
        client.sendmail("a@b.example", [RECIPIENT], b"Subject: s\r\n\r\nx" * 50_000)
        (mail,) = world.journal.mails
        envelope = decode_envelope(mail.envelope)
        assert (envelope.tls, envelope.helo, envelope.certificate) == (True, "after.example", None)
        assert mail.payload == b"Subject: s\r\n\r\nx" * 50_000 + b"\r\n"
        assert mail.peer_address == "127.0.0.1"
        assert handshakes(receiver) == {"done": 1, "failed": 0}


def test_a_mail_comes_in_where_tls_begins_at_once(tmp_path: Path) -> None:
    with securing(tmp_path) as (world, receiver):
        with smtplib.SMTP_SSL(*world.tls_address, timeout=DEADLINE, context=client_context()) as client:
            client.sendmail("a@b.example", [RECIPIENT], b"Subject: s\r\n\r\nx")
            assert not client.has_extn("starttls")
        (mail,) = world.journal.mails
        assert decode_envelope(mail.envelope).tls
        assert mail.listener == "127.0.0.1:465"
        until_nobody_is_inside(receiver)
        assert handshakes(receiver) == {"done": 1, "failed": 0}


def test_without_a_certificate_there_is_no_starttls() -> None:
    with receiving() as (world, _), smtplib.SMTP(*world.address, timeout=DEADLINE) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.docmd("STARTTLS")[0] == 502
        client.sendmail("a@b.example", [RECIPIENT], b"x")
        assert not decode_envelope(world.journal.mails[0].envelope).tls


@pytest.mark.parametrize(
    "injected", [b"NOOP\r\n", FROM + b"\r\n" + TO + b"\r\nDATA\r\n", b"X" * 3_000 + b"\r\n", b"MAIL FROM:<half"]
)
def test_what_stands_behind_starttls_in_the_clear_is_never_looked_at(injected: bytes, tmp_path: Path) -> None:
    with securing(tmp_path) as (world, _), Client(world.address) as client:
        client.reply()
        client.say(b"EHLO clear.example")
        client.send(b"STARTTLS\r\n" + injected)
        assert client.reply().startswith("220")
        client.secure(client_context())
        assert client.say(b"NOOP") == "250 2.0.0 Ok"
        assert client.say(b"EHLO x").startswith("250")
        assert client.say(FROM).startswith("250 2.1.0")
        assert world.journal.mails == []


def test_what_comes_in_the_clear_when_the_handshake_is_due_ends_the_connection(tmp_path: Path) -> None:
    with securing(tmp_path) as (world, receiver), Client(world.address) as client:
        client.reply()
        assert client.say(b"STARTTLS").startswith("220")
        client.send(b"EHLO x\r\n" + FROM + b"\r\n" + TO + b"\r\nDATA\r\nsmuggled\r\n.\r\n")
        assert not client._lines.read().startswith(b"2")
        until_nobody_is_inside(receiver)
        assert handshakes(receiver) == {"done": 0, "failed": 1}
        assert world.journal.mails == []


def test_a_dialogue_begins_anew_after_starttls(tmp_path: Path) -> None:
    with securing(tmp_path) as (world, _), Client(world.address) as client:
        client.reply()
        for command in (b"EHLO clear.example", FROM, TO):
            client.say(command)
        assert client.say(b"STARTTLS").startswith("220")
        client.secure(client_context())
        assert client.say(FROM) == "503 5.5.1 Say EHLO first"
        assert client.say(b"EHLO secret.example").startswith("250")
        assert client.say(b"DATA").startswith("503 5.5.1")
        assert client.say(TO).startswith("503 5.5.1")
        assert client.say(b"STARTTLS") == "503 5.5.1 TLS has been started already"
        for command in (FROM, TO, b"DATA"):
            client.say(command)
        assert client.say(b"x\r\n.").startswith("250 2.0.0")
        assert decode_envelope(world.journal.mails[0].envelope).helo == "secret.example"


def test_pipelined_mails_pass_in_tls(tmp_path: Path) -> None:
    with securing(tmp_path) as (world, _), Client(world.address) as client:
        client.reply()
        client.say(b"STARTTLS")
        client.secure(client_context())
        mail = FROM + b"\r\n" + TO + b"\r\nDATA\r\nx\r\n.\r\n"
        client.send(b"EHLO x\r\n" + mail * 20 + b"QUIT\r\n")
        assert [client.reply()[:3] for _ in range(82)] == ["250", *["250", "250", "354", "250"] * 20, "221"]
        assert client.reply() == ""
        assert len(world.journal.mails) == 20


@pytest.mark.parametrize("at_once", [pytest.param(False, id="STARTTLS"), pytest.param(True, id="TLS at once")])
def test_older_versions_of_tls_are_not_spoken(at_once: bool, tmp_path: Path) -> None:
    old = client_context()
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with securing(tmp_path) as (world, receiver):
        with Client(world.tls_address if at_once else world.address) as client:
            if not at_once:
                client.reply()
                client.say(b"STARTTLS")
            with pytest.raises(ssl.SSLError):
                client.secure(old)
        until_nobody_is_inside(receiver)
        assert handshakes(receiver) == {"done": 0, "failed": 1}


@pytest.mark.parametrize("at_once", [pytest.param(False, id="STARTTLS"), pytest.param(True, id="TLS at once")])
@pytest.mark.parametrize("hello", [pytest.param(b"", id="nothing"), pytest.param(b"\x16\x03\x01\x02\x00\x01", id="half a hello")])
def test_who_goes_or_is_silent_in_the_handshake_leaves_nothing_behind(at_once: bool, hello: bytes, tmp_path: Path) -> None:
    with securing(tmp_path) as (world, receiver):
        for ends_itself in (True, False):
            with Client(world.tls_address if at_once else world.address) as client:
                if not at_once:
                    client.reply()
                    client.say(b"STARTTLS")
                client.send(hello)
                until(lambda: receiver.counters.open > 0, "somebody is inside")
                if not ends_itself:
                    world.clock.ahead_ns += 61 * 10**9
                    assert client.reply() == ""
            until_nobody_is_inside(receiver)
        assert handshakes(receiver)["done"] == 0


@pytest.mark.parametrize("at_once", [pytest.param(False, id="STARTTLS"), pytest.param(True, id="TLS at once")])
def test_a_stop_does_not_wait_for_a_handshake(at_once: bool, tmp_path: Path) -> None:
    with securing(tmp_path) as (world, receiver), Client(world.tls_address if at_once else world.address) as client:
        if not at_once:
            client.reply()
            client.say(b"STARTTLS")
        until(lambda: receiver.counters.open > 0, "somebody is inside")
        receiver.stop()
        assert receiver.counters.open == 0
        assert client.reply() == ""


def test_who_is_at_the_handshake_counts_as_a_connection(tmp_path: Path) -> None:
    with securing(tmp_path, replace(QUICK, connections_per_peer=2)) as (world, receiver):
        silent = [Client(world.tls_address) for _ in range(2)]
        until(lambda: receiver.counters.open == 2, "two are inside")
        for address in (world.tls_address, world.address):
            with Client(address) as refused:
                assert refused.reply() in ("", "421 4.7.0 Too many connections, try again later")
        assert receiver.counters.open == 2
        for client in silent:
            client.close()
        until_nobody_is_inside(receiver)
        for _ in range(5):  # one that got through is counted once
            with smtplib.SMTP_SSL(*world.tls_address, timeout=DEADLINE, context=client_context()) as welcome:
                welcome.noop()
            until_nobody_is_inside(receiver)


def test_where_tls_is_demanded_no_mail_is_begun_in_the_clear(tmp_path: Path) -> None:
    with securing(tmp_path, tls_required=True) as (world, receiver), Client(world.address) as client:
        client.reply()
        assert client.say(b"EHLO x").startswith("250")
        assert client.say(FROM) == "530 5.7.0 Say STARTTLS first"
        assert client.say(b"NOOP").startswith("250")
        assert client.say(b"STARTTLS").startswith("220")
        client.secure(client_context())
        client.say(b"EHLO x")
        assert client.say(FROM).startswith("250")
        assert receiver.counters.refusals["tls_required"] == 1  # type: ignore[index]


def test_a_client_may_show_its_certificate(tmp_path: Path) -> None:
    files, console = pair().write(tmp_path), pair("console.example").write(tmp_path, "console")
    context = context_of(replace(files, client_ca=console.certificate))
    showing = client_context()
    showing.load_cert_chain(console.certificate, console.key)
    print_of_it = hashlib.sha256(ssl.PEM_cert_to_DER_cert(console.certificate.read_text())).hexdigest()
    with receiving(tls=lambda: context) as (world, _):
        for shown in (showing, client_context()):
            with smtplib.SMTP(*world.address, timeout=DEADLINE) as client:
                client.starttls(context=shown)
                client.sendmail("a@b.example", [RECIPIENT], b"x")
        with smtplib.SMTP_SSL(*world.tls_address, timeout=DEADLINE, context=showing) as client:
            client.sendmail("a@b.example", [RECIPIENT], b"x")
        shown_prints = [decode_envelope(mail.envelope).certificate for mail in world.journal.mails]
        assert shown_prints == [print_of_it, None, print_of_it]


def test_a_certificate_that_nobody_vouches_for_ends_the_handshake(tmp_path: Path) -> None:
    files, stranger = pair().write(tmp_path), pair("stranger.example").write(tmp_path, "stranger")
    context = context_of(replace(files, client_ca=pair("console.example").write(tmp_path, "console").certificate))
    showing = client_context()
    showing.load_cert_chain(stranger.certificate, stranger.key)
    with receiving(tls=lambda: context) as (world, receiver):
        with Client(world.address) as client:
            client.reply()
            client.say(b"STARTTLS")
            assert said_in_tls(client, showing) == ""
        until_nobody_is_inside(receiver)
        assert handshakes(receiver)["failed"] == 1


def said_in_tls(client: Client, context: ssl.SSLContext) -> str:
    """The answer to NOOP, none when there is no TLS: version 1.3 tells that with the first thing that is read."""
    try:
        client.secure(context)
        return client.say(b"NOOP")
    except (ssl.SSLError, ConnectionError):
        return ""


def shown_name(address: tuple[str, int]) -> bytes:
    with socket.create_connection(address, timeout=DEADLINE) as raw, client_context().wrap_socket(raw) as secured:
        return secured.getpeercert(binary_form=True) or b""


def test_the_next_handshake_shows_a_certificate_that_has_changed(tmp_path: Path) -> None:
    files = pair().write(tmp_path)
    certificate = Certificate(files)
    with receiving(tls=lambda: certificate.context) as (world, _), Client(world.address) as before:
        before.reply()
        before.say(b"STARTTLS")
        before.secure(client_context())
        first = shown_name(world.tls_address)
        pair("other.example").write(tmp_path)
        certificate.look(at_once=True)
        assert shown_name(world.tls_address) != first
        assert before.say(b"EHLO x").startswith("250")
        files.key.write_bytes(b"broken")
        certificate.look(at_once=True)
        assert shown_name(world.tls_address) == ssl.PEM_cert_to_DER_cert(pair("other.example").certificate.decode())


def test_a_client_that_does_not_read_its_last_word_is_cut_off_in_tls_too(tmp_path: Path) -> None:
    with securing(tmp_path) as (world, receiver), Client(world.tls_address) as client:
        client.secure(client_context())
        client.reply()
        world.clock.ahead_ns += 61 * 10**9
        assert client.reply().startswith("421 4.4.2")
        until_nobody_is_inside(receiver)
