"""
How a plan is sized.
"""

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
