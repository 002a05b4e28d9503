"""The tools of the benchmarks: what they send and count is right, and a benchmark in which work was skipped fails."""

import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.acceptance.senders import Address
from tests.benchmarks.__main__ import main, names
from tests.benchmarks.figures import CountsDiffer, Table, quantile, spread
from tests.benchmarks.mail_sender import Load, drive
from tests.benchmarks.trap_sender import SOURCES, TROUBLES, Sent, datagrams, send
from tests.benchmarks.traps import Tally, Trial, highest, most_sustained, trial
from tests.benchmarks.usage import cpu_seconds, memory_mib

RATES = range(1_000, 11_000, 1_000)
NOWHERE = ("127.0.0.1", 9)


class CountingTaker:
    """Deals with all that the sender below says it sends, or leaves some out."""

    address: Address = NOWHERE

    def __init__(self, *, skipped: int = 0, twice: int = 0, lost: int = 0) -> None:
        self._skipped, self._twice, self._lost = skipped, twice, lost
        self._tally = Tally(5, 0)

    def tally(self) -> Tally:
        return self._tally

    def cpu(self) -> Mapping[str, float]:
        return {"all": self._tally.taken * 10e-6}

    def send(self, target: Address, traps: int, rate: int) -> Sent:
        assert target == self.address
        self._tally = Tally(5 + traps - self._lost - self._skipped + self._twice, self._lost)
        return Sent(traps, traps / rate, 0.0)


def test_the_sender_sends_every_datagram_as_it_is_from_all_addresses() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sink.bind(("127.0.0.1", 0))
        sink.settimeout(5.0)
        assert send(sink.getsockname(), 1_010, 0).traps == 1_010
        got = [sink.recvfrom(2_000) for _ in range(1_010)]
        sink.setblocking(False)
        with pytest.raises(BlockingIOError):
            sink.recv(1)
    assert [octets for octets, _ in got] == [datagrams()[number % TROUBLES] for number in range(1_010)]
    assert len({address for _, (address, _) in got}) == SOURCES


def test_a_trial_says_what_a_trap_cost() -> None:
    taker = CountingTaker(lost=10)
    one = trial(taker, taker, 1_000, 1_000)
    assert (one.lost, round(one.cpu_us(), 6), round(one.cpu_us("all"), 6)) == (10, 10.0, 10.0)
    assert not one.is_sustained
    nearly = CountingTaker(lost=1)
    assert trial(nearly, nearly, 1_000, 1_000).is_sustained


@pytest.mark.parametrize(
    ("taker", "said"),
    [
        pytest.param(CountingTaker(skipped=1), "1 are unaccounted for", id="skipped"),
        pytest.param(CountingTaker(twice=2), "-2 are unaccounted for", id="done twice"),
    ],
)
def test_a_trial_whose_counts_differ_has_no_figures(taker: CountingTaker, said: str) -> None:
    with pytest.raises(CountsDiffer, match=said):
        trial(taker, taker, 1_000, 1_000, patience_seconds=0.0)


def trial_at(rate: int, seconds: float, capacity: float) -> Trial:
    return Trial(Sent(round(rate * seconds), seconds, 0.0), 0, max(0.0, rate * seconds / capacity - seconds), {})


@pytest.mark.parametrize("place", range(len(RATES) + 1))
def test_the_highest_rate_is_found_wherever_it_is(place: int) -> None:
    asked: list[int] = []

    def take(rate: int) -> Trial:
        asked.append(rate)
        return trial_at(rate, 30.0, place * 1_000 + 100)

    assert highest(RATES, take) == place
    assert len(asked) <= 4


def test_rates_far_above_what_came_through_are_not_tried() -> None:
    asked: list[int] = []

    def take(rate: int) -> Trial:
        asked.append(rate)
        return trial_at(rate, 30.0, 2_100)

    assert highest(range(1_000, 101_000, 1_000), take) == 2
    assert asked == [51_000, 2_000, 3_000]


def at_capacity(short: float, long: float) -> Trial | None:
    """Of a taker that manages `short` traps a second for a short time and `long` for a long one."""
    return most_sustained(
        lambda rate, seconds: trial_at(rate, seconds, short if seconds < 10 else long), RATES, short=5.0, long=30.0
    )


@pytest.mark.parametrize(
    ("short", "long", "rate"),
    [
        pytest.param(6_000, 6_000, 6_000, id="what holds for a while holds for longer"),
        pytest.param(8_000, 4_600, 4_000, id="it does not, and what came through is tried next"),
        pytest.param(99_000, 99_000, 10_000, id="never above the list"),
    ],
)
def test_the_most_sustained_is_confirmed_by_a_long_trial(short: float, long: float, rate: int) -> None:
    most = at_capacity(short, long)
    assert most is not None
    assert (most.sent.rate, most.sent.seconds) == (rate, 30.0)


