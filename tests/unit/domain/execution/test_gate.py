"""
Every rail of the gate refuses.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import alchemiser
from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.execution.gate import ApprovedOrder, Context, Limits, after_approval, approve
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
    age_s: int = 30,
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
