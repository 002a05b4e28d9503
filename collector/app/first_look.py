"""What `process` does before anything else, and before the modules for its work are imported: the receivers wait for its word,
which it gives when their snapshot is written. It looks whether the calendar can be made, whether the secrets in the store can be
opened, and whether store and journal belong together."""

from collector.app.journal import open_journal
from collector.app.waiting import wait_for_store
from collector.calendars import load_calendar
from collector.journal.positions import verify_positions
from collector.role import RoleContext
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.registry import load_registry
from collector.store.streams import load_positions, load_retired


def look_first(role: RoleContext) -> bool:
    """Wait for the store and compare it with the journal; False when the role was stopped meanwhile. While the store is away the
    receivers are let begin with the snapshot that there is.

    Raise ConfigurationError when the calendar cannot be made, the schema is another one, the secrets cannot be opened, or store
    and journal do not belong together.
    """
    load_calendar(role.settings)
    store = Store(role.settings.store_url)
    try:
        wait_for_store(store, role, away=role.go_ahead.give)
        if role.stop.is_set():
            return False
        box = SecretBox.of_settings(role.settings)
        with store.read() as connection, open_journal(role.settings, role.clock).reader() as reader:
            load_registry(connection, box)
            positions = {name: position.position for name, position in load_positions(connection).items()}
            verify_positions(positions, reader.streams(), retired=load_retired(connection))
    finally:
        store.close()
    return True
