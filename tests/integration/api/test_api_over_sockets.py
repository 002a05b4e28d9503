"""The API over real sockets: the server with its limits, and metrics fetched from listeners that behave badly."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import role_metrics
from api.edge import MAX_BODY
from api.role_metrics import fetch_all
from api.server import MAX_HEAD, serve
from tests.api_world import World, world
from tests.databases import SqliteDatabases

WAIT_SECONDS = 20


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[World]:
    with SqliteDatabases(tmp_path).store() as store, world(store, tmp_path) as made:
        yield made


def listening() -> socket.socket:
    bound = socket.create_server(("127.0.0.1", 0))
    bound.settimeout(WAIT_SECONDS)
    return bound


@contextmanager
def served(app: Any) -> Iterator[tuple[str, threading.Event, threading.Thread]]:
    """(base URL, stop flag, the server's thread)"""
    bound, stop = listening(), threading.Event()
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    thread = threading.Thread(target=serve, args=(app, [bound], stop))
    thread.start()
    try:
        yield address, stop, thread
    finally:
        stop.set()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
        bound.close()


def test_a_client_lists_acknowledges_and_reads_over_http(collector: World) -> None:
    collector.hear("case disk")
    key = collector.named_key("bridge", "all").key
    with served(collector.app) as (url, _, _), httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        [case] = client.get("/api/v1/cases").json()["items"]
        answer = client.post(f"/api/v1/cases/{case['external_key']}/acknowledge", json={"actor": "ana"})
        assert (answer.status_code, answer.json()["status"]) == (200, "acknowledged")
        assert "server" not in answer.headers
        assert client.get("/readyz").status_code == 200


def test_the_server_ends_when_it_is_told_and_closes_its_sockets(collector: World) -> None:
    with served(collector.app) as (url, stop, thread), httpx.Client(base_url=url) as client:
        assert client.get("/healthz").status_code == 200
        stop.set()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
        with pytest.raises(httpx.TransportError):
            client.get("/healthz")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(MAX_BODY, 422, id="as long as one may be: not JSON"),
        pytest.param(MAX_BODY + 1, 413, id="one octet longer"),
        pytest.param(4 * MAX_BODY, 413, id="much longer"),
    ],
)
@pytest.mark.parametrize("length", [pytest.param(True, id="length said"), pytest.param(False, id="chunked")])
def test_a_long_body_that_comes_with_its_head_is_not_taken_for_a_head(
    collector: World, body: int, status: int, *, length: bool
) -> None:
    collector.hear("case disk")
    key, octets = collector.named_key("bridge", "all").key, b"a" * body
    framing = b"Content-Length: %d\r\n\r\n%b" % (body, octets)
    if not length:
        framing = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (body, octets)
    head = f"POST /api/v1/cases/X/acknowledge HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    with served(collector.app) as (url, _, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
            client.sendall(head.encode() + b"Content-Type: application/json\r\n" + framing)
            assert client.recv(100).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_request_head_without_end_is_cut_off(collector: World) -> None:
    with served(collector.app) as (url, _, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (MAX_HEAD + 1))
            assert client.recv(100).startswith(b"HTTP/1.1 431 ")
        assert httpx.get(f"{url}/healthz").status_code == 200


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="version"),
        pytest.param(b"\0" * 100, id="NUL"),
        pytest.param(b"GET /\xff\xfe?\xff HTTP/1.1\r\nHost: x\r\n\r\n", id="raw octets in the path"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", id="two lengths"),
        pytest.param(
            b"GET /api/v1/cases?x=%00 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", id="upgrade"
        ),
    ],
)
def test_what_is_not_http_does_not_stop_the_server(collector: World, octets: bytes) -> None:
    with served(collector.app) as (url, _, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            answer = client.recv(100)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        assert httpx.get(f"{url}/healthz").status_code == 200


def test_a_slow_head_is_cut_off_in_time(collector: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.server.HEAD_SECONDS", 0.05)
    with served(collector.app) as (url, _, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\n")
            assert client.recv(100) == b""


def test_a_slow_body_is_answered_in_time(collector: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.edge.BODY_SECONDS", 0.05)
    with served(collector.app) as (url, _, _):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
            client.sendall(b"POST /api/v1/cases/x/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1")
            assert client.recv(100).startswith(b"HTTP/1.1 408 ")


def answering(stack: ExitStack, *parts: bytes, close: bool = True) -> str:
    """The address of a listener that takes one connection and sends this."""
    bound = stack.enter_context(listening())

    def answer() -> None:
        try:
            client, _ = bound.accept()
        except OSError:
            return
        stack.callback(client.close)
        client.recv(1000)
        for part in parts:
            try:
                client.sendall(part)
            except OSError:
                break
        if close:
            client.close()

    thread = threading.Thread(target=answer)
    thread.start()
    stack.callback(thread.join, WAIT_SECONDS)
    return f"127.0.0.1:{bound.getsockname()[1]}"


def test_metrics_are_fetched_from_every_listener_that_behaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_metrics, "SECONDS", 0.3)
    with ExitStack() as stack:
        closed = listening()
        gone = f"127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        addresses = {
            "good": answering(stack, b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nx 1\n"),
            "in parts": answering(stack, b"HTTP/1.0 200 O", b"K\r\n\r\nx", b" 1\n"),
            "failing": answering(stack, b"HTTP/1.0 500 No\r\n\r\nx 1\n"),
            "empty": answering(stack),
            "not UTF-8": answering(stack, b"HTTP/1.0 200 OK\r\n\r\n\xff"),
            "silent": answering(stack, close=False),
            "endless": answering(stack, *[b"HTTP/1.0 200 OK\r\n\r\n"], *[b"x" * 1_000_000] * 6),
            "gone": gone,
            "unknown": "",
            "no port": "127.0.0.1",
            "bad port": "127.0.0.1:99999",
        }
        texts = asyncio.run(fetch_all(addresses))
    assert texts == {**dict.fromkeys(addresses), "good": "x 1\n", "in parts": "x 1\n"}


def test_the_merged_page_says_which_roles_are_up(collector: World) -> None:
    with ExitStack() as stack:
        collector.role_addresses = {
            "process": answering(stack, b"HTTP/1.0 200 OK\r\n\r\n# TYPE a gauge\na 1\n"),
            "snmp": "",
        }
        text = collector.caller(None).get("/metrics").text
    assert 'a{role="process"} 1.0' in text
    assert 'collector_role_up{role="process"} 1.0' in text
    assert 'collector_role_up{role="snmp"} 0.0' in text
