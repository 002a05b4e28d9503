"""The small listener that every process has for itself, on loopback: `/metrics`, `/healthz`, `/readyz`. The API has a server of
its own and shows all of these merged."""

import json
import socketserver
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from collector.config import ListenAddress
from collector.domain.errors import ConfigurationError
from collector.logs import Log

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the role does its work now; `reasons` are constant words for what is missing."""

    ready: bool
    reasons: tuple[str, ...] = field(default=())


ReadinessCheck: TypeAlias = Callable[[], Readiness]


class RoleHttp:
    """Serves in threads of its own until `close`. Port 0 gives a free port; `address` is the one in use."""

    def __init__(self, address: ListenAddress, registry: CollectorRegistry, check: ReadinessCheck) -> None:
        """Raise ConfigurationError when the address cannot be bound."""
        try:
            self._server = _Server(address, registry, check)
        except OSError as error:
            raise ConfigurationError(f"[metrics.listen]: cannot listen on {address}: {error.strerror}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> ListenAddress:
        host, port = self._server.socket.getsockname()[:2]
        return ListenAddress(host, port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class AddressFile:
    """Tells others the address while the process lives. Written in one step; after a kill -9 it is stale until the next start."""

    def __init__(self, path: Path, address: ListenAddress) -> None:
        self._path = path
        temporary = path.with_suffix(".addr.new")
        temporary.write_text(f"{address}\n", encoding="ascii")
        temporary.replace(path)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: ListenAddress, registry: CollectorRegistry, check: ReadinessCheck) -> None:
        self.address_family = address.family
        self.registry = registry
        self.check = check
        super().__init__((address.host, address.port), _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's step of asking the DNS for our own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class's form
        """A client that went away is its own business; anything else is told once, the server goes on."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.error("a metrics request failed", cause=error)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET, one request per connection."""

    server: _Server
    timeout = 5
    server_version = "collector"
    sys_version = ""

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self.server.registry))
            case "/healthz":
                self._answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"ok\n")
            case "/readyz":
                self._answer_readiness(self.server.check())
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/metrics /healthz /readyz\n")

    def _answer_readiness(self, readiness: Readiness) -> None:
        status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
        body = json.dumps({"ready": readiness.ready, "reasons": list(readiness.reasons)})
        self._answer(status, "application/json", body.encode() + b"\n")

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        log.debug("metrics request", request=format % args)
