"""Cases that the collector raises about its own work: what the kernel dropped, and who floods. Those that are about nobody's
console belong to the built-in customer SELF."""

from datetime import timedelta

from collector.domain.item import Item, Tally, TallyReason
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Customer, Source
from collector.domain.signal import CaseKind, Classified, Signal, SignalType, Urgency, Words
from collector.pipeline.draft import Draft, Entry

PACK = "self"
_PRODUCT = "collector"
_RULE_VERSION = "1"
KERNEL_DROP_RULE = "self-kernel-drops"
FLOOD_RULE = "self-flood"
CUSTOMER_RATE_RULE = "self-customer-rate"
FLOOD_IS_OVER = timedelta(minutes=60)
"""So long without a sign of it; a console that floods every half an hour has one case."""


def classify_tally(entry: Entry, tally: Tally) -> None:
    """Datagrams that the kernel dropped, and those of a flood, open a case; other tallies are only counted. `entry.sources` are
    those whose networks the peer is in."""
    if not tally.count:
        return
    if tally.reason is TallyReason.KERNEL_DROP:
        found = _kernel_drops(entry.item.listener, tally.count)
        entry.drafts.append(Draft(None, Outcome.CASE, classified=found))
    elif tally.reason is TallyReason.FLOOD:
        source, customer = owner_of(entry.sources)
        found = _flood(entry.item, tally, source, customer)
        entry.drafts.append(Draft(source, Outcome.CASE, classified=found, customer=customer))


def owner_of(sources: tuple[Source, ...]) -> tuple[Source | None, Customer | None]:
    """Whose an address in the networks of these sources is: of the source when it is one, of the customer when all are his."""
    customers = {source.customer.id for source in sources}
    if len(customers) != 1:
        return None, None
    return (sources[0] if len(sources) == 1 else None), sources[0].customer


def customer_rate(item: Item, source: Source, *, per_second: int) -> Classified:
    """A customer sends far above its rate; `item` from `source` is an example."""
    name = source.customer.name
    signal = _signal(
        CUSTOMER_RATE_RULE,
        key=_flood_key(),
        severity=3,
        title=Words(
            es=f"Llegan más avisos de {name} de los que su límite admite",
            en=f"More notifications of {name} come in than its limit admits",
        ),
        summary=Words(
            es=f"Unos {per_second} avisos por segundo, por {item.peer_address}, el último de la consola {source.name}: más de"
            " diez veces su límite. De lo que pasa de ahí se lista uno de cada 100 y los demás solo se cuentan.",
            en=f"About {per_second} notifications per second, by way of {item.peer_address}, the last one of the console"
            f" {source.name}: more than ten times its limit. Of what is above that one in 100 is listed, the others are only"
            " counted.",
        ),
        steps=_CONSOLE_STEPS,
    )
    fields = {"peer": item.peer_address, "source": source.name, "per_second": str(per_second)}
    return _classified("customer_rate", fields, signal, outcome=Outcome.OVER_LIMIT, reason=Reason.CUSTOMER_RATE)


def _flood(item: Item, tally: Tally, source: Source | None, customer: Customer | None) -> Classified:
    fields = {
        "listener": item.listener,
        "peer": item.peer_address,
        "per_second": str(tally.per_second),
        "left_out": str(tally.count),
    }
    if customer is None:
        return _classified("flood", fields, _strangers(item, tally))
    if source is not None:
        fields["source"] = source.name
    return _classified("flood", fields, _console(item, tally, source, customer))


def _console(item: Item, tally: Tally, source: Source | None, customer: Customer) -> Signal:
    who = (
        Words(es=f"La consola {source.name}", en=f"The console {source.name}")
        if source is not None
        else Words(es=f"Una consola de {customer.name}", en=f"A console of {customer.name}")
    )
    return _signal(
        FLOOD_RULE,
        key=_flood_key() if source is None else _flood_key(source.name),
        severity=3,
        title=Words(es=f"{who.es} inunda el colector", en=f"{who.en} floods the collector"),
        summary=Words(
            es=f"Unos {tally.per_second} datagramas por segundo de {item.peer_address} por {item.listener}, más de diez veces su"
            " límite. Se guarda lo que cabe en el límite y uno de cada 100 del resto; los demás solo se cuentan.",
            en=f"About {tally.per_second} datagrams per second from {item.peer_address} by way of {item.listener}, more than ten"
            " times its limit. What the limit admits is stored, and one in 100 of the rest; the others are only counted.",
        ),
        steps=_CONSOLE_STEPS,
    )


