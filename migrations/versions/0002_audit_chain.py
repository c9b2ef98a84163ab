"""
The version of the code that told of an event, and the audit chain over events and fills, the stored ones included.
"""

import sqlalchemy as sa
from alembic import op

from alchemiser.infrastructure.sql.chain import START, linked
from alchemiser.infrastructure.sql.triggers import changeable, only_added

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("events", sa.Column("code_version", sa.String(length=64), server_default="", nullable=False))
    op.create_table(
        "chain",
        sa.Column("seq", _ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("row", _ROW_NUMBER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_chain"),
        sa.UniqueConstraint("source", "row", name="uq_chain_source_row"),
    )
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", _ROW_NUMBER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chain_head"),
    )
    dialect = op.get_bind().dialect.name
    _tell_versions(dialect)
    _fill()
    for statement in only_added("chain", dialect):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("chain_head")
    op.drop_table("chain")
    op.drop_column("events", "code_version")


def _tell_versions(dialect: str) -> None:
    for statement in changeable("events", dialect):
        op.execute(statement)
    op.execute(
        "UPDATE events SET code_version = coalesce("
        "(SELECT runs.code_version FROM runs WHERE runs.id = events.run_id), '')"
    )
    for statement in only_added("events", dialect):
        op.execute(statement)


def _fill() -> None:
    connection = op.get_bind()
    chain = sa.table("chain", *map(sa.column, ("seq", "source", "row", "hash")))
    head = sa.table("chain_head", *map(sa.column, ("id", "seq", "hash")))
    links = list(linked(connection, START))
    if links:
        connection.execute(chain.insert(), links)
    last = links[-1] if links else {"seq": START.seq, "hash": START.hash}
    connection.execute(head.insert(), {"id": 1, "seq": last["seq"], "hash": last["hash"]})
