"""
How a plan is sized.
"""

from dataclasses import replace

import pytest

from alchemiser.domain.errors import DataError, OrderRefused
from alchemiser.domain.portfolio.account import Asset
from alchemiser.domain.portfolio.plan import Action, RebalancePlan
from alchemiser.domain.portfolio.planner import canonical_text, plan
from alchemiser.domain.values import Symbol, price, shares, usd
from support.builders import DAY, RUN, START, a_plan, a_policy, a_position, a_target, an_account, an_asset


def actions(made: RebalancePlan) -> list[tuple[str, str, str]]:
    return [(line.action, line.symbol, str(line.quantity)) for line in made.lines]


def test_buys_what_is_missing() -> None:
    """
    A symbol that is wanted and not held is bought for weight times equity times deployment.
    """
    made = a_plan({"SPY": "0.6"}, an_account(cash="1000"), {"SPY": "100"}, policy=a_policy(deployment="0.5"))

    assert [("buy", "SPY", "3.000000000")] == actions(made)


def test_sells_come_before_buys_each_by_symbol() -> None:
    """
    Lines are sells, buys, holds, each in the order of their symbols.
    """
    account = an_account(a_position("ZZZ", "10"), a_position("AAA", "5"), cash="500", equity="2000")

    made = a_plan(
        {"SPY": "0.3", "BIL": "0.45", "AAA": "0.25"},
        account,
        {"ZZZ": "100", "AAA": "100", "SPY": "100", "BIL": "100"},
    )

    assert [("sell", "ZZZ"), ("buy", "BIL"), ("buy", "SPY"), ("hold", "AAA")] == [
        (line.action, line.symbol) for line in made.lines
    ]


def test_full_exit_sells_exactly_what_is_held() -> None:
    """
    A holding that is no longer wanted is sold to its last nine decimals, dust included.
    """
    account = an_account(a_position("SPY", "7.227357612"), a_position("TLT", "0.000000001"), equity="1000")

    made = a_plan({}, account, {"SPY": "100", "TLT": "90"}, whole=("SPY",))

    assert [("sell", "SPY", "7.227357612"), ("sell", "TLT", "0.000000001")] == actions(made)
    assert [True, True] == [line.full_exit for line in made.lines]


def test_full_exit_leaves_what_open_orders_reserve() -> None:
    """
    Only the available shares are sold; with none available the symbol is held, with the reason.
    """
    account = an_account(a_position("SPY", "7", available="4"), a_position("TLT", "3", available="0"), equity="1000")

    made = a_plan({}, account, {"SPY": "100", "TLT": "90"})

    assert [("sell", "SPY", "4"), ("hold", "TLT", "0")] == actions(made)
    assert made.lines[1].reason == "every share is reserved by open orders"


@pytest.mark.parametrize(
    ("minimum", "fraction"),
    [pytest.param("51", "0", id="dollars"), pytest.param("1", "0.051", id="of equity")],
)
def test_small_differences_are_held(minimum: str, fraction: str) -> None:
    """
    A difference below the larger of both minimum trades is held, and the line says so.
    """
    account = an_account(a_position("SPY", "5"), cash="500", equity="1000")

    made = a_plan({"SPY": "0.55"}, account, {"SPY": "100"}, policy=a_policy(minimum=minimum, fraction=fraction))

    assert [("hold", "SPY", "0")] == actions(made)
    assert made.lines[0].reason == "difference of 50.00 is below the minimum trade of 51.00"


def test_whole_shares_round_buys_and_partial_sells_down() -> None:
    """
    Where there are no fractions, both sides round toward zero.
    """
    account = an_account(a_position("SPY", "9.5"), cash="1050", equity="2000")

    made = a_plan({"SPY": "0.22", "TLT": "0.48"}, account, {"SPY": "100", "TLT": "100"}, whole=("SPY", "TLT"))

    assert [("sell", "SPY", "5"), ("buy", "TLT", "9")] == actions(made)


