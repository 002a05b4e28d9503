"""What the page says about times, amounts and people."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from api.web.speech import Speech
from collector.domain.signal import Words
from tests.builders import NOON

BUENOS_AIRES = timezone(timedelta(hours=-3), "-03")


def speech(language: str = "es") -> Speech:
    return Speech(language, BUENOS_AIRES, NOON)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        pytest.param(timedelta(seconds=59), "menos de 1 min", id="seconds"),
        pytest.param(timedelta(minutes=1), "1 min", id="a minute"),
        pytest.param(timedelta(minutes=59, seconds=59), "59 min", id="almost an hour"),
        pytest.param(timedelta(hours=1, minutes=5), "1 h 05 min", id="hours"),
        pytest.param(timedelta(hours=23, minutes=59), "23 h 59 min", id="almost a day"),
        pytest.param(timedelta(days=3, hours=4, minutes=50), "3 d 4 h", id="days"),
    ],
)
def test_how_long(passed: timedelta, said: str) -> None:
    assert speech().lasting(passed) == said
    assert speech().left(NOON + passed) == f"faltan {said}"
    assert speech("en").left(NOON - passed) == f"{speech('en').lasting(passed)} late"


def test_how_long_ago() -> None:
    assert speech().ago(NOON + timedelta(seconds=3)) == "recién"
    assert speech().ago(NOON - timedelta(minutes=3)) == "hace 3 min"


@pytest.mark.parametrize(
    ("at", "es", "en"),
    [
        pytest.param(datetime(2026, 3, 17, 17, 5, tzinfo=UTC), "14:05", "14:05", id="today, there"),
        pytest.param(datetime(2026, 3, 18, 2, 59, tzinfo=UTC), "23:59", "23:59", id="still today there"),
        pytest.param(datetime(2026, 3, 18, 3, 0, tzinfo=UTC), "mié 18/03 00:00", "Wed 18/03 00:00", id="tomorrow"),
        pytest.param(datetime(2025, 3, 18, 3, 0, tzinfo=UTC), "2025-03-18 00:00", "2025-03-18 00:00", id="another year"),
    ],
)
def test_when(at: datetime, es: str, en: str) -> None:
    assert (speech().when(at), speech("en").when(at)) == (es, en)
    assert speech().moment(at).endswith(" -03")


@pytest.mark.parametrize(
    ("span", "said"),
    [(timedelta(minutes=12), "12 min"), (timedelta(hours=16), "16 h"), (timedelta(hours=30, minutes=7), "30 h 07 min")],
)
def test_working_time_is_never_told_in_days(span: timedelta, said: str) -> None:
    assert speech().working(span) == said


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("user:ana", "ana"),
        ("key:bridge", "programa bridge"),
        ("key:bridge/jperez", "jperez"),
        ("rule:disk-full@abc", "regla disk-full"),
        ("collector", "el collector"),
        ("", "el collector"),
        ("something:else", "something:else"),
    ],
)
def test_who(actor: str, said: str) -> None:
    assert speech().actor(actor) == said


def test_amounts_are_grouped_as_the_language_does() -> None:
    assert (speech().number(1_234_567), speech("en").number(1_234_567)) == ("1.234.567", "1,234,567")
    assert Words("uno", "one").in_language("es") == "uno"
