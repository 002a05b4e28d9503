"""Examples of the answers about SNMPv3 engines, for the description."""

from typing import Any

ENGINE: dict[str, Any] = {
    "engine_id": "80001f888059dc486145a26322",
    "customer": "ACME",
    "source": "sepm-1",
    "state": "approved",
    "peer": "192.0.2.10:51234",
    "first_seen_at": "2026-03-02T12:00:05.100Z",
    "last_seen_at": "2026-03-02T12:31:40.000Z",
    "messages": 17,
    "authenticated": True,
    "boots": 4,
    "engine_time": 86400,
    "approved_by": "key:bridge/jperez",
    "approved_at": "2026-03-02T12:30:00.000Z",
}
FORGOTTEN: dict[str, Any] = {
    "engine_id": "80001f888059dc486145a26322",
    "customer": "ACME",
    "source": "sepm-1",
    "peer": "192.0.2.10:51234",
    "messages": 17,
    "approved_by": "key:bridge/jperez",
    "approved_at": "2026-03-02T12:30:00.000Z",
    "forgotten_by": "command:mgomez",
    "forgotten_at": "2026-03-09T08:15:00.000Z",
}
FORGOTTEN_PAGE = {"items": [FORGOTTEN], "next": None}
ENGINE_PAGE = {"items": [ENGINE], "next": "MS5lbmdpbmVzLm9sZGVzdC4xNw"}
APPROVED = {"engine": ENGINE, "reprocessed": 16, "left": 0}
