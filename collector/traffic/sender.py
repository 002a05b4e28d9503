"""Sends one notification, again and again if wanted, and waits for the answers to informs: `send-trap`. The many sources of
`simulate` are in `sources`."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import Rejected, Unavailable
from collector.domain.snmp_access import SnmpUser
from collector.domain.trap import Pdu, Trap
from collector.traffic.encode import Answer, answered, encode
from collector.traffic.pace import Pace

if TYPE_CHECKING:
    from collector.config import ListenAddress

LARGEST_ANSWER = 65_535
TICKS_PER_SECOND = 100


@dataclass(frozen=True, slots=True)
class Sending:
    """What to send and how. `per_second` 0: without a pause. `timeout`: seconds of one try; `retries` come after the first.
    `user`: as whom in v3, from the engine `engine_id`, or one of our own when that is empty."""

    trap: Trap
    target: "ListenAddress"
    count: int = 1
    per_second: float = 0.0
    timeout: float = 1.0
    retries: int = 3
    source: str | None = None
    user: SnmpUser | None = None
    engine_id: bytes = b""


@dataclass(slots=True)
class Sent:
    """What came of it. `tries` counts datagrams; `latencies_ns` are the times from the first try to each answer."""

    notifications: int = 0
    tries: int = 0
    latencies_ns: list[int] = field(default_factory=list)


class _Form(Protocol):
    """How notifications become datagrams, and datagrams answers."""

    def datagram(self, trap: Trap) -> bytes: ...

    def answered(self, datagram: bytes) -> Answer | None: ...


class _OpenForm:
    """v1 and v2c."""

    datagram = staticmethod(encode)
    answered = staticmethod(answered)


def send(sending: Sending, clock: Clock) -> Sent:
    """Send all of it. Raise Unavailable as soon as an inform stays without its answer, or the target says that nobody listens;
    Rejected when the target says that it does not take it."""
    sent = Sent()
    pace = Pace(sending.per_second, clock.monotonic_ns())
    pause = threading.Event()
    with _connected(sending) as connected:
        form = _form(connected, sending, clock)
        for _ in range(sending.count):
            while not pace.due(clock.monotonic_ns(), 1):
                pause.wait(pace.seconds_left(clock.monotonic_ns()))
            _send_one(connected, sending, clock, form=form, sent=sent)
        if sending.trap.pdu is not Pdu.INFORM:
            _look_for_refusal(connected, sending)
    return sent


@contextmanager
def _connected(sending: Sending) -> Iterator[socket.socket]:
    """A connected socket hears of closed ports, and takes answers from nobody else."""
    with socket.socket(sending.target.family, socket.SOCK_DGRAM) as udp:
        try:
            if sending.source is not None:
                udp.bind((sending.source, 0))
            udp.connect((sending.target.host, sending.target.port))
        except OSError as error:
            source = f" from {sending.source}" if sending.source else ""
            raise Rejected(f"cannot send to {sending.target}{source}: {error.strerror}") from error
        yield udp


def _form(udp: socket.socket, sending: Sending, clock: Clock) -> _Form:
    """In v3 with the engine of the target, when that is needed. Raise Unavailable when it does not say which it is."""
    if sending.user is None:
        return _OpenForm()
    from collector.traffic.v3 import OWN_ENGINE, SealedForm

    form = SealedForm(sending.user, clock, engine_id=sending.engine_id or OWN_ENGINE)
    if sending.trap.pdu is not Pdu.INFORM:
        return form
    message_id = (sending.trap.request_id - 1) % 2**31
    for _ in range(1 + sending.retries):
        with _told(sending):
            udp.send(form.discovery(message_id))
            if any(form.learn(datagram, message_id) for datagram in _came(udp, clock, seconds=sending.timeout)):
                return form
    raise Unavailable(f"{sending.target} does not tell its engine: it takes no informs of v3, or from others only")


def _send_one(udp: socket.socket, sending: Sending, clock: Clock, *, form: _Form, sent: Sent) -> None:
    inform = sending.trap.pdu is Pdu.INFORM
    started_ns = clock.monotonic_ns()
    ticks = started_ns * TICKS_PER_SECOND // NS_PER_SECOND % 2**32
    request_id = (sending.trap.request_id + sent.notifications) % 2**31
    trap = replace(sending.trap, request_id=request_id, uptime=ticks)
    datagram = form.datagram(trap)
    for _ in range(1 + sending.retries if inform else 1):
        sent.tries += 1
        with _told(sending):
            udp.send(datagram)
            answer = _answer(udp, request_id, clock, form=form, seconds=sending.timeout) if inform else None
        if answer is not None and answer.again:
            datagram = form.datagram(trap)
        elif answer is not None or not inform:
            sent.notifications += 1
            if inform:
                sent.latencies_ns.append(clock.monotonic_ns() - started_ns)
            return
    raise Unavailable(
        f"no answer from {sending.target} to {1 + sending.retries} tries of {sending.timeout:g} s: it is not stored"
    )


def _answer(udp: socket.socket, request_id: int, clock: Clock, *, form: _Form, seconds: float) -> Answer | None:
    """The answer to that request, when it came in time; anything else that comes is passed over."""
    for datagram in _came(udp, clock, seconds=seconds):
        answer = form.answered(datagram)
        if answer is not None and answer.request_id == request_id:
            if answer.refusal:
                raise Rejected(f"the inform was answered with {answer.refusal}")
            return answer
    return None


def _came(udp: socket.socket, clock: Clock, *, seconds: float) -> Iterator[bytes]:
    """What comes within that time."""
    until_ns = clock.monotonic_ns() + int(seconds * NS_PER_SECOND)
    while (left_ns := until_ns - clock.monotonic_ns()) > 0:
        if select.select([udp], [], [], left_ns / NS_PER_SECOND)[0]:
            yield udp.recv(LARGEST_ANSWER)


def _look_for_refusal(udp: socket.socket, sending: Sending) -> None:
    """A trap has no answer, but a closed port of this machine says so at once."""
    udp.setblocking(False)
    with _told(sending):
        try:
            udp.recv(LARGEST_ANSWER)
        except BlockingIOError:
            return


@contextmanager
def _told(sending: Sending) -> Iterator[None]:
    try:
        yield
    except ConnectionRefusedError as error:
        raise Unavailable(f"nobody listens on {sending.target} (UDP)") from error
    except BlockingIOError:
        raise
    except OSError as error:
        raise Unavailable(f"cannot send to {sending.target}: {error.strerror}") from error
