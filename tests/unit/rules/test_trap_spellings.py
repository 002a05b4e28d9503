"""A trap's name with and without the 0 before its last arc is one name: in recognition, in fields, in detections."""

from collections.abc import Callable

import pytest

from collector.domain.trap import Trap
from collector.domain.trap_oids import other_spelling
from receivers.snmp.message import decode
from rules.engine import RuleSet
from rules.loader import builtin_packs_path, load_packs
from tests import snmp_wire as wire

MakeTrap = Callable[..., Trap]
OID = "1.3.6.1.4.1.99999"


@pytest.mark.parametrize(
    ("spelling", "other"),
    [
        pytest.param(f"{OID}.1.0.7", f"{OID}.1.7", id="with"),
        pytest.param(f"{OID}.1.7", f"{OID}.1.0.7", id="without"),
        pytest.param(f"{OID}.1.0.0", f"{OID}.1.0", id="specific 0"),
        pytest.param(f"{OID}.10.7", f"{OID}.10.0.7", id="an arc that ends in 0 is not 0"),
        pytest.param("1.3", "", id="too short"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_trap_has_two_spellings(spelling: str, other: str) -> None:
    assert other_spelling(spelling) == other


def pack(name: str, snmp: str, *, oid: str, asked: str = "seen: {notification: any}") -> str:
    """A pack of one kind in traps, whose rule asks for that and shows the trap OID; `oid` is a trap that it wants."""
    return f"""\
format: 1
pack: {name}
title: A demonstration
products: [{name}-console]
vocabularies:
  which: {{first: ["{OID}.1.0.7"], second: ["{OID}.1.8"]}}
notifications:
  any:
    snmp: {{{snmp}, fields: {{oid: {{first_of: [trap_oid]}}, word: {{from: trap_oid, vocabulary: which}}}}}}
rules:
  - name: {name}-any
    title: Any
    detection: {{{asked}, condition: seen}}
    outcome: informational
    tests:
      - {{name: it is, trap: {{oid: "{oid}", varbinds: {{}}}}, expect: {{outcome: informational}}}}
      - {{name: it is not, fields: {{notification: none}}, expect: no_match}}
"""


def loaded(*texts: str) -> RuleSet:
    result = load_packs([(f"{place}.yaml", text) for place, text in enumerate(texts)])
    assert result.refused == {}
    return result.ruleset


BOTH = pack("demo", f'trap_oid: ["{OID}.1.0.7", "{OID}.1.8"]', oid=f"{OID}.1.0.7")


@pytest.mark.parametrize(
    ("oid", "shown", "word"),
    [
        pytest.param(f"{OID}.1.0.7", f"{OID}.1.0.7", "first", id="as the pack has it, with the 0"),
        pytest.param(f"{OID}.1.7", f"{OID}.1.0.7", "first", id="the 0 is left out"),
        pytest.param(f"{OID}.1.8", f"{OID}.1.8", "second", id="as the pack has it, without the 0"),
        pytest.param(f"{OID}.1.0.8", f"{OID}.1.8", "second", id="the 0 of a v1 trap"),
    ],
)
def test_a_kind_is_recognised_in_both_spellings_and_rules_read_its_own(trap: MakeTrap, oid: str, shown: str, word: str) -> None:
    (answer,) = loaded(BOTH).classify_trap(trap(oid), source="s", products=())

    assert (answer.rule, answer.fields) == ("demo-any", {"oid": shown, "word": word})


@pytest.mark.parametrize("oid", [f"{OID}.1.7.1", f"{OID}.1.0.0.7", f"{OID}.0.1.7", f"{OID}.1", "7", ""])
def test_other_names_stay_other_names(trap: MakeTrap, oid: str) -> None:
    (answer,) = loaded(BOTH).classify_trap(trap(oid), source="s", products=())

    assert answer.notification == ""


def test_a_pack_that_has_the_very_spelling_wins(trap: MakeTrap) -> None:
    ruleset = loaded(
        pack("other", f'trap_oid: "{OID}.1.0.7"', oid=f"{OID}.1.0.7"), pack("exact", f'trap_oid: "{OID}.1.7"', oid=f"{OID}.1.7")
    )

    assert [ruleset.classify_trap(trap(oid), source="s", products=())[0].pack for oid in (f"{OID}.1.7", f"{OID}.1.0.7")] == [
        "exact",
        "other",
    ]


@pytest.mark.parametrize(
    ("oid", "winner"),
    [
        pytest.param(f"{OID}.1.0.7", "near", id="with the 0"),
        pytest.param(f"{OID}.1.7", "near", id="without the 0"),
        pytest.param(f"{OID}.1.7.2", "far", id="further below"),
        pytest.param(f"{OID}.2.7", "far", id="beside it"),
    ],
)
def test_what_stands_under_an_enterprise_with_the_0_is_found_without_it(trap: MakeTrap, oid: str, winner: str) -> None:
    ruleset = loaded(
        pack("far", f'trap_oid_under: "{OID}"', oid=f"{OID}.5"), pack("near", f'trap_oid_under: "{OID}.1.0"', oid=f"{OID}.1.0.7")
    )

    (answer,) = ruleset.classify_trap(trap(oid), source="s", products=())

    assert answer.pack == winner


@pytest.mark.parametrize("asked", [f"{OID}.1.0.7", f"{OID}.1.7"])
@pytest.mark.parametrize("oid", [f"{OID}.1.0.7", f"{OID}.1.7"])
def test_a_detection_that_names_a_trap_means_both_spellings(trap: MakeTrap, asked: str, oid: str) -> None:
    ruleset = loaded(
        pack("demo", f'trap_oid_under: "{OID}"', oid=asked, asked=f'seen: {{notification: any, trap_oid: "{asked}"}}')
    )

    (answer,) = ruleset.classify_trap(trap(oid), source="s", products=())
    (not_asked,) = ruleset.classify_trap(trap(f"{OID}.1.0.8"), source="s", products=())

    assert (answer.rule, not_asked.rule) == ("demo-any", "")


BUILT_IN = load_packs(builtin_packs_path()).ruleset
SEP = "1.3.6.1.4.1.311.1.13.1.18.83.121.109.97.110.116.101.99.32.65.110.116.105.86.105.114.117.115"
FOUND = "Security Risk Found! Backdoor.PsEmpire in File: C:\\x.ps1 by: Auto-Protect scan.  Action: Cleaned by Deletion."
SAYS = [
    wire.varbind("1.3.6.1.4.1.311.1.13.1.9999.1.0", wire.string(FOUND)),
    wire.varbind("1.3.6.1.4.1.311.1.13.1.9999.3.0", wire.tlv(0x04, "PC-NIÑO".encode("cp1252"))),
]
HEALTH = [wire.varbind("1.3.6.1.4.1.3417.2.12.1.1.1.0", wire.string("CPU Utilization: CRITICAL"))]


def v2(name: str, varbinds: list[bytes]) -> bytes:
    return wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(name), *varbinds))


@pytest.mark.parametrize(
    ("forms", "key"),
    [
        pytest.param(
            [
                wire.v1_message(*SAYS, enterprise=wire.oid(SEP), specific=51),
                wire.v1_message(*SAYS, enterprise=wire.oid(SEP), specific=-1073741773),
                v2(f"{SEP}.0.51", SAYS),
                v2(f"{SEP}.0.1073741875", SAYS),
                v2(f"{SEP}.51", SAYS),
            ],
            "v1:symantec-sepm:threat:pc-niño:Backdoor.PsEmpire",
            id="an endpoint protection event of Windows",
        ),
        pytest.param(
            [
                wire.v1_message(*HEALTH, enterprise=wire.oid("1.3.6.1.4.1.3417.2.12.2"), specific=3),
                v2("1.3.6.1.4.1.3417.2.12.2.0.3", HEALTH),
                v2("1.3.6.1.4.1.3417.2.12.2.3", HEALTH),
            ],
            "v1:bluecoat-proxysg:health:console-1:cpu utilization",
            id="the health of a proxy",
        ),
    ],
)
def test_one_trouble_is_one_case_in_whichever_form_its_trap_comes(forms: list[bytes], key: str) -> None:
    keys = set()
    for datagram in forms:
        trap = decode(datagram)
        assert isinstance(trap, Trap)
        (answer,) = BUILT_IN.classify_trap(trap, source="console-1", products=())
        keys.add(answer.signal.key if answer.signal else answer.reason)

    assert keys == {key}
