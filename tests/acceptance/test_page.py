"""The page in a real browser, on a running collector: what an engineer does all day."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running, until
from tests.acceptance.page_browser import PATIENCE_MS, Watched, chromium, chromium_missing, make_user, watched
from tests.acceptance.senders import health, send

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(chromium_missing() is not None, reason=chromium_missing() or ""),
]
PHONE = {"width": 360, "height": 740}
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(2)>",
    "\"'><svg onload=alert(3)>",
    "</bdi></td></table><iframe src=javascript:alert(4)>",
    "{{ 7 * 7 }}",
    "\u202egpj.exe",
    "W" * 400,
)


@pytest.fixture(scope="module")
def page_of(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    started = install().start()
    make_user(started, tmp_path_factory.mktemp("users"), "ana", "--full-name", "Ana Pérez")
    yield started
    started.settled()
    started.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def ana(browser: Browser, page_of: Running) -> Iterator[Watched]:
    """Nothing goes wrong in the browser during any test."""
    made = watched(browser, page_of)
    yield made
    made.context.close()
    assert made.troubles == []


def row(page: Page, text: str) -> str:
    return f'tr[data-key]:has-text("{text}")'


def expect_done(page: Page, said: str) -> None:
    """The page says it, and its script runs: keys that come before that are nobody's."""
    expect(page.locator("#done")).to_have_text(said)
    expect(page).not_to_have_url(re.compile(r"[?&]done="))


def test_a_trap_appears_without_reload_and_is_worked_on_with_keys_alone(ana: Watched, page_of: Running) -> None:
    page = ana.sign_in()
    page.evaluate("window.stillHere = true")
    send(page_of.snmp, health("Keyboard: CRITICAL"))
    page.wait_for_selector(row(page, "(keyboard)"))
    assert page.evaluate("window.stillHere")
    expect(page.locator("#said")).to_contain_text("Caso nuevo")
    while "(keyboard)" not in page.locator('tr[aria-selected="true"]').all_inner_texts().__str__():
        page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_selector(f"{row(page, '(keyboard)')} .st.acknowledged")
    assert page.evaluate("window.stillHere")
    page.keyboard.press("Enter")
    page.wait_for_selector("body.case")
    page.keyboard.press("c")
    page.keyboard.type("Marta Gómez")
    page.keyboard.press("Enter")
    expect_done(page, "Contacto registrado.")
    page.keyboard.press("n")
    page.keyboard.type("Reinician el equipo.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_done(page, "Nota agregada.")
    page.keyboard.press("s")
    page.keyboard.type("Reiniciado.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_done(page, "Caso resuelto.")
    case = page_of.case("(keyboard)")
    assert case is not None
    log = [(line["verdict"], line["actor"]) for line in page_of.get(f"/cases/{case['external_key']}/log")["items"]]
    assert log[1:] == [(verdict, "user:ana") for verdict in ("acknowledged", "contacted", "noted", "resolved")]
    page.keyboard.press("u")
    page.wait_for_selector("body.list")
    assert page.locator(row(page, "(keyboard)")).count() == 0


def test_help_opens_by_key_and_keys_can_be_switched_off(ana: Watched) -> None:
    page = ana.sign_in()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.uncheck("#keys-active")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_hidden()
    page.click("#help-open")
    page.check("#keys-active")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#filter-text")).to_be_focused()


def test_a_case_page_shows_what_others_do_without_touching_what_is_typed(ana: Watched, page_of: Running) -> None:
    send(page_of.snmp, health("Shared: CRITICAL"))
    case = until(lambda: page_of.case("(shared)"), "the case is there")
    page = ana.sign_in()
    page.goto(page_of.url(f"/cases/{case['external_key']}"))
    page.keyboard.press("n")
    page.keyboard.type("half a sen")
    page_of.post(f"/cases/{case['external_key']}/acknowledge", {"actor": "bea"})
    page.wait_for_selector(".case-head .st.acknowledged")
    assert page.locator("details[open] textarea").input_value() == "half a sen"


def test_the_language_is_switched_and_kept(ana: Watched) -> None:
    page = ana.sign_in()
    page.click("button[name=language][value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator(".top nav")).to_have_text("Cases")
    page.click("button[name=language][value=es]")
    expect(page.locator("html")).to_have_attribute("lang", "es")


def test_hostile_texts_do_nothing_and_fit_a_phone(browser: Browser, page_of: Running) -> None:
    send(page_of.snmp, *(health(f"{text}: CRITICAL") for text in HOSTILE))
    phone = watched(browser, page_of, viewport=PHONE, has_touch=True)
    page = phone.sign_in()
    page.wait_for_function(f"document.querySelectorAll('tr[data-key]').length >= {len(HOSTILE) - 1}")
    fits(page)
    # as after a year that nobody looked
    page.locator(".cases .due .left").first.evaluate("shown => { shown.textContent = 'venció hace 365 d 23 h'; }")
    fits(page)
    addresses = [str(link.get_attribute("href")) for link in page.locator(".what a").all()]
    for address in addresses:
        page.goto(page_of.url("/") + address.removeprefix("./"))
        page.wait_for_selector("body.case")
        fits(page)
    page.locator(".notifications a").first.click()
    page.wait_for_selector("body.notification")
    fits(page)
    send(page_of.snmp, *(health(f"{text}: NOBODY KNOWS", community="nobodys") for text in HOSTILE))
    page.locator(".top .state a[href$=quarantine]").click()
    page.wait_for_selector("body.quarantine")
    until(lambda: bool(page.reload()) and page.locator(".refused tbody tr").count() >= len(HOSTILE), "they are listed")
    fits(page)
    phone.context.close()
    assert phone.troubles == []


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


def test_it_works_as_plain_forms_without_any_script(browser: Browser, page_of: Running) -> None:
    send(page_of.snmp, health("Plain: CRITICAL"))
    until(lambda: page_of.case("(plain)"), "the case is there")
    plain = watched(browser, page_of, java_script_enabled=False)
    page = plain.sign_in()
    page.fill("#filter-text", "(plain)")
    page.get_by_role("button", name="Filtrar").click()
    page.locator(f"{row(page, '(plain)')} button").click()
    expect(page.locator("#done")).to_have_text("Caso tomado.")
    page.locator("summary", has_text="Anotar").click()
    page.locator("details[open] textarea").fill("sin script")
    page.locator("details[open] button").click()
    expect(page.locator(".log")).to_contain_text("sin script")
    plain.context.close()
    assert plain.troubles == []


def test_a_lost_connection_is_said_and_what_happened_meanwhile_is_shown(
    browser: Browser, install: Install, tmp_path: Path
) -> None:
    with install() as running:
        running.start()
        make_user(running, tmp_path, "ana")
        made = watched(browser, running)
        page = made.sign_in()
        running.stop()
        expect(page.locator("[data-live-sign]")).to_have_text("sin conexión", timeout=PATIENCE_MS)
        running.start()
        send(running.snmp, health("Back: CRITICAL"))
        page.wait_for_selector(row(page, "(back)"))
        expect(page.locator("[data-live-sign]")).to_have_text("en vivo")
        made.context.close()
        assert [trouble for trouble in made.troubles if not re.search("ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE", trouble)] == []
        running.stop()


def test_a_lost_session_leads_to_the_door(ana: Watched, page_of: Running) -> None:
    page = ana.sign_in()
    ana.context.clear_cookies()
    send(page_of.snmp, health("Gone: CRITICAL"))
    page.wait_for_selector("body.door")
    ana.troubles[:] = [trouble for trouble in ana.troubles if "401" not in trouble]
