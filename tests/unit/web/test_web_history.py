"""What a line of a case's history says besides its verdict, in the words of the reader."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.web.case_view import detail_of
from api.web.speech import Speech
from collector.domain.case import Verdict
from collector.domain.ids import CaseId
from collector.store.case_log import LogEntry

NOW = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


@pytest.mark.parametrize(
    ("detail", "spanish", "english"),
    [
        pytest.param(
            {"deadline": "contact", "due_at": "2026-03-17T14:30:00.000Z", "provisional": True},
            [("plazo", "contacto"), ("vencía", "11:30"), ("provisorio", "")],
            [("due time", "contact"), ("was due", "11:30"), ("provisional", "")],
            id="a promised time",
        ),
        pytest.param({"provisional": False, "relapsed": None}, [], [], id="what does not hold is not said"),
        pytest.param(
            {"ticket": "48213", "ticket_url": None, "destination": "pull"},
            [("ticket", "48213"), ("destino", "pull")],
            [("ticket", "48213"), ("destination", "pull")],
            id="a ticket",
        ),
        pytest.param(
            {"urgency_before": "low", "urgency": "high"},
            [("antes", "baja"), ("urgencia", "alta")],
            [("before", "low"), ("urgency", "high")],
            id="another urgency",
        ),
        pytest.param({"deadline": "<b>"}, [("plazo", "<b>")], [("due time", "<b>")], id="a word that nobody knows"),
    ],
)
def test_a_line_of_the_history_is_in_the_reader_s_language(
    detail: dict[str, str | int | bool | None], spanish: list[tuple[str, str]], english: list[tuple[str, str]]
) -> None:
    entry = LogEntry(CaseId(1), NOW, Verdict.DEADLINE_BREACHED, "collector", detail=detail)
    assert detail_of(entry, Speech("es", ZONE, NOW)) == spanish
    assert detail_of(entry, Speech("en", ZONE, NOW)) == english
