"""Notifications as the API shows them."""

from typing import Literal

from api.schemas.cases import Trust
from api.schemas.common import Moment, View
from collector.domain.item import Transport
from collector.domain.mail import MailLimit
from collector.domain.outcome import Outcome


class HexView(View):
    """Octets that are no text."""

    hex: str


class VarbindView(View):
    """One variable of a trap. Octets are shown as text where they are text. `reading` is what octets that are no text may mean
    besides: a date and time (RFC 2579), or the number in an opaque value.

    `name` is `MODULE::symbol` with the instance behind it, null where the OID is not known. `label` is what a number of an
    enumeration means, or the name of the OID that the value is."""

    oid: str
    name: str | None
    type: str
    value: str | int | HexView | None
    reading: str | None
    label: str | None


class NotificationView(View):
    """`text` is cut at 200 characters and `varbinds` is null unless they were asked for with `include`.

    A `pending` one is durable but not processed yet: nothing is known of it but how it came."""

    id: str
    received_at: Moment
    transport: Transport
    peer: str
    customer: str | None
    source: str | None
    product: str | None
    state: Outcome
    reason: str | None
    trust: Trust | None
    notification: str | None
    trap_oid: str | None
    trap_name: str | None
    subject: str | None
    text: str
    fields: dict[str, str]
    varbinds: list[VarbindView] | None
    cases: list[str]
    rule: str | None


class NotificationPage(View):
    items: list[NotificationView]
    next: str | None


class SnmpView(View):
    """What a trap's message says beside its variables; null is what it did not say. `uptime` in hundredths of a second;
    `enterprise`, `agent_address`, `generic` and `specific` are of v1 traps. `windows_source` and `windows_id` are the log source
    and the event that the trap OID of a Windows event names. `not_decoded` counts variables beyond the limit of 256."""

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


class SecurityView(View):
    """What the header of an SNMPv3 message says, believed or not; `trust` says whether it was. Engine IDs in hexadecimal digits,
    `engine_time` in seconds. The context is null as long as no key of a source opens the message."""

    engine_id: str
    user: str
    level: str
    reportable: bool
    boots: int
    engine_time: int
    message_id: int
    context_engine_id: str | None
    context_name: str | None


class AttachmentView(View):
    """What is known of a file in a mail; nobody opened it. `name` and `content_type` are what the mail says, made harmless to
    show, and never a path; `name` is null where it says none. `size` in octets, and `sha256`, are of the file, its transfer
    encoding undone."""

    name: str | None
    content_type: str
    size: int
    sha256: str


class MailView(View):
    """What a mail says beside its subject and text. `header_from` is what stands in From: data, never who sent it.

    `limits` are those of decoding that the mail went beyond: `text`, `parts`, `depth`, `header`, `forwards`. What lies behind
    them is not read; with any of them the mail is only partly decoded."""

    header_from: str | None
    message_id: str | None
    content_type: str
    attachments: list[AttachmentView]
    limits: list[MailLimit]


class NotificationDetail(NotificationView):
    """One notification with everything known. `rows` are the ids of all notifications that the same item holds. `snmp` is null
    for mails, and for traps whose octets are no longer kept or cannot be read; `security` is there for SNMPv3 alone; `mail` is
    null for traps, and for mails whose octets are no longer kept or cannot be read."""

    rule_version: str | None
    verdict: str | None
    detail: str | None
    rows: list[str]
    snmp: SnmpView | None
    security: SecurityView | None
    mail: MailView | None


class Reprocessed(View):
    """What the item's notifications are now."""

    items: list[NotificationView]


Include = Literal["text", "varbinds"]
