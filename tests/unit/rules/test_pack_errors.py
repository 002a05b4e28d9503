"""Broken packs: each mistake is named with its line, and stops only its own pack."""

from pathlib import Path

import pytest

from rules.loader import load_packs
from rules.schema import WAYS

SEEN = "      seen: {notification: status, state: good}\n"


def refusals(text: str) -> list[str]:
    refused = load_packs([("demo.yaml", text)]).refused
    return [str(error) for error in refused["demo.yaml"].errors] if refused else []


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_example_is_good(good_pack: str) -> None:
    assert refusals(good_pack) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        pytest.param("format: 1", "format: 2", "format", "`format` must be 1", id="format"),
        pytest.param(
            "protects: sep",
            "protects: sep\ncorrelations: []",
            "correlations",
            "correlations are not supported by this version: remove the section",
            id="correlations",
        ),
        pytest.param(
            "protects: sep",
            "protect: sep",
            "protect:",
            "unknown key `protect` in a pack; did you mean `protects`?",
            id="unknown key",
        ),
        pytest.param(
            "title: Broken",
            "titel: Broken",
            "titel",
            "unknown key `titel` in a rule; did you mean `title`?",
            id="unknown key of a rule",
        ),
        pytest.param(
            "bad: [broken, roto]",
            "bad: [broken, fine]",
            "good: [",
            "the word `fine` is already in class `bad` of this vocabulary",
            id="word in two classes",
        ),
        pytest.param(
            "good: [fine, bien]",
            "good: [fine, bien]\n    unverified: [gut]",
            "unverified",
            "the unverified word `gut` is in no class of this vocabulary",
            id="unverified",
        ),
        pytest.param(
            '"1.3.6.1.4.1.99999.2.1"',
            '".1.3.6"',
            '{oid: ".1.3.6"',
            "not an OID in dotted form without a leading dot: .1.3.6",
            id="OID",
        ),
        pytest.param(
            "{from: word, vocabulary: state_word}",
            "{from: word, vocabulary: state_words}",
            "{from: word, vocabulary: state_words}",
            "there is no vocabulary `state_words`; did you mean `state_word`?",
            id="vocabulary",
        ),
        pytest.param(
            "{from: word, vocabulary: state_word}",
            "{from: words, vocabulary: state_word}",
            "{from: words",
            "`words` is not a field that can be read here; did you mean `word`?",
            id="from an unknown field",
        ),
        pytest.param(
            '{oid: "1.3.6.1.4.1.99999.2.1"}',
            "{label: [Host]}",
            "{label: [Host]}",
            "`label` has no meaning under `snmp`",
            id="label in a trap",
        ),
        pytest.param(
            "{label: [Host, Equipo]}",
            "{label: [Host], const: x}",
            "{label: [Host], const",
            f"field `host` needs exactly one of {', '.join(WAYS)}; it has label and const",
            id="two ways",
        ),
        pytest.param(
            "{label: [Host, Equipo]}",
            "{label: [Host], else: x}",
            "{label: [Host], else",
            "`else` cannot stand beside `label`",
            id="beside",
        ),
        pytest.param(
            "host: {label", "text: {label", "text: {label", "the field `text` is built in: choose another name", id="built in"
        ),
        pytest.param(
            "anchors: [[demo status]]",
            'anchors: [["..."]]',
            "anchors",
            "the anchor `...` holds no word",
            id="anchor without word",
        ),
        pytest.param("severity: 3\n", "severity: 5\n", "severity: 5", "`severity` must be 1 to 4, not 5", id="severity"),
        pytest.param(
            "      severity: 3\n",
            "",
            "kind: severity_case\n",
            "`case` needs `severity` (1 to 4), or a table over a field",
            id="no severity",
        ),
        pytest.param(
            "kind: severity_case\n      severity: 3",
            "kind: threat_incident\n      severity: 3",
            "severity: 3\n",
            "a threat incident has no severity: use `urgency`",
            id="severity of a threat",
        ),
        pytest.param(
            "kind: severity_case\n",
            "kind: severity-case\n",
            "kind: severity-case",
            "`kind` must be one of threat_incident, severity_case; not severity-case; did you mean `severity_case`?",
            id="kind of case",
        ),
        pytest.param(
            'es: "{host} roto"',
            'es: "{host roto"',
            'es: "{host roto"',
            "braces may only stand around a field's name: {host}",
            id="braces",
        ),
        pytest.param(
            'key: [status, "{host}"]',
            'key: [status, "x-{host}"]',
            "key: [status",
            "a key part is plain text or exactly one field, not `x-{host}`",
            id="mixed key part",
        ),
        pytest.param(
            "state: good}\n      condition: seen\n",
            "state|wildcard: good}\n      condition: seen\n",
            "state|wildcard",
            "the modifier `wildcard` is not supported",
            id="modifier",
        ),
        pytest.param(
            "state: good}\n      condition: seen\n",
            "state|re: 'a(?=b)'}\n      condition: seen\n",
            "state|re",
            "not a regular expression that RE2 takes (no look-around, no back-reference): invalid perl operator: (?=",
            id="look-around",
        ),
        pytest.param(
            "state: good}\n      condition: seen\n",
            "state|re: 'acción\\b'}\n      condition: seen\n",
            "state|re",
            r"`\w` and `\b` know ASCII letters only: do not use them beside accented letters; write the letters out",
            id="word boundary",
        ),
        pytest.param(
            "state: good}\n      condition: seen\n",
            "state: true}\n      condition: seen\n",
            "state: true",
            "`state`: true and false go with `exists` only; quote the word if text is meant",
            id="boolean",
        ),
        pytest.param(
            SEEN,
            "      seen: [word]\n",
            "seen: [word]",
            "keywords (values without a field) are not supported: name the field",
            id="keywords",
        ),
        pytest.param(
            "clears: [demo-bad]",
            "clears: [demo-bad]\n    outcome: informational",
            "- name: demo-good",
            "rule `demo-good` needs exactly one of case, outcome, clears; it has outcome and clears",
            id="two decisions",
        ),
        pytest.param(
            "name: demo-good",
            "name: demo-bad",
            "- name: demo-bad\n    title: Fine",
            "the rule name `demo-bad` is doubled (first on line 26)",
            id="doubled rule",
        ),
        pytest.param(
            "      - name: broken\n        fields:",
            "      - name: broken\n        mail: x\n        fields:",
            "- name: broken\n",
            "test `broken` needs exactly one of mail, trap, fields; it has mail and fields",
            id="two forms",
        ),
        pytest.param(
            "expect: {clears: true,",
            "expect: {clear: true,",
            "expect: {clear:",
            "unknown key `clear` in `expect` (or the word no_match); did you mean `clears`?",
            id="expect",
        ),
        pytest.param("says: {es:", "says: {de: x, es:", "says: {de", "unknown key `de` in `says`", id="language"),
        pytest.param(
            '"1.3.6.1.4.1.99999.2.2.0": roto',
            '"1.3.6.1.4.1.99999.2.2.0": "hex:0g"',
            'trap: {oid: "1.3.6.1.4.1.99999.1.0.1", v',
            "after `hex:` only pairs of hexadecimal digits may stand",
            id="hex",
        ),
    ],
)
def test_a_mistake_in_the_form_is_named_with_its_line(good_pack: str, old: str, new: str, at: str, message: str) -> None:
    text = good_pack.replace(old, new, 1)
    assert text != good_pack
    assert f"demo.yaml:{line_of(text, at)}: {message}" in refusals(text)


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        pytest.param(
            "state: good}\n      condition: seen\n",
            "stat: good}\n      condition: seen\n",
            "detection:\n      seen: {notification: status, stat:",
            "rule `demo-good`: no kind of this pack has the field `stat`; did you mean `state`?",
            id="field of a test",
        ),
        pytest.param(
            'es: "{host} bien"',
            'es: "{hots} bien"',
            "- name: demo-good",
            "rule `demo-good`: no kind of this pack has the field `hots`; did you mean `host`?",
            id="field of a title",
        ),
        pytest.param(
            'key: [status, "{host}"]',
            'key: [status, "{trap_oid}"]',
            "- name: demo-bad",
            "rule `demo-bad`: the key needs the field `trap_oid`, which kind `status` does not have under `mail`",
            id="key field of one transport",
        ),
        pytest.param(
            "{notification: status, state: good}",
            "{notification: statu, state: good}",
            "detection:\n      seen: {notification: statu,",
            "rule `demo-good`: there is no notification kind `statu`; did you mean `status`?",
            id="kind",
        ),
        pytest.param(
            "seen and not fine",
            "seen and not fin",
            "detection:\n      seen: {notification: status}\n",
            "rule `demo-bad`: the condition names `fin`, which is not a selection",
            id="condition",
        ),
        pytest.param(
            "seen and not fine",
            "seen",
            "- name: demo-good",
            "rule `demo-good` can never be reached: no kind meets it, or rules above take all it could have",
            id="unreachable",
        ),
        pytest.param(
            "clears: [demo-bad]",
            "clears: [demo-worse]",
            "- name: demo-good",
            "rule `demo-good` clears what is not there: there is no rule `demo-worse`",
            id="clears nothing",
        ),
        pytest.param(
            "clears: [demo-bad]",
            "clears: [demo-good]",
            "- name: demo-good",
            "rule `demo-good` clears what is not there: rule `demo-good` opens no case",
            id="clears a clear",
        ),
        pytest.param("kind: severity_case\n      severity: 3\n", "kind: threat_incident\n", None, None, id="allowed threat"),
        pytest.param(
            "        fields: {notification: status, host: pc-1, state: good}\n        expect: no_match",
            "        fields: {notification: status, host: pc-1, state: bad}\n        expect: {severity: 3}",
            "- name: demo-bad",
            "rule `demo-bad` needs at least one test that does not match",
            id="no counter-example",
        ),
    ],
)
def test_a_mistake_across_the_pack_is_named_with_its_line(
    good_pack: str, old: str, new: str, at: str | None, message: str | None
) -> None:
    text = good_pack.replace(old, new, 1)
    assert text != good_pack
    found = refusals(text)
    if at is None:
        assert all("expected" not in error and "may open" not in error for error in found)
    else:
        assert f"demo.yaml:{line_of(text, at)}: {message}" in found


