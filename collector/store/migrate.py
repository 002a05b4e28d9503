"""Bringing the schema to the version of this program."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from collector.domain.errors import ConfigurationError
from collector.store.dialect import overwrite_deleted
from collector.store.engine import Store
from collector.store.registry import ensure_self
from collector.store.schema import SCHEMA_VERSION, schema_version

_SELF_NAME = "El propio colector"


def migration_config() -> Config:
    """Where Alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(files("collector.store") / "migrations"))
    return config


def migrate(store: Store) -> str:
    """Bring the schema to the newest version in one transaction and return that version. Secrets of a store from before they were
    sealed stay open: `collector.store.sealing.seal_again` comes next.

    Raise ConfigurationError when a newer program wrote the store.
    """
    config = migration_config()
    try:
        with store.write() as connection:
            overwrite_deleted(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            ensure_self(connection, name=_SELF_NAME)
    except CommandError as error:
        present = schema_version(store)
        raise ConfigurationError(
            f"the store is at version {present}, which this program does not know (it knows up to {SCHEMA_VERSION}): "
            "use the program that wrote it, or a newer one"
        ) from error
    return SCHEMA_VERSION
