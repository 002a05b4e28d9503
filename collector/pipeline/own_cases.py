"""Cases that the collector raises about itself, for the built-in customer SELF."""

from collector.domain.item import Tally, TallyReason
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import CaseKind, Classified, Signal, SignalType, Urgency, Words
from collector.pipeline.draft import Draft, Entry

PACK = "self"
_RULE_VERSION = "1"
KERNEL_DROP_RULE = "self-kernel-drops"


def classify_tally(entry: Entry, tally: Tally) -> None:
    """Datagrams that the kernel dropped open a case; other tallies are only counted."""
    if tally.reason is TallyReason.KERNEL_DROP and tally.count > 0:
        fields = {"listener": entry.item.listener, "dropped": str(tally.count)}
        found = Classified(
            row=0,
            outcome=Outcome.CASE,
            reason=Reason.NONE,
            pack=PACK,
            product="collector",
            notification="kernel_drops",
            fields=fields,
            rule=KERNEL_DROP_RULE,
            rule_version=_RULE_VERSION,
            signal=_kernel_drop_signal(entry.item.listener, tally.count),
        )
        entry.drafts.append(Draft(None, Outcome.CASE, classified=found))


def _kernel_drop_signal(listener: str, dropped: int) -> Signal:
    return Signal(
        type=SignalType.RAISE,
        key=f"v1:{PACK}:kernel-drops:{listener.replace('%', '%25').replace(':', '%3A')}",
        kind=CaseKind.SEVERITY_CASE,
        severity=2,
        urgency=Urgency.NORMAL,
        contained=False,
        review_for_severity_1=False,
        title=Words(
            es=f"El sistema operativo descartó datagramas SNMP en {listener}",
            en=f"The operating system dropped SNMP datagrams on {listener}",
        ),
        summary=Words(
            es=f"{dropped} datagramas descartados antes de que el receptor pudiera leerlos.",
            en=f"{dropped} datagrams dropped before the receiver could read them.",
        ),
        steps=Words(
            es="Aumentar net.core.rmem_max o dar CAP_NET_ADMIN al servicio; buscar el origen de la ráfaga en /metrics.",
            en="Raise net.core.rmem_max or give the service CAP_NET_ADMIN; look for the origin of the burst on /metrics.",
        ),
        rule=KERNEL_DROP_RULE,
        rule_version=_RULE_VERSION,
        pack=PACK,
        product="collector",
        host=None,
    )
