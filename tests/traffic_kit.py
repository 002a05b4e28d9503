"""What tests of the sending commands need: a port that receives datagrams and may answer informs, and the command line itself."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from collector import cli
from collector.domain.trap import Trap
from receivers.snmp.message import decode
from receivers.snmp.responses import response_to

Answer = Callable[[bytes], bytes | None]


@dataclass(slots=True)
class Port:
    """What came in: datagrams and where from, in order."""

    address: str
    datagrams: list[bytes] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)

    @property
    def traps(self) -> list[Trap]:
        """All of them decoded, which they must be."""
        decoded = [decode(datagram) for datagram in self.datagrams]
        found = [one for one in decoded if isinstance(one, Trap)]
        assert found == decoded
        return found


@contextmanager
def listening(answer: Answer = response_to) -> Iterator[Port]:
    """A UDP port of this machine; `answer` says what goes back to each datagram. When it is left, all that was sent is there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.bind(("127.0.0.1", 0))
        port = Port("{}:{}".format(*udp.getsockname()))

        def serve() -> None:
            while True:
                datagram, peer = udp.recvfrom(65_535)
                if not datagram:
                    return
                port.datagrams.append(datagram)
                port.peers.append(peer[0])
                if (back := answer(datagram)) is not None:
                    udp.sendto(back, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield port
        finally:
            # loopback keeps the order of what was sent before
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", udp.getsockname())
            thread.join(timeout=10)
            assert not thread.is_alive()


def closed_port(kind: socket.SocketKind) -> str:
    """An address of this machine on which nobody listens."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return "{}:{}".format(*probe.getsockname())


def collector(*words: str) -> int:
    """The exit code of a command, run in this process."""
    try:
        return cli.main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
