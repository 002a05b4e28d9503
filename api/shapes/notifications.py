"""Notifications as the API shows them: the stored columns, and with `include` what the original holds."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from api.schemas.notifications import (
    AttachmentView,
    HexView,
    Include,
    MailView,
    NotificationDetail,
    NotificationView,
    SecurityView,
    SnmpView,
    VarbindView,
)
from api.tools import ApiTools
from collector.domain.clock import from_ns
from collector.domain.contents import OCTET_STRING, octets_as_text, whole_text
from collector.domain.ids import NotificationId
from collector.domain.item import Item
from collector.domain.mail import Mail
from collector.domain.octets import OPAQUE, date_and_time, wrapped_number
from collector.domain.outcome import Outcome
from collector.domain.security_facts import security_facts
from collector.domain.text import harmless
from collector.domain.trap import Secured, Trap, Varbind, VarbindValue
from collector.domain.trap_facts import facts_of
from collector.names.book import NameBook, Named, Names
from collector.pipeline.inspection import Content
from collector.store.notifications import Notification

_OID = 6
_TYPES = {
    2: "integer",
    OCTET_STRING: "octets",
    5: "null",
    _OID: "oid",
    0x40: "ip_address",
    0x41: "counter32",
    0x42: "gauge32",
    0x43: "timeticks",
    OPAQUE: "opaque",
    0x46: "counter64",
    0x80: "no_such_object",
    0x81: "no_such_instance",
    0x82: "end_of_mib_view",
}
"""BER tag → name (RFC 2578 section 7.1, RFC 3416 section 3)."""


def views(tools: ApiTools, notifications: Sequence[Notification], *, include: Collection[Include] = ()) -> list[NotificationView]:
    """`include` reads and decodes originals; one that is no longer kept leaves the stored text and null varbinds."""
    contents = tools.inspector.contents([one.id for one in notifications]) if include else {}
    return [view(one, contents.get(one.id), include, tools.names) for one in notifications]


def view(notification: Notification, content: Content | None, include: Collection[Include], names: Names) -> NotificationView:
    shown = _stored(notification, names)
    if content is None:
        return shown
    changed: dict[str, object] = {}
    if "text" in include:
        changed["text"] = whole_text(content.decoded) or shown.text
    if "varbinds" in include and isinstance(content.decoded, Trap):
        book = names()
        changed["varbinds"] = [_varbind(varbind, book) for varbind in content.decoded.varbinds]
    return shown.model_copy(update=changed)


def _stored(one: Notification, names: Names) -> NotificationView:
    return NotificationView(
        id=str(one.id),
        received_at=one.received_at,
        transport=one.transport,
        peer=one.peer,
        customer=one.customer,
        source=one.source,
        product=one.product or None,
        state=one.state,
        reason=one.reason.value or None,
        trust=one.trust.word,  # type: ignore[arg-type]  # the schema spells the words out
        notification=one.kind or None,
        trap_oid=one.trap_oid or None,
        trap_name=names().trap(one.trap_oid) if one.trap_oid else None,
        subject=one.subject or None,
        text=one.text,
        fields=one.fields,
        varbinds=None,
        cases=[one.case] if one.case else [],
        rule=one.rule or None,
    )


def detail(tools: ApiTools, one: Notification, rows: Sequence[NotificationId]) -> NotificationDetail:
    """Everything known of one notification, its original's text and variables included."""
    content = tools.inspector.contents([one.id]).get(one.id)
    shown = view(one, content, ("text", "varbinds"), tools.names)
    return NotificationDetail(
        **dict(shown),
        rule_version=one.rule_version or None,
        verdict=one.verdict,
        detail=one.detail or None,
        rows=[str(row) for row in rows],
        security=_security(content),
        mail=_mail(content.decoded) if content and isinstance(content.decoded, Mail) else None,
        snmp=SnmpView(**asdict(facts_of(content.decoded))) if content and isinstance(content.decoded, Trap) else None,
    )


def pending(item: Item) -> NotificationDetail:
    """An item that is durable and not processed yet."""
    wanted = str(NotificationId(item.stream, item.seq))
    return NotificationDetail(
        id=wanted,
        received_at=from_ns(item.received_at_ns),
        transport=item.transport,
        peer=item.peer,
        customer=None,
        source=None,
        product=None,
        state=Outcome.PENDING,
        reason=None,
        trust=None,
        notification=None,
        trap_oid=None,
        trap_name=None,
        subject=None,
        text="",
        fields={},
        varbinds=None,
        cases=[],
        rule=None,
        rule_version=None,
        verdict=None,
        detail=None,
        rows=[wanted],
        snmp=None,
        security=None,
        mail=None,
    )


def _security(content: Content | None) -> SecurityView | None:
    """A v3 message shows its header also when no key opens it."""
    decoded = content.decoded if content else None
    secured = decoded.secured if isinstance(decoded, Trap) else decoded
    return SecurityView(**asdict(security_facts(secured))) if isinstance(secured, Secured) else None


def _mail(mail: Mail) -> MailView:
    return MailView(
        header_from=harmless(mail.header_from) or None,
        message_id=harmless(mail.message_id) or None,
        content_type=harmless(mail.content_type),
        attachments=[
            AttachmentView(name=harmless(one.name) or None, content_type=one.content_type, size=one.size, sha256=one.sha256)
            for one in mail.attachments
        ],
        limits=list(mail.limits),
    )


def _varbind(varbind: Varbind, book: NameBook) -> VarbindView:
    oid, tag, value = varbind
    shown, named = _value(tag, value), book.variable(oid)
    reading = _reading(tag, value) if isinstance(value, bytes) and isinstance(shown, HexView) else None
    return VarbindView(
        oid=oid,
        name=named.text if named else None,
        type=_TYPES.get(tag, f"tag_{tag}"),
        value=shown,
        reading=reading,
        label=_label(tag, value, named, book),
    )


def _label(tag: int, value: VarbindValue, named: Named | None, book: NameBook) -> str | None:
    if tag == _OID:
        return book.value(value) if isinstance(value, str) else None
    return named.label(value) if named else None


def _value(tag: int, value: VarbindValue) -> str | int | HexView | None:
    if not isinstance(value, bytes):
        return value
    text = octets_as_text(value) if tag == OCTET_STRING else None
    return HexView(hex=value.hex()) if text is None else text


def _reading(tag: int, octets: bytes) -> str | None:
    if tag == OPAQUE:
        return wrapped_number(octets)
    return date_and_time(octets) if tag == OCTET_STRING else None
