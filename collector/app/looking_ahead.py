"""What can be said of a store before anything is started on it: whether the secrets of its sources can be opened, and whose traps
could be forged."""

from collections.abc import Iterable

from collector.config import Settings
from collector.domain.errors import Unavailable
from collector.domain.registry import Source
from collector.registry.weaknesses import Owned, listeners_that_are_none, weaknesses
from collector.secret_keys import keys_of_settings, own_key_file, weaknesses_of_key_file
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.registry import load_registry
from collector.store.schema import SCHEMA_VERSION, schema_version


def look_ahead(settings: Settings) -> list[str]:
    """Sentences, none when all is well. A store that is not there is only said. Raise ConfigurationError when the key may not be
    used, or secrets cannot be opened."""
    own = own_key_file(settings)
    if own is None or own.exists():
        keys_of_settings(settings)
    return [*weaknesses_of_key_file(settings), *_look_at_store(settings)]


def _look_at_store(settings: Settings) -> list[str]:
    store = Store(settings.store_url)
    try:
        if store.file is not None and not store.file.exists():
            return []
        try:
            present = schema_version(store)
        except Unavailable as error:
            return [f"its secrets and users were not looked at: {error}"]
        if present != SCHEMA_VERSION:
            return [f"the store is at version {present or 'none'}, this program needs {SCHEMA_VERSION}: run `collector migrate`"]
        with store.read() as connection:
            return warnings_about(load_registry(connection, SecretBox.of_settings(settings)).sources, settings)
    finally:
        store.close()


def warnings_about(sources: Iterable[Source], settings: Settings) -> list[str]:
    return warnings_of([(f"{one.customer.code}/{one.name}", one.snmp) for one in sources if one.snmp is not None], settings)


def warnings_of(owned: list[Owned], settings: Settings, *, beside: Iterable[Owned] = ()) -> list[str]:
    """What is allowed and yet worth a warning; of other sources only what these share with them."""
    listeners = [str(address) for address in settings.snmp.listen]
    return [*listeners_that_are_none(owned, listeners), *weaknesses(owned, beside)]
