"""A raw client against the running receiver, doing what no client should: whatever it sends, only what was sent as one mail is
stored as one, and a console beside it is served."""

import base64
from collections.abc import Iterator

import pytest

from collector.journal.envelope import decode_envelope
from tests.smtp_receiver_kit import QUICK, RECIPIENT, Client, World, receiving, until

BEGIN = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + RECIPIENT.encode() + b">\r\nDATA\r\n"
SMUGGLED = b"MAIL FROM:<root@bank.example>\r\nRCPT TO:<beta@alerts.example>\r\nDATA\r\nsmuggled\r\n"
END = b"\r\n.\r\n"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One receiver for all: each abuse meets what the ones before it left."""
    with receiving() as (running, receiver):
        yield running
        until(lambda: receiver.counters.open == 0, "nobody is left inside")
        assert receiver.failure is None
        assert receiver.counters.memory.held == 0


@pytest.fixture(autouse=True)
def _a_console_is_served(world: World) -> Iterator[None]:
    """After each abuse, while it may still be open."""
    world.journal.batches.clear()
    yield
    with Client(world.address, source="127.0.0.9") as console:
        console.begin("beta@alerts.example")
        assert console.say(b"good mail\r\n.").startswith("250 2.0.0")
    assert world.journal.mails[-1].payload == b"good mail\r\n"


def said(world: World, octets: bytes) -> list[str]:
    """The last lines of all replies to what is sent, up to the end of the connection."""
    with Client(world.address) as client:
        client.send_in_pieces(octets)
        client.half_close()
        return [line.decode()[:3] for line in client.rest().split(b"\r\n") if line and line[3:4] == b" "]


def stored(world: World) -> list[tuple[str, bytes]]:
    return [(decode_envelope(mail.envelope).mail_from, mail.payload) for mail in world.journal.mails]


LINE_ENDS = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\x00\r\n", b"\x0b", b"\x0c", b"\x85", b"\xe2\x80\xa8"]
ALMOST = [before + b"." + after for before in LINE_ENDS for after in LINE_ENDS if (before, after) != (b"\r\n", b"\r\n")]
ENDING = {before + b"." + after for before in LINE_ENDS for after in LINE_ENDS if END in before + b"." + after}
"""With a line end before that ends in CR LF: that is the true end, whatever stands before it."""


@pytest.mark.parametrize("almost", [form for form in ALMOST if form not in ENDING], ids=repr)
def test_no_other_end_of_line_ends_a_mail(almost: bytes, world: World) -> None:
    codes = said(world, BEGIN + b"first" + almost + SMUGGLED + b".\r\nQUIT\r\n")
    assert codes == ["220", "250", "250", "250", "354", "250", "221"]
    ((sender, payload),) = stored(world)
    assert sender == "a@b.example"
    assert payload == (b"first" + almost + SMUGGLED).replace(b"\r\n.", b"\r\n")


@pytest.mark.parametrize("ending", sorted(ENDING), ids=repr)
def test_what_holds_the_one_true_end_ends_there(ending: bytes, world: World) -> None:
    said(world, BEGIN + b"first" + ending + b"QUIT\r\n")
    content, _, _ = (b"first" + ending).partition(END)
    assert stored(world) == [("a@b.example", content + b"\r\n")]


@pytest.mark.parametrize("form", [END[:length] for length in range(len(END))], ids=repr)
def test_a_mail_that_breaks_off_is_not_stored(form: bytes, world: World) -> None:
    assert said(world, BEGIN + b"Subject: half a mail\r\n\r\ntext" + form)[:5] == ["220", "250", "250", "250", "354"]
    assert stored(world) == []


@pytest.mark.parametrize("cut", range(0, len(BEGIN), 7))
def test_a_dialogue_that_breaks_off_leaves_nothing(cut: int, world: World) -> None:
    said(world, BEGIN[:cut])
    assert stored(world) == []


MAIL, TO = b"EHLO x\r\nMAIL FROM:<a@b>\r\n", b"RCPT TO:<beta@alerts.example>\r\n"
OUT_OF_TURN = [
    pytest.param(b"DATA\r\n" + SMUGGLED, "503 503 503 503 500", id="DATA first"),
    pytest.param(b"EHLO x\r\nDATA\r\ntext\r\n.\r\n", "250 503 500 500", id="content behind a DATA that was refused"),
    pytest.param(
        MAIL + b"RCPT TO:<nobody@alerts.example>\r\nDATA\r\ntext\r\n.\r\n", "250 250 550 503 500 500", id="no recipient"
    ),
    pytest.param(MAIL + b"RSET\r\n" + TO + b"DATA\r\n", "250 250 250 503 503", id="RSET"),
    pytest.param(MAIL + b"EHLO y\r\n" + TO + b"DATA\r\n", "250 250 250 503 503", id="EHLO"),
    pytest.param(b"MAIL FROM:<a@b>\r\nEHLO x\r\nRCPT TO:<beta@alerts.example>\r\n", "503 250 503", id="EHLO too late"),
    pytest.param(BEGIN[:-6] + b"QUIT\r\nDATA\r\ntext\r\n.\r\n", "250 250 250 221", id="behind QUIT"),
    pytest.param(b"EHLO x\r\nBDAT 6 LAST\r\ntext\r\n", "250 502 500", id="BDAT"),
    pytest.param(b"EHLO x\r\nAUTH PLAIN AGEAYg==\r\n", "250 502", id="AUTH in the clear"),
    pytest.param(b"EHLO x\r\nAUTH LOGIN\r\n" + base64.b64encode(b"a") + b"\r\n", "250 502 500", id="AUTH LOGIN in the clear"),
    pytest.param(b"EHLO x\r\nSTARTTLS\r\nNOOP\r\n", "250 502 250", id="STARTTLS where there is none"),
    pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + BEGIN + b"via HTTP", "500 500 500 250 250 250 354", id="a browser"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", "500", id="TLS where the clear is spoken"),
]


@pytest.mark.parametrize(("octets", "codes"), OUT_OF_TURN)
def test_commands_out_of_turn_store_nothing(octets: bytes, codes: str, world: World) -> None:
    assert " ".join(said(world, octets)) == f"220 {codes}"
    assert stored(world) == []


@pytest.mark.parametrize("octets", [b"x" * 3_000_000, b"\x00" * 3_000_000, b"MAIL FROM:<" + b"(" * 3_000_000, b"\r" * 3_000_000])
def test_a_command_without_an_end_is_not_kept(octets: bytes, world: World) -> None:
    codes = said(world, octets + b"\r\nNOOP\r\nQUIT\r\n")
    assert codes == ["220", "500", "250", "221"]
    assert stored(world) == []


def test_lines_of_nothing_end_with_too_many_errors(world: World) -> None:
    assert said(world, b"\r\n" * 100) == ["220", *["500"] * QUICK.errors, "421"]


@pytest.mark.parametrize("line", [b"x" * 3_000_000, b"\x00" * 3_000_000, b"." * 3_000_000], ids=["x", "NUL", "dots"])
def test_a_line_of_content_without_an_end_is_content(line: bytes, world: World) -> None:
    assert said(world, BEGIN + b"l" + line + END + b"QUIT\r\n")[-2:] == ["250", "221"]
    assert stored(world) == [("a@b.example", b"l" + line + b"\r\n")]


@pytest.mark.parametrize("place", [b"EHLO \x00\r\n", b"EHLO x\r\nMAIL FROM:<\x00@b>\r\n", b"NO\x00OP\r\n"], ids=repr)
def test_a_nul_in_a_command_does_no_harm(place: bytes, world: World) -> None:
    assert said(world, place + b"QUIT\r\n")[-1] == "221"
    assert stored(world) == []


def test_who_hangs_up_without_reading_leaves_what_he_completed_and_no_more(world: World) -> None:
    for _ in range(20):
        client = Client(world.address)
        client.send(BEGIN + b"whole" + END + BEGIN[8:] + b"half")
        client.reset()
    with Client(world.address) as client:
        client.begin()
    assert {payload for _, payload in stored(world)} <= {b"whole\r\n"}
