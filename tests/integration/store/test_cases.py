"""Cases as rows on both databases: round trips, the one open case per key, lists and pages."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from collector.domain.case import Case, CaseStatus
from collector.domain.ids import CaseId, ExternalKey, SourceId
from collector.domain.signal import CaseKind, Urgency, Words
from collector.store.cases import (
    CaseFilter,
    count_by_status,
    find_last_closed,
    find_open,
    find_quiet,
    get_case,
    insert_cases,
    list_cases,
    update_cases,
)
from collector.store.engine import Connection, Store
from collector.store.registry import load_registry
from tests.builders import BOX, NOON, a_case, a_full_case, after
from tests.databases import Databases
from tests.integration.store.conftest import People

Make = Callable[..., Case]


@pytest.fixture
def make(people: People) -> Make:
    """Cases of ACME's first console, each with a key and an external key of its own."""
    numbers = iter(range(10_000))

    def made(**changes: object) -> Case:
        number = next(numbers)
        own = {"external_key": ExternalKey(f"TST-{number:04}"), "key": f"v1:pack:disk:{number}"}
        return a_case(**{"customer_id": people.acme, "source_id": people.console, **own, **changes})

    return made


def stored(connection: Connection, *cases: Case) -> list[Case]:
    """The cases with the ids that the store gave them."""
    numbers = insert_cases(connection, cases)
    return [replace(case, id=numbers[case.external_key]) for case in cases]


def test_a_case_comes_back_as_it_was_written(store: Store, people: People) -> None:
    full = a_full_case(customer_id=people.acme, source_id=people.console)
    unlike_defaults = [field.name for field in fields(Case) if getattr(full, field.name) == getattr(a_case(), field.name)]
    assert set(unlike_defaults) <= {
        *(
            "id",
            "external_key",
            "customer_id",
            "customer_code",
            "key",
            "kind",
            "contained",
            "title",
            "summary",
            "steps",
            "product",
        ),
        *("pack", "rule", "rule_version", "source_id", "source_name", "channel", "host", "source_severity"),
    }
    with store.write() as connection:
        (case,) = stored(connection, full)
    with store.read() as connection:
        assert get_case(connection, full.external_key) == case


def test_a_case_of_nobodys_console_comes_back_too(store: Store, make: Make) -> None:
    bare = make(source_id=None, source_name="", severity=None, host=None, source_severity=None)
    with store.write() as connection:
        (case,) = stored(connection, bare)
        assert get_case(connection, bare.external_key) == case


def test_a_change_writes_every_field_that_can_change(store: Store, make: Make) -> None:
    with store.write() as connection:
        first, second = stored(connection, make(), make())
        fixed = (
            "id",
            "external_key",
            "key",
            "kind",
            "fields",
            "matched",
            "opened_at",
            "previous_case",
            "customer_id",
            "source_id",
        )
        kept = {name: getattr(first, name) for name in fixed}
        changed = a_full_case(**kept, contained=True, title=Words("a", "b"), summary=Words("c", "d"), steps=Words("e", "f"))
        update_cases(connection, [changed])
    with store.read() as connection:
        assert get_case(connection, first.external_key) == changed
        assert get_case(connection, second.external_key) == second


def test_an_unknown_key_is_not_found_and_no_cases_are_no_ids(store: Store, make: Make) -> None:
    with store.write() as connection:
        stored(connection, make())
        assert get_case(connection, "TST-none") is None
        assert insert_cases(connection, []) == {}


def test_a_second_open_case_of_one_key_is_refused(store: Store, make: Make) -> None:
    with store.write() as connection:
        stored(connection, make(key="k"))
    with pytest.raises(IntegrityError), store.write() as connection:
        stored(connection, make(key="k", status=CaseStatus.RESOLVED))
    with store.read() as connection:
        assert len(list_cases(connection, CaseFilter(), after=None, limit=10)) == 1


def test_the_key_is_free_again_when_its_case_is_closed_and_is_each_customers_own(
    store: Store, make: Make, people: People
) -> None:
    with store.write() as connection:
        (first,) = stored(connection, make(key="k"))
        update_cases(connection, [replace(first, status=CaseStatus.CLOSED)])
        stored(connection, make(key="k"), make(key="k", status=CaseStatus.CLOSED), make(key="k", customer_id=people.beta))


