"""The rules for Prometheus name metrics that exist, are tested both ways, and have their section in the runbook."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.documents import DEPLOY, ROOT, documented_metrics, metrics_of, read_yaml

HERE = DEPLOY / "prometheus"
RULES: list[dict[str, Any]] = [rule for group in read_yaml(HERE / "collector.rules.yml")["groups"] for rule in group["rules"]]
TESTS: list[dict[str, Any]] = read_yaml(HERE / "collector.rules.test.yml")["tests"]
EVERY_RULE = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule["alert"]) for rule in RULES])
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian package prometheus)")


def expectations(name: str) -> list[bool]:
    """For each test of the rule whether it fires there."""
    found = [test for entry in TESTS for test in entry["alert_rule_test"] if test["alertname"] == name]
    return [bool(test["exp_alerts"]) for test in found]


@EVERY_RULE
def test_every_metric_of_a_rule_is_documented(rule: dict[str, Any]) -> None:
    named = metrics_of(rule["expr"])
    assert named
    assert named - documented_metrics() == set()


@EVERY_RULE
def test_every_rule_is_tested_firing_and_silent(rule: dict[str, Any]) -> None:
    assert set(expectations(rule["alert"])) == {True, False}


@EVERY_RULE
def test_every_rule_says_how_urgent_it_is_and_has_its_section_in_the_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_the_runbook_explains_no_rule_that_is_not_there() -> None:
    headings = re.findall(r"^#+ (Collector\w+)$", (ROOT / "docs/runbook.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(headings) == sorted(rule["alert"] for rule in RULES)


@pytest.mark.parametrize(
    ("expression", "metrics"),
    [
        pytest.param(
            'sum by (collector_no) (rate(collector_a_total{role="collector_b"}[5m])) > 0', {"collector_a_total"}, id="rate"
        ),
        pytest.param('up{job="collector"} == 1 unless on (instance) collector_cases', {"up", "collector_cases"}, id="unless"),
    ],
)
def test_reading_metrics_from_an_expression(expression: str, metrics: set[str]) -> None:
    assert metrics_of(expression) == metrics


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.full
@promtool
def test_promtool_accepts_rules_and_configuration() -> None:
    checked = run("check", "config", HERE / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(RULES)} rules found" in checked.stdout


@pytest.mark.full
@promtool
def test_every_rule_fires_and_stays_silent_as_its_tests_say() -> None:
    tested = run("test", "rules", HERE / "collector.rules.test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.full
@promtool
@EVERY_RULE
def test_a_rule_that_never_fires_would_be_seen(rule: dict[str, Any], tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True)
    rules = (tmp_path / "collector.rules.yml").read_text(encoding="utf-8")
    begin = rules.index(f"- alert: {rule['alert']}\n")
    muted = re.sub(r"expr: (>-\n(?: {10}.*\n)+|.*\n)", 'expr: up{job="nobody"} == 2\n', rules[begin:], count=1)
    (tmp_path / "collector.rules.yml").write_text(rules[:begin] + muted, encoding="utf-8")
    assert run("test", "rules", tmp_path / "collector.rules.test.yml").returncode == 1
