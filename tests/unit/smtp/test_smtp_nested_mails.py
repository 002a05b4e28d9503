"""Mails in mails, signed ones, and those that nobody can read: what is read of them, and why nothing is."""

import base64

import pytest

from collector.domain.mail import MailLimit
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp.decode import decode
from receivers.smtp.mime import Limits
from tests.mail_kit import mail, parts, read, sections_of

ALERT = "From: sepm@console.example\nSubject: =?utf-8?q?Riesgo_=C3=BAnico?=\n\nRisk name: EICAR"
SEEN = "From: sepm@console.example\nSubject: Riesgo único\n\nRisk name: EICAR"

FORWARDED = [
    pytest.param(
        parts("mixed", "\nsee below", f"Content-Type: message/rfc822\n\n{ALERT}"), f"see below\n\n{SEEN}", id="attached"
    ),
    pytest.param(
        parts(
            "mixed",
            "\n \n",
            f'Content-Type: message/rfc822; name="a.eml"\nContent-Disposition: attachment; filename="a.eml"\n\n{ALERT}',
        ),
        SEEN,
        id="attached with a name, under an empty cover",
    ),
    pytest.param(
        parts("mixed", "\ncover", f"Content-Type: Message/RFC822\nContent-Disposition: inline\n\n{ALERT}"),
        f"cover\n\n{SEEN}",
        id="inline",
    ),
    pytest.param(mail(ALERT, "Subject: FW: s", "Content-Type: message/rfc822"), SEEN, id="the whole mail is one"),
    pytest.param(parts("mixed", f"Content-Type: message/global\n\n{ALERT}"), SEEN, id="an internationalised one, RFC 6532"),
    pytest.param(parts("digest", f"\n{ALERT}", f"\n{ALERT}"), f"{SEEN}\n\n{SEEN}", id="two in a digest"),
    pytest.param(
        parts("signed", f"Content-Type: message/rfc822\n\n{ALERT}", "Content-Type: application/pkcs7-signature\n\nAAAA"),
        SEEN,
        id="signed",
    ),
    pytest.param(
        parts(
            "mixed",
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(ALERT.replace("\n", "\r\n").encode()),
        ),
        SEEN,
        id="in base64, which RFC 2046 forbids",
    ),
    pytest.param(
        parts(
            "mixed",
            "Content-Type: message/rfc822\n\nSubject: Definições\nContent-Type: text/plain; charset=cp850\n\n".encode("cp850")
            + "não".encode("cp850"),
        ),
        "Subject: Definições\n\nnão",
        id="with a raw header in its own charset",
    ),
    pytest.param(
        mail("Ver abajo.\n\n-----Mensaje original-----\nDe: sepm\nAsunto: Riesgo único\n\n> Risk name: EICAR", "Subject: RV: s"),
        "Ver abajo.\n\n-----Mensaje original-----\nDe: sepm\nAsunto: Riesgo único\n\n> Risk name: EICAR",
        id="as text, as many programs do",
    ),
]


@pytest.mark.parametrize(("raw", "text"), FORWARDED)
def test_a_forwarded_mail_is_read_with_its_sender_and_subject(raw: bytes, text: str) -> None:
    found = read(raw)
    assert found.text == text
    assert not found.partial


def forwarded(levels: int) -> bytes:
    """A mail in as many others, each with a cover."""
    inner = b"Subject: inmost\r\n\r\nthe alert"
    for level in range(levels, 0, -1):
        body = sections_of(f"b{level}", f"\ncover {level}", b"Content-Type: message/rfc822\r\n\r\n" + inner)
        inner = f'Subject: s{level}\r\nContent-Type: multipart/mixed; boundary="b{level}"\r\n\r\n'.encode() + body
    return inner


def test_five_mails_in_each_other_are_read() -> None:
    found = read(forwarded(5))
    assert found.text.endswith("cover 5\n\nSubject: inmost\n\nthe alert")
    assert (found.subject, found.limits, found.attachments) == ("s1", (), ())


def test_the_sixth_is_listed_and_the_mail_says_that_it_is_read_in_part() -> None:
    found = read(forwarded(6))
    assert "the alert" not in found.text
    assert found.text.endswith("cover 6")
    assert found.limits == (MailLimit.FORWARDS,)
    assert [one.content_type for one in found.attachments] == ["message/rfc822"]


def test_parts_and_headers_are_counted_through_all_mails_in_a_mail() -> None:
    """Each level has two parts and about 60 octets of header, so that no level alone comes near these limits."""
    assert read(forwarded(5), Limits(parts=20, header_octets=1_000)).limits == ()
    found = read(forwarded(5), Limits(parts=6, header_octets=1_000))
    assert found.limits == (MailLimit.PARTS,)
    assert found.text.startswith("cover 1\n\nSubject: s2\n\ncover 2")
    assert read(forwarded(5), Limits(parts=20, header_octets=250)).limits == (MailLimit.HEADER,)


def test_what_a_forwarded_mail_brings_along_is_listed_with_what_the_outer_one_does() -> None:
    inner = sections_of("i", "\ninner", 'Content-Type: image/png; name="logo.png"\n\nPNG')
    raw = parts(
        "mixed",
        "\ncover",
        b'Content-Type: message/rfc822\r\n\r\nSubject: i\r\nContent-Type: multipart/mixed; boundary="i"\r\n\r\n' + inner,
        'Content-Type: application/pdf; name="a.pdf"\n\nPDF',
    )
    found = read(raw)
    assert [one.name for one in found.attachments] == ["logo.png", "a.pdf"]
    assert found.text == "cover\n\nSubject: i\n\ninner"


