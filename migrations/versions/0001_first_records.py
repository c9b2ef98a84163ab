"""
Runs, signals, plans, trades, intents, the ledger, reports, events and deliveries.
"""

import sqlalchemy as sa
from alembic import op

from alchemiser.infrastructure.sql.columns import ExactDecimal, Instant, KeyDecimal
from alchemiser.infrastructure.sql.triggers import only_added, only_added_function, without_function

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("runs", "signals", "plans", "trades", "intents", "ledger", "reports", "events", "deliveries")
_APPEND_ONLY = ("signals", "plans", "ledger", "events")


def upgrade() -> None:
    _create_runs()
    _create_signals()
    _create_plans()
    _create_trades()
    _create_intents()
    _create_ledger()
    _create_reports()
    _create_events()
    _create_deliveries()
    dialect = op.get_bind().dialect.name
    for statement in only_added_function(dialect):
        op.execute(statement)
    for table in _APPEND_ONLY:
        for statement in only_added(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    for statement in without_function(op.get_bind().dialect.name):
        op.execute(statement)


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("signal_session", sa.Date(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("code_version", sa.String(length=64), nullable=False),
        sa.Column("opening", sa.Text()),
        sa.Column("closing", sa.Text()),
        sa.Column("outcome", sa.String(length=16)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("finished_at", Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_session", "runs", ["session"])


def _create_signals() -> None:
    op.create_table(
        "signals",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=256), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("allocation", ExactDecimal(), nullable=False),
        sa.Column("session", sa.Date()),
        sa.Column("weights", sa.Text()),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_signals_run_id"),
        sa.PrimaryKeyConstraint("run_id", "strategy", name="pk_signals"),
    )


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("sells", sa.Integer(), nullable=False),
        sa.Column("buys", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_plans_run_id"),
        sa.PrimaryKeyConstraint("run_id", name="pk_plans"),
    )


def _create_trades() -> None:
    op.create_table(
        "trades",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("symbol", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("planned", ExactDecimal(), nullable=False),
        sa.Column("authorised", ExactDecimal()),
        sa.Column("full_exit", sa.Boolean(), nullable=False),
        sa.Column("whole_shares", sa.Boolean(), nullable=False),
        sa.Column("plan_price", ExactDecimal(), nullable=False),
        sa.Column("arrival", ExactDecimal()),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("quote_waits", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_trades_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_trades"),
        sa.UniqueConstraint("run_id", "symbol", name="uq_trades_run_id_symbol"),
    )


def _create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("trade_id", sa.String(length=96), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("client_order_id", sa.String(length=128), nullable=False),
        sa.Column("symbol", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("limit", ExactDecimal(), nullable=False),
        sa.Column("bid", ExactDecimal(), nullable=False),
        sa.Column("ask", ExactDecimal(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("posts", sa.Integer()),
        sa.Column("order_id", sa.String(length=64)),
        sa.Column("filled", ExactDecimal()),
        sa.Column("average", ExactDecimal()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["trade_id"], ["trades.id"], name="fk_intents_trade_id"),
        sa.PrimaryKeyConstraint("trade_id", "attempt", name="pk_intents"),
        sa.UniqueConstraint("client_order_id", name="uq_intents_client_order_id"),
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("seq", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("cumulative", KeyDecimal(), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("trade_id", sa.String(length=96), nullable=False),
        sa.Column("client_order_id", sa.String(length=128), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("symbol", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("cash_change", ExactDecimal(), nullable=False),
        sa.Column("arrival", ExactDecimal(), nullable=False),
        sa.Column("slippage_bps", ExactDecimal(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_ledger_run_id"),
        sa.ForeignKeyConstraint(["trade_id"], ["trades.id"], name="fk_ledger_trade_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
        sa.UniqueConstraint("order_id", "cumulative", name="uq_ledger_order_id_cumulative"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ledger_run_id", "ledger", ["run_id"])
    op.create_index("ix_ledger_symbol", "ledger", ["symbol"])


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_reports_run_id"),
        sa.PrimaryKeyConstraint("run_id", name="pk_reports"),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("causation_id", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("source_module", sa.String(length=64), nullable=False),
        sa.Column("source_component", sa.String(length=64), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.UniqueConstraint("event_id", name="uq_events_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_run_id", "events", ["run_id"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("number", _ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("handler", sa.String(length=64), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.Column("lease_until", Instant()),
        sa.Column("last_error", sa.Text()),
        sa.Column("done_at", Instant()),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name="fk_deliveries_event_id"),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sa.UniqueConstraint("event_id", "handler", name="uq_deliveries_event_id_handler"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_state_due_at_number", "deliveries", ["state", "due_at", "number"])
