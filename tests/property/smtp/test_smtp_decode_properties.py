"""Whatever the octets are: an answer, bounded, without anything that a reader would obey."""

import re

import hypothesis.strategies as st
from hypothesis import example, given

from collector.domain.mail import Mail
from receivers.smtp.decode import decode
from receivers.smtp.frames import parse_result, result_payload
from receivers.smtp.mime import Limits

UNWELCOME = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

FRAGMENTS = [
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b'Content-Type: multipart/alternative; boundary="b"\r\n',
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/html; charset=utf-7\r\n",
    b"Content-Type: text/plain; charset=utf-16\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*1=x\r\n",
    b"Subject: =?utf-16?b?2AA=?= =?utf-8?q?=FF?=\r\n",
    b"\r\n--b\r\n",
    b"\r\n--b--\r\n",
    b"\r\n\r\n",
    b"<table><tr><td>&amp;#xD800;<script>",
    b"+2AA-",
    b"=E1=\r\n",
    b"\x00\xe2\x80\xae",
]
hostile = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=40)), max_size=25).map(b"".join)


@given(st.one_of(st.binary(max_size=2_000), hostile))
@example(b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-")
@example(b"Content-Type: text/html\r\n\r\n&amp;#0; &amp;#x202e;")
def test_decoding_never_raises_and_its_text_is_harmless(raw: bytes) -> None:
    result = decode(raw)
    if isinstance(result, Mail):
        for text in (result.subject, result.text, result.header_from, result.message_id, *(a.name for a in result.attachments)):
            assert UNWELCOME.search(text) is None


@given(hostile, st.integers(1, 50), st.integers(0, 4), st.integers(1, 5), st.integers(1, 200))
def test_limits_hold_whatever_they_are(raw: bytes, text: int, parts: int, depth: int, header: int) -> None:
    result = decode(raw, Limits(text=text, parts=parts, depth=depth, header_octets=header))
    if isinstance(result, Mail):
        assert len(result.text) <= text
        assert len(result.attachments) <= parts + 1


@given(hostile)
def test_a_result_survives_the_way_between_processes(raw: bytes) -> None:
    result = decode(raw)
    assert parse_result(result_payload(result)) == result


@given(hostile)
def test_the_line_ends_of_the_way_do_not_matter(raw: bytes) -> None:
    normalised = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert decode(raw) == decode(normalised) == decode(normalised.replace(b"\n", b"\r\n"))
