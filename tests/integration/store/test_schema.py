"""Migrations on both databases: the schema they make is the one the models say, and another one is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from collector.domain.errors import ConfigurationError
from collector.domain.registry import SELF_CODE
from collector.store.engine import Store
from collector.store.migrate import migrate, migration_config
from collector.store.registry import load_registry
from collector.store.schema import SCHEMA_VERSION, require_current, schema_version
from tests.builders import BOX, REPOSITORY
from tests.databases import Databases


def test_the_schema_from_the_migrations_is_the_schema_of_the_models(store: Store) -> None:
    with store.read() as connection:
        options = {"compare_type": True, "compare_server_default": True, "target_metadata": SQLModel.metadata}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_both_databases_refuse_the_same_things(store: Store) -> None:
    """What `compare_metadata` does not look at: the condition of the index that allows one open case per key."""
    with store.read() as connection:
        indexes = {index["name"]: index for index in inspect(connection).get_indexes("cases")}
    unique = indexes["uq_cases_open_key"]
    assert unique["unique"]
    condition = next(str(value) for name, value in unique["dialect_options"].items() if name.endswith("_where"))
    assert "status <> 'closed'" in condition.replace("::text", "")


def test_migrating_again_changes_nothing(store: Store) -> None:
    assert migrate(store) == SCHEMA_VERSION == schema_version(store)
    require_current(store)
    with store.read() as connection:
        registry = load_registry(connection, BOX)
    assert [customer.code for customer in registry.customers.values()] == [SELF_CODE]
    assert registry.self_customer.code == SELF_CODE


def test_an_empty_database_is_not_current(databases: Databases) -> None:
    store = Store(databases.empty())
    assert schema_version(store) is None
    with pytest.raises(ConfigurationError, match=r"schema is empty.*collector migrate"):
        require_current(store)
    store.close()


def test_a_database_of_another_version_is_refused(databases: Databases) -> None:
    store = Store(databases.fresh())
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=f"schema is 9999, this program needs {SCHEMA_VERSION}"):
        require_current(store)
    store.close()


def test_a_migration_that_fails_leaves_nothing_behind(databases: Databases) -> None:
    store = Store(databases.empty())
    with store.write() as connection:
        connection.execute(text("CREATE TABLE sources (id INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(store)
    with store.read() as connection:
        assert inspect(connection).get_table_names() == ["sources"]
    store.close()


def test_only_two_files_ask_which_database_it_is() -> None:
    allowed = {Path("collector/store/engine.py"), Path("collector/store/dialect.py"), Path("collector/store/migrations/env.py")}
    asking = {
        path.relative_to(REPOSITORY)
        for folder in ("collector", "receivers", "rules", "api")
        for path in (REPOSITORY / folder).rglob("*.py")
        if any(sign in path.read_text(encoding="utf-8") for sign in ("dialect.name", "is_sqlite", "get_backend_name", "dialects"))
    }
    assert asking <= allowed


def test_only_the_store_knows_sqlalchemy() -> None:
    outside = [
        path
        for folder in ("collector", "receivers", "rules", "api")
        for path in (REPOSITORY / folder).rglob("*.py")
        if "collector/store" not in path.as_posix()
        and any(
            f"{word} {name}" in path.read_text() for word in ("import", "from") for name in ("sqlalchemy", "sqlmodel", "alembic")
        )
    ]
    assert outside == []


def test_the_version_that_the_program_needs_is_its_newest_migration() -> None:
    assert ScriptDirectory.from_config(migration_config()).get_heads() == [SCHEMA_VERSION]


def test_a_store_of_a_newer_program_is_not_migrated(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="version 9999, which this program does not know"):
        migrate(store)
