"""
What becomes of orders in the simulated market.
"""

from collections import Counter
from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.execution.order import OrderStatus
from alchemiser.domain.market import Quote
from alchemiser.domain.values import Side, Symbol
from alchemiser.infrastructure.simulation.matching import History, Placed, history
from support.builders import CLOSE, START, a_body, after

HUNDRED_SEEDS = range(100)


def still(symbol: Symbol, instant: datetime) -> Quote:
    return Quote(symbol=symbol, bid=Decimal("99.90"), ask=Decimal("100.10"), at=instant, source="test")


def falling(symbol: Symbol, instant: datetime) -> Quote:
    """
    Fall by a cent a second.
    """
    shift = Decimal(int((instant - START).total_seconds())) / 100
    return Quote(symbol=symbol, bid=Decimal("99.90") - shift, ask=Decimal("100.10") - shift, at=instant, source="test")


def placed(
    *, side: Side = Side.BUY, limit: str = "100.05", quantity: str = "10", cancel_after: float | None = None
) -> Placed:
    return Placed(
        body=a_body(side=side, quantity=quantity, limit=limit),
        submitted_at=START,
        closes_at=CLOSE,
        cancel_asked_at=None if cancel_after is None else after(cancel_after),
    )


def filled(found: History) -> Decimal:
    return sum((part.quantity.value for part in found.slices), Decimal(0))


def filled_within_a_rung(limit: str) -> int:
    order = placed(limit=limit, cancel_after=30)
    outcomes = [history(order, seed=seed, quote_at=still, until=after(60)) for seed in HUNDRED_SEEDS]
    return sum(1 for found in outcomes if found.status is OrderStatus.FILLED)


def test_nothing_happens_before_arrival() -> None:
    """
    At the instant it was sent, an order is new.
    """
    found = history(placed(limit="101"), seed=7, quote_at=still, until=START)

    assert (OrderStatus.NEW, (), START) == (found.status, found.slices, found.updated_at)


def test_crossing_order_fills_at_the_quote() -> None:
    """
    Every slice of a buy above the ask costs the ask; of a sell below the bid, the bid.
    """
    prices = {
        side: {
            part.price.value
            for seed in HUNDRED_SEEDS
            for part in history(placed(side=side, limit=limit), seed=seed, quote_at=still, until=after(60)).slices
        }
        for side, limit in [(Side.BUY, "100.60"), (Side.SELL, "99.40")]
    }

    assert {Side.BUY: {Decimal("100.1000")}, Side.SELL: {Decimal("99.9000")}} == prices


def test_higher_rungs_fill_more_often() -> None:
    """
    The further a limit reaches into the spread, the likelier it fills; none always or never does.
    """
    low, middle, high = (filled_within_a_rung(limit) for limit in ("100.05", "100.07", "100.09"))

    assert 20 <= low < middle < high <= 95


def test_some_orders_are_cancelled_half_filled() -> None:
    """
    A cancel leaves what was filled until it took effect.
    """
    order = placed(cancel_after=30)

    ends = Counter(
        (found.status, 0 < filled(found) < 10)
        for seed in HUNDRED_SEEDS
        for found in [history(order, seed=seed, quote_at=still, until=after(60))]
    )

    assert ends[OrderStatus.CANCELED, True] > 0
    assert ends[OrderStatus.CANCELED, False] > 0
    assert ends[OrderStatus.FILLED, False] > 0


def test_fills_race_cancels() -> None:
    """
    Between the request and its effect a fill can still come.
    """
    order = placed(limit="100.09", cancel_after=10)

    late = [
        part.at
        for seed in range(400)
        for part in history(order, seed=seed, quote_at=still, until=after(60)).slices
        if part.at > after(10)
    ]

    assert late
    assert max(late) < after(11)


def test_pending_cancel_is_shown_until_it_takes_effect() -> None:
    """
    Right after the request the order is still there.
    """
    order = placed(limit="50", cancel_after=10)

    states = [history(order, seed=7, quote_at=still, until=after(at)).status for at in (9.9, 10, 11)]

    assert [OrderStatus.NEW, OrderStatus.PENDING_CANCEL, OrderStatus.CANCELED] == states


def test_market_that_comes_to_the_limit_fills_it() -> None:
    """
    A buy below the market fills at its limit once the ask has fallen to it.
    """
    found = history(placed(limit="99.80"), seed=7, quote_at=falling, until=after(120))

    assert OrderStatus.FILLED is found.status
    assert {Decimal("99.80")} == {part.price.value for part in found.slices}
    assert found.slices[0].at >= after(30)


def test_one_sided_market_fills_nothing() -> None:
    """
    With no bid there is no market to cross, however low the ask; hits by chance are all that is left.
    """

    def one_sided(symbol: Symbol, instant: datetime) -> Quote:
        return Quote(symbol=symbol, bid=Decimal(0), ask=Decimal("0.01"), at=instant, source="test")

    outcomes = {
        history(placed(limit="0.50"), seed=seed, quote_at=one_sided, until=after(1)).status for seed in HUNDRED_SEEDS
    }

    assert {OrderStatus.NEW} == outcomes


@given(
    st.integers(0, 10_000),
    st.sampled_from(list(Side)),
    st.decimals("99.70", "100.30", places=2),
    st.sampled_from(["1", "10", "0.5", "0.000000003", "123.456789012"]),
    st.none() | st.floats(0, 70),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_what_happened_stays_happened(
    seed: int, side: Side, limit: Decimal, quantity: str, cancel_after: float | None, one: float, other: float
) -> None:
    """
    A later look shows all that an earlier one showed and nothing of the future; no fill is worse than the limit.
    """
    order = placed(side=side, limit=str(limit), quantity=quantity, cancel_after=cancel_after)
    early, late = (history(order, seed=seed, quote_at=falling, until=after(at)) for at in sorted((one, other)))

    assert early.slices == late.slices[: len(early.slices)]
    assert not early.status.is_terminal or early == late
    assert filled(late) <= order.body.quantity.value
    assert all(part.at <= after(min(one, other)) for part in early.slices)
    assert late.slices[: len(early.slices)] == tuple(part for part in late.slices if part.at <= after(min(one, other)))
    assert all(
        part.price <= order.body.limit if side is Side.BUY else part.price >= order.body.limit for part in late.slices
    )


@given(st.integers(0, 10_000), st.decimals("99.70", "100.30", places=2), st.integers(0, 60_000), st.integers(0, 60_000))
def test_a_cancel_changes_nothing_before_it_was_asked(seed: int, limit: Decimal, asked: int, looked: int) -> None:
    """
    Up to the request, an order that will be cancelled looks like one that will not.
    """
    if looked >= asked:
        return
    with_cancel, without = (
        history(placed(limit=str(limit), cancel_after=cancel), seed=seed, quote_at=falling, until=after(looked / 1000))
        for cancel in (asked / 1000, None)
    )

    assert without == with_cancel


def test_nobody_meets_a_limit_far_from_the_market() -> None:
    """
    An order worse than the near side waits for the market to come to it.
    """
    buys = [history(placed(limit="90"), seed=seed, quote_at=still, until=after(300)) for seed in HUNDRED_SEEDS]
    sells = [
        history(placed(side=Side.SELL, limit="110"), seed=seed, quote_at=still, until=after(300))
        for seed in HUNDRED_SEEDS
    ]

    assert {OrderStatus.NEW} == {found.status for found in (*buys, *sells)}
