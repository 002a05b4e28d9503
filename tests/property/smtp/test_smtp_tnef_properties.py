"""TNEF and RTF from strangers: whatever the octets are, an answer within its bounds."""

import hypothesis.strategies as st
from hypothesis import given

from collector.domain.mail import Mail
from receivers.smtp import mapi, rtf, rtf_packed, winmail
from receivers.smtp.decode import decode
from receivers.smtp.mime import Limits
from tests import tnef_kit as kit

WHOLE = kit.tnef(
    kit.code_page(1252),
    kit.attribute(kit.BODY, b""),
    kit.attribute(
        kit.PROPERTIES,
        kit.properties(kit.text(""), *kit.html(b" "), kit.rtf(b"{\\rtf1\\fromhtml1 {\\*\\htmltag1 <p>}a\\'e1\\u8364?}")),
    ),
    kit.attribute(kit.ATTACH_BEGINS, bytes(14)),
    kit.attribute(kit.ATTACH_TITLE, b"a.pdf\0"),
    kit.attribute(kit.ATTACH_PROPERTIES, kit.properties((kit.PR_ATTACH_LONG_NAME, mapi.UNICODE, b"a\0\0\0"))),
    kit.attribute(kit.ATTACH_DATA, b"data"),
)
RTF = st.lists(
    st.sampled_from(
        [b"{", b"}", b"\\", b"*", b"'e1", b"u8364", b"u-10179", b"bin3", b" ", b"par", b"row", b"cell", b"uc2", b"htmlrtf"]
    )
    | st.binary(max_size=4),
    max_size=60,
).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good stream with octets changed, taken out and put in."""
    octets = bytearray(WHOLE)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(octets)))
        octets[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(octets)


@given(st.one_of(damaged(), st.binary(max_size=300).map(WHOLE[:6].__add__)), st.integers(1, 100))
def test_a_damaged_winmail_is_read_within_its_limit(octets: bytes, limit: int) -> None:
    found = winmail.read(octets, limit=limit)
    if found is not None:
        assert len(found.text) <= 8 * limit + 1
        assert sum(len(one.octets) for one in found.attachments) <= len(octets) * max(1, len(found.attachments))


@given(damaged())
def test_a_mail_with_a_damaged_winmail_is_decoded_or_undecodable(octets: bytes) -> None:
    result = decode(b"Content-Type: application/ms-tnef\r\n\r\n" + octets, Limits(text=50, parts=3))
    if isinstance(result, Mail):
        assert len(result.text) <= 50
        assert len(result.attachments) <= 4


@given(st.binary(max_size=400), st.integers(0, 300))
def test_unpacking_never_gives_more_than_its_limit(tokens: bytes, limit: int) -> None:
    header = kit.packed(b"")[:16]
    assert len(rtf_packed.unpacked(header + tokens, limit=limit)) <= limit


@given(st.binary(max_size=6_000))
def test_what_was_packed_comes_out_as_it_went_in(source: bytes) -> None:
    assert rtf_packed.unpacked(kit.packed(source), limit=len(source)) == source


@given(st.one_of(RTF, st.binary(max_size=300)))
def test_rtf_never_raises_and_gives_text_that_can_be_stored(source: bytes) -> None:
    rtf.read(b"{\\rtf1\\fromhtml1 " + source).text.encode()
    found = rtf.read(source)
    found.text.encode()
    assert len(found.text) <= len(source)
