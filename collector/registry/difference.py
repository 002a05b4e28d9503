"""What an import would change at a source, in words. Of secrets it is only said that they change."""

from collector.domain.snmp_access import SnmpAccess
from collector.store.registry import SourceRecord


def source_difference(code: str, before: SourceRecord | None, after: SourceRecord) -> list[str]:
    """One line, none when nothing changes."""
    if before is None:
        return [f"+ source {code}/{after.name}: {_ways(after)}"]
    changes = [
        *_changed("products", ", ".join(before.products), ", ".join(after.products)),
        *_changed("mailbox", before.mailbox or "", after.mailbox or ""),
        *_access_changes(before.snmp, after.snmp),
    ]
    return [f"~ source {code}/{after.name}: {'; '.join(changes)}"] if changes else []


def _ways(record: SourceRecord) -> str:
    mail = [f"mailbox {record.mailbox}"] if record.mailbox else []
    return "; ".join([*mail, *([f"snmp {_told(record.snmp)}"] if record.snmp else [])])


def _told(access: SnmpAccess | None) -> str:
    if access is None:
        return ""
    user = f" user {_name(access.user.name)}" if access.user else ""
    listener = f", listener {access.listener}" if access.listener else ""
    return f"{access.version}{user} from {', '.join(map(str, access.networks))}{listener}"


def _name(user: bytes) -> str:
    return user.decode("utf-8", "backslashreplace")


def _changed(what: str, before: str, after: str) -> list[str]:
    return [] if before == after else [f"{what}: {before or 'nothing'} → {after or 'nothing'}"]


def _access_changes(before: SnmpAccess | None, after: SnmpAccess | None) -> list[str]:
    if before is None or after is None:
        return _changed("snmp", _told(before), _told(after))
    old, new = _open_parts(before), _open_parts(after)
    told = [line for what in old for line in _changed(f"snmp {what}", old[what], new[what])]
    hidden, shown = _secrets(before), _secrets(after)
    return told + [f"snmp {what}: changed" for what in hidden if hidden[what] != shown[what]]


def _open_parts(access: SnmpAccess) -> dict[str, str]:
    """By the words of the customers file."""
    user = access.user
    return {
        "version": access.version,
        "networks": ", ".join(map(str, access.networks)),
        "listener": access.listener,
        "user": _name(user.name) if user else "",
        "auth_protocol": user.auth_protocol.value if user and user.auth_protocol else "",
        "priv_protocol": user.priv_protocol.value if user and user.priv_protocol else "",
        "engine_id": ", ".join(engine_id.hex() for engine_id in user.engine_ids) if user else "",
        "min_level": user.min_level.word if user else "",
        "approve_engines": ("automatic" if user.approve_engines else "by_hand") if user else "",
    }


def _secrets(access: SnmpAccess) -> dict[str, bytes]:
    user = access.user
    return {"community": access.community, "auth": user.auth if user else b"", "priv": user.priv if user else b""}