def test_less_than_one_whole_share_is_held() -> None:
    """
    A buy that rounds to zero shares is held with the reason.
    """
    made = a_plan({"SPY": "0.5"}, an_account(cash="1000"), {"SPY": "600"}, whole=("SPY",))

    assert [("hold", "rounds to zero shares")] == [(line.action, line.reason) for line in made.lines]


def test_buys_shrink_to_the_cash_there_is() -> None:
    """
    When buys cost more than cash and sells give, less the buffer, all are scaled by one factor.
    """
    account = an_account(cash="1000")

    made = a_plan({"SPY": "0.75", "TLT": "0.25"}, account, {"SPY": "100", "TLT": "50"}, policy=a_policy(buffer="0.2"))

    assert [("buy", "SPY", "6.000000000"), ("buy", "TLT", "4.000000000")] == actions(made)
    assert {"reduced to the cash there is"} == {line.reason for line in made.lines}


def test_cash_left_by_rounding_is_shared_out_again() -> None:
    """
    A whole share that the scaled round left affordable is still bought, so planning again finds nothing.
    """
    made = a_plan(
        {"AAA": "0.5", "BBB": "0.5"},
        an_account(cash="1000"),
        {"AAA": "240", "BBB": "10"},
        policy=a_policy(buffer="0.2"),
        whole=("AAA", "BBB"),
    )

    assert [("buy", "AAA", "1"), ("buy", "BBB", "48")] == actions(made)


def test_too_little_cash_holds_the_buys() -> None:
    """
    With no cash above the buffer nothing is bought, and the line says why.
    """
    account = an_account(a_position("SPY", "9.9"), cash="10", equity="1000")

    made = a_plan({"SPY": "0.99", "TLT": "0.01"}, account, {"SPY": "100", "TLT": "1"}, policy=a_policy(buffer="0.05"))

    assert [("hold", "on target"), ("hold", "too little cash to buy at least the minimum trade")] == [
        (line.action, line.reason) for line in made.lines
    ]


def test_missing_price_names_every_symbol() -> None:
    """
    Prices that are missing refuse the plan; the operator refreshes data.
    """
    with pytest.raises(DataError, match="expected a price for AAA, SPY, found none"):
        a_plan({"SPY": "1"}, an_account(a_position("AAA", "1"), equity="1000"), {})


@pytest.mark.parametrize(
    "assets",
    [
        pytest.param({}, id="unknown"),
        pytest.param({Symbol("SPY"): an_asset(tradable=False)}, id="not tradable"),
    ],
)
def test_untradable_symbols_are_refused(assets: dict[Symbol, Asset]) -> None:
    """
    A plan never trades what the broker does not trade.
    """
    with pytest.raises(OrderRefused, match="buy SPY: refused by the tradable rail"):
        plan(
            a_target({"SPY": "1"}),
            an_account(cash="1000"),
            {Symbol("SPY"): price("100")},
            assets,
            a_policy(),
            run_id=RUN,
            session=DAY,
            made_at=START,
        )


@pytest.mark.parametrize(
    ("cash", "equity", "blocked", "rail"),
    [
        pytest.param("100", "1000", "trading_blocked", "account", id="blocked"),
        pytest.param("0", "0", "", "equity", id="no equity"),
        pytest.param("-1", "1000", "", "cash", id="owes cash"),
    ],
)
def test_abnormal_accounts_are_refused(cash: str, equity: str, blocked: str, rail: str) -> None:
    """
    An account in an abnormal state stops the plan; nothing is liquidated on a guess.
    """
    account = an_account(a_position("SPY", "1"), cash=cash, equity=equity, blocked=blocked)

    with pytest.raises(OrderRefused, match=f"refused by the {rail} rail"):
        a_plan({"SPY": "1"}, account, {"SPY": "100"})


def test_hash_ignores_how_numbers_are_written() -> None:
    """
    Trailing zeros change no hash.
    """
    plans = [
        a_plan({"SPY": weight}, an_account(cash=cash), {"SPY": cost})
        for weight, cash, cost in [("0.5", "1000", "100"), ("0.500000", "1000.00", "100.0000")]
    ]

    assert plans[0].hash == plans[1].hash


