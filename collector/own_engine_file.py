"""The own SNMP engine's id and boots, kept in a file of the data directory: made once, raised at each start, passed down to every
receiver, so that one that is started again goes on with the same engine (RFC 3414 section 2.2)."""

import json
import os
import secrets
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from collector.config import Settings
from collector.domain.clock import EPOCH, Clock
from collector.domain.errors import ConfigurationError
from collector.domain.own_engine import MAX_BOOTS, OwnEngine
from collector.logs import Log

ENGINE_VARIABLE = "COLLECTOR_SNMP_ENGINE"
_PREFIX = bytes.fromhex("80007ed905")
"""RFC 3411 section 5: an enterprise number (32473, which RFC 5612 keeps for those who have none), then format 5: octets of our
own."""
_RANDOM_OCTETS = 12
_MINUTE = timedelta(minutes=1)

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class OwnEngineStart:
    """What is kept of one: the engine's id, and how often it had begun by then."""

    id: bytes
    boots: int


def own_engine(settings: Settings, clock: Clock, environment: Mapping[str, str]) -> OwnEngine:
    """The engine that the supervisor passed down; a role that runs alone raises the boots for itself. Raise ConfigurationError
    when what was passed down is none."""
    told = environment.get(ENGINE_VARIABLE)
    if told is None:
        return raise_boots(settings, clock)
    try:
        engine_id, boots, begun_ns = told.split(",")
        return OwnEngine(bytes.fromhex(engine_id), int(boots), int(begun_ns))
    except ValueError:
        raise ConfigurationError(f"{ENGINE_VARIABLE} is for the collector's own processes; do not set it") from None


def own_engine_id(settings: Settings, environment: Mapping[str, str]) -> bytes:
    """Of the engine that runs, or that will: for those who only must know it. Empty as long as there is none."""
    told = environment.get(ENGINE_VARIABLE, "").partition(",")[0]
    with suppress(ValueError):
        if told:
            return bytes.fromhex(told)
    if settings.snmp.own_engine_id or not os.access(settings.engine_file, os.R_OK):
        return settings.snmp.own_engine_id
    last = last_start(settings.engine_file)
    return last.id if last else b""


def environment_of(engine: OwnEngine) -> dict[str, str]:
    """What a child needs for `own_engine`."""
    return {ENGINE_VARIABLE: f"{engine.id.hex()},{engine.boots},{engine.begun_ns}"}


def raise_boots(settings: Settings, clock: Clock) -> OwnEngine:
    """Begin anew: durable on return, so that no answer ever repeats boots and time of an earlier one.

    When the file cannot be written, the engine gets an id that nobody has seen, for this time only: it has no boots that could go
    back, and those who send informs find it as they found the first one.
    """
    start = next_start(last_start(settings.engine_file), settings.snmp.own_engine_id, clock)
    try:
        _write(settings.engine_file, start)
    except OSError as error:
        start = OwnEngineStart(_new_id(), 1)
        log.error("the own SNMP engine cannot be kept; it has another id until the next start", reason=error.strerror)
    log.info("own SNMP engine", engine_id=start.id.hex(), boots=start.boots)
    return OwnEngine(start.id, start.boots, clock.monotonic_ns())


def next_start(last: OwnEngineStart | None, wanted: bytes, clock: Clock) -> OwnEngineStart:
    """What follows upon the last start. `wanted` is the id of the settings, empty when they leave it to us.

    An id that we make is new, so its boots are 1. One that the settings name may have been in use before, here or on an earlier
    machine: where its boots are not known they begin with the minutes since 1970, more than it can have counted.
    """
    if wanted and (last is None or last.id != wanted):
        minutes = (clock.now() - EPOCH) // _MINUTE
        return OwnEngineStart(wanted, min(max(minutes, last.boots + 1 if last else 1), MAX_BOOTS))
    if last is None:
        return OwnEngineStart(_new_id(), 1)
    if last.boots < MAX_BOOTS - 1:
        return OwnEngineStart(last.id, last.boots + 1)
    if wanted:
        log.error("[snmp] engine_id: its boots have reached the highest number; informs of v3 need another id")
        return OwnEngineStart(last.id, MAX_BOOTS)
    log.warning("the boots of the own SNMP engine have reached the highest number; it gets a new id")
    return OwnEngineStart(_new_id(), 1)


def last_start(path: Path) -> OwnEngineStart | None:
    """What was kept last; None when there is nothing, or nothing that can be trusted."""
    try:
        kept = json.loads(path.read_bytes())
        start = OwnEngineStart(bytes.fromhex(kept["engine_id"]), int(kept["boots"]))
        if kept["check"] == _check(start) and 1 <= start.boots <= MAX_BOOTS:
            return start
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    log.warning("the file of the own SNMP engine is damaged; without an id in the settings it gets a new one", path=path)
    return None


def _new_id() -> bytes:
    return _PREFIX + secrets.token_bytes(_RANDOM_OCTETS)


def _check(start: OwnEngineStart) -> int:
    """Against a disk that changes octets: boots that went back would not be noticed otherwise."""
    return zlib.crc32(b"%s,%d" % (start.id, start.boots))


def _write(path: Path, start: OwnEngineStart) -> None:
    """The last or the new start, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    body = json.dumps({"engine_id": start.id.hex(), "boots": start.boots, "check": _check(start)})
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
