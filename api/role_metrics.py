"""Fetching the metrics of the other roles from their loopback listeners, all at once, within limits of time and size."""

import asyncio
from collections.abc import Mapping

SECONDS = 1.0
MAX_OCTETS = 4 * 1024 * 1024


async def fetch_all(addresses: Mapping[str, str]) -> dict[str, str | None]:
    """Role → its metrics as text, None when it does not answer in time, or too much."""
    texts = await asyncio.gather(*(_fetch(address) for address in addresses.values()))
    return dict(zip(addresses, texts, strict=True))


async def _fetch(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return None
    try:
        async with asyncio.timeout(SECONDS):
            return _body(await _get(host.strip("[]"), int(port)))
    except (OSError, TimeoutError, ValueError, OverflowError):
        return None


async def _get(host: str, port: int) -> bytes:
    """The whole answer of an HTTP/1.0 server, which ends it by closing. Raise ValueError when it is too long."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = bytearray()
        while part := await reader.read(65_536):
            answer += part
            if len(answer) > MAX_OCTETS:
                raise ValueError("too long")
        return bytes(answer)
    finally:
        writer.close()


def _body(answer: bytes) -> str | None:
    head, _, body = answer.partition(b"\r\n\r\n")
    return body.decode() if head.split(b" ", 2)[1:2] == [b"200"] else None
