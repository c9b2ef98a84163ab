"""
Every rail of the gate refuses.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import alchemiser
from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.gate import PASSING, ApprovedOrder, Context, Limits, after_approval, approve
from alchemiser.domain.execution.order import OrderBody, Trade
from alchemiser.domain.execution.traffic import Placed
from alchemiser.domain.values import Side, Symbol, price, shares, usd
from support.builders import CLOSE, OPEN, a_body, a_context, a_position, a_trade, after, an_account

SELL = a_body(side=Side.SELL, limit="99.95")
A_SELL = a_trade(side=Side.SELL)
BLOCKED = replace(a_context(), account=an_account(cash="1000000", blocked="trading_blocked"))


def test_an_order_within_every_rail_is_approved() -> None:
    """
    The approved order carries the body as it was asked.
    """
    body = a_body()

    order = approve(body, a_trade(), a_context(), Limits())

    assert body == order.body


@pytest.mark.parametrize(
    ("rail", "body", "trade", "context", "limits"),
    [
        pytest.param("kill switch", a_body(), a_trade(), a_context(halted="enough"), Limits(), id="kill switch"),
        pytest.param(
            "window", a_body(), a_trade(), a_context(now=OPEN.replace(hour=13, minute=29)), Limits(), id="before open"
        ),
        pytest.param("window", a_body(), a_trade(), a_context(now=CLOSE), Limits(), id="at the last instant"),
        pytest.param("account", a_body(), a_trade(), BLOCKED, Limits(), id="blocked account"),
        pytest.param("symbols", a_body(), a_trade(), a_context(symbols=("TLT",)), Limits(), id="not in the plan"),
        pytest.param(
            "allowlist", a_body(), a_trade(), a_context(), Limits(allowed=frozenset({Symbol("TLT")})), id="not allowed"
        ),
        pytest.param("plan", a_body(), A_SELL, a_context(), Limits(), id="other side than the trade"),
        pytest.param("quantity", a_body(quantity="10.1"), a_trade(), a_context(), Limits(), id="more than authorised"),
        pytest.param("quantity", a_body(quantity="0"), a_trade(), a_context(), Limits(), id="no shares"),
        pytest.param("quantity", a_body(), a_trade(authorised=None), a_context(), Limits(), id="not authorised"),
        pytest.param(
            "notional", a_body(), a_trade(), a_context(), Limits(order_notional=usd("1000.49")), id="too many dollars"
        ),
        pytest.param("equity", a_body(), a_trade(), a_context(equity="909"), Limits(), id="too much of the equity"),
        pytest.param("collar", a_body(limit="105.01"), a_trade(), a_context(), Limits(), id="far above the plan"),
        pytest.param("collar", a_body(limit="94.99"), a_trade(), a_context(), Limits(), id="far below the plan"),
        pytest.param("available", SELL, A_SELL, a_context(), Limits(), id="nothing to sell"),
        pytest.param(
            "available",
            SELL,
            A_SELL,
            a_context(a_position("SPY", "10", available="9.9")),
            Limits(),
            id="reserved by another sell",
        ),
        pytest.param(
            "buying power", a_body(), a_trade(), a_context(spendable="1000"), Limits(), id="too little buying power"
        ),
    ],
)
def test_rail_refuses(rail: str, body: OrderBody, trade: Trade, context: Context, limits: Limits) -> None:
    """
    An order beyond a rail is refused, and the refusal names the rail.
    """
    with pytest.raises(OrderRefused) as refusal:
        approve(body, trade, context, limits)

    assert rail == refusal.value.rail


def another(
    symbol: str = "SPY",
    side: Side = Side.BUY,
    quantity: str = "10",
    *,
    attempt: int = 2,
    filled: str = "0",
    live: bool = True,
    age_s: float = 30,
    name: str = "",
) -> Placed:
    body = a_body(symbol, side, quantity, "100", attempt=attempt)
    return Placed(
        body=replace(body, client_order_id=name or body.client_order_id),
        at=after(-age_s),
        is_live=live,
        filled=shares(filled),
        spent=price("100") * shares(filled),
    )


@pytest.mark.parametrize(
    ("rail", "body", "context", "limits"),
    [
        pytest.param("account", a_body(), replace(a_context(), owner="LIVE0001"), Limits(), id="another account"),
        pytest.param("side", a_body(), a_context(placed=(another(side=Side.SELL),)), Limits(), id="both sides"),
        pytest.param(
            "foreign order",
            a_body(),
            a_context(placed=(another(quantity="3", name="by-hand"),)),
            Limits(),
            id="foreign",
        ),
        pytest.param(
            "orders per run",
            a_body(),
            a_context(placed=(another("TLT", age_s=600), another("GLD", live=False, age_s=600))),
            Limits(orders_per_run=2),
            id="too many in a run",
        ),
        pytest.param(
            "orders per minute",
            a_body(),
            a_context(placed=(another("TLT"), another("GLD", age_s=59))),
            Limits(orders_per_minute=2),
            id="too many in a minute",
        ),
        pytest.param(
            "turnover",
            a_body(),
            a_context(equity="2000", placed=(another("TLT", filled="10", live=False), another("GLD", quantity="2.1"))),
            Limits(),
            id="too much bought on a day",
        ),
        pytest.param(
            "gross exposure",
            a_body(),
            replace(
                a_context(placed=(another("TLT", quantity="5", name="by-hand"),)),
                account=an_account(cash="2000", equity="2400"),
            ),
            Limits(gross_exposure=Decimal("0.7")),
            id="too much held at the end",
        ),
        pytest.param("duplicate", a_body(), a_context(placed=(another(),)), Limits(), id="the same order rests"),
        pytest.param(
            "duplicate",
            a_body(),
            a_context(placed=(another(filled="10", live=False, name="by-hand"),)),
            Limits(),
            id="the same order just filled",
        ),
    ],
)
def test_rail_on_traffic_refuses(rail: str, body: OrderBody, context: Context, limits: Limits) -> None:
    """
    An order that is one too many beside those there are is refused by the rail that counts them.
    """
    with pytest.raises(OrderRefused) as refusal:
        approve(body, a_trade(), context, limits)

    assert rail == refusal.value.rail


@pytest.mark.parametrize(
    ("body", "context", "limits"),
    [
        pytest.param(a_body(), a_context(placed=(another(live=False),)), Limits(), id="next rung of the same size"),
        pytest.param(a_body(), a_context(placed=(another(age_s=60),)), Limits(), id="the same order a minute ago"),
        pytest.param(
            a_body(),
            a_context(placed=(another("TLT", quantity="3", name="by-hand"),)),
            Limits(),
            id="foreign order of another symbol",
        ),
        pytest.param(
            a_body(),
            a_context(placed=(another(quantity="3", live=False, name="by-hand"),)),
            Limits(),
            id="foreign order that is gone",
        ),
        pytest.param(
            a_body(),
            a_context(placed=(another(attempt=1),)),
            Limits(orders_per_run=1, orders_per_minute=1),
            id="the same order again under its id",
        ),
        pytest.param(
            a_body(),
            a_context(placed=(another("TLT", age_s=60),)),
            Limits(orders_per_minute=1),
            id="a minute later",
        ),
    ],
)
def test_rail_on_traffic_lets_pass(body: OrderBody, context: Context, limits: Limits) -> None:
    """
    What a walk does by itself is no breach: the next rung, the same id again, a minute later.
    """
    assert body == approve(body, a_trade(), context, limits).body


def test_orders_of_one_decision_count_against_each_other() -> None:
    """
    After an approval the next order has less to spend and finds the first one placed.
    """
    context = a_context(symbols=("SPY", "TLT"), spendable="1500", equity="1500")
    first = approve(a_body(), a_trade(), context, Limits())

    following = after_approval(context, first)

    assert usd("499.50") == following.spendable
    with pytest.raises(OrderRefused) as refusal:
        approve(a_body("TLT"), a_trade("TLT"), following, Limits())
    assert "buying power" == refusal.value.rail


def test_refusal_says_limit_and_value() -> None:
    """
    The message names the order, the rail, what was found and what is allowed.
    """
    with pytest.raises(OrderRefused) as refusal:
        approve(a_body(), a_trade(), a_context(), Limits(order_notional=usd("500")))

    expected = "buy 10 SPY at 100.05: refused by the notional rail: 1000.50, allowed is 500"
    assert expected == str(refusal.value)


def test_the_edge_of_the_collar_is_inside() -> None:
    """
    A limit exactly as far away as the collar allows passes.
    """
    order = approve(a_body(limit="105"), a_trade(), a_context(), Limits(collar=Decimal("0.05")))

    assert Decimal(105) == order.body.limit.value


def test_nobody_else_makes_an_approved_order() -> None:
    """
    Without the gate's seal the constructor refuses.
    """
    with pytest.raises(TypeError, match="only the gate makes an ApprovedOrder"):
        ApprovedOrder(body=a_body(), seal=object())


def test_no_module_but_the_gate_constructs_one() -> None:
    """
    The shipped code calls the constructor, or names the seal, in the gate alone.
    """
    root = Path(alchemiser.__file__).parent

    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "ApprovedOrder(" in (text := path.read_text(encoding="utf-8")) or "_SEAL" in text
    }

    assert {"domain/execution/gate.py"} == found


def many(count: int, *, age_s: float = 600) -> tuple[Placed, ...]:
    return (another("TLT", live=False, age_s=age_s),) * count


def with_cash(cash: str, *, equity: str = "2000") -> Context:
    return replace(a_context(spendable="2000", equity=equity), account=an_account(cash=cash, equity=equity))


LARGE = a_trade(planned="20000")
RICH = a_context(spendable="3000000", equity="3000000")
HUNDRED = a_body(limit="100")


@pytest.mark.parametrize(
    ("rail", "inside", "outside"),
    [
        pytest.param(
            "window",
            (a_body(), a_context(now=OPEN)),
            (a_body(), a_context(now=OPEN.replace(minute=29, second=59))),
            id="from the opening",
        ),
        pytest.param(
            "notional",
            (a_body(quantity="10000", limit="100"), RICH),
            (a_body(quantity="10000.001", limit="100"), RICH),
            id="a million dollars",
        ),
        pytest.param(
            "equity",
            (a_body(quantity="11", limit="100"), a_context(spendable="2000", equity="1000")),
            (a_body(quantity="11.001", limit="100"), a_context(spendable="2000", equity="1000")),
            id="110 % of equity",
        ),
        pytest.param(
            "collar",
            (a_body(limit="105"), a_context()),
            (a_body(limit="105.01"), a_context()),
            id="5 % above the plan",
        ),
        pytest.param(
            "collar", (a_body(limit="95"), a_context()), (a_body(limit="94.99"), a_context()), id="5 % below the plan"
        ),
        pytest.param(
            "buying power",
            (a_body(), a_context(spendable="1000.50")),
            (a_body(), a_context(spendable="1000.49")),
            id="to the last cent",
        ),
        pytest.param(
            "orders per run",
            (a_body(), a_context(placed=many(499))),
            (a_body(), a_context(placed=many(500))),
            id="500 orders of a run",
        ),
        pytest.param(
            "orders per minute",
            (a_body(), a_context(placed=many(119, age_s=59))),
            (a_body(), a_context(placed=many(120, age_s=59.9))),
            id="120 orders a minute",
        ),
        pytest.param(
            "turnover",
            (HUNDRED, a_context(equity="1000", spendable="2000", placed=(another("TLT", filled="1", live=False),))),
            (HUNDRED, a_context(equity="1000", spendable="2000", placed=(another("TLT", filled="1.001", live=False),))),
            id="110 % of equity on a day",
        ),
        pytest.param(
            "gross exposure", (HUNDRED, with_cash("1000")), (HUNDRED, with_cash("999.99")), id="all of the equity"
        ),
        pytest.param(
            "duplicate",
            (a_body(), a_context(placed=(another(age_s=60),))),
            (a_body(), a_context(placed=(another(age_s=59.9),))),
            id="the same order within a minute",
        ),
    ],
)
def test_the_edge_of_a_rail_is_inside(
    rail: str, inside: tuple[OrderBody, Context], outside: tuple[OrderBody, Context]
) -> None:
    """
    Unless a profile says otherwise: what is exactly allowed passes, and the next step beyond it is refused.
    """
    assert inside[0] == approve(inside[0], LARGE, inside[1], Limits()).body

    with pytest.raises(OrderRefused) as refusal:
        approve(outside[0], LARGE, outside[1], Limits())

    assert rail == refusal.value.rail


def test_a_sell_is_covered_to_the_last_share() -> None:
    """
    All that is available may be sold, whatever money there is.
    """
    context = a_context(a_position("SPY", "10"), spendable="0", equity="2000")

    assert SELL == approve(SELL, A_SELL, context, Limits()).body


@pytest.mark.parametrize(
    ("body", "context", "limits"),
    [
        pytest.param(
            a_body(),
            a_context(equity="1200", placed=(another("TLT", side=Side.SELL, filled="10", live=False),)),
            Limits(),
            id="what was sold is not bought",
        ),
        pytest.param(
            a_body(),
            a_context(equity="1200", placed=(another("TLT", filled="10", live=False, name="by-hand"),)),
            Limits(),
            id="what someone else bought is not ours",
        ),
        pytest.param(
            a_body(), a_context(placed=many(1, age_s=60)), Limits(orders_per_minute=1), id="exactly a minute ago"
        ),
        pytest.param(
            a_body(),
            a_context(placed=(another("TLT", live=False, name="by-hand"),)),
            Limits(orders_per_minute=1, orders_per_run=1),
            id="someone else's order is not counted",
        ),
        pytest.param(
            a_body(),
            a_context(
                placed=(another(side=Side.SELL, live=False, name="alc1-TEST0001-20260730-rebalance-1-SPY-S-a1"),)
            ),
            Limits(),
            id="the other side in another run",
        ),
        pytest.param(
            a_body(), a_context(placed=(another(quantity="9.9"),)), Limits(), id="another quantity is no duplicate"
        ),
        pytest.param(
            a_body(), a_context(placed=(another("TLT", age_s=1),)), Limits(), id="another symbol is no duplicate"
        ),
    ],
)
def test_rail_counts_what_it_is_about(body: OrderBody, context: Context, limits: Limits) -> None:
    """
    Another side, symbol, run, person or minute fills no rail of ours.
    """
    assert body == approve(body, a_trade(), context, limits).body


def test_exposure_is_what_is_held_and_what_every_buy_may_add() -> None:
    """
    A resting buy counts with what it has not filled, a resting sell counts for nothing, and a sell is never refused.
    """
    half = another("TLT", quantity="10", filled="5")
    sale = another("GLD", side=Side.SELL, quantity="10")
    context = replace(
        a_context(placed=(half, sale), spendable="2000", equity="2000"), account=an_account(cash="1500", equity="2000")
    )
    poor = replace(context, account=an_account(a_position("SPY", "10"), cash="-5000", equity="2000"))

    assert HUNDRED == approve(HUNDRED, a_trade(), context, Limits()).body
    with pytest.raises(OrderRefused) as refusal:
        approve(a_body(limit="100.01"), a_trade(), context, Limits())
    assert ("gross exposure", "2000.0", "2000.10") == (refusal.value.rail, refusal.value.limit, refusal.value.value)
    assert SELL == approve(SELL, A_SELL, poor, Limits()).body


def test_only_what_time_mends_is_waited_for() -> None:
    """
    A full minute and an exposure that the account has not caught up with pass; any other refusal is final.
    """
    refused = {}
    for name, context, limits in (
        ("minute", a_context(placed=many(1, age_s=1)), Limits(orders_per_minute=1)),
        ("exposure", with_cash("1"), Limits()),
        ("run", a_context(placed=many(1)), Limits(orders_per_run=1)),
        ("duplicate", a_context(placed=(another(),)), Limits()),
    ):
        with pytest.raises(OrderRefused) as refusal:
            approve(a_body(limit="100"), a_trade(), context, limits)
        refused[name] = refusal.value.rail in PASSING

    assert {"minute": True, "exposure": True, "run": False, "duplicate": False} == refused


def test_a_sell_that_is_approved_takes_none_of_the_money() -> None:
    """
    The next order of the decision may spend as much as before, and finds the sell placed, once.
    """
    context = a_context(
        a_position("SPY", "10"), spendable="1500", placed=(another(side=Side.SELL, attempt=1), another())
    )
    sale = approve(SELL, A_SELL, a_context(a_position("SPY", "10")), Limits())

    following = after_approval(context, sale)

    assert usd("1500") == following.spendable
    assert [another().body, SELL] == [order.body for order in following.placed]
    assert context.now == following.placed[-1].at


def refusal_of(body: OrderBody, trade: Trade, context: Context, limits: Limits) -> tuple[str, str, str]:
    with pytest.raises(OrderRefused) as refusal:
        approve(body, trade, context, limits)
    return refusal.value.rail, str(refusal.value.limit), str(refusal.value.value)


def test_every_refusal_says_what_was_found_and_what_is_allowed() -> None:
    """
    The operator reads both off the message, in the units of the rail.
    """
    ours = a_context(placed=(another("TLT", filled="5", age_s=1),), equity="1200", spendable="5000")
    first, second_ = another().body.client_order_id, another(attempt=3).body.client_order_id

    assert [
        ("kill switch", "off", "enough"),
        ("account", "LIVE0001", "TEST0001"),
        ("account", "an account that may trade", "trading_blocked"),
        ("window", "13:30:00 to before 20:00:00 UTC", "20:00:00 UTC"),
        ("symbols", "symbols of the plan", "SPY"),
        ("allowlist", "allowed symbols", "SPY"),
        ("plan", "sell SPY", "buy SPY"),
        ("quantity", "above 0 and at most 10", "10.1"),
        ("notional", "1000", "1000.50"),
        ("equity", "999.9", "1000.50"),
        ("collar", "0.05", "0.050100 away from 100"),
        ("buying power", "1000", "1000.50"),
        ("available", "0", "10"),
        ("available", "9.9", "10"),
        ("orders per run", "1", "2"),
        ("orders per minute", "1", "2"),
        ("turnover", "1320.0", "2000.50"),
        ("duplicate", "no other order of this kind within 60 s", f"{first}, {second_}"),
    ] == [
        refusal_of(a_body(), a_trade(), a_context(halted="enough"), Limits()),
        refusal_of(a_body(), a_trade(), replace(a_context(), owner="LIVE0001"), Limits()),
        refusal_of(a_body(), a_trade(), BLOCKED, Limits()),
        refusal_of(a_body(), a_trade(), a_context(now=CLOSE), Limits()),
        refusal_of(a_body(), a_trade(), a_context(symbols=("TLT",)), Limits()),
        refusal_of(a_body(), a_trade(), a_context(), Limits(allowed=frozenset({Symbol("TLT")}))),
        refusal_of(a_body(), A_SELL, a_context(), Limits()),
        refusal_of(a_body(quantity="10.1"), a_trade(), a_context(), Limits()),
        refusal_of(a_body(), a_trade(), a_context(), Limits(order_notional=usd("1000"))),
        refusal_of(a_body(), a_trade(), a_context(equity="909"), Limits()),
        refusal_of(a_body(limit="105.01"), a_trade(), a_context(), Limits()),
        refusal_of(a_body(), a_trade(), a_context(spendable="1000"), Limits()),
        refusal_of(SELL, A_SELL, a_context(), Limits()),
        refusal_of(SELL, A_SELL, a_context(a_position("SPY", "10", available="9.9")), Limits()),
        refusal_of(a_body(), a_trade(), ours, Limits(orders_per_run=1)),
        refusal_of(a_body(), a_trade(), ours, Limits(orders_per_minute=1)),
        refusal_of(a_body(), a_trade(), ours, Limits()),
        refusal_of(a_body(), a_trade(), a_context(placed=(another(), another(attempt=3))), Limits()),
    ]


def test_a_symbol_of_the_allowlist_passes() -> None:
    """
    Whatever else may be traded beside it.
    """
    limits = Limits(allowed=frozenset({Symbol("SPY"), Symbol("TLT")}))

    assert a_body() == approve(a_body(), a_trade(), a_context(), limits).body
