"""How Alembic reaches the store: with the connection that collector.store.migrate hands over."""

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel

from collector.store import tables  # noqa: F401 (fills the metadata)
from collector.store.types import UtcTime


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations are frozen: they name the database's type, not ours, which may change."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_item=_render,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
