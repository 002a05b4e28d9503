"""Whatever a header holds, it is read to an end, and what a sender writes below a relay's own fields changes nothing."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.item import Envelope
from collector.pipeline.mail_origin import MailOrigin, MailOrigins, Verified
from collector.pipeline.received_field import peer_in
from tests.builders import a_source

RELAY = "203.0.113.9"
ACME = a_source(1, mailbox="acme", snmp=None)
ORIGINS = MailOrigins([ip_network("203.0.113.0/24")], authserv_ids=["mx"], domains={"acme": ("acme.example",)})
OWN = (
    b"Received: from sepm ([192.0.2.44]) by mx with SMTP id 1; Tue, 17 Mar 2026 09:00:00 -0300\r\n"
    b"Authentication-Results: mx; dkim=fail header.d=acme.example\r\n"
)
PIECES = st.sampled_from(
    [
        *(
            "Received:",
            "Authentication-Results:",
            "From:",
            "\r\n",
            "\r\n ",
            "\r",
            "\n",
            " ",
            "(",
            ")",
            '"',
            "\\",
            ";",
            "=",
            ".",
            "@",
        ),
        *("mx", "dkim", "dmarc", "spf", "pass", "none", "1", "header", "d", "from", "smtp", "mailfrom", "reason", "acme.example"),
        *(
            "by",
            "[192.0.2.99]",
            "192.0.2.99",
            "helo=x",
            "a@acme.example",
            "Tue, 17 Mar 2026 09:00:00 -0300",
            "\0",
            "\xe9",
            "<",
            ">",
        ),
    ]
)
SAID = st.one_of(st.lists(PIECES, max_size=60).map("".join).map(lambda text: text.encode("latin-1")), st.binary(max_size=400))


def origin(raw: bytes) -> MailOrigin:
    return ORIGINS.of(RELAY, Envelope("a@acme.example", ("acme@example.org",), "x"), raw)


@given(SAID)
def test_any_header_is_read_to_an_end(said: bytes) -> None:
    for raw in (said, b"Received:" + said, b"Authentication-Results: mx;" + said, b"From:" + said):
        found = origin(raw + b"\r\n\r\n")
        ip_address(found.address)
        list(ORIGINS.proofs(found, ACME))


@given(SAID)
def test_nothing_below_the_relay_s_own_fields_changes_what_they_say(said: bytes) -> None:
    found = origin(OWN + said + b"\r\n\r\n" if said[:1] not in (b" ", b"\t") else OWN + b"X:" + said)
    assert (found.address, found.verified, list(ORIGINS.proofs(found, ACME))) == ("192.0.2.44", Verified.READ, [])


@given(SAID)
def test_an_address_that_is_told_is_one(said: bytes) -> None:
    told = peer_in(said.decode("latin-1"))
    assert told == "" or str(ip_address(told)) == told
