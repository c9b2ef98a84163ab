"""
Where an attempt is priced, and whether a quote may be traded on.

    rungs 0, 1, 2     75, 85, 95 % of the way from the near side of the spread to the far side
    rung 3            a marketable limit: the far side and half a percent beyond

A limit never leaves the collar around the plan's price and is rounded to the tick toward passive.
"""

from datetime import datetime, timedelta

from alchemiser.domain.execution.order import Trade
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Price, Side


def quote_problem(quote: Quote | None, trade: Trade, *, now: datetime, policy: WalkPolicy) -> str:
    """
    Say why a quote may not be traded on; empty when it may.
    """
    problem = market_problem(quote, now=now, policy=policy)
    if problem or quote is None:
        return problem
    away = abs(quote.mid.value / trade.plan_price.value - 1)
    if away > policy.collar:
        return f"market at {quote.mid} is {away:.2%} away from the plan's {trade.plan_price}"
    return ""


def market_problem(quote: Quote | None, *, now: datetime, policy: WalkPolicy) -> str:
    """
    Say why a quote is no fresh market with two sides close together; empty when it is.
    """
    if quote is None:
        return "no quote"
    if not quote.has_two_sides:
        return f"bid {quote.bid} and ask {quote.ask} are no market"
    age = now - quote.at
    if age > policy.quote_age:
        return f"quote is {age.total_seconds():.0f} s old"
    spread = (quote.ask - quote.bid) / quote.mid.value
    if spread > policy.widest_spread:
        return f"spread is {spread:.2%} of the middle"
    return ""


def limit_price(quote: Quote, side: Side, *, rung: int, plan_price: Price, policy: WalkPolicy) -> Price:
    """
    Return the limit of an attempt on a rung, from a quote that may be traded on.
    """
    if rung < len(policy.rungs):
        reach = policy.rungs[rung] * (quote.ask - quote.bid)
        wanted = quote.bid + reach if side is Side.BUY else quote.ask - reach
    elif side is Side.BUY:
        wanted = quote.ask * (1 + policy.cross)
    else:
        wanted = quote.bid * (1 - policy.cross)
    if side is Side.BUY:
        capped = min(wanted, plan_price.value * (1 + policy.collar))
    else:
        capped = max(wanted, plan_price.value * (1 - policy.collar))
    return Price(capped).tick(side)


def rest(rung: int, policy: WalkPolicy) -> timedelta:
    """
    Return how long an order on a rung may rest.
    """
    return policy.rung_rest if rung < len(policy.rungs) else policy.cross_rest
