"""Examples for the API's description. A test holds each against its schema."""

from typing import Any

_KEY = "NOC1-01JQ8Z6W3K9V7M2T5R4XH8YB0N"

NOTIFICATION: dict[str, Any] = {
    "id": "snmp-0-k3f9ab-88121",
    "received_at": "2026-03-02T12:00:02.000Z",
    "transport": "snmp",
    "peer": "192.0.2.10:40213",
    "customer": "ACME",
    "source": "proxy-1",
    "product": "bluecoat-proxysg",
    "state": "case",
    "reason": None,
    "trust": "spoofable",
    "notification": "health",
    "trap_oid": "1.3.6.1.4.1.3417.2.12.2.0.3",
    "trap_name": "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap",
    "subject": None,
    "text": "CPU Utilization",
    "fields": {"metric": "CPU Utilization", "state": "critical"},
    "varbinds": None,
    "cases": [_KEY],
    "rule": "proxysg-health-critical",
}
NOTIFICATION_PAGE = {"items": [NOTIFICATION], "next": "MS5ub3RpZmljYXRpb25zLm9sZGVzdC44ODEyMQ"}
NOTIFICATION_DETAIL = NOTIFICATION | {
    "varbinds": [
        {
            "oid": "1.3.6.1.4.1.3417.2.12.1.1.1.0",
            "name": "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonMessage.0",
            "type": "octets",
            "value": "CPU Utilization",
            "reading": None,
            "label": None,
        },
        {
            "oid": "1.3.6.1.2.1.2.2.1.8.3",
            "name": "IF-MIB::ifOperStatus.3",
            "type": "integer",
            "value": 2,
            "reading": None,
            "label": "down",
        },
        {
            "oid": "1.3.6.1.4.1.32473.1.6.1",
            "name": None,
            "type": "octets",
            "value": {"hex": "00005e005301"},
            "reading": None,
            "label": None,
        },
    ],
    "rule_version": "9f2c1e",
    "verdict": "opened",
    "detail": None,
    "rows": ["snmp-0-k3f9ab-88121"],
    "snmp": {
        "version": "v2c",
        "pdu": "trap_v2",
        "request_id": 77,
        "uptime": 8640000,
        "enterprise": None,
        "agent_address": None,
        "generic": None,
        "specific": None,
        "windows_source": None,
        "windows_id": None,
        "not_decoded": 0,
    },
    "security": None,
    "mail": None,
}
SOURCE_PAGE = {
    "items": [
        {
            "customer": "ACME",
            "name": "sepm-1",
            "products": ["symantec-sepm"],
            "mailbox": "acme-sepm",
            "snmp": {
                "version": "v3",
                "networks": ["192.0.2.0/24"],
                "listener": None,
                "user": "traps",
                "auth_protocol": "SHA-256",
                "priv_protocol": "AES",
                "min_level": "authPriv",
                "engine_ids": ["80001f8880e9bd0c1d"],
                "approve_engines": "by_hand",
                "weak": [],
            },
        }
    ],
    "next": None,
}
REPROCESSED = {"items": [NOTIFICATION]}
EXPLANATION = {
    "id": "snmp-0-k3f9ab-88121",
    "state": "case",
    "recorded": [{"id": "snmp-0-k3f9ab-88121", "rule": "proxysg-health-critical", "verdict": "opened", "case": _KEY}],
    "now": {
        "decoded": {
            "as": "trap_v2",
            "trap_oid": "1.3.6.1.4.1.3417.2.12.2.0.3",
            "varbinds": 1,
            "trap_name": "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap",
            "names": {"1.3.6.1.4.1.3417.2.12.1.1.1.0": "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonMessage.0"},
        },
        "sender": {"address": "192.0.2.10", "trusted_relay": False, "agent_address": None, "trap_address": None},
        "security": None,
        "belief": [],
        "sources": [{"customer": "ACME", "source": "proxy-1"}],
        "considered": [],
    },
}
CASE: dict[str, Any] = {
    "external_key": _KEY,
    "url": f"https://noc.example.net/cases/{_KEY}",
    "kind": "threat_incident",
    "urgency": "normal",
    "severity": None,
    "rank": 1,
    "contained": False,
    "status": "acknowledged",
    "level": 1,
    "trust": "spoofable",
    "review_for_severity_1": False,
    "needs_triage": False,
    "title": "Amenaza sin resolver en srv-arch-02: Trojan.Gen.MBT",
    "summary": "3 avisos en 4 min; primero 09:00:02 -03, último 09:04:10 -03.",
    "steps": "Aislar el equipo; pedir muestra.",
    "customer": {
        "code": "ACME",
        "name": "Acme S.A.",
        "support_id": None,
        "language": "es",
        "contacts": [],
        "account_manager": None,
        "technical_account_manager": None,
    },
    "entitlement": None,
    "outside_hours": False,
    "ticket_fields": {"manufacturer": "Symantec - Broadcom", "platform": None, "platform_version": None, "priority": 1},
    "assignee": "jperez",
    "host": "srv-arch-02",
    "product": "symantec-sepm",
    "threat": {"risk": "Trojan.Gen.MBT", "action": "Left alone", "path": None, "sha256": None},
    "source": {"name": "sepm-1", "channel": "smtp", "rule": "sepm-risk-open", "rule_version": "9f2c1e"},
    "matched": [{"selection": "seen", "field": "notification", "test": "equals risk", "value": "risk"}],
    "source_severity": None,
    "opened_at": "2026-03-02T12:00:02.100Z",
    "last_seen_at": "2026-03-02T12:04:10.000Z",
    "occurrences": 3,
    "cleared_at": None,
    "acknowledged_at": "2026-03-02T12:09:30.000Z",
    "acknowledged_by": "key:bridge/jperez",
    "confirmed_at": None,
    "contacted_at": "2026-03-02T12:07:00.000Z",
    "responded_at": None,
    "resolved_at": None,
    "closed_at": None,
    "close_reason": None,
    "status_by": "key:bridge/jperez",
    "deadlines": [
        {
            "name": "contact",
            "severity": None,
            "start": "2026-03-02T12:00:02.100Z",
            "due_at": "2026-03-02T12:30:02.100Z",
            "provisional": False,
            "calendar": "AR@3f9c1e",
            "state": "met",
            "late": False,
        },
        {
            "name": "response",
            "severity": None,
            "start": "2026-03-02T12:00:02.100Z",
            "due_at": "2026-03-02T12:30:02.100Z",
            "provisional": False,
            "calendar": "AR@3f9c1e",
            "state": "running",
            "late": False,
        },
    ],
    "notices": ["remote_access_only_after_telling_the_customer"],
    "evidence": [
        {
            "id": "smtp-0-p7q2xd-88121-1",
            "at": "2026-03-02T12:00:02.100Z",
            "channel": "smtp",
            "text": "Risk name: Trojan.Gen.MBT",
            "truncated": False,
            "url": "https://noc.example.net/notifications/smtp-0-p7q2xd-88121-1",
            "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "bytes": 4120,
        }
    ],
    "previous_case": None,
    "merged_into": None,
    "ticket": {"number": "48213", "url": "https://portal.example.net/t/48213", "id": "48213"},
    "version": 4,
}
CASE_PAGE = {"items": [CASE], "next": None}
LOG_PAGE: dict[str, Any] = {
    "items": [
        {
            "at": "2026-03-02T12:00:02.100Z",
            "verdict": "opened",
            "actor": "rule:sepm-risk-open@9f2c1e",
            "count": 1,
            "notification": "smtp-0-p7q2xd-88121-1",
            "text": None,
            "detail": {},
        },
        {
            "at": "2026-03-02T12:09:30.000Z",
            "verdict": "acknowledged",
            "actor": "key:bridge/jperez",
            "count": 1,
            "notification": None,
            "text": "Llamo al proveedor",
            "detail": {},
        },
    ],
    "next": None,
}
DEADLINE_PAGE: dict[str, Any] = {
    "items": [
        {
            "name": "contact",
            "severity": None,
            "state": "running",
            "provisional": False,
            "late": False,
            "target_seconds": 1800.0,
            "since": "2026-11-20T19:50:00.000Z",
            "start": "2026-11-20T19:50:00.000Z",
            "at_risk_at": "2026-11-24T12:12:30.000Z",
            "due_at": "2026-11-24T12:20:00.000Z",
            "counted_seconds": 300.0,
            "left_seconds": 1500.0,
            "ended_at": None,
            "ended_by": None,
            "calendar": "AR@3f9c1e",
            "pauses": [],
            "until": "2026-11-24T12:20:00.000Z",
            "stretches": [
                {
                    "start": "2026-11-20T19:50:00.000Z",
                    "end": "2026-11-20T20:00:00.000Z",
                    "seconds": 600.0,
                    "counted": True,
                    "reasons": [],
                    "names": [],
                },
                {
                    "start": "2026-11-20T20:00:00.000Z",
                    "end": "2026-11-24T12:00:00.000Z",
                    "seconds": 316800.0,
                    "counted": False,
                    "reasons": ["outside_hours", "weekend", "national_holiday"],
                    "names": ["Día de la Soberanía Nacional"],
                },
                {
                    "start": "2026-11-24T12:00:00.000Z",
                    "end": "2026-11-24T12:20:00.000Z",
                    "seconds": 1200.0,
                    "counted": True,
                    "reasons": [],
                    "names": [],
                },
            ],
            "text": "Contacto: 30 min de trabajo desde el vie 20/11 16:50. Vence el mar 24/11 09:20. Cuentan 10 min el vie 20/11"
            " de 16:50 a 17:00, 20 min el mar 24/11 de 09:00 a 09:20. No cuentan: fuera de horario, fin de semana, feriado"
            " nacional; Día de la Soberanía Nacional.",
        }
    ],
    "next": None,
    "now": "2026-11-20T19:55:00.000Z",
    "calendar": "AR@3f9c1e",
    "timezone": "America/Argentina/Buenos_Aires",
}
LEDGER = {
    "items": [
        {
            "day": "2026-03-02",
            "customer": "ACME",
            "source": "sepm-1",
            "transport": "smtp",
            "outcome": "case",
            "reason": None,
            "count": 3,
        }
    ],
    "totals": {"case": 3},
    "streams": [{"stream": "smtp-0-p7q2xd", "first": 1, "end": 4, "position": 4, "pending": 0, "tallies": 1}],
    "arrived": 3,
    "accounted": 3,
    "pending": 0,
    "difference": 0,
}


