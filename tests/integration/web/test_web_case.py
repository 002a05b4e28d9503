"""One case on its page: what it says, what people do on it, and what happens when it changed meanwhile."""

import json
from datetime import timedelta

import pytest

from api.web import case_view
from api.web import live as live_module
from collector.actions import Act
from collector.domain.case import Case, Verb
from collector.domain.ids import ExternalKey
from collector.domain.users import UserRole
from collector.store.case_log import read_log
from collector.store.cases import get_case
from collector.store.tickets import Ticket, save_ticket
from tests.api_world import NOON, World, trap_saying
from tests.web_kit import Browser, browser, make_user


def opened(collector: World, *said: str) -> str:
    """The key of the case that these open."""
    collector.hear(*(said or ("case disk",)))
    with collector.store.read() as connection:
        return str(connection.exec_driver_sql("SELECT external_key FROM cases ORDER BY id DESC").scalar_one())


def case_of(collector: World, key: str) -> Case:
    with collector.store.read() as connection:
        found = get_case(connection, key)
    assert found is not None
    return found


def log_of(collector: World, key: str) -> list[tuple[str, str, str | None]]:
    with collector.store.read() as connection:
        lines = read_log(connection, case_of(collector, key).id)
    return [(entry.verdict.value, entry.actor, entry.text) for _, entry in lines]


def done_elsewhere(collector: World, key: str, verb: Verb, text: str | None = None) -> None:
    collector.tools().actions.perform(Act(ExternalKey(key), verb, "user:bea", text=text))


def test_the_page_says_everything_about_a_case(collector: World, ana: Browser) -> None:
    key = opened(collector, "case disk", "case disk")
    with collector.store.write() as connection:
        save_ticket(
            connection,
            Ticket(case_of(collector, key).id, "pull", "INC-42", "https://desk.example/42", None, NOON, "key:desk"),
        )
    page = ana.get(f"/cases/{key}")
    said = page.text()
    assert page.texts("h1") == ["title disk (es)"]
    for wanted in (key, "Acme S.A.", "INC-42", "steps (es)", "summary (es)", "v1:pack:disk", "disk-full", "host-1", "spoofable"):
        assert wanted in said or wanted == "spoofable"
    assert page.texts(".deadlines b") == ["Respuesta"]
    assert page.texts(".dl-left") == ["faltan 6 h 00 min"]
    assert "quedan 6 h hábiles de 6 h" in said
    assert page.texts(".log b") == ["se repitió", "abierto"]
    assert page.one(".facts a[target]").attributes["href"] == "https://desk.example/42"
    assert len(page.document.css(".notifications li")) == 2


def test_an_address_that_the_api_gives_out_leads_here(collector: World, ana: Browser) -> None:
    key = opened(collector)
    shown = collector.named_key("reader", "all").get(f"/api/v1/cases/{key}").json()
    for address in (shown["url"], shown["evidence"][0]["url"]):
        assert ana.get(address).status == 200


@pytest.mark.parametrize("key", ["TST-NONE", "%00", "añá", "a" * 3000, "' OR 1=1", "<script>"])
def test_a_case_that_is_not_there_is_said_to_be_so(ana: Browser, key: str) -> None:
    assert ana.get(f"/cases/{key}").status in (404, 303)
    assert ana.get("/notifications/" + key).status in (404, 303)


def test_acknowledge_leads_back_to_the_case_and_says_so(collector: World, ana: Browser) -> None:
    key = opened(collector)
    done = ana.do(key, "acknowledge")
    assert (done.status, done.answer.headers["location"]) == (303, f"../{key}?done=acknowledge")
    page = ana.get(f"/cases/{key}", done="acknowledge")
    assert page.texts("#done") == ["Caso tomado."]
    assert page.texts(".case-head .st") == ["tomado"]
    assert log_of(collector, key)[-1] == ("acknowledged", "user:ana", None)


def test_contact_response_and_confirmation_stop_their_clocks(collector: World, ana: Browser) -> None:
    key = opened(collector)
    collector.clock.move(timedelta(hours=1))
    assert ana.do(key, "record-contact", who="Marta", how="teléfono", at="2026-03-17T09:30").status == 303
    assert ana.do(key, "respond", text="restart it", at="").status == 303
    assert ana.do(key, "confirm", severity="2").status == 303
    case = case_of(collector, key)
    assert case.contacted_at == NOON + timedelta(minutes=30)
    assert case.responded_at == NOON + timedelta(hours=1)
    assert (case.confirmed_at, case.severity) == (NOON + timedelta(hours=1), 2)
    page = ana.get(f"/cases/{key}")
    assert "con Marta" in page.text()
    assert "por teléfono" in page.text()


