"""Whom a relay had a mail from, by its own `Received` line, in the forms of the relays that are in use; and what clients write
into their names to have another address found there."""

import pytest

from collector.pipeline.mail_head import FIELD_OCTETS, HEADER_OCTETS, fields_of
from collector.pipeline.received_field import peer_in

DATE = "Tue, 17 Mar 2026 09:00:00 -0300"
POSTFIX = "by mx.example.org (Postfix) with ESMTP id 4Fq1 for <acme@example.org>; " + DATE + " (-03)"
REAL = "203.0.113.5"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        pytest.param(f"from sepm.local (unknown [192.0.2.44]) {POSTFIX}", "192.0.2.44", id="Postfix, no name"),
        pytest.param(f"from sepm (sepm.acme.example [192.0.2.44]) {POSTFIX}", "192.0.2.44", id="Postfix"),
        pytest.param(f"from sepm (sepm.acme.example [IPv6:2001:db8::1]) {POSTFIX}", "2001:db8::1", id="Postfix, IPv6"),
        pytest.param(
            "from sepm (sepm.acme.example [192.0.2.44]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
            " key-exchange X25519) (No client certificate requested) (Authenticated sender: sepm) " + POSTFIX,
            "192.0.2.44",
            id="Postfix with TLS and a login",
        ),
        pytest.param(
            "from SEPM01 (192.0.2.44) by EX1.corp.example (10.0.0.6) with Microsoft SMTP Server"
            f" (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.6; {DATE}",
            "192.0.2.44",
            id="Exchange",
        ),
        pytest.param(
            "from SEPM01 (192.0.2.44) by EX1.corp.example (fe80::1%4) with Microsoft SMTP Server id 15.1.2507.6"
            f" via Frontend Transport; {DATE}",
            "192.0.2.44",
            id="Exchange, front end",
        ),
        pytest.param(
            f"from EX2.corp.example ([fe80::d5:1%4]) by EX1.corp.example ([10.0.0.6]) with mapi id 15.01.2507.006; {DATE}",
            "fe80::d5:1",
            id="Exchange, within itself",
        ),
        pytest.param(f"from SEPM01 (2001:db8::1) by EX1 (::1) with Microsoft SMTP Server id 1; {DATE}", "2001:db8::1", id="IPv6"),
        pytest.param(
            "from sepm (sepm.acme.example [192.0.2.44] (may be forged)) by mx.example.org (8.15.2/8.15.2) with ESMTP id"
            f" 62HC0x for <acme@example.org>; {DATE}",
            "192.0.2.44",
            id="Sendmail",
        ),
        pytest.param(
            f"from sepm ([192.0.2.44]) by mx.example.org (8.15.2/8.15.2) with SMTP id 62HC0x; {DATE}", "192.0.2.44", id="no name"
        ),
        pytest.param(
            f"from sepm (user@sepm.acme.example [192.0.2.44]) by mx.example.org (8.15.2/8.15.2) id 62HC0x; {DATE}",
            "192.0.2.44",
            id="Sendmail with ident",
        ),
        pytest.param(
            "from sepm.acme.example ([192.0.2.44]:50322 helo=sepm) by mx.example.org with esmtps  (TLS1.3) tls"
            f" TLS_AES_256_GCM_SHA384 (Exim 4.96) (envelope-from <sepm@acme.example>) id 1tX for acme@example.org; {DATE}",
            "192.0.2.44",
            id="Exim",
        ),
        pytest.param(
            f"from [192.0.2.44] (port=50322 helo=sepm) by mx.example.org with esmtp (Exim 4.96) id 1tX; {DATE}",
            "192.0.2.44",
            id="Exim, no name",
        ),
        pytest.param(f"from [192.0.2.44] (helo=[198.51.100.1]) by mx with smtp id 1; {DATE}", "192.0.2.44", id="Exim, HELO lies"),
        pytest.param(f"from [198.51.100.1] (unknown [192.0.2.44]) {POSTFIX}", "192.0.2.44", id="the address, not the HELO"),
        pytest.param(f"from sepm (unknown [::ffff:192.0.2.44]) {POSTFIX}", "192.0.2.44", id="IPv4 in IPv6 clothes"),
        pytest.param(f"FROM sepm (unknown [192.0.2.44])\tBY mx WITH SMTP ID 1; {DATE}", "192.0.2.44", id="in capital letters"),
    ],
)
def test_the_address_stands_where_the_relay_writes_it(value: str, address: str) -> None:
    assert peer_in(" " + value) == address


