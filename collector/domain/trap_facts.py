"""What a trap's message says beside its name and its variables: shown with the notification and in its explanation."""

from dataclasses import dataclass

from collector.domain.trap import Pdu, Trap
from collector.domain.windows_entries import windows_entry


@dataclass(frozen=True, slots=True)
class TrapFacts:
    """As it came: None is what the message did not say. `uptime` in hundredths of a second. `enterprise`, `agent_address`,
    `generic` and `specific` are of v1 traps; source and id of a Windows log entry are read out of the trap OID. `not_decoded`
    counts variables beyond the limit."""

    version: str
    pdu: str
    request_id: int | None
    uptime: int | None
    enterprise: str | None
    agent_address: str | None
    generic: int | None
    specific: int | None
    windows_source: str | None
    windows_id: int | None
    not_decoded: int


def facts_of(trap: Trap) -> TrapFacts:
    old = trap.pdu is Pdu.TRAP_V1
    entry = windows_entry(trap.trap_oid)
    return TrapFacts(
        version=trap.version.word,
        pdu=trap.pdu.value,
        request_id=None if old else trap.request_id,
        uptime=trap.uptime,
        enterprise=trap.enterprise or None,
        agent_address=trap.agent_address or None,
        generic=trap.generic if old else None,
        specific=trap.specific if old else None,
        windows_source=entry.source if entry else None,
        windows_id=entry.number if entry else None,
        not_decoded=trap.truncated,
    )
