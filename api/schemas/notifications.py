"""Notifications as the API shows them."""

from typing import Literal

from api.schemas.cases import Trust
from api.schemas.common import Moment, View
from collector.domain.item import Transport
from collector.domain.outcome import Outcome


class HexView(View):
    """Octets that are no text."""

    hex: str


class VarbindView(View):
    """One variable of a trap. Octets are shown as text where they are text."""

    oid: str
    type: str
    value: str | int | HexView | None


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
    subject: str | None
    text: str
    fields: dict[str, str]
    varbinds: list[VarbindView] | None
    cases: list[str]
    rule: str | None


class NotificationPage(View):
    items: list[NotificationView]
    next: str | None


class NotificationDetail(NotificationView):
    """One notification with everything known. `rows` are the ids of all notifications that the same item holds."""

    rule_version: str | None
    verdict: str | None
    detail: str | None
    rows: list[str]


class Reprocessed(View):
    """What the item's notifications are now."""

    items: list[NotificationView]


Include = Literal["text", "varbinds"]