@pytest.mark.parametrize(
    ("verb", "typed", "said"),
    [
        pytest.param("note", {"text": "  \r\n "}, "Falta la nota.", id="empty note"),
        pytest.param("note", {"text": "a\x00b"}, "El texto tiene caracteres de control.", id="NUL"),
        pytest.param("note", {"text": "x" * 10_001}, "El texto es demasiado largo.", id="long note"),
        pytest.param("record-contact", {"who": ""}, "Falta con quién se habló.", id="nobody"),
        pytest.param("record-contact", {"who": "Marta", "how": ""}, "Falta por qué medio.", id="no means"),
        pytest.param("record-contact", {"who": "a\nb", "how": "x"}, "El texto tiene caracteres de control.", id="two lines"),
        pytest.param("respond", {"at": "2026-03-17T09:05"}, "Esa hora todavía no llegó.", id="future"),
        pytest.param("respond", {"at": "2026-03-17T08:00"}, "Esa hora es anterior al caso.", id="before"),
        pytest.param("respond", {"at": "ayer"}, "La fecha y hora no se entienden.", id="no time"),
        pytest.param("respond", {"at": "0001-01-01T00:00"}, "Esa hora es anterior al caso.", id="first year"),
        pytest.param("confirm", {"severity": "7"}, "La gravedad es de 1 a 4.", id="severity"),
        pytest.param("assign", {"assignee": " "}, "Falta a quién asignarlo.", id="nobody to assign"),
    ],
)
def test_what_is_typed_wrongly_is_said_and_kept(
    collector: World, ana: Browser, verb: str, typed: dict[str, str], said: str
) -> None:
    key = opened(collector)
    refused = ana.do(key, verb, **typed)
    assert (refused.status, refused.texts("#problem p")) == (422, [said])
    assert [details.attributes["data-keep"] for details in refused.document.css("details.verb[open]")] == [f"verb-{verb}"]
    assert log_of(collector, key) == [("opened", log_of(collector, key)[0][1], None)]


def test_what_was_typed_stands_in_the_form_again(collector: World, ana: Browser) -> None:
    refused = ana.do(opened(collector), "record-contact", who="Marta <b>", how="", text="línea 1\nlínea 2")
    form = refused.form("/record-contact")
    assert (form["who"], form["text"]) == ("Marta <b>", "línea 1\nlínea 2")


def test_a_form_sent_twice_has_one_effect(collector: World, ana: Browser) -> None:
    key = opened(collector)
    form = {**ana.get(f"/cases/{key}").form("/note"), "text": "once"}
    assert [ana.post(f"/cases/{key}/note", form).status for _ in range(2)] == [303, 303]
    assert [text for _, _, text in log_of(collector, key)].count("once") == 1


def test_a_form_sent_again_with_other_contents_is_asked_about(collector: World, ana: Browser) -> None:
    key = opened(collector)
    form = {**ana.get(f"/cases/{key}").form("/note"), "text": "once"}
    ana.post(f"/cases/{key}/note", form)
    asked = ana.post(f"/cases/{key}/note", {**form, "text": "twice"})
    assert asked.status == 422
    assert "ya se envió" in asked.text()
    assert ana.post(f"/cases/{key}/note", {**asked.form("/note"), "text": "twice"}).status == 303


def test_a_case_that_changed_meanwhile_is_shown_and_asked_about_again(collector: World, ana: Browser) -> None:
    key = opened(collector)
    form = {**ana.get(f"/cases/{key}").form("/resolve"), "text": "fixed"}
    collector.clock.move(timedelta(minutes=1))
    done_elsewhere(collector, key, Verb.ACKNOWLEDGE)
    asked = ana.post(f"/cases/{key}/resolve", form)
    assert asked.status == 412
    assert "cambió mientras lo mirabas" in asked.text()
    assert asked.texts(".changes li") == ["09:01 tomado bea"]
    assert case_of(collector, key).status.value == "acknowledged"
    again = ana.post(f"/cases/{key}/resolve", asked.form("/resolve"))
    assert again.status == 303
    assert log_of(collector, key)[-1] == ("resolved", "user:ana", "fixed")


