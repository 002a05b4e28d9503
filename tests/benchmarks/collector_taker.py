"""The collector under load: `collector serve` in real processes, seen as one that takes traps and mails. Counts come from its
API and its metrics, costs from the system."""

from collections.abc import Mapping

from tests.acceptance.harness import ROLES, Running
from tests.benchmarks.figures import CountsDiffer
from tests.benchmarks.traps import Tally
from tests.benchmarks.usage import cpu_seconds, memory_mib

SUPERVISOR = "supervisor"
ONE_CUSTOMER = {"COLLECTOR__SNMP__CUSTOMER_RATE_LIMIT": "0"}
"""All traps of a benchmark are of one customer and one source: without this they would be a flood."""


class CollectorTaker:
    """Everything that is sent to it must become part of a case, or be counted as lost."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.address = running.snmp
        self._pids = {**running.roles(), SUPERVISOR: running.supervisor.pid}
        if missing := ROLES - set(self._pids):
            raise CountsDiffer(f"roles that do not run: {', '.join(sorted(missing))}")

    def tally(self) -> Tally:
        """By the ledger: committed with their cases. Another outcome than a case is work that was skipped."""
        totals: Mapping[str, int] = self.running.ledger()["totals"]
        if other := {outcome: count for outcome, count in totals.items() if count and outcome not in {"case", "refused"}}:
            raise CountsDiffer(f"outcomes that are not cases: {other}")
        drops = self.running.metric("collector_snmp_kernel_drops_total")
        return Tally(totals.get("case", 0), round(drops + self.running.metric("collector_snmp_refused_total")))

    def stored(self) -> int:
        """Datagrams that are durable, processed or not."""
        return round(self.running.metric("collector_snmp_stored_total"))

    def accepted_mails(self) -> int:
        return round(self.running.metric("collector_smtp_accepted_mails_total"))

    def folded(self) -> int:
        """The occurrences of all cases of customers."""
        return sum(case["occurrences"] for case in self.running.cases() if case["customer"]["code"] != "SELF")

    def check(self) -> None:
        """What the ledger calls a case must stand in the cases."""
        if (taken := self.tally().taken) != (folded := self.folded()):
            raise CountsDiffer(f"{taken} items became cases, the cases have {folded} occurrences")
        if self._pids != {**self.running.roles(), SUPERVISOR: self.running.supervisor.pid}:
            raise CountsDiffer("a role was started again during the benchmark")

    def cpu(self) -> Mapping[str, float]:
        """By role, decoding processes counted with the role that has them; the supervisor alone is what is left."""
        parts = {role: cpu_seconds(pid) for role, pid in self._pids.items()}
        parts[SUPERVISOR] -= sum(seconds for part, seconds in parts.items() if part != SUPERVISOR)
        return parts

    def memory(self) -> float:
        return memory_mib(self.running.processes())
