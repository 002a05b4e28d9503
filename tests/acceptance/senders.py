"""Consoles for acceptance tests: traps, informs that are sent again until they are answered, mails that are tried again until
they are taken. The octets are made by `tests.snmp_wire`, which shares nothing with the decoder."""

import smtplib
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TypeAlias

from collector.domain.clock import NS_PER_SECOND, SystemClock
from tests.acceptance.harness import ACME, BODY_MARK, MAILBOX
from tests.snmp_wire import (
    INFORM,
    RESPONSE,
    TRAP_V1,
    TRAP_V2,
    integer,
    message,
    oid,
    string,
    tlv,
    trap_oid,
    uptime,
    v2_pdu,
    varbind,
)

CRITICAL = "1.3.6.1.4.1.3417.2.12.2.0.3"
WARNING = "1.3.6.1.4.1.3417.2.12.2.0.2"
CHANGED = "1.3.6.1.4.1.3417.2.12.2.0.1"
"""The ProxySG's health traps; the last one says in its text what changed."""
HEALTH_TEXT = "1.3.6.1.4.1.3417.2.12.1.1.1.0"

Address: TypeAlias = tuple[str, int]
_CLOCK = SystemClock()
_RECEIVE_BUFFER = 1 << 20


def trap(name: str, *varbinds: bytes, community: str = ACME, tag: int = TRAP_V2, request_id: int = 77) -> bytes:
    """A notification in v2c; `name` is its OID."""
    pdu = v2_pdu(uptime(), trap_oid(name), *varbinds, tag=tag, request_id=request_id)
    return message(pdu, community=community.encode())


def health(text: str, *, name: str = CRITICAL, community: str = ACME, tag: int = TRAP_V2, request_id: int = 77) -> bytes:
    """A ProxySG's word on its health, in v2c."""
    return trap(name, varbind(HEALTH_TEXT, string(text)), community=community, tag=tag, request_id=request_id)


def health_pdu(text: str, *, name: str = CRITICAL) -> bytes:
    """The same without a message around it."""
    return v2_pdu(uptime(), trap_oid(name), varbind(HEALTH_TEXT, string(text)), tag=TRAP_V2, request_id=77)


def health_v1(text: str, *, community: str = ACME) -> bytes:
    """That it is critical, in v1: enterprise and number are what RFC 3584 maps to the OID of v2c."""
    agent, ticks = tlv(0x40, bytes((127, 0, 0, 1))), integer(4711, tag=0x43)
    said = tlv(0x30, varbind(HEALTH_TEXT, string(text)))
    pdu = tlv(TRAP_V1, oid("1.3.6.1.4.1.3417.2.12.2"), agent, integer(6), integer(3), ticks, said)
    return message(pdu, version=0, community=community.encode())