def test_reopening_a_closed_case_is_refused_while_another_holds_the_key(store: Store, make: Make) -> None:
    with store.write() as connection:
        (closed, _) = stored(connection, make(key="k", status=CaseStatus.CLOSED), make(key="k"))
    with pytest.raises(IntegrityError), store.write() as connection:
        update_cases(connection, [replace(closed, status=CaseStatus.ACKNOWLEDGED)])


def test_open_cases_are_found_by_customer_and_key(store: Store, make: Make, people: People) -> None:
    with store.write() as connection:
        mine, theirs, _ = stored(
            connection,
            make(key="k"),
            make(key="k", customer_id=people.beta, customer_code="BETA"),
            make(key="gone", status=CaseStatus.CLOSED),
        )
        wanted = [(people.acme, "k"), (people.beta, "k"), (people.acme, "gone"), (people.beta, "none")]
        assert find_open(connection, wanted) == {(people.acme, "k"): mine, (people.beta, "k"): theirs}
        assert find_open(connection, []) == {}


def test_more_keys_than_one_statement_can_name_are_found(store: Store, make: Make, people: People) -> None:
    with store.write() as connection:
        (first, last) = stored(connection, make(key="k-0"), make(key="k-1400"))
        found = find_open(connection, [(people.acme, f"k-{n}") for n in range(1401)])
        assert found == {(people.acme, "k-0"): first, (people.acme, "k-1400"): last}
        gone = [replace(first, status=CaseStatus.CLOSED), replace(last, status=CaseStatus.CLOSED)]
        update_cases(connection, gone)
        closed = find_last_closed(connection, [(people.acme, f"k-{n}") for n in range(1401)])
        assert closed == {(people.acme, "k-0"): first.external_key, (people.acme, "k-1400"): last.external_key}


def test_the_previous_case_is_the_newest_closed_one_of_the_same_customer(store: Store, make: Make, people: People) -> None:
    shut = CaseStatus.CLOSED
    with store.write() as connection:
        _, newest, _, _ = stored(
            connection,
            make(key="k", status=shut),
            make(key="k", status=shut),
            make(key="k", status=shut, customer_id=people.beta),
            make(key="held"),
        )
        wanted = [(people.acme, "k"), (people.acme, "held"), (people.acme, "none")]
        assert find_last_closed(connection, wanted) == {(people.acme, "k"): newest.external_key}


def keys(page: list[tuple[int, Case]]) -> list[str]:
    return [case.external_key for _, case in page]


def test_pages_follow_each_other_without_gap_or_repeat(store: Store, make: Make) -> None:
    with store.write() as connection:
        cases = [case.external_key for case in stored(connection, *(make() for _ in range(7)))]
        for newest_first, expected in ((False, cases), (True, cases[::-1])):
            seen: list[str] = []
            cursor: int | None = None
            while page := list_cases(connection, CaseFilter(), after=cursor, limit=3, newest_first=newest_first):
                assert len(page) <= 3
                seen += keys(page)
                cursor = page[-1][0]
            assert seen == expected


def test_a_case_that_opens_between_two_pages_is_on_a_later_one(store: Store, make: Make) -> None:
    with store.write() as connection:
        stored(connection, make(), make())
        cursor = list_cases(connection, CaseFilter(), after=None, limit=2)[-1][0]
        (late,) = stored(connection, make())
        assert keys(list_cases(connection, CaseFilter(), after=cursor, limit=2)) == [late.external_key]


_FILTERS = [
    pytest.param(CaseFilter(), "abcd", id="anything"),
    pytest.param(CaseFilter(statuses=(CaseStatus.PENDING, CaseStatus.CLOSED)), "bd", id="by status"),
    pytest.param(CaseFilter(kinds=(CaseKind.THREAT_INCIDENT,)), "c", id="by kind"),
    pytest.param(CaseFilter(severities=(1, 2)), "ab", id="by severity"),
    pytest.param(CaseFilter(customer_code="BETA"), "d", id="by customer's code"),
    pytest.param(CaseFilter(customer_code="NONE"), "", id="nobody's code"),
    pytest.param(CaseFilter(since=after(minutes=10)), "bd", id="seen since"),
    pytest.param(CaseFilter(text="DISCO"), "a", id="Spanish title without case"),
    pytest.param(CaseFilter(text="DAÑ"), "a", id="letters beyond ASCII without case"),
    pytest.param(CaseFilter(text="danado"), "a", id="without accents"),
    pytest.param(CaseFilter(text="disk f"), "a", id="English title"),
    pytest.param(CaseFilter(text="SRV-"), "b", id="host"),
    pytest.param(CaseFilter(text="100%"), "c", id="a percent sign is no wildcard"),
    pytest.param(CaseFilter(text="x_y"), "d", id="an underscore is no wildcard"),
    pytest.param(CaseFilter(text="tst-"), "abcd", id="external key"),
    pytest.param(CaseFilter(text="disco", severities=(4,)), "", id="both must hold"),
]


