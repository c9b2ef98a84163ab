"""
A finished run with everything a report can show, for tests of reports and of the terminal.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from alchemiser.application.ports.records import Run
from alchemiser.application.ports.reports import RunReport
from alchemiser.domain.events import Outcome, PartialSignalGenerated, first_cause
from alchemiser.domain.execution.order import Closed, Intent, OrderBody, OrderStatus, Trade, TradeStatus
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.strategy.signal import Decision, Score, Signal
from alchemiser.domain.values import Side, Symbol, price, shares
from support.builders import CLOSE, DAY, RUN, START, a_body, a_plan, a_position, a_trade, after, an_account, an_intent

SIGNAL_DAY = date(2026, 7, 30)
OVERBOUGHT = Decision(
    node='(> (rsi "SPY" {:window 10}) 79)',
    path="Nuclear > if",
    kind="condition",
    outcome="false",
    left=Decimal("62.412345"),
    right=Decimal(79),
    margin=Decimal("-16.587655"),
)
CALMEST = Decision(
    node='(filter (rsi {:window 9}) (select-top 1) [(asset "SQQQ" nil) (asset "BSV" nil) (asset "OKLO" nil)])',
    path="Nuclear > if > else > filter",
    kind="filter",
    outcome="BSV",
    scores=(
        Score(candidate="SQQQ", value=Decimal("31.2"), share=Decimal(0)),
        Score(candidate="BSV", value=Decimal("45.1"), share=Decimal(1)),
        Score(candidate="OKLO", value=None, share=Decimal(0)),
    ),
    left_out=("OKLO",),
)


def a_run(outcome: Outcome | None = Outcome.SUCCESS, detail: str = "") -> Run:
    """
    Return the run of the day, with a dollar of costs between opening and closing.
    """
    return Run(
        id=RUN,
        account="TEST0001",
        profile="test",
        session=DAY,
        signal_session=SIGNAL_DAY,
        started_at=START,
        code_version="0.1.0",
        opening=an_account(a_position("AAPL", "50"), cash="5000", equity="10000"),
        closing=an_account(a_position("BSV", "99.5"), cash="30", equity="9999", at=CLOSE),
        outcome=outcome,
        detail=detail,
        finished_at=after(300),
    )


def a_decided(
    strategy: str = "Nuclear", *decisions: Decision, weights: dict[str, str] | None = None
) -> PartialSignalGenerated:
    """
    Return a strategy's signal; all of BSV unless told otherwise.
    """
    wanted = {
        Symbol(symbol): Decimal(weight)
        for symbol, weight in ({"BSV": "1.000000"} if weights is None else weights).items()
    }
    return PartialSignalGenerated(
        meta=first_cause(RUN, at=START, source="test.report"),
        run_id=RUN,
        strategy=strategy,
        fingerprint="ab" * 32,
        allocation=Decimal("0.25"),
        signal=Signal(strategy=strategy, session=SIGNAL_DAY, weights=wanted, decisions=decisions),
    )


def an_undecided(strategy: str, failure: str) -> PartialSignalGenerated:
    """
    Return what is told of a strategy without a signal.
    """
    return replace(a_decided(strategy), signal=None, failure=failure)


def a_fill(trade: Trade, quantity: str, at_price: str, *, rung: int, seconds: float) -> LedgerEntry:
    """
    Return a fill of a trade's last order.
    """
    body = trade.intents[-1].body
    return LedgerEntry(
        order_id=f"order-{body.client_order_id}",
        cumulative=shares(quantity),
        run_id=RUN,
        trade_id=trade.id,
        client_order_id=body.client_order_id,
        session=DAY,
        symbol=trade.symbol,
        side=trade.side,
        quantity=shares(quantity),
        price=price(at_price),
        arrival=trade.arrival or price(at_price),
        rung=rung,
        seen_at=after(seconds),
    )


def a_report() -> RunReport:
    """
    Return the report of a run that sold AAPL on the first rung and bought BSV on the second attempt.
    """
    sold = a_trade(
        "AAPL", Side.SELL, "50", full_exit=True, status=TradeStatus.DONE,
        intents=(_closed(a_body("AAPL", Side.SELL, "50", "99.95"), 1, 0, 0, "50"),),
    )  # fmt: skip
    bought = a_trade(
        "BSV", Side.BUY, "99.7", status=TradeStatus.DONE,
        intents=(
            _closed(a_body("BSV", Side.BUY, "99.7", "100.05"), 1, 0, 35, "0"),
            _closed(a_body("BSV", Side.BUY, "99.7", "100.07", attempt=2), 2, 1, 65, "99.5"),
        ),
    )  # fmt: skip
    plan = a_plan(
        {"BSV": "0.997"},
        an_account(a_position("AAPL", "50"), cash="5000", equity="10000"),
        {"AAPL": "100", "BSV": "100"},
    )
    return RunReport(
        run=a_run(),
        signals=(a_decided("Nuclear", OVERBOUGHT, CALMEST),),
        plan=plan,
        trades=(sold, bought),
        fills=(a_fill(sold, "50", "99.95", rung=0, seconds=3), a_fill(bought, "99.5", "100.07", rung=1, seconds=70)),
        warnings=("Nuclear: OKLO left out, history too short",),
    )


def a_plan_that_holds() -> RebalancePlan:
    """
    Return the plan of an account that already is as wanted.
    """
    return a_plan({"BSV": "1"}, an_account(a_position("BSV", "100"), cash="0", equity="10000"), {"BSV": "100"})


def _closed(body: OrderBody, attempt: int, rung: int, seconds: float, filled: str) -> Intent:
    quantity = shares(filled)
    is_filled = quantity == body.quantity
    return an_intent(
        body,
        attempt=attempt,
        rung=rung,
        at=after(seconds),
        state=Closed(
            order_id=f"order-{body.client_order_id}",
            status=OrderStatus.FILLED if is_filled else OrderStatus.CANCELED,
            filled=quantity,
            average=body.limit if quantity else None,
            closed_at=START + timedelta(seconds=seconds + 30),
        ),
    )
