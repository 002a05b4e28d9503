"""The own SNMP engine keeps its id, its boots only rise, and whatever happens to its file no boots of one id come back."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from collector.config import Settings
from collector.domain.errors import ConfigurationError
from collector.domain.own_engine import MAX_BOOTS, OwnEngine
from collector.own_engine_file import (
    ENGINE_VARIABLE,
    OwnEngineStart,
    environment_of,
    last_start,
    next_start,
    own_engine,
    own_engine_id,
    raise_boots,
)
from tests.builders import SetClock

SET = "80001f8804636f6c6c6563746f72"
FIRST, SECOND = bytes.fromhex("80007ed905aaaaaaaa"), bytes.fromhex("80007ed905bbbbbbbb")
MINUTES = 29_562_480
"""Since 1970, at the noon of the test clock."""


def settings(directory: Path, engine_id: str = "") -> Settings:
    return Settings.model_validate({"data_dir": str(directory), "snmp": {"engine_id": engine_id}})


def test_the_id_is_made_once_and_the_boots_rise_at_each_start(tmp_path: Path) -> None:
    starts = [raise_boots(settings(tmp_path), SetClock()) for _ in range(3)]
    assert [engine.boots for engine in starts] == [1, 2, 3]
    assert len({engine.id for engine in starts}) == 1


def test_a_made_id_has_the_form_of_rfc_3411_and_is_no_other_collector_s(tmp_path: Path) -> None:
    one, other = (raise_boots(settings(tmp_path / name), SetClock()).id for name in ("one", "other"))
    assert one != other
    assert (one[:4], one[4], len(one)) == (bytes.fromhex("80007ed9"), 5, 17)


def test_the_file_is_the_owner_s_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    raise_boots(settings(tmp_path), SetClock())
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: "", id="empty"),
        pytest.param(lambda text: text[:-9], id="cut"),
        pytest.param(lambda text: text.replace('"boots": 2', '"boots": 1'), id="boots-that-went-back"),
        pytest.param(lambda text: text.replace("80007ed9", "80007ed8"), id="another-id"),
        pytest.param(lambda text: "[]", id="another-form"),
        pytest.param(lambda text: "\0" * 90, id="zeros"),
    ],
)
def test_after_a_damaged_file_the_engine_is_another_one(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    place = settings(tmp_path)
    before = [raise_boots(place, SetClock()) for _ in range(2)][-1]
    place.engine_file.write_text(damage(place.engine_file.read_text()))
    after = raise_boots(place, SetClock())
    assert after.id != before.id
    assert (after.boots, raise_boots(place, SetClock()).id) == (1, after.id)


def test_a_file_that_cannot_be_written_costs_the_id_and_never_repeats_boots(tmp_path: Path) -> None:
    place = settings(tmp_path)
    first = raise_boots(place, SetClock())
    (tmp_path / "snmp-engine.new").mkdir()
    homeless = [raise_boots(place, SetClock()) for _ in range(2)]
    (tmp_path / "snmp-engine.new").rmdir()
    assert len({first.id, *(engine.id for engine in homeless)}) == 3
    again = raise_boots(place, SetClock())
    assert (again.id, again.boots) == (first.id, 2)


def test_the_settings_name_the_id_and_its_boots_begin_above_what_it_can_have_had(tmp_path: Path) -> None:
    made = raise_boots(settings(tmp_path), SetClock())
    named = raise_boots(settings(tmp_path, SET), SetClock())
    assert (named.id, named.boots) == (bytes.fromhex(SET), MINUTES)
    assert made.id != named.id
    assert raise_boots(settings(tmp_path, f"0x{SET.upper()}"), SetClock()).boots == MINUTES + 1


@pytest.mark.parametrize(
    ("last", "wanted", "following"),
    [
        pytest.param(OwnEngineStart(FIRST, 7), b"", OwnEngineStart(FIRST, 8), id="one-more"),
        pytest.param(OwnEngineStart(FIRST, 7), FIRST, OwnEngineStart(FIRST, 8), id="one-more-of-the-named-one"),
        pytest.param(OwnEngineStart(FIRST, 7), SECOND, OwnEngineStart(SECOND, MINUTES), id="another-named-one"),
        pytest.param(
            OwnEngineStart(FIRST, MINUTES), SECOND, OwnEngineStart(SECOND, MINUTES + 1), id="named-back-within-a-minute"
        ),
        pytest.param(None, SECOND, OwnEngineStart(SECOND, MINUTES), id="named-and-no-file"),
        pytest.param(
            OwnEngineStart(FIRST, MAX_BOOTS - 1), FIRST, OwnEngineStart(FIRST, MAX_BOOTS), id="the-last-boots-of-a-named-one"
        ),
        pytest.param(
            OwnEngineStart(FIRST, MAX_BOOTS), FIRST, OwnEngineStart(FIRST, MAX_BOOTS), id="a-named-one-stays-at-the-last"
        ),
    ],
)
def test_what_follows_upon_the_last_start(last: OwnEngineStart | None, wanted: bytes, following: OwnEngineStart) -> None:
    assert next_start(last, wanted, SetClock()) == following


@pytest.mark.parametrize("boots", [MAX_BOOTS - 1, MAX_BOOTS])
def test_with_the_highest_boots_a_made_id_gives_way_to_a_new_one(boots: int) -> None:
    following = next_start(OwnEngineStart(FIRST, boots), b"", SetClock())
    assert following.id != FIRST
    assert following.boots == 1


def test_what_is_passed_down_is_the_same_engine_and_raises_nothing(tmp_path: Path) -> None:
    place = settings(tmp_path)
    engine = raise_boots(place, SetClock())
    assert own_engine(place, SetClock(), environment_of(engine)) == engine
    assert last_start(place.engine_file) == OwnEngineStart(engine.id, 1)


def test_a_role_that_runs_alone_raises_for_itself(tmp_path: Path) -> None:
    place = settings(tmp_path)
    assert [own_engine(place, SetClock(), {}).boots for _ in range(2)] == [1, 2]


def test_what_somebody_else_put_into_the_variable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=ENGINE_VARIABLE):
        own_engine(settings(tmp_path), SetClock(), {ENGINE_VARIABLE: "80007ed905"})


def test_the_time_is_seconds_since_the_start_and_goes_on_for_a_restarted_receiver(tmp_path: Path) -> None:
    clock, place = SetClock(), settings(tmp_path)
    clock.move(timedelta(days=40))
    passed_down = environment_of(raise_boots(place, clock))
    clock.move(timedelta(seconds=90.9))
    assert own_engine(place, clock, passed_down).time(clock.monotonic_ns()) == 90


SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("boots", "time", "in_time"),
    [
        pytest.param(3, 1000, True, id="exact"),
        pytest.param(3, 850, True, id="150-behind"),
        pytest.param(3, 849, False, id="151-behind"),
        pytest.param(3, 1150, True, id="150-ahead"),
        pytest.param(3, 1151, False, id="151-ahead"),
        pytest.param(2, 1000, False, id="boots-behind"),
        pytest.param(4, 1000, False, id="boots-ahead"),
        pytest.param(0, 0, False, id="who-asks-for-the-time"),
    ],
)
def test_the_window_reaches_150_seconds_to_both_sides(boots: int, time: int, in_time: bool) -> None:
    assert OwnEngine(FIRST, 3, 0).in_time(boots, time, 1000 * SECOND_NS) is in_time


def test_with_the_highest_boots_nothing_is_in_time() -> None:
    assert not OwnEngine(FIRST, MAX_BOOTS, 0).in_time(MAX_BOOTS, 0, 0)


def test_the_file_says_what_it_keeps_and_no_more(tmp_path: Path) -> None:
    place = settings(tmp_path)
    engine = raise_boots(place, SetClock())
    kept = json.loads(place.engine_file.read_text())
    assert kept.keys() == {"engine_id", "boots", "check"}
    assert kept["engine_id"] == engine.id.hex()


def test_who_only_must_know_the_id_raises_nothing(tmp_path: Path) -> None:
    assert own_engine_id(settings(tmp_path), {}) == b""
    assert own_engine_id(settings(tmp_path, SET), {}) == bytes.fromhex(SET)
    begun = raise_boots(settings(tmp_path), SetClock())
    assert own_engine_id(settings(tmp_path), {}) == begun.id
    assert last_start(settings(tmp_path).engine_file) == OwnEngineStart(begun.id, 1)
    passed_down = environment_of(OwnEngine(FIRST, 3, 0))
    assert own_engine_id(settings(tmp_path), passed_down) == FIRST
    assert own_engine_id(settings(tmp_path), {ENGINE_VARIABLE: "nonsense"}) == begun.id
