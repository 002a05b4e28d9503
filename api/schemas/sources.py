"""Sources as the API shows them: how each is known, and how far its traps can be believed. No secret is among it."""

from typing import Literal

from api.schemas.common import View


class SnmpView(View):
    """By the words of the customers file. `listener` null: all of them. `user` and what follows are null or empty for v1 and v2c.
    `weak`: protocols of the user that can be broken."""

    version: Literal["v1", "v2c", "v3"]
    networks: list[str]
    listener: str | None
    user: str | None
    auth_protocol: str | None
    priv_protocol: str | None
    min_level: Literal["noAuthNoPriv", "authNoPriv", "authPriv"] | None
    engine_ids: list[str]
    approve_engines: Literal["by_hand", "automatic"] | None
    weak: list[str]


class SourceView(View):
    """`mailbox` or `snmp` is null when it sends no mails, or no traps."""

    customer: str
    name: str
    products: list[str]
    mailbox: str | None
    snmp: SnmpView | None


class SourcePage(View):
    items: list[SourceView]
    next: str | None
