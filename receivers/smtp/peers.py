"""Who a client is, as far as the network tells. Whether it is to be believed is asked elsewhere."""

from typing import TypeAlias

SocketName: TypeAlias = tuple[str, int] | tuple[str, int, int, int]


def peer_of(name: SocketName | None) -> tuple[str, int]:
    """Address and port. An IPv4 client of a listener for both families is still an IPv4 client."""
    return (name[0].removeprefix("::ffff:"), name[1]) if name else ("", 0)
