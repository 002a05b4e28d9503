"""Lanes of receivers that are no more, after `[snmp] receivers` was made smaller: what is in them is processed and kept like
everything else, but nobody would ever close their last segments."""

import re

from collector.domain.errors import JournalError
from collector.journal.streams import Journal
from collector.logs import Log

_RECEIVER = re.compile(r"snmp-([0-9]+)")
_log = Log(__name__)


def end_left_lanes(journal: Journal, *, receivers: int) -> None:
    """End their streams. One that somebody still writes, or that the disk does not let us end, is left for the next start."""
    for stream in sorted(journal.going_on()):
        number = _RECEIVER.fullmatch(stream.receiver)
        if number is None or int(number[1]) < receivers:
            continue
        try:
            ended = journal.end(stream)
        except JournalError as error:
            _log.warning("the stream of a receiver that is no more cannot be ended", stream=stream, reason=error)
        else:
            if ended:
                _log.info("the stream of a receiver that is no more has ended", stream=stream)