def test_hash_tells_plans_apart() -> None:
    """
    A cent of cash makes another plan.
    """
    plans = [a_plan({"SPY": "0.5"}, an_account(cash=cash), {"SPY": "100"}) for cash in ("1000", "1000.01")]

    assert plans[0].hash != plans[1].hash


def test_canonical_text_reads_line_by_line() -> None:
    """
    The hashed text is plain enough to be compared by eye.
    """
    made = a_plan({"SPY": "0.5"}, an_account(a_position("SPY", "1.50"), cash="850", equity="1000"), {"SPY": "100"})

    text = canonical_text(made.session, made.snapshot, made.lines)

    assert text.splitlines() == [
        "plan 2026-07-31",
        "account 'TEST0001' 1000 850 850",
        "position 'SPY' 1.5 1.5",
        "target 2026-07-30",
        "vote 'SPY' 'only' 0.5",
        "price 'SPY' 100",
        "policy 1 1 0 0",
        "buy 'SPY' 3.5 500 'trade' 'fractions' ''",
    ]


def test_lines_carry_values_beside_targets() -> None:
    """
    A line shows what is held, what is wanted and the price both are valued at.
    """
    made = a_plan({"SPY": "0.5"}, an_account(a_position("SPY", "1"), cash="900", equity="1000"), {"SPY": "100"})

    line = made.lines[0]

    assert (usd("500.0"), usd("100"), shares("1"), Action.BUY) == (
        line.target_value,
        line.current_value,
        line.current_quantity,
        line.action,
    )


def lines(made: RebalancePlan) -> list[tuple[str, str, str, str]]:
    return [(line.action, line.symbol, str(line.quantity), line.reason) for line in made.lines]


@pytest.mark.parametrize(
    ("held", "found"),
    [
        pytest.param("4.99", ("buy", "SPY", "0.010000000", ""), id="a dollar short"),
        pytest.param(
            "4.9901", ("hold", "SPY", "0", "difference of 0.99 is below the minimum trade of 1.00"), id="less short"
        ),
        pytest.param("5.01", ("sell", "SPY", "0.010000000", ""), id="a dollar over"),
        pytest.param(
            "5.0099", ("hold", "SPY", "0", "difference of 0.99 is below the minimum trade of 1.00"), id="less over"
        ),
        pytest.param("5", ("hold", "SPY", "0", "on target"), id="neither"),
    ],
)
def test_a_dollar_is_the_least_that_is_traded(held: str, found: tuple[str, str, str, str]) -> None:
    """
    Also when the policy asks for no minimum: the broker takes no smaller order.
    """
    account = an_account(a_position("SPY", held), cash="501", equity="1000")

    assert [found] == lines(a_plan({"SPY": "0.5"}, account, {"SPY": "100"}, policy=a_policy(minimum="0")))


@pytest.mark.parametrize(
    ("weight", "minimum", "found"),
    [
        pytest.param("0.35", "100", ("sell", "SPY", "1", ""), id="one share over is the minimum"),
        pytest.param(
            "0.35",
            "101",
            ("hold", "SPY", "0", "rounds to less than the minimum trade of 101.00"),
            id="one share over is less",
        ),
        pytest.param("0.65", "100", ("buy", "SPY", "1", ""), id="one share short is the minimum"),
        pytest.param(
            "0.65",
            "101",
            ("hold", "SPY", "0", "rounds to less than the minimum trade of 101.00"),
            id="one share short is less",
        ),
        pytest.param("0.45", "10", ("hold", "SPY", "0", "rounds to zero shares"), id="less than a share over"),
        pytest.param("0.55", "10", ("hold", "SPY", "0", "rounds to zero shares"), id="less than a share short"),
    ],
)
def test_what_rounding_leaves_is_held_against_the_minimum(
    weight: str, minimum: str, found: tuple[str, str, str, str]
) -> None:
    """
    In whole shares a difference of one and a half trades one share, if that is still worth the minimum.
    """
    account = an_account(a_position("SPY", "5"), cash="500", equity="1000")
    made = a_plan({"SPY": weight}, account, {"SPY": "100"}, policy=a_policy(minimum=minimum), whole=("SPY",))

    assert [found] == lines(made)


