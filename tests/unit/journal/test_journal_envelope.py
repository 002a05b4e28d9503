"""Envelopes and tallies survive storing; anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.errors import JournalError
from collector.domain.item import Envelope, Tally, TallyReason
from collector.journal.envelope import decode_envelope, decode_tally, encode_envelope, encode_tally, refused_octets

TEXT = st.text(st.characters(codec=None), max_size=20)  # lone surrogates too: that is how hostile addresses arrive


NAMES = st.none() | TEXT
FLAGS, NAMES_TO = st.booleans(), st.lists(TEXT, max_size=3).map(tuple)
ENVELOPES = st.builds(Envelope, TEXT, NAMES_TO, TEXT, FLAGS, FLAGS, NAMES, NAMES, st.integers(0, 1 << 63))


@given(ENVELOPES)
def test_an_envelope_comes_back_as_it_was(envelope: Envelope) -> None:
    assert decode_envelope(encode_envelope(envelope)) == envelope


@given(ENVELOPES)
def test_it_is_seen_whether_a_mail_was_refused(envelope: Envelope) -> None:
    assert refused_octets(encode_envelope(envelope)) == envelope.refused_octets


def test_nobody_can_say_so_of_himself() -> None:
    lie = '"refused_octets":7'
    assert refused_octets(encode_envelope(Envelope(lie, (lie,), lie))) == 0


@given(st.builds(Tally, st.sampled_from(TallyReason), st.integers(0, 1 << 60)))
def test_a_tally_comes_back_as_it_was(tally: Tally) -> None:
    assert decode_tally(encode_tally(tally)) == tally


def test_the_stored_form_is_stable() -> None:
    envelope = Envelope("console@example.com", ("acme@collector.example",), "console", tls=True)
    assert encode_envelope(envelope) == (
        b'{"helo":"console","login":null,"mail_from":"console@example.com","recipients":["acme@collector.example"],'
        b'"smtp_utf8":false,"tls":true}'
    )
    assert encode_tally(Tally(TallyReason.KERNEL_DROP, 7)) == b'{"count":7,"reason":"kernel_drop"}'


def test_keys_of_a_later_version_are_ignored() -> None:
    stored = encode_envelope(Envelope("", (), "")).replace(b"{", b'{"added":1,', 1)
    assert decode_envelope(stored) == Envelope("", (), "")


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no keys"),
        pytest.param(b'{"mail_from":"","recipients":"a","helo":""}', id="recipients are a text"),
        pytest.param(b'{"mail_from":"","recipients":[1],"helo":""}', id="a recipient is a number"),
        pytest.param(b'{"mail_from":null,"recipients":[],"helo":""}', id="no sender"),
        pytest.param(b'{"mail_from":"","recipients":[],"helo":"","tls":"yes"}', id="a flag is a text"),
        pytest.param(b'{"mail_from":"","recipients":[],"helo":"","login":1}', id="the login is a number"),
        pytest.param(b'{"mail_from":"","recipients":[],"helo":"","certificate":1}', id="the certificate is a number"),
        pytest.param(b'{"mail_from":"","recipients":[],"helo":"","refused_octets":-1}', id="less than nothing was refused"),
    ],
)
def test_what_is_no_envelope_is_refused(stored: bytes) -> None:
    with pytest.raises(JournalError, match="stored envelope"):
        decode_envelope(stored)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"x", id="not JSON"),
        pytest.param(b'{"count":1}', id="no reason"),
        pytest.param(b'{"count":1,"reason":"bored"}', id="unknown reason"),
        pytest.param(b'{"count":1,"reason":["kernel_drop"]}', id="the reason is a list"),
        pytest.param(b'{"count":true,"reason":"kernel_drop"}', id="the count is a truth value"),
        pytest.param(b'{"count":-1,"reason":"kernel_drop"}', id="the count is negative"),
        pytest.param(b'{"count":1.5,"reason":"kernel_drop"}', id="the count is a fraction"),
    ],
)
def test_what_is_no_tally_is_refused(stored: bytes) -> None:
    with pytest.raises(JournalError, match="stored tally"):
        decode_tally(stored)
