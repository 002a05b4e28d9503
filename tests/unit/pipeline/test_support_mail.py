"""A mail to a support mailbox: which case it makes, what it says, which thread it belongs to, and what nobody wrote."""

from typing import Any

import pytest

from collector.domain.mail import Attachment, Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import CaseKind, Classified, Signal, SignalType
from collector.pipeline.support_mail import classify_support_mail, thread_key, title_of
from rules.text import MAX_KEY_PART, MAX_SUMMARY, MAX_TITLE, MAX_VALUE

SENDER = "ana@acme.example"


def written(subject: str = "No abre la consola", text: str = "Hola.", **parts: Any) -> Mail:
    return Mail(subject, text, **{"message_id": "<1@acme.example>", "header_from": f"Ana Núñez <{SENDER}>", **parts})


def classified(mail: Mail, mail_from: str = SENDER) -> Classified:
    return classify_support_mail(mail, mail_from)


def signal_of(mail: Mail) -> Signal:
    found = classified(mail)
    assert (found.outcome, found.reason, found.signal is not None) == (Outcome.CASE, Reason.NONE, True)
    assert found.signal is not None
    return found.signal


def test_it_raises_a_severity_case_that_level_1_looks_at_and_never_a_threat() -> None:
    signal = signal_of(written("VIRUS! ransomware en todos los servidores", "Threat incident: infected"))
    assert (signal.type, signal.kind, signal.needs_triage) == (SignalType.RAISE, CaseKind.SEVERITY_CASE, True)
    assert (signal.severity, signal.review_for_severity_1, signal.contained) == (None, False, False)
    assert (signal.quiet_close, signal.host, signal.source_severity) == (None, None, None)


@pytest.mark.parametrize(
    ("said", "severity", "review", "word"),
    [
        pytest.param("Nivel 1", 2, True, "1", id="1 opens 2, to be reviewed at once"),
        pytest.param("Nivel 2", 2, False, "2", id="2"),
        pytest.param("Severity 3", 3, False, "3", id="3"),
        pytest.param("Prioridade: 4", 4, False, "4", id="4"),
        pytest.param("Prioridad: urgente", None, False, "urgente", id="another word is only data"),
        pytest.param("", None, False, None, id="nothing said: nobody's severity until somebody looks"),
    ],
)
def test_the_priority_that_the_sender_gives(said: str, severity: int | None, review: bool, word: str | None) -> None:
    signal = signal_of(written(text=f"Hola.\n{said}\n"))
    assert (signal.severity, signal.review_for_severity_1, signal.source_severity) == (severity, review, word)


def test_what_the_mail_says_is_in_its_fields_and_what_it_does_not_say_is_not() -> None:
    assert classified(written()).fields == {
        "title": "No abre la consola",
        "sender_name": "Ana Núñez",
        "sender_address": SENDER,
        "description": "Hola.",
    }
    full = classified(written(text="Producto: SEP\nVersión: 14.3\nSistema operativo: Linux\nTel: 5\nNivel: 3\nDetalle: No abre"))
    assert full.fields.items() >= {
        ("product", "SEP"),
        ("product_version", "14.3"),
        ("os", "Linux"),
        ("phone", "5"),
        ("priority", "3"),
        ("description", "No abre"),
    }
    assert full.signal is not None
    assert full.signal.summary.es == (
        f"Ana Núñez <{SENDER}> escribió al buzón de soporte. Producto: SEP 14.3. Sistema operativo: Linux."
        " Prioridad según el correo: 3. No abre"
    )
    assert full.signal.summary.en == (
        f"Ana Núñez <{SENDER}> wrote to the support mailbox. Product: SEP 14.3. Operating system: Linux. Priority by the mail: 3."
        " No abre"
    )


@pytest.mark.parametrize(
    ("header", "name", "address"),
    [
        pytest.param("ana@acme.example", None, "ana@acme.example", id="an address alone"),
        pytest.param('"Núñez, Ana" <ana@acme.example>', "Núñez, Ana", "ana@acme.example", id="a quoted name"),
        pytest.param('"boss@acme.example" <x@evil.example>', "boss@acme.example", "x@evil.example", id="a name like an address"),
        pytest.param("Ana", "Ana", None, id="a name alone"),
        pytest.param("", None, None, id="nothing"),
        pytest.param("(" * 1_000, "(" * 254, None, id="parentheses without end"),
    ],
)
def test_the_sender_is_whom_the_header_names(header: str, name: str | None, address: str | None) -> None:
    fields = classified(written(header_from=header)).fields
    assert (fields.get("sender_name"), fields.get("sender_address")) == (name, address)


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        pytest.param("Consulta", "Consulta", id="plain"),
        pytest.param("Re: RV: Fwd: RES: ENC: Consulta", "Consulta", id="marks of several programs"),
        pytest.param("RE[2]: Tr : Consulta", "Consulta", id="a counted one, one with a blank"),
        pytest.param("Reinicio: falla", "Reinicio: falla", id="a word that begins so"),
        pytest.param("Re:", "", id="nothing but a mark"),
        pytest.param("a\n\tb\x00c", "a b\N{REPLACEMENT CHARACTER}c", id="controls"),
        pytest.param("x" * 999, "x" * MAX_TITLE, id="long"),
    ],
)
def test_the_title_is_the_subject_without_marks_of_replies(subject: str, title: str) -> None:
    assert title_of(subject) == title


