"""The dialogue octet by octet: what is said to which octets, and which mails come out. aiosmtpd with our ways, no sockets."""

import ast
import inspect
import logging
from dataclasses import replace

import aiosmtpd.smtp
import hypothesis.strategies as st
import pytest
from hypothesis import given

from collector.domain.item import Envelope, TallyReason
from collector.snapshot import Snapshot, SnapshotView
from receivers.smtp import replies
from receivers.smtp.connection import LINE_LIMIT
from receivers.smtp.content import HEAD_OCTETS, Content, Memory
from receivers.smtp.door import Terms
from receivers.smtp.replies import Reply
from tests.smtp_connection_kit import Mail, Talk, terms
from tests.smtp_receiver_kit import SNAPSHOT, StillClock

BEGIN = b"EHLO console.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<acme-sepm@alerts.example>\r\nDATA\r\n"


def view(*, fresh: bool = True, snapshot: Snapshot | None = SNAPSHOT) -> SnapshotView:
    found = SnapshotView(StillClock(), snapshot)
    if fresh and snapshot is not None:
        found.confirm(snapshot)
    return found


def test_a_client_is_greeted_by_name_and_told_what_we_can() -> None:
    with Talk() as talk:
        assert talk.greeting == b"220 mx.example ESMTP\r\n"
        assert talk.octets(b"EHLO x\r\n").split(b"\r\n")[:-1] == [
            b"250-mx.example",
            b"250-SIZE 10000",
            b"250-8BITMIME",
            b"250-SMTPUTF8",
            b"250-PIPELINING",
            b"250 ENHANCEDSTATUSCODES",
        ]


def test_a_mail_comes_out_as_it_went_in_with_all_its_recipients() -> None:
    with Talk() as talk:
        said = talk.say(
            b"EHLO console.example\r\nMAIL FROM:<> SIZE=99 BODY=8BITMIME SMTPUTF8\r\n"
            b"RCPT TO:<Acme-SEPM+Server1@ALERTS.example>\r\n"
            b"RCPT TO:<nobody@alerts.example>\r\nRCPT TO:<beta@alerts.example>\r\n"
            b"DATA\r\nSubject: s\r\n\r\n..dot\r\n.x\r\n\xe1\r\n.\r\n"
        )
        assert [line[:3] for line in said] == [b"250", b"250", b"250", b"550", b"250", b"354", b"250"]
        assert said[-1] == b"250 2.0.0 Ok: stored as smtp-0-abcdef-1"
        recipients = ("Acme-SEPM+Server1@ALERTS.example", "beta@alerts.example")
        assert talk.mails == [
            Mail(Envelope("", recipients, "console.example", smtp_utf8=True), b"Subject: s\r\n\r\n.dot\r\nx\r\n\xe1\r\n")
        ]


def test_a_mail_without_any_content_is_a_mail() -> None:
    with Talk() as talk:
        assert talk.codes(BEGIN + b".\r\n")[-1] == 250
        assert talk.mails[0].octets == b""


def test_octets_that_are_no_characters_are_kept_as_something_readable() -> None:
    with Talk() as talk:
        begin = BEGIN.replace(b"console", b"\xffconsole").replace(b"<a@", b"<se\xf1or.\xc3\xb1@")
        assert talk.codes(begin + b"text\r\n.\r\n")[-1] == 250
        assert talk.mails[0].envelope.helo == "\\xffconsole.example"
        assert talk.mails[0].envelope.mail_from == "se\\xf1or.\xf1@b.example"


