"""Positions and journal are compared before anything is processed."""

import pytest

from collector.domain.errors import ConfigurationError
from collector.domain.ids import StreamName
from collector.journal.interface import StreamState
from collector.journal.positions import Mismatch, troubles, verify_positions

MAIN = StreamName("snmp-0", bulk=False, epoch="aaaaaa")
BULK = StreamName("snmp-0", bulk=True, epoch="bbbbbb")
MAIN_ANEW = StreamName("snmp-0", bulk=False, epoch="zzzzzz")


@pytest.mark.parametrize(
    ("positions", "states"),
    [
        pytest.param({}, [], id="nothing on either side"),
        pytest.param({}, [StreamState(MAIN, 1, 9)], id="a journal that the store has not seen yet"),
        pytest.param({MAIN: 9}, [StreamState(MAIN, 1, 9)], id="all processed"),
        pytest.param({MAIN: 9}, [StreamState(MAIN, 1, 9), StreamState(BULK, 1, 0)], id="another lane beside it"),
        pytest.param({MAIN: 3}, [StreamState(MAIN, 7, 9)], id="retention went past the position"),
    ],
)
def test_what_belongs_together_is_accepted(positions: dict[StreamName, int], states: list[StreamState]) -> None:
    verify_positions(positions, states)


@pytest.mark.parametrize(
    ("positions", "states", "message"),
    [
        pytest.param(
            {MAIN: 10}, [StreamState(MAIN, 1, 9)], "processed up to 10, but the journal ends at 9", id="journal too short"
        ),
        pytest.param({MAIN: 10}, [], "snmp-0-aaaaaa: .* no such stream", id="journal lost"),
        pytest.param({MAIN: 1}, [StreamState(MAIN_ANEW, 1, 5)], "has snmp-0-zzzzzz in its place", id="journal begun anew"),
        pytest.param(
            {MAIN: 1},
            [StreamState(MAIN, 1, 5), StreamState(MAIN_ANEW, 1, 5)],
            "snmp-0-zzzzzz: the journal has this stream beside snmp-0-aaaaaa",
            id="two streams for one lane",
        ),
    ],
)
def test_what_does_not_belong_together_stops_the_start(
    positions: dict[StreamName, int], states: list[StreamState], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        verify_positions(positions, states)


def test_every_trouble_is_named_with_its_remedy() -> None:
    with pytest.raises(ConfigurationError) as caught:
        verify_positions({MAIN: 10, BULK: 4}, [StreamState(MAIN, 1, 9)])
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert [line.partition(":")[0] for line in lines[1:]] == ["snmp-0-aaaaaa", "snmp-0-bulk-bbbbbb"]
    assert [line for line in lines[1:] if "`collector journal accept-loss`" not in line] == []


def test_a_retired_stream_that_comes_back_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"snmp-0-aaaaaa: .* given it up\. Move its directory away"):
        verify_positions({}, [StreamState(MAIN, 1, 9)], retired={MAIN})


def test_a_retired_stream_that_stays_away_is_no_trouble() -> None:
    verify_positions({MAIN_ANEW: 2}, [StreamState(MAIN_ANEW, 1, 9)], retired={MAIN})


def test_a_stream_beside_one_that_must_be_given_up_is_its_successor() -> None:
    states = [StreamState(MAIN, 1, 9), StreamState(MAIN_ANEW, 1, 5)]
    assert [(found.stream, found.mismatch) for found in troubles({MAIN: 10}, states)] == [(MAIN, Mismatch.SHORT)]
