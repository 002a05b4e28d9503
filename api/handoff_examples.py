"""Examples of what destinations read and say, for the API's description. A test holds each against its schema."""

from typing import Any

from api.examples import CASE

_FOR_PEOPLE = {
    *("needs_triage", "matched", "source_severity", "acknowledged_at", "acknowledged_by", "confirmed_at", "contacted_at"),
    *("responded_at", "resolved_at", "closed_at", "close_reason", "status_by", "merged_into", "version"),
}
"""What the API shows of a case beyond a message."""
_TICKET = {"number": "48213", "url": "https://portal.example.net/t/48213", "id": "48213"}

MESSAGE: dict[str, Any] = {
    "type": "case.opened",
    "id": "msg_01JQ8Z6W3K9V7M2T5R4XH8YB0N_1",
    "timestamp": "2026-03-02T12:00:02.100Z",
    "api_version": "1",
    "destination": "pull",
    "seq": 1,
    "data": {
        "case": {name: value for name, value in CASE.items() if name not in _FOR_PEOPLE}
        | {"status": "open", "assignee": None, "occurrences": 1, "ticket": None},
        "change": {"what": "opened", "by": "rule:sepm-risk-open@9f2c1e", "text": None, "truncated": False, "detail": {}},
    },
}
FEED = {"items": [MESSAGE], "next": "MS5mZWVkLm9sZGVzdC4xMDIz", "more": False}
SCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Message about a case, version 1"}
TICKET = _TICKET | {"destination": "pull", "set_at": "2026-03-02T12:00:09.000Z", "set_by": "key:bridge"}
TICKET_NEWS_ANSWER = {"applied": True, "reason": None, "facts": {"status": "applied", "note": "applied"}, "detail": None}
TICKET_NEWS_REPEATED = {"applied": False, "reason": "duplicate", "facts": {}, "detail": None}
TICKET_ENTRY_PAGE = {
    "items": [
        {
            "event_id": "portal-991823",
            "destination": "pull",
            "at": "2026-03-02T12:09:30.000Z",
            "received_at": "2026-03-02T12:09:31.000Z",
            "received_from": "key:bridge",
            "result": "applied",
            "newest": ["status"],
            "detail": None,
            "sent": {"event_id": "portal-991823", "at": "2026-03-02T12:09:30Z", "status": "acknowledged", "actor": "jperez"},
        }
    ],
    "next": None,
}
