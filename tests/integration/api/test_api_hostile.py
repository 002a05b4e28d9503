"""Whatever stands in a query string, a path or a header: a proper answer, never 500."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.api_world import Caller, World, world
from tests.databases import Databases

PARAMETERS = [
    ("/api/v1/cases", name)
    for name in ("status", "kind", "severity", "customer", "text", "since", "order", "limit", "cursor", "language", "other")
]
PARAMETERS += [("/api/v1/notifications", name) for name in ("state", "customer", "case", "limit", "cursor", "order", "include")]
PARAMETERS += [("/api/v1/ledger", name) for name in ("since", "until", "customer")]


@pytest.fixture(scope="module")
def crowded(api_databases: Databases) -> Iterator[World]:
    """One world for all examples: nothing here changes it."""
    with api_databases.store() as store, tempfile.TemporaryDirectory() as directory, world(store, Path(directory)) as made:
        made.hear("case disk", "threat pc-1", "info x", "nonsense")
        yield made


@pytest.fixture(scope="module")
def reader(crowded: World) -> Caller:
    return crowded.named_key("reader", "all")


HOSTILE = [
    pytest.param("%00", id="NUL"),
    pytest.param("a%00b", id="NUL inside"),
    pytest.param("%ff%fe", id="not UTF-8"),
    pytest.param("%ed%a0%80", id="a surrogate in UTF-8"),
    pytest.param("%C0%80", id="overlong NUL"),
    pytest.param("x" * 60_000, id="huge"),
    pytest.param("9" * 5_000, id="a number of 5,000 digits"),
    pytest.param("-1", id="negative"),
    pytest.param("1e400", id="exponent"),
    pytest.param("%D9%A3", id="a digit of another script"),
    pytest.param("," * 5_000, id="commas"),
    pytest.param("%27%20OR%201%3D1--", id="SQL"),
    pytest.param("%25%5F%5C", id="wildcards of LIKE"),
    pytest.param("0001-01-01T00:00:00%2B23:59", id="before the calendar"),
    pytest.param("9999-12-31T23:59:59-23:59", id="after the calendar"),
    pytest.param("%", id="a lone percent sign"),
    pytest.param("%zz", id="no hex"),
    pytest.param("%0d%0aSet-Cookie:%20x", id="line break"),
]


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_parameter_is_answered_in_form(reader: Caller, path: str, name: str, value: str) -> None:
    answer = reader.get(f"{path}?{name}={value}")
    assert answer.status_code in (200, 400, 422)
    assert "set-cookie" not in answer.headers
    assert len(answer.content) < 60_000


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_nul_is_refused_everywhere(reader: Caller, path: str, name: str) -> None:
    assert reader.get(f"{path}?{name}=a%00b").status_code in (400, 422)


@given(place=st.sampled_from(PARAMETERS), value=st.text(max_size=40) | st.binary(max_size=40), more=st.text(max_size=10))
@example(place=("/api/v1/cases", "text"), value="\ud7ff\U0010ffff", more="&&=")
def test_no_parameter_whatsoever_breaks_an_answer(reader: Caller, place: tuple[str, str], value: str | bytes, more: str) -> None:
    shown = quote_from_bytes(value) if isinstance(value, bytes) else quote(value)
    assert reader.get(f"{place[0]}?{place[1]}={shown}&{quote(more, safe='&=;')}").status_code in (200, 400, 422)


@given(
    path=st.sampled_from(
        ["/api/v1/cases/{}", "/api/v1/cases/{}/log", "/api/v1/notifications/{}", "/api/v1/notifications/{}/raw"]
    ),
    wanted=st.text(min_size=1, max_size=40) | st.from_regex(r"(snmp|smtp)-[0-9]{1,3}(-bulk)?-[a-z][a-z0-9]{5}-[0-9]{1,19}(-\d)?"),
)
def test_no_name_in_a_path_breaks_an_answer(reader: Caller, path: str, wanted: str) -> None:
    assert reader.get(path.format(quote(wanted, safe=""))).status_code in (404, 405)


HEADERS = ["Authorization", "Accept-Language", "If-Match", "Idempotency-Key", "Content-Type", "Accept"]


@given(name=st.sampled_from(HEADERS), value=st.binary(max_size=60).filter(lambda octets: not set(octets) & {0, 10, 13}))
def test_no_header_breaks_an_answer(reader: Caller, crowded: World, name: str, value: bytes) -> None:
    for caller in (reader, crowded.caller(None)):
        answer = caller.send("POST", "/api/v1/cases/nothing/acknowledge", headers={name.encode(): value})
        assert answer.status_code in (400, 401, 404, 412, 422)