@pytest.mark.parametrize(("wanted", "expected"), _FILTERS)
def test_a_list_holds_what_the_filter_asks_for(
    store: Store, make: Make, people: People, wanted: CaseFilter, expected: str
) -> None:
    later = {"last_seen_at": after(minutes=10)}
    cases = {
        "a": make(severity=1, title=Words("Disco dañado", "Disk failed")),
        "b": make(severity=2, status=CaseStatus.PENDING, host="srv-1", **later),
        "c": make(severity=None, kind=CaseKind.THREAT_INCIDENT, title=Words("100% lleno", "1000 full")),
        "d": make(customer_id=people.beta, status=CaseStatus.CLOSED, title=Words("x_y", "xzy"), **later),
    }
    names = {case.external_key: name for name, case in cases.items()}
    with store.write() as connection:
        stored(connection, *cases.values())
        assert "".join(names[ExternalKey(key)] for key in keys(list_cases(connection, wanted, after=None, limit=9))) == expected


def test_a_customers_list_holds_only_its_own(store: Store, make: Make, people: People) -> None:
    with store.write() as connection:
        _, theirs = stored(connection, make(), make(customer_id=people.beta, customer_code="BETA"))
        assert keys(list_cases(connection, CaseFilter(customer_id=people.beta), after=None, limit=9)) == [theirs.external_key]


def test_the_gauges_count_what_is_not_closed(store: Store, make: Make) -> None:
    with store.write() as connection:
        shut = make(status=CaseStatus.CLOSED)
        stored(connection, make(severity=1), make(severity=3), make(severity=3), make(severity=None), shut)
        counted = sorted(count_by_status(connection), key=str)
    kind = CaseKind.SEVERITY_CASE.value
    assert counted == [("open", kind, 1, 1), ("open", kind, 3, 2), ("open", kind, None, 1)]


_moments = st.sampled_from([after(minutes=n) for n in (0, 44, 45, 46, 59, 60, 61, 104, 105, 106)])
_quiet = st.sampled_from([None, timedelta(minutes=60), timedelta(minutes=75)])
_lives = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(CaseKind),
        "severity": st.sampled_from([None, 2, 3, 4]),
        "urgency": st.sampled_from(Urgency),
        "contained": st.booleans(),
        "status": st.sampled_from(CaseStatus),
        "last_seen_at": _moments,
        "cleared_at": st.none() | _moments,
        "quiet_close": _quiet,
    },
    optional={"resolved_at": _moments},
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(_lives, min_size=1, max_size=30))
def test_the_store_finds_exactly_the_cases_on_which_time_acts(databases: Databases, lives: list[dict[str, object]]) -> None:
    now = after(minutes=120)
    with databases.store() as store, store.write() as connection:
        own = load_registry(connection, BOX).self_customer.id
        cases = [
            a_case(
                **{"resolved_at": NOON if life["status"] is CaseStatus.RESOLVED else None, **life},
                customer_id=own,
                source_id=None,
                external_key=ExternalKey(f"TST-{number}"),
                key=f"k-{number}",
            )
            for number, life in enumerate(lives)
        ]
        insert_cases(connection, cases)
        found = {case.external_key for case in find_quiet(connection, now=now)}
    assert found == {case.external_key for case in cases if case.quiet_verb(now) is not None}


def test_ids_of_cases_and_consoles_are_not_mixed_up(store: Store, make: Make, people: People) -> None:
    with store.write() as connection:
        (case,) = stored(connection, make(source_id=people.other_console, source_name="console-2"))
        assert get_case(connection, case.external_key) == case
        assert case.id != CaseId(0)
        assert case.source_id == SourceId(people.other_console)
