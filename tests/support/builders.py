"""
Values for tests: each builder takes what the test is about and fills in the rest.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from alchemiser.domain.execution.gate import ApprovedOrder, Context, Limits, approve
from alchemiser.domain.execution.order import (
    BrokerOrder,
    Intent,
    IntentState,
    OrderBody,
    OrderStatus,
    Sent,
    Trade,
    TradeStatus,
)
from alchemiser.domain.execution.policy import Deadlines
from alchemiser.domain.execution.policy import deadlines as walk_deadlines
from alchemiser.domain.execution.step import Seen
from alchemiser.domain.execution.traffic import Placed
from alchemiser.domain.identity import client_order_id, trade_id
from alchemiser.domain.market import Quote, Session
from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.portfolio.plan import Policy, RebalancePlan
from alchemiser.domain.portfolio.planner import plan
from alchemiser.domain.portfolio.target import Contribution, Target
from alchemiser.domain.values import Price, Quantity, Side, Symbol, price, shares, usd

DAY = date(2026, 7, 31)
OPEN = datetime(2026, 7, 31, 13, 30, tzinfo=UTC)
CLOSE = datetime(2026, 7, 31, 20, 0, tzinfo=UTC)
START = CLOSE - timedelta(minutes=15)
RUN = "TEST0001-20260731-rebalance-1"
SPY = Symbol("SPY")


def a_session() -> Session:
    """
    Return the session of Friday, 31 July 2026.
    """
    return Session(day=DAY, opens_at=OPEN, closes_at=CLOSE)


def after(seconds: float) -> datetime:
    """
    Return the instant so many seconds after the start of the run.
    """
    return START + timedelta(seconds=seconds)


def a_quote(symbol: str = "SPY", bid: str = "99.90", ask: str = "100.10", *, at: datetime = START) -> Quote:
    """
    Return a quote; twenty cents wide around 100 unless told otherwise.
    """
    return Quote(symbol=Symbol(symbol), bid=Decimal(bid), ask=Decimal(ask), at=at, source="test")


def a_position(symbol: str, quantity: str, *, available: str | None = None) -> Position:
    """
    Return a position, wholly available unless told otherwise.
    """
    return Position(symbol=Symbol(symbol), quantity=shares(quantity), available=shares(available or quantity))


def an_account(
    *positions: Position,
    cash: str = "0",
    equity: str | None = None,
    buying_power: str | None = None,
    at: datetime = START,
    blocked: str = "",
) -> Account:
    """
    Return an account; its equity is its cash unless told otherwise.
    """
    return Account(
        id="TEST0001",
        at=at,
        equity=usd(equity or cash),
        cash=usd(cash),
        buying_power=usd(buying_power or cash),
        positions=positions,
        blocked=blocked,
    )


def an_asset(symbol: str = "SPY", *, tradable: bool = True, fractionable: bool = True) -> Asset:
    """
    Return an asset that may be traded in fractions unless told otherwise.
    """
    return Asset(symbol=Symbol(symbol), is_tradable=tradable, is_fractionable=fractionable)


def a_target(weights: Mapping[str, str]) -> Target:
    """
    Return a target that one strategy asks for.
    """
    exact = {Symbol(symbol): Decimal(weight) for symbol, weight in weights.items()}
    return Target(
        session=date(2026, 7, 30),
        weights=exact,
        contributions=tuple(
            Contribution(strategy="only", symbol=symbol, weight=weight) for symbol, weight in exact.items()
        ),
    )


def a_policy(*, deployment: str = "1", minimum: str = "1", fraction: str = "0", buffer: str = "0") -> Policy:
    """
    Return a policy that deploys everything and holds only what is below a dollar.
    """
    return Policy(
        deployment=Decimal(deployment),
        minimum_trade=usd(minimum),
        minimum_trade_fraction=Decimal(fraction),
        cash_buffer=Decimal(buffer),
    )


def a_plan(
    weights: Mapping[str, str],
    account: Account,
    prices: Mapping[str, str],
    *,
    policy: Policy | None = None,
    whole: tuple[str, ...] = (),
) -> RebalancePlan:
    """
    Return a plan; every priced symbol is tradable, in fractions unless it is listed as `whole`.
    """
    return plan(
        a_target(weights),
        account,
        {Symbol(symbol): price(text) for symbol, text in prices.items()},
        {Symbol(symbol): an_asset(symbol, fractionable=symbol not in whole) for symbol in prices},
        policy or a_policy(),
        run_id=RUN,
        session=DAY,
        made_at=START,
    )


def a_trade(
    symbol: str = "SPY",
    side: Side = Side.BUY,
    planned: str = "10",
    *,
    authorised: str | None = "same",
    plan_price: str = "100",
    full_exit: bool = False,
    whole: bool = False,
    status: TradeStatus = TradeStatus.OPEN,
    intents: tuple[Intent, ...] = (),
    due_at: datetime | None = START,
) -> Trade:
    """
    Return a trade of the run, authorised as planned unless told otherwise.
    """
    allowed = planned if authorised == "same" else authorised
    return Trade(
        id=trade_id(run=RUN, symbol=Symbol(symbol), side=side),
        run_id=RUN,
        symbol=Symbol(symbol),
        side=side,
        planned=shares(planned),
        authorised=None if allowed is None else shares(allowed),
        full_exit=full_exit,
        whole_shares=whole,
        plan_price=price(plan_price),
        arrival=price(plan_price) if intents else None,
        status=status,
        intents=intents,
        due_at=due_at if status is TradeStatus.OPEN else None,
    )


def a_body(
    symbol: str = "SPY",
    side: Side = Side.BUY,
    quantity: str = "10",
    limit: str = "100.05",
    *,
    attempt: int = 1,
) -> OrderBody:
    """
    Return the body of an attempt of the run's trade in a symbol.
    """
    return OrderBody(
        client_order_id=client_order_id(trade=trade_id(run=RUN, symbol=Symbol(symbol), side=side), attempt=attempt),
        symbol=Symbol(symbol),
        side=side,
        quantity=shares(quantity),
        limit=price(limit),
    )


def an_intent(
    body: OrderBody,
    *,
    attempt: int = 1,
    rung: int = 0,
    at: datetime = START,
    state: IntentState | None = None,
) -> Intent:
    """
    Return an intent for a body, sent once and unanswered unless told otherwise.
    """
    return Intent(
        trade_id=trade_id(run=RUN, symbol=body.symbol, side=body.side),
        attempt=attempt,
        rung=rung,
        body=body,
        bid=price("99.90"),
        ask=price("100.10"),
        created_at=at,
        state=state or Sent(posts=1, since=at),
    )


def an_order(
    body: OrderBody,
    status: OrderStatus = OrderStatus.NEW,
    *,
    filled: str = "0",
    average: str | None = None,
    submitted_at: datetime = START,
    updated_at: datetime | None = None,
) -> BrokerOrder:
    """
    Return an order as the broker shows it; filled at its limit unless told otherwise.
    """
    quantity = shares(filled)
    return BrokerOrder(
        id=f"order-{body.client_order_id}",
        body=body,
        status=status,
        filled=quantity,
        filled_average=(price(average) if average else body.limit) if quantity else None,
        submitted_at=submitted_at,
        updated_at=updated_at or submitted_at,
    )


def worth(price_: Price, quantity: Quantity) -> Decimal:
    """
    Return dollars as a plain number.
    """
    return (price_ * quantity).value


def a_context(
    *positions: Position,
    now: datetime = START,
    symbols: tuple[str, ...] = ("SPY",),
    equity: str = "1000000",
    spendable: str = "1000000",
    last_send: datetime = CLOSE,
    halted: str = "",
    placed: tuple[Placed, ...] = (),
) -> Context:
    """
    Return what the gate holds an order against; nothing stands in an order's way unless it is told.
    """
    return Context(
        halted=halted,
        owner="TEST0001",
        placed=placed,
        now=now,
        opens_at=OPEN,
        last_send=last_send,
        symbols=frozenset(map(Symbol, symbols)),
        account=an_account(*positions, cash=spendable, equity=equity),
        spendable=usd(spendable),
    )


def approved(body: OrderBody) -> ApprovedOrder:
    """
    Return a body with the gate's approval, whatever it asks for.
    """
    trade = a_trade(body.symbol, body.side, str(body.quantity), plan_price=str(body.limit))
    worth = str((body.limit * body.quantity).value + 1)
    context = a_context(
        a_position(body.symbol, str(body.quantity)), symbols=(body.symbol,), equity=worth, spendable=worth
    )
    return approve(body, trade, context, Limits(order_notional=usd(worth)))


def a_look(
    *orders: BrokerOrder,
    now: datetime = START,
    quote: Quote | None = None,
    available: str = "1000000",
    spendable: str = "1000000",
    deadlines: Deadlines | None = None,
    is_halted: bool = False,
) -> Seen:
    """
    Return what is seen of a trade: a fresh quote around 100 and these orders, unless it is told.
    """
    return Seen(
        now=now,
        quote=quote or a_quote(at=now),
        orders={order.body.client_order_id: order for order in orders},
        available=shares(available),
        spendable=usd(spendable),
        deadlines=deadlines or walk_deadlines(Side.BUY, session=a_session(), started_at=START),
        is_halted=is_halted,
    )
