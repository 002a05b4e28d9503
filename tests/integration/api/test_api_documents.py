"""docs/api.md says what the program does: paths with their scopes, meanings of scopes, codes of problems."""

import ast
import re
from typing import Any

import pytest

from collector.domain.scopes import MEANINGS
from tests.api_world import World
from tests.builders import REPOSITORY

PAGE = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def described(collector: World) -> dict[str, Any]:
    answer: dict[str, Any] = collector.caller(None).get("/api/v1/openapi.json").json()
    return answer


def test_the_page_has_every_path_with_its_scope_and_no_other(described: dict[str, Any]) -> None:
    written = set(re.findall(r"^\| `(GET|POST|PUT|DELETE) (/\S+)` \| `?([a-z:]+)`? \|", PAGE, re.MULTILINE))
    real = {
        (method.upper(), path, next((scopes[0] for one in operation.get("security", []) for scopes in one.values()), "none"))
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert written == real


def test_the_page_has_every_scope_with_its_meaning() -> None:
    written = dict(re.findall(r"^\| `([a-z]+(?::[a-z]+)?)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert list(written) == list(MEANINGS)
    assert all(written[scope].startswith(meaning) for scope, meaning in MEANINGS.items())


def codes() -> set[tuple[int, str]]:
    """(status, code) of every problem that is made in the package."""
    found = {(400, "bad_request"), (404, "no_such_path"), (405, "method_not_allowed")}
    for path in (REPOSITORY / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                values = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)]
                if len(values) == 2:
                    found.add((int(str(values[0])), str(values[1])))
    return found


def test_the_page_has_every_code_under_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.+) \|$", PAGE, re.MULTILINE)
    written = {(int(status), code) for status, text in rows for code in re.findall(r"`([a-z_]+)`", text)}
    told_beside = {(403, "missing_scope"), (422, "errors"), (500, "instance")}
    assert written - told_beside == codes() - told_beside
    assert len(codes()) > 15
