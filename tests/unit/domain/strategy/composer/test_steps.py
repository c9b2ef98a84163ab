from decimal import Decimal

import pytest

from alchemiser.domain.strategy.ast import Corridor, Frequency, Periodic
from support.composer import RSI_ABOVE_79, SPY, TLT, Fields, Json, a_step, a_tree, an_if, body_of, compiled


def test_a_root_names_the_strategy_and_holds_one_weight() -> None:
    """
    Name, rebalancing and body of the root become those of the strategy.
    """
    symphony = compiled(a_tree(SPY, name="Mine", description="any words", asset_classes=["EQUITIES"]))

    assert ("Mine", Periodic(frequency=Frequency.DAILY)) == (symphony.name, symphony.rebalance)
    assert '(weight-equal [(asset "SPY" nil)])' in symphony.text


@pytest.mark.parametrize("frequency", Frequency)
def test_each_frequency_is_read(frequency: Frequency) -> None:
    """
    A root says how often it is rebalanced.
    """
    assert Periodic(frequency=frequency) == compiled(a_tree(SPY, rebalance=frequency.value)).rebalance


@pytest.mark.parametrize("width", [0.05, "0.05"])
@pytest.mark.parametrize("rebalance", ["none", None])
def test_a_corridor_stands_with_none(width: Json, rebalance: Json) -> None:
    """
    The width of a corridor, a number or text, replaces a frequency.
    """
    tree = a_tree(SPY, **{"rebalance": rebalance, "rebalance-corridor-width": width})

    assert Corridor(width=Decimal("0.05")) == compiled(tree).rebalance


@pytest.mark.parametrize("spelled", ["asset_class", "asset-class", "asset_classes", "asset-classes"])
@pytest.mark.parametrize("value", ["EQUITIES", ["EQUITIES"]])
def test_equities_are_the_asset_class(spelled: str, value: Json) -> None:
    """
    The one asset class may be a word or a list.
    """
    assert "Test" == compiled(a_tree(SPY, **{spelled: value})).name


def test_an_asset_may_carry_market_data() -> None:
    """
    What editors add beside the ticker changes nothing.
    """
    asset = a_step("asset", ticker="EQUITIES::SOXL//USD", name="Semis", exchange="ARCX", price=21.5, id="a1")
    asset |= {"dollar_volume": 3e9, "has_marketcap": False, "children-count": 0}

    assert '(asset "SOXL" nil)' == body_of(asset)


def test_wt_cash_specified_by_hundreds() -> None:
    """
    Weights are whole or decimal parts of a hundred, the hundred a number or text.
    """
    first: Fields = {**SPY, "weight": {"num": 33, "den": 100}}
    second: Fields = {**TLT, "weight": {"num": "66.67", "den": "100"}}

    assert '(weight-specified 33 (asset "SPY" nil) 66.67 (asset "TLT" nil))' == body_of(
        a_step("wt-cash-specified", first, second)
    )


def test_wt_cash_specified_by_fractions() -> None:
    """
    True fractions of different dens keep their ratio exactly.
    """
    first: Fields = {**SPY, "weight": {"num": 1, "den": 3}}
    second: Fields = {**TLT, "weight": {"num": 1, "den": "4"}}

    assert '(weight-specified 4 (asset "SPY" nil) 3 (asset "TLT" nil))' == body_of(
        a_step("wt-cash-specified", first, second)
    )


def test_a_weight_elsewhere_is_ignored() -> None:
    """
    Weights below any other parent remain from earlier edits and mean nothing.
    """
    child: Fields = {**SPY, "weight": {"num": 1, "den": 100}}

    assert '(asset "SPY" nil) (asset "TLT" nil)' == body_of(child, TLT)


@pytest.mark.parametrize("days", [20, "20"])
def test_wt_inverse_vol(days: Json) -> None:
    """
    Its window may be a number or text.
    """
    step = a_step("wt-inverse-vol", SPY, TLT, **{"window-days": days})

    assert '(weight-inverse-volatility 20 [(asset "SPY" nil) (asset "TLT" nil)])' == body_of(step)


def test_a_group_keeps_its_name() -> None:
    """
    A group labels its one child.
    """
    assert '(group "Calm" [(asset "SPY" nil)])' == body_of(a_step("group", SPY, name="Calm"))


@pytest.mark.parametrize("count", [1, "1"])
def test_a_filter_of_today(count: Json) -> None:
    """
    A filter has a function with parameters, a direction and a count.
    """
    step = a_step("filter", SPY, TLT, sort_by_fn="cumulative-return", sort_by_fn_params={"window": "6"})
    step |= {"select-fn": "bottom", "select-n": count, "select?": True, "sort-by?": True}

    assert '(filter (cumulative-return {:window 6}) (select-bottom 1) [(asset "SPY" nil) (asset "TLT" nil)])' == (
        body_of(step)
    )


def test_a_filter_of_earlier_days() -> None:
    """
    The legacy window stands beside the function.
    """
    step = a_step("filter", SPY, sort_by_fn="max-drawdown", sort_by_window_days="5", select_fn="top", select_n=2)

    assert '(filter (max-drawdown {:window 5}) (select-top 2) [(asset "SPY" nil)])' == body_of(step)


def test_an_if_with_else() -> None:
    """
    The branch with the condition comes first in the text, wherever it stands in the tree.
    """
    tree = an_if(RSI_ABOVE_79, [TLT], [SPY])
    children = tree["children"]
    assert isinstance(children, list)

    texts = {body_of(tree), body_of({**tree, "children": children[::-1]})}

    assert {'(if (> (rsi "SPY" {:window 10}) 79) [(asset "TLT" nil)] [(asset "SPY" nil)])'} == texts


def test_an_if_without_else() -> None:
    """
    Without an else branch, false holds nothing; so does an else branch with nothing but a placeholder.
    """
    wanted = '(if (> (rsi "SPY" {:window 10}) 79) [(asset "TLT" nil)])'

    assert [wanted] * 2 == [body_of(an_if(RSI_ABOVE_79, [TLT], rest)) for rest in (None, [{"step": "empty"}])]


def test_children_of_a_branch_are_weighted_equally() -> None:
    """
    Several children of a branch become one weighting.
    """
    step = an_if(RSI_ABOVE_79, [SPY, TLT], [SPY])

    assert '[(weight-equal [(asset "SPY" nil) (asset "TLT" nil)])] [(asset "SPY" nil)])' in body_of(step)


def test_a_placeholder_is_left_out() -> None:
    """
    `empty` beside holdings is nothing.
    """
    assert '(asset "SPY" nil)' == body_of({"step": "empty", "id": "e"}, SPY)


def test_a_null_field_is_as_good_as_missing() -> None:
    """
    Unknown fields that say nothing are not refused.
    """
    assert '(asset "SPY" nil)' == body_of({**SPY, "leverage": None})
