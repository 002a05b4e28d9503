"""Whatever a console sends, however it is copied, held up, cut into batches and interrupted: nothing is believed twice, and what
an honest sender sends in time is believed."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.engine_time import Arrival
from collector.domain.ids import SourceId
from collector.domain.outcome import Reason
from collector.pipeline import engine_draft
from collector.pipeline.engine_draft import EngineDraft
from collector.pipeline.engine_memory import KnownEngine
from tests.v3_world import ENGINE

_SECOND = 1_000_000
_SOURCE = SourceId(1)


@dataclass(frozen=True, slots=True)
class Message:
    """`sent` and `arrived` in seconds; the engine began at 0 for the `boots`-th time."""

    boots: int
    sent: int
    number: int
    arrived: int
    """On the clock that nobody sets."""
    apart: int = 0
    """How far the wall clock is ahead of it then."""

    @property
    def at(self) -> Arrival:
        return Arrival((self.arrived + self.apart) * _SECOND, self.arrived * _SECOND)


class Engine:
    """One engine over batches, commits and restarts."""

    def __init__(self) -> None:
        self.known: KnownEngine | None = None
        self.draft = self._begin()

    def _begin(self) -> EngineDraft:
        return EngineDraft(_SOURCE, ENGINE, self.known, peer="", at_us=0)

    def take(self, message: Message, *, late: bool = False) -> Reason:
        return self.draft.take(message.boots, message.sent, message.number, message.at, late=late)

    def commit(self, *, needed_from: int | Arrival) -> None:
        on_both = Arrival(needed_from * _SECOND, needed_from * _SECOND) if isinstance(needed_from, int) else needed_from
        self.draft.let_go(on_both)
        memo = self.draft.memo()
        known = self.known or KnownEngine(replace(memo, seconds={}, earlier_seconds={}))
        known.adopt(self.draft, memo)
        self.known = known
        self.draft = self._begin()

    def restart(self) -> None:
        """What is not committed is lost."""
        if self.known is not None:
            seconds = {second: ids.encode() for second, ids in self.known.seconds.items()}
            earlier = {second: ids.encode() for second, ids in self.known.earlier_seconds.items()}
            self.known = KnownEngine(replace(self.known.memo, seconds=seconds, earlier_seconds=earlier))
        self.draft = self._begin()


_wild = st.builds(
    Message,
    st.integers(0, 2),
    st.integers(0, 900),
    st.one_of(st.integers(0, 6), st.integers(0, 2**31 - 1)),
    st.integers(0, 2_000),
    st.sampled_from([0, 0, 400, -400, 90_000]),
)
_likely = st.builds(
    lambda sent, number, delay: Message(1, sent, 2 * number, sent + delay),
    st.integers(0, 400),
    st.integers(0, 20),
    st.integers(0, 100),
)
"""In the window for the most part, and each id a range of its own."""
_messages = st.one_of(_likely, _likely, _wild)
_steps = st.lists(st.one_of(_messages, st.sampled_from(["commit", "restart"]), st.integers(0, 60)), max_size=120)


@given(_steps, st.sampled_from([3, 20, 50_000]))
def test_nothing_is_believed_twice(steps: list[Message | str | int], most_ranges: int) -> None:
    """A number means: one of the messages before comes again. What a restart loses was not believed."""
    engine, committed, pending = Engine(), set[tuple[int, int, int]](), set[tuple[int, int, int]]()
    seen: list[Message] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_draft, "MOST_RANGES", most_ranges)
        patch.setattr(engine_draft, "_SHRUNK_RANGES", most_ranges * 3 // 4)
        for step in steps:
            if step == "commit":
                engine.commit(needed_from=min((one.arrived for one in seen[-3:]), default=0))
                committed, pending = committed | pending, set()
            elif step == "restart":
                engine.restart()
                pending = set()
            elif isinstance(step, Message) or (isinstance(step, int) and seen):
                message = step if isinstance(step, Message) else seen[step % len(seen)]
                seen.append(message)
                named = (message.boots, message.sent, message.number)
                if engine.take(message) is Reason.NONE:
                    assert named not in committed | pending
                    pending.add(named)


@given(
    st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 149), st.booleans()), max_size=80),
    st.integers(1, 20),
)
def test_an_honest_sender_is_believed_in_whatever_order_lanes_are_served(sent: list[tuple[int, int, bool]], batch: int) -> None:
    """Each message is sent at a second and arrives within the window; those of the bulk lane are judged when all others are."""
    messages = [Message(1, second, number, second + delay) for number, (second, delay, _) in enumerate(sent)]
    main = [message for message, (_, _, bulk) in zip(messages, sent, strict=True) if not bulk]
    bulk = [message for message, (_, _, bulk) in zip(messages, sent, strict=True) if bulk]
    queue = sorted(main, key=lambda one: one.arrived) + sorted(bulk, key=lambda one: one.arrived)
    engine = Engine()
    for place, message in enumerate(queue):
        assert engine.take(message) is Reason.NONE
        if place % batch == 0:
            engine.commit(needed_from=min(one.arrived for one in queue[place:]))
            engine.restart()


@given(
    st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 149), st.booleans()), max_size=80),
    st.lists(st.tuples(st.integers(0, 1_650), st.sampled_from([-90_000, -160, 160, 90_000])), max_size=3),
    st.sampled_from([0, 0, 700, 1_200]),
    st.integers(1, 20),
)
def test_an_honest_sender_is_believed_however_the_wall_clock_is_set_or_the_machine_starts(
    sent: list[tuple[int, int, bool]], steps: list[tuple[int, int]], machine_starts: int, batch: int
) -> None:
    """The bulk lane is judged when all others are. With the machine, a clock of its own begins; its wall clock is right then."""
    lanes: dict[bool, list[Message]] = {False: [], True: []}
    for number, (second, delay, bulk) in enumerate(sent):
        arrived = second + delay
        if machine_starts:
            begun = machine_starts if arrived >= machine_starts else 0
            lanes[bulk].append(Message(1, second, number, arrived - begun, begun))
        else:
            lanes[bulk].append(Message(1, second, number, arrived, sum(by for at, by in steps if at <= arrived)))
    for lane in lanes.values():
        lane.sort(key=lambda one: one.sent + sent[one.number][1])
    queue, engine = lanes[False] + lanes[True], Engine()
    for place, message in enumerate(queue):
        assert engine.take(message) is Reason.NONE
        if place % batch == 0:
            left = queue[place : len(lanes[False])], queue[max(place, len(lanes[False])) :]
            heads = [lane[0].at for lane in left if lane]
            engine.commit(needed_from=Arrival(min(at.wall_us for at in heads), min(at.steady_us for at in heads)))
            engine.restart()
        assert engine.take(message) is not Reason.NONE


@given(
    st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 149), st.booleans()), max_size=80),
    st.integers(0, 1_500),
    st.integers(1, 20),
)
def test_what_came_before_an_engine_began_again_is_believed_whenever_it_is_judged(
    sent: list[tuple[int, int, bool]], began: int, batch: int
) -> None:
    """The bulk lane is judged when all others are. What a network held up until the new boots had been heard of is too late."""
    queue: list[tuple[bool, int, Message]] = []
    for number, (second, delay, bulk) in enumerate(sent):
        boots, time = (2, second - began) if second >= began else (1, second)
        queue.append((bulk, second + delay, Message(boots, time, number, second + delay)))
    messages = [message for _, _, message in sorted(queue, key=lambda one: one[:2])]
    engine, until = Engine(), None
    assert engine.take(Message(1, 0, 9_999, 0)) is Reason.NONE
    for place, message in enumerate(messages):
        too_late = message.boots == 1 and until is not None and message.arrived >= until
        assert (engine.take(message) is Reason.NONE) is not too_late
        if message.boots == 2 and until is None:
            until = message.arrived
        if place % batch == 0:
            engine.commit(needed_from=min(one.arrived for one in messages[place:]))
            engine.restart()
        assert engine.take(message) is not Reason.NONE


@given(_steps, st.lists(_messages, max_size=20))
def test_what_is_judged_late_is_not_believed_twice_either(steps: list[Message | str | int], quarantine: list[Message]) -> None:
    """People have messages judged that were not when they came; copies of them were, or were not."""
    engine, believed = Engine(), set[tuple[int, int, int]]()
    seen: list[Message] = []
    for step in steps:
        if isinstance(step, str):
            engine.commit(needed_from=max((one.arrived for one in seen), default=0))
        elif isinstance(step, Message):
            seen.append(step)
            if engine.take(step) is Reason.NONE:
                believed.add((step.boots, step.sent, step.number))
    engine.commit(needed_from=max((one.arrived for one in seen), default=0))
    for message in [*quarantine, *seen]:
        named = (message.boots, message.sent, message.number)
        # what was believed late before is known by another memory, `recalling`
        if named in believed:
            assert engine.take(message, late=True) is not Reason.NONE
