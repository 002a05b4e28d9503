"""The largest datagram that IPv4 carries, through the receiver on a real socket."""

import socket
from pathlib import Path

from collector.domain.trap import Trap
from receivers.snmp.message import decode
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import Bench, until

SIZE = 65_507


def test_the_largest_datagram_there_is_comes_through_the_receiver_whole(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        bench = Bench(tmp_path, udp)
        with bench.running(), bench.console() as console:
            console.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
            console.send(wire.v2_message_of(SIZE))
            until(lambda: len(bench.main.records) == 1)

    [datagram] = bench.main.payloads()
    assert datagram == wire.v2_message_of(SIZE)
    trap = decode(datagram)
    assert isinstance(trap, Trap)
    [(_, _, value)] = trap.varbinds
    assert isinstance(value, bytes)
    assert len(value) > 65_300