@contextmanager
def console(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A UDP socket of that address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        udp.bind((address, 0))
        yield udp


def send(target: Address, *datagrams: bytes, address: str = "127.0.0.1") -> None:
    with console(address) as udp:
        for datagram in datagrams:
            udp.sendto(datagram, target)


@dataclass(frozen=True, slots=True)
class Inform:
    """`answer` is the Response that it must get: the same PDU under another tag, RFC 3416 section 4.2.7."""

    text: str
    datagram: bytes
    answer: bytes

    @classmethod
    def of(cls, text: str, request_id: int) -> "Inform":
        asked, answered = (health(text, tag=tag, request_id=request_id) for tag in (INFORM, RESPONSE))
        return cls(text, asked, answered)


class Client:
    """A client in a thread of its own. `finish` gives it so long and then fails."""

    def __init__(self) -> None:
        self.give_up = threading.Event()
        self.sent_again = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def finish(self, *, seconds: float) -> None:
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.give_up.set()
            self._thread.join()
            raise AssertionError(f"after {seconds:g} s not everything was acknowledged: {self.missing()}")

    def missing(self) -> str:
        raise NotImplementedError

    def _run(self) -> None:
        raise NotImplementedError


class TrapClient(Client):
    """Sends datagrams one after another; nobody answers."""

    def __init__(self, target: Address, datagrams: Sequence[bytes], *, per_second: float) -> None:
        super().__init__()
        self.sent = 0
        self._target = target
        self._datagrams = datagrams
        self._pause_seconds = 1 / per_second

    def missing(self) -> str:
        return f"{len(self._datagrams) - self.sent} traps not sent"

    def _run(self) -> None:
        with console() as udp:
            for datagram in self._datagrams:
                if self.give_up.wait(self._pause_seconds):
                    return
                udp.sendto(datagram, self._target)
                self.sent += 1


@dataclass(slots=True)
class _Waiting:
    inform: Inform
    sent_at_ns: int
    again_at_ns: int


class InformClient(Client):
    """Sends informs in order from one socket, some at once, each again until it is answered."""

    def __init__(
        self,
        target: Address,
        informs: Iterable[Inform],
        *,
        address: str = "127.0.0.1",
        at_once: int = 10,
        per_second: float = 1_000.0,
        again_after_seconds: float = 0.5,
    ) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.waited_seconds: list[float] = []
        """From the first sending of each acknowledged one to its answer."""
        self.wrong_answers: list[bytes] = []
        """Octets that are no answer to anything sent. A second answer to what was sent twice is right."""
        self._target = target
        self._left = list(reversed(list(informs)))
        self._address = address
        self._at_once = at_once
        self._every_ns = round(NS_PER_SECOND / per_second)
        self._again_ns = round(again_after_seconds * NS_PER_SECOND)
        self._waiting: dict[bytes, _Waiting] = {}
        self._answered: set[bytes] = set()

    def missing(self) -> str:
        return f"{len(self._left)} not sent, {len(self._waiting)} not answered"

    def _run(self) -> None:
        next_ns = _CLOCK.monotonic_ns()
        with console(self._address) as udp:
            udp.settimeout(0.01)
            while (self._left or self._waiting) and not self.give_up.is_set():
                now_ns = _CLOCK.monotonic_ns()
                if self._left and len(self._waiting) < self._at_once and now_ns >= next_ns:
                    next_ns = max(next_ns + self._every_ns, now_ns - self._every_ns)
                    self._send(udp, self._left.pop(), now_ns)
                    continue
                self._send_again(udp, now_ns)
                self._take_answer(udp)

    def _send(self, udp: socket.socket, inform: Inform, now_ns: int) -> None:
        self._waiting[inform.answer] = _Waiting(inform, now_ns, now_ns + self._again_ns)
        udp.sendto(inform.datagram, self._target)

    def _send_again(self, udp: socket.socket, now_ns: int) -> None:
        for waiting in self._waiting.values():
            if now_ns >= waiting.again_at_ns:
                waiting.again_at_ns = now_ns + self._again_ns
                self.sent_again += 1
                udp.sendto(waiting.inform.datagram, self._target)

    def _take_answer(self, udp: socket.socket) -> None:
        with suppress(TimeoutError):
            answer = udp.recv(65_535)
            known = self._waiting.pop(answer, None)
            if known is not None:
                self.acknowledged.append(known.inform.text)
                self.waited_seconds.append((_CLOCK.monotonic_ns() - known.sent_at_ns) / NS_PER_SECOND)
                self._answered.add(answer)
            elif answer not in self._answered:
                self.wrong_answers.append(answer)


@dataclass(frozen=True, slots=True)
class Mail:
    """`mark` is a text of the body that no other mail has."""

    mark: str
    subject: str
    body: str
    recipient: str = MAILBOX
    headers: Mapping[str, str] = field(default_factory=dict)

    def octets(self) -> bytes:
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = "sepm@acme.example", self.recipient, self.subject
        made["Message-ID"] = f"<{self.mark}@acme.example>"
        for name, value in self.headers.items():
            made[name] = value
        made.set_content(self.body)
        return made.as_bytes().replace(b"\n", b"\r\n")


def risk(host: str, *, action: str = "Left alone", name: str = "Trojan.Gen", mark: str = "") -> Mail:
    """A SEPM's word on one risk of one computer."""
    mark = mark or f"risk-{host}-{action.replace(' ', '')}"
    body = f"Risk name: {name}\nComputer name: {host}\nActual action: {action}\nDescription: {BODY_MARK}{mark}\n"
    return Mail(mark, "Single Risk Event", body)


def server_health(at: str, *, server: str = "sepm-1", mark: str = "") -> Mail:
    """A SEPM's word on its own poor health."""
    body = f"Server {server} health status: poor.\nReason: High memory usage\nStatus reported on {at}.\n{BODY_MARK}health\n"
    return Mail(mark or f"health-{server}-{at.replace(' ', '-')}", "CRITICAL: Server Health Alert", body)


def deliver(target: Address, octets: bytes, *, recipient: str = MAILBOX) -> tuple[int, str]:
    """One try: the code and the text of the last reply. Raise OSError or SMTPException when there was none."""
    with smtplib.SMTP(*target, local_hostname="console.example", timeout=15.0) as client:
        client.ehlo()
        code, text = client.mail("sepm@acme.example")
        if code == 250:
            code, text = client.rcpt(recipient)
        if code == 250:
            code, text = client.data(octets)
        return code, text.decode()


class MailClient(Client):
    """Sends mails in order, each again until it is taken, as a mail server does with a shorter patience."""

    def __init__(self, target: Address, mails: Sequence[Mail], *, per_second: float = 100.0) -> None:
        super().__init__()
        self.acknowledged: dict[str, str] = {}
        """The id in the 250 reply by the mail's mark."""
        self.refused: list[int] = []
        """Codes of the replies that were not 250."""
        self._target = target
        self._mails = mails
        self._pause_seconds = 1 / per_second

    def missing(self) -> str:
        return f"{len(self._mails) - len(self.acknowledged)} mails"

    def _run(self) -> None:
        for mail in self._mails:
            octets = mail.octets()
            while not self.give_up.is_set() and not self._is_taken(mail, octets):
                self.sent_again += 1
                self.give_up.wait(0.2)
            self.give_up.wait(self._pause_seconds)

    def _is_taken(self, mail: Mail, octets: bytes) -> bool:
        try:
            code, text = deliver(self._target, octets, recipient=mail.recipient)
        except (OSError, smtplib.SMTPException):
            return False
        if code != 250:
            self.refused.append(code)
            return False
        self.acknowledged[mail.mark] = text.rsplit(" ", 1)[-1]
        return True