def test_a_partial_sale_takes_only_what_is_available() -> None:
    """
    Shares that open orders reserve are not sold, so less is sold than is over.
    """
    account = an_account(a_position("SPY", "10", available="2.5"), equity="1000")

    assert [("sell", "SPY", "2.500000000", "")] == lines(a_plan({"SPY": "0.5"}, account, {"SPY": "100"}))


def test_sales_pay_for_buys_and_the_buffer_stays() -> None:
    """
    Cash and proceeds less five percent of equity are spent.
    """
    account = an_account(a_position("TLT", "8"), cash="200", equity="1000")

    made = a_plan({"SPY": "1"}, account, {"SPY": "100", "TLT": "100"}, policy=a_policy(buffer="0.05"))

    assert [
        ("sell", "TLT", "8", "no longer wanted"),
        ("buy", "SPY", "9.500000000", "reduced to the cash there is"),
    ] == lines(made)


def test_a_buy_that_costs_all_there_is_is_not_reduced() -> None:
    """
    To the last cent, and no further.
    """
    made = a_plan({"SPY": "0.5", "TLT": "0.5"}, an_account(cash="1000"), {"SPY": "100", "TLT": "50"})

    assert [("buy", "SPY", "5.000000000", ""), ("buy", "TLT", "10.000000000", "")] == lines(made)


def test_a_symbol_without_weight_or_shares_needs_no_price() -> None:
    """
    A weight of zero is not wanted, a position of zero is not held; prices that nobody asked for are left out.
    """
    account = an_account(a_position("GLD", "0"), a_position("TLT", "3"), cash="700", equity="1000")

    made = a_plan({"SPY": "0.5", "TLT": "0", "BIL": "0"}, account, {"SPY": "100", "TLT": "100", "XLK": "1"})

    assert [("sell", "TLT", "3", "no longer wanted"), ("buy", "SPY", "5.000000000", "")] == lines(made)
    assert ["SPY", "TLT"] == list(made.snapshot.prices)
    assert [True, False] == [line.full_exit for line in made.lines]


def test_what_is_only_held_need_not_be_tradable() -> None:
    """
    A halted symbol on target stops no plan, and unknown ones are valued in fractions.
    """
    account = an_account(a_position("OLD", "5"), cash="500", equity="1000")
    made = plan(
        a_target({"OLD": "0.5"}),
        account,
        {Symbol("OLD"): price("100")},
        {},
        a_policy(),
        run_id=RUN,
        session=DAY,
        made_at=START,
    )

    assert [("hold", "OLD", "0", "on target")] == lines(made)
    assert not made.lines[0].whole_shares
    assert (RUN, DAY, START) == (made.run_id, made.session, made.made_at)


def test_the_smallest_account_is_planned_for() -> None:
    """
    A dollar of equity and half of it in cash is an account like any other.
    """
    account = an_account(a_position("SPY", "0.005"), cash="0.5", equity="1")

    assert [("sell", "SPY", "0.005", "no longer wanted")] == lines(a_plan({}, account, {"SPY": "100"}))


