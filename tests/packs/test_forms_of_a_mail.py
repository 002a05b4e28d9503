"""The facts of one risk mail in the forms that consoles, relays and people send: the notification is the same."""

import base64
import html
import quopri

import pytest

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import Classified
from receivers.smtp.decode import decode
from rules.loader import builtin_packs_path, load_packs
from tests import tnef_kit as kit
from tests.mail_kit import mail, parts

RULESET = load_packs(builtin_packs_path()).ruleset
FACTS = {
    "Nombre del riesgo": "Trojan.Gen.MBT",
    "Nombre del equipo": "SRV-ARCH-02",
    "Usuario": "Peña, José",
    "Ruta de archivo": "C:\\Users\\jpeña\\Descargas\\factura=«marzo».exe",
    "Descripción": "Se encontró un riesgo durante un análisis programado; el equipo necesita atención",
    "Acción realizada": "Left alone",
}
SUBJECT = "Subject: =?utf-8?q?Evento_de_riesgo_=C3=BAnico?="
PLAIN = "\n".join(f"{label}: {value}" for label, value in FACTS.items())
ROWS = "".join(f"<tr><td><b>{label}:</b></td><td>{html.escape(value)}</td></tr>" for label, value in FACTS.items())
TABLE = f"<html><head><style>td {{}}</style></head><body><table>{ROWS}</table></body></html>"


def flowed() -> str:
    """Lines broken behind a blank where they get long, as a mail program does."""
    lines = []
    for line in PLAIN.split("\n"):
        while len(line) > 60 and " " in line[:60]:
            at = line[:60].rindex(" ") + 1
            lines.append(line[:at])
            line = line[at:]
        lines.append(line)
    return "\n".join(lines)


def rtf(text: str) -> bytes:
    """As Outlook writes it: what is no ASCII by the code page's octets."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\par\r\n")
    return b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}" + b"".join(
        bytes((octet,)) if octet < 128 else b"\\'%02x" % octet for octet in escaped.encode("cp1252")
    )


def winmail(stream: bytes) -> bytes:
    fields = ("Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64")
    return mail(base64.encodebytes(stream), SUBJECT, *fields)


def forwarded(inner: bytes) -> bytes:
    return parts("mixed", "\nPor favor revisar.", b"Content-Type: message/rfc822\r\n\r\n" + inner)


STRAIGHT = mail(PLAIN, SUBJECT, "Content-Type: text/plain; charset=utf-8")
TABLED = mail(TABLE, SUBJECT, "Content-Type: text/html; charset=utf-8")
CP1252 = mail(
    quopri.encodestring(PLAIN.replace("\n", "\r\n").encode("cp1252")),
    SUBJECT,
    "Content-Type: text/plain; charset=windows-1252",
    "Content-Transfer-Encoding: quoted-printable",
)
FORMS = [
    pytest.param(TABLED, id="an HTML table"),
    pytest.param(CP1252, id="quoted-printable Windows-1252"),
    pytest.param(winmail(kit.message(kit.text(PLAIN.replace("\n", "\r\n")))), id="TNEF with plain text"),
    pytest.param(winmail(kit.message(*kit.html(TABLE.encode()))), id="TNEF with HTML"),
    pytest.param(winmail(kit.message(kit.rtf(rtf(PLAIN)))), id="TNEF with RTF"),
    pytest.param(forwarded(STRAIGHT), id="forwarded as attachment"),
    pytest.param(forwarded(forwarded(TABLED)), id="a table, forwarded twice"),
    pytest.param(forwarded(winmail(kit.message(kit.rtf(rtf(PLAIN))))), id="TNEF, forwarded"),
    pytest.param(mail(flowed(), SUBJECT, "Content-Type: text/plain; charset=utf-8; format=flowed"), id="flowed"),
    pytest.param(mail(TABLE, SUBJECT, charset="cp1252"), id="an HTML table without any type"),
    pytest.param(parts("signed", CP1252.partition(b"\r\n")[2], "Content-Type: application/pkcs7-signature\n\nAAAA"), id="signed"),
]


def answers(raw: bytes) -> list[Classified]:
    found = decode(raw)
    assert isinstance(found, Mail), found
    return RULESET.classify_mail(found, source="sepm-1", products=("symantec-sepm",))


def test_the_facts_are_read_and_open_a_case() -> None:
    (answer,) = answers(STRAIGHT)
    assert (answer.notification, answer.fields["risk"], answer.fields["host"]) == ("risk", "Trojan.Gen.MBT", "SRV-ARCH-02")
    assert (answer.fields["user"], answer.fields["path"]) == (FACTS["Usuario"], FACTS["Ruta de archivo"])
    assert (answer.fields["description"], answer.fields["action_class"]) == (FACTS["Descripción"], "unresolved")
    assert answer.signal is not None


@pytest.mark.parametrize("raw", FORMS)
def test_the_same_facts_give_the_same_notification_in_every_form(raw: bytes) -> None:
    (expected,), (answer,) = answers(STRAIGHT), answers(raw)
    assert answer.notification == expected.notification
    assert answer.fields == expected.fields
    assert answer.rule == expected.rule
    assert answer.signal is not None
    assert expected.signal is not None
    assert answer.signal.key == expected.signal.key


def test_a_mail_that_was_not_read_to_its_end_opens_its_case_and_says_that_rows_may_be_missing() -> None:
    many = parts("mixed", f"\n{PLAIN}", *["\nmore"] * 200)
    first, last = answers(many)
    assert first.fields["risk"] == "Trojan.Gen.MBT"
    assert first.signal is not None
    assert (last.outcome, last.reason) == (Outcome.UNMATCHED, Reason.RULE_FAILED)
    assert "rows may be missing" in last.detail
