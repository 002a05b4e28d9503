"""Bringing the schema to the version of this program, and refusing to run on another one."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from collector.domain.errors import ConfigurationError
from collector.store.engine import Store
from collector.store.registry import ensure_self

_SELF_NAME = "El propio colector"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("collector.store") / "migrations"))
    return config


def schema_version(store: Store) -> str | None:
    """The schema's revision, None for an empty database. Raise Unavailable when the database is away."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_version() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise ConfigurationError("the program carries no migrations: the installation is damaged")
    return head


def migrate(store: Store) -> str:
    """Bring the schema to the newest version in one transaction and return that version."""
    config = _config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        ensure_self(connection, name=_SELF_NAME)
    return newest_version()


def require_current(store: Store) -> None:
    """Raise ConfigurationError unless the schema is this program's."""
    present, wanted = schema_version(store), newest_version()
    if present != wanted:
        raise ConfigurationError(
            f"the store's schema is {present or 'empty'}, this program needs {wanted}: run `collector migrate`"
        )
