"""
Records for tests: a run and everything that is stored of it, and one event of each type.
"""

from datetime import date, datetime
from decimal import Decimal

from alchemiser.application.ports.records import Report, Run
from alchemiser.domain.events import (
    Envelope,
    Event,
    ExecutionPhaseCompleted,
    ExecutionTickDue,
    Outcome,
    PartialSignalGenerated,
    Phase,
    PortfolioStateChanged,
    RebalancePlanned,
    SignalGenerated,
    TradeExecuted,
    UnresolvedLookUpDue,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)
from alchemiser.domain.identity import client_order_id, event_id, trade_id
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.strategy.signal import Decision, Score, Signal
from alchemiser.domain.values import Side, Symbol, price, shares, usd
from support.builders import DAY, RUN, START, a_target, after

SIGNAL_DAY = date(2026, 7, 30)


def a_run(number: int = 1, *, session: date = DAY) -> Run:
    """
    Return a run that has just begun.
    """
    return Run(
        id=f"TEST0001-{session:%Y%m%d}-rebalance-{number}",
        account="TEST0001",
        profile="test",
        session=session,
        signal_session=SIGNAL_DAY,
        started_at=START,
        code_version="0.1.0",
    )


def a_meta(kind: str, *, key: str = "", at: datetime = START) -> Envelope:
    """
    Return an envelope; kind and key tell apart the events of a test.
    """
    return Envelope(
        event_id=event_id(causation_id=RUN, event_type=kind, key=key),
        correlation_id=RUN,
        causation_id=RUN,
        occurred_at=at,
        source_module="application.start",
        source_component="start",
    )


def a_start(*, key: str = "", at: datetime = START) -> WorkflowStarted:
    """
    Return the event that starts the run.
    """
    return WorkflowStarted(
        meta=a_meta("WorkflowStarted", key=key, at=at),
        run_id=RUN,
        account="TEST0001",
        session=DAY,
        signal_session=SIGNAL_DAY,
        strategies=("Calm", "Nuclear"),
    )


def a_tick(number: int = 1, *, at: datetime = START) -> ExecutionTickDue:
    """
    Return a timer of the sells.
    """
    return ExecutionTickDue(
        meta=a_meta("ExecutionTickDue", key=str(number), at=at), run_id=RUN, phase=Phase.SELLS, number=number
    )


def a_vote(strategy: str = "Nuclear", *, failure: str = "") -> PartialSignalGenerated:
    """
    Return what a strategy decided, or why it could not.
    """
    decisions = (
        Decision(
            node='(> (rsi "SPY" {:window 10}) 79)',
            path="Nuclear > if",
            kind="condition",
            outcome="false",
            left=Decimal("61.250000"),
            right=Decimal("79.000000"),
            margin=Decimal("-17.750000"),
        ),
        Decision(
            node='(filter (rsi {:window 10}) (select-top 1) [(asset "SPY") (asset "OKLO")])',
            path="Nuclear > if > else",
            kind="filter",
            outcome="SPY",
            scores=(
                Score(candidate="SPY", value=Decimal("61.250000"), share=Decimal("1.000000")),
                Score(candidate="OKLO", value=None, share=Decimal("0.000000")),
            ),
            left_out=("OKLO",),
        ),
    )
    weights = {Symbol("BIL"): Decimal("0.333333"), Symbol("SPY"): Decimal("0.666667")}
    signal = Signal(strategy=strategy, session=SIGNAL_DAY, weights=weights, decisions=decisions)
    return PartialSignalGenerated(
        meta=a_meta("PartialSignalGenerated", key=strategy),
        run_id=RUN,
        strategy=strategy,
        fingerprint="f" * 64,
        allocation=Decimal("0.25"),
        signal=None if failure else signal,
        failure=failure,
    )


def a_fill(
    cumulative: str = "5", quantity: str = "5", *, symbol: str = "SPY", side: Side = Side.BUY, attempt: int = 1
) -> LedgerEntry:
    """
    Return shares that changed hands at 100.10, a cent above the middle.
    """
    trade = trade_id(run=RUN, symbol=Symbol(symbol), side=side)
    order = client_order_id(trade=trade, attempt=attempt)
    return LedgerEntry(
        order_id=f"order-{order}",
        cumulative=shares(cumulative),
        run_id=RUN,
        trade_id=trade,
        client_order_id=order,
        session=DAY,
        symbol=Symbol(symbol),
        side=side,
        quantity=shares(quantity),
        price=price("100.10"),
        arrival=price("100.09"),
        rung=0,
        seen_at=after(2),
    )


def a_report(subject: str = "Rebalanced") -> Report:
    """
    Return a report in a few words.
    """
    return Report(
        run_id=RUN,
        subject=subject,
        text="All is well.",
        html="<p>All is well.</p>",
        places=("outbox/a.txt",),
        written_at=after(600),
    )


def every_event() -> tuple[Event, ...]:
    """
    Return one event of each type.
    """
    return (
        a_start(),
        a_vote(),
        SignalGenerated(meta=a_meta("SignalGenerated"), run_id=RUN, target=a_target({"BIL": "0.4", "SPY": "0.6"})),
        RebalancePlanned(meta=a_meta("RebalancePlanned"), run_id=RUN, plan_hash="0" * 64, sells=1, buys=2),
        a_tick(),
        ExecutionPhaseCompleted(meta=a_meta("ExecutionPhaseCompleted"), run_id=RUN, phase=Phase.SELLS),
        TradeExecuted(
            meta=a_meta("TradeExecuted", key="SPY"),
            run_id=RUN,
            trade_id=f"{RUN}-SPY-B",
            symbol=Symbol("SPY"),
            status="done",
            filled=shares("5.250000000"),
            reason="",
        ),
        PortfolioStateChanged(
            meta=a_meta("PortfolioStateChanged"),
            run_id=RUN,
            equity=usd("100000.10"),
            cash=usd("2000"),
            mismatches=("TLT",),
        ),
        WorkflowCompleted(meta=a_meta("WorkflowCompleted"), run_id=RUN, outcome=Outcome.SUCCESS),
        WorkflowFailed(
            meta=a_meta("WorkflowFailed"), run_id=RUN, step="signals", category="data", error="SPY: no bars"
        ),
        UnresolvedLookUpDue(meta=a_meta("UnresolvedLookUpDue"), run_id=RUN, number=1),
    )
