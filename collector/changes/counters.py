"""What time alone did to cases, in plain integers."""

from collections import Counter
from collections.abc import Iterator

from collector.domain.case import Verdict
from collector.metrics import Family

_DEADLINE_VERDICTS = (Verdict.DEADLINE_AT_RISK, Verdict.DEADLINE_BREACHED)


class ChangeCounters:
    """Counts since the start of the role."""

    def __init__(self) -> None:
        self.deadlines: Counter[Verdict] = Counter()
        self.quiet = 0
        self.repeats_told = 0

    def families(self) -> Iterator[Family]:
        verdicts = [((verdict.value,), float(self.deadlines[verdict])) for verdict in _DEADLINE_VERDICTS]
        text = "Deadlines that came near or passed"
        yield Family("collector_deadline_verdicts", text, "counter", ("verdict",), verdicts)
        quiet = "Cases resolved or closed after their quiet time"
        yield Family("collector_cases_ended_quietly", quiet, "counter", (), [((), float(self.quiet))])
        told = "Messages about further occurrences"
        yield Family("collector_repeats_told", told, "counter", (), [((), float(self.repeats_told))])
