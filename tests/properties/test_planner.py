"""
What holds for every plan.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.portfolio.plan import Action, Policy, RebalancePlan
from alchemiser.domain.portfolio.planner import plan
from alchemiser.domain.portfolio.target import Contribution, Target
from alchemiser.domain.values import Money, Price, Quantity, Side, Symbol
from support.builders import DAY, RUN, START

SYMBOLS = [Symbol(name) for name in ("AAA", "BBB", "CCC", "DDD", "EEE")]


@dataclass(frozen=True, kw_only=True)
class Case:
    target: Target
    account: Account
    prices: dict[Symbol, Price]
    assets: dict[Symbol, Asset]
    policy: Policy


def planned(case: Case) -> RebalancePlan:
    return plan(
        case.target,
        case.account,
        case.prices,
        case.assets,
        case.policy,
        run_id=RUN,
        session=DAY,
        made_at=START,
    )


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    chosen = draw(st.lists(st.sampled_from(SYMBOLS), unique=True, max_size=5))
    parts = [draw(st.integers(0, 10)) for _ in chosen]
    whole = sum(parts) + draw(st.integers(0, 5))
    weights = {
        symbol: (Decimal(part) / whole).quantize(Decimal("1e-6"), rounding="ROUND_DOWN") if whole else Decimal(0)
        for symbol, part in zip(chosen, parts, strict=True)
    }
    prices = {symbol: Price(draw(decimals("0.01", "900", 4))) for symbol in SYMBOLS}
    positions = []
    for symbol in draw(st.lists(st.sampled_from(SYMBOLS), unique=True)):
        held = draw(decimals("0.000000001", "500", 9))
        reserved = draw(st.sampled_from([Decimal(0), Decimal(0), held / 2, held]))
        positions.append(Position(symbol=symbol, quantity=Quantity(held), available=Quantity(held - reserved)))
    cash = draw(decimals("0", "50000", 2))
    worth = sum(((prices[p.symbol] * p.quantity) for p in positions), Money(cash))
    if not worth:
        worth, cash = Money(Decimal(100)), Decimal(100)
    return Case(
        target=Target(
            session=DAY,
            weights=weights,
            contributions=tuple(
                Contribution(strategy="s", symbol=symbol, weight=weight) for symbol, weight in weights.items()
            ),
        ),
        account=Account(
            id="TEST",
            at=START,
            equity=worth,
            cash=Money(cash),
            buying_power=Money(cash),
            positions=tuple(positions),
        ),
        prices=prices,
        assets={
            symbol: Asset(symbol=symbol, is_tradable=True, is_fractionable=draw(st.booleans())) for symbol in SYMBOLS
        },
        policy=Policy(
            deployment=draw(decimals("0.05", "1", 2)),
            minimum_trade=Money(draw(decimals("0", "300", 2))),
            minimum_trade_fraction=draw(decimals("0", "0.05", 3)),
            cash_buffer=draw(decimals("0", "0.30", 3)),
        ),
    )


def after_perfect_fills(case: Case, made: RebalancePlan) -> Account:
    """
    Fill every line at its price.
    """
    held = {p.symbol: (p.quantity, p.available) for p in case.account.positions}
    cash = case.account.cash
    for line in [*made.sells, *made.buys]:
        quantity, available = held.get(line.symbol, (Quantity(Decimal(0)), Quantity(Decimal(0))))
        change = line.quantity if line.action is Action.BUY else -line.quantity
        held[line.symbol] = (quantity + change, available + change)
        cash -= line.price * change
    return replace(
        case.account,
        cash=cash,
        positions=tuple(
            Position(symbol=symbol, quantity=quantity, available=available)
            for symbol, (quantity, available) in held.items()
            if quantity
        ),
    )


@given(cases())
def test_sells_never_exceed_what_is_available(case: Case) -> None:
    """
    No line sells more than the account may sell.
    """
    held = case.account.held()

    made = planned(case)

    assert all(line.quantity <= held[line.symbol].available for line in made.sells)


@given(cases())
def test_buys_stay_within_the_budget(case: Case) -> None:
    """
    Buys cost at most cash plus sells less the buffer.
    """
    made = planned(case)

    cost = sum((line.price * line.quantity for line in made.buys), Money(Decimal(0)))
    proceeds = sum((line.price * line.quantity for line in made.sells), Money(Decimal(0)))
    budget = case.account.cash + proceeds - case.account.equity * case.policy.cash_buffer
    assert not made.buys or cost <= budget


@given(cases())
def test_perfect_fills_leave_nothing_to_plan(case: Case) -> None:
    """
    Planning again after every line filled at its price is empty.
    """
    first = planned(case)

    again = planned(replace(case, account=after_perfect_fills(case, first)))

    assert again.is_empty, [line for line in again.lines if line.quantity]


@given(cases(), st.permutations(SYMBOLS))
def test_order_of_inputs_changes_nothing(case: Case, symbols: list[Symbol]) -> None:
    """
    Mappings and positions in any order give the same lines and the same hash.
    """
    positions = sorted(case.account.positions, key=lambda p: symbols.index(p.symbol))
    contributions = sorted(case.target.contributions, key=lambda c: symbols.index(c.symbol))
    other = replace(
        case,
        target=replace(
            case.target,
            weights={c.symbol: c.weight for c in contributions},
            contributions=tuple(contributions),
        ),
        account=replace(case.account, positions=tuple(positions)),
        prices={symbol: case.prices[symbol] for symbol in symbols},
        assets={symbol: case.assets[symbol] for symbol in symbols},
    )

    assert (planned(case).hash, planned(case).lines) == (planned(other).hash, planned(other).lines)


@given(cases())
def test_each_symbol_has_one_line(case: Case) -> None:
    """
    Every symbol that is wanted or held stands in the plan once, so it has one side.
    """
    made = planned(case)

    expected = {p.symbol for p in case.account.positions} | {s for s, w in case.target.weights.items() if w}
    assert sorted(expected) == sorted(line.symbol for line in made.lines)


@given(cases())
def test_fills_conserve_worth(case: Case) -> None:
    """
    Trading at the plan's prices changes neither equity nor makes cash negative.
    """
    made = planned(case)

    account = after_perfect_fills(case, made)
    worth = sum((case.prices[p.symbol] * p.quantity for p in account.positions), account.cash)
    assert case.account.equity == worth
    assert account.cash.value >= 0


@given(cases())
def test_sides_agree_with_the_difference(case: Case) -> None:
    """
    A plan buys only what is short of its target and sells only what is over it.
    """
    made = planned(case)

    sides = {
        line.symbol: Side.BUY if line.current_value < line.target_value else Side.SELL
        for line in [*made.buys, *made.sells]
    }
    assert sides == {
        line.symbol: Side.BUY if line.action is Action.BUY else Side.SELL for line in [*made.buys, *made.sells]
    }
