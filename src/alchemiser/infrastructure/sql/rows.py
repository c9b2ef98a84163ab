"""
Domain values as rows and back, one pair of functions a table.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import RowMapping

from alchemiser.application.ports.records import Report, Run
from alchemiser.domain.events import Event, Outcome, PartialSignalGenerated
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Intent,
    IntentState,
    Open,
    OrderBody,
    Sent,
    Taken,
    Trade,
    TradeStatus,
    Unknown,
)
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.values import Money, Price, Quantity, Side
from alchemiser.infrastructure.codec import decode, encode
from alchemiser.infrastructure.sql.upsert import Row

_STATES: Mapping[str, type[IntentState]] = {
    "sent": Sent,
    "taken": Taken,
    "open": Open,
    "canceling": Canceling,
    "closed": Closed,
    "unknown": Unknown,
}
_TEN_THOUSANDTH = Decimal("0.0001")


def run_row(run: Run) -> Row:
    """
    Return the row of a run.
    """
    return {
        "id": run.id,
        "account": run.account,
        "profile": run.profile,
        "session": run.session,
        "signal_session": run.signal_session,
        "started_at": run.started_at,
        "code_version": run.code_version,
        "opening": None if run.opening is None else encode(run.opening),
        "closing": None if run.closing is None else encode(run.closing),
        "outcome": None if run.outcome is None else run.outcome.value,
        "detail": run.detail,
        "finished_at": run.finished_at,
        "notes": json.dumps(run.notes),
        "cash_flow": None if run.cash_flow is None else run.cash_flow.value,
    }


def run_from(row: RowMapping) -> Run:
    """
    Return the run of a row.
    """
    return Run(
        id=row["id"],
        account=row["account"],
        profile=row["profile"],
        session=row["session"],
        signal_session=row["signal_session"],
        started_at=row["started_at"],
        code_version=row["code_version"],
        opening=None if row["opening"] is None else decode(Account, row["opening"]),
        closing=None if row["closing"] is None else decode(Account, row["closing"]),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        detail=row["detail"],
        finished_at=row["finished_at"],
        notes=tuple(json.loads(row["notes"])),
        cash_flow=None if row["cash_flow"] is None else Money(row["cash_flow"]),
    )


def event_row(event: Event) -> Row:
    """
    Return the row of an event.
    """
    meta = event.meta
    return {
        "event_id": meta.event_id,
        "type": type(event).__name__,
        "run_id": event.run_id,
        "correlation_id": meta.correlation_id,
        "causation_id": meta.causation_id,
        "occurred_at": meta.occurred_at,
        "source_module": meta.source_module,
        "source_component": meta.source_component,
        "schema_version": meta.schema_version,
        "body": encode(event),
    }


def signal_row(told: PartialSignalGenerated) -> Row:
    """
    Return the row of what a strategy decided; `weights` is its portfolio alone, for reading.
    """
    weights = None if told.signal is None else {name: str(part) for name, part in told.signal.weights.items()}
    return {
        "run_id": told.run_id,
        "strategy": told.strategy,
        "fingerprint": told.fingerprint,
        "allocation": told.allocation,
        "session": None if told.signal is None else told.signal.session,
        "weights": None if weights is None else json.dumps(weights, separators=(",", ":")),
        "failure": told.failure,
        "body": encode(told),
    }


def plan_row(plan: RebalancePlan) -> Row:
    """
    Return the row of a plan, its snapshot and lines in `body`.
    """
    return {
        "run_id": plan.run_id,
        "hash": plan.hash,
        "session": plan.session,
        "made_at": plan.made_at,
        "sells": len(plan.sells),
        "buys": len(plan.buys),
        "body": encode(plan),
    }


def trade_row(trade: Trade) -> Row:
    """
    Return the row of a trade, without its intents.
    """
    return {
        "id": trade.id,
        "run_id": trade.run_id,
        "symbol": trade.symbol,
        "side": trade.side.value,
        "planned": trade.planned.value,
        "authorised": None if trade.authorised is None else trade.authorised.value,
        "full_exit": trade.full_exit,
        "whole_shares": trade.whole_shares,
        "plan_price": trade.plan_price.value,
        "arrival": None if trade.arrival is None else trade.arrival.value,
        "status": trade.status.value,
        "reason": trade.reason,
        "quote_waits": trade.quote_waits,
        "due_at": trade.due_at,
        "version": trade.version,
    }


def trade_from(row: RowMapping, intents: tuple[Intent, ...]) -> Trade:
    """
    Return the trade of a row and its intents.
    """
    return Trade(
        id=row["id"],
        run_id=row["run_id"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        planned=Quantity(row["planned"]),
        authorised=None if row["authorised"] is None else Quantity(row["authorised"]),
        full_exit=row["full_exit"],
        whole_shares=row["whole_shares"],
        plan_price=Price(row["plan_price"]),
        arrival=None if row["arrival"] is None else Price(row["arrival"]),
        status=TradeStatus(row["status"]),
        reason=row["reason"],
        intents=intents,
        quote_waits=row["quote_waits"],
        due_at=row["due_at"],
        version=row["version"],
    )


def intent_row(intent: Intent) -> Row:
    """
    Return the row of an intent; the state whole in `body`, what it says in columns of its own for reading.
    """
    state = intent.state
    placed = state if isinstance(state, Open | Canceling | Closed) else None
    return {
        "trade_id": intent.trade_id,
        "attempt": intent.attempt,
        "rung": intent.rung,
        "client_order_id": intent.body.client_order_id,
        "symbol": intent.body.symbol,
        "side": intent.body.side.value,
        "quantity": intent.body.quantity.value,
        "limit": intent.body.limit.value,
        "bid": intent.bid.value,
        "ask": intent.ask.value,
        "created_at": intent.created_at,
        "state": state.kind,
        "posts": state.posts if isinstance(state, Sent) else None,
        "order_id": None if placed is None else placed.order_id,
        "filled": None if placed is None else placed.filled.value,
        "average": None if placed is None or placed.average is None else placed.average.value,
        "body": encode(state),
    }


def intent_from(row: RowMapping) -> Intent:
    """
    Return the intent of a row.
    """
    return Intent(
        trade_id=row["trade_id"],
        attempt=row["attempt"],
        rung=row["rung"],
        body=body_from(row),
        bid=Price(row["bid"]),
        ask=Price(row["ask"]),
        created_at=row["created_at"],
        state=decode(_STATES[row["state"]], row["body"]),
    )


def body_from(row: RowMapping) -> OrderBody:
    """
    Return what the intent of a row sends.
    """
    return OrderBody(
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=Quantity(row["quantity"]),
        limit=Price(row["limit"]),
    )


def ledger_row(entry: LedgerEntry) -> Row:
    """
    Return the row of a fill, with what it did to cash and its slippage to a ten-thousandth of a basis point.
    """
    return {
        "order_id": entry.order_id,
        "cumulative": entry.cumulative.value,
        "run_id": entry.run_id,
        "trade_id": entry.trade_id,
        "client_order_id": entry.client_order_id,
        "session": entry.session,
        "symbol": entry.symbol,
        "side": entry.side.value,
        "quantity": entry.quantity.value,
        "price": entry.price.value,
        "cash_change": entry.cash_change.value,
        "arrival": entry.arrival.value,
        "slippage_bps": entry.slippage_bps.quantize(_TEN_THOUSANDTH),
        "rung": entry.rung,
        "seen_at": entry.seen_at,
    }


def ledger_from(row: RowMapping) -> LedgerEntry:
    """
    Return the fill of a row.
    """
    return LedgerEntry(
        order_id=row["order_id"],
        cumulative=Quantity(row["cumulative"]),
        run_id=row["run_id"],
        trade_id=row["trade_id"],
        client_order_id=row["client_order_id"],
        session=row["session"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=Quantity(row["quantity"]),
        price=Price(row["price"]),
        arrival=Price(row["arrival"]),
        rung=row["rung"],
        seen_at=row["seen_at"],
    )


def report_row(report: Report) -> Row:
    """
    Return the row of a report.
    """
    return {
        "run_id": report.run_id,
        "subject": report.subject,
        "text": report.text,
        "html": report.html,
        "places": json.dumps(report.places),
        "written_at": report.written_at,
    }


def report_from(row: RowMapping) -> Report:
    """
    Return the report of a row.
    """
    return Report(
        run_id=row["run_id"],
        subject=row["subject"],
        text=row["text"],
        html=row["html"],
        places=tuple(json.loads(row["places"])),
        written_at=row["written_at"],
    )