def test_there_may_be_no_rate_that_is_sustained() -> None:
    assert at_capacity(500, 500) is None


def test_a_figure_is_the_median_with_its_range() -> None:
    assert (spread([3.0, 1.0, 2.0], 1), spread([1234.5])) == ("2.0 (1.0 to 3.0)", "1,234")


def test_a_quantile_of_too_few_values_is_refused() -> None:
    assert quantile(list(range(101)), 95) == 95
    with pytest.raises(ValueError, match="only 19 values"):
        quantile([1.0] * 19, 95)


def test_the_table_has_a_peer_or_says_why_not() -> None:
    table = Table()
    table.section("Traps", "peer 1.0")
    table.row("CPU", "us", [1.0, 3.0, 2.0], [5.0], digits=1)
    table.row("rate", "/s", [20_000.0], "not installed")
    table.value("wait, p95", "ms", 7.0, 1_500)
    assert table.text().splitlines() == [
        "Traps        collector         peer 1.0       unit  n",
        "  CPU        2.0 (1.0 to 3.0)  5.0            us    3",
        "  rate       20,000            not installed  /s    1",
        "  wait, p95  7                                ms    1,500",
    ]


_WORKER = "import os; sum(range(2_000_000)); print(sum(os.times()[:2]), flush=True); input()"


def test_processor_time_and_memory_are_those_of_the_process() -> None:
    with subprocess.Popen([sys.executable, "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        told = float(worker.stdout.readline())
        assert told - 0.05 <= cpu_seconds(worker.pid) <= told + 0.05
        assert 1 < memory_mib([worker.pid]) < 10_000
        worker.stdin.close()
    assert (cpu_seconds(2**22 + 1), memory_mib([2**22 + 1])) == (0.0, 0.0)


@contextmanager
def mail_server(replies: Iterable[bytes]) -> Iterator[Address]:
    """Says these replies to one client, one for each line or mail it gets, until they end or the client does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.settimeout(5.0)
                for number, reply in enumerate(replies):
                    if number and not client.recv(65_536):
                        return
                    client.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()
        thread.join()


GREETING = (b"220 here\r\n", b"250-here\r\n250 all\r\n")
MAIL = (b"250 from\r\n", b"250 to\r\n", b"354 go\r\n", b"250 stored\r\n")


def load(target: Address, *, seconds: float) -> Load:
    return Load(target, [b"Subject: x\r\n\r\nbody\r\n"], "a@b.example", new_connection=False, seconds=seconds, clients=1)


def test_every_mail_that_got_its_250_counts() -> None:
    said: list[bytes] = []

    def replies() -> Iterator[bytes]:
        for reply in itertools.chain(GREETING, itertools.cycle(MAIL)):
            said.append(reply)
            yield reply

    with mail_server(replies()) as target:
        delivered = drive(load(target, seconds=0.05))
    assert delivered.mails == len(delivered.waits_ms) == said.count(MAIL[-1]) > 0


@pytest.mark.parametrize(
    ("replies", "failure"),
    [
        pytest.param((*GREETING, *MAIL[:3], b"451 later\r\n"), RuntimeError, id="the mail is refused"),
        pytest.param((*GREETING, MAIL[0], b"550 unknown\r\n"), RuntimeError, id="the recipient is refused"),
        pytest.param(GREETING, ConnectionError, id="the connection ends too early"),
    ],
)
def test_a_mail_that_is_not_taken_ends_the_load(replies: tuple[bytes, ...], failure: type[Exception]) -> None:
    with mail_server(replies) as target, pytest.raises(failure):
        drive(load(target, seconds=60.0))


def test_a_benchmark_whose_counts_differ_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def skip() -> None:
        raise CountsDiffer("3 are unaccounted for")

    monkeypatch.setitem(sys.modules, "tests.benchmarks.bench_decoder", SimpleNamespace(main=skip))
    assert main(["bench_decoder"]) == 1
    assert "NO FIGURES: 3 are unaccounted for" in capsys.readouterr().err


def test_a_benchmark_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench_nothing"]) == 2
    assert "no benchmark bench_nothing" in capsys.readouterr().err
    assert {"bench_overview", "bench_chain", "bench_smtp", "bench_decoder", "bench_journal", "bench_rules"} <= set(names())
