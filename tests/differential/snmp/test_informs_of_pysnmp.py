"""pysnmp as a console that sends informs of v3 to our receiver: it finds our engine, keeps its time and takes our Response."""

import asyncio
import socket
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from collector.domain.item import InformVerdict, ItemKind
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import Pdu, Secured, Trap
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing
from tests import snmp_inform_kit as kit
from tests.pysnmp_v3 import AUTH_IDS, PRIV_IDS
from tests.snmp_receiver_kit import CLOCK, Bench, a_view, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pysnmp 7.1 with pysmi 2
    from pysnmp.hlapi.v3arch import asyncio as hlapi

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated. Please use .* instead:DeprecationWarning")  # pysmi 2 again

NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
IN_TIME, NOT_IN_TIME = (verdict.value.encode() for verdict in (InformVerdict.IN_TIME, InformVerdict.NOT_IN_TIME))
USERS = [
    SnmpUser(b"plain", min_level=SecurityLevel.NO_AUTH_NO_PRIV),
    SnmpUser(b"signing", AuthProtocol.SHA384, b"auth pass phrase", min_level=SecurityLevel.AUTH_NO_PRIV),
    *(
        SnmpUser(b"sealing", auth, b"auth pass phrase", priv, b"priv pass phrase")
        for auth, priv in (
            (AuthProtocol.MD5, PrivProtocol.DES),
            (AuthProtocol.SHA1, PrivProtocol.AES128),
            (AuthProtocol.SHA224, PrivProtocol.DES3),
            (AuthProtocol.SHA256, PrivProtocol.AES256),
            (AuthProtocol.SHA512, PrivProtocol.AES192_C),
        )
    ),
]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield Bench(tmp_path, udp)


class Sender:
    """One engine of pysnmp."""

    def __init__(self, user: SnmpUser, target: tuple[str, int], directory: Path) -> None:
        with mock.patch.object(tempfile, "tempdir", str(directory)), warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # the file of the boots is left open
            self._engine = hlapi.SnmpEngine()
        self._user = hlapi.UsmUserData(
            user.name.decode(),
            user.auth.decode() or None,
            user.priv.decode() or None,
            authProtocol=AUTH_IDS[user.auth_protocol],
            privProtocol=PRIV_IDS[user.priv_protocol],
        )
        self._target = target

    async def inform(self, text: str) -> None:
        """Fail when there is no Response that pysnmp takes for one."""
        target = await hlapi.UdpTransportTarget.create(self._target, timeout=1, retries=5)
        trap = hlapi.NotificationType(hlapi.ObjectIdentity("1.3.6.1.6.3.1.1.5.3"))
        trap.add_varbinds(hlapi.ObjectType(hlapi.ObjectIdentity(NAME), hlapi.OctetString(text)))
        told: Any = await hlapi.send_notification(self._engine, self._user, target, hlapi.ContextData(), "inform", trap)
        failure, status, _, answered = told
        assert (failure, int(status)) == (None, 0)
        assert [bytes(varbind[1]) for varbind in answered if str(varbind[0].get_oid()) == NAME] == [text.encode()]

    async def close(self) -> None:
        self._engine.close_dispatcher()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn


def stored(bench: Bench) -> list[tuple[bytes, bytes]]:
    return [(record.envelope, record.payload) for record in bench.main.records if record.kind is ItemKind.DATAGRAM]


@pytest.mark.parametrize("user", USERS, ids=lambda user: f"{user.auth_protocol}-{user.priv_protocol}")
def test_an_inform_of_pysnmp_is_answered_and_opened(bench: Bench, tmp_path: Path, user: SnmpUser) -> None:
    bench.view = a_view(kit.access_of(user))
    sender = Sender(user, bench.udp.getsockname(), tmp_path)

    async def inform_once() -> None:
        await sender.inform("disk 3 failed")
        await sender.close()

    with bench.running():
        asyncio.run(inform_once())
    verdict, datagram = stored(bench)[-1]
    assert verdict == IN_TIME
    secured = decode(datagram)
    assert isinstance(secured, Secured)
    trap = KeyRing().unlock(datagram, secured, user)
    assert isinstance(trap, Trap)
    assert (trap.pdu, trap.trap_oid, trap.varbinds) == (Pdu.INFORM, "1.3.6.1.6.3.1.1.5.3", [(NAME, 0x04, b"disk 3 failed")])


def test_pysnmp_takes_over_our_new_boots_and_its_inform_gets_through(bench: Bench, tmp_path: Path) -> None:
    user = USERS[3]
    bench.view = a_view(kit.access_of(user))
    sender = Sender(user, bench.udp.getsockname(), tmp_path)

    async def across_a_start() -> None:
        with bench.running():
            await sender.inform("before")
        bench.engine = replace(bench.engine, boots=bench.engine.boots + 1, begun_ns=CLOCK.monotonic_ns())
        with bench.running() as receiver:
            await sender.inform("after")
            until(lambda: receiver.counters.informs_answered > 0)
        await sender.close()

    asyncio.run(across_a_start())
    verdicts = [verdict for verdict, _ in stored(bench)]
    assert verdicts[-1] == IN_TIME
    assert NOT_IN_TIME in verdicts
