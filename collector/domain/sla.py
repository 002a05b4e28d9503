"""What the service promises: target times, and from when a response counts. Pure values with the manual's defaults (section 2);
how working time is counted is `calendar`, which deadlines a case has is `clocks`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

_HALF_AN_HOUR = timedelta(minutes=30)


class ResponseStarts(StrEnum):
    """From when the response to a severity case counts."""

    CONFIRMATION = "confirmation"
    RECEIPT = "receipt"


def _contact_of_severities() -> Mapping[int, timedelta]:
    return MappingProxyType({1: _HALF_AN_HOUR})


def _response_of_severities() -> Mapping[int, timedelta]:
    return MappingProxyType({severity: timedelta(hours=hours) for severity, hours in ((1, 1), (2, 3), (3, 6), (4, 16))})


@dataclass(frozen=True, slots=True)
class SlaTargets:
    """All in working time. Severities without a contact target are not in `severity_contact`; `severity_response` has 1 to 4."""

    threat_contact: timedelta = _HALF_AN_HOUR
    threat_response: timedelta = _HALF_AN_HOUR
    severity_contact: Mapping[int, timedelta] = field(default_factory=_contact_of_severities, hash=False)
    severity_response: Mapping[int, timedelta] = field(default_factory=_response_of_severities, hash=False)
    triage: timedelta = _HALF_AN_HOUR
    response_starts: ResponseStarts = ResponseStarts.CONFIRMATION
