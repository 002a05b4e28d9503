"""The same traps as `trap_sender` in v3, authenticated and encrypted, from 50 engines, one for each address. No two messages are
the same: what comes twice is a replay, and counts for nobody."""

import itertools
from collections.abc import Iterator

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from receivers.snmp.usm import LocalKeys
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3_building import Envelope, build, scoped_pdu
from tests.acceptance.senders import CRITICAL, Address, health_pdu
from tests.benchmarks.trap_sender import GROUP, SOURCES, TROUBLES, Sent, TrapSender, send_all

USER = SnmpUser(
    b"bench",
    AuthProtocol.SHA1,
    b"a pass phrase to sign with",
    PrivProtocol.AES128,
    b"a pass phrase to hide with",
    approve_engines=True,
)
CUSTOMER = f"""
  - code: VEETHREE
    name: Speaks only v3
    sources:
      - name: proxy-1
        product: [bluecoat-proxysg]
        snmp:
          version: v3
          user: {USER.name.decode()}
          auth_protocol: SHA
          auth: {USER.auth.decode()}
          priv_protocol: AES
          priv: {USER.priv.decode()}
          approve_engines: automatic
          networks: ["127.0.0.0/8"]
"""
"""For the end of a customers file."""
_BOOTS = 1


def peer_users() -> list[str]:
    """The user at each engine, as net-snmp wants it told."""
    auth, priv = (f'"{phrase.decode()}"' for phrase in (USER.auth, USER.priv))
    return [f"-e 0x{engine_id.hex()} {USER.name.decode()} SHA {auth} AES {priv}" for engine_id in engine_ids()]


def engine_ids() -> list[bytes]:
    """RFC 3411 section 5: the enterprise of net-snmp, format 5 (octets of the administrator's choice)."""
    return [bytes.fromhex("80001f8805") + b"bench" + bytes((number,)) for number in range(SOURCES)]


def messages(second: int) -> Iterator[bytes]:
    """Endless. `second` of all engines' time: each trial has its own, so that message ids may begin anew. Each engine counts its
    own up by one, as agents do."""
    salts = Salts()
    engines = [(engine_id, LocalKeys(USER, engine_id)) for engine_id in engine_ids()]
    pdus = [health_pdu(f"Metric {number}: CRITICAL", name=CRITICAL) for number in range(TROUBLES)]
    for number in itertools.count():
        engine_id, keys = engines[number // GROUP % SOURCES]
        message_id = number // (GROUP * SOURCES) * GROUP + number % GROUP
        envelope = Envelope(engine_id, _BOOTS, second, USER.name, message_id, SecurityLevel.AUTH_PRIV)
        yield build(envelope, scoped_pdu(engine_id, pdus[number % TROUBLES]), keys, salts=salts)


def _send(target: Address, traps: int, rate: int, second: int) -> Sent:
    return send_all(list(itertools.islice(messages(second), traps)), target, traps, rate)


class V3Sender(TrapSender):
    """`send` builds all messages before it sends the first one."""

    _second = 0

    def send(self, target: Address, traps: int, rate: int) -> Sent:
        V3Sender._second += 1
        return self._pool.submit(_send, target, traps, rate, 1_000 + V3Sender._second).result()
