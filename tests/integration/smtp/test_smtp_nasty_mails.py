"""Whatever mail comes: it is answered 250, stored as it was sent, and decoded or given up, within bounds of time and memory."""

import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.domain.clock import SystemClock
from collector.domain.mail import Mail, MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp.decode import decode
from receivers.smtp.pool import MailDecoder
from tests.nasty_mails import SEEDS, bombs, large_bombs, nasty, zip_bomb
from tests.smtp_receiver_kit import RECIPIENT, Client, World, receiving

SIZE_LIMIT = 25 << 20
MOST_GROWTH_KB = 200 << 10


def sent(raws: Sequence[bytes]) -> list[bytes]:
    """What is in the journal after a client has sent them, each answered 250."""
    with receiving() as (world, _):
        for at in range(0, len(raws), 20):
            with Client(world.address) as client:
                client.reply()
                client.say(b"EHLO client.example")
                for raw in raws[at : at + 20]:
                    _send(client, raw)
        return stored(world)


def _send(client: Client, raw: bytes) -> None:
    client.say(b"MAIL FROM:<sepm@console.example>")
    client.say(f"RCPT TO:<{RECIPIENT}>".encode())
    assert client.say(b"DATA").startswith("354")
    stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
    assert client.say(stuffed + b".").startswith("250 ")


def stored(world: World) -> list[bytes]:
    return [record.payload for record in world.journal.mails]


def test_nasty_mails_are_stored_as_they_were_sent() -> None:
    raws = [nasty(seed) for seed in SEEDS]
    assert len(set(raws)) >= 300
    assert sent(raws) == raws


@pytest.mark.full
def test_bombs_are_stored_as_they_were_sent() -> None:
    raws = [raw for _, raw in bombs()]
    assert sent(raws) == raws


def is_answer(result: MailResult) -> bool:
    """Decoded, or given up for a reason that is the mail's: never a fault of the decoder."""
    if isinstance(result, Mail):
        return True
    return result.outcome is Outcome.UNDECODABLE and result.reason is not Reason.DECODER_FAILED


@pytest.mark.parametrize("seed", SEEDS)
def test_a_nasty_mail_is_decoded_or_undecodable(seed: int) -> None:
    raw = nasty(seed)
    before = bytes(bytearray(raw))
    assert is_answer(decode(raw))
    assert raw == before


@pytest.fixture
def decoder() -> Iterator[MailDecoder]:
    """As in production: 5 seconds and 512 MB of address space."""
    with MailDecoder(clock=SystemClock()) as running:
        yield running


def warm(decoder: MailDecoder) -> object:
    """Its process, which has decoded something."""
    assert isinstance(decoder.decode_many([b"Subject: small\r\n\r\n"])[0], Mail)
    return decoder._children[0]


def memory_kb(decoder: MailDecoder, name: str) -> int:
    (child,) = decoder._children
    assert child is not None
    (found,) = re.findall(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{child._process.pid}/status").read_text(), re.MULTILINE)
    return int(found)


def test_nasty_mails_are_decoded_in_little_memory(decoder: MailDecoder) -> None:
    decoded_in_little_memory(decoder, [nasty(seed) for seed in SEEDS])


@pytest.mark.full
def test_bombs_are_decoded_in_little_memory(decoder: MailDecoder) -> None:
    decoded_in_little_memory(decoder, [raw for _, raw in bombs()])


@pytest.mark.full
def test_bombs_of_the_largest_size_are_decoded_in_little_memory(decoder: MailDecoder) -> None:
    for _, raw in large_bombs(SIZE_LIMIT):
        decoded_in_little_memory(decoder, [raw])


def decoded_in_little_memory(decoder: MailDecoder, raws: Sequence[bytes]) -> None:
    process = warm(decoder)
    before = memory_kb(decoder, "VmRSS")
    results = decoder.decode_many(raws)
    assert [number for number, result in enumerate(results) if not is_answer(result)] == []
    if decoder._children[0] is process:  # it is another one when the machine is too slow for 5 s, and the mail may be given up
        assert memory_kb(decoder, "VmHWM") - before <= MOST_GROWTH_KB


def test_the_largest_mail_takes_little_memory(decoder: MailDecoder) -> None:
    warm(decoder)
    before = memory_kb(decoder, "VmRSS")
    head = b"Subject: s\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    (result,) = decoder.decode_many([head + (b"QUJD" * 18 + b"\r\n") * 350_000])
    if isinstance(result, NotDecoded):
        assert result.reason is Reason.DECODER_TIMEOUT
    else:
        assert [attached.size for attached in result.attachments] == [54 * 350_000]
        assert memory_kb(decoder, "VmHWM") - before <= MOST_GROWTH_KB


def test_a_zip_bomb_is_listed_as_it_came() -> None:
    raw = zip_bomb()
    result = decode(raw)
    assert isinstance(result, Mail)
    assert result.text == "row"
    assert [attached.name for attached in result.attachments] == ["a.zip"]
    assert result.attachments[0].size < len(raw)


def library_mails() -> list[Path]:
    """The mails that CPython tests its own parser with, where the interpreter has its tests."""
    found = importlib.util.find_spec("test.test_email") if importlib.util.find_spec("test") else None
    if found is None or found.origin is None:
        return []
    return sorted((Path(found.origin).parent / "data").glob("msg_*.txt"))


def test_the_mails_that_the_standard_library_tests_itself_with_are_stored_and_decoded(decoder: MailDecoder) -> None:
    paths = library_mails()
    if not paths:
        pytest.skip("this interpreter comes without the tests of the standard library")
    raws = [path.read_bytes() + b"\r\n" for path in paths]
    assert sent(raws) == raws
    results = dict(zip([path.name for path in paths], decoder.decode_many(raws), strict=True))
    assert [name for name, result in results.items() if not is_answer(result)] == []
