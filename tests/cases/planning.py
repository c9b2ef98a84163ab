"""
One random plan, from signals to authorised buys, held against what every plan owes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal, localcontext

from alchemiser.domain.execution.phase import authorise_buys, authorise_sells, trades_of
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.ledger.attribution import books_after
from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.portfolio.plan import Action, Policy, RebalancePlan
from alchemiser.domain.portfolio.planner import plan
from alchemiser.domain.portfolio.target import Target, merge
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.values import Money, Price, Quantity, Side, Symbol
from fuzz.dice import Dice
from support.builders import DAY, RUN, START

_NAMES = tuple(Symbol(name) for name in ("AAA", "BBB", "CCC", "DDD", "EEE"))
_SPLITS = (("1",), ("0.5", "0.5"), ("0.2", "0.3", "0.5"), ("0.333333333333", "0.666666666667"))
_POLICY = Policy(
    deployment=Decimal("0.98"),
    minimum_trade=Money(Decimal(25)),
    minimum_trade_fraction=Decimal("0.005"),
    cash_buffer=Decimal("0.005"),
)
_POLICIES = (
    _POLICY,
    replace(_POLICY, deployment=Decimal(1), minimum_trade=Money(Decimal(0)), minimum_trade_fraction=Decimal(0)),
    replace(_POLICY, cash_buffer=Decimal("0.1"), deployment=Decimal("0.5")),
)
_ZERO = Decimal(0)
_REPLANNED_ONE_IN = 4


def broken_promises(dice: Dice) -> Iterator[str]:
    """
    Make one plan and yield every promise that it breaks.
    """
    with localcontext(prec=60):
        votes = _votes(dice)
        target = merge(votes)
        yield from _of_the_target(target, votes)
        prices = {name: Price(Decimal(dice.below(9_000_000) + 100).scaleb(-4)) for name in _NAMES}
        account = _account(dice, prices)
        assets = {name: _asset(dice, name) for name in _NAMES}
        policy = dice.pick(_POLICIES)
        made = plan(target, account, prices, assets, policy, run_id=RUN, session=DAY, made_at=START)
        yield from _of_the_lines(made, account, assets)
        yield from _of_the_money(made, account, policy)
        if dice.happens(_REPLANNED_ONE_IN):
            filled = _after(made, account)
            again = plan(target, filled, prices, assets, policy, run_id=RUN, session=DAY, made_at=START)
            if not again.is_empty:
                yield f"planning after perfect fills finds {[line for line in again.lines if line.quantity]}"
        yield from _of_the_authority(made, account, dice)
        yield from _of_the_books(made, target, dice)


def _votes(dice: Dice) -> list[tuple[Decimal, Signal]]:
    return [
        (Decimal(part), Signal(strategy=f"s{number}", session=DAY, weights=_weights(dice), decisions=()))
        for number, part in enumerate(dice.pick(_SPLITS))
    ]


def _weights(dice: Dice) -> dict[Symbol, Decimal]:
    left = 1_000_000
    weights = {}
    for name in _NAMES:
        if dice.happens(2):
            part = left if dice.happens(4) else dice.below(left + 1)
            if part:
                weights[name] = Decimal(part).scaleb(-6)
            left -= part
    return weights


def _account(dice: Dice, prices: Mapping[Symbol, Price]) -> Account:
    positions = []
    for name in _NAMES:
        if dice.happens(2):
            held = Decimal(dice.below(500_000_000_000) + 1).scaleb(-9)
            available = dice.pick((held, held, (held / 2).quantize(Decimal("1e-9"), rounding=ROUND_FLOOR), _ZERO))
            positions.append(Position(symbol=name, quantity=Quantity(held), available=Quantity(available)))
    cash = Money(Decimal(dice.below(5_000_000)).scaleb(-2))
    equity = sum((prices[one.symbol] * one.quantity for one in positions), cash)
    if not equity:
        cash = equity = Money(Decimal(100))
    return Account(
        id="TEST0001",
        at=START,
        equity=equity,
        cash=cash,
        buying_power=cash,
        positions=tuple(positions),
    )


def _asset(dice: Dice, name: Symbol) -> Asset:
    barred = "somebody else's order" if dice.happens(20) else ""
    return Asset(symbol=name, is_tradable=True, is_fractionable=not dice.happens(3), barred=barred)


def _of_the_target(target: Target, votes: list[tuple[Decimal, Signal]]) -> Iterator[str]:
    if any(not weight.is_finite() or weight < 0 for weight in target.weights.values()):
        yield f"weights {target.weights} are not all finite and at least zero"
    if sum(target.weights.values(), _ZERO) > 1:
        yield f"weights {target.weights} sum to more than one"
    exact = {name: sum((part * signal.weights.get(name, _ZERO) for part, signal in votes), _ZERO) for name in _NAMES}
    if {name: weight for name, weight in exact.items() if weight} != {n: w for n, w in target.weights.items() if w}:
        yield f"weights {target.weights} are not the votes' {exact}"
    if merge(votes[::-1]) != target:
        yield "the order of the votes counts"


def _of_the_lines(made: RebalancePlan, account: Account, assets: Mapping[Symbol, Asset]) -> Iterator[str]:
    held = account.held()
    if len({line.symbol for line in made.lines}) != len(made.lines):
        yield "a symbol has two lines"
    for line in made.lines:
        available = held[line.symbol].available if line.symbol in held else Quantity(_ZERO)
        if line.quantity.value < 0 or (line.action is Action.HOLD) == bool(line.quantity):
            yield f"{line.symbol}: {line.action} of {line.quantity}"
        if line.action is Action.SELL and line.quantity > available:
            yield f"{line.symbol}: sells {line.quantity} of {available}"
        if line.action is Action.SELL and line.full_exit and line.quantity != available:
            yield f"{line.symbol}: leaves with {line.quantity} of {available}"
        if line.action is Action.BUY and line.current_value + line.price * line.quantity > line.target_value:
            yield f"{line.symbol}: buys beyond its target"
        if assets[line.symbol].barred and line.action is not Action.HOLD:
            yield f"{line.symbol}: is barred and traded"
        if line.quantity != line.quantity.floored(whole=line.whole_shares and not line.full_exit):
            yield f"{line.symbol}: {line.quantity} is finer than may be traded"


def _of_the_money(made: RebalancePlan, account: Account, policy: Policy) -> Iterator[str]:
    bought = sum((line.price * line.quantity for line in made.buys), Money(_ZERO))
    sold = sum((line.price * line.quantity for line in made.sells), Money(_ZERO))
    budget = account.cash + sold - account.equity * policy.cash_buffer
    if bought > max(budget, Money(_ZERO)):
        yield f"buys {bought} with {budget}"
    if bought > account.equity or sold > account.equity:
        yield f"turns over {bought} and {sold} of {account.equity}"
    after = _after(made, account)
    worth = sum((made.snapshot.prices[one.symbol] * one.quantity for one in after.positions), after.cash)
    if worth != account.equity:
        yield f"{account.equity} became {worth}"
    if after.cash.value < 0:
        yield f"owes {after.cash}"


def _after(made: RebalancePlan, account: Account) -> Account:
    held = {position.symbol: position.quantity for position in account.positions}
    reserved = {position.symbol: position.quantity - position.available for position in account.positions}
    cash = account.cash
    for line in (*made.sells, *made.buys):
        is_buy = line.action is Action.BUY
        change = line.quantity if is_buy else -line.quantity
        held[line.symbol] = held.get(line.symbol, Quantity(_ZERO)) + change
        cash = cash - line.price * line.quantity if is_buy else cash + line.price * line.quantity
    positions = tuple(
        Position(symbol=name, quantity=shares, available=shares - reserved.get(name, Quantity(_ZERO)))
        for name, shares in sorted(held.items())
        if shares
    )
    return replace(account, cash=cash, buying_power=cash, positions=positions)


def _of_the_authority(made: RebalancePlan, account: Account, dice: Dice) -> Iterator[str]:
    trades = trades_of(made)
    sells = authorise_sells([t for t in trades if t.side is Side.SELL], account, now=START)
    less = account.cash * Decimal(dice.below(200)).scaleb(-2)
    poorer = replace(account, cash=less, buying_power=dice.pick((less, less * Decimal("0.5"))))
    buys = authorise_buys([t for t in trades if t.side is Side.BUY], poorer, policy=WalkPolicy(), now=START)
    for trade in (*sells, *buys):
        if trade.authorised is None or not _ZERO <= trade.authorised.value <= trade.planned.value:
            yield f"{trade.symbol}: {trade.authorised} is authorised of {trade.planned}"
    cost = sum((t.plan_price * t.authorised for t in buys if t.authorised is not None), Money(_ZERO))
    if cost > poorer.cash or cost > poorer.buying_power:
        yield f"buys for {cost} are authorised with {poorer.cash} and {poorer.buying_power}"


def _of_the_books(made: RebalancePlan, target: Target, dice: Dice) -> Iterator[str]:
    for line in (*made.sells, *made.buys):
        parts = {f"s{number}": Decimal(dice.below(1000)) for number in range(3)}
        held = line.current_quantity
        books = books_after(held, {}, parts) if any(parts.values()) else books_after(held, {}, {"s0": Decimal(1)})
        wanted = {one.strategy: one.weight for one in target.contributions if one.symbol == line.symbol}
        change = line.quantity if line.action is Action.BUY else -line.quantity
        after = books_after(change, books, wanted)
        if any(part.value < 0 for part in after.values()):
            yield f"{line.symbol}: a strategy is short: {after}"
        if sum((part for part in after.values()), Quantity(_ZERO)) != held + change:
            yield f"{line.symbol}: {after} are not {held + change}"
