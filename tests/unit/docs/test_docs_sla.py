"""docs/sla.md: the words are those of the program, and its example is a good file."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from collector.calendars.overrides import Addition, read_overrides
from collector.domain.calendar import DayKind, Gap

PAGE = (Path(__file__).parents[3] / "docs/sla.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "words"),
    [pytest.param("Special days", DayKind, id="kinds of days"), pytest.param("Why time does not count", Gap, id="reasons")],
)
def test_the_page_explains_the_list(section: str, words: type[StrEnum]) -> None:
    body = re.split(r"^#{2,3} ", PAGE.split(f"### {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    assert re.findall(r"^\| `(\w+)` \| .+ \|$", body, flags=re.MULTILINE) == [word.value for word in words]


def test_the_example_of_overrides_can_be_read() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    read = read_overrides(example, "docs/sla.md")
    assert [entry.day.kind if isinstance(entry, Addition) else entry.kind for entry in read.entries] == [
        DayKind.OVERRIDE,
        DayKind.BRIDGE_DAY,
        DayKind.NON_WORKING_DAY,
        None,
    ]
    assert read.without_bridge_days == {2028}
