"""Who gets a Response, who a Report, who nothing; and what the journal is told of it. No sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.item import InformVerdict
from collector.domain.outcome import Outcome, Reason
from collector.domain.own_engine import MAX_BOOTS, OwnEngine
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.domain.trap import NotDecoded, Secured
from collector.snapshot import SnapshotView
from receivers.snmp.answers import AnswerKind
from receivers.snmp.arrivals import Arrivals
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.informs import Decision, Informs
from receivers.snmp.questions import question_in
from receivers.snmp.senders import KnownSenders
from receivers.snmp.usm import KeyRing, LocalKeys, Opened
from tests import snmp_inform_kit as kit
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import CLOCK, PUBLIC, a_view, own_engine, until
from tests.snmp_v3_kit import USER

OURS = own_engine()
IN_TIME, NOT_IN_TIME = (verdict.value.encode() for verdict in (InformVerdict.IN_TIME, InformVerdict.NOT_IN_TIME))
UNANSWERED = Decision()
AUTH_ONLY = SnmpUser(b"auth-only", AuthProtocol.SHA256, b"auth pass phrase", min_level=SecurityLevel.AUTH_NO_PRIV)
OPEN = SnmpUser(b"open", min_level=SecurityLevel.NO_AUTH_NO_PRIV)


@dataclass(frozen=True, slots=True)
class Desk:
    """Decides on datagrams, at the time of the engine that it has now."""

    informs: Informs
    counters: SnmpCounters
    engine: OwnEngine

    def decide(self, datagram: bytes, *, peer: str = "127.0.0.1", now_ns: int | None = None) -> Decision:
        question = question_in(datagram, self.engine.id)
        assert question is not None
        now_ns = CLOCK.monotonic_ns() if now_ns is None else now_ns
        return self.informs.decide(question, peer=peer, listener="127.0.0.1:162", now_ns=now_ns)

    def answer(self, datagram: bytes, *, kind: AnswerKind, now_ns: int | None = None) -> bytes:
        decision = self.decide(datagram, now_ns=now_ns)
        assert decision.answer is not None
        assert decision.answer.kind is kind
        octets = decision.answer.octets(CLOCK.monotonic_ns() if now_ns is None else now_ns)
        assert octets is not None
        return octets


def a_desk(*accesses: SnmpAccess, engine: OwnEngine = OURS, view: SnapshotView | None = None) -> Desk:
    ring, counters = KeyRing(), SnmpCounters(Arrivals(), {})
    senders = KnownSenders(view or a_view(*accesses), ring, engine)
    until(lambda: all(senders.is_ready(access.user) for access in accesses if access.user))
    return Desk(Informs(engine, senders, ring, counters), counters, engine)


@pytest.fixture(scope="module")
def shared() -> Desk:
    """Knows everybody."""
    return a_desk(*map(kit.access_of, (USER, AUTH_ONLY, OPEN)), PUBLIC)


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    before = dict(shared.counters.not_believed)
    shared.informs.begin()
    yield shared
    shared.counters.not_believed.update(before)


@pytest.mark.parametrize(
    ("user", "level"),
    [
        pytest.param(USER, SecurityLevel.AUTH_PRIV, id="authPriv"),
        pytest.param(AUTH_ONLY, SecurityLevel.AUTH_NO_PRIV, id="authNoPriv"),
        pytest.param(OPEN, SecurityLevel.NO_AUTH_NO_PRIV, id="noAuthNoPriv"),
    ],
)
def test_an_inform_in_time_gets_a_response_of_its_own_level(desk: Desk, user: SnmpUser, level: SecurityLevel) -> None:
    varbind = wire.varbind(wire.HEALTH, wire.string("disk 3 failed"))
    datagram = kit.message_to(OURS, kit.pdu(wire.INFORM, varbind, request_id=-7), user=user, level=level, message_id=900)
    assert desk.decide(datagram).envelope == IN_TIME
    answer = kit.told(desk.answer(datagram, kind=AnswerKind.RESPONSE), user)
    assert answer.level is level
    assert answer.scoped == wire.scoped(kit.pdu(wire.RESPONSE, varbind, request_id=-7), context_engine_id=kit.CONSOLE_ENGINE)
    secured = answer.secured
    assert (secured.engine_id, secured.boots, secured.user, secured.message_id) == (OURS.id, OURS.boots, user.name, 900)
    assert secured.flags & 4 == 0  # nobody is to answer it


def test_a_response_says_the_time_at_which_it_is_sent() -> None:
    desk = a_desk(kit.access_of())
    decision = desk.decide(kit.message_to(OURS, kit.pdu()))
    assert decision.answer is not None
    later = decision.answer.octets(OURS.begun_ns + 5_000 * NS_PER_SECOND)
    assert later is not None
    assert kit.told(later).secured.time == 5_000


def test_an_inform_that_is_not_flagged_reportable_is_answered_all_the_same(desk: Desk) -> None:
    desk.answer(kit.message_to(OURS, kit.pdu(), reportable=False), kind=AnswerKind.RESPONSE)


@pytest.mark.parametrize(
    ("boots", "offset"),
    [
        pytest.param(OURS.boots, -155, id="too-old"),
        pytest.param(OURS.boots, 160, id="too-far-ahead"),
        pytest.param(OURS.boots - 1, 0, id="boots-of-the-last-start"),
        pytest.param(OURS.boots + 1, 0, id="boots-to-come"),
        pytest.param(MAX_BOOTS, 0, id="the-highest-boots"),
    ],
)
@pytest.mark.parametrize(
    ("user", "level", "request_id"),
    [
        pytest.param(USER, SecurityLevel.AUTH_PRIV, 0, id="authPriv"),
        pytest.param(AUTH_ONLY, SecurityLevel.AUTH_NO_PRIV, 77, id="authNoPriv"),
    ],
)
def test_an_authentic_message_out_of_the_window_gets_a_signed_report(
    desk: Desk, boots: int, offset: int, user: SnmpUser, level: SecurityLevel, request_id: int
) -> None:
    now_ns = CLOCK.monotonic_ns()
    datagram = kit.message_to(OURS, kit.pdu(), user=user, level=level, boots=boots, time=OURS.time(now_ns) + offset)
    assert desk.decide(datagram, now_ns=now_ns).envelope == NOT_IN_TIME
    answer = kit.told(desk.answer(datagram, kind=AnswerKind.TIME_SYNCHRONISATION, now_ns=now_ns), user)
    assert answer.level is SecurityLevel.AUTH_NO_PRIV
    assert answer.pdu == kit.report_pdu(kit.NOT_IN_TIME, desk.counters.not_in_time, request_id=request_id)
    assert (answer.secured.boots, answer.secured.time) == (OURS.boots, OURS.time(now_ns))


def test_who_asks_for_the_time_as_rfc_3414_says_gets_it(desk: Desk) -> None:
    get = wire.v2_pdu(tag=wire.GET, request_id=31)
    datagram = kit.message_to(OURS, get, user=AUTH_ONLY, level=SecurityLevel.AUTH_NO_PRIV, boots=0, time=0)
    answer = kit.told(desk.answer(datagram, kind=AnswerKind.TIME_SYNCHRONISATION), AUTH_ONLY)
    assert answer.pdu == kit.report_pdu(kit.NOT_IN_TIME, desk.counters.not_in_time, request_id=31)


def test_out_of_the_window_and_not_reportable_is_noted_and_not_answered(desk: Desk) -> None:
    decision = desk.decide(kit.message_to(OURS, kit.pdu(), boots=0, time=0, reportable=False))
    assert decision == Decision(NOT_IN_TIME)


def test_with_the_highest_boots_nothing_is_in_time() -> None:
    engine = replace(OURS, boots=MAX_BOOTS)
    assert a_desk(kit.access_of(), engine=engine).decide(kit.message_to(engine, kit.pdu())).envelope == NOT_IN_TIME


@pytest.mark.parametrize(
    ("datagram", "request_id"),
    [
        pytest.param(kit.discovery(message_id=12), 12, id="discovery"),
        pytest.param(kit.in_the_open(b"", wire.tlv(wire.GET, wire.integer(12))), 12, id="discovery-that-is-cut-short"),
        pytest.param(kit.in_the_open(kit.CONSOLE_ENGINE, kit.pdu(request_id=9)), 9, id="an-inform-to-an-engine-of-before"),
        pytest.param(kit.message_to(replace(OURS, id=b"former-engine"), kit.pdu()), 0, id="encrypted-to-an-engine-of-before"),
    ],
)
def test_who_looks_for_our_engine_is_told_in_the_open(desk: Desk, datagram: bytes, request_id: int) -> None:
    now_ns = CLOCK.monotonic_ns()
    answer = kit.told(desk.answer(datagram, kind=AnswerKind.ENGINE_DISCOVERY, now_ns=now_ns))
    assert answer.level is SecurityLevel.NO_AUTH_NO_PRIV
    secured = answer.secured
    assert (secured.engine_id, secured.boots, secured.time) == (OURS.id, OURS.boots, OURS.time(now_ns))
    assert secured.flags == 0
    assert answer.scoped == wire.scoped(
        kit.report_pdu(kit.UNKNOWN_ENGINES, desk.counters.unknown_engines, request_id=request_id), context_engine_id=OURS.id
    )
    assert desk.decide(datagram).envelope == b""


def test_a_report_is_for_the_known_network_that_was_asked_from(desk: Desk) -> None:
    discovery, late = kit.discovery(), kit.message_to(replace(OURS, boots=OURS.boots + 1), kit.pdu())
    for datagram, peer, known in ((discovery, "127.0.0.1", True), (discovery, "203.0.113.9", False), (late, "127.0.0.1", True)):
        answer = desk.decide(datagram, peer=peer).answer
        assert answer is not None
        assert (answer.network is not None) is known


def test_a_report_fits_in_256_octets_and_three_times_the_least_question() -> None:
    widest = replace(OURS, id=bytes(range(32)), boots=MAX_BOOTS)
    desk = a_desk(kit.access_of(replace(USER, name=b"u" * 32)), engine=widest)
    desk.counters.unknown_engines = desk.counters.not_in_time = 2**32 - 2
    question = kit.discovery(message_id=2**31 - 1)
    assert len(desk.answer(question, kind=AnswerKind.ENGINE_DISCOVERY)) <= min(256, 3 * len(question))


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(kit.in_the_open(b"", kit.report_pdu(kit.UNKNOWN_ENGINES, 1)), id="a-report"),
        pytest.param(kit.in_the_open(b"", kit.pdu(wire.RESPONSE)), id="a-response"),
        pytest.param(kit.in_the_open(b"", kit.pdu(wire.TRAP_V2)), id="a-trap"),
        pytest.param(kit.in_the_open(kit.CONSOLE_ENGINE, kit.report_pdu(kit.NOT_IN_TIME, 1)), id="a-report-of-another-engine"),
        pytest.param(kit.in_the_open(b"", b"\x05\x00"), id="no-pdu"),
    ],
)
def test_what_is_no_request_gets_no_report_whatever_its_flags_say(desk: Desk, datagram: bytes) -> None:
    assert desk.decide(datagram) == UNANSWERED


def test_an_encrypted_trap_whose_sender_sets_the_flag_is_answered_since_nobody_sees_what_it_is(desk: Desk) -> None:
    datagram = kit.message_to(replace(OURS, id=kit.CONSOLE_ENGINE), kit.pdu(wire.TRAP_V2))
    desk.answer(datagram, kind=AnswerKind.ENGINE_DISCOVERY)
    unflagged = kit.message_to(replace(OURS, id=kit.CONSOLE_ENGINE), kit.pdu(wire.TRAP_V2), reportable=False)
    assert question_in(unflagged, OURS.id) is None


def test_what_is_for_our_engine_out_of_time_and_flagged_gets_a_report_whatever_it_is(desk: Desk) -> None:
    trap = kit.message_to(OURS, kit.pdu(wire.TRAP_V2), user=AUTH_ONLY, level=SecurityLevel.AUTH_NO_PRIV, boots=0, time=0)
    desk.answer(trap, kind=AnswerKind.TIME_SYNCHRONISATION)


@pytest.mark.parametrize("tag", [kit.REPORT, wire.RESPONSE, wire.TRAP_V2, wire.GET])
def test_what_is_for_our_engine_in_time_and_no_inform_is_not_answered(desk: Desk, tag: int) -> None:
    assert desk.decide(kit.message_to(OURS, kit.pdu(tag))) == UNANSWERED


def test_a_trap_of_a_known_engine_whose_sender_sets_the_flag_is_not_answered() -> None:
    desk = a_desk(kit.access_of(replace(USER, engine_ids=(kit.CONSOLE_ENGINE,))))
    assert desk.decide(kit.message_to(replace(OURS, id=kit.CONSOLE_ENGINE), kit.pdu(wire.TRAP_V2))) == UNANSWERED


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        pytest.param(kit.message_to(OURS, kit.pdu(), user=replace(USER, name=b"nobody")), Reason.UNKNOWN_USER, id="nobody"),
        pytest.param(
            kit.message_to(OURS, kit.pdu(), user=replace(USER, auth=b"a wrong pass phrase")), Reason.WRONG_DIGEST, id="wrong-key"
        ),
        pytest.param(
            kit.message_to(OURS, kit.pdu(), user=replace(USER, priv=b"a wrong pass phrase")),
            Reason.DECRYPTION_ERROR,
            id="wrong-key-inside",
        ),
        pytest.param(
            kit.message_to(OURS, kit.pdu(), user=replace(USER, priv_protocol=PrivProtocol.DES)),
            Reason.DECRYPTION_ERROR,
            id="another-cipher",
        ),
        pytest.param(
            kit.message_to(OURS, kit.pdu(), user=replace(USER, auth_protocol=AuthProtocol.SHA512)),
            Reason.WRONG_DIGEST,
            id="another-hash",
        ),
        pytest.param(kit.message_to(OURS, kit.pdu(), level=SecurityLevel.AUTH_NO_PRIV), Reason.LEVEL_TOO_LOW, id="not-encrypted"),
        pytest.param(
            kit.message_to(OURS, kit.pdu(), level=SecurityLevel.NO_AUTH_NO_PRIV), Reason.LEVEL_TOO_LOW, id="in-the-open"
        ),
        pytest.param(kit.message_to(OURS, kit.pdu(), boots=0, time=0)[:-1] + b"\0", Reason.WRONG_DIGEST, id="changed-on-the-way"),
        pytest.param(wire.message(kit.pdu(), community=b"PUBLIC"), Reason.UNKNOWN_COMMUNITY, id="another-community"),
    ],
)
def test_who_is_not_believed_gets_nothing_and_is_counted_with_the_reason(desk: Desk, datagram: bytes, reason: Reason) -> None:
    before = dict(desk.counters.not_believed)
    assert desk.decide(datagram) == UNANSWERED
    changed = {told: number - before[told] for told, number in desk.counters.not_believed.items() if number != before[told]}
    assert changed == {reason: 1}


def test_a_known_user_from_elsewhere_is_a_stranger(desk: Desk) -> None:
    assert desk.decide(kit.message_to(OURS, kit.pdu()), peer="192.0.2.1") == UNANSWERED


def test_of_two_users_of_one_name_the_one_whose_key_fits_is_meant() -> None:
    twin = replace(USER, auth=b"the pass phrase of its twin")
    desk = a_desk(kit.access_of(USER), kit.access_of(twin))
    for user in (USER, twin):
        answer = desk.answer(kit.message_to(OURS, kit.pdu(), user=user), kind=AnswerKind.RESPONSE)
        kit.told(answer, user)


def test_without_a_snapshot_informs_of_v3_are_not_stored_and_those_of_a_community_are_and_nobody_is_answered() -> None:
    desk = a_desk(view=SnapshotView(CLOCK))
    assert desk.decide(kit.message_to(OURS, kit.pdu())) == Decision(not_ready=True)
    assert desk.decide(wire.inform()) == UNANSWERED
    desk.answer(kit.discovery(), kind=AnswerKind.ENGINE_DISCOVERY)


def test_while_a_user_s_keys_are_being_made_nothing_of_his_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = a_desk(kit.access_of())
    monkeypatch.setattr(KnownSenders, "is_ready", lambda self, user: False)
    assert desk.decide(kit.message_to(OURS, kit.pdu())) == Decision(not_ready=True)


def test_a_fault_of_ours_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> list[SnmpUser]:
        raise RuntimeError("a bug")

    monkeypatch.setattr(KnownSenders, "users", fail)
    assert desk.decide(kit.message_to(OURS, kit.pdu())) == UNANSWERED
    assert desk.counters.not_believed[Reason.DECODER_FAILED] == 1


def test_what_is_opened_is_counted_by_group(desk: Desk) -> None:
    desk.decide(kit.message_to(OURS, kit.pdu()))
    desk.decide(kit.message_to(OURS, kit.pdu(), user=replace(USER, auth=b"a wrong pass phrase")))
    desk.decide(kit.discovery())
    assert desk.informs.opened == 2
    desk.informs.begin()
    assert desk.informs.opened == 0


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(kit.discovery(), id="discovery"),
        pytest.param(kit.message_to(OURS, kit.pdu()), id="inform"),
        pytest.param(kit.message_to(OURS, kit.pdu(), user=AUTH_ONLY, level=SecurityLevel.AUTH_NO_PRIV), id="signed-inform"),
        pytest.param(kit.message_to(OURS, kit.pdu(), user=OPEN, level=SecurityLevel.NO_AUTH_NO_PRIV), id="open-inform"),
        pytest.param(wire.inform(), id="v2c-inform"),
    ],
)
def test_no_changed_octet_brings_down_the_judge_or_makes_a_report_large(desk: Desk, datagram: bytes) -> None:
    for place in range(len(datagram)):
        for octet in {0x00, 0x01, 0x7F, 0x80, 0x84, 0xFF, datagram[place] ^ 1, datagram[place] ^ 4}:
            changed = datagram[:place] + bytes((octet,)) + datagram[place + 1 :]
            question = question_in(changed, OURS.id)
            if question is None:
                continue
            answer = desk.decide(changed).answer
            octets = answer.octets(CLOCK.monotonic_ns()) if answer is not None else None
            if answer is not None and answer.kind is not AnswerKind.RESPONSE:
                assert octets
                assert len(octets) <= min(256, 3 * len(changed))
    assert desk.counters.not_believed[Reason.DECODER_FAILED] == 0


class OneKeyRing(KeyRing):
    """Opens what is from one of many users, as it is in the open, and makes no keys."""

    def __init__(self, fits: SnmpUser) -> None:
        super().__init__()
        self.fits: SnmpUser | None = fits

    def open(self, datagram: bytes, secured: Secured, user: SnmpUser) -> Opened | NotDecoded:
        if user != self.fits:
            return NotDecoded(Outcome.UNAUTHENTICATED, Reason.WRONG_DIGEST)
        return Opened(datagram, *secured.body, len(datagram), (b"", b""))

    def keys(self, user: SnmpUser, engine_id: bytes) -> LocalKeys:
        return LocalKeys(OPEN, engine_id)


def test_forged_messages_to_a_thousand_of_one_name_behind_a_relay_cost_a_limited_number_of_keys() -> None:
    """When it is used up, what comes is neither stored nor answered: who sends an inform repeats it."""
    users = [replace(AUTH_ONLY, auth=b"phrase %d" % number) for number in range(1_000)]
    accesses = [kit.access_of(user, f"10.0.{number // 250}.{number % 250}/32") for number, user in enumerate(users)]
    ring, counters = OneKeyRing(fits=users[-1]), SnmpCounters(Arrivals(), {})
    senders = KnownSenders(a_view(*accesses), ring, OURS, relays=[ip_network("203.0.113.0/24")])
    until(lambda: all(map(senders.is_ready, users)))
    desk = Desk(Informs(OURS, senders, ring, counters), counters, OURS)
    datagram, now_ns = kit.message_to(OURS, kit.pdu(), user=users[0], level=SecurityLevel.AUTH_NO_PRIV), CLOCK.monotonic_ns()

    def decided(times: int, *, after_s: int = 0) -> list[bool]:
        """Whether each was looked at."""
        at_ns = now_ns + after_s * NS_PER_SECOND
        return [not desk.decide(datagram, peer="203.0.113.9", now_ns=at_ns).not_ready for _ in range(times)]

    assert decided(200) == [True] * 200  # each of them is found
    ring.fits = None
    desk.informs.begin()
    assert decided(110) == [True] * 100 + [False] * 10
    assert desk.informs.opened == 100_000
    assert decided(11, after_s=1) == [True] * 10 + [False]
