"""The metrics listener against clients that behave badly and checks that fail."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry

from collector.config import ListenAddress
from collector.domain.errors import ConfigurationError
from collector.role_http import Readiness, RoleHttp

ANY = ListenAddress("127.0.0.1", 0)


class Check:
    """A readiness check whose answer the test sets."""

    def __init__(self) -> None:
        self.answer: Readiness | Exception = Readiness(True)

    def __call__(self) -> Readiness:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def check() -> Check:
    return Check()


@pytest.fixture
def server(check: Check) -> Iterator[RoleHttp]:
    server = RoleHttp(ANY, CollectorRegistry(), check)
    yield server
    server.close()


def request(server: RoleHttp, path: str, *, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.address.host, server.address.port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(Readiness(True), 200, {"ready": True, "reasons": []}, id="ready"),
        pytest.param(
            Readiness(False, ("store_away", "disk_short")),
            503,
            {"ready": False, "reasons": ["store_away", "disk_short"]},
            id="not",
        ),
    ],
)
def test_readiness_is_told_with_its_reasons(server: RoleHttp, check: Check, answer: Readiness, status: int, body: object) -> None:
    check.answer = answer
    got, text = request(server, "/readyz")
    assert (got, json.loads(text)) == (status, body)


def test_a_failing_check_ends_one_request_and_is_told_but_the_listener_goes_on(
    server: RoleHttp, check: Check, caplog: pytest.LogCaptureFixture
) -> None:
    check.answer = RuntimeError("broken")
    with pytest.raises(http.client.RemoteDisconnected):
        request(server, "/readyz")
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [check.answer]
    assert request(server, "/healthz")[0] == 200


@pytest.mark.parametrize("method", ["POST", "DELETE", "BREW"])
def test_only_reading_is_possible(server: RoleHttp, method: str) -> None:
    assert request(server, "/metrics", method=method)[0] == 501


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\xff\r\n\r\n", id="not HTTP"),
        pytest.param(b"GET /" + b"a" * 100_000, id="endless line"),
        pytest.param(b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 500, id="endless head"),
    ],
)
def test_a_client_that_talks_nonsense_and_leaves_does_no_harm(
    server: RoleHttp, sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(5):
        client = socket.create_connection((server.address.host, server.address.port), timeout=30)
        with client, suppress(OSError):  # the server may have hung up before the end of it
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
    assert request(server, "/healthz") == (200, "ok\n")
    assert capfd.readouterr().err == ""


def test_an_address_in_use_is_refused_with_the_key(server: RoleHttp, check: Check) -> None:
    with pytest.raises(ConfigurationError, match=r"\[metrics.listen\]: cannot listen on 127.0.0.1:\d+: Address already in use"):
        RoleHttp(server.address, CollectorRegistry(), check)


def test_it_can_listen_on_ipv6(check: Check) -> None:
    server = RoleHttp(ListenAddress("::1", 0), CollectorRegistry(), check)
    assert request(server, "/healthz")[0] == 200
    server.close()
