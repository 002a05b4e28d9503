"""Alembic's scripts: one lineage for both databases."""
