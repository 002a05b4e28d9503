"""What people type about a case, made into an act, or into a sentence about what is wrong with it."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from api.text import printable, printable_line
from api.web.stamp import parse_stamp
from api.web.visitor import Sent
from collector.actions import Act, Request
from collector.domain.case import Case, CaseStatus, Verb
from collector.domain.case_facts import Contact
from collector.domain.ids import ExternalKey
from collector.domain.signal import CaseKind

LONGEST_TEXT = 10_000
LONGEST_LINE = 200
HOWS = ("phone", "mail", "chat", "portal", "visit")
_CLOCKS_DIFFER = timedelta(minutes=1)


class FormProblem(Exception):
    """`sentence` is a key of `words`."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def verbs_for(case: Case) -> tuple[Verb, ...]:
    """What fits the present state, in the order of the buttons."""
    match case.status:
        case CaseStatus.RESOLVED:
            return (Verb.REOPEN, Verb.CLOSE, Verb.NOTE)
        case CaseStatus.CLOSED:
            return (Verb.REOPEN, Verb.NOTE)
    taken = Verb.ACKNOWLEDGE if case.status is CaseStatus.OPEN else None
    paused = Verb.RESUME if case.status is CaseStatus.PENDING else Verb.PEND
    usual = (taken, Verb.RECORD_CONTACT, Verb.RESPOND, Verb.NOTE, Verb.CONFIRM, paused, Verb.RESOLVE, Verb.ASSIGN, Verb.CLOSE)
    return tuple(verb for verb in usual if verb is not None)


def act_of(sent: Sent, case: Case, verb: Verb, *, if_version: int | None) -> Act:
    """Raise FormProblem. `case` is as it is now: what is typed is checked against it."""
    typed = _typed(sent, case, verb)
    return Act(
        external_key=ExternalKey(case.external_key),
        verb=verb,
        actor=sent.visitor.user.actor,
        if_version=if_version,
        request=_request(sent, case, verb, typed),
        **typed,
    )


def version_seen(sent: Sent) -> int | None:
    """The version that the form was made for; None for a note, which fits every state."""
    stamp = parse_stamp(sent.text("seen"))
    return None if stamp is None else stamp.version


def mark_seen(sent: Sent) -> str:
    stamp = parse_stamp(sent.text("seen"))
    return "" if stamp is None else stamp.mark


def _typed(sent: Sent, case: Case, verb: Verb) -> dict[str, Any]:
    """The fields of the act that the form fills in."""
    typed: dict[str, Any] = {"text": _text(sent.text("text")) or None}
    match verb:
        case Verb.NOTE if typed["text"] is None:
            raise FormProblem("problem.text_missing")
        case Verb.RECORD_CONTACT:
            who, how = _line(sent.text("who")), _line(sent.text("how"))
            if not who:
                raise FormProblem("problem.who_missing")
            if not how:
                raise FormProblem("problem.how_missing")
            typed |= {"contact": Contact(who, how), "at": _moment(sent, case)}
        case Verb.RESPOND:
            typed |= {"at": _moment(sent, case)}
        case Verb.CONFIRM:
            typed |= {"severity": _severity(sent, case)}
        case Verb.ASSIGN:
            assignee = _line(sent.text("assignee"))
            if not assignee:
                raise FormProblem("problem.assignee_missing")
            typed |= {"assignee": assignee}
    return typed


def _text(text: str) -> str:
    return _checked(text, LONGEST_TEXT, printable)


def _line(text: str) -> str:
    return _checked(text, LONGEST_LINE, printable_line)


def _checked(text: str, longest: int, check: Callable[[str], str]) -> str:
    if len(text) > longest:
        raise FormProblem("problem.too_long")
    try:
        return check(text) if text else ""
    except ValueError:
        raise FormProblem("problem.control") from None


def _severity(sent: Sent, case: Case) -> int | None:
    """None for a threat, which has none."""
    if case.kind is CaseKind.THREAT_INCIDENT:
        return None
    text = sent.text("severity")
    if text not in ("1", "2", "3", "4"):
        raise FormProblem("problem.severity")
    return int(text)


def _moment(sent: Sent, case: Case) -> datetime | None:
    """A local time as browsers send it (HTML, "local date and time"); None is now."""
    text = sent.text("at")
    if not text:
        return None
    speech = sent.visitor.speech
    try:
        typed = datetime.fromisoformat(text)
        at = typed.replace(tzinfo=speech.zone) if typed.tzinfo is None else typed
        # minutes are what people type: the first minute of a case belongs to it
        if at > speech.now + _CLOCKS_DIFFER:
            raise FormProblem("problem.future")
        if at + timedelta(minutes=1) <= case.opened_at:
            raise FormProblem("problem.before")
    except (ValueError, OverflowError):
        raise FormProblem("problem.time") from None
    return max(at, case.opened_at)


def _request(sent: Sent, case: Case, verb: Verb, typed: dict[str, Any]) -> Request | None:
    """Sending the same form twice has one effect; sending it with other contents is refused."""
    form = sent.text("request")
    if not form:
        return None
    content = json.dumps([case.external_key, verb, {name: str(value) for name, value in typed.items()}])
    return Request(_digest(f"user\0{sent.visitor.user.id}\0{form}"), _digest(content))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
