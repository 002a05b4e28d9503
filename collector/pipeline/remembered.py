"""What the rules said about a trap is said again about its repeats: a storm is the same few troubles many thousand times."""

from collections.abc import Sequence

from collector.domain.mail import Mail
from collector.domain.signal import Classified
from collector.domain.trap import Trap
from collector.pipeline.classify import Classifier

MOST_TRAPS = 4_096
MOST_VARBINDS = 16
MOST_OCTETS = 1_024
"""Of the names and values of one trap that is remembered: with the most traps less than twenty megabytes."""


class RememberedRules:
    """A `Classifier` before another one. What a trap means depends on its source, its OID and its varbinds alone: not on when it
    came, nor on who else sent the like. Full, it forgets everything and begins again. Any number of threads."""

    def __init__(self, rules: Classifier) -> None:
        self._rules = rules
        self._known: dict[tuple[object, ...], Sequence[Classified]] = {}

    def classify_trap(self, trap: Trap, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        key = (source, products, trap.trap_oid, *trap.varbinds)
        found = None if trace else self._known.get(key)
        if found is None:
            found = self._rules.classify_trap(trap, source=source, products=products, trace=trace)
            if not trace and _is_small(trap):
                if len(self._known) >= MOST_TRAPS:
                    self._known.clear()
                self._known[key] = found
        return found

    def classify_mail(self, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        return self._rules.classify_mail(mail, source=source, products=products, trace=trace)


def _is_small(trap: Trap) -> bool:
    """As nearly all are: what a hostile sender fills up to 64 KB is not worth its room."""
    if len(trap.varbinds) > MOST_VARBINDS:
        return False
    octets = sum(len(name) + (len(value) if isinstance(value, bytes | str) else 8) for name, _, value in trap.varbinds)
    return octets + len(trap.trap_oid) <= MOST_OCTETS