def _strangers(item: Item, tally: Tally) -> Signal:
    peer = Words(es=item.peer_address, en=item.peer_address) if item.peer_address else _MANY
    return _signal(
        FLOOD_RULE,
        key=_flood_key(item.listener),
        severity=3,
        title=Words(es=f"Desconocidos inundan {item.listener}", en=f"Strangers flood {item.listener}"),
        summary=Words(
            es=f"Unos {tally.per_second} datagramas por segundo de {peer.es}, que no se puede atribuir a un cliente. Se guarda lo"
            " que cabe en el límite y uno de cada 100 del resto; los demás solo se cuentan.",
            en=f"About {tally.per_second} datagrams per second from {peer.en}, which cannot be attributed to a customer. What the"
            " limit admits is stored, and one in 100 of the rest; the others are only counted.",
        ),
        steps=Words(
            es="Bloquear en el cortafuegos las direcciones que no son de clientes. Si es una consola nueva, agregarla al archivo"
            " de clientes; si es un relé de confianza, a [snmp] trusted_relays. El caso se cierra solo tras una hora de calma.",
            en="Block in the firewall the addresses that are no customer's. If it is a new console, add it to the customers file;"
            " if it is a relay to be trusted, to [snmp] trusted_relays. The case closes itself after an hour of quiet.",
        ),
    )


_MANY = Words(es="muchas direcciones", en="many addresses")
_CONSOLE_STEPS = Words(
    es="Ver en la consola qué produce los avisos y detenerlo allí. Mientras dure pueden faltar avisos suyos: revisar en la"
    " consola lo que importa. Si ese es su ritmo normal, subir rate_limit y burst (o customer_rate_limit y customer_burst) en"
    " [snmp]. El caso se cierra solo tras una hora de calma.",
    en="See at the console what makes the notifications and stop it there. While it lasts some of its notifications may be"
    " missing: look at the console for what matters. If that is its normal rate, raise rate_limit and burst (or"
    " customer_rate_limit and customer_burst) in [snmp]. The case closes itself after an hour of quiet.",
)


def _kernel_drops(listener: str, dropped: int) -> Classified:
    signal = _signal(
        KERNEL_DROP_RULE,
        key=f"v1:{PACK}:kernel-drops:{_part(listener)}",
        severity=2,
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
        quiet_close=None,
    )
    return _classified("kernel_drops", {"listener": listener, "dropped": str(dropped)}, signal)


def _flood_key(*parts: str) -> str:
    return ":".join((f"v1:{PACK}:flood", *map(_part, parts)))


def _part(text: str) -> str:
    """So that a name cannot imitate another key."""
    return text.replace("%", "%25").replace(":", "%3A")


def _signal(
    rule: str,
    *,
    key: str,
    severity: int,
    title: Words,
    summary: Words,
    steps: Words,
    quiet_close: timedelta | None = FLOOD_IS_OVER,
) -> Signal:
    return Signal(
        type=SignalType.RAISE,
        key=key,
        kind=CaseKind.SEVERITY_CASE,
        severity=severity,
        urgency=Urgency.NORMAL,
        contained=False,
        review_for_severity_1=False,
        title=title,
        summary=summary,
        steps=steps,
        rule=rule,
        rule_version=_RULE_VERSION,
        pack=PACK,
        product=_PRODUCT,
        host=None,
        quiet_close=quiet_close,
    )


def _classified(
    kind: str, fields: dict[str, str], signal: Signal, *, outcome: Outcome = Outcome.CASE, reason: Reason = Reason.NONE
) -> Classified:
    return Classified(
        row=0,
        outcome=outcome,
        reason=reason,
        pack=PACK,
        product=_PRODUCT,
        notification=kind,
        fields=fields,
        rule=signal.rule,
        rule_version=signal.rule_version,
        signal=signal,
    )
