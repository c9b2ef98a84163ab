"""
Every table. Events, signals, plans and fills are written once: triggers refuse to change them.

    runs ─┬─ signals      one for each strategy
          ├─ plans        at most one
          ├─ trades ─── intents          ledger: one row for each fill that was seen
          └─ reports      at most one
    events ─── deliveries one for each handler an event is routed to
    chain ──── chain_head one link for each event and fill; the head is the last of them
    halts                 one for each time the kill switch was turned on
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from alchemiser.infrastructure.sql.columns import ExactDecimal, Instant, KeyDecimal

SCHEMA = "0011"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of type INTEGER.
_ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

runs = Table(
    "runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("session", Date, nullable=False),
    Column("signal_session", Date, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("code_version", String(64), nullable=False),
    Column("opening", Text),
    Column("closing", Text),
    Column("outcome", String(16)),
    Column("detail", Text, nullable=False),
    Column("finished_at", Instant),
    Column("notes", Text, nullable=False, server_default="[]"),
    Column("cash_flow", ExactDecimal),
    Index(None, "session"),
)

signals = Table(
    "signals",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id"), primary_key=True),
    Column("strategy", String(256), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("allocation", ExactDecimal, nullable=False),
    Column("session", Date),
    Column("weights", Text),
    Column("failure", Text, nullable=False),
    Column("body", Text, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id"), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("session", Date, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("sells", Integer, nullable=False),
    Column("buys", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

trades = Table(
    "trades",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("run_id", String(64), ForeignKey("runs.id"), nullable=False),
    Column("symbol", String(16), nullable=False),
    Column("side", String(4), nullable=False),
    Column("planned", ExactDecimal, nullable=False),
    Column("authorised", ExactDecimal),
    Column("full_exit", Boolean, nullable=False),
    Column("whole_shares", Boolean, nullable=False),
    Column("plan_price", ExactDecimal, nullable=False),
    Column("arrival", ExactDecimal),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("quote_waits", Integer, nullable=False),
    Column("due_at", Instant),
    Column("version", Integer, nullable=False, server_default="1"),
    # One side for each symbol of a run.
    UniqueConstraint("run_id", "symbol"),
)

intents = Table(
    "intents",
    metadata,
    Column("trade_id", String(96), ForeignKey("trades.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("rung", Integer, nullable=False),
    Column("client_order_id", String(128), nullable=False, unique=True),
    Column("symbol", String(16), nullable=False),
    Column("side", String(4), nullable=False),
    Column("quantity", ExactDecimal, nullable=False),
    Column("limit", ExactDecimal, nullable=False),
    Column("bid", ExactDecimal, nullable=False),
    Column("ask", ExactDecimal, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("posts", Integer),
    Column("order_id", String(64)),
    Column("filled", ExactDecimal),
    Column("average", ExactDecimal),
    Column("body", Text, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", _ROW_NUMBER, primary_key=True, autoincrement=True),
    Column("order_id", String(64), nullable=False),
    Column("cumulative", KeyDecimal, nullable=False),
    Column("run_id", String(64), ForeignKey("runs.id"), nullable=False, index=True),
    Column("trade_id", String(96), ForeignKey("trades.id"), nullable=False),
    Column("client_order_id", String(128), nullable=False),
    Column("session", Date, nullable=False),
    Column("symbol", String(16), nullable=False, index=True),
    Column("side", String(4), nullable=False),
    Column("quantity", ExactDecimal, nullable=False),
    Column("price", ExactDecimal, nullable=False),
    Column("cash_change", ExactDecimal, nullable=False),
    Column("arrival", ExactDecimal, nullable=False),
    Column("slippage_bps", ExactDecimal, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
    UniqueConstraint("order_id", "cumulative"),
    sqlite_autoincrement=True,
)

reports = Table(
    "reports",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id"), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("places", Text, nullable=False),
    Column("written_at", Instant, nullable=False),
)

halts = Table(
    "halts",
    metadata,
    Column("number", _ROW_NUMBER, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lifted_at", Instant),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("seq", _ROW_NUMBER, primary_key=True, autoincrement=True),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("type", String(64), nullable=False),
    Column("run_id", String(64), nullable=False, index=True),
    Column("correlation_id", String(64), nullable=False),
    Column("causation_id", String(64), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("source_module", String(64), nullable=False),
    Column("source_component", String(64), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("code_version", String(64), nullable=False, server_default=""),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", _ROW_NUMBER, primary_key=True, autoincrement=True),
    Column("event_id", String(36), ForeignKey("events.event_id"), nullable=False),
    Column("handler", String(64), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(64)),
    Column("lease_until", Instant),
    Column("last_error", Text),
    Column("done_at", Instant),
    UniqueConstraint("event_id", "handler"),
    Index(None, "state", "due_at", "number"),
    sqlite_autoincrement=True,
)

chain = Table(
    "chain",
    metadata,
    Column("seq", _ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("source", String(8), nullable=False),
    Column("row", _ROW_NUMBER, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("source", "row"),
)

chain_head = Table(
    "chain_head",
    metadata,
    # There is one head; who adds to the chain locks it.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", _ROW_NUMBER, nullable=False),
    Column("hash", String(64), nullable=False),
)
