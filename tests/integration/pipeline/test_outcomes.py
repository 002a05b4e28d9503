"""What becomes of each kind of item, on both databases: one outcome each, in the ledger and in the list."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from collector.domain.ids import ExternalKey, StreamName
from collector.domain.item import Envelope, ItemKind, Tally, TallyReason
from collector.domain.registry import SELF_CODE
from collector.domain.trust import Trust
from collector.journal.envelope import encode_envelope, encode_tally
from tests import snmp_wire as wire
from tests.builders import NOON
from tests.pipeline_world import BETA, MAILS, MAIN, World, mail_octets, trap_octets

Arrive = Callable[[World], object]


def raw(payload: bytes) -> Arrive:
    return lambda world: world.item(MAIN, ItemKind.DATAGRAM, payload)


def raw_mail(payload: bytes, *to: str, refused_octets: int = 0) -> Arrive:
    envelope = encode_envelope(Envelope("x@example.com", to or ("acme@example.org",), "x", refused_octets=refused_octets))
    return lambda world: world.item(MAILS, ItemKind.MAIL, payload, envelope=envelope)


_OUTCOMES = [
    pytest.param(lambda w: w.trap("raise disk"), ("case", ""), "ACME", id="a raise"),
    pytest.param(lambda w: w.trap("info"), ("informational", "by_rule"), "ACME", id="informational by rule"),
    pytest.param(lambda w: w.trap("suppressed"), ("suppressed", "by_rule"), "ACME", id="suppressed by rule"),
    pytest.param(lambda w: w.trap("unmatched"), ("unmatched", "no_kind"), "ACME", id="no rule wants it"),
    pytest.param(lambda w: w.trap("clear disk"), ("informational", "clear_without_case"), "ACME", id="a clear of nothing"),
    pytest.param(lambda w: w.trap("info", community=b"x"), ("unattributed", "unknown_community"), None, id="unknown community"),
    pytest.param(
        lambda w: w.trap("info", peer="203.0.113.9"), ("unattributed", "peer_not_in_networks"), None, id="from elsewhere"
    ),
    pytest.param(
        lambda w: w.trap("info", community=BETA, peer="198.51.100.1"),
        ("unattributed", "version_not_allowed"),
        None,
        id="v2c from a v1 console",
    ),
    pytest.param(lambda w: w.mail("info", to=["zeta@example.org"]), ("unattributed", "unknown_mailbox"), None, id="mailbox gone"),
    pytest.param(lambda w: w.mail("info", to=["ACME+Any@example.org"]), ("informational", "by_rule"), "ACME", id="plus address"),
    pytest.param(raw(b"\x30\x82"), ("undecodable", "truncated"), None, id="half a datagram"),
    pytest.param(raw(b""), ("undecodable", "truncated"), None, id="nothing at all"),
    pytest.param(raw(wire.v3_message()), ("unauthenticated", "unknown_user"), None, id="version 3"),
    pytest.param(
        raw(wire.message(wire.v2_pdu(tag=wire.GET))), ("not_a_notification", "not_a_trap_pdu"), None, id="a question, not a trap"
    ),
    pytest.param(raw_mail(b"Subject: \r\n\r\n"), ("undecodable", "no_text"), "ACME", id="an empty mail"),
    pytest.param(
        raw_mail(mail_octets("info", Auto_Submitted="auto-replied")), ("loop", "auto_reply"), "ACME", id="somebody is on holiday"
    ),
    pytest.param(raw_mail(mail_octets("info", X_Collector_Loop="1")), ("loop", "own_message"), "ACME", id="a message of our own"),
    pytest.param(
        raw_mail(mail_octets("raise disk 3"), refused_octets=9),
        ("undecodable", "too_large"),
        "ACME",
        id="the begin of one",
    ),
    pytest.param(raw_mail(b"", refused_octets=9), ("undecodable", "too_large"), "ACME", id="one announced too large"),
    pytest.param(
        raw_mail(b"Subject: \r\n\r\n", "zeta@example.org"), ("undecodable", "no_text"), None, id="an empty mail to nobody"
    ),
]


@pytest.mark.parametrize(("arrive", "outcome", "customer"), _OUTCOMES)
def test_an_item_ends_in_one_outcome_and_on_one_line_of_the_ledger(
    world: World, arrive: Arrive, outcome: tuple[str, str], customer: str | None
) -> None:
    arrive(world)
    world.process()
    assert world.outcomes() == [outcome]
    (line,) = world.ledger()
    assert (line.outcome, line.reason, line.customer, line.count) == (*outcome, customer, 1)
    assert line.day == 20260317


def test_a_mail_refused_for_its_size_is_listed_with_sender_size_and_subject(world: World) -> None:
    raw_mail(b"Subject: Informe\r\n\r\nraise disk 3\r\n", refused_octets=30_000_000)(world)
    world.process()
    (listed,) = world.notifications()
    assert (listed.subject, listed.detail, listed.peer) == ("Informe", "30000000 octets", "192.0.2.1:162")
    assert world.cases() == []


def test_a_trap_from_beta_is_betas(world: World) -> None:
    world.item(MAIN, ItemKind.DATAGRAM, trap_octets("raise disk", community=BETA, version=0), peer_address="198.51.100.1")
    world.item(MAIN, ItemKind.DATAGRAM, wire.v1_message(), peer_address="198.51.100.1")
    world.process()
    assert [row.customer for row in world.notifications() if row.customer] in ([], ["BETA"])


def test_an_ipv6_mapped_peer_is_the_ipv4_console_that_it_is(world: World) -> None:
    world.trap("info", peer="::ffff:192.0.2.1")
    world.process()
    assert world.outcomes() == [("informational", "by_rule")]


def test_one_mail_with_several_rows_is_several_notifications_and_one_item(world: World) -> None:
    item = world.mail("raise disk 3", "raise disk 3", "info", "raise cpu 2")
    world.process()
    rows = sorted(world.notifications(), key=lambda row: row.id)
    assert [str(row.id) for row in rows] == [f"{item}-{n}" for n in (1, 2, 3, 4)]
    assert [row.verdict for row in rows] == ["opened", "joined", None, "opened"]
    assert world.counted() == {"case": 1}
    disk = next(case for case in world.cases() if case.host == "disk")
    assert (disk.occurrences, disk.channel) == (2, "smtp")


def test_one_mail_to_several_consoles_is_told_of_each(world: World) -> None:
    item = world.mail("raise disk 3", to=["beta@example.org", "acme@example.org", "acme+x@example.org", "nobody@example.org"])
    world.process()
    rows = sorted(world.notifications(), key=lambda row: row.id)
    assert [(str(row.id), row.customer) for row in rows] == [(f"{item}-1", "BETA"), (f"{item}-2", "ACME")]
    assert sorted(case.customer_code for case in world.cases()) == ["ACME", "BETA"]
    assert len({case.external_key for case in world.cases()}) == 2


def test_a_mail_and_a_trap_of_one_trouble_are_one_case(world: World) -> None:
    world.trap("raise disk 3")
    world.mail("raise disk 3")
    world.process()
    assert world.case().occurrences == 2


def test_what_logged_in_is_believed_more(world: World) -> None:
    world.mail("raise disk 3", login="acme")
    world.clock.move(timedelta(seconds=1))
    world.trap("clear disk")
    world.process()
    assert world.case().trust is Trust.AUTHENTICATED
    assert world.case().cleared_at is None
    assert ("informational", "clear_less_trusted") in world.outcomes()


def test_refusals_are_on_the_ledger_and_no_notifications(world: World) -> None:
    world.tally(TallyReason.UNKNOWN_MAILBOX, 3)
    world.tally(TallyReason.OVER_LIMIT, 400)
    world.process()
    assert world.notifications() == []
    assert world.cases() == []
    assert [(line.outcome, line.reason, line.count) for line in world.ledger()] == [
        ("over_limit", "over_limit", 400),
        ("refused", "unknown_mailbox", 3),
    ]


def test_datagrams_that_the_kernel_dropped_are_one_case_of_the_collectors_own(world: World) -> None:
    for count in (7, 5):
        world.tally(TallyReason.KERNEL_DROP, count)
        world.clock.move(timedelta(seconds=1))
    world.tally(TallyReason.KERNEL_DROP, 0)
    world.process()
    world.process()
    case = world.case()
    assert (case.customer_code, case.severity, case.occurrences) == (SELF_CODE, 2, 2)
    assert case.opened_at == NOON
    assert "127.0.0.1:1162" in case.title.es
    assert world.ledger() == []


def test_drops_that_several_receivers_tell_of_are_one_case_of_their_listener(world: World) -> None:
    for number in range(3):
        stream = StreamName(f"snmp-{number}", bulk=False, epoch="dddddd")
        tally = encode_tally(Tally(TallyReason.KERNEL_DROP, 4))
        world.item(stream, ItemKind.TALLY, b"", envelope=tally, peer_address="", peer_port=0)
    world.process()
    assert (world.case().customer_code, world.case().occurrences) == (SELF_CODE, 3)


def test_hostile_text_is_stored_as_text(world: World) -> None:
    """Zero octets, halves of surrogates and right-to-left marks in what a console sends."""
    world.trap("raise a\0b 3")
    world.item(MAIN, ItemKind.DATAGRAM, trap_octets("unmatched").replace(b"unmatched", b"\xed\xa0\x80\x00\xff\xfe\x80\x80\x80"))
    world.mail("raise disk 3", "unmatched \u202e\u0000")
    world.process()
    assert world.counters.poisoned == 0
    assert all("\0" not in row.text for row in world.notifications())


def test_rules_that_say_nothing_leave_the_item_in_quarantine(world: World) -> None:
    world.rules.classify_trap = lambda trap, **_: []  # type: ignore[method-assign]
    world.trap("info")
    world.process()
    assert world.outcomes() == [("unmatched", "no_kind")]


def test_a_case_says_where_it_came_from(world: World) -> None:
    item = world.trap("raise disk 2")
    world.process()
    case = world.case()
    assert (case.customer_code, case.source_name, case.channel, case.host, case.severity) == (
        "ACME",
        "console",
        "snmp",
        "disk",
        2,
    )
    assert (case.rule, case.rule_version, case.opened_at) == ("raise-disk", "1", NOON)
    assert [condition.field for condition in case.matched] == ["text"]
    (opened,) = world.log(case)
    assert (opened.verdict.value, opened.actor, opened.notification) == ("opened", "rule:raise-disk@1", str(item))
    (row,) = world.notifications()
    assert (row.case, row.verdict, row.kind, row.product) == (case.external_key, "opened", "raise", "product")
    assert case.external_key.startswith("TST-")
    assert case.previous_case is None
    assert ExternalKey(case.external_key) == case.external_key