def test_repeats_of_the_trouble_hold_nobody_up(collector: World, ana: Browser) -> None:
    key = opened(collector)
    form = ana.get(f"/cases/{key}").form("/acknowledge")
    collector.hear(*["case disk"] * 5)
    assert ana.post(f"/cases/{key}/acknowledge", form).status == 303
    assert case_of(collector, key).status.value == "acknowledged"


def test_a_note_fits_whatever_happened_meanwhile(collector: World, ana: Browser) -> None:
    key = opened(collector)
    form = {**ana.get(f"/cases/{key}").form("/note"), "text": "hello"}
    done_elsewhere(collector, key, Verb.ACKNOWLEDGE)
    assert ana.post(f"/cases/{key}/note", form).status == 303


def test_what_the_state_no_longer_allows_is_said_in_a_sentence(collector: World, ana: Browser) -> None:
    key = opened(collector)
    form = ana.get(f"/cases/{key}").form("/acknowledge")
    done_elsewhere(collector, key, Verb.CLOSE)
    refused = ana.post(f"/cases/{key}/acknowledge", {**form, "seen": ""})
    assert refused.status == 409
    assert refused.texts("#problem > p")[0] == "El caso está cerrado (por bea): esa acción ya no es posible."
    assert [summary.split()[0] for summary in refused.texts(".verbs button.main, .verbs form > button")][:1] == ["Reabrir"]


def test_another_open_case_with_the_same_trouble_keeps_a_closed_one_closed(collector: World, ana: Browser) -> None:
    key = opened(collector)
    done_elsewhere(collector, key, Verb.CLOSE)
    collector.hear("case disk")
    refused = ana.do(key, "reopen")
    assert (refused.status, refused.texts("#problem > p")[0]) == (409, "Otro caso abierto tiene el mismo problema.")


@pytest.mark.parametrize(
    ("before", "verbs"),
    [
        pytest.param((), {"acknowledge", "pend", "resolve", "close"}, id="open"),
        pytest.param((Verb.ACKNOWLEDGE,), {"pend", "resolve", "close"}, id="acknowledged"),
        pytest.param((Verb.PEND,), {"resume", "resolve", "close"}, id="pending"),
        pytest.param((Verb.RESOLVE,), {"reopen", "close"}, id="resolved"),
        pytest.param((Verb.CLOSE,), {"reopen"}, id="closed"),
    ],
)
def test_only_what_fits_the_state_is_offered_and_all_of_it_works(
    collector: World, ana: Browser, before: tuple[Verb, ...], verbs: set[str]
) -> None:
    key = opened(collector)
    for verb in before:
        done_elsewhere(collector, key, verb)
    actions = [form.attributes["action"] or "" for form in ana.get(f"/cases/{key}").document.css(".actions form")]
    offered = {action.rsplit("/", 1)[1] for action in actions}
    assert offered & {"acknowledge", "pend", "resume", "resolve", "close", "reopen"} == verbs
    assert ana.do(key, min(verbs), text="why").status == 303


def test_who_only_reads_is_offered_nothing_and_refused(collector: World, ana: Browser, vera: Browser) -> None:
    key = opened(collector)
    page = vera.get(f"/cases/{key}")
    assert page.document.css(".actions form") == []
    form = {**ana.get(f"/cases/{key}").form("/acknowledge"), "token": page.form("sign-out")["token"]}
    refused = vera.post(f"/cases/{key}/acknowledge", form)
    assert (refused.status, refused.texts("#problem > p")) == (403, ["You may not do that."])
    assert case_of(collector, key).status.value == "open"


def test_a_role_that_was_taken_away_counts_at_once(collector: World) -> None:
    make_user(collector, "zoe", role=UserRole.VIEWER)
    key = opened(collector)
    zoe = browser(collector, "zoe")
    token = zoe.get("/").form("sign-out")["token"]
    assert zoe.post(f"/cases/{key}/note", {"token": token, "text": "x"}).status == 403


@pytest.mark.parametrize("token", ["", "wrong"])
def test_no_verb_without_the_form_token(collector: World, ana: Browser, token: str) -> None:
    key = opened(collector)
    form = {**ana.get(f"/cases/{key}").form("/acknowledge"), "token": token}
    assert ana.post(f"/cases/{key}/acknowledge", form).status == 403
    assert case_of(collector, key).status.value == "open"