RECIPIENTS = [
    pytest.param("<acme-sepm@alerts.example>", view(), replies.RECIPIENT_OK, id="known"),
    pytest.param("<ACME-SEPM@Alerts.Example>", view(), replies.RECIPIENT_OK, id="in any case"),
    pytest.param("<acme-sepm+x@alerts.example>", view(), replies.RECIPIENT_OK, id="with something behind a plus"),
    pytest.param("<acme-sepm+@alerts.example>", view(), replies.RECIPIENT_OK, id="with nothing behind a plus"),
    pytest.param('<"acme-sepm"@alerts.example>', view(), replies.RECIPIENT_OK, id="quoted"),
    pytest.param(" acme-sepm@alerts.example ", view(), replies.RECIPIENT_OK, id="without brackets"),
    pytest.param("<@relay.example:acme-sepm@alerts.example>", view(), replies.RECIPIENT_OK, id="with a source route"),
    pytest.param("<acme-sepm@alerts.example>", view(fresh=False), replies.RECIPIENT_OK, id="known, not fresh"),
    pytest.param("<nobody@alerts.example>", view(), replies.UNKNOWN_MAILBOX, id="unknown"),
    pytest.param("<nobody@alerts.example>", view(fresh=False), replies.NOT_READY, id="not known to be unknown"),
    pytest.param("<nobody@alerts.example>", view(snapshot=None), replies.NOT_READY, id="nothing known at all"),
    pytest.param("<acme-sepm@other.example>", view(), replies.RELAYING_DENIED, id="another domain"),
    pytest.param("<acme-sepm@other.example>", view(fresh=False), replies.RELAYING_DENIED, id="another domain, not fresh"),
    pytest.param("<a%other.example@x.example>", view(), replies.RELAYING_DENIED, id="percent hack"),
    pytest.param("<acme-sepm>", view(), replies.RELAYING_DENIED, id="no domain"),
    pytest.param("<>", view(), replies.BAD_ADDRESS, id="nobody"),
    pytest.param("<a@b> <c@d>", view(), replies.BAD_ARGUMENTS, id="two addresses"),
    pytest.param("<acme-sepm@alerts.example> NOTIFY=NEVER", view(), replies.UNKNOWN_PARAMETER, id="a parameter we do not offer"),
    pytest.param("<acme sepm@alerts.example>", view(), replies.BAD_ADDRESS, id="a blank"),
    pytest.param("", view(), replies.BAD_ADDRESS, id="nothing"),
]


