"""Whatever a client sends, and however it is cut on its way: the same answers and mails, one form of reply, no fault of ours."""

import re

import hypothesis.strategies as st
from hypothesis import given, settings

from tests.smtp_connection_kit import Mail, Talk

PIECES = [
    b"EHLO x\r\n",
    b"HELO x\n",
    b"MAIL FROM:<a@b>\r\n",
    b"MAIL FROM:<> SIZE=9 BODY=8BITMIME\r\n",
    b"RCPT TO:<beta@alerts.example>\r\n",
    b"RCPT TO:<nobody@alerts.example>\r\n",
    b"DATA\r\n",
    b"text\r\n",
    b"\r\n.\r\n",
    b".\r\n",
    b"\n.\n",
    b"\r.\r",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY a\r\n",
    b"STARTTLS\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"QUIT\r\n",
    b"\x00\xff\r\n",
    b"MAIL FROM:\xf1\r\n",
    b"RCPT TO:<((((",
    b'"\\',
    b" ",
    b"\n",
    b"x" * 5_000,
]
REPLY = re.compile(rb"(250[ -]|354 )[ -~]+|[245]\d\d [245]\.\d\.\d [ -~]+")

sent = st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join), st.binary(max_size=300))


def told(octets: bytes, size: int) -> tuple[bytes, list[Mail], bool]:
    """What a client hears that sends `octets` in parts of `size`, what was stored of it, whether it was sent away."""
    with Talk() as talk:
        said = b"".join(talk.octets(octets[at : at + size]) for at in range(0, len(octets), size))
        return said, talk.mails, talk.wire.closed


@given(sent, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_the_same_octets_get_the_same_answers_however_they_are_cut(octets: bytes, size: int) -> None:
    assert told(octets, size) == told(octets, len(octets) or 1)


@given(sent)
@settings(max_examples=100, deadline=None)
def test_every_answer_has_the_form_of_a_reply_and_none_is_a_fault(octets: bytes) -> None:
    said, _, _ = told(octets, 1_000)
    assert b"451 4.3.0" not in said
    for line in said.splitlines():
        assert REPLY.fullmatch(line), line


@given(sent)
@settings(max_examples=60, deadline=None)
def test_nothing_of_a_client_stays_in_memory(octets: bytes) -> None:
    with Talk() as talk:
        talk.octets(octets)
        talk.connection.eof_received()
        talk.turn()
        assert talk.wire.closed
        assert talk.terms.memory.held == 0