def problem(status: int, title: str, code: str, detail: str, **extra: object) -> dict[str, object]:
    return {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail, **extra}


PROBLEMS: dict[int, dict[str, object]] = {
    400: problem(400, "Bad Request", "bad_cursor", "the cursor is damaged: take `next` as it was answered"),
    401: problem(401, "Unauthorized", "bad_key", "the API key is unknown, expired or revoked"),
    403: problem(
        403, "Forbidden", "missing_scope", "the API key bridge lacks the scope cases:write", missing_scope="cases:write"
    ),
    404: problem(404, "Not Found", "not_found", f"there is no case {_KEY}"),
    409: problem(
        409,
        "Conflict",
        "conflict",
        "the case is closed (set by key:bridge/jperez): acknowledge is not possible",
        case_status="closed",
        set_by="key:bridge/jperez",
    ),
    410: problem(
        410,
        "Gone",
        "feed_place_gone",
        "messages behind this cursor are no longer kept: read the open cases anew, then go on from `oldest`",
        oldest="MS5mZWVkLm9sZGVzdC4xMDIz",
        resynchronise="/api/v1/cases?status=open,acknowledged,pending,resolved",
    ),
    412: problem(412, "Precondition Failed", "stale_version", "the case is at version 8, not 7"),
    422: problem(
        422,
        "Unprocessable Entity",
        "invalid_request",
        "query limit: Input should be less than or equal to 1000",
        errors=[{"in": "query", "name": "limit", "message": "Input should be less than or equal to 1000"}],
    ),
    503: problem(503, "Service Unavailable", "unavailable", "the store does not answer now; the same request may work later"),
}
