"""What became of an item and why, as plain values ready for JSON: for `explain`. Nothing is decided here, no secret is told."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from collector.domain.mail import Mail
from collector.domain.registry import Source
from collector.domain.security_facts import security_facts
from collector.domain.text import harmless
from collector.domain.trap import NotDecoded, Secured, Trap
from collector.domain.trap_facts import facts_of
from collector.pipeline.classify import primary
from collector.pipeline.draft import BeliefStep, Draft, Entry
from collector.pipeline.mail_origin import MailOrigins
from collector.pipeline.source_index import SourceIndex, trap_address
from collector.store.notifications import Notification


def recorded_told(row: Notification) -> dict[str, object]:
    return {
        "id": str(row.id),
        "customer": row.customer,
        "source": row.source,
        "trust": row.trust.word,
        "state": row.state.value,
        "reason": row.reason.value or None,
        "detail": row.detail or None,
        "notification": row.kind or None,
        "fields": row.fields,
        "rule": row.rule or None,
        "rule_version": row.rule_version or None,
        "verdict": row.verdict,
        "case": row.case,
    }


def decoded_told(entry: Entry) -> Mapping[str, object]:
    match entry.decoded:
        case Trap() as trap:
            return _trap(trap)
        case Secured():
            return {"as": None, "version": "v3"}
        case Mail() as mail:
            limits = [limit.value for limit in mail.limits]
            told = {"as": "mail", "subject": mail.subject, "characters": len(mail.text)}
            return {**told, "partial": mail.partial, "limits": limits}
        case NotDecoded() as failed:
            return {"as": None, "outcome": failed.outcome.value, "reason": failed.reason.value, "detail": failed.detail}
        case _:
            return {"as": None}


def _trap(trap: Trap) -> Mapping[str, object]:
    """Name and number of variables always, of the rest what the message said."""
    said = {name: value for name, value in asdict(facts_of(trap)).items() if value is not None and name != "pdu"}
    if not trap.truncated:
        del said["not_decoded"]
    return {"as": trap.pdu.value, "trap_oid": trap.trap_oid, **said, "varbinds": len(trap.varbinds)}


def sender_told(entry: Entry, index: SourceIndex) -> Mapping[str, object]:
    """Where it is from: the address that counts, which is the peer's unless a trusted relay says otherwise, and what a trap
    itself says, believed or not."""
    if entry.origin is not None:
        return {"address": entry.origin.address, "trusted_relay": entry.origin.relayed}
    trap = entry.decoded if isinstance(entry.decoded, Trap) else None
    peer = entry.item.peer_address
    return {
        "address": peer if trap is None else index.address_of(peer, trap),
        "trusted_relay": index.is_relay(peer),
        "agent_address": (trap.agent_address or None) if trap else None,
        "trap_address": (trap_address(trap) or None) if trap else None,
    }


def authenticity_told(entry: Entry, sources: Sequence[Source], origins: MailOrigins) -> Mapping[str, object] | None:
    """What was seen that may prove from whom a mail is, and for each of the sources what of it counts, or why not."""
    origin = entry.origin
    if origin is None:
        return None
    return {
        "login": harmless(origin.login) or None,
        "relay_results": origin.verified.value,
        "from_domain": origin.from_domain or None,
        "mail_from_domain": origin.mail_from_domain or None,
        "sources": [
            {
                "source": source.name,
                "trust": entry.trust_of(source).word,
                "proven_by": list(origins.proofs(origin, source)),
                "results": [
                    {
                        "method": result.method,
                        "result": result.result,
                        "properties": {name: harmless(value) for name, value in result.properties.items()},
                        "weight": origin.weigh(result, origins.domains_of(source)).value,
                    }
                    for result in origin.results
                ],
            }
            for source in sources
        ],
    }


def security_told(entry: Entry) -> Mapping[str, object] | None:
    """The header of a v3 message."""
    secured = entry.decoded.secured if isinstance(entry.decoded, Trap) else entry.decoded
    return asdict(security_facts(secured)) if isinstance(secured, Secured) else None


def belief_told(steps: Sequence[BeliefStep]) -> list[Mapping[str, object]]:
    """What was asked of a v3 message, in order, up to what ended its way."""
    return [
        {
            "step": step.step,
            "held": step.refusal is None,
            "reason": None if step.refusal is None else step.refusal.reason.value,
            "detail": None if step.refusal is None else step.refusal.detail or None,
        }
        for step in steps
    ]


def draft_told(entry: Entry, draft: Draft) -> dict[str, object]:
    found = draft.classified
    signal = found.signal if found else None
    return {
        "id": str(entry.id_of(draft)),
        "primary": draft is primary(entry),
        "customer": draft.source.customer.code if draft.source else None,
        "source": draft.source.name if draft.source else None,
        "outcome": draft.outcome.value,
        "reason": draft.reason.value or None,
        "detail": entry.detail_of(draft) or None,
        "trust": entry.trust_of(draft.source).word,
        "pack": found.pack if found else None,
        "notification": found.notification if found else None,
        "fields": found.fields if found else {},
        "rule": found.rule if found else None,
        "rule_version": found.rule_version if found else None,
        "matched": [asdict(condition) for condition in found.matched] if found else [],
        "key": signal.key if signal else None,
        "signal": signal.type.value if signal else None,
    }
