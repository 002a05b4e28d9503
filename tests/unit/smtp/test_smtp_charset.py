"""Charset names as mails write them, and the codecs they stand for."""

import codecs

import pytest

from receivers.smtp import charset

NAMES = [
    pytest.param("ISO-8859-1", "cp1252", id="latin 1"),
    pytest.param('"iso_8859_1"', "cp1252", id="quoted, with underscores"),
    pytest.param("latin1", "cp1252", id="latin1"),
    pytest.param("Windows-1252", "cp1252", id="windows"),
    pytest.param("cp-850", "cp850", id="cp-850"),
    pytest.param("ibm437", "cp437", id="ibm"),
    pytest.param("iso-8859-15", "iso8859_15", id="latin 9"),
    pytest.param("GB2312", "gb18030", id="gb2312"),
    pytest.param("gbk", "gb18030", id="gbk"),
    pytest.param("Shift_JIS", "cp932", id="shift jis"),
    pytest.param("ks_c_5601-1987", "cp949", id="korean"),
    pytest.param("ISO-2022-JP", "iso2022_jp", id="stateful"),
    pytest.param("UTF8", "utf-8", id="utf8"),
    pytest.param("x-unknown", "", id="a word for not knowing"),
    pytest.param("us-ascii", "", id="ascii, which says nothing about 8 bits"),
    pytest.param("unicode_escape", "", id="a codec that is no charset"),
    pytest.param("idna", "", id="a codec for names"),
    pytest.param("../../etc", "", id="nonsense"),
    pytest.param("a" * 10_000, "", id="a long name"),
]


@pytest.mark.parametrize(("name", "codec"), NAMES)
def test_a_charset_name_stands_for_a_codec_or_for_nothing(name: str, codec: str) -> None:
    assert charset.codec_for(name) == codec


def test_every_codec_that_a_name_can_stand_for_exists() -> None:
    for name in charset._KNOWN | set(charset._ALIASES.values()) - {""}:
        codecs.lookup(name)


@pytest.mark.parametrize(
    ("octets", "name", "text"),
    [
        pytest.param(b"\x93quoted\x94", "iso-8859-1", "“quoted”", id="Windows quotes in latin 1"),
        pytest.param("Acción realizada".encode(), "iso-8859-1", "Acción realizada", id="UTF-8 that calls itself latin 1"),
        pytest.param("Acción".encode("latin-1"), "iso-8859-1", "Acción", id="latin 1 that is latin 1"),
        pytest.param(b"caf\xe9", "utf-8", "café", id="Windows that says utf-8"),
        pytest.param(b"\xef\xbb\xbfa\xc3\xb1o", "utf-8", "año", id="a byte order mark is not text"),
        pytest.param("año".encode("utf-16"), "", "año", id="a byte order mark instead of a name"),
        pytest.param("año".encode("utf-16"), "utf-16", "año", id="utf-16"),
        pytest.param("año".encode("utf-16-be"), "utf-16", "año", id="utf-16 that does not say which half comes first"),
        pytest.param("año".encode("utf-16-le"), "utf-16", "año", id="nor that it is the lower one"),
        pytest.param("病毒".encode("utf-16-be"), "utf-16-be", "病毒", id="utf-16 without a zero"),
        pytest.param(b"Risk found\n", "utf-32", "Risk found\n", id="ascii that says utf-32"),
        pytest.param(b"A+AOE-", "utf-7", "Aá", id="utf-7"),
        pytest.param(b"\x81\x8d", "cp1252", "\ufffd\ufffd", id="octets that Windows-1252 does not have"),
        pytest.param("año nuevo".encode("utf-16-le"), "", "año nuevo", id="utf-16 that does not say so"),
        pytest.param("año nuevo".encode("utf-16-be"), "utf-8", "año nuevo", id="utf-16 that says utf-8"),
        pytest.param(b"\0\0a\0b\0\0c\0\0", "", "\0\0a\0b\0\0c\0\0", id="zeros in any place"),
        pytest.param(b"\0" * 9, "", "\0" * 9, id="zeros alone"),
        pytest.param(b"a\xc3\nb\xc3\xa9", "utf-8", "a\ufffd\nbé", id="half a character before a line end"),
        pytest.param(b"a\xe2\x82\r\n\xacb", "utf-8", "a€\r\nb", id="a character cut by a line end"),
        pytest.param(b"\x1b$B%&\x1b(B", "", "ウ", id="iso 2022 by its escapes"),
        pytest.param(b"\x1b[31mred\x1b[0m", "", "\x1b[31mred\x1b[0m", id="escapes of a terminal"),
        pytest.param(b"\x81", "shift_jis", "\ufffd", id="nothing fits"),
    ],
)
def test_octets_become_text_whatever_the_name_says(octets: bytes, name: str, text: str) -> None:
    assert charset.to_text(octets, name) == text
