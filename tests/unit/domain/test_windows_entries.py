"""The source and the id of a Windows event, read out of the OID of the trap that it came as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.windows_entries import WINDOWS_TRAPS, WindowsEntry, windows_entry

SEP = f"{WINDOWS_TRAPS}.18.83.121.109.97.110.116.101.99.32.65.110.116.105.86.105.114.117.115"


@pytest.mark.parametrize(
    ("oid", "expected"),
    [
        pytest.param(f"{SEP}.0.51", ("Symantec AntiVirus", 51), id="v2 form"),
        pytest.param(f"{SEP}.51", ("Symantec AntiVirus", 51), id="without the 0"),
        pytest.param(f"{SEP}.0.1073741875", ("Symantec AntiVirus", 51), id="severity bits"),
        pytest.param(f"{SEP}.0.3221225523", ("Symantec AntiVirus", 51), id="negative specific modulo 2^32"),
        pytest.param(f"{SEP}.0.0", ("Symantec AntiVirus", 0), id="event 0"),
        pytest.param(f"{WINDOWS_TRAPS}.1.233.0.5", ("é", 5), id="Windows-1252"),
        pytest.param(f"{WINDOWS_TRAPS}.2.195.169.0.5", ("é", 5), id="UTF-8"),
        pytest.param(f"{WINDOWS_TRAPS}.1.4294967273.0.5", ("é", 5), id="a letter that was taken as a negative number"),
        pytest.param(f"{WINDOWS_TRAPS}.3.97.27.98.0.5", ("a\ufffdb", 5), id="a control character in the name"),
        pytest.param(f"{WINDOWS_TRAPS}.4.65.66", None, id="name shorter than its length"),
        pytest.param(f"{WINDOWS_TRAPS}.2.65.66", None, id="no id"),
        pytest.param(f"{WINDOWS_TRAPS}.1.999.0.5", None, id="not octets"),
        pytest.param(f"{WINDOWS_TRAPS}.0.0.5", None, id="no name"),
        pytest.param(f"{WINDOWS_TRAPS}.", None, id="nothing behind"),
        pytest.param(WINDOWS_TRAPS, None, id="the root alone"),
        pytest.param(f"{WINDOWS_TRAPS}.x.y", None, id="no numbers"),
        pytest.param("1.3.6.1.4.1.311.1.1.3.1.2.0.6", None, id="another trap of Windows"),
        pytest.param("", None, id="no trap OID"),
    ],
)
def test_a_windows_log_source_is_read_from_the_oid(oid: str, expected: tuple[str, int] | None) -> None:
    assert windows_entry(oid) == (WindowsEntry(*expected) if expected else None)


@given(st.text(max_size=60))
def test_nothing_below_the_root_makes_it_raise(rest: str) -> None:
    event = windows_entry(f"{WINDOWS_TRAPS}.{rest}")
    assert event is None or 0 <= event.number < 2**16
