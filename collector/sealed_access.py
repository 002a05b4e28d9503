"""A source's SNMP access as one text: JSON in which every secret is sealed by itself, for the owner of the text. The store
and the snapshot keep it so."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, TypeAlias

from collector.domain.errors import ConfigurationError
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.secrets import SecretBox

_COMMUNITY, _AUTH, _PRIV = "community", "auth pass phrase", "priv pass phrase"
_OPEN_COMMUNITY = "open_community"
"""Base64, as the migration from the time before secrets were sealed leaves it until the sealing that follows it."""

_Open: TypeAlias = Callable[[str, str], bytes]
"""(sealed text, purpose) → what was sealed."""


def json_of(access: SnmpAccess, box: SecretBox, owner: str) -> str:
    """What `access_of` reads for the same owner."""
    body: dict[str, Any] = {"version": access.version, "networks": [str(network) for network in access.networks]}
    if access.listener:
        body["listener"] = access.listener
    if access.user is None:
        body["community"] = box.seal_text(access.community, _COMMUNITY, owner)
    else:
        body["user"] = _user_body(access.user, box, owner)
    return json.dumps(body, separators=(",", ":"))


def _user_body(user: SnmpUser, box: SecretBox, owner: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": user.name.hex(),
        "engine_ids": [engine_id.hex() for engine_id in user.engine_ids],
        "min_level": user.min_level.word,
        "approve_engines": user.approve_engines,
    }
    if user.auth_protocol is not None:
        body |= {"auth_protocol": user.auth_protocol.value, "auth": box.seal_text(user.auth, _AUTH, owner)}
    if user.priv_protocol is not None:
        body |= {"priv_protocol": user.priv_protocol.value, "priv": box.seal_text(user.priv, _PRIV, owner)}
    return body


def access_of(stored: str, box: SecretBox, owner: str) -> SnmpAccess:
    """Raise ConfigurationError when a secret cannot be opened, as one that is another's, or the text is damaged."""
    return _read(stored, lambda sealed, purpose: box.open_text(sealed, purpose, owner))


def without_secrets(stored: str) -> SnmpAccess:
    """What may be shown: the access with its community and pass phrases empty; no key is needed. Raise ConfigurationError when
    the text is damaged."""
    access = _read(stored, lambda _sealed, _purpose: b"")
    return replace(access, community=b"")


def _read(stored: str, open_text: _Open) -> SnmpAccess:
    try:
        return _access(json.loads(stored), open_text)
    except (ValueError, KeyError, TypeError, AttributeError):
        # from None: what is hidden may quote the text
        raise ConfigurationError("the SNMP access of a source is damaged; bring back a backup, or import it again") from None


def _access(body: dict[str, Any], open_text: _Open) -> SnmpAccess:
    networks = tuple(ip_network(network) for network in body["networks"])
    listener = body.get("listener", "")
    if "user" in body:
        return SnmpAccess(body["version"], networks, listener, user=_user(body["user"], open_text))
    opened = base64.b64decode(body[_OPEN_COMMUNITY]) if _OPEN_COMMUNITY in body else open_text(body["community"], _COMMUNITY)
    return SnmpAccess(body["version"], networks, listener, opened)


def _user(body: dict[str, Any], open_text: _Open) -> SnmpUser:
    auth_protocol, priv_protocol = body.get("auth_protocol"), body.get("priv_protocol")
    return SnmpUser(
        name=bytes.fromhex(body["name"]),
        auth_protocol=AuthProtocol(auth_protocol) if auth_protocol else None,
        auth=open_text(body["auth"], _AUTH) if auth_protocol else b"",
        priv_protocol=PrivProtocol(priv_protocol) if priv_protocol else None,
        priv=open_text(body["priv"], _PRIV) if priv_protocol else b"",
        engine_ids=tuple(bytes.fromhex(engine_id) for engine_id in body["engine_ids"]),
        min_level=SecurityLevel.of_word(body["min_level"]),
        approve_engines=body["approve_engines"],
    )


def is_sealed(stored: str, box: SecretBox) -> bool:
    """Whether the newest key sealed every secret in it."""
    return _OPEN_COMMUNITY not in _parts(stored) and all(box.text_sealed_with_first(text) for text in _sealed(stored))


def is_sealed_at_all(stored: str) -> bool:
    """Whether a secret in it needs a key."""
    return bool(_sealed(stored))


def _sealed(stored: str) -> list[str]:
    body = _parts(stored)
    user = body.get("user", {})
    return [text for text in (body.get("community"), user.get("auth"), user.get("priv")) if text is not None]


def _parts(stored: str) -> dict[str, Any]:
    """Only what this module wrote reaches the column."""
    body: dict[str, Any] = json.loads(stored)
    return body
