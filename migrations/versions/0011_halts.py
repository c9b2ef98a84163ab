"""
The kill switch, and what a run has to say beside its outcome.
"""

import sqlalchemy as sa
from alembic import op

from alchemiser.infrastructure.sql.columns import ExactDecimal, Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "halts",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_at", Instant()),
        sa.PrimaryKeyConstraint("number", name="pk_halts"),
        sqlite_autoincrement=True,
    )
    op.add_column("runs", sa.Column("notes", sa.Text(), server_default="[]", nullable=False))
    op.add_column("runs", sa.Column("cash_flow", ExactDecimal()))


def downgrade() -> None:
    op.drop_column("runs", "cash_flow")
    op.drop_column("runs", "notes")
    op.drop_table("halts")
