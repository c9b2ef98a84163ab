"""
What a report says beyond what is recorded: headline figures, trades with their cost, positions beside their targets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from alchemiser.application.ports.reports import RunReport
from alchemiser.application.wording import bps, dollars, percent, signed_dollars
from alchemiser.domain.execution.fills import NO_SHARES
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Money, Price, Quantity, Symbol

_NOTHING = Money(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    One headline number with what it is.
    """

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """
    One symbol of the merged target, and what each strategy adds to it; `symbol` is None for cash.
    """

    symbol: Symbol | None
    weight: Decimal
    parts: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFacts:
    """
    A trade with its fills; average and slippage are None while nothing was filled.
    """

    trade: Trade
    fills: tuple[LedgerEntry, ...]
    filled: Quantity
    average: Price | None
    slippage_bps: Decimal | None
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """
    A position at the end, at the plan's price where there is one; `wanted` is its target weight.
    """

    symbol: Symbol
    quantity: Quantity
    value: Money | None
    share: Decimal | None
    wanted: Decimal


def figures(report: RunReport) -> tuple[Figure, ...]:
    """
    Return the headline figures that are known.
    """
    opening, closing = report.run.opening, report.run.closing
    shown = []
    if opening is not None:
        shown.append(Figure(label="Equity before", value=dollars(opening.equity)))
    if closing is not None:
        shown.append(Figure(label="Equity after", value=dollars(closing.equity)))
    if opening is not None and closing is not None:
        change = closing.equity - opening.equity
        shown.append(Figure(label="Change", value=signed_dollars(change), note=_part(change, opening.equity)))
    if closing is not None:
        shown.append(Figure(label="Cash", value=dollars(closing.cash), note=_part(closing.cash, closing.equity)))
    traded = sum((fill.price * fill.quantity for fill in report.fills), _NOTHING)
    if traded:
        cost = _cost(report.fills)
        shown.append(Figure(label="Traded", value=dollars(traded)))
        shown.append(Figure(label="Cost of slippage", value=dollars(cost), note=bps(cost.per(traded) * 10_000)))
    return tuple(shown)


def target_rows(target: Target) -> tuple[TargetRow, ...]:
    """
    Return the merged target, the largest weight first, cash last.
    """
    rows = [
        TargetRow(
            symbol=symbol,
            weight=weight,
            parts=tuple((one.strategy, one.weight) for one in target.contributions if one.symbol == symbol),
        )
        for symbol, weight in sorted(target.weights.items(), key=lambda item: (-item[1], item[0]))
    ]
    cash = 1 - sum(target.weights.values(), Decimal(0))
    return (*rows, TargetRow(symbol=None, weight=cash, parts=())) if cash else tuple(rows)


def trade_facts(report: RunReport) -> tuple[TradeFacts, ...]:
    """
    Return every trade with its fills, in the order they were recorded.
    """
    return tuple(
        _facts_of(trade, tuple(fill for fill in report.fills if fill.trade_id == trade.id)) for trade in report.trades
    )


def holdings(report: RunReport) -> tuple[Holding, ...]:
    """
    Return the positions of the closing account by symbol.
    """
    account = report.run.closing
    if account is None:
        return ()
    rows = []
    for position in sorted(account.positions, key=lambda one: one.symbol):
        known = _price_of(position.symbol, report.plan)
        value = None if known is None else known * position.quantity
        share = value.per(account.equity) if value is not None and account.equity else None
        rows.append(
            Holding(
                symbol=position.symbol,
                quantity=position.quantity,
                value=value,
                share=share,
                wanted=_wanted(position.symbol, report.plan),
            )
        )
    return tuple(rows)


def _part(amount: Money, whole: Money) -> str:
    return percent(amount.per(whole)) if whole else ""


def _facts_of(trade: Trade, fills: tuple[LedgerEntry, ...]) -> TradeFacts:
    quantity = sum((fill.quantity for fill in fills), NO_SHARES)
    amount = sum((fill.price * fill.quantity for fill in fills), _NOTHING)
    cost = _cost(fills)
    return TradeFacts(
        trade=trade,
        fills=fills,
        filled=quantity,
        average=Price(amount.value / quantity.value) if quantity else None,
        slippage_bps=cost.per(_at_arrival(fills)) * 10_000 if quantity else None,
        cost=cost,
    )


def _at_arrival(fills: Sequence[LedgerEntry]) -> Money:
    return sum((fill.arrival * fill.quantity for fill in fills), _NOTHING)


def _cost(fills: Sequence[LedgerEntry]) -> Money:
    return sum(
        (Money((fill.arrival * fill.quantity).value * fill.slippage_bps / 10_000) for fill in fills),
        _NOTHING,
    )


def _price_of(symbol: Symbol, plan: RebalancePlan | None) -> Price | None:
    return None if plan is None else plan.snapshot.prices.get(symbol)


def _wanted(symbol: Symbol, plan: RebalancePlan | None) -> Decimal:
    return Decimal(0) if plan is None else plan.snapshot.target.weights.get(symbol, Decimal(0))
