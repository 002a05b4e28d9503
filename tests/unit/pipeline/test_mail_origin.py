"""What proves from whom a mail is: only a login or a trusted relay's own findings, only for the source that they are about."""

from ipaddress import ip_network

import pytest

from collector.domain.item import Envelope
from collector.domain.registry import Source
from collector.pipeline.mail_head import FIELD_OCTETS
from collector.pipeline.mail_origin import MailOrigin, MailOrigins, Verified
from tests.builders import a_source
from tests.work import calls_of

RELAY, STRANGER = "203.0.113.9", "198.51.100.1"
ACME, BETA, TRAPS = a_source(1, mailbox="acme", snmp=None), a_source(2, mailbox="beta", snmp=None), a_source(3, mailbox=None)
ORIGINS = MailOrigins(
    [ip_network("203.0.113.0/24")],
    authserv_ids=["MX.example.org", "mx2.example.org"],
    domains={"acme": ("acme.example", "acme-alarms.example"), "beta": ("beta.example",)},
)
RECEIVED = (
    "Received: from sepm (unknown [192.0.2.44]) by mx.example.org (Postfix) with ESMTP id 1; Tue, 17 Mar 2026 09:00:00 -0300"
)
PASS = "Authentication-Results: mx.example.org; dkim=pass header.d=acme.example"
FAIL = "Authentication-Results: mx.example.org; dkim=fail header.d=acme.example"
FROM = "From: SEPM <sepm@acme.example>"


def mail(*fields: str) -> bytes:
    return "".join(f"{field}\r\n" for field in (*fields, "", "body")).encode("latin-1")


def origin(*fields: str, peer: str = RELAY, mail_from: str = "sepm@acme.example", login: str | None = None) -> MailOrigin:
    return ORIGINS.of(peer, Envelope(mail_from, ("acme@example.org", "beta@example.org"), "helo", login=login), mail(*fields))


def proven_by(found: MailOrigin, source: Source = ACME) -> list[str]:
    return list(ORIGINS.proofs(found, source))


def results(said: str) -> str:
    return f"Authentication-Results: mx.example.org; {said}"


@pytest.mark.parametrize(
    ("said", "methods"),
    [
        pytest.param("dkim=pass header.d=acme.example", ["dkim"], id="DKIM"),
        pytest.param("dkim=pass header.d=mail.acme.example", ["dkim"], id="DKIM below the domain"),
        pytest.param("dkim=pass header.i=@acme.example", ["dkim"], id="DKIM by its identity"),
        pytest.param("spf=pass smtp.mailfrom=sepm@acme.example", ["spf"], id="SPF"),
        pytest.param("spf=pass smtp.mailfrom=acme.example", ["spf"], id="SPF, the domain alone"),
        pytest.param("dmarc=pass header.from=acme.example", ["dmarc"], id="DMARC"),
        pytest.param("dkim=fail header.d=evil.example; dmarc=pass header.from=acme.example", ["dmarc"], id="one of several"),
        pytest.param("dkim=pass header.d=evil.example", [], id="DKIM of another domain"),
        pytest.param("dkim=pass header.d=evil.example header.i=@acme.example", [], id="the signer's domain counts"),
        pytest.param("dkim=pass header.d=notacme.example", [], id="a domain that ends alike"),
        pytest.param("dkim=pass header.d=example", [], id="a domain above"),
        pytest.param("dkim=pass header.d=acme.example.", [], id="a domain with a dot behind it"),
        pytest.param("dkim=pass", [], id="DKIM of nobody"),
        pytest.param("dkim=fail header.d=acme.example", [], id="failed"),
        pytest.param("dkim=passed header.d=acme.example", [], id="no result"),
        pytest.param("spf=softfail smtp.mailfrom=acme.example", [], id="softfail"),
        pytest.param("spf=pass smtp.helo=acme.example", [], id="SPF of the HELO"),
        pytest.param("spf=pass smtp.mailfrom=other.acme.example", [], id="SPF of another MAIL FROM"),
        pytest.param('spf=pass smtp.mailfrom="sepm@acme.example"@evil.example', [], id="an address in a local part"),
        pytest.param("dmarc=pass header.from=mail.acme.example", [], id="DMARC of another From"),
        pytest.param("auth=pass smtp.auth=acme.example", [], id="a method that we do not know"),
        pytest.param("dkim=pass header.d==?us-ascii?q?acme.example?=", [], id="an encoded word"),
        pytest.param("dkim=pass (header.d=acme.example)", [], id="a comment"),
        pytest.param('spf=fail reason="; dkim=pass header.d=acme.example"', [], id="a quoted string"),
        pytest.param("none", [], id="nothing"),
    ],
)
def test_what_counts_for_a_source(said: str, methods: list[str]) -> None:
    found = origin(RECEIVED, results(said), FROM)
    assert (found.verified, proven_by(found)) == (Verified.READ, methods)
    assert proven_by(found, BETA) == proven_by(found, TRAPS) == []


@pytest.mark.parametrize(
    ("shown", "mail_from", "counts"),
    [
        pytest.param("From: a@acme.example", "x@bounces.example", True, id="From is aligned"),
        pytest.param("From: a@evil.example", "x@acme.example", True, id="MAIL FROM is aligned"),
        pytest.param("From: a@mail.acme.example", "", True, id="below the domain"),
        pytest.param("From: a@evil.example", "x@bounces.example", False, id="neither is aligned"),
        pytest.param("From: a@acme-alarms.example", "", False, id="another domain of the source"),
        pytest.param("From: a@acme.example, b@evil.example", "", False, id="two addresses"),
        pytest.param("From: a@acme.example\r\nFrom: b@evil.example", "", False, id="From twice"),
        pytest.param("X: 1", "", False, id="no From"),
    ],
)
def test_a_signature_counts_on_a_mail_in_the_name_of_its_domain(shown: str, mail_from: str, counts: bool) -> None:
    assert proven_by(origin(RECEIVED, PASS, shown, mail_from=mail_from)) == (["dkim"] if counts else [])


