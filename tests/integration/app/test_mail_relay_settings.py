"""The settings of mail relays reach the processing of mails."""

from ipaddress import ip_network

from collector.app.knowledge import KnowledgeKeeper
from collector.app.terms import terms_of
from collector.config import Settings
from collector.config.model import SmtpSettings
from collector.domain.item import Envelope
from collector.store.engine import Store
from tests.builders import BOX
from tests.pipeline_world import World

FIELDS = (
    "Received: from sepm ([192.0.2.44]) by mx.example.org with SMTP id 1; Tue, 17 Mar 2026 09:00:00 -0300",
    "Authentication-Results: mx.example.org; dmarc=pass header.from=acme.example",
    "From: sepm@acme.example",
)


def test_a_relay_a_name_and_a_domain_that_are_set_are_believed(store: Store) -> None:
    world = World(store)
    smtp = SmtpSettings(
        trusted_relays=(ip_network("203.0.113.0/24"),),
        authserv_ids=("mx.example.org",),
        sender_domains=("acme=acme.example",),
    )
    settings = Settings(smtp=smtp)
    knowledge = KnowledgeKeeper(store, settings, world.decoders, terms_of(settings), BOX)()
    envelope = Envelope("", ("acme@example.org",), "mx")
    raw = "".join(f"{field}\r\n" for field in (*FIELDS, "", "text")).encode()
    found = knowledge.origins.of("203.0.113.9", envelope, raw)
    assert found.address == "192.0.2.44"
    assert list(knowledge.origins.proofs(found, world.source("console"))) == ["dmarc"]
    assert list(knowledge.origins.proofs(found, world.source("second"))) == []
