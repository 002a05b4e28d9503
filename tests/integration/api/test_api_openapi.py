"""The published description: frozen, true about answers, its examples valid.

`COLLECTOR_RENEW_GOLDEN=1 python -m pytest tests/integration/api/test_api_openapi.py` writes the golden file anew.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.api_world import Caller, World
from tests.builders import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden" / "openapi.json"
RENEW = bool(os.environ.get("COLLECTOR_RENEW_GOLDEN"))


@pytest.fixture
def described(collector: World) -> dict[str, Any]:
    answer: dict[str, Any] = collector.caller(None).get("/api/v1/openapi.json").json()
    return answer


def test_the_description_is_the_published_one(described: dict[str, Any]) -> None:
    if RENEW:
        GOLDEN.write_text(json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert described == json.loads(GOLDEN.read_text(encoding="utf-8")), (
        "renew with COLLECTOR_RENEW_GOLDEN=1, and look at the change"
    )


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def validator(described: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Of a schema that may point into the description's components."""
    whole = {**schema, "components": described["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_it_is_openapi_3_1_and_every_operation_is_named(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    named = [operation["operationId"] for _, operation in operations(described)]
    assert len(named) == len(set(named)) == 36
    assert all(operation["summary"] and operation["description"] for _, operation in operations(described))


def test_every_json_answer_has_an_example_that_fits_its_schema(described: dict[str, Any]) -> None:
    seen = 0
    for name, operation in operations(described):
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items():
                if "json" in kind:
                    assert "example" in content, (name, status)
                    assert list(validator(described, content["schema"]).iter_errors(content["example"])) == [], (name, status)
                    seen += 1
    assert seen > 80


def test_every_body_has_an_example_that_fits_its_schema(described: dict[str, Any]) -> None:
    bodies = {name: operation["requestBody"] for name, operation in operations(described) if "requestBody" in operation}
    assert len(bodies) == 15
    for body in bodies.values():
        [content] = body["content"].values()
        schema = content["schema"]
        names = [option["$ref"].rsplit("/", 1)[1] for option in [schema, *schema.get("anyOf", [])] if "$ref" in option]
        [component] = [described["components"]["schemas"][name] for name in names]
        for example in component["examples"]:
            assert list(validator(described, component).iter_errors(example)) == []


def test_errors_are_problems_everywhere(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        for status, answer in operation["responses"].items():
            if status >= "400" and not name.endswith("/readyz"):
                assert set(answer["content"]) == {"application/problem+json"}, name
    assert "HTTPValidationError" not in described["components"]["schemas"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("/api/v1/cases", "CasePage", id="cases"),
        pytest.param("/api/v1/cases/{case}", "CaseView", id="case"),
        pytest.param("/api/v1/cases/{case}/log", "LogPage", id="log"),
        pytest.param("/api/v1/cases/{case}/deadlines", "DeadlinePage", id="deadlines of a case"),
        pytest.param("/api/v1/cases/{case}/notifications", "NotificationPage", id="notifications of a case"),
        pytest.param("/api/v1/notifications?include=text,varbinds", "NotificationPage", id="notifications"),
        pytest.param("/api/v1/notifications/{notification}", "NotificationDetail", id="notification"),
        pytest.param("/api/v1/snmp/engines", "EnginePage", id="engines"),
        pytest.param("/api/v1/snmp/engines/forgotten", "ForgottenEnginePage", id="forgotten engines"),
        pytest.param("/api/v1/ledger", "LedgerView", id="ledger"),
    ],
)
def test_real_answers_fit_the_description(
    collector: World, admin: Caller, described: dict[str, Any], path: str, name: str
) -> None:
    [notification, *_] = collector.hear("threat pc-1", b"\xff\x00\x01", "case disk")
    case = admin.items("/api/v1/cases")[0]["external_key"]
    answer = admin.get(path.format(case=case, notification=notification)).json()
    schema = {"$ref": f"#/components/schemas/{name}"}
    assert list(validator(described, schema).iter_errors(answer)) == []