def test_a_mail_without_a_subject_says_so_in_both_languages() -> None:
    title = signal_of(written("RE: ")).title
    assert (title.es, title.en) == ("(sin asunto)", "(no subject)")


def test_a_thread_is_known_by_its_first_mail() -> None:
    first = thread_key(written())
    assert first == "v1:people:thread:<1@acme.example>"
    for references in (("<1@acme.example>",), ("<1@acme.example>", "<2@acme.example>")):
        assert thread_key(written(message_id="<3@acme.example>", references=references)) == first
    assert thread_key(written(message_id="<3@acme.example>")) != first


def test_a_mail_without_an_id_is_known_by_what_it_says() -> None:
    nameless = written(message_id="", body_sha256="00")
    assert thread_key(nameless) == thread_key(written(message_id="", body_sha256="00"))
    others = (written(message_id="", body_sha256="01"), written("Otra", message_id="", body_sha256="00"), written())
    assert len({thread_key(one) for one in (nameless, *others)}) == 4


def test_no_id_of_a_stranger_imitates_another_key() -> None:
    assert thread_key(written(message_id="<a:b%@x>")) == "v1:people:thread:<a%3Ab%25@x>"
    assert len(thread_key(written(message_id=f"<{'a' * 998}>"))) <= len("v1:people:thread:") + MAX_KEY_PART


@pytest.mark.parametrize(
    ("mail", "mail_from", "reason"),
    [
        pytest.param(written("Automatic reply: x"), SENDER, Reason.AUTO_REPLY, id="said in the subject alone"),
        pytest.param(written("Respuesta automática: x"), SENDER, Reason.AUTO_REPLY, id="in Spanish"),
        pytest.param(written("Réponse automatique : x"), SENDER, Reason.AUTO_REPLY, id="in French"),
        pytest.param(
            written(auto_submitted="auto-generated", references=("<2@x>",)), SENDER, Reason.AUTO_REPLY, id="generated, an answer"
        ),
        pytest.param(written(auto_submitted="auto-generated"), "", Reason.AUTO_REPLY, id="generated, without a sender"),
        pytest.param(written("Undelivered Mail"), "", Reason.BOUNCE, id="without a sender"),
    ],
)
def test_what_nobody_wrote_opens_nothing(mail: Mail, mail_from: str, reason: Reason) -> None:
    found = classified(mail, mail_from)
    assert (found.outcome, found.reason, found.signal, found.fields) == (Outcome.LOOP, reason, None, {})


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(written(auto_submitted="no", references=("<2@x>",)), id="said to be by hand"),
        pytest.param(written("RE: Automatic reply: x"), id="an answer to an automatic one"),
        pytest.param(written(auto_submitted="auto-generated"), id="a console that mails to the wrong mailbox"),
    ],
)
def test_what_only_looks_automatic_opens_a_case(mail: Mail) -> None:
    assert classified(mail).outcome is Outcome.CASE


def test_attachments_are_listed_and_suspicious_ones_are_named_with_their_reasons() -> None:
    attachments = (
        Attachment("logs.zip", "application/zip", 10, "aa"),
        Attachment("factura.pdf.exe", "application/octet-stream", 20, "bb"),
        Attachment("", "image/png", 30, "cc"),
    )
    found = classified(written(attachments=attachments))
    assert found.fields["attachments"].split("\n") == [
        "logs.zip (application/zip, 10)",
        "factura.pdf.exe (application/octet-stream, 20)",
        "- (image/png, 30)",
    ]
    suspicious = "factura.pdf.exe (application/octet-stream, 20): executable, double_extension; SHA-256 bb"
    assert found.fields["suspicious_attachments"] == suspicious
    assert found.signal is not None
    assert "Adjuntos: 3, sospechosos: 1." in found.signal.summary.es
    assert "Attachments: 3, suspicious: 1." in found.signal.summary.en
    spoken = classified(written(text="La clave es infected", attachments=attachments[:1]))
    assert spoken.fields["suspicious_attachments"] == "logs.zip (application/zip, 10): password; SHA-256 aa"


def test_whatever_the_size_nothing_grows_beyond_its_room() -> None:
    many = tuple(Attachment("\n" + "x" * 254 + ".exe", "a/b", 1, "dd") for _ in range(100))
    huge = "\ufdfaÑ: 1\n" * 100_000
    found = classified(written(huge[:900], huge, header_from=huge[:900], attachments=many))
    assert max(len(value) for value in found.fields.values()) <= MAX_VALUE
    assert found.signal is not None
    assert len(found.signal.summary.es) <= MAX_SUMMARY
    assert found.fields["attachments"].count("\n") <= 20
