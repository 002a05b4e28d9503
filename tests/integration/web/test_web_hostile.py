"""Hostile text stays text, everywhere; and every page carries the headers that make a browser strict."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from collector.store.tickets import Ticket, save_ticket
from tests.api_world import NOON, World, trap_saying
from tests.integration.web.test_web_case import case_of, opened
from tests.web_kit import Browser, Page

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"' onmouseover=alert(1) x='",
    "image": '<img src=x onerror="alert(1)">',
    "closing": "</title></textarea></bdi></td></table><h1>ours</h1>",
    "comment": "<!-- --><![CDATA[ ]]>",
    "entity": "&lt;b&gt; &#x3c;script&#x3e;",
    "template": "{{ 7 * 7 }}{% for x in y %}${7*7}#{7*7}",
    "bidi": "invoice\u202egpj.exe\u2066 \u200b end",
    "controls": "a\x1b[31mb\x07c\x7fd",
    "separators": "a\u2028b\u2029c\ufeffd",
    "long": "W" * 5_000,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 ñandú",
    "format": "%s %(name)s {0} {name}",
}
CORPUS = [pytest.param(text, id=name) for name, text in HOSTILE.items()]
OURS = re.compile(r"^(\.\.?/|#)")


def assert_nothing_but_text(page: Page) -> None:
    """No element, attribute or address that is not ours."""
    document = page.document
    assert len(document.css("h1")) == 1
    assert [node.attributes.get("src") for node in document.css("script")] == [document.css("script")[0].attributes["src"]]
    assert document.css("img, iframe, object, embed, base, style") == []
    for node in document.css("*"):
        assert [name for name in node.attributes if name.startswith("on") or name == "style"] == [], node.html
    addresses = [node.attributes[name] or "" for name in ("href", "src", "action") for node in document.css(f"[{name}]")]
    assert [address for address in addresses if not OURS.match(address) and not address.startswith("https://desk.")] == []
    assert_no_invisible(page.answer.text)


def assert_no_invisible(text: str) -> None:
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]", text) == []


def pages(ana: Browser, key: str, notification: str) -> list[Page]:
    return [
        ana.get("/"),
        ana.get("/", text=key[-6:]),
        ana.get("/live/cases"),
        ana.get(f"/cases/{key}"),
        ana.get(f"/live/cases/{key}"),
        ana.get(f"/notifications/{notification}"),
        ana.get("/quarantine"),
    ]


@pytest.mark.parametrize("text", CORPUS)
def test_what_a_trap_says_stays_text(collector: World, ana: Browser, text: str) -> None:
    key = opened(collector, f"case {text}")
    with collector.store.read() as connection:
        row = connection.exec_driver_sql("SELECT s.name, n.seq FROM notifications n JOIN streams s ON s.id = n.stream_id").one()
    for page in pages(ana, key, f"{row[0]}-{row[1]}"):
        assert page.status == 200
        if page.document.css("script"):
            assert_nothing_but_text(page)
        else:
            assert "<script" not in page.answer.text.lower()
            assert LexborHTMLParser(page.answer.text).css("img, h1 + h1, script") == []


@pytest.mark.parametrize("text", CORPUS)
def test_what_a_mail_says_stays_text(collector: World, ana: Browser, text: str) -> None:
    (mail,) = collector.arrive_mail(f"{text}\n\nthreat {text}")
    collector.process()
    for page in (ana.get("/"), ana.get(f"/notifications/{mail}"), ana.get("/quarantine")):
        assert page.status == 200
        assert_nothing_but_text(page)


@pytest.mark.parametrize("text", [text for text in CORPUS if text.id not in ("controls", "long")])
def test_what_people_type_stays_text(collector: World, ana: Browser, text: str) -> None:
    key = opened(collector)
    assert ana.do(key, "note", text=text).status == 303
    assert ana.do(key, "record-contact", who=text[:200].replace("\n", " "), how=text[:200]).status in (303, 422)
    assert ana.do(key, "assign", assignee=text[:200]).status in (303, 422)
    assert ana.do(key, "resolve", text=text).status == 303
    assert_nothing_but_text(ana.get(f"/cases/{key}"))
    assert_nothing_but_text(ana.get("/", status="all"))


@pytest.mark.parametrize("text", CORPUS)
def test_what_stands_in_an_address_stays_text(ana: Browser, stranger: Browser, text: str) -> None:
    for page in (
        ana.get("/", text=text, customer=text, kind=text, severity=text, status=text, after=text),
        stranger.get("/sign-in", next=text, language=text),
        stranger.sign_in(text, text),
    ):
        assert page.status in (200, 403)
        assert_nothing_but_text(page)


def test_a_hostile_octet_that_is_no_text_is_shown_as_one(collector: World, ana: Browser) -> None:
    (first,) = collector.arrive(trap_saying(b"case \xff\xfe\x00<script>"))
    collector.process()
    assert_nothing_but_text(ana.get(f"/notifications/{first}"))


def test_pages_and_what_belongs_to_them_are_strict(collector: World, ana: Browser) -> None:
    key = opened(collector)
    for path in ("/", "/sign-in", f"/cases/{key}", "/cases/NONE", "/live/cases"):
        headers = ana.get(path).answer.headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src", "form-action")} == {"'self'"}
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert headers["referrer-policy"] == "same-origin"


def test_script_and_style_are_kept_for_ever_under_a_name_of_their_content(ana: Browser, stranger: Browser) -> None:
    document = ana.get("/").document
    wanted = [node.attributes[name] or "" for name in ("src", "href") for node in document.css(f"script[{name}], link[{name}]")]
    assert len(wanted) == 3
    for address in wanted:
        assert re.fullmatch(r"\./static/(page|icon)\.[0-9a-f]{12}\.(js|css|svg)", address)
        answer = stranger.get(address.removeprefix("."))
        assert (answer.status, "immutable" in answer.answer.headers["cache-control"]) == (200, True)
    for missing in ("/static/page.css", "/static/..%2fpages.py", "/static/page.000000000000.js"):
        assert stranger.get(missing).status == 404


def test_no_page_names_another_host(collector: World, ana: Browser) -> None:
    key = opened(collector)
    for path in ("/", f"/cases/{key}"):
        assert re.findall(r"https?://[^\s\"'<]+", ana.get(path).answer.text.replace("http://www.w3.org", "")) == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "desk.example/1"])
def test_a_ticket_that_is_no_web_address_is_no_link(collector: World, ana: Browser, url: str) -> None:
    key = opened(collector)
    with collector.store.write() as connection:
        save_ticket(connection, Ticket(case_of(collector, key).id, "pull", "INC-1", url, None, NOON, "key:desk"))
    page = ana.get(f"/cases/{key}")
    assert "INC-1" in page.text()
    assert_nothing_but_text(page)


def test_too_many_fields_or_a_broken_form_are_refused(ana: Browser) -> None:
    assert ana.post("/sign-out", {f"f{n}": "x" for n in range(100)}).status == 403
    answer = ana.send("POST", "/sign-out", content=b"\xff\xfe%%%=&=&&", headers={"Origin": ana.url})
    assert answer.status == 403
