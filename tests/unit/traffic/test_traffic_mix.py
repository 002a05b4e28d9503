"""What a simulation sends: examples of the packs about other things, judged by the same rules, the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from collector.domain.errors import ConfigurationError
from collector.domain.mail import Mail
from collector.domain.signal import Classified, SignalType
from collector.domain.trap import Pdu, Trap
from collector.traffic.mix import MailText, Mix, Notification, Packet, Shares
from collector.traffic.variations import at_time, trap_of, vary
from receivers.snmp.message import decode
from rules.engine import RuleSet
from rules.loader import builtin_packs_path, load_packs
from rules.model import TransportKind
from rules.samples import Sample, samples

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = load_packs(builtin_packs_path()).ruleset


def mix(shares: Shares, *, seed: int = 1, rules: RuleSet = RULES) -> Mix:
    return Mix(rules, shares, community=b"demo", seed=seed, at=AT)


def first(count: int, **shares: float) -> list[Notification]:
    return list(islice(mix(Shares(shares.get("mails", 0.3), shares.get("informs", 0.2), 20)), count))


def judged(sample: Sample) -> list[Classified]:
    if sample.transport is TransportKind.MAIL:
        return RULES.classify_mail(Mail(sample.subject, sample.text), source="console", products=(sample.product,))
    return RULES.classify_trap(trap_of(sample), source="console", products=(sample.product,))


@pytest.mark.parametrize("sample", [pytest.param(one, id=f"{one.rule}: {one.test}") for one in samples(RULES)])
def test_the_same_rule_decides_about_the_example_and_its_variation(sample: Sample) -> None:
    varied = vary(sample, 7, RULES)
    assert [one.rule for one in judged(varied)] == [one.rule for one in judged(sample)]


def test_the_variation_is_about_another_computer_and_risk() -> None:
    sample = next(one for one in samples(RULES) if one.rule == "sepm-risk-open" and "pc-17" in one.text)
    told = [judged(vary(sample, number, RULES))[0].fields for number in (3, 4)]
    assert [fields["host"] for fields in told] == ["pc-003", "pc-004"]
    assert told[0]["risk"] != told[1]["risk"]


def test_the_clear_of_a_number_meets_the_case_of_that_number() -> None:
    def keys(rule: str, number: int) -> set[tuple[SignalType, str]]:
        examples = [vary(one, number, RULES) for one in samples(RULES) if one.rule == rule]
        return {(one.signal.type, one.signal.key) for sample in examples for one in judged(sample) if one.signal}

    raised = {key for kind, key in keys("proxysg-health-critical", 5) if kind is SignalType.RAISE}
    cleared = {key for kind, key in keys("proxysg-health-ok", 5) if kind is SignalType.CLEAR}
    assert raised & cleared
    assert not raised & {key for _, key in keys("proxysg-health-ok", 6)}


def test_a_seed_decides_everything() -> None:
    shares = Shares(0.3, 0.2, 20)
    one, same, other = (list(islice(mix(shares, seed=seed), 200)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_every_packet_decodes_with_the_numbers_it_was_stamped_with() -> None:
    packets = {one for one in first(500) if isinstance(one, Packet)}
    assert len(packets) > 50
    for packet in packets:
        trap = decode(packet.stamped(0x12345678, 0x01020304))
        assert isinstance(trap, Trap)
        assert trap.uptime == 0x01020304
        assert trap.community == b"demo"
        assert (trap.pdu is Pdu.INFORM) is packet.inform
        assert trap.request_id == (0 if trap.pdu is Pdu.TRAP_V1 else 0x12345678)


def test_the_shares_are_kept() -> None:
    kinds = Counter("mail" if isinstance(one, MailText) else "inform" if one.inform else "trap" for one in first(2000))
    assert 500 < kinds["mail"] < 700
    assert 100 < kinds["inform"] < 350
    assert {type(one) for one in first(200, mails=0.0)} == {Packet}
    assert {type(one) for one in first(200, mails=1.0)} == {MailText}


def test_times_in_mails_lie_in_the_hour_before() -> None:
    days = [one.text for one in first(2000) if isinstance(one, MailText) and "Status reported on" in one.text]
    told = {text.partition("Status reported on ")[2].rstrip(".\n") for text in days}
    moments = [datetime.strptime(text, "%b %d, %Y %I:%M:%S %p").replace(tzinfo=UTC) for text in told]
    assert len(moments) > 10
    assert all(AT - timedelta(hours=1) <= moment <= AT for moment in moments)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        pytest.param(datetime(2026, 3, 2, 0, 5, 9, tzinfo=UTC), "on Mar 2, 2026 12:05:09 AM.", id="after midnight"),
        pytest.param(datetime(2026, 11, 23, 13, 0, 0, tzinfo=UTC), "on Nov 23, 2026 1:00:00 PM.", id="after noon"),
    ],
)
def test_times_are_written_as_a_console_writes_them(moment: datetime, told: str) -> None:
    assert at_time("on Nov 3, 2026 9:15:00 AM.", moment) == told


def test_packs_without_examples_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no tests with the mails or traps"):
        mix(Shares(0.5, 0.0, 1), rules=RuleSet([]))
