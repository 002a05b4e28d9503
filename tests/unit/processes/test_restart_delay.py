"""How long the supervisor waits before it starts a role again."""

from datetime import timedelta

import pytest

from collector.supervisor import restart_delay


@pytest.mark.parametrize(
    ("failures", "milliseconds"),
    [
        pytest.param(1, 100, id="at once after the first"),
        pytest.param(2, 200, id="doubled"),
        pytest.param(6, 3200, id="doubled five times"),
        pytest.param(7, 5000, id="at the limit"),
        pytest.param(1_000_000, 5000, id="for ever at the limit"),
    ],
)
def test_the_pause_doubles_up_to_five_seconds(failures: int, milliseconds: int) -> None:
    assert restart_delay(failures) == timedelta(milliseconds=milliseconds)
