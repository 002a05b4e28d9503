"""A connection on a transport of the test's own: back-pressure both ways, last words, what is left of a client that has gone."""

import pytest

from collector.domain.clock import NS_PER_SECOND
from receivers.smtp import replies
from receivers.smtp.connection import LINE_LIMIT
from tests.smtp_connection_kit import Talk

HELLO = b"EHLO x\r\n"
MAIL = b"MAIL FROM:<a@b>\r\nRCPT TO:<beta@alerts.example>\r\nDATA\r\ntext\r\n.\r\n"


def test_while_a_mail_waits_little_is_read_and_then_the_rest_is_answered() -> None:
    with Talk(stores=False) as talk:
        assert talk.codes(HELLO + MAIL + b"NOOP\r\n") == [250, 250, 250, 354]
        talk.octets(b"NOOP\r\n" * LINE_LIMIT)
        assert not talk.wire.reading
        talk.settle(replies.stored("x"))
        assert talk.take().count(b"250 2.0.0 Ok\r\n") == 1 + LINE_LIMIT
        assert talk.wire.reading


def test_a_client_that_does_not_read_is_not_listened_to() -> None:
    with Talk() as talk:
        talk.connection.pause_writing()
        assert talk.codes(b"NOOP\r\n" * LINE_LIMIT) == [250]
        assert not talk.wire.reading
        talk.connection.resume_writing()
        talk.turn()
        assert talk.take().count(b"250 2.0.0 Ok\r\n") == LINE_LIMIT - 1
        assert talk.wire.reading


def test_a_client_that_has_gone_is_not_answered_and_its_next_mail_not_begun() -> None:
    with Talk(stores=False) as talk:
        talk.octets(HELLO + MAIL + MAIL)
        talk.connection.connection_lost(None)
        talk.turn()
        assert (talk.terms.memory.held > 0, talk.counters.open) == (True, 0)
        talk.settle(replies.stored("x"))
        assert (talk.take(), talk.waiting, talk.terms.memory.held) == (b"", 0, 0)


def test_a_client_that_goes_in_the_middle_of_a_line_or_a_mail_leaves_nothing_behind() -> None:
    for sent in (b"EHL", HELLO + MAIL[:-3]):
        with Talk() as talk:
            talk.octets(sent)
            talk.connection.eof_received()
            talk.turn()
            assert (talk.wire.closed, talk.take(), talk.mails, talk.terms.memory.held) == (True, b"", [], 0)


def test_the_loop_is_not_left_to_complain_of_a_client_that_hung_up() -> None:
    with Talk() as talk:
        talk.octets(HELLO)
        talk.connection.connection_lost(ConnectionResetError())
        talk.turn()
        assert not talk.connection._closed._log_traceback  # type: ignore[attr-defined]


def test_goodbye_closes_the_connection_after_the_last_word() -> None:
    with Talk() as talk:
        assert (talk.codes(b"QUIT\r\nNOOP\r\n"), talk.wire.closed) == ([221], True)


@pytest.mark.parametrize(
    ("peer", "known_as"),
    [
        pytest.param(("::ffff:192.0.2.7", 4_000, 0, 0), "192.0.2.7", id="IPv4 at a listener for both families"),
        pytest.param(("2001:db8::7", 4_000, 0, 0), "2001:db8::7", id="IPv6"),
    ],
)
def test_a_client_is_known_by_its_address(peer: object, known_as: str) -> None:
    with Talk(peer=peer) as talk:
        assert talk.connection.peer == known_as


def test_a_client_that_sends_no_more_is_owed_the_answer_to_what_it_sent() -> None:
    with Talk(stores=False) as talk:
        talk.octets(HELLO + MAIL + b"NOOP\r\nNOO")
        assert talk.connection.eof_received() is True
        talk.turn()
        assert not talk.wire.closed
        talk.settle(replies.stored("x"))
        assert (talk.take(), talk.wire.closed) == (replies.stored("x").octets + replies.OK.octets, True)


def test_a_client_that_sends_no_more_and_waits_for_nothing_is_let_go() -> None:
    with Talk() as talk:
        talk.octets(HELLO)
        talk.connection.eof_received()
        talk.turn()
        assert (talk.take(), talk.wire.closed) == (b"", True)


def test_a_client_that_does_not_take_its_last_word_is_cut_off() -> None:
    with Talk() as talk:
        talk.connection.pause_writing()
        talk.octets(b"NOOP\r\n")
        talk.clock.ahead_ns = 61 * NS_PER_SECOND
        talk.door.sweep()
        talk.turn()
        assert (talk.take(), talk.wire.closed, talk.wire.aborted) == (replies.TIMED_OUT.octets, True, False)
        talk.door.sweep()
        assert talk.wire.aborted


@pytest.mark.parametrize(
    ("sent", "with_lf"),
    [
        pytest.param(MAIL.replace(b"\r\n.\r\n", b"\n.\n"), True, id="a mail with bare LF"),
        pytest.param(MAIL[:-5], False, id="half a mail"),
        pytest.param(b"", False, id="no mail"),
    ],
)
def test_the_log_says_when_a_client_waits_because_of_its_line_ends(
    sent: bytes, with_lf: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"), Talk() as talk:
        talk.octets(HELLO + sent)
        talk.clock.ahead_ns = 61 * NS_PER_SECOND
        talk.door.sweep()
        talk.turn()
        assert talk.take().endswith(replies.TIMED_OUT.octets)
    (told,) = (record for record in caplog.records if record.getMessage() == "a client took too long")
    assert vars(told)["fields"]["ends_lines_with_lf"] is with_lf


def test_the_silent_may_stay_only_where_there_is_room() -> None:
    with Talk() as talk:
        talk.clock.ahead_ns = 11 * NS_PER_SECOND
        talk.door.sweep()
        talk.turn()
        assert talk.take() == b""
        talk.door.max_connections = 1
        talk.door.sweep()
        talk.turn()
        assert talk.take() == replies.TIMED_OUT.octets


def test_the_time_of_the_library_is_not_ours() -> None:
    with Talk() as talk:
        talk.connection._timeout_cb()
        assert talk.codes(b"NOOP\r\n") == [250]


def test_a_fault_in_the_middle_of_a_mail_does_not_make_commands_of_its_content() -> None:
    with Talk() as talk:
        talk.octets(HELLO + MAIL[:-3])
        talk.connection._collect = None  # type: ignore[method-assign,assignment]
        talk.connection._content_refusal = None  # type: ignore[method-assign,assignment]
        assert talk.octets(b".\r\nNOOP\r\n") == replies.INTERNAL.octets
        assert (talk.wire.closed, talk.terms.memory.held) == (True, 0)
