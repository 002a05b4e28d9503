"""The list of open cases: rows, filters, pages, what is live in it, and the line about the whole."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from api.web import live as live_module
from api.web import rows as rows_module
from collector.actions import Act
from collector.domain.case import Verb
from collector.domain.ids import ExternalKey
from tests.api_world import World, trap_saying
from tests.web_kit import Browser, Page, browser

TITLES = ".cases .what a"


def keys(page: Page) -> list[str]:
    return [row.attributes["data-key"] or "" for row in page.document.css("tr[data-key]")]


def mark(page: Page) -> str:
    return page.one("[data-mark].page-part").attributes["data-mark"] or ""


def resolve(collector: World, key: str) -> None:
    collector.tools().actions.perform(Act(ExternalKey(key), Verb.RESOLVE, "user:ana"))


def test_a_case_without_a_severity_says_that_level_1_has_to_set_it(collector: World, ana: Browser) -> None:
    collector.add_support_mailbox()
    collector.arrive_mail(b"From: ana@acme.test\r\nSubject: Consulta <b>\r\n\r\nHola\r\n", mailboxes=["soporte"])
    collector.process()
    page = ana.get("/")
    assert (page.texts(TITLES), page.texts(".badge")) == (["Consulta <b>"], ["Grav. ?"])
    assert page.one(".badge").attributes["title"] == "El nivel 1 debe fijar la gravedad"
    [key] = keys(page)
    assert ana.do(key, "confirm", severity="3").status == 303
    assert ana.get("/").texts(".badge") == ["Grav. 3"]


def test_a_row_says_what_a_case_is_and_when_it_is_due(collector: World, ana: Browser) -> None:
    collector.hear("threat virus", "case disk", "case disk")
    page = ana.get("/")
    assert page.texts(TITLES) == ["title virus (es)", "title disk (es)"]
    assert page.texts(".badge") == ["Amenaza normal", "Grav. 3"]
    assert page.texts(".customer") == ["ACME", "ACME"]
    assert page.texts(".count-cell") == ["×1", "×2"]
    assert page.texts(".status .st") == ["abierto", "abierto"]
    # noon in UTC is nine o'clock in Buenos Aires, when the service begins its day
    assert page.texts(".due .left") == ["faltan 30 min", "faltan 6 h 00 min"]
    assert page.texts(".due .under") == ["contacto 09:30", "respuesta 15:00 provisorio"]


def test_the_remaining_time_becomes_lateness(collector: World, ana: Browser) -> None:
    collector.hear("threat virus")
    collector.clock.move(timedelta(minutes=35))
    assert ana.get("/").texts(".due .left") == ["venció hace 5 min"]


def test_a_case_that_waits_for_the_customer_is_paused(collector: World, ana: Browser) -> None:
    collector.hear("threat virus")
    (key,) = keys(ana.get("/"))
    ana.do(key, "pend", text="they call back")
    page = ana.get("/")
    assert (page.texts(".due .left"), page.texts(".status .st")) == (["en pausa"], ["espera al cliente"])


def test_a_viewer_sees_everything_in_their_language_and_no_button(collector: World, vera: Browser) -> None:
    collector.hear("case disk")
    page = vera.get("/")
    assert page.texts(TITLES) == ["title disk (en)"]
    assert page.texts(".due .left") == ["6 h 00 min left"]
    assert page.document.css("button[data-ack]") == []


def test_filters_are_part_of_the_address(collector: World, ana: Browser) -> None:
    collector.hear("threat virus", "case disk")
    collector.hear("case proxy", community="other")
    by_title = dict(zip(ana.get("/").texts(TITLES), keys(ana.get("/")), strict=True))
    ana.do(by_title["title disk (es)"], "acknowledge")

    def titles(**parameters: str) -> list[str]:
        return [title.split()[1] for title in ana.get("/", **parameters).texts(TITLES)]

    assert titles(kind="threat_incident") == ["virus"]
    assert titles(severity="3") == ["disk", "proxy"]
    assert titles(customer="OTHER") == ["proxy"]
    assert titles(text="DISK") == ["disk"]
    assert titles(text="50%") == []
    assert titles(status="acknowledged") == ["disk"]
    assert titles(mine="1") == ["disk"]
    assert titles(untaken="1") == ["virus", "proxy"]
    assert titles(severity="9", kind="x", status="closed", after="1.2") == ["virus", "disk", "proxy"]


def test_what_is_resolved_is_listed_when_asked_for(collector: World, ana: Browser) -> None:
    collector.hear("case disk")
    resolve(collector, keys(ana.get("/"))[0])
    assert [len(keys(ana.get("/", **query))) for query in ({}, {"status": "all"}, {"status": "resolved"})] == [0, 1, 1]


def test_a_filter_shows_what_it_asks_for_and_can_be_taken_off(ana: Browser) -> None:
    page = ana.get("/", text='"><i>', status="all", mine="1")
    assert page.one("#filter-text").attributes["value"] == '"><i>'
    assert page.texts("select[name=status] option[selected]") == ["Todos los no cerrados"]
    assert page.one(".filter .clear").attributes["href"] == "./"
    assert "Ningún caso coincide" in page.text()


def test_long_lists_have_pages(collector: World, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "PAGE", 3)
    collector.hear(*(f"case disk{n}" for n in range(8)))
    found: list[str] = []
    address = "/"
    for _ in range(3):
        page = ana.get(address)
        found += keys(page)
        more = page.document.css("a[rel=next]")
        address = "/" + (more[0].attributes["href"] or "").removeprefix("./") if more else ""
    assert address == ""
    assert len(found) == len(set(found)) == 8


def test_the_line_about_the_whole(collector: World, ana: Browser) -> None:
    collector.hear("case disk", "nonsense")
    collector.arrive(trap_saying("case late"))
    shown = ".top .state > span, .top .state > a[href$=quarantine]"
    assert ana.get("/").texts(shown)[:3] == ["Recibiendo", "1 pendientes", "1 en cuarentena hoy"]
    collector.ready = (False, ["store_away"])
    collector.clock.move(timedelta(seconds=6))
    page = ana.get("/")
    assert page.texts(".top .dot") == ["Con fallas"]
    assert page.one(".top .dot").attributes["title"] == "store_away"


# Live


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing new is found out without waiting."""
    monkeypatch.setattr(live_module, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(live_module, "EVERY_SECONDS", 0.0)


@pytest.mark.usefixtures("quick")
def test_nothing_is_sent_when_nothing_changed(collector: World, ana: Browser) -> None:
    collector.hear("case disk")
    page = ana.get("/")
    answer = ana.get("/live/cases", mark=mark(page))
    assert (answer.status, answer.answer.content) == (304, b"")


@pytest.mark.usefixtures("quick")
def test_a_new_case_a_repeat_and_a_verb_are_news(collector: World, ana: Browser) -> None:
    seen = mark(ana.get("/"))
    for change in (
        lambda: collector.hear("case disk"),
        lambda: collector.hear("case disk"),
        lambda: ana.do(keys(ana.get("/"))[0], "acknowledge"),
    ):
        change()
        collector.clock.move(timedelta(seconds=1))
        answer = ana.get("/live/cases", mark=seen)
        assert answer.status == 200
        assert mark(answer) != seen
        assert mark(answer) == mark(ana.get("/"))
        seen = mark(answer)


@pytest.mark.usefixtures("quick")
def test_the_live_part_is_filtered_as_the_page_and_leads_where_the_page_leads(collector: World, ana: Browser) -> None:
    collector.hear("case disk", "case proxy")
    page = ana.get("/", text="disk")
    assert page.one("#live").attributes["data-live-url"] == "./live/cases?text=disk"
    part = ana.get("/live/cases", text="disk")
    assert keys(part) == keys(page)
    assert part.one(".what a").attributes["href"] == f"./cases/{keys(page)[0]}"


async def waited_at(collector: World, *, by: int = 1) -> None:
    """Until so many wait: who comes later may be shown what was looked at before something happened."""
    while len(collector.bell._changed._waiters) < by:  # noqa: ASYNC110 - the bell tells nobody that it is waited at
        await asyncio.sleep(0)


def test_who_waits_is_told_of_what_happens_meanwhile(collector: World, ana: Browser) -> None:
    seen = mark(ana.get("/"))

    async def wait_and_hear() -> int:
        waiting = asyncio.create_task(ana._send("GET", "/live/cases", {}, {"params": {"mark": seen}}))
        await waited_at(collector)
        assert not waiting.done()
        await asyncio.to_thread(collector.hear, "case disk")
        collector.clock.move(timedelta(seconds=1))
        collector.waker.wake()
        return (await waiting).status

    assert ana.runner.run(wait_and_hear()) == 200


def test_forty_five_who_wait_hold_nobody_up(collector: World, ana: Browser) -> None:
    seen = mark(ana.get("/"))

    async def crowd() -> tuple[int, set[int]]:
        waiting = [asyncio.create_task(ana._send("GET", "/live/cases", {}, {"params": {"mark": seen}})) for _ in range(45)]
        await waited_at(collector, by=45)
        status = (await ana._send("GET", "/", {}, {})).status
        assert not any(task.done() for task in waiting)
        await asyncio.to_thread(collector.hear, "case disk")
        collector.clock.move(timedelta(seconds=1))
        collector.waker.wake()
        return status, {(await task).status for task in waiting}

    assert ana.runner.run(crowd()) == (200, {200})


@pytest.mark.usefixtures("quick")
def test_the_same_look_is_shared_and_never_across_people_where_it_is_theirs(collector: World, ana: Browser) -> None:
    collector.hear("case disk")
    ana.do(keys(ana.get("/"))[0], "acknowledge")
    vera = browser(collector, "vera")
    assert [len(keys(one.get("/live/cases", mine="1"))) for one in (ana, vera)] == [1, 0]
    assert [one.get("/live/cases").texts(TITLES) for one in (ana, vera)] == [["title disk (es)"], ["title disk (en)"]]


@pytest.mark.usefixtures("quick")
def test_a_lost_session_is_told_to_the_script(collector: World, ana: Browser) -> None:
    ana.cookies.clear()
    answer = ana.get("/live/cases")
    assert (answer.status, answer.answer.content) == (401, b"")


def test_a_list_query_goes_into_an_address_and_back() -> None:
    query = rows_module.ListQuery("a&b=ñ", "AC ME", "severity_case", "2", "all", mine=True, untaken=True, after="1.2.3")
    parsed = rows_module.ListQuery.parse(dict(parse_qsl(query.address()[1:])))
    assert parsed == query
    assert rows_module.ListQuery().address() == ""
    assert replace(query, after="").address(after="4.5.6").endswith("after=4.5.6")
