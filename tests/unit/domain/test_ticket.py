"""Tickets: addresses that may be shown as links, names of destinations, and what a ticket's status asks of a case."""

import pytest

from collector.domain.case import CaseStatus, Verb
from collector.domain.errors import Rejected
from collector.domain.message import checked_destination
from collector.domain.ticket import TicketRef, TicketStatus, checked_ticket, is_link, verbs_for


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("https://portal.example.net/t/48213", True, id="https"),
        pytest.param("http://portal.example.net:8080/t?id=1&x=%20#note", True, id="http with a port"),
        pytest.param("https://[2001:db8::1]/t", True, id="IPv6"),
        pytest.param("HTTPS://portal.example.net/", True, id="scheme in capitals"),
        pytest.param("javascript:alert(1)", False, id="script"),
        pytest.param("JavaScript://portal.example.net/%0aalert(1)", False, id="script with a host"),
        pytest.param("data:text/html,<b>x</b>", False, id="data"),
        pytest.param("//portal.example.net/t", False, id="no scheme"),
        pytest.param("portal.example.net/t", False, id="bare host"),
        pytest.param("https:///t", False, id="no host"),
        pytest.param("https://portal.example.net@evil.example/t", False, id="login that looks like a host"),
        pytest.param("https://user:secret@portal.example.net/", False, id="login with a password"),
        pytest.param("https://portal.example.net\\@evil.example/", False, id="backslash"),
        pytest.param("https://portal.example.net/ t", False, id="blank"),
        pytest.param("https://portal.example.net/\n", False, id="line break"),
        pytest.param("https://portal.example.net/\u202etxt", False, id="turned direction"),
        pytest.param('https://portal.example.net/"onclick="x', False, id="quotes"),
        pytest.param("https://portal.example.net:99999/", False, id="no such port"),
        pytest.param("https://[portal/", False, id="open bracket"),
        pytest.param("https://portal.example.net/" + "t" * 2_000, False, id="too long"),
        pytest.param("", False, id="empty"),
    ],
)
def test_only_plain_web_addresses_are_links(url: str, shown: bool) -> None:
    assert is_link(url) is shown


def test_a_ticket_without_an_address_is_one() -> None:
    assert checked_ticket("48213", None, "17") == TicketRef("48213", None, "17")
    with pytest.raises(Rejected):
        checked_ticket("48213", "ftp://portal.example.net/", None)


@pytest.mark.parametrize("name", ["portal", "pull", "p", "noc-2", "a" * 32])
def test_a_destination_has_a_plain_name(name: str) -> None:
    assert checked_destination(name) == name


@pytest.mark.parametrize("name", ["", "Portal", "2nd", "-x", "a b", "a" * 33, "ñ", "a\n", "a_b"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(Rejected):
        checked_destination(name)


S, T, V = CaseStatus, TicketStatus, Verb


@pytest.mark.parametrize(
    ("told", "before", "case", "verbs"),
    [
        pytest.param(T.NEW, None, S.OPEN, (), id="a new ticket asks nothing"),
        pytest.param(T.ACKNOWLEDGED, None, S.OPEN, (V.ACKNOWLEDGE,), id="acknowledged"),
        pytest.param(T.IN_PROGRESS, T.ACKNOWLEDGED, S.ACKNOWLEDGED, (V.ACKNOWLEDGE,), id="in progress"),
        pytest.param(T.PENDING, T.IN_PROGRESS, S.ACKNOWLEDGED, (V.PEND,), id="pending"),
        pytest.param(T.IN_PROGRESS, T.PENDING, S.PENDING, (V.RESUME,), id="back from pending"),
        pytest.param(T.NEW, T.PENDING, S.PENDING, (V.RESUME,), id="back to new from pending"),
        pytest.param(T.IN_PROGRESS, T.NEW, S.PENDING, (V.ACKNOWLEDGE,), id="we wait, the ticket never did"),
        pytest.param(T.SOLVED, T.IN_PROGRESS, S.ACKNOWLEDGED, (V.RESOLVE,), id="solved"),
        pytest.param(T.CLOSED, T.SOLVED, S.RESOLVED, (V.CLOSE,), id="closed"),
        pytest.param(T.REJECTED, T.NEW, S.OPEN, (V.CLOSE,), id="rejected"),
        pytest.param(T.IN_PROGRESS, T.SOLVED, S.RESOLVED, (V.REOPEN,), id="reopened after solved"),
        pytest.param(T.NEW, T.CLOSED, S.CLOSED, (V.REOPEN,), id="reopened after closed"),
        pytest.param(T.ACKNOWLEDGED, T.REJECTED, S.CLOSED, (V.REOPEN,), id="reopened after rejected"),
        pytest.param(T.PENDING, T.SOLVED, S.RESOLVED, (V.REOPEN, V.PEND), id="reopened, and it waits"),
        pytest.param(T.IN_PROGRESS, T.SOLVED, S.OPEN, (V.ACKNOWLEDGE,), id="failed again before staff reopened it"),
        pytest.param(T.IN_PROGRESS, T.NEW, S.RESOLVED, (V.ACKNOWLEDGE,), id="a ticket that missed our end does not reopen"),
        pytest.param(T.NEW, T.NEW, S.CLOSED, (), id="a new ticket of a case that is over"),
        pytest.param(T.PENDING, None, S.CLOSED, (V.PEND,), id="pending after our end"),
    ],
)
def test_a_status_asks_for_verbs(
    told: TicketStatus, before: TicketStatus | None, case: CaseStatus, verbs: tuple[Verb, ...]
) -> None:
    assert verbs_for(told, before=before, case=case) == verbs
