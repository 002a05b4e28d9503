"""As many open files as connections may need, as far as the system lets us."""

import resource

import pytest

from collector.app.open_files import allow_connections


@pytest.mark.parametrize(
    ("limits", "wanted", "set_to", "told"),
    [
        pytest.param((1_024, 4_096), 1_000, (1_200, 4_096), False, id="raised"),
        pytest.param((1_024, resource.RLIM_INFINITY), 1_000, (1_200, resource.RLIM_INFINITY), False, id="no hard limit"),
        pytest.param((65_536, 65_536), 1_000, None, False, id="enough already"),
        pytest.param((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 1_000, None, False, id="no limit at all"),
        pytest.param((1_024, 1_100), 1_000, (1_100, 1_100), True, id="not as many as wanted"),
    ],
)
def test_the_limit_is_raised_as_far_as_it_may_be(
    limits: tuple[int, int],
    wanted: int,
    set_to: tuple[int, int] | None,
    told: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: done.append(new))
    allow_connections(wanted)
    assert done == ([set_to] if set_to else [])
    assert bool(caplog.records) is told
