"""The API role: the application put together with store, journal, rules and what the other roles tell about themselves."""

import http.client
import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

from api.app import create_app
from api.bell import Bell
from api.server import serve
from api.tools import ApiTools
from collector import lifeline
from collector.actions import Actions
from collector.app.decoders import decoders
from collector.app.journal import open_journal
from collector.app.knowledge import KnowledgeKeeper
from collector.app.paths import api_wake, loaded_names, writer_turn
from collector.app.terms import terms_of
from collector.app.waiting import wait_for_store
from collector.config import Role, Settings
from collector.handoff.counters import HandoffCounters
from collector.handoff.inbound import Inbound
from collector.names.present import PresentNames
from collector.own_engine_file import own_engine_id
from collector.pipeline.approval import Approval
from collector.pipeline.inspection import Inspector
from collector.pipeline.stages import Knowledge
from collector.role import RoleContext
from collector.role_http import Readiness
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.messages import last_position
from collector.wake import WakeListener, Waker
from collector.writer_turn import WriterTurn

_ASK_SECONDS = 1.0
_WRITE_WAIT_SECONDS = 3.0
"""Then the caller hears 503 and may try again; a person should not wait longer, nor a stop."""
SUPERVISOR = "supervisor"


def run_api(role: RoleContext) -> None:
    """Until stopped. Raise ConfigurationError when schema or rules do not fit."""
    with ExitStack() as undo:
        store = undo.enter_context(closing(Store(role.settings.store_url, write_wait_seconds=_WRITE_WAIT_SECONDS)))
        wait_for_store(store, role)
        if role.stop.is_set():
            return
        tools = _tools(role, store, undo)
        role.ready_when(lambda: Readiness(ready=store.reachable()))
        serve(create_app(tools), [bound.socket for bound in role.sockets], role.stop)


def _tools(role: RoleContext, store: Store, undo: ExitStack) -> ApiTools:
    """What `undo` ends."""
    settings, terms = role.settings, terms_of(role.settings)
    turn = undo.enter_context(closing(WriterTurn(writer_turn(settings)))).waiting
    listener = undo.enter_context(closing(WakeListener(api_wake(settings))))
    wake = undo.enter_context(closing(Waker(api_wake(settings)))).wake
    reader = undo.enter_context(closing(open_journal(settings, role.clock).reader()))
    box = SecretBox.of_settings(settings)
    knowledge = KnowledgeKeeper(store, settings, undo.enter_context(decoders(role.clock)).decoders, terms, box)
    neighbours = Neighbours(settings, supervised=lifeline.is_supervised(os.environ))
    actions = Actions(store, role.clock, turn, terms, changed=wake)
    handoff = HandoffCounters()
    names = PresentNames(loaded_names(settings))
    return ApiTools(
        store=store,
        actions=actions,
        inbound=Inbound(store, role.clock, turn, terms, actions, counters=handoff, changed=wake),
        handoff=handoff,
        inspector=Inspector(
            store,
            reader,
            knowledge=_present(role, knowledge),
            explain=knowledge.explain,
            clock=role.clock,
            turn=turn,
            names=names,
            box=box,
            kept=timedelta(days=settings.journal.retention_days),
        ),
        approval=Approval(store, role.clock, turn, changed=wake, own_engine=own_engine_id(settings, os.environ)),
        reader=reader,
        clock=role.clock,
        terms=terms,
        bell=Bell(listener, last_position=lambda: _last_position(store), stop=role.stop),
        readiness=lambda: _readiness(store, neighbours),
        role_addresses=neighbours.addresses,
        registry=role.registry,
        trusted_proxies=settings.api.trusted_proxies,
        names=names,
    )


def _present(role: RoleContext, knowledge: KnowledgeKeeper) -> Callable[[], Knowledge]:
    """Nothing here works between requests: the first one after a SIGHUP reads the rules again."""

    def present() -> Knowledge:
        if role.reload_requested():
            knowledge.reload_rules()
        return knowledge()

    return present


def _last_position(store: Store) -> int:
    with store.read() as connection:
        return last_position(connection)


def _readiness(store: Store, neighbours: "Neighbours") -> tuple[bool, list[str]]:
    reasons = neighbours.troubles()
    if not store.reachable():
        reasons.append("store_away")
    return not reasons, reasons


class Neighbours:
    """The other roles on this machine, as their address files show them. Under `serve` all of them are expected; an API that runs
    alone speaks only of those that it finds."""

    def __init__(self, settings: Settings, *, supervised: bool) -> None:
        self._settings = settings
        expected = [Role.PROCESS, Role.HAND_OFF]
        if settings.snmp.listen:
            expected.append(Role.SNMP)
        if settings.smtp.listen:
            expected.append(Role.SMTP)
        self._expected = [name for role in expected for name in settings.process_names(role)]
        self._supervised = supervised

    def addresses(self) -> dict[str, str]:
        """Process to `host:port` of its listener, empty for one that is expected and not there."""
        found = self._of_roles()
        if self._supervised:
            found[SUPERVISOR] = _read(self._settings.run_dir / f"{SUPERVISOR}.addr")
        return found

    def _of_roles(self) -> dict[str, str]:
        addresses = {name: _read(self._settings.address_file(name)) for name in self._expected}
        return {name: address for name, address in addresses.items() if address or self._supervised}

    def troubles(self) -> list[str]:
        """Constant words for every process that is not ready."""
        return [f"{name}_not_ready" for name, address in self._of_roles().items() if not _is_ready(address)]


def _read(file: Path) -> str:
    """An address file's content, empty when there is none."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _is_ready(address: str) -> bool:
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return False
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=_ASK_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
