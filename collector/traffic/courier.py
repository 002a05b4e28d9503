"""Hands mails to an SMTP server over a few connections, again until each is accepted or refused for good."""

import queue
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from collector.traffic.counts import Counts
from collector.traffic.mix import MailText

if TYPE_CHECKING:
    from collector.config import ListenAddress

SENDER = "console@simulator.invalid"
HELO = "simulator.invalid"
CONNECTIONS = 4
MOST_WAITING = 1_000
MOST_TRIES = 10
TIMEOUT_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it goes over the wire; the same octets at every try, so that a repeat can be recognised."""

    octets: bytes


def letter(mail: MailText, mailbox: str, *, message_id: str, at: datetime) -> Letter:
    """The mail with its headers. `message_id` without angle brackets; it must differ from mail to mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Console <{SENDER}>"
    message["To"] = mailbox
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}>"
    message.set_content(mail.text)
    return Letter(message.as_bytes())


class Courier:
    """Give it letters from one thread; threads of its own deliver them. Close it."""

    def __init__(self, target: "ListenAddress", mailbox: str) -> None:
        self._target = target
        self._mailbox = mailbox
        self._counts = Counts()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._letters: queue.Queue[Letter] = queue.Queue()
        self._open = 0
        self._threads = [threading.Thread(target=self._deliver_all, daemon=True) for _ in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    def take(self, one: Letter) -> None:
        """Deliver it as soon as a connection is free."""
        with self._lock:
            self._counts.mails += 1
            self._open += 1
        self._letters.put(one)

    def counts(self) -> Counts:
        """As of now."""
        with self._lock:
            return replace(self._counts)

    @property
    def full(self) -> bool:
        return self._open >= MOST_WAITING

    @property
    def idle(self) -> bool:
        """Whether every letter was accepted or given up."""
        return self._open == 0

    def close(self) -> None:
        """Give up what is not delivered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _deliver_all(self) -> None:
        with _line(self._target) as line:
            while not self._stop.is_set():
                with suppress(queue.Empty):
                    why = self._deliver(line, self._letters.get(timeout=0.1))
                    with self._lock:
                        self._open -= 1
                        if why:
                            self._counts.refuse(why)
                        else:
                            self._counts.answered += 1

    def _deliver(self, line: "_Line", one: Letter) -> str:
        """Empty when it was accepted, otherwise why it never will be."""
        pause, why = _FIRST_PAUSE_SECONDS, "the simulation was stopped"
        for number in range(MOST_TRIES):
            if number:
                if self._stop.wait(pause):
                    break
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                with self._lock:
                    self._counts.resent += 1
            code, why = line.send(one.octets, self._mailbox)
            if 200 <= code < 300:
                return ""
            if code >= 500:
                break
        return why


class _Line:
    """One connection, opened when it is needed and again when it broke."""

    def __init__(self, target: "ListenAddress") -> None:
        self._target = target
        self._smtp: smtplib.SMTP | None = None

    def send(self, octets: bytes, mailbox: str) -> tuple[int, str]:
        """(reply code, what to tell). Code 0: there was no reply."""
        try:
            if self._smtp is None:
                self._smtp = smtplib.SMTP(self._target.host, self._target.port, local_hostname=HELO, timeout=TIMEOUT_SECONDS)
            self._smtp.sendmail(SENDER, [mailbox], octets)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[mailbox]
            return self._told(code, text)
        except smtplib.SMTPResponseException as error:
            return self._told(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return 0, f"no mail could be handed to {self._target}: {error}"
        return 250, ""

    def _told(self, code: int, text: bytes | str) -> tuple[int, str]:
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if code == 421:
            self.close()
        return code, f"{self._target} refused a mail: {code} {words}"

    def close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


@contextmanager
def _line(target: "ListenAddress") -> Iterator[_Line]:
    line = _Line(target)
    try:
        yield line
    finally:
        line.close()
