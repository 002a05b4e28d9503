"""A small good pack for the tests of the rules, and ways to make notifications."""

from collections.abc import Callable

import pytest

from collector.domain.mail import Mail
from collector.domain.trap import Pdu, SnmpVersion, Trap, Varbind, VarbindValue
from rules.engine import RuleSet
from rules.loader import load_packs

GOOD = """\
format: 1
pack: demo
title: A demonstration
products: [demo-console]
protects: sep
vocabularies:
  state_word:
    bad: [broken, roto]
    good: [fine, bien]
notifications:
  status:
    snmp:
      trap_oid: "1.3.6.1.4.1.99999.1.0.1"
      fields:
        host: {oid: "1.3.6.1.4.1.99999.2.1"}
        word: {oid: "1.3.6.1.4.1.99999.2.2"}
        state: {from: word, vocabulary: state_word}
    mail:
      anchors: [[demo status]]
      rows: by_labels
      fields:
        host: {label: [Host, Equipo]}
        word: {label: [State, Estado]}
        state: {from: word, vocabulary: state_word}
rules:
  - name: demo-bad
    title: Broken
    detection:
      seen: {notification: status}
      fine: {state: good}
      condition: seen and not fine
    case:
      kind: severity_case
      severity: 3
      key: [status, "{host}"]
      title: {es: "{host} roto", en: "{host} broken"}
    tests:
      - name: broken by mail
        mail: "Subject: Demo status\\n\\nHost: pc-1\\nState: broken\\n"
        expect: {kind: severity_case, severity: 3, key: "v1:demo:status:pc-1"}
      - name: broken by trap
        trap: {oid: "1.3.6.1.4.1.99999.1.0.1", varbinds: {"1.3.6.1.4.1.99999.2.1.0": pc-1, "1.3.6.1.4.1.99999.2.2.0": roto}}
        expect: {key: "v1:demo:status:pc-1"}
      - name: fine
        fields: {notification: status, host: pc-1, state: good}
        expect: no_match
  - name: demo-good
    title: Fine again
    detection:
      seen: {notification: status, state: good}
      condition: seen
    clears: [demo-bad]
    says: {es: "{host} bien", en: "{host} fine"}
    tests:
      - name: fine
        mail: "Subject: Demo status\\n\\nEquipo: pc-1\\nEstado: Bien.\\n"
        expect: {clears: true, key: "v1:demo:status:pc-1"}
      - name: broken
        fields: {notification: status, host: pc-1, state: bad}
        expect: no_match
"""


@pytest.fixture
def good_pack() -> str:
    return GOOD


@pytest.fixture
def load() -> Callable[[str], RuleSet]:
    """Load one pack that must be good."""

    def load_one(text: str) -> RuleSet:
        result = load_packs([("demo.yaml", text)])
        assert not result.refused, str(result.refused["demo.yaml"])
        return result.ruleset

    return load_one


@pytest.fixture
def ruleset() -> RuleSet:
    return load_packs([("demo.yaml", GOOD)]).ruleset


@pytest.fixture
def trap() -> Callable[..., Trap]:
    """trap(oid, {varbind oid: value}): a decoded v2c trap."""

    def make(oid: str, varbinds: dict[str, VarbindValue] | None = None) -> Trap:
        found: list[Varbind] = [(name, 2 if isinstance(value, int) else 4, value) for name, value in (varbinds or {}).items()]
        return Trap(SnmpVersion.V2C, b"x", Pdu.TRAP_V2, 1, oid, 1, found)

    return make


@pytest.fixture
def mail() -> Callable[[str, str], Mail]:
    return lambda subject, text: Mail(subject=subject, text=text)
