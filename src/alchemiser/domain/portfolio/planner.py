"""
Turn a target and an account into a rebalance plan.

1. Each symbol that is wanted or held should be worth weight * equity * deployment, and is short or over.
2. What is held but not wanted is sold whole, dust included: exactly the shares the broker says are available.
3. Other differences below the minimum trade are held. Quantities round down, to whole shares where there are
   no fractions. A symbol in which somebody else's order rests is held.
4. Buys may cost what cash and sells give, less the buffer. When they would cost more, all are scaled by one
   factor and rounded down; what the rounding leaves is shared out again in the same way until it buys nothing
   more. So a plan whose orders filled at the plan's prices leaves nothing to plan.

The hash is the SHA-256 of `canonical_text`: the snapshot and the lines, each mapping by sorted key, each
number without trailing zeros. The run's id and the instants are left out: the same account and target give
the same hash at any time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal, localcontext

from alchemiser.domain.errors import DataError, OrderRefused
from alchemiser.domain.identity import content_hash
from alchemiser.domain.portfolio.account import Account, Asset, Position
from alchemiser.domain.portfolio.plan import Action, PlanLine, Policy, RebalancePlan, Snapshot
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Money, Price, Quantity, Symbol

# Wide enough that products are exact; quotients round down, so that shares of a budget never exceed it.
_DIGITS = 60
_BROKER_MINIMUM = Money(Decimal(1))
_NONE = Quantity(Decimal(0))
_ORDER = (Action.SELL, Action.BUY, Action.HOLD)


def plan(
    target: Target,
    account: Account,
    prices: Mapping[Symbol, Price],
    assets: Mapping[Symbol, Asset],
    policy: Policy,
    *,
    run_id: str,
    session: date,
    made_at: datetime,
) -> RebalancePlan:
    """
    Plan the trades that bring the account to the target.

    Args:
        prices: what shares are valued at, for every symbol wanted or held; others are ignored.
        assets: what may be traded how; a symbol the broker does not know is absent.

    Raises:
        DataError: a symbol has no price.
        OrderRefused: the account may not trade, has no equity or owes cash, or a symbol is not tradable.
    """
    _check_account(account)
    with localcontext(prec=_DIGITS, rounding=ROUND_FLOOR):
        drafts = _drafts(target, account, prices, assets, policy)
        barred = {symbol: asset.barred for symbol, asset in assets.items() if asset.barred}
        still = [replace(line, reason=barred[line.symbol]) for line in drafts if line.symbol in barred]
        drafts = [line for line in drafts if line.symbol not in barred]
        least = _least_trade(account, policy)
        held = account.held()
        sold = [_with_sale(line, held.get(line.symbol), least) for line in drafts]
        proceeds = sum((line.price * line.quantity for line in sold), Money(Decimal(0)))
        budget = account.cash + proceeds - account.equity * policy.cash_buffer
        lines = [*still, *_with_buys(sold, budget, least)]
    _check_tradable(lines, assets)
    ordered = tuple(sorted(lines, key=lambda line: (_ORDER.index(line.action), line.symbol)))
    used = {line.symbol: prices[line.symbol] for line in sorted(lines, key=lambda line: line.symbol)}
    snapshot = Snapshot(target=target, account=account, prices=used, policy=policy)
    return RebalancePlan(
        run_id=run_id,
        session=session,
        made_at=made_at,
        snapshot=snapshot,
        lines=ordered,
        hash=content_hash(canonical_text(session, snapshot, ordered)),
    )


def canonical_text(session: date, snapshot: Snapshot, lines: Sequence[PlanLine]) -> str:
    """
    Return the text a plan is hashed from; see the module for what is left out.
    """
    return "\n".join([f"plan {session}", *_snapshot_rows(snapshot), *map(_line_row, lines)])


def _check_account(account: Account) -> None:
    what = f"account {account.id}"
    if account.blocked:
        raise OrderRefused(rail="account", limit="an account that may trade", value=account.blocked, what=what)
    if account.equity.value <= 0:
        raise OrderRefused(rail="equity", limit="above 0", value=account.equity.value, what=what)
    if account.cash.value < 0:
        raise OrderRefused(rail="cash", limit="at least 0", value=account.cash.value, what=what)


def _check_tradable(lines: Sequence[PlanLine], assets: Mapping[Symbol, Asset]) -> None:
    for line in lines:
        if line.action is Action.HOLD:
            continue
        asset = assets.get(line.symbol)
        if asset is None or not asset.is_tradable:
            found = "a symbol the broker does not know" if asset is None else "a symbol that is not tradable"
            raise OrderRefused(
                rail="tradable", limit="tradable symbols", value=found, what=f"{line.action} {line.symbol}"
            )


def _least_trade(account: Account, policy: Policy) -> Money:
    return max(policy.minimum_trade, account.equity * policy.minimum_trade_fraction, _BROKER_MINIMUM)


def _drafts(
    target: Target,
    account: Account,
    prices: Mapping[Symbol, Price],
    assets: Mapping[Symbol, Asset],
    policy: Policy,
) -> list[PlanLine]:
    held = {position.symbol: position.quantity for position in account.positions if position.quantity}
    wanted = {symbol: weight for symbol, weight in target.weights.items() if weight}
    symbols = sorted(held.keys() | wanted.keys())
    missing = [symbol for symbol in symbols if symbol not in prices]
    if missing:
        raise DataError(f"expected a price for {', '.join(missing)}, found none; refresh the quotes and plan again")
    lines = []
    for symbol in symbols:
        weight = wanted.get(symbol, Decimal(0))
        asset = assets.get(symbol)
        quantity = held.get(symbol, _NONE)
        lines.append(
            PlanLine(
                symbol=symbol,
                action=Action.HOLD,
                quantity=_NONE,
                price=prices[symbol],
                target_weight=weight,
                target_value=account.equity * (weight * policy.deployment),
                current_quantity=quantity,
                current_value=prices[symbol] * quantity,
                full_exit=False,
                whole_shares=asset is not None and not asset.is_fractionable,
                reason="on target",
            )
        )
    return lines


def _with_sale(line: PlanLine, position: Position | None, least: Money) -> PlanLine:
    if position is None or line.current_value <= line.target_value:
        return line
    if not line.target_weight:
        if not position.available:
            return replace(line, reason="every share is reserved by open orders")
        return replace(line, action=Action.SELL, quantity=position.available, full_exit=True, reason="no longer wanted")
    excess = line.current_value - line.target_value
    if excess < least:
        return replace(line, reason=_below(excess, least))
    quantity = min(excess / line.price, position.available).floored(whole=line.whole_shares)
    if not quantity or line.price * quantity < least:
        return replace(line, reason=_rounded_away(quantity, least))
    return replace(line, action=Action.SELL, quantity=quantity, reason="")


def _with_buys(lines: Sequence[PlanLine], budget: Money, least: Money) -> list[PlanLine]:
    short = [line for line in lines if line.current_value < line.target_value]
    bought = _shared_out(short, budget, least)
    return [_with_buy(line, bought.get(line.symbol, _NONE), least) if line in short else line for line in lines]


def _with_buy(line: PlanLine, quantity: Quantity, least: Money) -> PlanLine:
    missing = line.target_value - line.current_value
    wanted = (missing / line.price).floored(whole=line.whole_shares)
    if quantity:
        reason = "reduced to the cash there is" if quantity < wanted else ""
        return replace(line, action=Action.BUY, quantity=quantity, reason=reason)
    if missing < least:
        return replace(line, reason=_below(missing, least))
    if not wanted or line.price * wanted < least:
        return replace(line, reason=_rounded_away(wanted, least))
    return replace(line, reason="too little cash to buy at least the minimum trade")


def _shared_out(lines: Sequence[PlanLine], budget: Money, least: Money) -> Mapping[Symbol, Quantity]:
    bought: dict[Symbol, Quantity] = {}
    while True:
        more = _round(lines, bought, budget, least)
        if not more:
            return bought
        for line in lines:
            if line.symbol in more:
                budget -= line.price * more[line.symbol]
                bought[line.symbol] = bought.get(line.symbol, _NONE) + more[line.symbol]


def _round(
    lines: Sequence[PlanLine], bought: Mapping[Symbol, Quantity], budget: Money, least: Money
) -> Mapping[Symbol, Quantity]:
    wanted: dict[Symbol, Quantity] = {}
    cost = Money(Decimal(0))
    for line in lines:
        missing = line.target_value - line.price * (line.current_quantity + bought.get(line.symbol, _NONE))
        quantity = (missing / line.price).floored(whole=line.whole_shares)
        if missing >= least and line.price * quantity >= least:
            wanted[line.symbol] = quantity
            cost += line.price * quantity
    if cost <= budget:
        return wanted
    scaled = {
        line.symbol: Quantity(wanted[line.symbol].value * budget.value / cost.value).floored(whole=line.whole_shares)
        for line in lines
        if line.symbol in wanted
    }
    return {line.symbol: q for line in lines if (q := scaled.get(line.symbol)) and line.price * q >= least}


def _below(difference: Money, least: Money) -> str:
    return f"difference of {difference.cents()} is below the minimum trade of {least.cents()}"


def _rounded_away(quantity: Quantity, least: Money) -> str:
    if not quantity:
        return "rounds to zero shares"
    return f"rounds to less than the minimum trade of {least.cents()}"


def _snapshot_rows(snapshot: Snapshot) -> Iterator[str]:
    account, policy = snapshot.account, snapshot.policy
    yield _row("account", account.id, account.equity.value, account.cash.value, account.buying_power.value)
    for position in sorted(account.positions, key=lambda position: position.symbol):
        yield _row("position", position.symbol, position.quantity.value, position.available.value)
    yield f"target {snapshot.target.session}"
    for contribution in sorted(snapshot.target.contributions, key=lambda c: (c.symbol, c.strategy)):
        yield _row("vote", contribution.symbol, contribution.strategy, contribution.weight)
    for symbol, price in sorted(snapshot.prices.items()):
        yield _row("price", symbol, price.value)
    yield _row(
        "policy",
        policy.deployment,
        policy.minimum_trade.value,
        policy.minimum_trade_fraction,
        policy.cash_buffer,
    )


def _line_row(line: PlanLine) -> str:
    shares = "whole" if line.whole_shares else "fractions"
    kind = "exit" if line.full_exit else "trade"
    return _row(line.action, line.symbol, line.quantity.value, line.target_value.value, kind, shares, line.reason)


def _row(kind: str, *fields: str | Decimal) -> str:
    return " ".join([kind, *(_plain(field) if isinstance(field, Decimal) else repr(str(field)) for field in fields)])


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
