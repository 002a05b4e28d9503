"""TLS on the mail intake of the whole program: settings, a certificate that is renewed while it runs, files that are no good."""

import os
import signal
import smtplib
import socket
import ssl
from pathlib import Path

import pytest

from receivers.smtp.certificate import TlsFiles
from tests.acceptance.conftest import Install
from tests.acceptance.harness import MAILBOX, Running, free_port, until
from tests.smtp_tls_kit import Pair, client_context, pair

MAIL = b"Subject: Risk found\r\n\r\nbody-of-a-mail\r\n"
WRONG_CONFIGURATION = 78


def in_tls(install: Install, files: TlsFiles, port: int) -> Running:
    return install(
        environment={
            "COLLECTOR__SMTP__TLS_CERTIFICATE": str(files.certificate),
            "COLLECTOR__SMTP__TLS_KEY": str(files.key),
            "COLLECTOR__SMTP__LISTEN_TLS": f"127.0.0.1:{port}",
        }
    )


def replace(files: TlsFiles, new: Pair) -> None:
    for path, octets in ((files.key, new.key), (files.certificate, new.certificate)):
        path.with_suffix(".new").write_bytes(octets)
        path.with_suffix(".new").rename(path)


def shows(port: int, expected: Pair) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw, client_context().wrap_socket(raw) as secured:
        return secured.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(expected.certificate.decode())


@pytest.mark.full
def test_mails_come_in_tls_and_a_renewed_certificate_is_shown_without_a_restart(install: Install, tmp_path: Path) -> None:
    files, port = pair().write(tmp_path), free_port()
    running = in_tls(install, files, port).start()
    with smtplib.SMTP(*running.smtp, timeout=20) as client:
        client.starttls(context=client_context())
        client.sendmail("a@b.example", [MAILBOX], MAIL)
    with smtplib.SMTP_SSL("127.0.0.1", port, timeout=20, context=client_context()) as client:
        client.sendmail("a@b.example", [MAILBOX], MAIL + b"2\r\n")
    assert running.metric("collector_smtp_tls_handshakes_total", result="done") == 2
    assert running.metric("collector_smtp_certificate_good") == 1
    roles = running.roles()
    renewed = pair("renewed.example")
    replace(files, renewed)
    until(lambda: shows(port, renewed), "the renewed certificate is shown")
    files.certificate.write_bytes(b"half")
    os.kill(running.supervisor.pid, signal.SIGHUP)
    until(lambda: running.metric("collector_smtp_certificate_good") == 0, "the broken one was looked at")
    assert shows(port, renewed)
    assert f"[smtp] tls_certificate: {files.certificate} holds no certificate in PEM" in running.log()
    assert running.roles() == roles
    assert sum(running.settled().values()) == 2
    running.stop()


def test_a_certificate_that_is_no_good_stops_the_start_and_is_named(install: Install, tmp_path: Path) -> None:
    files = pair().write(tmp_path)
    files.key.write_bytes(pair("other.example").key)
    running = in_tls(install, files, free_port())
    told = f"[smtp] tls_key: {files.key} is not the key of {files.certificate}"
    checked = running.command("check-config", check=False)
    assert (checked.returncode, told in checked.stderr) == (WRONG_CONFIGURATION, True)
    assert running.launch().wait(timeout=40) == WRONG_CONFIGURATION
    assert told in running.log()
