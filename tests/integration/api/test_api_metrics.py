"""`/metrics` of all roles in one text, the gauge of cases, health and readiness."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import merged
from tests.api_world import Caller, World


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """(name, labels) → value. Fails when the text is not in the format or a family stands in it twice."""
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def labels(**values: str) -> frozenset[tuple[str, str]]:
    return frozenset(values.items())


@pytest.fixture
def own() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("collector_things", "Things", ["kind"], registry=registry).labels("a").inc(2)
    return registry


OTHER = """# HELP collector_things_total Things
# TYPE collector_things_total counter
collector_things_total{kind="a"} 5.0
# HELP collector_process_pending Waiting
# TYPE collector_process_pending gauge
collector_process_pending 7.0
"""


def test_families_of_all_roles_are_merged_under_the_label_role(own: CollectorRegistry) -> None:
    found = samples(merged(own, {"process": OTHER}).decode())
    assert found["collector_things_total", labels(kind="a", role="api")] == 2
    assert found["collector_things_total", labels(kind="a", role="process")] == 5
    assert found["collector_process_pending", labels(role="process")] == 7
    assert found["collector_role_up", labels(role="api")] == 1
    assert found["collector_role_up", labels(role="process")] == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="no answer"),
        pytest.param("collector_things_total{kind=", id="cut"),
        pytest.param("# TYPE x counter\nx 1 2 3 4 5 a", id="nonsense"),
        pytest.param("<html>", id="a page"),
    ],
)
def test_a_role_that_does_not_answer_in_form_is_down_and_the_rest_is_shown(own: CollectorRegistry, text: str | None) -> None:
    found = samples(merged(own, {"snmp": text, "process": OTHER}).decode())
    assert found["collector_role_up", labels(role="snmp")] == 0
    assert found["collector_role_up", labels(role="process")] == 1


def test_a_family_of_another_type_does_not_break_the_page(own: CollectorRegistry) -> None:
    text = "# TYPE collector_things gauge\ncollector_things 1.0\n"
    found = samples(merged(own, {"snmp": text}).decode())
    assert ("collector_things", labels(role="snmp")) not in found
    assert found["collector_things_total", labels(kind="a", role="api")] == 2


def gauge(caller: Caller, **values: str) -> float:
    return samples(caller.get("/metrics").text)["collector_cases", labels(role="api", **values)]


def test_the_gauge_of_cases_counts_by_status_kind_and_severity_and_is_kept_for_five_seconds(
    collector: World, admin: Caller
) -> None:
    disk = {"status": "open", "kind": "severity_case", "severity": "3"}
    threat = {"status": "open", "kind": "threat_incident", "severity": "none"}
    assert gauge(admin, **disk) == 0
    collector.hear("case disk", "case mem", "threat pc-1")
    assert gauge(admin, **disk) == 0
    collector.clock.move(timedelta(seconds=5))
    assert (gauge(admin, **disk), gauge(admin, **threat)) == (2, 1)


def test_the_gauge_of_promised_times_counts_what_is_owed(collector: World, admin: Caller) -> None:
    collector.hear("threat pc-1", "threat pc-2", "case disk")
    threat = admin.items("/api/v1/cases")[0]["external_key"]
    admin.post(f"/api/v1/cases/{threat}/record-contact", {"who": "Ana", "how": "phone"})
    found = samples(admin.get("/metrics").text)
    owed = {tags: int(value) for (name, tags), value in found.items() if name == "collector_deadlines" and value}
    assert owed == {
        labels(role="api", name="contact", state="running"): 1,
        labels(role="api", name="response", state="running"): 3,
    }
    assert found["collector_deadlines", labels(role="api", name="triage", state="breached")] == 0
    assert ("collector_deadlines", labels(role="api", name="contact", state="met")) not in found


def test_requests_are_counted_by_class(admin: Caller) -> None:
    admin.get("/nothing")
    found = samples(admin.get("/metrics").text)
    assert found["collector_api_requests_total", labels(role="api", status="4xx")] == 1
    assert found["collector_api_requests_total", labels(role="api", status="5xx")] == 0


def test_no_word_of_a_customer_is_in_the_metrics(collector: World, admin: Caller) -> None:
    collector.hear("case s3cret-host", "nonsense")
    text = admin.get("/metrics").text
    assert not [word for word in ("s3cret-host", "ACME", "acme-1", "192.0.2.10") if word in text]


def test_metrics_have_the_type_that_prometheus_expects(admin: Caller) -> None:
    assert admin.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_health_is_ok_as_long_as_it_answers(collector: World) -> None:
    answer = collector.caller(None).get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(
    ("ready", "status"), [pytest.param((True, []), 200, id="ready"), pytest.param((False, ["store_away"]), 503, id="not ready")]
)
def test_readiness_tells_what_is_missing(collector: World, ready: tuple[bool, list[str]], status: int) -> None:
    collector.ready = ready
    answer = collector.caller(None).get("/readyz")
    assert (answer.status_code, answer.json()) == (status, {"ready": ready[0], "reasons": ready[1]})