FORGED = "(sepm.acme.example [192.0.2.44])"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"from x {FORGED} (unknown [{REAL}]) {POSTFIX}", id="a HELO with a comment"),
        pytest.param(f"from x {FORGED} ({REAL}) by EX1 (10.0.0.6) with Microsoft SMTP Server id 1; {DATE}", id="as Exchange"),
        pytest.param(f"from x {FORGED} by mx (unknown [{REAL}]) {POSTFIX}", id="with another by"),
        pytest.param(f"from x {FORGED} by mx; {DATE} (unknown [{REAL}]) {POSTFIX}", id="with a date"),
        pytest.param(f"from x {FORGED} by mx; {DATE} ( (unknown [{REAL}]) {POSTFIX}", id="with an open comment"),
        pytest.param(f"from x {FORGED} ( (unknown [{REAL}]) {POSTFIX}", id="with a comment without end"),
        pytest.param(f'from x {FORGED} by mx with "(unknown [{REAL}]) {POSTFIX}', id="with a quotation mark"),
        pytest.param(f"from x {FORGED} by mx from (unknown [{REAL}]) {POSTFIX}", id="with another from"),
        pytest.param(f"from x\\ {FORGED[:-1]}\\) (unknown [{REAL}]) {POSTFIX}", id="with backslashes"),
        pytest.param(f"from x y (unknown [{REAL}]) {POSTFIX}", id="a HELO of two words"),
        pytest.param(f"from (sepm [192.0.2.44]) x (unknown [{REAL}]) {POSTFIX}", id="a comment before the name"),
        pytest.param(f"from [192.0.2.44] by mx with smtp id 1; {DATE}", id="an address that is a HELO"),
        pytest.param(f"from [192.0.2.44] (sepm) by mx with smtp id 1; {DATE}", id="a comment that is no address"),
        pytest.param(f"from sepm (unknown [192.0.2.444]) {POSTFIX}", id="no address"),
        pytest.param(f"from sepm (unknown [192.0.2.44] [198.51.100.1]) {POSTFIX}", id="two addresses"),
        pytest.param(f"from localhost (localhost [127.0.0.1]) {POSTFIX}", id="the relay's own filter"),
        pytest.param(f"from sepm (unknown [0.0.0.0]) {POSTFIX}", id="nowhere"),
        pytest.param(f"by mx.example.org (Postfix, from userid 0) id 4Fq1; {DATE}", id="made on the relay"),
        pytest.param(f"(qmail 1234 invoked from network); {DATE}", id="qmail"),
        pytest.param("from sepm (unknown [192.0.2.44]) by mx with SMTP id 1", id="no date"),
        pytest.param("from sepm (unknown [192.0.2.44]) by mx with SMTP id 1; tomorrow", id="a date that is none"),
        pytest.param(f"from sepm (unknown [192.0.2.44]) with SMTP id 1; {DATE}", id="no by"),
        pytest.param("", id="empty"),
        pytest.param("(" * 16_000, id="parentheses"),
        pytest.param("from " + "a." * 4_000 + " (" + "a." * 4_000 + f" [192.0.2.44]) {POSTFIX}", id="endless names"),
        pytest.param("from x (" + "helo=x " * 2_000 + f") {POSTFIX}", id="many names"),
    ],
)
def test_a_line_that_leaves_doubt_says_nothing(value: str) -> None:
    assert peer_in(value) == ""


def test_fields_are_read_from_the_top_and_unfolded() -> None:
    raw = b"Received: a\r\n\tb\r\n  c\r\nSUBJECT:x\r\n\r\nReceived: body\r\n"
    assert list(fields_of(raw)) == [("received", " a\tb  c"), ("subject", "x")]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"A: 1\r\nno field\r\nB: 2\r\n\r\n", id="a line that is no field"),
        pytest.param(b"A: 1\r\nB : 2\r\n\r\n", id="a blank before the colon"),
        pytest.param(b"A: 1\r\nB: 2", id="a field without end"),
        pytest.param(b"A: 1\r\n: 2\r\n\r\n", id="no name"),
        pytest.param(b"A: 1\r\nB: " + b"2" * HEADER_OCTETS + b"\r\n\r\n", id="beyond the limit"),
        pytest.param(b"A: 1\r\nB: 2" + b"\r\n " * HEADER_OCTETS, id="folded without end"),
    ],
)
def test_nothing_is_read_beyond_what_is_surely_the_header(raw: bytes) -> None:
    assert list(fields_of(raw)) == [("a", " 1")]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"x\rB: y", id="a bare CR"),
        pytest.param(b"x\nB: y", id="a bare LF"),
        pytest.param(b"x\0", id="a zero"),
        pytest.param(b"x\x1b[2J", id="an escape"),
        pytest.param(b"x" * (FIELD_OCTETS + 1), id="too long"),
    ],
)
def test_a_field_that_hides_something_is_there_and_says_nothing(value: bytes) -> None:
    assert list(fields_of(b"A:" + value + b"\r\nC: 1\r\n\r\n")) == [("a", None), ("c", " 1")]
