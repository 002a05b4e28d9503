"""The committing thread of the mail receiver by itself: who is told what."""

from collector.domain.clock import SystemClock
from collector.domain.errors import JournalFull
from collector.domain.item import Tally, TallyReason
from receivers.smtp.committer import Answers, Committer
from receivers.smtp.content import Memory
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.tallies import Tallies
from tests.smtp_receiver_kit import DEADLINE, MemoryJournal


def stopped_with_a_refusal(journal: MemoryJournal) -> tuple[list[Answers], Tallies]:
    """What a committer delivered that had only one tally to write, and the tallies it left."""
    delivered: list[Answers] = []
    tallies = Tallies()
    committer = Committer(
        journal,
        deliver=delivered.append,
        tallies=tallies,
        clock=SystemClock(),
        wake=lambda: None,
        counters=SmtpCounters(Memory(1)),
    )
    committer.start()
    tallies.add(TallyReason.UNKNOWN_MAILBOX, listener="127.0.0.1:25", peer="127.0.0.9")
    assert committer.stop(DEADLINE)
    return delivered, tallies


def test_tallies_alone_answer_nobody() -> None:
    journal = MemoryJournal()
    delivered, _ = stopped_with_a_refusal(journal)
    assert (delivered, journal.tallies) == ([], [("127.0.0.9", Tally(TallyReason.UNKNOWN_MAILBOX, 1))])


def test_tallies_that_are_refused_answer_nobody_and_are_kept() -> None:
    journal = MemoryJournal()
    journal.failure = JournalFull("no room")
    delivered, tallies = stopped_with_a_refusal(journal)
    assert delivered == []
    assert list(tallies.take().values()) == [1]
