"""SNMP complete: a source's traps described in one column with sealed secrets, v3 engines and their memory, sealed originals."""

import base64
import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snmp_engines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("engine_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("boots", sa.BigInteger(), nullable=False),
        sa.Column("engine_time", sa.BigInteger(), nullable=False),
        sa.Column("time_at", sa.BigInteger(), nullable=False),
        sa.Column("time_steady", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_to", sa.BigInteger(), nullable=False),
        sa.Column("lowest_boots", sa.BigInteger(), nullable=False),
        sa.Column("lowest_time", sa.BigInteger(), nullable=False),
        sa.Column("earlier_boots", sa.BigInteger(), nullable=False),
        sa.Column("earlier_time", sa.BigInteger(), nullable=False),
        sa.Column("earlier_at", sa.BigInteger(), nullable=False),
        sa.Column("earlier_steady", sa.BigInteger(), nullable=False),
        sa.Column("earlier_forgotten_to", sa.BigInteger(), nullable=False),
        sa.Column("earlier_until", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_snmp_engines_source_id_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snmp_engines")),
        sa.UniqueConstraint("source_id", "engine_id", name=op.f("uq_snmp_engines_source_id_engine_id")),
    )
    op.create_table(
        "snmp_engine_seconds",
        sa.Column("engine", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("boots", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("engine_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("engine", "boots", "engine_time", name=op.f("pk_snmp_engine_seconds")),
    )
    op.create_table(
        "snmp_engines_forgotten",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("engine_id", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("forgotten_by", sa.Text(), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_snmp_engines_forgotten_source_id_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snmp_engines_forgotten")),
    )
    op.create_index("ix_snmp_engines_forgotten_source_id_id", "snmp_engines_forgotten", ["source_id", "id"], unique=False)
    with op.batch_alter_table("originals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("snmp", sa.Text(), nullable=True))
    _describe_sources()
    # Not as a batch: that rebuilds the table on SQLite, and cases refer to it.
    for name in ("snmp_version", "snmp_community", "snmp_networks"):
        op.drop_column("sources", name)


def _describe_sources() -> None:
    """The three columns become one. A migration has no key: the community stays open until `collector migrate` seals it, directly
    after this."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text("SELECT id, snmp_version, snmp_community, snmp_networks FROM sources WHERE snmp_version IS NOT NULL")
    )
    for row in found.mappings().all():
        connection.execute(sa.text("UPDATE sources SET snmp = :snmp WHERE id = :id"), {"id": row["id"], "snmp": _described(row)})


def _described(row: sa.RowMapping) -> str:
    community = base64.b64encode(bytes(row["snmp_community"] or b"")).decode("ascii")
    networks = json.loads(row["snmp_networks"])
    return json.dumps({"version": row["snmp_version"], "networks": networks, "open_community": community})
