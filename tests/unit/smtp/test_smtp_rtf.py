"""RTF as TNEF has it: unpacked, and reduced to text or to the HTML it was made from."""

import struct

import pytest

from receivers.smtp import rtf, rtf_packed
from tests.tnef_kit import packed

HELLO = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
WXYZ = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
"""The examples of MS-OXRTFCP, sections 3.1.1 and 3.2.1."""


@pytest.mark.parametrize(
    ("octets", "source"),
    [
        pytest.param(HELLO, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", id="places in the window"),
        pytest.param(WXYZ, b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", id="places that reach into themselves"),
        pytest.param(packed(b"{\\rtf1 plain}" * 800), b"{\\rtf1 plain}" * 800, id="more than the window, literals alone"),
        pytest.param(struct.pack("<IIII", 21, 9, 0x414C454D, 0) + b"{\\rtf1 x}", b"{\\rtf1 x}", id="stored, not packed"),
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"\0" * 16, b"", id="no RTF"),
        pytest.param(HELLO[:20], b"{\\rtf1\\ansi\\", id="cut"),
        pytest.param(struct.pack("<IIII", 0, 0, 0x75465A4C, 0) + b"\x01\xfe\x00", b"", id="a place where nothing has been"),
    ],
)
def test_rtf_is_unpacked(octets: bytes, source: bytes) -> None:
    assert rtf_packed.unpacked(octets, limit=100_000) == source


def test_unpacking_stops_at_its_limit() -> None:
    bomb = struct.pack("<IIII", 0, 1 << 31, 0x75465A4C, 0) + b"\0aaaaaaaa" + b"\xff" + b"\x0c\xff" * 8
    assert len(rtf_packed.unpacked(bomb * 1_000, limit=100)) <= 100
    assert len(rtf_packed.unpacked(packed(b"x" * 500), limit=100)) == 100


HEAD = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator Words 1;}"
TEXTS = [
    pytest.param(rb"a\par b\line c}", "a\nb\nc", id="lines"),
    pytest.param(rb"a\tab b\~c\_d\-e\{\}\\}", "a\tb\u00a0c-de{}\\", id="symbols"),
    pytest.param(
        rb"\trowd Host\cell Risk\cell\row \trowd PC-1\cell\cell\row after}", "Host\tRisk\nPC-1\t\nafter", id="rows and cells"
    ),
    pytest.param(rb"est\'e1 \'93mal\'94}", "está “mal”", id="octets of the code page"),
    pytest.param(rb"\ansicpg932 \'83\'45\'83\'43}", "ウイ", id="characters of two octets"),
    pytest.param(rb"\uc1 cr\u237?tico \u-10179?\u-8704?}", "crítico 😀", id="characters by number, with what stands in"),
    pytest.param(rb"\uc2\u237\'e1\'e1tico {\uc0\u237}tico}", "ítico ítico", id="two stand in, or none"),
    pytest.param(rb"\ldblquote a\rdblquote \endash \bullet}", "“a”–•", id="typography"),
    pytest.param(rb"{\pict\bin4 {{{{\par}a{\object x}{\*\unknown y}b{\info{\title t}}}", "ab", id="pictures, objects, strangers"),
    pytest.param(b"a\r\nb\n\\\nc}", "ab\nc", id="line ends of the source are none"),
    pytest.param(rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}}", "link", id="a field"),
    pytest.param(rb"}}}}a", "a", id="closed too often"),
    pytest.param(rb"{{{a\b", "a", id="never closed"),
    pytest.param(rb"a\'zz\ b\ansicpg0 \'e1}", "a'zzbá", id="octets and code pages that are none"),
    pytest.param(rb"<b>\htmlrtf x\htmlrtf0}", "<b>x", id="HTML words in what is not made of HTML"),
]


@pytest.mark.parametrize(("source", "text"), TEXTS)
def test_rtf_is_reduced_to_its_words(source: bytes, text: str) -> None:
    found = rtf.read(HEAD + source)
    assert found == rtf.Document(text, is_html=False, cut=False)


def test_html_in_rtf_comes_out_as_it_went_in() -> None:
    source = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}"
        rb"{\*\htmltag64 <table>}{\*\htmltag64 <tr><td>}\htmlrtf {\htmlrtf0 Risk name{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 "
        rb"\htmlrtf }\htmlrtf0 {\*\htmltag72 </td><td>}\htmlrtf\tab\htmlrtf0 EICAR \'e1{\*\mhtmltag80 <x>}"
        rb"{\*\htmltag72 </td></tr>}{\*\htmltag72 \par }{\*\htmltag72 </table>}}"
    )
    found = rtf.read(source)
    assert found.is_html
    assert found.text == "<table><tr><td>Risk name&nbsp;</td><td>EICAR á</td></tr>\n</table>"


def test_beyond_its_tokens_rtf_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtf, "MOST_TOKENS", 3)
    assert rtf.read(rb"a\par b\par c") == rtf.Document("a\nb", is_html=False, cut=True)


@pytest.mark.parametrize(
    "piece", [b"{", b"}", b"{\\*\\a{", b"\\u1?", b"\\'e1", b"\\bin1", b"\\bin999999999", b"\\", b"\\row\\cell"]
)
def test_what_repeats_without_end_is_read(piece: bytes) -> None:
    assert rtf.read(piece * 300_000).text is not None
