"""Bringing the schema to the version of this program."""

from importlib.resources import files

from alembic import command
from alembic.config import Config

from collector.store.engine import Store
from collector.store.registry import ensure_self
from collector.store.schema import SCHEMA_VERSION

_SELF_NAME = "El propio colector"


def migration_config() -> Config:
    """Where Alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(files("collector.store") / "migrations"))
    return config


def migrate(store: Store) -> str:
    """Bring the schema to the newest version in one transaction and return that version."""
    config = migration_config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        ensure_self(connection, name=_SELF_NAME)
    return SCHEMA_VERSION
