"""Varbinds and OIDs of the command line, and the pace of sending."""

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.trap import VarbindValue
from collector.traffic.pace import Pace
from collector.traffic.varbinds import parse_oid, parse_varbind


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        pytest.param("s:CPU: OK = fine", 0x04, b"CPU: OK = fine", id="text with colons and equals signs"),
        pytest.param("s:", 0x04, b"", id="empty text"),
        pytest.param("s:Ñandú\n", 0x04, "Ñandú\n".encode(), id="text beyond ASCII"),
        pytest.param("s:\udcff", 0x04, b"\xff", id="octets of the command line that are not UTF-8"),
        pytest.param("i:-2147483648", 0x02, -(2**31), id="smallest integer"),
        pytest.param("u:4294967295", 0x42, 2**32 - 1, id="largest unsigned"),
        pytest.param("t:12345", 0x43, 12345, id="time ticks"),
        pytest.param("c:7", 0x41, 7, id="counter"),
        pytest.param("C:18446744073709551615", 0x46, 2**64 - 1, id="wide counter"),
        pytest.param("o:.1.3.6.1", 0x06, "1.3.6.1", id="OID with a leading dot"),
        pytest.param("a:192.0.2.7", 0x40, "192.0.2.7", id="address"),
        pytest.param("x:07 ea 0c", 0x04, b"\x07\xea\x0c", id="octets in hexadecimal"),
    ],
)
def test_a_varbind_is_oid_type_and_value(text: str, tag: int, value: VarbindValue) -> None:
    assert parse_varbind(f"1.3.6.1.2.1.1.5.0={text}") == ("1.3.6.1.2.1.1.5.0", tag, value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("1.3.6.1", "OID=TYPE:VALUE", id="no value"),
        pytest.param("1.3.6.1=s", "OID=TYPE:VALUE", id="no colon"),
        pytest.param("sysName.0=s:x", "names are not looked up", id="a name"),
        pytest.param("1.3.6.1=d:1", "type must be one of s, i, u", id="unknown type"),
        pytest.param("1.3.6.1=i:2147483648", "-2147483648 to 2147483647", id="integer too large"),
        pytest.param("1.3.6.1=i:1_0", "whole number", id="number with an underscore"),
        pytest.param("1.3.6.1=u:-1", "0 to 4294967295", id="negative unsigned"),
        pytest.param("1.3.6.1=a:::1", "IPv4", id="IPv6 address"),
        pytest.param("1.3.6.1=x:0", "hexadecimal", id="half an octet"),
        pytest.param("1.3.6.1=o:5.1", "an OID is", id="no OID"),
    ],
)
def test_what_is_wrong_with_a_varbind_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_varbind(text)


@pytest.mark.parametrize("text", ["1", "1.40", "3.1", "1.3.4294967296", "1.3.06", "1.3.", "1..3", "1.3 .6"])
def test_what_cannot_be_an_oid_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_oid(text)


def test_the_pace_is_even() -> None:
    pace = Pace(10, start_ns=0)
    due = [pace.due(tick * NS_PER_SECOND // 100, 5) for tick in range(200)]
    assert sum(due) == 20
    assert max(due) == 1


def test_a_short_stall_is_made_up_for_and_a_long_one_only_by_a_second() -> None:
    pace = Pace(100, start_ns=0)
    assert pace.due(NS_PER_SECOND // 2, 1000) == 51
    assert pace.due(60 * NS_PER_SECOND, 1000) == 101
    assert pace.seconds_left(60 * NS_PER_SECOND) == pytest.approx(0.01)


def test_without_a_rate_everything_is_due_at_once() -> None:
    pace = Pace(0, start_ns=0)
    assert pace.due(0, 7) == 7
    assert pace.seconds_left(0) == 0
