"""The real rules on hostile contents: whatever a console sends, both databases take what becomes of it."""

import pytest

from collector.domain.item import Envelope, ItemKind
from collector.journal.envelope import encode_envelope
from rules.loader import builtin_packs_path, load_packs
from tests import snmp_wire as wire
from tests.pipeline_world import ACME, MAILS, MAIN, World

_NASTY = [
    pytest.param(b"pc\x0017", id="a zero octet inside"),
    pytest.param(b"pc-17\x00\x00", id="zero octets at the end"),
    pytest.param(b"\x00", id="only a zero octet"),
    pytest.param(b"pc\xed\xa0\x80", id="half of a surrogate pair"),
    pytest.param(b"pc\xff\xfe\x80", id="not UTF-8"),
    pytest.param("pc\u202e17\u200b".encode(), id="direction and width marks"),
    pytest.param(b"pc:17%3A\\", id="what separates parts of a key"),
    pytest.param("ﬃ\U0001f600\U000e0001".encode(), id="letters beyond the first plane"),
    pytest.param(b"x" * 8_000, id="very long"),
    pytest.param(b"{host} %s ${x}", id="what looks like a template"),
    pytest.param(b"'; DROP TABLE cases; --", id="what looks like SQL"),
]


def risk_mail(host: bytes, encoding: bytes = b"8bit") -> bytes:
    head = b"Subject: Single Risk Event " + host[:200] + b"\r\nContent-Type: text/plain; charset=utf-8\r\n"
    text = b"Risk name: Trojan.Gen\r\nComputer name: " + host + b"\r\nActual action: Left alone\r\n"
    return head + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + text


def health_trap(value: bytes) -> bytes:
    name = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
    varbinds = [wire.varbind(f"{name}.{column}.0", wire.tlv(0x04, value)) for column in range(1, 8)]
    pdu = wire.v2_pdu(wire.uptime(), wire.trap_oid(), *varbinds)
    return wire.message(pdu, community=ACME)


@pytest.mark.parametrize("value", _NASTY)
def test_what_a_console_sends_never_ends_as_poison(world: World, value: bytes) -> None:
    world.rules = load_packs(builtin_packs_path()).ruleset  # type: ignore[assignment]
    envelope = encode_envelope(Envelope("x@example.com", ("acme@example.org",), "x"))
    world.item(MAILS, ItemKind.MAIL, risk_mail(value), envelope=envelope)
    world.item(MAILS, ItemKind.MAIL, risk_mail(value, b"quoted-printable"), envelope=envelope)
    world.item(MAIN, ItemKind.DATAGRAM, health_trap(value))
    world.process()
    assert world.counters.poisoned == 0
    assert len(world.outcomes()) >= 3
    assert all(state != "undecodable" for state, _ in world.outcomes())


def test_an_ordinary_risk_opens_a_threat_incident(world: World) -> None:
    """The same mail without anything nasty in it, so that the test above is about something."""
    world.rules = load_packs(builtin_packs_path()).ruleset  # type: ignore[assignment]
    envelope = encode_envelope(Envelope("x@example.com", ("acme@example.org",), "x"))
    world.item(MAILS, ItemKind.MAIL, risk_mail(b"pc-17"), envelope=envelope)
    world.process()
    assert (world.case().kind.value, world.case().host) == ("threat_incident", "pc-17")