@pytest.mark.parametrize(
    ("fields", "verified"),
    [
        pytest.param((FAIL, RECEIVED, PASS), Verified.READ, id="below, by the sender"),
        pytest.param((RECEIVED, FAIL, *[PASS] * 10_000), Verified.READ, id="below, very often"),
        pytest.param(("Authentication-Results: mx.example.org; dkim=pass (", PASS), Verified.NOT_UNDERSTOOD, id="ours is broken"),
        pytest.param((f"Authentication-Results: {'x' * FIELD_OCTETS}", PASS), Verified.NOT_UNDERSTOOD, id="one that is too long"),
        pytest.param(
            ("Authentication-Results: mx.example.org; a=b\r\tc", PASS), Verified.NOT_UNDERSTOOD, id="one with a bare CR"
        ),
        pytest.param(
            ("Authentication-Results: evil.example; dkim=pass header.d=acme.example",), Verified.NOT_FOUND, id="another's"
        ),
        pytest.param(
            ("Authentication-Results: mx.example.org.evil.example; dkim=pass header.d=acme.example",),
            Verified.NOT_FOUND,
            id="a name that begins alike",
        ),
        pytest.param((f"X: 1\r{PASS}", f"Y: 1\n{PASS}"), Verified.NOT_FOUND, id="behind a bare CR or LF"),
        pytest.param((PASS.replace(":", " :", 1),), Verified.NOT_FOUND, id="a blank before the colon"),
        pytest.param((f"X-{PASS}", f"Original-{PASS}"), Verified.NOT_FOUND, id="in another name"),
        pytest.param(("X: 1", "", PASS), Verified.NOT_FOUND, id="in the body"),
        pytest.param(
            ("Authentication-Results: =?utf-8?q?mx.example.org?=; dkim=pass header.d=acme.example",), Verified.NOT_FOUND
        ),
        pytest.param(("Authentication-Results: (mx.example.org;) evil; dkim=pass header.d=acme.example",), Verified.NOT_FOUND),
    ],
)
def test_only_the_topmost_field_of_a_configured_name_counts(fields: tuple[str, ...], verified: Verified) -> None:
    found = origin(RECEIVED, FROM, *fields)
    assert (found.verified, proven_by(found)) == (verified, [])


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("authentication-RESULTS: MX.Example.ORG 1;\r\n\tdkim=pass\r\n header.d=acme.example", id="folded"),
        pytest.param('Authentication-Results: "mx2.example.org"; dkim=pass header.d=acme.example', id="quoted, the other name"),
        pytest.param(f"Authentication-Results: filter.example; dkim=fail\r\n{PASS}", id="below that of another filter"),
    ],
)
def test_how_it_is_written_does_not_matter(field: str) -> None:
    assert proven_by(origin(field, RECEIVED, FROM)) == ["dkim"]


def test_nobody_but_a_trusted_relay_is_believed() -> None:
    found = origin(RECEIVED, PASS, FROM, peer=STRANGER)
    assert (found.address, found.relayed, found.verified) == (STRANGER, False, Verified.NO_TRUSTED_RELAY)
    assert proven_by(found) == []


def test_without_names_of_relays_or_domains_of_sources_nothing_counts() -> None:
    envelope = Envelope("sepm@acme.example", ("acme@example.org",), "helo")
    for origins in (
        MailOrigins([ip_network("203.0.113.0/24")], domains={"acme": ("acme.example",)}),
        MailOrigins([ip_network("203.0.113.0/24")], authserv_ids=["mx.example.org"]),
    ):
        assert list(origins.proofs(origins.of(RELAY, envelope, mail(RECEIVED, PASS, FROM)), ACME)) == []


def test_only_the_relay_s_own_line_tells_whom_it_had_the_mail_from() -> None:
    forged = RECEIVED.replace("192.0.2.44", "192.0.2.99")
    assert origin(RECEIVED, forged, FROM).address == "192.0.2.44"
    for unreadable in ("Received: by mx.example.org (Postfix)", f"Received: {'x' * FIELD_OCTETS}", "Received: a\rb"):
        assert origin(unreadable, forged, FROM).address == RELAY
    assert origin(f"X: 1\n{forged}", RECEIVED).address == "192.0.2.44"
    assert origin(FROM).address == RELAY


def test_a_login_is_of_one_source() -> None:
    found = origin(FROM, peer=STRANGER, login="ACME")
    assert (proven_by(found), proven_by(found, BETA), proven_by(found, TRAPS)) == (["login"], [], [])
    assert [proven_by(origin(FROM, login=name)) for name in ("", "acme@example.org", "acme+x", "ac", "beta")] == [[]] * 5


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("Authentication-Results: mx.example.org; dkim=fail", id="of the relay"),
        pytest.param("Authentication-Results: evil.example; dkim=pass", id="of others"),
        pytest.param("A: b", id="of no matter"),
    ],
)
def test_ten_times_the_fields_cost_at_most_ten_times_the_work(field: str) -> None:
    few, many = [field] * 300, [field] * 3_000
    assert calls_of(lambda: origin(RECEIVED, *many)) <= 10 * calls_of(lambda: origin(RECEIVED, *few))
