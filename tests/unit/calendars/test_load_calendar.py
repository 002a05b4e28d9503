"""From settings to calendar and targets; mistakes stop the start with a line that says where."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.calendars import load_calendar, targets_of
from collector.calendars.argentina import YEARS
from collector.config import Settings, load
from collector.domain.errors import ConfigurationError
from collector.domain.sla import ResponseStarts, SlaTargets
from tests.calendars import local


def settings_of(**keys: str) -> Settings:
    return load(None, {f"COLLECTOR__SLA__{key.upper()}": value for key, value in keys.items()})


def test_the_defaults_are_the_manual() -> None:
    assert targets_of(Settings()) == SlaTargets()
    assert SlaTargets().severity_response == {severity: timedelta(hours=hours) for severity, hours in enumerate((1, 3, 6, 16), 1)}
    assert SlaTargets().severity_contact == {1: timedelta(minutes=30)}


def test_each_target_is_set_by_its_key() -> None:
    keys = list(Settings().sla.targets.model_dump())
    settings = load(None, {f"COLLECTOR__SLA__TARGETS__{key.upper()}": str(number) for number, key in enumerate(keys, start=1)})
    targets = targets_of(settings)
    found = [
        targets.threat_contact,
        targets.threat_response,
        *targets.severity_contact.values(),
        *targets.severity_response.values(),
        targets.triage,
    ]
    assert found == [timedelta(minutes=number) for number in range(1, 9)]


def test_the_response_may_start_at_the_receipt() -> None:
    assert targets_of(settings_of(response_starts="receipt")).response_starts is ResponseStarts.RECEIPT


@pytest.mark.parametrize(
    ("keys", "due"),
    [
        pytest.param({}, "2026-12-09 09:20", id="both"),
        pytest.param({"non_working": "national_holiday"}, "2026-12-07 09:20", id="not the bridge day"),
        pytest.param({"non_working": "bridge_day"}, "2026-12-08 09:20", id="not the holiday"),
        pytest.param({"hours": "09:00-13:00, 14:00-18:00"}, "2026-12-04 17:20", id="other hours"),
        pytest.param({"timezone": "UTC"}, "2026-12-09 06:30", id="another zone"),
    ],
)
def test_settings_decide_what_counts(keys: dict[str, str], due: str) -> None:
    assert load_calendar(settings_of(**keys)).due(local("2026-12-04 16:50"), timedelta(minutes=30)) == local(due)


def test_different_settings_have_different_labels() -> None:
    every = [{}, {"non_working": "bridge_day"}, {"hours": "09:00-18:00"}, {"timezone": "America/Argentina/Ushuaia"}]
    assert len({load_calendar(settings_of(**keys)).label for keys in every}) == len(every)
    assert load_calendar(settings_of(attention_hours="08:00-20:00")).label == load_calendar(Settings()).label


OWN = 'overrides:\n  - {add: "2026-12-24", name: {es: Nochebuena, en: Christmas Eve}, source: Empresa}\n'


def test_the_own_overrides_come_after_the_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    file.write_text(OWN + '  - {remove: "2025-10-10", source: Empresa}\n', encoding="utf-8")
    calendar = load_calendar(settings_of(overrides=str(file)))
    assert [one.name.en for one in calendar.special_days(2026) if one.day == date(2026, 12, 24)] == ["Christmas Eve"]
    assert calendar.is_working(local("2025-10-10 10:00"))
    assert not calendar.is_working(local("2026-12-24 10:00"))


def refusal(file: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_calendar(settings_of(overrides=str(file)))
    return str(caught.value)


def test_a_file_that_is_not_there_is_named_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    assert refusal(file) == f"[sla] overrides: {file} cannot be read: No such file or directory"
    assert refusal(tmp_path) == f"[sla] overrides: {tmp_path} cannot be read: Is a directory"


def test_a_file_that_is_no_text_is_named_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    file.write_bytes(b"\xff")
    assert refusal(file) == f"[sla] overrides: {file} is not UTF-8 text"


def test_a_mistake_in_the_file_is_told_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    file.write_text(OWN + '  - {remove: "never", source: x}\n', encoding="utf-8")
    assert refusal(file) == f"{file}:3: `remove` must be a date such as \"2026-12-24\", not 'never'"


def test_overrides_that_leave_no_working_day_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    first, last = date(YEARS[0], 1, 1).toordinal(), date(YEARS[-1], 12, 31).toordinal()
    days = [date.fromordinal(number) for number in range(first, last + 1)]
    lines = [f'  - {{add: "{day}", name: {{es: a, en: b}}, source: x}}\n' for day in days if day.weekday() < 5]
    file.write_text("overrides:\n" + "".join(lines), encoding="utf-8")
    assert refusal(file) == "[sla] overrides: nobody works on any day between 2020-01-01 and 2035-12-31"


def test_the_package_is_loaded_only_when_a_calendar_is_built() -> None:
    program = (
        "import sys, collector.calendars, collector.config as config\n"
        "assert 'holidays' not in sys.modules\n"
        "collector.calendars.load_calendar(config.Settings())\n"
        "assert 'holidays.countries' not in sys.modules, 'all countries were loaded'"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
