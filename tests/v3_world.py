"""The pipeline's small world with consoles that speak v3: messages are sealed and opened with real keys."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_network
from itertools import count

from collector.domain.engine import Engine, EngineState
from collector.domain.ids import NotificationId, StreamName
from collector.domain.item import InformVerdict, ItemKind
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.domain.trap import SNMP_TRAP_ADDRESS, SNMP_TRAP_OID
from collector.pipeline.approval import Approval
from collector.pipeline.inspection import Inspector
from collector.store.engine import Store
from collector.store.engines import EngineFilter, list_engines
from collector.store.registry import SourceRecord, load_registry, raise_registry_version, save_sources
from receivers.snmp.usm import LocalKeys
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3_building import Envelope, build
from tests import snmp_wire as wire
from tests.builders import BOX, NOON
from tests.pipeline_world import MAIN, PEER, MemoryJournal, World

ENGINE = bytes.fromhex("80001f888059dc486145a26322")
OTHER_ENGINE = bytes.fromhex("80001f8880c0ffee0102030405")
OUR_ENGINE = bytes.fromhex("80001f88801111111111111111")
USER = SnmpUser(b"console-1", AuthProtocol.SHA256, b"auth pass phrase", PrivProtocol.AES128, b"priv pass phrase")
STRANGER = replace(USER, auth=b"another pass phrase")
OPEN_USER = SnmpUser(b"open-1", min_level=SecurityLevel.NO_AUTH_NO_PRIV)
TRUSTING = replace(USER, name=b"trusting-1", approve_engines=True)
NAMING = replace(USER, name=b"naming-1", engine_ids=(ENGINE,))
SIGNING = replace(USER, name=b"signing-1", min_level=SecurityLevel.AUTH_NO_PRIV, engine_ids=(ENGINE,))
BOOTS, BEGAN = 4, NOON - timedelta(seconds=1_000)
"""The engines of this world began for the fourth time a thousand seconds before noon."""
_SALTS = Salts()
_TRAP_OID = "1.3.6.1.4.1.99999.1"


@lru_cache(maxsize=64)
def keys_of(user: SnmpUser, engine_id: bytes) -> LocalKeys:
    return LocalKeys(user, engine_id)


class V3World(World):
    """ACME has the consoles `secure` (user `console-1`), `trusting`, `naming` and `signing` too, all from 192.0.2.0/24, and
    `open`, whose user needs no authentication."""

    def __init__(self, store: Store, journal: MemoryJournal | None = None) -> None:
        super().__init__(store, journal)
        self._message_ids = count(1)
        if not any(source.name == "secure" for source in self.registry.sources):
            users = {"secure": USER, "trusting": TRUSTING, "naming": NAMING, "signing": SIGNING, "open": OPEN_USER}
            self.save(*(SourceRecord(name, (), None, access_of(user)) for name, user in users.items()))

    def save(self, *records: SourceRecord) -> None:
        """ACME's consoles become so."""
        with self.store.write() as connection:
            save_sources(connection, self.source("console").customer.id, records, BOX)
            raise_registry_version(connection)
            self.registry = load_registry(connection, BOX)

    @property
    def engine_time(self) -> int:
        """What the engines' clocks show."""
        return int((self.clock.now() - BEGAN).total_seconds())

    def secured(
        self,
        text: str,
        *,
        user: SnmpUser = USER,
        engine_id: bytes = ENGINE,
        boots: int = BOOTS,
        time: int | None = None,
        message_id: int | None = None,
        level: SecurityLevel | None = None,
        inform: int | None = None,
        relayed_for: str = "",
        reportable: bool = False,
    ) -> bytes:
        """A v3 message as the console seals it now."""
        level = level or (user.min_level if user.auth_protocol else SecurityLevel.NO_AUTH_NO_PRIV)
        time = self.engine_time if time is None else time
        message_id = next(self._message_ids) if message_id is None else message_id
        varbinds = [
            wire.uptime(),
            wire.varbind(SNMP_TRAP_OID, wire.oid(_TRAP_OID)),
            wire.varbind(f"{_TRAP_OID}.1", wire.string(text)),
        ]
        if relayed_for:
            address = bytes(int(part) for part in relayed_for.split("."))
            varbinds.append(wire.varbind(SNMP_TRAP_ADDRESS, wire.tlv(0x40, address)))
        tag, number = (wire.TRAP_V2, 77) if inform is None else (wire.INFORM, inform)
        scoped = wire.scoped(wire.v2_pdu(*varbinds, tag=tag, request_id=number), context_engine_id=engine_id)
        envelope = Envelope(engine_id, boots, time, user.name, message_id, level, reportable)
        keys = None if level is SecurityLevel.NO_AUTH_NO_PRIV else keys_of(user, engine_id)
        return build(envelope, scoped, keys, salts=_SALTS)

    def arrives(self, datagram: bytes, *, stream: StreamName = MAIN, peer: str = PEER, **parts: object) -> NotificationId:
        return self.item(stream, ItemKind.DATAGRAM, datagram, peer_address=peer, **parts)

    def sends(self, text: str, *, stream: StreamName = MAIN, peer: str = PEER, **parts: object) -> NotificationId:
        """A v3 trap is sent and arrives at once."""
        return self.arrives(self.secured(text, **parts), stream=stream, peer=peer)  # type: ignore[arg-type]

    def informs(
        self, text: str, *, verdict: InformVerdict | None = InformVerdict.IN_TIME, port: int = 162, **parts: object
    ) -> NotificationId:
        """An inform to our engine, which the receiver found in time."""
        parts = {"engine_id": OUR_ENGINE, "inform": 5, **parts}
        envelope = b"" if verdict is None else verdict.value.encode()
        return self.arrives(self.secured(text, **parts), peer_port=port, envelope=envelope)  # type: ignore[arg-type]

    def engines(self, state: EngineState | None = None) -> list[Engine]:
        with self.store.read() as connection:
            return list_engines(connection, EngineFilter(state=state))

    def engine(self) -> Engine:
        [only] = self.engines()
        return only

    def approval(self) -> Approval:
        return Approval(self.store, self.clock, nullcontext)

    def approve(self, engine_id: bytes = ENGINE, *, customer: str | None = None, source: str | None = None) -> Engine:
        wanted = EngineFilter(engine_id=engine_id, customer_code=customer, source=source)
        return self.approval().approve(wanted, actor="user:ana")

    def inspector(self) -> Inspector:
        return Inspector(
            self.store,
            self.journal,
            knowledge=self.knowledge,
            explain=lambda decoded, source, products: {},
            clock=self.clock,
            turn=nullcontext,
            box=BOX,
        )

    def reasons(self) -> list[str]:
        """Of every notification why it is not believed; what it became when it is."""
        return [reason if state == "unauthenticated" else state for state, reason in self.outcomes()]


def access_of(user: SnmpUser, *networks: str, listener: str = "") -> SnmpAccess:
    return SnmpAccess("v3", tuple(map(ip_network, networks or ("192.0.2.0/24",))), listener, user=user)