def test_canonical_text_is_in_the_order_of_symbols() -> None:
    """
    Positions, votes and prices stand by symbol, lines as in the plan, whatever order they came in.
    """
    positions = [a_position("ZZZ", "3"), a_position("TLT", "8"), a_position("AAA", "1.45", available="1.4")]
    texts = []
    for order in (1, -1):
        account = an_account(*positions[::order], cash="200", equity="1450", buying_power="350")
        weights = dict([("SPY", "0.2"), ("AAA", "0.1")][::order])
        prices = dict([("SPY", "100"), ("AAA", "100"), ("TLT", "100"), ("ZZZ", "100")][::order])
        policy = a_policy(minimum="2", fraction="0.0001", buffer="0.0002")
        made = a_plan(weights, account, prices, policy=policy, whole=("SPY", "TLT"))
        texts.append(canonical_text(made.session, made.snapshot, made.lines))

    assert texts[0] == texts[1]
    assert texts[0].splitlines() == [
        "plan 2026-07-31",
        "account 'TEST0001' 1450 200 350",
        "position 'AAA' 1.45 1.4",
        "position 'TLT' 8 8",
        "position 'ZZZ' 3 3",
        "target 2026-07-30",
        "vote 'AAA' 'only' 0.1",
        "vote 'SPY' 'only' 0.2",
        "price 'AAA' 100",
        "price 'SPY' 100",
        "price 'TLT' 100",
        "price 'ZZZ' 100",
        "policy 1 2 0.0001 0.0002",
        "sell 'TLT' 8 0 'exit' 'whole' 'no longer wanted'",
        "sell 'ZZZ' 3 0 'exit' 'fractions' 'no longer wanted'",
        "buy 'SPY' 2 290 'trade' 'whole' ''",
        "hold 'AAA' 0 145 'trade' 'fractions' 'on target'",
    ]


@pytest.mark.parametrize(
    ("assets", "found"),
    [
        pytest.param({}, "a symbol the broker does not know", id="unknown"),
        pytest.param(
            {Symbol("SPY"): an_asset(tradable=False)}, "a symbol that is not tradable", id="known and not tradable"
        ),
    ],
)
def test_a_hold_hides_no_trade_that_cannot_be(assets: dict[Symbol, Asset], found: str) -> None:
    """
    Every line is looked at, and the refusal says what is wrong with the symbol.
    """
    with pytest.raises(OrderRefused) as refusal:
        plan(
            a_target({"AAA": "0.5", "SPY": "0.5"}),
            an_account(a_position("AAA", "5"), cash="500", equity="1000"),
            {Symbol("AAA"): price("100"), Symbol("SPY"): price("100")},
            assets,
            a_policy(),
            run_id=RUN,
            session=DAY,
            made_at=START,
        )

    assert f"refused by the tradable rail: {found}" in str(refusal.value)


def test_a_barred_symbol_is_held_and_says_why() -> None:
    """
    It takes no money from the others, and what is over in it is not sold.
    """
    account = an_account(a_position("AAA", "5"), cash="500", equity="1000")
    barred = "an order that is not ours rests in it"
    made = plan(
        a_target({"SPY": "0.5", "TLT": "0.5"}),
        account,
        {Symbol(name): price("100") for name in ("AAA", "SPY", "TLT")},
        {
            Symbol("AAA"): replace(an_asset("AAA"), barred=barred),
            Symbol("SPY"): an_asset("SPY"),
            Symbol("TLT"): replace(an_asset("TLT"), barred=barred),
        },
        a_policy(),
        run_id=RUN,
        session=DAY,
        made_at=START,
    )

    assert [
        ("buy", "SPY", "5.000000000", ""),
        ("hold", "AAA", "0", barred),
        ("hold", "TLT", "0", barred),
    ] == lines(made)


def test_exactly_the_minimum_without_cash_is_held_for_want_of_cash() -> None:
    """
    The size would do; it is the money that is missing, and so the line says.
    """
    account = an_account(a_position("SPY", "4.99"), cash="0", equity="1000")
    found = ("hold", "SPY", "0", "too little cash to buy at least the minimum trade")

    assert [found] == lines(a_plan({"SPY": "0.5"}, account, {"SPY": "100"}))


def test_a_share_of_the_cash_worth_exactly_the_minimum_is_bought() -> None:
    """
    Half of two dollars each is a dollar each; what is left buys nothing more.
    """
    account = an_account(a_position("XLK", "9.96"), cash="4", equity="1000")
    weights = {"XLK": "0.996", "SPY": "0.002", "TLT": "0.002"}

    made = a_plan(weights, account, dict.fromkeys(weights, "100"), policy=a_policy(buffer="0.002"))

    reduced = "reduced to the cash there is"
    assert [("buy", "SPY", "0.010000000", reduced), ("buy", "TLT", "0.010000000", reduced)] == lines(made)[:2]