def test_only_packs_of_endpoint_protection_may_open_threat_incidents(good_pack: str) -> None:
    text = good_pack.replace("protects: sep\n", "").replace("kind: severity_case\n      severity: 3", "kind: threat_incident")
    found = refusals(text)
    line = line_of(text, "kind: threat_incident")
    assert f"demo.yaml:{line}: rule `demo-bad`: only packs with `protects: sep` or `ses` may open threat incidents" in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            'severity: 3, key: "v1:demo:status:pc-1"}',
            'severity: 2, key: "v1:demo:status:pc-2"}',
            "rule `demo-bad`, test `broken by mail`: severity is 3, not 2",
            id="severity",
        ),
        pytest.param(
            "      - name: broken\n        fields: {notification: status, host: pc-1, state: bad}",
            "      - name: bad\n        fields: {notification: status, host: pc-1, state: good}",
            "rule `demo-good`, test `bad`: the rule matched, and should not",
            id="matches",
        ),
        pytest.param(
            "State: broken",
            "State: fine",
            "rule `demo-bad`, test `broken by mail`: the rule did not match: kind `status`, rule `demo-good`, case ",
            id="does not match",
        ),
        pytest.param(
            "Subject: Demo status\\n\\nHost",
            "Subject: Other\\n\\nHost",
            "rule `demo-bad`, test `broken by mail`: the rule did not match: kind `none`, rule `none`, unmatched no_kind",
            id="not recognised",
        ),
        pytest.param(
            "Host: pc-1\\n",
            "",
            "the rule did not match: kind `status`, rule `demo-bad`, unmatched missing_key_field - the key needs the field host",
            id="no key",
        ),
        pytest.param(
            "fields: {notification: status, host: pc-1, state: good}\n        expect: no_match",
            "fields: {notification: sttus}\n        expect: {severity: 1}\n      - name: x\n"
            "        fields: {notification: status, state: good}\n        expect: no_match",
            "the rule did not match: the test names no kind of this pack in `notification`",
            id="kind",
        ),
    ],
)
def test_a_failing_test_stops_its_pack(good_pack: str, old: str, new: str, message: str) -> None:
    text = good_pack.replace(old, new, 1)
    assert text != good_pack
    found = refusals(text)
    assert any(message in error for error in found), found


