"""
What must hold of trades, orders and ledger at every instant, as code: an empty answer is a clean bill.

    S1  an order of ours at the broker has a committed intent of an equal body
    S2  filled <= authorised <= planned, over all attempts of a trade
    S3  at most one order of a trade can still fill
    S4  a sell is covered by shares that are available
    S5  buys are covered by money that is there
    S6  no buy is sent while a sell of the run is not final
    S8  a plan is what its snapshot says
    S10 a symbol has one side in a run
    L1  the ledger is what the broker filled, to the last digit
    D1  weights are at least zero and sum to at most one

They read values only, so an audit of stored records asks the same questions as a simulation does at each step.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alchemiser.domain.execution.fills import NO_SHARES, filled, filled_by
from alchemiser.domain.execution.order import (
    BrokerOrder,
    Closed,
    Intent,
    OrderBody,
    Sent,
    Trade,
    TradeStatus,
)
from alchemiser.domain.identity import ORDER_PREFIX, client_order_id, content_hash
from alchemiser.domain.ledger.book import FINEST_COST, LedgerEntry
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.portfolio.planner import canonical_text
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Money, Quantity, Side

_NO_MONEY = Money(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """
    An invariant that does not hold, and where.
    """

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule} {self.what}"


def trade_breaches(trade: Trade) -> Iterator[Breach]:
    """
    Hold one stored trade against itself.
    """
    done = filled(trade)
    if trade.authorised is None:
        if trade.intents:
            yield Breach(rule="S2", what=f"{trade.id}: has {len(trade.intents)} attempts and was not authorised")
        return
    if trade.authorised > trade.planned:
        yield Breach(rule="S2", what=f"{trade.id}: authorised {trade.authorised}, planned {trade.planned}")
    if done > trade.authorised:
        yield Breach(rule="S2", what=f"{trade.id}: filled {done}, authorised {trade.authorised}")
    for number, intent in enumerate(trade.intents, start=1):
        name = client_order_id(trade=trade.id, attempt=number)
        if (intent.attempt, intent.body.client_order_id) != (number, name):
            yield Breach(rule="S1", what=f"{name}: stored as attempt {intent.attempt}, {intent.body.client_order_id}")
        if number < len(trade.intents) and not isinstance(intent.state, Closed):
            yield Breach(rule="S3", what=f"{name}: is {intent.state.kind} and not the latest attempt")
    if trade.status is TradeStatus.DONE and trade.intents and not isinstance(trade.intents[-1].state, Closed):
        yield Breach(rule="S3", what=f"{trade.id}: is done, its last order is {trade.intents[-1].state.kind}")


def step_breaches(before: Trade, after: Trade) -> Iterator[Breach]:
    """
    Hold a trade against an earlier state of it: what was settled stays settled.
    """
    if before.authorised is not None and after.authorised != before.authorised:
        what = f"{after.id}: authorised {before.authorised}, then {after.authorised}"
        yield Breach(rule="S2", what=what)
    if before.status is not TradeStatus.OPEN and after.status is not before.status:
        yield Breach(rule="S3", what=f"{after.id}: ended {before.status}, then {after.status}")
    if len(after.intents) < len(before.intents):
        yield Breach(rule="S1", what=f"{after.id}: lost an attempt")
    for old, new in zip(before.intents, after.intents, strict=False):
        if old is new:
            continue
        if old.body != new.body:
            yield Breach(rule="S1", what=f"{old.body.client_order_id}: its body changed")
        if filled_by(new)[0] < filled_by(old)[0]:
            yield Breach(rule="L1", what=f"{old.body.client_order_id}: filled {filled_by(old)[0]}, then less")
        if isinstance(old.state, Closed) and new.state != old.state:
            yield Breach(rule="S3", what=f"{old.body.client_order_id}: was closed, then {new.state.kind}")
    for new in after.intents[len(before.intents) :]:
        yield from _new_attempt_breaches(after, new)


def _new_attempt_breaches(trade: Trade, intent: Intent) -> Iterator[Breach]:
    earlier = sum((filled_by(one)[0] for one in trade.intents if one.attempt < intent.attempt), NO_SHARES)
    allowed = NO_SHARES if trade.authorised is None else trade.authorised - earlier
    body = intent.body
    if (body.symbol, body.side) != (trade.symbol, trade.side):
        yield Breach(rule="S10", what=f"{body.client_order_id}: {body.side} {body.symbol}")
    if not NO_SHARES < body.quantity <= allowed:
        yield Breach(rule="S2", what=f"{body.client_order_id}: asks for {body.quantity}, {allowed} are left")


def cover_breaches(before: Mapping[str, Trade], after: Sequence[Trade], account: Account) -> Iterator[Breach]:
    """
    Hold the attempts that trades make now against the account they were decided on.
    """
    held, spent = account.held(), _NO_MONEY
    for trade in after:
        known = len(before[trade.id].intents) if trade.id in before else 0
        # What a rail refused is stored as closed and never sent.
        for intent in (made for made in trade.intents[known:] if isinstance(made.state, Sent)):
            body = intent.body
            if body.side is Side.BUY:
                spent += body.limit * body.quantity
            elif body.quantity > (held[body.symbol].available if body.symbol in held else NO_SHARES):
                yield Breach(rule="S4", what=f"{body.client_order_id}: sells {body.quantity}, more than is available")
    if spent > max(min(account.buying_power, account.cash), _NO_MONEY):
        yield Breach(rule="S5", what=f"buys for {spent} were begun on buying power of {account.buying_power}")


def authority_breaches(before: Mapping[str, Trade], after: Sequence[Trade], account: Account) -> Iterator[Breach]:
    """
    Hold what buys are authorised for now against the account they were authorised on.
    """
    fresh = [
        trade for trade in after if trade.side is Side.BUY and trade.authorised and before[trade.id].authorised is None
    ]
    cost = sum((trade.plan_price * (trade.authorised or NO_SHARES) for trade in fresh), _NO_MONEY)
    if fresh and cost > min(account.buying_power, account.cash):
        yield Breach(rule="S5", what=f"buys for {cost} were authorised on {account.buying_power}, {account.cash} cash")


def run_breaches(trades: Sequence[Trade]) -> Iterator[Breach]:
    """
    Hold all trades of a run against each other.
    """
    if len({trade.symbol for trade in trades}) != len(trades):
        yield Breach(rule="S10", what=f"a symbol is traded twice: {[trade.id for trade in trades]}")
    sells_wait = [trade.id for trade in trades if trade.side is Side.SELL and trade.status is TradeStatus.OPEN]
    for trade in trades:
        if sells_wait and trade.side is Side.BUY and trade.authorised is not None:
            yield Breach(rule="S6", what=f"{trade.id}: was authorised while {', '.join(sells_wait)} was open")


def send_breaches(body: OrderBody, trades: Sequence[Trade]) -> Iterator[Breach]:
    """
    Hold an order that is sent now against the committed trades of its run.
    """
    owner = next((trade for trade in trades if (trade.symbol, trade.side) == (body.symbol, body.side)), None)
    if owner is None or body not in [one.body for one in owner.intents]:
        yield Breach(rule="S1", what=f"{body.client_order_id}: sent without a committed intent of this body")
    if body.side is Side.BUY:
        for trade in trades:
            if trade.side is Side.SELL and trade.status is TradeStatus.OPEN:
                yield Breach(rule="S6", what=f"{body.client_order_id}: sent while {trade.id} was open")


def broker_breaches(trades: Sequence[Trade], orders: Sequence[BrokerOrder]) -> Iterator[Breach]:
    """
    Hold what the broker shows of ours against the committed trades. Orders of other runs and others' do no harm.
    """
    bodies = {intent.body.client_order_id: (trade, intent) for trade in trades for intent in trade.intents}
    runs = {f"{ORDER_PREFIX}{trade.run_id}-" for trade in trades}
    total: dict[str, Quantity] = {}
    live: dict[str, str] = {}
    for order in orders:
        name = order.body.client_order_id
        if name not in bodies:
            if any(name.startswith(run) for run in runs):
                yield Breach(rule="S1", what=f"{name}: at the broker without a committed intent")
            continue
        trade, intent = bodies[name]
        if order.body != intent.body:
            yield Breach(rule="S1", what=f"{name}: at the broker with another body")
        total[trade.id] = total.get(trade.id, NO_SHARES) + order.filled
        if total[trade.id] > (trade.authorised or NO_SHARES):
            yield Breach(rule="S2", what=f"{trade.id}: broker filled {total[trade.id]}, authorised {trade.authorised}")
        if not order.status.is_terminal:
            if trade.id in live:
                yield Breach(rule="S3", what=f"{trade.id}: {live[trade.id]} and {name} are live")
            live[trade.id] = name


def ledger_breaches(
    trades: Sequence[Trade], entries: Sequence[LedgerEntry], orders: Sequence[BrokerOrder] | None = None
) -> Iterator[Breach]:
    """
    Hold the ledger against the trades it belongs to, and against the broker's orders once all of them are final.

    An unresolved trade is looked at by hand: what its orders filled need not be in the ledger yet.
    """
    booked: dict[str, tuple[Quantity, Money]] = {}
    for entry in entries:
        quantity, cash = booked.get(entry.client_order_id, (NO_SHARES, _NO_MONEY))
        booked[entry.client_order_id] = (quantity + entry.quantity, cash + entry.cash_change)
        if quantity + entry.quantity != entry.cumulative:
            yield Breach(rule="L1", what=f"{entry.client_order_id}: {entry.cumulative} in all, booked {quantity}")
    looked_up = set()
    for trade in trades:
        for intent in trade.intents:
            name = intent.body.client_order_id
            told = booked.pop(name, (NO_SHARES, _NO_MONEY))[0]
            if filled_by(intent)[0] != told:
                yield Breach(rule="L1", what=f"{name}: filled {filled_by(intent)[0]}, booked {told}")
            if trade.status is not TradeStatus.UNRESOLVED:
                looked_up.add(name)
    for name in booked:
        yield Breach(rule="L1", what=f"{name}: booked, but no attempt has this id")
    if orders is not None:
        yield from _shown_breaches(orders, entries, looked_up)


def _shown_breaches(orders: Sequence[BrokerOrder], entries: Sequence[LedgerEntry], names: set[str]) -> Iterator[Breach]:
    for order in orders:
        name = order.body.client_order_id
        if name not in names:
            continue
        mine = [entry for entry in entries if entry.client_order_id == name]
        quantity = sum((entry.quantity for entry in mine), NO_SHARES)
        if quantity != order.filled:
            yield Breach(rule="L1", what=f"{name}: broker filled {order.filled}, booked {quantity}")
        elif order.filled_average is not None:
            cost = (order.filled_average * order.filled).value.quantize(FINEST_COST)
            booked = abs(sum((entry.cash_change for entry in mine), _NO_MONEY).value)
            if cost != booked:
                yield Breach(rule="L1", what=f"{name}: cost {cost} at the broker, {booked} in the books")


def target_breaches(target: Target) -> Iterator[Breach]:
    """
    Hold merged weights against what they may be.
    """
    weights = target.weights.values()
    if any(not weight.is_finite() or weight < 0 for weight in weights) or sum(weights, Decimal(0)) > 1:
        yield Breach(rule="D1", what=f"weights {dict(target.weights)}")


def plan_breaches(plan: RebalancePlan) -> Iterator[Breach]:
    """
    Hold a plan against its own snapshot: the hash, what is sold, what is bought.
    """
    snapshot = plan.snapshot
    if plan.hash != content_hash(canonical_text(plan.session, snapshot, plan.lines)):
        yield Breach(rule="D3", what=f"{plan.run_id}: the plan is not what its hash says")
    yield from target_breaches(snapshot.target)
    held, account = snapshot.account.held(), snapshot.account
    gained = spent = _NO_MONEY
    for line in plan.sells:
        if line.quantity > (held[line.symbol].available if line.symbol in held else NO_SHARES):
            yield Breach(rule="S4", what=f"{plan.run_id}: plans to sell {line.quantity} {line.symbol}")
        gained += line.price * line.quantity
    for line in plan.buys:
        spent += line.price * line.quantity
    if spent > max(account.cash + gained, _NO_MONEY):
        yield Breach(rule="S5", what=f"{plan.run_id}: plans to buy for {spent}, has {account.cash} and {gained}")
