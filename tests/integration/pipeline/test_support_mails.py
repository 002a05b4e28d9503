"""People's mails to a support mailbox, from the envelope to the case: one case for each thread, level 1 sets its severity, and
what nobody wrote is kept, counted and opens nothing."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import timedelta
from email.message import EmailMessage
from types import MappingProxyType

import pytest

from collector.actions import Act, Actions
from collector.domain.case import CaseStatus, Verb
from collector.domain.case_facts import confirm
from collector.domain.ids import NotificationId
from collector.domain.item import Envelope, ItemKind
from collector.domain.signal import CaseKind
from collector.domain.trust import Trust
from collector.journal.envelope import encode_envelope
from collector.store.engine import Store
from collector.store.registry import SourceRecord, load_registry, save_sources
from tests.builders import BOX, TERMS
from tests.pipeline_world import MAILS, World

ANA = "ana@acme.example"
SUPPORT = "soporte@example.org"


class SupportWorld(World):
    """ACME has the mailbox `soporte` beside its consoles."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        with store.write() as connection:
            acme = next(source.customer for source in self.registry.sources if source.customer.code == "ACME")
            save_sources(connection, acme.id, [SourceRecord("people", ("people",), "soporte")], BOX)
            self.registry = load_registry(connection, BOX)

    def write(
        self,
        subject: str,
        text: str = "raise disk 3",
        *,
        mail_id: str = "1",
        attached: str = "",
        sender: str = ANA,
        to: tuple[str, ...] = (SUPPORT,),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> NotificationId:
        """Of the senders of mails people are no other. The text would open a case at a console of this world."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["Message-ID"] = subject, f"Ana Núñez <{ANA}>", f"<{mail_id}@acme.example>"
        for name, value in headers.items():
            mail[name] = value
        mail.set_content(text)
        if attached:
            mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename=attached)
        payload = mail.as_bytes().replace(b"\n", b"\r\n")
        return self.item(MAILS, ItemKind.MAIL, payload, envelope=encode_envelope(Envelope(sender, to, "client")))


@pytest.fixture
def world(store: Store) -> SupportWorld:
    return SupportWorld(store)


def test_a_mail_becomes_a_case_that_needs_triage_and_keeps_what_it_says(world: SupportWorld) -> None:
    world.write("RV: Virus en el servidor", "Producto: SEP\nNivel 2\n<script>alert(1)</script>", attached="factura.pdf.exe")
    world.process()
    case = world.case()
    assert (case.kind, case.severity, case.needs_triage, case.trust) == (CaseKind.SEVERITY_CASE, 2, True, Trust.SPOOFABLE)
    assert (case.title.es, case.customer_code, case.source_name, case.pack) == (
        "Virus en el servidor",
        "ACME",
        "people",
        "people",
    )
    assert case.fields["sender_address"] == ANA
    assert case.fields["product"] == "SEP"
    assert case.fields["description"] == "Producto: SEP\nNivel 2\n<script>alert(1)</script>"
    assert "executable, double_extension" in case.fields["suspicious_attachments"]
    assert world.outcomes() == [("case", "")]
    assert world.counted() == {"case": 1}


def test_without_a_word_of_it_there_is_no_severity_and_the_least_is_promised(world: SupportWorld) -> None:
    world.write("Consulta")
    world.process()
    case = world.case()
    assert (case.severity, case.rank, case.needs_triage) == (None, 4, True)
    assert case.due_at is not None
    confirmed = confirm(case, at=world.clock.now(), severity=3).case
    assert (confirmed.severity, confirmed.needs_triage) == (3, False)


def test_who_writes_of_level_1_gets_a_triage_at_once(world: SupportWorld) -> None:
    world.write("Nivel 1: sin servicio")
    world.process()
    case = world.case()
    assert (case.severity, case.review_for_severity_1, case.needs_triage) == (2, True, True)


@pytest.mark.parametrize("order", [("1", "2", "3"), ("2", "1", "3"), ("3", "2", "1")], ids="-".join)
@pytest.mark.parametrize("batch_limit", [1, 2_000])
def test_the_mails_of_a_thread_are_one_case_in_whatever_order_they_come(
    world: SupportWorld, order: tuple[str, ...], batch_limit: int
) -> None:
    one, two = "<1@acme.example>", "<2@acme.example>"
    threads: dict[str, Callable[[], NotificationId]] = {
        "1": lambda: world.write("No anda", mail_id="1"),
        "2": lambda: world.write("Re: No anda", mail_id="2", headers={"In-Reply-To": one}),
        "3": lambda: world.write("Re: No anda", mail_id="3", headers={"In-Reply-To": two, "References": f"{one} {two}"}),
    }
    for name in order:
        threads[name]()
    world.write("No anda", mail_id="4")
    world.process(batch_limit=batch_limit)
    assert sorted(case.occurrences for case in world.cases()) == [1, 3]
    assert {case.title.es for case in world.cases()} == {"No anda"}


def test_the_same_mail_again_is_a_repeat(world: SupportWorld) -> None:
    world.write("Consulta")
    world.process()
    world.write("Consulta")
    world.process()
    assert world.outcomes() == [("case", ""), ("duplicate", "repeated_mail")]
    assert world.case().occurrences == 1


@pytest.mark.parametrize("first", ["Nivel 3", "No anda nada"])
def test_an_answer_raises_what_nobody_looked_at_yet(world: SupportWorld, first: str) -> None:
    world.write("No anda", first)
    world.process()
    world.write("Re: No anda", "Nivel 2", mail_id="2", headers={"References": "<1@acme.example>"})
    world.process()
    assert (world.case().severity, world.case().occurrences, world.verdicts()) == (2, 2, ["opened", "raised"])


def test_an_answer_does_not_overrule_level_1_and_what_waits_for_the_customer_goes_on(world: SupportWorld) -> None:
    world.write("No anda", "Nivel 2")
    world.process()
    actions = Actions(world.store, world.clock, nullcontext, TERMS)
    actions.perform(Act(world.case().external_key, Verb.CONFIRM, "user:ana", severity=4))
    actions.perform(Act(world.case().external_key, Verb.PEND, "user:ana"))
    world.clock.move(timedelta(minutes=5))
    world.write("Re: No anda", "Nivel 1", mail_id="2", headers={"References": "<1@acme.example>"})
    world.process()
    case = world.case()
    assert (case.severity, case.needs_triage, case.status, case.occurrences) == (4, False, CaseStatus.ACKNOWLEDGED, 2)


@pytest.mark.parametrize(
    ("headers", "sender", "reason"),
    [
        pytest.param({"Auto-Submitted": "auto-replied"}, ANA, "auto_reply", id="an automatic reply"),
        pytest.param({"Auto-Submitted": "auto-generated", "References": "<9@x.example>"}, ANA, "auto_reply", id="generated"),
        pytest.param({}, "", "bounce", id="nobody to be told"),
        pytest.param({"X-Collector-Loop": "TST"}, ANA, "own_message", id="our own"),
    ],
)
def test_what_nobody_wrote_is_kept_and_counted_and_opens_nothing(
    world: SupportWorld, headers: dict[str, str], sender: str, reason: str
) -> None:
    world.write("Consulta", sender=sender, headers=headers)
    world.process()
    assert (world.cases(), world.outcomes(), world.counted()) == ([], [("loop", reason)], {"loop": 1})
    assert [row.source for row in world.notifications()] == ["people"]


def test_a_mail_to_people_and_to_a_console_is_a_notification_of_each(world: SupportWorld) -> None:
    world.write("Consulta", to=(SUPPORT, "acme@example.org"))
    world.process()
    assert sorted((case.pack, case.source_name, case.needs_triage) for case in world.cases()) == [
        ("pack", "console", False),
        ("people", "people", True),
    ]
