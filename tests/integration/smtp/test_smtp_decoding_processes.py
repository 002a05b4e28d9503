"""Decoding in processes of their own: order, time limit, death, full pipes. The misbehaviour is in `tests.smtp_decoders`."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.domain.clock import SystemClock
from collector.domain.errors import Unavailable
from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp.child import Failure, Settings
from receivers.smtp.pool import MailDecoder
from tests.smtp_receiver_kit import DEADLINE

OBEY = Settings(function="tests.smtp_decoders:obey", time_limit=timedelta(seconds=0.4))


def texts(results: list[object]) -> list[str]:
    return [result.text if isinstance(result, Mail) else "-" for result in results]


@pytest.fixture
def obeying() -> Iterator[MailDecoder]:
    with MailDecoder(clock=SystemClock(), settings=OBEY) as decoder:
        yield decoder


def test_real_mails_are_decoded_in_order() -> None:
    raws = [f"Subject: {n}\r\n\r\ntext {n}".encode() for n in range(500)]
    with MailDecoder(clock=SystemClock(), processes=2) as decoder:
        results = decoder.decode_many(raws)
        assert [result.subject for result in results if isinstance(result, Mail)] == [str(n) for n in range(500)]
        assert decoder.counters.decoded == 500


def test_no_mails_need_no_process(obeying: MailDecoder) -> None:
    assert obeying.decode_many([]) == []


@pytest.mark.parametrize("raws", [[b""], [b"", b"a", b"", b""], [b"a", b""]], ids=repr)
def test_a_mail_of_nothing_holds_nobody_up(raws: list[bytes]) -> None:
    results: list[object] = []

    def decode() -> None:
        with MailDecoder(clock=SystemClock(), settings=OBEY) as decoder:
            results.extend(decoder.decode_many(raws))

    decoding = threading.Thread(target=decode, daemon=True)
    decoding.start()
    decoding.join(DEADLINE)
    assert not decoding.is_alive()
    assert texts(results) == [raw.decode() for raw in raws]


def test_full_pipes_on_both_sides_do_not_stop_the_line(obeying: MailDecoder) -> None:
    raws = [bytes([65 + n % 26]) * 700_000 for n in range(20)]
    assert texts([*obeying.decode_many(raws)]) == [raw.decode() for raw in raws]


def test_a_mail_that_hangs_is_given_up_after_two_tries_and_the_others_do_not_notice(obeying: MailDecoder) -> None:
    results = obeying.decode_many([b"a", b"hang", b"b", b"c"])
    assert texts([*results]) == ["a", "-", "b", "c"]
    assert results[1] == NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_TIMEOUT, "timeout")
    assert obeying.counters.failures[Failure.TIMEOUT] == 2
    assert obeying.counters.given_up == 1


def test_a_mail_that_kills_its_process_is_given_up_after_two_tries(obeying: MailDecoder) -> None:
    results = obeying.decode_many([b"a", b"die", b"b", b"die", b"c"])
    assert texts([*results]) == ["a", "-", "b", "-", "c"]
    assert results[1] == NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, "died")
    assert obeying.counters.failures[Failure.DIED] == 4


def test_a_process_that_dies_once_costs_no_mail(obeying: MailDecoder, tmp_path: Path) -> None:
    mark = f"once {tmp_path / 'mark'}"
    assert texts([*obeying.decode_many([b"a", mark.encode(), b"b"])]) == ["a", mark, "b"]


def test_a_process_killed_between_two_batches_is_nobodys_fault(obeying: MailDecoder, tmp_path: Path) -> None:
    obeying.decode_many([b"a"])
    (child,) = obeying._children
    assert child is not None
    child._process.kill()
    child._process.wait()
    twice = f"once {tmp_path / 'mark'}".encode()
    assert texts([*obeying.decode_many([twice])]) == [twice.decode()]
    assert obeying.counters.failures[Failure.DIED] == 2


def test_a_decoder_that_raises_or_runs_out_of_memory_answers_all_the_same(obeying: MailDecoder) -> None:
    results = obeying.decode_many([b"fail", b"eat", b"a"])
    assert [result.detail for result in results if isinstance(result, NotDecoded)] == ["ZeroDivisionError", "MemoryError"]
    assert obeying.counters.failures[Failure.DIED] == 0


def test_what_a_library_prints_does_not_stand_between_the_answers(obeying: MailDecoder) -> None:
    assert texts([*obeying.decode_many([b"print", b"a"])]) == ["print", "a"]


def test_a_process_that_answers_nonsense_is_replaced(obeying: MailDecoder) -> None:
    results = obeying.decode_many([b"a", b"babble", b"b"])
    assert texts([*results]) == ["a", "-", "b"]
    assert obeying.counters.failures[Failure.CONFUSED] == 2


def test_processes_that_cannot_start_say_nothing_about_the_mails() -> None:
    with (
        MailDecoder(clock=SystemClock(), settings=Settings(function="tests.smtp_decoders:missing")) as decoder,
        pytest.raises(Unavailable),
    ):
        decoder.decode_many([b"a"])


def test_closing_ends_the_process_and_decoding_starts_another(obeying: MailDecoder) -> None:
    obeying.decode_many([b"a"])
    (child,) = obeying._children
    assert child is not None
    obeying.close()
    assert child._process.returncode == 0
    assert texts([*obeying.decode_many([b"b"])]) == ["b"]


def test_the_process_ends_when_its_input_does() -> None:
    command = [sys.executable, "-m", "receivers.smtp.worker", "receivers.smtp.decode:decode", str(512 << 20), "10"]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


def test_the_process_kills_itself_when_nobody_is_left_to_do_it() -> None:
    command = [sys.executable, "-m", "receivers.smtp.worker", OBEY.function, str(512 << 20), "0.2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"\0\0\0\4hang")
        process.stdin.flush()
        assert process.wait(timeout=60) == -14


def test_the_process_does_not_inherit_our_environment(obeying: MailDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLECTOR__STORE__URL", "secret")
    obeying.decode_many([b"a"])
    (child,) = obeying._children
    assert child is not None
    assert b"COLLECTOR" not in Path(f"/proc/{child._process.pid}/environ").read_bytes()
    assert os.environ["COLLECTOR__STORE__URL"] == "secret"


def test_the_largest_mail_fits_into_the_memory_limit() -> None:
    attachment = b"Subject: s\r\nContent-Transfer-Encoding: base64\r\nContent-Type: application/zip\r\n\r\n" + b"QUJD" * 6_500_000
    with MailDecoder(clock=SystemClock(), settings=Settings(time_limit=timedelta(seconds=30))) as decoder:
        (result,) = decoder.decode_many([attachment])
    assert isinstance(result, Mail)
    assert result.attachments[0].size == 3 * 6_500_000
