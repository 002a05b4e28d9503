"""Which schema the database has, and refusing to run on another one. Changing it is `migrate`'s business; this module is in every
role's memory, so it does without Alembic."""

from sqlalchemy import inspect, text

from collector.domain.errors import ConfigurationError
from collector.store.engine import Store

SCHEMA_VERSION = "0003"
"""The newest migration's revision (a test compares)."""
_TABLE = "alembic_version"


def schema_version(store: Store) -> str | None:
    """The schema's revision, None for an empty database. Raise Unavailable when the database is away."""
    with store.read() as connection:
        if not inspect(connection).has_table(_TABLE):
            return None
        return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar_one_or_none()  # noqa: S608 (our own constant)


def require_current(store: Store) -> None:
    """Raise ConfigurationError unless the schema is this program's."""
    present = schema_version(store)
    if present != SCHEMA_VERSION:
        raise ConfigurationError(
            f"the store's schema is {present or 'empty'}, this program needs {SCHEMA_VERSION}: run `collector migrate`"
        )
