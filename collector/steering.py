"""Several sockets on one UDP address, one for each receiver: the kernel chooses by the sender's address alone, so that all
datagrams of an address come to the same receiver, in order. Binding the sockets is done elsewhere."""

import ctypes
import socket
import struct
from collections.abc import Sequence

_SO_ATTACH_REUSEPORT_CBPF = 51
"""asm-generic/socket.h, socket(7): a classic BPF program that answers with the place of a socket, in the order of binding."""
_INSTRUCTION = struct.Struct("=HBBI")
"""linux/filter.h, struct sock_filter: code, jump if true, jump if false, operand."""
_PROGRAM = struct.Struct("HP")
"""struct sock_fprog: number of instructions, where they are."""
_NETWORK_HEADER = 0x1_0000_0000 - 0x0010_0000
"""SKF_NET_OFF as an unsigned number: offsets from it count from the beginning of the IP header."""
_LOAD_OCTET, _LOAD_WORD = 0x30, 0x20
_SHIFT_RIGHT, _MULTIPLY, _REMAINDER, _XOR_WITH_X = 0x74, 0x24, 0x94, 0xAC
_COPY_TO_X, _JUMP, _JUMP_IF_EQUAL, _ANSWER = 0x07, 0x05, 0x15, 0x16
_GOLDEN = 0x9E37_79B1
"""2^32 divided by the golden ratio, a prime: multiplied by it, addresses that follow a pattern (only even ones, say) spread."""


def steer(sockets: Sequence[socket.socket]) -> None:
    """From now on each sender's address has one of `sockets`, which are bound to the same address with SO_REUSEPORT, in the order
    of their binding. Lasts as long as the sockets. Raise OSError when the kernel refuses; no privilege is needed."""
    program = _program(len(sockets))
    octets = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
    kept = ctypes.create_string_buffer(octets, len(octets))
    attached = _PROGRAM.pack(len(program), ctypes.addressof(kept))
    sockets[0].setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, attached)


def _program(count: int) -> list[tuple[int, int, int, int]]:
    """By the version in the IP header, not by the socket's family: a socket for both families gets IPv4 datagrams too."""
    ipv6 = [_load_word(8)]
    for offset in (12, 16, 20):
        ipv6 += [(_COPY_TO_X, 0, 0, 0), _load_word(offset), (_XOR_WITH_X, 0, 0, 0)]
    ipv4 = [_load_word(12), (_JUMP, 0, 0, len(ipv6))]
    choose = [(_MULTIPLY, 0, 0, _GOLDEN), (_SHIFT_RIGHT, 0, 0, 16), (_REMAINDER, 0, 0, count), (_ANSWER, 0, 0, 0)]
    version = [(_LOAD_OCTET, 0, 0, _NETWORK_HEADER), (_SHIFT_RIGHT, 0, 0, 4), (_JUMP_IF_EQUAL, 0, len(ipv4), 4)]
    return [*version, *ipv4, *ipv6, *choose]


def _load_word(offset: int) -> tuple[int, int, int, int]:
    """32 bits of the IP header: of the source address, which is at 12 in IPv4 (RFC 791) and at 8 in IPv6 (RFC 8200)."""
    return _LOAD_WORD, 0, 0, _NETWORK_HEADER + offset