def test_a_get_changes_nothing(collector: World, ana: Browser) -> None:
    key = opened(collector)
    assert ana.get(f"/cases/{key}/acknowledge").status in (404, 405)
    assert case_of(collector, key).version == 1


def test_older_notifications_are_a_page_away(collector: World, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_view, "NOTIFICATIONS_SHOWN", 3)
    key = opened(collector, *["case disk"] * 7)
    found: list[str] = []
    address = f"/cases/{key}"
    while address:
        page = ana.get(address)
        found += [node.attributes["href"] or "" for node in page.document.css(".notifications a")]
        older = [node for node in page.document.css(".pager a") if node.text() == "Anteriores"]
        address = (older[0].attributes["href"] or "").replace("../", "/").split("#")[0] if older else ""
    assert len(found) == len(set(found)) == 7


def test_a_case_page_is_live_too(collector: World, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "WAIT_SECONDS", 0.0)
    key = opened(collector)
    mark = ana.get(f"/cases/{key}").one(".page-part").attributes["data-mark"] or ""
    assert ana.get(f"/live/cases/{key}", mark=mark).status == 304
    done_elsewhere(collector, key, Verb.NOTE, "from elsewhere")
    fresh = ana.get(f"/live/cases/{key}", mark=mark)
    assert (fresh.status, "from elsewhere" in fresh.text()) == (200, True)
    assert ana.get("/live/cases/TST-NONE").status == 404


def test_what_time_counted_is_told_with_its_reasons(collector: World) -> None:
    collector.clock.move(timedelta(hours=10))
    key = opened(collector)
    collector.clock.move(timedelta(hours=16))
    stretches = browser(collector).get(f"/cases/{key}").texts(".stretches li")
    assert stretches[0].endswith("no cuenta · fuera de horario")
    assert stretches[1].endswith("cuenta · 2 h 00 min")


def test_conditions_that_held_are_told_in_the_language_of_the_reader(collector: World, ana: Browser, vera: Browser) -> None:
    key = opened(collector)
    held = [{"selection": "done", "field": "word", "test": "not: is <b> or a", "value": "x"}]
    with collector.store.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET matched = ?", (json.dumps(held),))
    assert ana.get(f"/cases/{key}").texts(".matched li bdi") == ["no es <b> o a", "x"]
    assert vera.get(f"/cases/{key}").texts(".matched li bdi") == ["not: is <b> or a", "x"]


def test_a_notification_tells_its_whole_way(collector: World, ana: Browser) -> None:
    (first,) = collector.hear("case disk")
    page = ana.get(f"/notifications/{first}")
    assert page.texts(".original") == ["case disk"]
    said = page.texts(".way > li")
    assert [line.split()[0] for line in said] == ["Decodificado", "Consola", "Tipo", "Regla", "Clave", "Resultado"]
    assert "v1:pack:disk" in said[4]
    assert {"trap v2", "v2c", "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap"} <= set(page.texts(".way dd"))
    assert "Efecto abierto" in said[5]
    assert page.one(".way a.key").text().startswith("TST-")


@pytest.mark.parametrize("text", ["nonsense", "info"])
def test_what_opened_no_case_is_told_too(collector: World, ana: Browser, text: str) -> None:
    (first,) = collector.hear(text)
    page = ana.get(f"/notifications/{first}")
    assert page.texts(".way .st") == [{"nonsense": "sin regla", "info": "informativo"}[text]]
    assert page.texts(".way .st + span[title]") == [{"nonsense": "ninguna regla coincide", "info": "lo dice la regla"}[text]]


def test_what_is_not_processed_yet_is_said_to_be_so(collector: World, ana: Browser) -> None:
    (first,) = collector.arrive(trap_saying("case disk"))
    assert "Todavía no se procesó" in ana.get(f"/notifications/{first}").text()


def test_each_row_of_a_mail_has_its_page(collector: World, ana: Browser) -> None:
    (mail,) = collector.arrive_mail("subject\n\nthreat a\nthreat b")
    collector.process()
    page = ana.get(f"/notifications/{mail}-2")
    assert page.status == 200
    assert [node.text() for node in page.document.css(".notifications .key")] == [f"{mail}-1"]
    assert ana.get(f"/notifications/{mail}-9").status == 404
