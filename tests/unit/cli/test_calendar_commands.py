"""`collector calendar` and what `check-config` says of the calendar, with the time of a file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import cli


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)
    before = os.umask(0o022)
    yield
    os.umask(before)


def clock(folder: Path, text: str) -> tuple[str, str]:
    file = folder / "clock"
    file.write_text(text, encoding="ascii")
    return "--test-clock", str(file)


def test_show_prints_the_special_days_of_the_present_year(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # midnight in Greenwich is still the old year in Buenos Aires
    assert cli.main(["calendar", "show", *clock(tmp_path, "2027-01-01T01:00:00Z")]) == 0
    label, hours, attention, *days = capsys.readouterr().out.splitlines()
    assert label.startswith("calendar AR@")
    assert hours == "working hours: Monday to Friday 09:00-17:00"
    assert attention == "attention hours, which no clock uses: Monday to Friday 09:00-18:00"
    assert days[0].startswith("2026-01-01 Thu  national_holiday  no work  Año Nuevo (holidays ")
    assert len(days) == 21


def test_show_tells_what_is_worked_and_speaks_the_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.toml"
    config.write_text('language = "en"\n[sla]\nnon_working = ["national_holiday"]\n', encoding="utf-8")
    assert cli.main(["calendar", "show", "2025", "--config", str(config)]) == 0
    shown = capsys.readouterr().out
    assert "2025-05-02 Fri  bridge_day        work     Bridge Public Holiday (holidays " in shown
    assert "2025-05-01 Thu  national_holiday  no work  Labor Day (holidays " in shown


@pytest.mark.parametrize("year", ["2019", "2036"])
def test_show_refuses_a_year_that_is_not_known(year: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["calendar", "show", year]) == 1
    assert capsys.readouterr().err == f"collector: YEAR: the calendar knows 2020 to 2035, not {year}\n"


def test_check_is_content_while_all_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["calendar", "check", *clock(tmp_path, "2026-10-01T12:00:00Z")]) == 0
    assert capsys.readouterr().out == "the calendar is complete\n"


def test_check_fails_with_a_sentence_for_each_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days, config = tmp_path / "days.yaml", tmp_path / "c.toml"
    days.write_text('overrides:\n  - {remove: "2035-12-24", source: x}\n', encoding="utf-8")
    config.write_text(f'[sla]\noverrides = "{days}"\n', encoding="utf-8")
    assert cli.main(["calendar", "check", "--config", str(config), *clock(tmp_path, "2035-12-01T12:00:00Z")]) == 1
    bridge, end, idle = capsys.readouterr().out.splitlines()
    assert bridge.startswith("no bridge day of 2035 is known")
    assert end.startswith("the calendar knows no special day after 2035-12-31")
    assert idle == f"{days}:2: changes nothing: the calendar is like that without it"


def test_check_config_finds_mistakes_in_the_overrides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days, config = tmp_path / "days.yaml", tmp_path / "c.toml"
    days.write_text("overrides:\n  - {}\n", encoding="utf-8")
    config.write_text(f'[sla]\noverrides = "{days}"\n', encoding="utf-8")
    assert cli.main(["check-config", "--config", str(config)]) == 78
    assert capsys.readouterr().err == f"collector: {days}:2: an override has one of `add`, `remove`, `move`, with a date\n"
