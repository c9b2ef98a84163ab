"""
Plan a run's rebalance from its merged target and one snapshot of account, quotes and assets.

The plan, its snapshot and its trades are stored together; a restart reads them and never plans again.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from alchemiser.application.halting import MEMORY
from alchemiser.application.ports.records import Run, Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.errors import DataError, OrderRefused, UnusableQuote
from alchemiser.domain.events import RebalancePlanned, SignalGenerated, caused_by
from alchemiser.domain.execution.order import BrokerOrder, Trade
from alchemiser.domain.execution.phase import trades_of
from alchemiser.domain.execution.policy import deadlines
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.portfolio.account import Asset
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.portfolio.planner import plan
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Price, Side, Symbol

_SOURCE = "alchemiser.application.rebalance.plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """
    A plan, its trades, and the run with the account it began from.
    """

    run: Run
    plan: RebalancePlan
    trades: tuple[Trade, ...]


def plan_now(target: Target, ports: Ports, *, run_id: str, session: date, oldest_quote: timedelta) -> RebalancePlan:
    """
    Plan against the account and the quotes of this instant.

    Raises:
        UnusableQuote: a symbol has no quote to plan on.
        OrderRefused: the account or a symbol may not be traded.
    """
    account = ports.broker.account()
    symbols = tuple(sorted({*target.weights, *account.held()}))
    return plan(
        target,
        account,
        _prices(symbols, ports, oldest=oldest_quote),
        _assets(symbols, ports),
        ports.rules.planning,
        run_id=run_id,
        session=session,
        made_at=ports.clock.now(),
    )


def prepare_plan(event: SignalGenerated, ports: Ports) -> Planned:
    """
    Plan the run's rebalance.
    """
    run = ports.runs.run(event.run_id)
    if run is None:
        raise LookupError(f"{event.run_id}: no such run")
    stored = ports.runs.plan(run.id)
    if stored is not None:
        # Delivered again: what was planned is what is traded, it is never planned anew.
        return Planned(run=run, plan=stored, trades=())
    _refuse_too_late(run, ports)
    made = plan_now(event.target, ports, run_id=run.id, session=run.session, oldest_quote=ports.rules.walk.quote_age)
    return Planned(run=replace(run, opening=made.snapshot.account), plan=made, trades=trades_of(made))


def apply_plan(event: SignalGenerated, planned: Planned, tx: Transaction) -> None:
    """
    Store plan and trades, tell of them.
    """
    tx.save_run(planned.run)
    tx.save_plan(planned.plan, planned.trades)
    tx.emit(
        RebalancePlanned(
            meta=caused_by(event, RebalancePlanned, at=planned.plan.made_at, source=_SOURCE),
            run_id=event.run_id,
            plan_hash=planned.plan.hash,
            sells=len(planned.plan.sells),
            buys=len(planned.plan.buys),
        )
    )


def _assets(symbols: tuple[Symbol, ...], ports: Ports) -> dict[Symbol, Asset]:
    # An order of ours could cross somebody else's, and what that one takes is not ours to plan with.
    orders = ports.broker.orders(since=ports.clock.now() - MEMORY)
    foreign = [order for order in orders if not order.status.is_terminal and not _is_ours(order)]
    barred = {
        order.body.symbol: f"somebody else's order rests in it: {order.body.client_order_id or order.id}"
        for order in foreign
    }
    return {
        symbol: replace(asset, barred=barred.get(symbol, "")) for symbol, asset in ports.broker.assets(symbols).items()
    }


def _is_ours(order: BrokerOrder) -> bool:
    return order.body.client_order_id.startswith(ORDER_PREFIX)


def _refuse_too_late(run: Run, ports: Ports) -> None:
    if run.outcome is not None:
        raise OrderRefused(rail="run", limit="a run that goes on", value=run.outcome.value, what=f"plan of {run.id}")
    session = ports.calendar.session(run.session)
    ends = deadlines(Side.BUY, session=session, started_at=run.started_at, policy=ports.rules.walk)
    if ports.clock.now() >= ends.last_send:
        raise OrderRefused(
            rail="window",
            limit=f"before {ends.last_send:%Y-%m-%d %H:%M} UTC",
            value=f"{ports.clock.now():%Y-%m-%d %H:%M} UTC",
            what=f"plan of {run.id}",
        )


def _prices(symbols: tuple[Symbol, ...], ports: Ports, *, oldest: timedelta) -> dict[Symbol, Price]:
    try:
        quotes = ports.quotes.latest(symbols)
    except DataError as exc:
        raise UnusableQuote(", ".join(symbols), f"expected quotes to plan on, found: {exc}") from exc
    prices: dict[Symbol, Price] = {}
    for symbol in symbols:
        quote = quotes.get(symbol)
        if quote is None or not quote.has_two_sides:
            found = "none" if quote is None else f"bid {quote.bid}, ask {quote.ask}"
            raise UnusableQuote(symbol, f"expected a quote with two sides to plan on, found {found}")
        if ports.clock.now() - quote.at > oldest:
            raise UnusableQuote(symbol, f"the quote is of {quote.at:%Y-%m-%d %H:%M:%S} UTC, too old to plan on")
        if quote.ask - quote.bid > quote.mid.value * ports.rules.walk.widest_spread:
            raise UnusableQuote(symbol, f"the spread of {quote.spread_bps:.0f} bps is too wide to plan on")
        prices[symbol] = quote.mid
    return prices
