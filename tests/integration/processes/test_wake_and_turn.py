"""Wake-ups and the writers' turn, between real processes and threads."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.stop import StopFlag
from collector.wake import WakeListener, Waker
from collector.writer_turn import WriterTurn

Until = Callable[[Callable[[], object], str], None]


@pytest.fixture(
    params=[pytest.param(20, id="short path"), pytest.param(107, id="longest direct path"), pytest.param(400, id="long path")]
)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A socket path of about that many octets."""
    directory, octets = tmp_path, int(request.param)
    while len(str(directory)) < octets - 60:
        directory /= "d" * 50
    directory.mkdir(parents=True, exist_ok=True)
    return directory / ("s" * max(1, octets - len(str(directory)) - 1))


def test_a_wake_up_ends_the_wait(path: Path) -> None:
    listener, waker = WakeListener(path), Waker(path)
    thread = threading.Thread(target=waker.wake)
    thread.start()
    assert listener.wait(30)
    thread.join()
    assert not listener.wait(0)
    listener.close()
    waker.close()
    assert not path.exists()


def test_many_wake_ups_are_one(tmp_path: Path) -> None:
    listener, waker = WakeListener(tmp_path / "w"), Waker(tmp_path / "w")
    for _ in range(10_000):
        waker.wake()
    assert listener.wait(0)
    assert not listener.wait(0)
    listener.close()
    waker.close()


def test_waking_nobody_is_harmless(path: Path, tmp_path: Path) -> None:
    for nobody in (Waker(path), Waker(tmp_path / "missing directory" / "w"), Waker(tmp_path / "missing" / ("d" * 200) / "w")):
        nobody.wake()
        nobody.close()


def test_a_successor_takes_the_path_over_and_its_predecessor_leaves_it_alone(path: Path) -> None:
    first = WakeListener(path)
    second, waker = WakeListener(path), Waker(path)
    first.close()
    waker.wake()
    assert second.wait(0)
    second.close()
    waker.close()


def test_a_waker_finds_the_listener_that_came_after_it(path: Path) -> None:
    waker = Waker(path)
    waker.wake()
    listener = WakeListener(path)
    assert not listener.wait(0)
    waker.wake()
    assert listener.wait(0)
    listener.close()
    waker.close()


def test_a_stop_flag_ends_the_wait_without_a_wake_up(tmp_path: Path) -> None:
    listener, stop = WakeListener(tmp_path / "w"), StopFlag()
    stop.set()
    assert not listener.wait(30, interrupt=stop.fileno())
    listener.close()
    stop.close()


def test_only_we_may_wake(tmp_path: Path) -> None:
    listener = WakeListener(tmp_path / "w")
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o600
    listener.close()


def test_nobody_waits_for_the_turn_until_somebody_says_so(tmp_path: Path) -> None:
    process, api = WriterTurn(tmp_path / "turn"), WriterTurn(tmp_path / "turn")
    assert not process.someone_waits()
    with api.waiting(), api.waiting():
        assert process.someone_waits()
    assert not process.someone_waits()
    process.close()
    api.close()


def test_a_failing_waiter_gives_its_turn_back(tmp_path: Path) -> None:
    turn = WriterTurn(tmp_path / "turn")
    with pytest.raises(RuntimeError), turn.waiting():
        raise RuntimeError
    assert not turn.someone_waits()
    turn.close()


def test_the_kernel_takes_the_turn_back_from_a_killed_waiter(tmp_path: Path, until: Until) -> None:
    turn = WriterTurn(tmp_path / "turn")
    program = (
        "import sys; from pathlib import Path; from collector.writer_turn import WriterTurn\n"
        "with WriterTurn(Path(sys.argv[1])).waiting():\n    print('waiting', flush=True); sys.stdin.read()"
    )
    waiter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "turn")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert waiter.stdout is not None
    assert select.select([waiter.stdout], [], [], 30)[0]
    assert turn.someone_waits()
    waiter.kill()
    waiter.communicate()
    until(lambda: not turn.someone_waits(), "the turn is free")
    turn.close()
