"""What tests of backups share: installations around a store, what is in a store row by row, and a journal on the disk that the
pipeline's world can work off."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel

from collector.backup.keys import key_to_back_up
from collector.backup.manifest import Manifest
from collector.backup.restoring import Restored, Wanted, restore
from collector.backup.writing import Installation, back_up
from collector.config import Settings, load
from collector.domain.item import ItemKind, Record
from collector.journal.streams import Journal
from collector.store.engine import Store
from collector.store.messages import MessageFilter, read_messages
from tests.builders import KEY, SetClock, nanoseconds
from tests.journal_records import open_journal
from tests.pipeline_world import ACME, PEER, SITE, World, trap_octets

OF_A_RESTORE = {"sessions": None, "meta": "message_position"}
"""What a restore changes in the rows: table → the key in question, None for all."""


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory with the settings that lead to it and to its store."""

    settings: Settings

    @classmethod
    def at(cls, data_dir: Path, url: str, *, key: str = KEY) -> "Place":
        """With an empty `key` the place has a file of its own, when somebody makes it."""
        data_dir.mkdir(parents=True, exist_ok=True)
        told = {
            "DATA_DIR": str(data_dir),
            "STORE__URL": url,
            "SITE": SITE,
            "JOURNAL__ALLOW_VOLATILE": "true",
            "SECRETS__KEY": key,
        }
        return cls(load(None, {f"COLLECTOR__{name}": value for name, value in told.items()}))

    def store(self) -> Store:
        return Store(self.settings.store_url)

    def journal(self) -> Journal:
        return open_journal(self.settings.journal_dir, segment_bytes=4_000)

    def back_up(self, target: Path, *, store_only: bool = False, with_key: bool = True, store: Store | None = None) -> Manifest:
        opened = store or self.store()
        try:
            key = key_to_back_up(self.settings) if with_key else None
            what = Installation(self.settings, None, opened, None if store_only else self.journal(), key)
            return back_up(what, target, clock=SetClock(), say=lambda _: None)
        finally:
            if store is None:
                opened.close()

    def restore(self, backup: Path, *, store_only: bool = False, forget_secrets: bool = False) -> Restored:
        wanted = Wanted(store_only=store_only, forget_secrets=forget_secrets)
        return restore(backup, self.settings, wanted, clock=SetClock(), say=lambda _: None)

    def leftovers(self) -> list[str]:
        """What an attempt leaves that is neither the store nor the journal."""
        return sorted(path.name for path in self.settings.data_dir.iterdir() if "restoring" in path.name)


def rows_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for what a restore changes."""
    with store.read() as connection:
        found = {table.name: connection.execute(select(table)).all() for table in SQLModel.metadata.sorted_tables}
    return {
        name: sorted((tuple(row) for row in rows if OF_A_RESTORE.get(name, "") not in (None, row[0])), key=repr)
        for name, rows in found.items()
    }


def told(store: Store) -> list[tuple[str, int, str]]:
    """Id, number and body of every message, in the order of the feed."""
    with store.read() as connection:
        messages = read_messages(connection, MessageFilter(), after=0, limit=10_000)
    return [(message.id, message.seq, message.body) for message in messages]


def receive(journal: Journal, world: World, texts: Iterable[str]) -> list[str]:
    """Traps as the receiver writes them; return their ids."""
    ids = []
    with journal.open_writer("snmp-0") as writer:
        for text in texts:
            at = nanoseconds(world.clock.now())
            record = Record(ItemKind.DATAGRAM, at, at, "127.0.0.1:1162", PEER, 162, b"", trap_octets(text, community=ACME))
            ids.append(f"{writer.stream}-{writer.append([record])}")
    return ids
