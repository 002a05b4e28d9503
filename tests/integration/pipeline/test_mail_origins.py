"""Mails behind a trusted relay and after a login: from where they are, how far each of their recipients may believe them, and
what `explain` says of it."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from collector.domain.ids import CustomerId, NotificationId, StreamName
from collector.domain.item import Envelope, ItemKind
from collector.domain.trust import Trust
from collector.journal.envelope import encode_envelope
from collector.pipeline.mail_origin import MailOrigins
from collector.pipeline.stages import Knowledge
from collector.store.engine import Store
from tests.pipeline_world import MAILS
from tests.v3_world import V3World

RELAY, STRANGER = "203.0.113.9", "198.51.100.1"
RECEIVED = (
    "Received: from sepm (unknown [192.0.2.44]) by mx.example.org (Postfix) with ESMTP id 1; Tue, 17 Mar 2026 09:00:00 -0300"
)
PASS = "Authentication-Results: mx.example.org; dkim=pass header.d=acme.example; spf=fail smtp.mailfrom=x@evil.example"
FROM = "From: SEPM <sepm@acme.example>"
ACME, BETA = "acme@example.org", "beta@example.org"
BULK_MAILS = StreamName("smtp-0", bulk=True, epoch="dddddd")


class OriginWorld(V3World):
    def knowledge(self) -> Knowledge:
        origins = MailOrigins(
            [ip_network("203.0.113.0/24")], authserv_ids=["mx.example.org"], domains={"acme": ("acme.example",)}
        )
        return replace(super().knowledge(), origins=origins)

    def relayed(
        self,
        text: str,
        *fields: str,
        peer: str = RELAY,
        to: tuple[str, ...] = (ACME,),
        login: str | None = None,
        stream: StreamName = MAILS,
    ) -> NotificationId:
        self.clock.move(timedelta(seconds=1))
        envelope = encode_envelope(Envelope("sepm@acme.example", to, "mx", login=login))
        payload = "".join(f"{field}\r\n" for field in (*fields, "Subject: s", "", text)).encode()
        return self.item(stream, ItemKind.MAIL, payload, envelope=envelope, peer_address=peer, peer_port=25)

    def explained(self, item: NotificationId, customer_id: CustomerId | None = None) -> Any:
        return self.inspector().explain(item, customer_id=customer_id)["now"]

    def trusts(self) -> dict[str | None, Trust]:
        """Of every notification, by its source."""
        return {row.source: row.trust for row in self.notifications()}


@pytest.fixture
def world(store: Store) -> OriginWorld:
    return OriginWorld(store)


def test_what_a_trusted_relay_says_is_kept_with_the_notification(world: OriginWorld) -> None:
    world.relayed("raise disk 3", RECEIVED, PASS, FROM)
    world.process()
    [row] = world.notifications()
    assert (row.peer, row.detail, row.trust) == (f"{RELAY}:25", "from 192.0.2.44", Trust.AUTHENTICATED)
    assert world.case().trust is Trust.AUTHENTICATED


def test_of_a_mail_that_cannot_be_read_too_and_beside_why(world: OriginWorld) -> None:
    world.relayed("x", RECEIVED, "Content-Type: application/pkcs7-mime; smime-type=enveloped-data", FROM)
    world.process()
    [row] = world.notifications()
    assert row.state.value == "undecodable"
    assert row.detail.endswith("; from 192.0.2.44")


def test_what_anybody_else_says_is_data(world: OriginWorld) -> None:
    world.relayed("raise disk 3", RECEIVED, PASS, FROM, peer=STRANGER)
    world.process()
    [row] = world.notifications()
    assert (row.peer, row.detail, row.trust) == (f"{STRANGER}:25", "", Trust.SPOOFABLE)


def test_nothing_is_refused_for_what_a_relay_found(world: OriginWorld) -> None:
    world.relayed("raise disk 3", RECEIVED, PASS.replace("pass", "fail"), FROM)
    world.process()
    assert world.outcomes() == [("case", "")]
    assert world.case().trust is Trust.SPOOFABLE


@pytest.mark.parametrize(
    ("fields", "login"),
    [
        pytest.param((RECEIVED, PASS, FROM), None, id="verified by a relay"),
        pytest.param((FROM,), "acme", id="logged in"),
    ],
)
def test_a_mail_to_several_is_believed_only_for_the_source_that_it_is_proven_for(
    world: OriginWorld, fields: tuple[str, ...], login: str | None
) -> None:
    item = world.relayed("raise disk 3", *fields, to=(BETA, ACME), login=login)
    world.process()
    assert world.trusts() == {"console": Trust.AUTHENTICATED, "other": Trust.SPOOFABLE}
    assert {case.customer_code: case.trust for case in world.cases()} == {"ACME": Trust.AUTHENTICATED, "BETA": Trust.SPOOFABLE}
    now = world.explained(item)
    assert now["trust"] == "spoofable"
    assert {draft["source"]: draft["trust"] for draft in now["notifications"]} == {
        "console": "authenticated",
        "other": "spoofable",
    }


@pytest.mark.parametrize("clears", [False, True], ids=["by another's login", "by its own login"])
def test_the_login_of_one_source_clears_nothing_of_another(world: OriginWorld, clears: bool) -> None:
    world.relayed("raise disk 3", FROM, peer=STRANGER, to=(BETA,), login="beta")
    world.relayed("clear disk", FROM, peer=STRANGER, to=(ACME, BETA), login="beta" if clears else "acme")
    world.process()
    case = world.case()
    assert (case.customer_code, case.trust) == ("BETA", Trust.AUTHENTICATED)
    assert (case.cleared_at is not None) == clears
    assert ("informational", "clear_less_trusted") in world.outcomes() or clears


@pytest.mark.parametrize(
    ("login", "clears"),
    [
        pytest.param("acme", True, id="with its own login"),
        pytest.param("beta", False, id="with another's login"),
        pytest.param(None, False, id="without a login"),
    ],
)
def test_a_clear_that_passed_its_raise_needs_the_trust_of_the_raise(world: OriginWorld, login: str | None, clears: bool) -> None:
    world.relayed("info", FROM, stream=BULK_MAILS)
    world.relayed("raise disk 2", FROM, login="acme", stream=BULK_MAILS)
    world.relayed("clear disk", FROM, login=login)
    world.process(batch_limit=1)
    assert (world.case().cleared_at is not None) == clears
    assert world.case().trust is Trust.AUTHENTICATED


def test_repeats_at_more_trust_raise_the_trust_of_the_case(world: OriginWorld) -> None:
    world.relayed("raise disk 3", FROM, peer=STRANGER)
    world.process()
    assert world.case().trust is Trust.SPOOFABLE
    world.relayed("raise disk 3", FROM, peer=STRANGER, login="beta")
    world.process()
    assert world.case().trust is Trust.SPOOFABLE
    world.relayed("raise disk 3", RECEIVED, PASS, FROM)
    world.process()
    assert world.case().trust is Trust.AUTHENTICATED


def test_explain_tells_what_was_seen_and_why_it_counts_or_not(world: OriginWorld) -> None:
    item = world.relayed("raise disk 3", RECEIVED, PASS, FROM)
    world.process()
    now = world.explained(item)
    assert now["peer"] == f"{RELAY}:25"
    assert now["sender"] == {"address": "192.0.2.44", "trusted_relay": True}
    told = now["authenticity"]
    assert (told["login"], told["relay_results"]) == (None, "read")
    assert (told["from_domain"], told["mail_from_domain"]) == ("acme.example", "acme.example")
    [source] = told["sources"]
    assert (source["source"], source["trust"], source["proven_by"]) == ("console", "authenticated", ["dkim"])
    assert [(one["method"], one["result"], one["weight"]) for one in source["results"]] == [
        ("dkim", "pass", "counts"),
        ("spf", "fail", "not_passed"),
    ]
    assert source["results"][1]["properties"] == {"smtp.mailfrom": "x@evil.example"}


def test_explain_of_a_customer_tells_its_own_part(world: OriginWorld) -> None:
    item = world.relayed("raise disk 3", RECEIVED, PASS, FROM, to=(BETA, ACME))
    world.process()
    now = world.explained(item, world.source("other").customer.id)
    assert now["trust"] == "spoofable"
    [source] = now["authenticity"]["sources"]
    assert (source["source"], source["proven_by"]) == ("other", [])
    assert {one["weight"] for one in source["results"]} == {"not_of_the_source", "not_passed"}


def test_explain_shows_hostile_words_harmlessly(world: OriginWorld) -> None:
    hostile = 'Authentication-Results: mx.example.org; dkim=pass header.d="\u202eacme.example"'
    item = world.relayed("raise disk 3", RECEIVED, hostile, FROM, login="a\u202e\x1b[2Jb\ud800")
    world.process()
    told = world.explained(item)["authenticity"]
    assert told["login"] == "a\ufffd\ufffd[2Jb\ufffd"
    assert told["sources"][0]["results"][0]["weight"] == "no_domain"
    assert told["sources"][0]["results"][0]["properties"]["header.d"].isprintable()


def test_a_trap_has_no_such_things(world: OriginWorld) -> None:
    item = world.trap("raise disk 3")
    world.process()
    assert world.explained(item)["authenticity"] is None
