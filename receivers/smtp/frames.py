"""What stands on the pipes between the pipeline and a decoding process: length-prefixed frames, results as JSON."""

import struct
from typing import Any

import orjson

from collector.domain.mail import Attachment, Mail, MailLimit, MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded

PREFIX = struct.Struct(">I")
"""Octets that follow."""
READY = b"R"
"""The first frame of a process: it can be given mails."""
RESULT_LIMIT = 32 << 20
"""A longer answer is none: 1 MiB of text, attachments and headers stay far below it whatever the characters."""

_MAIL, _NOT_DECODED = b"M", b"N"


def frame(payload: bytes) -> bytes:
    return PREFIX.pack(len(payload)) + payload


def result_payload(result: MailResult) -> bytes:
    return (_MAIL if isinstance(result, Mail) else _NOT_DECODED) + orjson.dumps(result)


def parse_result(payload: bytes) -> MailResult:
    """Raise ValueError when the payload is no result: the other side is out of order."""
    kind, found = payload[:1], orjson.loads(payload[1:])
    try:
        if kind == _MAIL:
            return _mail(found)
        if kind == _NOT_DECODED:
            return NotDecoded(Outcome(found["outcome"]), Reason(found["reason"]), found["detail"])
    except (TypeError, KeyError) as error:
        raise ValueError("not a mail result") from error
    raise ValueError("not a mail result")


def _mail(found: dict[str, Any]) -> Mail:
    found["attachments"] = tuple(Attachment(**attachment) for attachment in found["attachments"])
    found["references"] = tuple(found["references"])
    found["limits"] = tuple(MailLimit(limit) for limit in found["limits"])
    return Mail(**found)