@pytest.mark.parametrize(("argument", "known", "reply"), RECIPIENTS)
def test_recipients_are_those_of_known_mailboxes(argument: str, known: SnapshotView, reply: Reply) -> None:
    with Talk(terms(view=known)) as talk:
        assert talk.say(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n")[-1].startswith(b"250")
        assert talk.say(f"RCPT TO:{argument}\r\n".encode()) == [reply.octets.rstrip()]
        assert talk.refused == ([reply.refusal] if reply.refusal else [])


COMMANDS = [
    pytest.param(b"MAIL FROM:<a@b>", [503], id="no EHLO"),
    pytest.param(b"HELO x\r\nMAIL FROM:<a@b>", [250, 250], id="HELO will do"),
    pytest.param(b"ehlo x\r\nmail from: a@b", [250, 250], id="lower case, a blank, no brackets"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>", [250, 250, 503], id="nested MAIL"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=10001\r\nDATA", [250, 250, 503], id="too large, as announced, for nobody"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=x", [250, 501], id="a size that is none"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> BODY=BINARYMIME", [250, 501], id="binary"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> RET=HDRS", [250, 555], id="a parameter we do not offer"),
    pytest.param(b"EHLO x\r\nMAIL TO:<a@b>", [250, 501], id="MAIL TO"),
    pytest.param(b"EHLO x\r\nMAIL", [250, 501], id="MAIL alone"),
    pytest.param(b"EHLO", [501], id="EHLO alone"),
    pytest.param(b"EHLO x\r\nRCPT TO:<acme-sepm@alerts.example>", [250, 503], id="RCPT before MAIL"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b>\r\nDATA", [250, 250, 503], id="DATA without recipients"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRSET\r\nMAIL FROM:<a@b>", [250, 250, 250, 250], id="RSET"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b>\r\nEHLO x\r\nMAIL FROM:<a@b>", [250, 250, 250, 250], id="EHLO resets"),
    pytest.param(
        b"NOOP\r\nVRFY root\r\nHELP\r\nEXPN x\r\nSTARTTLS\r\nAUTH PLAIN x", [250, 252, 214, 502, 502, 503], id="the rest"
    ),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=\xc2\xb2", [250, 501], id="a digit that is no number"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> SIZE", [250, 501], id="SIZE alone"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=x SIZE=9", [250, 250], id="two sizes: the last"),
    pytest.param(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=" + b"9" * 4_000, [250, 250], id="an endless size"),
    pytest.param(b"EHLO x\r\nMAIL FROM:" + b"(" * 4_000, [250, 553], id="4,000 open brackets"),
    pytest.param(b"HELO x\r\nMAIL FROM:<a@b> SIZE=9", [250, 501], id="a parameter without EHLO"),
    pytest.param(b"EHLO x\r\nDATA", [250, 503], id="DATA before MAIL"),
    pytest.param(b"DATA", [503], id="DATA before EHLO"),
    pytest.param(b"RSET now\r\nQUIT now\r\nEXPN\r\nVRFY", [501, 501, 502, 501], id="arguments where none belong"),
    pytest.param(b"VRFY <a b>", [502], id="an address that is none"),
    pytest.param(b"EHLO x\r\nAUTH PLAIN x\r\nBDAT 1 LAST\r\nETRN x\r\nTURN", [250, 502, 502, 502, 502], id="not offered"),
    pytest.param(b"HELO x\r\nAUTH PLAIN x", [250, 502], id="not offered after HELO either"),
    pytest.param(b"UNKNOWN\r\nunknown x", [500, 500], id="the name that unknown commands have here"),
    pytest.param(b"NOOP\nNOOP", [250, 250], id="a bare LF ends a command"),
    pytest.param(b"GET / HTTP/1.1", [500], id="another protocol"),
    pytest.param(b"\r\n\x00\xff", [500, 500], id="nothing, and noise"),
    pytest.param(b"NOOP " + b"x" * LINE_LIMIT + b"\r\nNOOP", [500, 250], id="a line too long"),
    pytest.param(b"QUIT\r\nNOOP", [221], id="nothing after QUIT"),
    pytest.param(b"X\r\n" * 9, [500, 500, 500, 500, 500, 421], id="too many errors"),
]


@pytest.mark.parametrize(("octets", "codes"), COMMANDS)
def test_commands_get_the_reply_that_they_deserve(octets: bytes, codes: list[int]) -> None:
    with Talk() as talk:
        assert talk.codes(octets + b"\r\n") == codes


@pytest.mark.parametrize(("octets", "codes"), COMMANDS)
def test_it_does_not_matter_how_the_octets_are_cut(octets: bytes, codes: list[int]) -> None:
    with Talk() as talk:
        assert [code for octet in octets + b"\r\n" for code in talk.codes(bytes([octet]))] == codes


def test_more_recipients_than_the_limit_are_for_another_mail() -> None:
    with Talk() as talk:
        talk.say(b"EHLO x\r\nMAIL FROM:<a@b>\r\n")
        said = [talk.say(f"RCPT TO:<beta+{n}@alerts.example>\r\n".encode())[0][:9] for n in (1, 2, 3, 4, 3)]
        assert said == [b"250 2.1.5", b"250 2.1.5", b"250 2.1.5", b"452 4.5.3", b"250 2.1.5"]
        assert talk.refused == [TallyReason.TOO_MANY_RECIPIENTS]


NO_ENDS = [
    pytest.param(b"\n.\n", id="LF . LF"),
    pytest.param(b"\r.\r", id="CR . CR"),
    pytest.param(b"\n.\r\n", id="LF . CR LF"),
    pytest.param(b"\r\n.\n", id="CR LF . LF"),
    pytest.param(b"\r\n.\r", id="CR LF . CR"),
    pytest.param(b"\r.\r\n", id="CR . CR LF"),
    pytest.param(b"\r\n\x00.\r\n", id="NUL before the dot"),
    pytest.param(b"\r\n.\x00\r\n", id="NUL behind the dot"),
    pytest.param(b"\r\n..\r\n", id="two dots"),
]


@pytest.mark.parametrize("almost", NO_ENDS)
def test_only_the_one_true_end_ends_a_mail(almost: bytes) -> None:
    with Talk() as talk:
        smuggled = b"MAIL FROM:<evil@b>\r\nRCPT TO:<beta@alerts.example>\r\nDATA\r\nsmuggled\r\n"
        talk.say(BEGIN)
        assert talk.say(b"text" + almost + smuggled) == []
        assert talk.codes(b".\r\n") == [250]
        assert [mail.envelope.mail_from for mail in talk.mails] == ["a@b.example"]
        assert b"smuggled" in talk.mails[0].octets


@pytest.mark.parametrize("almost", NO_ENDS)
def test_no_end_is_one_however_it_is_cut(almost: bytes) -> None:
    content = b"text" + almost + b"QUIT\r\n"
    with Talk() as talk:
        talk.say(BEGIN)
        assert [code for octet in content + b".\r\n" for code in talk.codes(bytes([octet]))] == [250]
        assert talk.mails[0].octets == content.replace(b"\r\n.", b"\r\n")


def test_two_mails_and_goodbye_in_one_piece() -> None:
    with Talk() as talk:
        second = BEGIN.partition(b"\r\n")[2]
        assert talk.codes(BEGIN + b"one\r\n.\r\n" + second + b"two\r\n.\r\nQUIT\r\n")[-5:] == [250, 250, 354, 250, 221]
        assert [mail.octets for mail in talk.mails] == [b"one\r\n", b"two\r\n"]


def test_many_mails_in_one_piece_are_all_answered_in_order() -> None:
    second = BEGIN.partition(b"\r\n")[2]
    with Talk() as talk:
        mails = b"".join(second + b"mail %d\r\n.\r\n" % number for number in range(200))
        assert talk.codes(b"EHLO x\r\n" + mails) == [250, *[250, 250, 354, 250] * 200]
        assert [mail.octets for mail in talk.mails] == [b"mail %d\r\n" % number for number in range(200)]


def test_while_a_mail_waits_for_its_commit_nothing_further_is_looked_at() -> None:
    with Talk(stores=False) as talk:
        assert talk.octets(BEGIN + b"one\r\n.\r\nNOOP\r\n").endswith(replies.GO_AHEAD.octets)
        talk.settle(replies.stored("x"))
        assert talk.take() == replies.stored("x").octets + replies.OK.octets


@pytest.mark.parametrize(
    ("given", "content", "reply"),
    [
        pytest.param(terms(), b"x" * 10_001, replies.TOO_LARGE, id="too large"),
        pytest.param(terms(memory=100), b"x" * 200, replies.BUSY, id="no memory"),
        pytest.param(terms(room=lambda octets: octets < 50), b"x" * 200, replies.DISK_SHORT, id="no room"),
    ],
)
def test_a_mail_that_cannot_be_taken_is_refused_at_its_end_and_the_next_is_welcome(
    given: Terms, content: bytes, reply: Reply
) -> None:
    with Talk(given) as talk:
        assert talk.say(BEGIN + content + b"\r\n.\r\n")[-1] == reply.octets.rstrip()
        assert talk.refused == [reply.refusal]
        assert talk.codes(BEGIN + b"small\r\n.\r\n")[-1] == 250
        assert talk.terms.memory.held == 0


@pytest.mark.parametrize("given", [pytest.param(terms(), id="too large"), pytest.param(terms(memory=9_000), id="no memory")])
def test_a_mail_that_becomes_too_much_on_the_way_gives_its_memory_back_at_once(given: Terms) -> None:
    with Talk(given) as talk:
        talk.say(BEGIN)
        held = []
        for _ in range(12):
            talk.say(b"x" * 1_000)
            held.append(talk.terms.memory.held)
        assert max(held) >= 9_000
        assert held[-1] == 0
        assert talk.codes(b"\r\n.\r\n") in ([552], [452])
        assert talk.terms.memory.held == 0


@pytest.mark.parametrize("size", ["10001", "9" * 4_000])
def test_a_mail_that_is_too_large_as_announced_is_refused_and_listed_for_each_recipient(size: str) -> None:
    with Talk() as talk:
        said = talk.say(
            f"EHLO x\r\nMAIL FROM:<a@b> SIZE={size}\r\nRCPT TO:<beta@alerts.example>\r\nRCPT TO:<nobody@alerts.example>\r\n"
            "RCPT TO:<acme-sepm@alerts.example>\r\nDATA\r\nRSET\r\n".encode()
        )
        assert [line[:9] for line in said[2:]] == [b"552 5.3.4", b"550 5.1.1", b"552 5.3.4", b"503 5.5.1", b"250 2.0.0"]
        octets = min(int(size), (1 << 63) - 1)
        assert talk.mails == [
            Mail(Envelope("a@b", (name,), "x", refused_octets=octets), b"")
            for name in ("beta@alerts.example", "acme-sepm@alerts.example")
        ]
        assert talk.refused == [TallyReason.UNKNOWN_MAILBOX, TallyReason.TOO_LARGE, TallyReason.TOO_LARGE]
        assert talk.counters.accepted == 0
        assert talk.codes(BEGIN + b"small\r\n.\r\n")[-1] == 250


@pytest.mark.parametrize("piece", [100, 11_000, 1 << 20])
def test_of_a_mail_that_is_too_large_its_begin_is_kept(piece: int) -> None:
    mail = b"Subject: .\r\n..dots\r\n\r\n" + b"x" * 11_000 + b"\r\n.\r\nNOOP\r\n"
    with Talk() as talk:
        talk.say(BEGIN)
        said = b"".join(talk.octets(mail[at : at + piece]) for at in range(0, len(mail), piece))
        assert said == replies.TOO_LARGE_LISTED.octets + replies.OK.octets
        (kept,) = talk.mails
        assert kept.envelope.recipients == ("acme-sepm@alerts.example",)
        assert kept.envelope.refused_octets == len(mail) - len(b"NOOP\r\n")
        assert kept.octets.startswith(b"Subject: .\r\n.dots\r\n\r\nxxx")
        assert b"NOOP" not in kept.octets
        assert (talk.counters.accepted, talk.terms.memory.held) == (0, 0)


def test_no_more_than_the_begin_of_a_mail_that_is_too_large_is_kept() -> None:
    with Talk(replace(terms(), size_limit=100_000)) as talk:
        talk.say(BEGIN + b"x" * 150_000 + b"\r\n.\r\n")
        assert [len(mail.octets) for mail in talk.mails] == [HEAD_OCTETS - 2]


@pytest.mark.parametrize("failure", [replies.DISK_SHORT, replies.INTERNAL])
def test_a_mail_that_is_too_large_is_refused_for_good_also_when_that_cannot_be_listed(failure: Reply) -> None:
    with Talk(stores=False) as talk:
        talk.say(BEGIN + b"x" * 11_000 + b"\r\n.\r\n")
        talk.settle(failure)
        assert talk.take() == replies.TOO_LARGE.octets
        assert talk.refused == [TallyReason.TOO_LARGE]
    with Talk(terms(room=lambda octets: octets == 0)) as talk:
        assert talk.say(BEGIN + b"x" * 11_000 + b"\r\n.\r\n")[-1] == replies.TOO_LARGE.octets.rstrip()
        assert talk.mails == []


def test_the_size_limit_counts_the_mail_and_not_the_end_of_it() -> None:
    with Talk() as talk:
        assert talk.codes(BEGIN + b"x" * 9_998 + b"\r\n.\r\n")[-1] == 250


def test_a_client_that_never_stops_sending_is_sent_away() -> None:
    with Talk() as talk:
        talk.say(BEGIN)
        assert [code for _ in range(30) for code in talk.codes(b"x" * 1_000)] == [552]
        assert talk.wire.closed


def test_mail_is_not_even_begun_when_there_is_no_room_for_it() -> None:
    with Talk(terms(room=lambda octets: octets < 50)) as talk:
        assert talk.codes(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=60\r\nMAIL FROM:<a@b> SIZE=40\r\n") == [250, 452, 250]
    with Talk(replace(terms(), memory=Memory(100, held=90))) as talk:
        assert talk.codes(b"EHLO x\r\nMAIL FROM:<a@b> SIZE=20\r\n") == [250, 452]


def test_memory_is_given_back_when_a_client_goes_in_the_middle() -> None:
    with Talk() as talk:
        talk.say(BEGIN + b"x" * 5_000)
        assert talk.terms.memory.held == 5_000
        talk.connection.connection_lost(None)
        talk.turn()
        assert talk.terms.memory.held == 0


def stuffed(content: bytes) -> bytes:
    """As a client sends it (RFC 5321 section 4.5.2)."""
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]


contents = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"a", b"\r\n.\r\n"]), max_size=30).map(
    lambda pieces: b"".join(pieces) + b"\r\n"
)


@given(contents, st.lists(st.integers(1, 7), min_size=60, max_size=60))
def test_any_content_cut_anywhere_comes_out_as_it_went_in(content: bytes, cuts: list[int]) -> None:
    memory = Memory(1 << 20)
    collected = Content(memory, size_limit=1_000)
    wire, rest = stuffed(content) + b".\r\nNOOP\r\n", None
    for cut in cuts:
        rest = collected.feed(wire[:cut])
        wire = wire[cut:]
        if rest is not None:
            break
    assert rest is not None
    assert rest + wire == b"NOOP\r\n"
    assert collected.octets() == content
    collected.release()
    assert memory.held == 0


def test_every_reply_is_one_line_with_an_enhanced_code_of_its_class() -> None:
    constants = [reply for reply in vars(replies).values() if isinstance(reply, Reply)]
    assert len(constants) > 20
    for reply in constants:
        assert reply.octets.count(b"\n") == 1
        assert reply.enhanced[:1] in {str(reply.code)[0], ""}
        assert reply.enhanced or reply.code < 400


OUT_OF_REACH = {
    "421 4.7.0 ": "a limit of calls, not set",
    "503 Error: send ": "the begin of one that has an entry",
    "503 Error: need RCPT command": "of DATA, which is ours",
    "503 Already authenticated": "of AUTH, not offered",
    "504 5.5.4 Unrecognized authentication type": "of AUTH",
    "530 5.7.0 Authentication required": "of AUTH",
    "535 5.7.8 Authentication credentials invalid": "of AUTH",
    "554 Command refused due to lack of security": "of a handshake that failed: the connection ends",
}
"""What aiosmtpd would say if we used more of it."""


def sentences() -> list[str]:
    """Everything in aiosmtpd that looks like a refusal that we may meet."""
    texts = [
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(aiosmtpd.smtp.SMTP)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    refusals = {text for text in texts if text[:3].isdigit() and text[:1] in "45" and text[3:4] == " "}
    assert OUT_OF_REACH.keys() < refusals
    return sorted(refusals - OUT_OF_REACH.keys())


@pytest.mark.parametrize("sentence", sentences())
def test_every_refusal_of_the_library_has_one_of_ours_in_its_place(sentence: str) -> None:
    ours = replies.in_place_of(sentence)
    assert ours.octets.decode().strip() != sentence
    assert ours is not replies.INTERNAL


@pytest.mark.parametrize(("octets", "codes"), COMMANDS)
def test_the_library_says_nothing_in_our_log(octets: bytes, codes: list[int], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Talk() as talk:
        talk.say(octets + b"\r\n")
    assert caplog.records == []
