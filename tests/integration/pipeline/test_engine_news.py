"""The log says once that an SNMPv3 engine waits for approval, with its source and no secret."""

from datetime import timedelta

import pytest

from collector.pipeline.engine_news import MOST_TOLD
from collector.store.engine import Store
from tests.v3_world import ENGINE, NAMING, OPEN_USER, STRANGER, TRUSTING, USER, V3World

SENTENCE = "an SNMPv3 engine waits for approval"


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [record.__dict__["fields"] for record in caplog.records if record.getMessage() == SENTENCE]


def test_each_engine_is_told_once(world: V3World, caplog: pytest.LogCaptureFixture) -> None:
    processor = world.processor()
    for number in range(3):
        world.sends(f"raise x{number} 3")
        processor.step()
    world.process()  # as after a restart
    assert told(caplog) == [{"engine": ENGINE.hex(), "customer": "ACME", "source": "secure", "peer": "192.0.2.1:162"}]
    for secret in (USER.auth, USER.priv):
        assert secret.decode() not in caplog.text


@pytest.mark.parametrize("user", [NAMING, TRUSTING, STRANGER], ids=["named", "approved unasked", "wrong key"])
def test_what_does_not_wait_is_not_told(world: V3World, caplog: pytest.LogCaptureFixture, user: object) -> None:
    world.sends("raise x 3", user=user)
    world.process()
    assert told(caplog) == []


def test_invented_engines_fill_no_log(world: V3World, caplog: pytest.LogCaptureFixture) -> None:
    processor = world.processor()
    for number in range(2 * MOST_TOLD):
        world.sends("raise x 3", user=OPEN_USER, engine_id=ENGINE + bytes([number]))
    processor.step()
    assert len(told(caplog)) == MOST_TOLD
    world.clock.move(timedelta(hours=1))
    world.sends("raise x 3", user=OPEN_USER, engine_id=ENGINE + b"\xff")
    processor.step()
    assert len(told(caplog)) == MOST_TOLD + 1
