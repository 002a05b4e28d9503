"""What of a notification is shown as its text, and which octets are text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.contents import octets_as_text, trap_text, whole_text
from collector.domain.mail import Mail
from collector.domain.text import harmless
from collector.domain.trap import Pdu, SnmpVersion, Trap, Varbind

MAC = bytes.fromhex("00505600a1b2")
DATE = bytes.fromhex("07ea0c1f173b3b002d0300")
NAME = "1.3.6.1.4.1.99999.2"


def trap(*values: bytes, tag: int = 0x04) -> Trap:
    found: list[Varbind] = [(f"{NAME}.{place}", tag, value) for place, value in enumerate(values)]
    return Trap(SnmpVersion.V2C, b"x", Pdu.TRAP_V2, 1, "1.3.6.1.4.1.99999.1.0.1", 1, found)


@given(st.text(alphabet=st.characters(exclude_characters="\ufeff", exclude_categories=("Cc", "Cs"))))
def test_text_in_utf_8_is_shown_as_far_as_it_is_harmless(text: str) -> None:
    assert octets_as_text(text.encode()) == harmless(text)


@given(st.binary())
def test_whatever_the_octets_are_the_text_can_be_sent(octets: bytes) -> None:
    text = octets_as_text(octets)
    assert text is None or (text.encode() and "\0" not in text) or octets == b""


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"line 1\r\n\tline 2", "line 1\n\tline 2", id="line breaks and tabs"),
        pytest.param("Acción: ñandú".encode("cp1252"), "Acción: ñandú", id="Windows-1252"),
        pytest.param("Acción: ñandú".encode("utf-16-le"), "Acción: ñandú", id="UTF-16"),
        pytest.param(b"price \x80", "price €", id="the euro of Windows-1252"),
        pytest.param(b"fin\0\0", "fin", id="NULs at the end"),
        pytest.param("a\u202eb".encode(), "a\ufffdb", id="turned text"),
        pytest.param(b"bell\x07", None, id="a control character"),
        pytest.param(b"del\x7f", None, id="delete"),
        pytest.param("csi\x9b2J".encode(), None, id="a C1 control"),
        pytest.param(b"\x00\x00", None, id="zeros"),
        pytest.param(b"a\x00b", None, id="zero inside"),
        pytest.param(MAC, None, id="hardware address"),
        pytest.param(DATE, None, id="date and time"),
        pytest.param(bytes.fromhex("c0a80101"), None, id="an address in four octets"),
        pytest.param(bytes.fromhex("80"), None, id="bits"),
    ],
)
def test_octets_are_text_where_they_read_as_text(octets: bytes, text: str | None) -> None:
    assert octets_as_text(octets) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        pytest.param([b"disk 3 failed", b"second"], "disk 3 failed", id="the first"),
        pytest.param([MAC, DATE, b"port down"], "port down", id="after what is no text"),
        pytest.param([b"5", b"port down"], "port down", id="after a single character"),
        pytest.param(["caída".encode("cp1252")], "caída", id="Windows-1252"),
        pytest.param([b"\x1b[31mdisk failed\0"], "\ufffd[31mdisk failed", id="nearly text, when there is no other"),
        pytest.param([b"\x1b[31mdisk failed", b"plain"], "plain", id="plain text before nearly text"),
        pytest.param([MAC], None, id="none"),
        pytest.param([], None, id="no variables"),
    ],
)
def test_the_text_of_a_trap_is_its_first_readable_variable(values: list[bytes], text: str | None) -> None:
    assert trap_text(trap(*values)) == text


def test_only_octet_strings_are_text() -> None:
    assert trap_text(trap(b"disk 3 failed", tag=0x44)) is None


def test_no_more_of_a_text_is_read_than_is_wanted() -> None:
    assert trap_text(trap("ñ".encode() * 30_000), most=200) == "ñ" * 200
    assert trap_text(trap(b"\x1b" + b"x" * 65_000), most=200) == "\ufffd" + "x" * 199


def test_the_text_of_a_mail_is_its_body_made_harmless() -> None:
    assert whole_text(Mail(subject="s", text="a\x1b[0m\u202eb\ud800\nc\td")) == "a\ufffd[0m\ufffdb\ufffd\nc\td"
    assert whole_text(None) is None
