"""Looking at v3 messages: opened by today's keys, with every step of belief in order, and without a secret."""

import json
from typing import Any

import pytest

from collector.domain.ids import NotificationId
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import Secured, Trap
from collector.pipeline.originals import OriginalsKeeper
from collector.store.engine import Store
from collector.store.registry import SourceRecord
from tests.builders import BOX
from tests.pipeline_world import MAIN
from tests.v3_world import BOOTS, ENGINE, NAMING, STRANGER, USER, V3World, access_of

STEPS = ["engine_id", "user", "keys", "address", "inform", "time", "engine", "again"]


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def explained(world: V3World, item: NotificationId) -> Any:
    told = world.inspector().explain(item, customer_id=None)
    assert json.loads(json.dumps(told)) == told
    for secret in (USER.auth, USER.priv, STRANGER.auth):
        assert secret.decode() not in json.dumps(told)
    return told


def belief(told: Any) -> dict[str, str | None]:
    """Step → why it ended there, None where it went on."""
    return {step["step"]: step["reason"] for step in told["now"]["belief"]}


def test_what_was_believed_is_explained_step_by_step(world: V3World) -> None:
    item = world.sends("raise x 3", user=NAMING, message_id=77)
    world.process()
    told = explained(world, item)
    assert belief(told) == dict.fromkeys(STEPS)
    assert told["now"]["security"] == {
        "engine_id": ENGINE.hex(),
        "user": "naming-1",
        "level": "authPriv",
        "reportable": False,
        "boots": BOOTS,
        "engine_time": 1_000,
        "message_id": 77,
        "context_engine_id": ENGINE.hex(),
        "context_name": "",
    }
    assert (told["now"]["trust"], told["now"]["sources"]) == ("encrypted", [{"customer": "ACME", "source": "naming"}])
    assert told["now"]["decoded"]["version"] == "v3"


@pytest.mark.parametrize(
    ("parts", "ended", "reason"),
    [
        pytest.param({"user": NAMING, "peer": "198.51.100.1"}, "user", "unknown_user", id="from elsewhere"),
        pytest.param({"user": STRANGER}, "keys", "wrong_digest", id="wrong key"),
        pytest.param({"user": NAMING, "level": SecurityLevel.AUTH_NO_PRIV}, "keys", "level_too_low", id="level"),
        pytest.param({"user": USER}, "engine", "unknown_engine", id="engine"),
        pytest.param({"user": NAMING, "engine_id": b""}, "engine_id", "engine_discovery", id="discovery"),
    ],
)
def test_what_was_refused_is_explained_up_to_the_step_that_ended_it(
    world: V3World, parts: dict[str, Any], ended: str, reason: str
) -> None:
    item = world.sends("raise x 3", **parts)
    for _ in range(2):  # waiting in the journal, then processed
        asked = belief(explained(world, item))
        assert list(asked) == STEPS[: STEPS.index(ended) + 1]
        assert asked[ended] == reason
        world.process()


def test_a_copy_stays_a_copy_and_the_first_one_is_none(world: V3World) -> None:
    copy = world.secured("raise x 3", user=NAMING)
    first, second = world.arrives(copy), world.arrives(copy)
    world.process()
    assert belief(explained(world, first)) == dict.fromkeys(STEPS)
    assert belief(explained(world, second))["time"] == "replayed"


def test_explaining_writes_nothing(world: V3World) -> None:
    items = [world.sends("raise x 3"), world.sends("raise x 3", user=NAMING), world.sends("raise x 3", user=STRANGER)]
    world.process()
    world.approve()
    before = world.written(), world.engines()
    for item in [*items, *items]:
        explained(world, item)
    assert (world.written(), world.engines()) == before


def test_explain_tells_what_an_approval_would_bring(world: V3World) -> None:
    item = world.sends("raise x 3")
    world.process()
    world.approve()
    told = explained(world, item)
    assert told["recorded"][0]["reason"] == "unknown_engine"
    assert told["now"]["notifications"][0]["key"] == "v1:pack:x"


def test_a_customer_is_told_of_its_own_refused_messages(world: V3World) -> None:
    item = world.sends("raise x 3")
    world.process()
    told = world.inspector().explain(item, customer_id=world.source("secure").customer.id)
    now: Any = told["now"]
    assert [draft["reason"] for draft in now["notifications"]] == ["unknown_engine"]


def test_contents_are_opened_by_todays_keys(world: V3World) -> None:
    mine, strange = world.sends("raise x 3"), world.sends("raise y 3", user=STRANGER)
    found = world.inspector().contents([mine, strange])
    assert isinstance(found[mine].decoded, Trap)
    assert isinstance(found[strange].decoded, Secured)
    assert found[strange].payload == world.journal.items[MAIN][1].payload
    world.save(SourceRecord("secure", (), None, access_of(STRANGER)))
    found = world.inspector().contents([mine, strange])
    assert isinstance(found[mine].decoded, Secured)
    assert isinstance(found[strange].decoded, Trap)


def test_what_a_case_keeps_is_opened_too(world: V3World) -> None:
    item = world.sends("raise x 3", user=NAMING)
    world.process()
    OriginalsKeeper(world.store, world.journal, BOX)(MAIN, 1, 1)
    world.journal.items = {MAIN: []}
    [content] = world.inspector().contents([item]).values()
    assert isinstance(content.decoded, Trap)
