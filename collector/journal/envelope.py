"""The stored form of SMTP envelopes and of tallies: JSON in ASCII with sorted keys. What the journal itself writes around
them lives in `frames`."""

import json
from typing import Any

from collector.domain.errors import JournalError
from collector.domain.item import Envelope, Tally, TallyReason


def encode_envelope(envelope: Envelope) -> bytes:
    seldom: dict[str, object] = {"certificate": envelope.certificate, "refused_octets": envelope.refused_octets}
    return _encode(
        {
            "mail_from": envelope.mail_from,
            "recipients": envelope.recipients,
            "helo": envelope.helo,
            "smtp_utf8": envelope.smtp_utf8,
            "tls": envelope.tls,
            "login": envelope.login,
            **{key: value for key, value in seldom.items() if value not in (None, 0)},
        }
    )


def decode_envelope(stored: bytes) -> Envelope:
    """Raise JournalError when the octets are no envelope. Keys of a later version are ignored."""
    fields = _decode(stored, "envelope")
    recipients = fields.get("recipients")
    if not isinstance(recipients, list) or not all(isinstance(recipient, str) for recipient in recipients):
        raise JournalError("stored envelope: recipients is not a list of texts")
    return Envelope(
        mail_from=_text(fields, "mail_from"),
        recipients=tuple(recipients),
        helo=_text(fields, "helo"),
        smtp_utf8=_flag(fields, "smtp_utf8"),
        tls=_flag(fields, "tls"),
        login=_text_or_none(fields, "login"),
        certificate=_text_or_none(fields, "certificate"),
        refused_octets=_number(fields.get("refused_octets", 0), "envelope: refused_octets"),
    )


def refused_octets(stored: bytes) -> int:
    """How large a mail was that was refused for it; 0: it was not. Asked of every mail: what is not in question is not read."""
    return decode_envelope(stored).refused_octets if b'"refused_octets":' in stored else 0


def encode_tally(tally: Tally) -> bytes:
    measured = {"per_second": tally.per_second} if tally.per_second else {}
    return _encode({"reason": tally.reason, "count": tally.count, **measured})


def decode_tally(stored: bytes) -> Tally:
    """Raise JournalError when the octets are no tally or its reason is not known here."""
    fields = _decode(stored, "tally")
    count, per_second = _number(fields.get("count"), "tally: count"), _number(fields.get("per_second", 0), "tally: per_second")
    try:
        return Tally(TallyReason(str(fields.get("reason"))), count, per_second)
    except ValueError as error:
        raise JournalError("stored tally: the reason is not known") from error


def _encode(fields: dict[str, object]) -> bytes:
    # ASCII escapes carry lone surrogates too: a hostile address must not make the mail impossible to store.
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def _decode(stored: bytes, what: str) -> dict[str, Any]:
    try:
        fields = json.loads(stored)
    except (ValueError, RecursionError) as error:
        raise JournalError(f"stored {what}: not JSON") from error
    if not isinstance(fields, dict):
        raise JournalError(f"stored {what}: not a JSON object")
    return fields


def _number(value: object, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise JournalError(f"stored {key} is not a whole number")
    return value


def _text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise JournalError(f"stored envelope: {key} is not a text")
    return value


def _text_or_none(fields: dict[str, Any], key: str) -> str | None:
    return None if fields.get(key) is None else _text(fields, key)


def _flag(fields: dict[str, Any], key: str) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        raise JournalError(f"stored envelope: {key} is neither true nor false")
    return value
