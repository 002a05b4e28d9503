"""Dates and wrapped numbers in octets: read where they are beyond doubt well-formed, left alone otherwise."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.octets import date_and_time, wrapped_number


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param("07ea0c1f173b3b00", "2026-12-31 23:59:59", id="8 octets, no zone"),
        pytest.param("07ea0c1f173b3b092d0300", "2026-12-31 23:59:59 -03:00", id="11 octets"),
        pytest.param("07e8021d000000002b0e00", "2024-02-29 00:00:00 +14:00", id="a leap day far in the east"),
        pytest.param("07ea0c1f173b3c00", "2026-12-31 23:59:60", id="a leap second"),
        pytest.param("07ea021e00000000", None, id="30 February"),
        pytest.param("0000000000000000", None, id="a clock that was never set"),
        pytest.param("07ea0d1f173b3b00", None, id="month 13"),
        pytest.param("07ea0c1f183b3b00", None, id="hour 24"),
        pytest.param("07ea0c1f173c3b00", None, id="minute 60"),
        pytest.param("07ea0c1f173b3d00", None, id="second 61"),
        pytest.param("07ea0c1f173b3b0a", None, id="ten tenths"),
        pytest.param("07ea0c1f173b3b00000300", None, id="no sign before the zone"),
        pytest.param("07ea0c1f173b3b002d0f00", None, id="a zone beyond all zones"),
        pytest.param("07ea0c1f173b3b002d033c", None, id="60 minutes of zone"),
        pytest.param("07ea0c1f173b3b002d", None, id="9 octets"),
        pytest.param("3230323631323331", None, id="text of 8 characters"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_octets_are_a_date_or_not(octets: str, text: str | None) -> None:
    assert date_and_time(bytes.fromhex(octets)) == text


@given(st.binary(max_size=12))
def test_no_octets_are_a_date_that_does_not_exist(octets: bytes) -> None:
    text = date_and_time(octets)
    assert text is None or len(octets) in (8, 11)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=8, max_size=11))
def test_text_is_never_taken_for_a_date(text: str) -> None:
    assert date_and_time(text.encode()) is None


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param("9f780442f60000", "123", id="float"),
        pytest.param("9f78043dcccccd", "0.1", id="float with no more digits than it has"),
        pytest.param("9f78044b800001", "16777218", id="float with all of its digits"),
        pytest.param("9f7804c2f6e979", "-123.456", id="negative float"),
        pytest.param("9f78047f7fffff", "3.4028235e+38", id="the largest float"),
        pytest.param("9f78047f800000", "inf", id="infinity"),
        pytest.param("9f78047fc00000", "nan", id="not a number"),
        pytest.param("9f790840934a456d5cfaad", "1234.5678", id="double"),
        pytest.param("9f760801020304050607ff", "72623859790383103", id="counter of 64 bits"),
        pytest.param("9f7a01ff", "-1", id="signed integer"),
        pytest.param("9f7b0900ffffffffffffffff", "18446744073709551615", id="unsigned integer"),
        pytest.param("9f780442f600", None, id="an octet too few"),
        pytest.param("9f780442f6000000", None, id="an octet too many"),
        pytest.param("9f780342f600", None, id="a float of three octets"),
        pytest.param("9f7704deadbeef", None, id="another kind"),
        pytest.param("9f7b0a" + "ff" * 10, None, id="an integer of ten octets"),
        pytest.param("0402abcd", None, id="another element"),
        pytest.param("9f78", None, id="half a header"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_number_in_an_opaque_is_read_or_not(octets: str, text: str | None) -> None:
    assert wrapped_number(bytes.fromhex(octets)) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_is_told_so_that_it_can_be_made_again(value: float) -> None:
    raw = struct.pack(">f", value)
    text = wrapped_number(b"\x9f\x78\x04" + raw)
    assert text is not None
    assert struct.pack(">f", float(text)) == raw


@given(st.binary(max_size=14), st.sampled_from([b"", b"\x9f\x78\x04", b"\x9f\x79\x08", b"\x9f\x76\x08"]))
def test_no_octets_make_it_raise(octets: bytes, head: bytes) -> None:
    assert isinstance(wrapped_number(head + octets), str | None)