def test_a_transport_without_wire_form_stops_the_pack(good_pack: str) -> None:
    start = good_pack.index("      - name: broken by trap")
    end = good_pack.index("      - name: fine\n        fields")
    text = good_pack[:start] + good_pack[end:]
    assert refusals(text) == [
        f"demo.yaml:{line_of(text, '  status:')}: kind `status` needs a matching test in wire form (`trap:`)"
    ]


def test_a_clear_that_no_test_proves_stops_the_pack(good_pack: str) -> None:
    text = good_pack.replace("Equipo: pc-1", "Equipo: pc-2").replace(
        '{clears: true, key: "v1:demo:status:pc-1"}', "{clears: true}"
    )
    line = line_of(text, "  - name: demo-good")
    assert refusals(text) == [
        f"demo.yaml:{line}: rule `demo-good`: no test shows that it clears a case which a test of `demo-bad` opens (same key)"
    ]


def test_cleared_rules_must_have_one_key(good_pack: str) -> None:
    other = good_pack[good_pack.index("  - name: demo-bad") : good_pack.index("  - name: demo-good")]
    other = (
        other.replace("demo-bad", "demo-roto")
        .replace("key: [status,", "key: [other,")
        .replace("seen: {notification: status}", "seen: {word: roto}")
    )
    text = good_pack.replace("  - name: demo-good", other + "  - name: demo-good").replace("[demo-bad]", "[demo-bad, demo-roto]")
    assert any("clears rules with different keys: `demo-bad` and `demo-roto`" in error for error in refusals(text))


def test_a_broken_pack_stops_only_itself(good_pack: str) -> None:
    result = load_packs([("a.yaml", "format: 1\n"), ("b.yaml", good_pack), ("c.yaml", good_pack)])
    assert [pack.name for pack in result.ruleset.packs] == ["demo"]
    assert sorted(result.refused) == ["a.yaml", "c.yaml"]
    assert str(result.refused["c.yaml"]) == "c.yaml: the pack name `demo` is taken by b.yaml"


def test_all_mistakes_of_a_pack_are_told_at_once(good_pack: str) -> None:
    text = (
        good_pack.replace("title: Broken", "titel: Broken")
        .replace("severity: 3\n", "severity: 9\n")
        .replace("{from: word,", "{from: wrd,")
    )
    assert len(refusals(text)) >= 4


def test_a_pack_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "ignored.txt").write_text("not a pack")
    result = load_packs(tmp_path)
    assert list(result.refused) == ["x.yaml"]
    assert "cannot be read" in str(result.refused["x.yaml"])
