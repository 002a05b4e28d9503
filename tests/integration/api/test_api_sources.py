"""The list of sources: everything that makes a console known but its secrets, which no key of the API gets to see."""

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.store.registry import SourceRecord, raise_registry_version, save_sources
from tests.api_world import Caller, World
from tests.builders import BOX

PATH = "/api/v1/sources"
NETWORKS = SnmpAccess.with_community("v1", b"s3cret-community", ["192.0.2.0/24", "2001:db8::/32"]).networks
USER = SnmpUser(
    "ñandú".encode(),
    AuthProtocol.SHA1,
    b"s3cret-auth",
    PrivProtocol.DES3,
    b"s3cret-priv",
    (b"\x80\0\0\0\1",),
    SecurityLevel.AUTH_NO_PRIV,
)


def known(collector: World) -> None:
    """Two more of ACME's."""
    records = [
        SourceRecord("sepm-1", ("sepm", "ses"), "acme-sepm", SnmpAccess("v3", NETWORKS, "[::1]:162", user=USER)),
        SourceRecord("mail-1", (), "acme-mail"),
    ]
    with collector.store.write() as connection:
        save_sources(connection, collector.acme, records, BOX)
        raise_registry_version(connection)


def test_a_source_shows_everything_but_its_secrets(collector: World, admin: Caller) -> None:
    known(collector)
    answer = admin.get(PATH)
    shown = {f"{one['customer']}/{one['name']}": one for one in answer.json()["items"]}
    assert list(shown) == ["ACME/acme-1", "OTHER/other-1", "ACME/sepm-1", "ACME/mail-1"]
    assert shown["ACME/sepm-1"] == {
        "customer": "ACME",
        "name": "sepm-1",
        "products": ["sepm", "ses"],
        "mailbox": "acme-sepm",
        "snmp": {
            "version": "v3",
            "networks": ["192.0.2.0/24", "2001:db8::/32"],
            "listener": "[::1]:162",
            "user": "ñandú",
            "auth_protocol": "SHA",
            "priv_protocol": "3DES",
            "min_level": "authNoPriv",
            "engine_ids": ["8000000001"],
            "approve_engines": "by_hand",
            "weak": ["SHA", "3DES"],
        },
    }
    assert shown["ACME/mail-1"]["snmp"] is None
    assert shown["ACME/acme-1"]["snmp"] == {
        "version": "v2c",
        "networks": ["192.0.2.0/24"],
        "listener": None,
        "user": None,
        "auth_protocol": None,
        "priv_protocol": None,
        "min_level": None,
        "engine_ids": [],
        "approve_engines": None,
        "weak": [],
    }
    assert "s3cret" not in answer.text


def test_who_proves_nothing_is_shown_by_its_level_and_not_called_weak(collector: World, admin: Caller) -> None:
    user = SnmpUser(b"traps", min_level=SecurityLevel.NO_AUTH_NO_PRIV)
    with collector.store.write() as connection:
        save_sources(connection, collector.acme, [SourceRecord("open-1", (), None, SnmpAccess("v3", NETWORKS, user=user))], BOX)
        raise_registry_version(connection)
    (shown,) = [one["snmp"] for one in admin.get(PATH).json()["items"] if one["name"] == "open-1"]
    assert (shown["auth_protocol"], shown["min_level"], shown["weak"]) == (None, "noAuthNoPriv", [])


def test_the_list_comes_in_pages_and_by_customer(collector: World, admin: Caller) -> None:
    known(collector)
    first = admin.get(PATH, params={"limit": 3}).json()
    second = admin.get(PATH, params={"limit": 3, "cursor": first["next"]}).json()
    assert [one["name"] for one in first["items"] + second["items"]] == ["acme-1", "other-1", "sepm-1", "mail-1"]
    assert second["next"] is None
    assert [one["name"] for one in admin.get(PATH, params={"customer": "OTHER"}).json()["items"]] == ["other-1"]
    assert admin.get(PATH, params={"customer": "NOBODY"}).json() == {"items": [], "next": None}


def test_a_key_of_one_customer_sees_its_own_alone(collector: World) -> None:
    known(collector)
    own = collector.key("sources:read", customer_id=collector.other)
    assert [one["customer"] for one in own.get(PATH).json()["items"]] == ["OTHER"]
    assert own.get(PATH, params={"customer": "ACME"}).json()["items"] == []


def test_sources_are_listed_where_their_secrets_cannot_be_opened(collector: World, admin: Caller) -> None:
    """Who looks for the mistake sees what there is."""
    with collector.store.write() as connection:
        connection.exec_driver_sql('UPDATE sources SET snmp = replace(snmp, \'"community":"\', \'"community":"damaged\')')
    assert len(admin.get(PATH).json()["items"]) == 2