def test_a_forwarded_mail_says_nothing_of_who_sent_the_outer_one() -> None:
    """Neither its sender nor its marks of an answer are the outer mail's."""
    inner = "From: x@x.example\nMessage-ID: <1@x.example>\nAuto-Submitted: auto-replied\nX-Collector-Loop: s\n\nrow"
    found = read(parts("mixed", f"Content-Type: message/rfc822\n\n{inner}"))
    assert (found.header_from, found.message_id) == ("sepm@console.example", "")
    assert (found.auto_submitted, found.loop_header) == ("", False)


SIGNATURE = 'Content-Type: application/pkcs7-signature; name="smime.p7s"\n\nAAAA'


def test_a_signed_mail_is_read_and_its_signature_is_an_attachment_that_proves_nothing() -> None:
    found = read(parts("signed", "\nsigned words", SIGNATURE))
    assert found.text == "signed words"
    assert [(one.name, one.content_type) for one in found.attachments] == [("smime.p7s", "application/pkcs7-signature")]


def test_a_signed_mail_with_parts_of_its_own_is_read() -> None:
    inner = b'Content-Type: multipart/alternative; boundary="i"\r\n\r\n' + sections_of(
        "i", "\nplain", "Content-Type: text/html\n\n<p>rich"
    )
    assert read(parts("signed", inner, SIGNATURE)).text == "plain"


def test_a_mail_signed_by_pgp_in_clear_is_text() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nrow\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----"
    )
    assert read(mail(text, "Subject: s")).text == text


def cms(identifier: str) -> str:
    """The beginning of a CMS object of a content type, in base64."""
    return base64.b64encode(bytes.fromhex(f"3080{identifier}a0800201")).decode()


SIGNED, ENVELOPED = "06092a864886f70d010702", "06092a864886f70d010703"
BASE64 = "Content-Transfer-Encoding: base64"
SMIME = "Content-Type: application/pkcs7-mime; name=smime.p7m"
PGP = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"

HIDDEN = [
    pytest.param(mail(cms(ENVELOPED), SMIME, BASE64), Reason.ENCRYPTED, "application/pkcs7-mime enveloped-data", id="S/MIME"),
    pytest.param(
        mail(cms("060b2a864886f70d0109100117"), SMIME, BASE64),
        Reason.ENCRYPTED,
        "application/pkcs7-mime authEnveloped-data",
        id="S/MIME with authentication",
    ),
    pytest.param(
        mail(cms(SIGNED), f"{SMIME}; smime-type=enveloped-data", BASE64),
        Reason.OPAQUE_SIGNATURE,
        "application/pkcs7-mime signed-data",
        id="wrapped in a signature, whatever it says",
    ),
    pytest.param(
        mail(cms("060b2a864886f70d0109100109"), SMIME, BASE64),
        Reason.OPAQUE_SIGNATURE,
        "application/pkcs7-mime compressed-data",
        id="compressed by S/MIME",
    ),
    pytest.param(
        mail("AAAA", f"{SMIME}; smime-type=Enveloped-Data", BASE64),
        Reason.ENCRYPTED,
        "application/pkcs7-mime enveloped-data",
        id="broken, but it says what it is",
    ),
    pytest.param(
        mail(cms(SIGNED), "Content-Type: application/octet-stream; name=SMIME.P7M", BASE64),
        Reason.OPAQUE_SIGNATURE,
        "application/octet-stream signed-data",
        id="known by its name",
    ),
    pytest.param(mail("AAAA", SMIME), Reason.NO_TEXT, "application/pkcs7-mime", id="S/MIME of nobody knows what"),
    pytest.param(
        parts(
            "encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream\n\nx"
        ),
        Reason.ENCRYPTED,
        "application/pgp-encrypted",
        id="PGP/MIME",
    ),
    pytest.param(mail(PGP, "Subject: s"), Reason.ENCRYPTED, "PGP MESSAGE", id="PGP as text"),
    pytest.param(
        parts("mixed", "\n", f"Content-Type: message/rfc822\n\nSubject: inner\n{SMIME}\n{BASE64}\n\n{cms(ENVELOPED)}"),
        Reason.ENCRYPTED,
        "application/pkcs7-mime enveloped-data",
        id="forwarded",
    ),
]


@pytest.mark.parametrize(("raw", "reason", "detail"), HIDDEN)
def test_a_mail_that_nobody_can_read_is_undecodable_with_the_reason(raw: bytes, reason: Reason, detail: str) -> None:
    assert decode(raw) == NotDecoded(Outcome.UNDECODABLE, reason, detail)


def test_beside_words_what_is_hidden_is_an_attachment() -> None:
    found = read(parts("mixed", "\nRisk found", f"{SMIME}\n{BASE64}\n\n{cms(ENVELOPED)}"))
    assert found.text == "Risk found"
    assert [one.name for one in found.attachments] == ["smime.p7m"]


def test_several_limits_are_named_in_one_order() -> None:
    """However they were met: here the text is cut last."""
    assert read(forwarded(6), Limits(text=10)).limits == (MailLimit.TEXT, MailLimit.FORWARDS)
