"""Weak users are counted by protocol, with every protocol there from the start."""

from collector.app.weak_users import WeakUsers
from collector.domain.registry import Source
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpAccess, SnmpUser
from tests.builders import a_source


def source_of(auth: AuthProtocol, priv: PrivProtocol) -> Source:
    user = SnmpUser(b"traps", auth, b"a pass phrase", priv, b"a pass phrase")
    return a_source(snmp=SnmpAccess("v3", (), user=user))


def counted(*sources: Source) -> dict[str, float]:
    [family] = WeakUsers(lambda: sources).families()
    assert (family.name, family.kind, family.labels) == ("collector_snmp_weak_users", "gauge", ("protocol",))
    return {labels[0]: number for labels, number in family.samples}


def test_without_users_every_protocol_is_at_zero() -> None:
    assert counted(a_source(), a_source(snmp=None)) == {"MD5": 0, "SHA": 0, "DES": 0, "3DES": 0}


def test_a_user_counts_once_for_each_weak_protocol() -> None:
    strong = source_of(AuthProtocol.SHA256, PrivProtocol.AES128)
    half = source_of(AuthProtocol.SHA1, PrivProtocol.AES256_C)
    weak = source_of(AuthProtocol.MD5, PrivProtocol.DES)
    assert counted(strong, half, weak, weak) == {"MD5": 2, "SHA": 1, "DES": 2, "3DES": 0}
