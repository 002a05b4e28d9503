"""Whatever people, consoles and time do to a case, and in whatever order: its messages are numbered without a gap from
`case.opened` on, there is one for every change worth telling, and none is ever altered."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.actions import Act, Actions
from collector.domain.case import Case, Verb, Verdict
from collector.domain.case_facts import Contact
from collector.domain.errors import Conflict, Rejected
from collector.domain.message import PULL, TOLD
from collector.store.case_log import LogEntry
from collector.store.messages import MessageFilter, read_messages
from tests.builders import TERMS
from tests.databases import SqliteDatabases
from tests.feed_kit import stored
from tests.pipeline_world import World

SIGNALS = ("raise k 1", "raise k 3", "clear k", "threat t", "contained t")
SILENT = {"portal": PULL, "desk": "desk", "noc": None}
"""Who acts → for which destination."""


@dataclass(frozen=True, slots=True)
class Signals:
    texts: list[str]


@dataclass(frozen=True, slots=True)
class Doing:
    verb: Verb
    who: str


@dataclass(frozen=True, slots=True)
class Passing:
    minutes: int


steps = st.lists(
    st.one_of(
        st.builds(Signals, st.lists(st.sampled_from(SIGNALS), min_size=1, max_size=4)),
        st.builds(Doing, st.sampled_from(list(Verb)), st.sampled_from(sorted(SILENT))),
        st.builds(Passing, st.sampled_from([1, 14, 16, 61, 60 * 30])),
    ),
    max_size=14,
)


def do(world: World, actions: Actions, step: Signals | Doing | Passing) -> None:
    match step:
        case Signals(texts):
            for text in texts:
                world.trap(text)
            world.process()
        case Doing(verb, who):
            for case in world.cases():
                with suppress(Conflict, Rejected):
                    actions.perform(act(case, verb, who))
        case Passing(minutes):
            world.clock.move(timedelta(minutes=minutes))
            passing = world.passing_time()
            passing.end_quiet_cases(until=world.clock.now())
            passing.pass_deadlines()
            passing.tell_repeats()


def act(case: Case, verb: Verb, who: str) -> Act:
    return Act(
        external_key=case.external_key,
        verb=verb,
        actor=f"key:{who}",
        text="said",
        contact=Contact("Ana", "phone"),
        assignee=who,
        destination=SILENT[who],
    )


def worth_telling(entry: LogEntry) -> bool:
    return entry.verdict in TOLD or bool(entry.detail.get("relapsed"))


def expected(log: list[LogEntry]) -> list[Verdict]:
    """What must have been told, beginning when the case is no longer contained; not what the feed's own readers did."""
    return [entry.verdict for entry in log if worth_telling(entry) and entry.actor != "key:portal"]


@settings(max_examples=25)
@given(steps)
def test_messages_are_numbered_told_once_and_never_altered(sequence: list[Signals | Doing | Passing]) -> None:
    with TemporaryDirectory() as directory, SqliteDatabases(Path(directory)).store() as store:
        world = World(store)
        actions = Actions(store, world.clock, nullcontext, TERMS)
        before: list[tuple[int, str]] = []
        for step in [Signals(["raise k 3"]), *sequence]:
            do(world, actions, step)
            with store.read() as connection:
                now = [(one.position, one.body) for one in read_messages(connection, MessageFilter(), after=0, limit=100_000)]
            assert now[: len(before)] == before
            before = now
        assert_complete(world)


def assert_complete(world: World) -> None:
    messages = stored(world.store)
    assert [message["position"] for message in messages] == list(range(1, len(messages) + 1))
    for case in world.cases():
        mine = [one for one in messages if one["data"]["case"]["external_key"] == case.external_key]
        assert [one["seq"] for one in mine] == list(range(1, len(mine) + 1))
        assert case.handed_seq == len(mine)
        assert all((one["type"] == "case.opened") == (one["seq"] == 1) for one in mine)
        told = [one["data"]["change"]["what"] for one in mine if not is_repeat(one["data"]["change"])]
        due = [verdict.value for verdict in expected(world.log(case))]
        # while a threat is contained nobody is told: what was worth telling then is not made up for
        assert told == due[len(due) - len(told) :]
        assert told == due or any(entry.verdict is Verdict.CONTAINED for entry in world.log(case))


def is_repeat(change: dict[str, object]) -> bool:
    """A word on further occurrences: time tells it, no line of the history does."""
    return change["what"] == "joined" and change["by"] == "collector"
