"""The types of PDUs as they stand on the wire (RFC 1157 section 4.1, RFC 3416 section 3)."""

GET = 0xA0
GET_NEXT = 0xA1
RESPONSE = 0xA2
SET = 0xA3
TRAP_V1 = 0xA4
GET_BULK = 0xA5
INFORM = 0xA6
TRAP_V2 = 0xA7
REPORT = 0xA8

CONFIRMED = frozenset({GET, GET_NEXT, SET, GET_BULK, INFORM})
"""Those that wait for an answer (RFC 3411 section 2.8)."""
NO_NOTIFICATIONS = frozenset({GET, GET_NEXT, RESPONSE, SET, GET_BULK, REPORT})
