"""
Each invariant finds what breaks it, and nothing in what keeps it.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from alchemiser.domain.execution.order import Canceling, Closed, Intent, Open, OrderStatus, Trade, TradeStatus
from alchemiser.domain.invariants import (
    Breach,
    authority_breaches,
    broker_breaches,
    cover_breaches,
    ledger_breaches,
    plan_breaches,
    run_breaches,
    send_breaches,
    step_breaches,
    target_breaches,
    trade_breaches,
)
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Side, Symbol, price, shares
from support.builders import (
    START,
    a_body,
    a_plan,
    a_position,
    a_target,
    a_trade,
    after,
    an_account,
    an_intent,
    an_order,
)
from support.records import a_fill


def closed(filled: str = "10", status: OrderStatus = OrderStatus.FILLED) -> Closed:
    return Closed(
        order_id="o-1",
        status=status,
        filled=shares(filled),
        average=price("100.10") if Decimal(filled) else None,
        closed_at=after(3),
    )


def resting(filled: str = "0") -> Open:
    return Open(order_id="o-1", submitted_at=START, filled=shares(filled), average=price("100.10"))


def tried(*states: Closed | Open | Canceling, planned: str = "10", authorised: str | None = "same") -> Trade:
    """
    Return a trade with an attempt for each state, each for what was left.
    """
    left, intents = shares(planned), list[Intent]()
    for attempt, state in enumerate(states, start=1):
        body = a_body(quantity=str(left), attempt=attempt)
        intents.append(an_intent(body, attempt=attempt, state=state))
        left -= state.filled
    return a_trade(planned=planned, authorised=authorised, intents=tuple(intents))


def rules(found: Iterable[Breach]) -> list[str]:
    return [breach.rule for breach in found]


class TestTrades:
    @pytest.mark.parametrize(
        "trade",
        [
            a_trade(authorised=None),
            a_trade(),
            tried(resting("4")),
            tried(closed("4", OrderStatus.CANCELED), closed("6")),
        ],
    )
    def test_that_keep_them_break_nothing(self, trade: Trade) -> None:
        """
        A trade before its phase, one without an attempt, one that rests, one that filled in two.
        """
        assert [] == rules(trade_breaches(trade))

    @pytest.mark.parametrize(
        ("trade", "rule"),
        [
            pytest.param(tried(resting(), authorised=None), "S2", id="attempt without authority"),
            pytest.param(a_trade(planned="10", authorised="10.1"), "S2", id="more authorised than planned"),
            pytest.param(tried(closed("10.1")), "S2", id="filled more than authorised"),
            pytest.param(tried(resting(), closed("6")), "S3", id="next attempt while the last one rests"),
            pytest.param(replace(tried(resting()), status=TradeStatus.DONE), "S3", id="done with a live order"),
        ],
    )
    def test_that_break_them_are_found(self, trade: Trade, rule: str) -> None:
        """
        The breach names the rule.
        """
        assert [rule] == rules(trade_breaches(trade))

    def test_with_another_attempts_name_are_found(self) -> None:
        """
        The first attempt may carry the first id only.
        """
        trade = a_trade(intents=(an_intent(a_body(attempt=2), attempt=2),))

        assert ["S1"] == rules(trade_breaches(trade))


class TestSteps:
    @pytest.mark.parametrize(
        ("before", "after_", "rule"),
        [
            pytest.param(a_trade(), a_trade(authorised="9"), "S2", id="authorised twice"),
            pytest.param(a_trade(status=TradeStatus.DONE), a_trade(), "S3", id="opened again"),
            pytest.param(tried(resting()), a_trade(), "S1", id="attempt lost"),
            pytest.param(tried(resting("5")), tried(resting("4")), "L1", id="filled less"),
            pytest.param(tried(closed("0", OrderStatus.CANCELED)), tried(resting()), "S3", id="closed order opened"),
            pytest.param(
                tried(closed("4", OrderStatus.CANCELED)),
                a_trade(
                    intents=(
                        *tried(closed("4", OrderStatus.CANCELED)).intents,
                        an_intent(a_body(quantity="7", attempt=2), attempt=2),
                    )
                ),
                "S2",
                id="next attempt asks for more than is left",
            ),
        ],
    )
    def test_that_take_something_back_are_found(self, before: Trade, after_: Trade, rule: str) -> None:
        """
        What was settled stays settled.
        """
        assert [rule] == rules(step_breaches(before, after_))

    def test_that_change_a_body_are_found(self) -> None:
        """
        An attempt sends what it was made to send.
        """
        dearer = a_trade(intents=(an_intent(a_body(limit="101"), state=resting()),))

        assert ["S1"] == rules(step_breaches(tried(resting()), dearer))

    def test_forward_break_nothing(self) -> None:
        """
        An order fills further, closes, and the next attempt asks for the rest.
        """
        before, after_ = tried(resting("4")), tried(closed("4", OrderStatus.CANCELED), resting())

        assert [] == rules(step_breaches(before, after_))


class TestCover:
    def test_of_a_sell_is_what_is_available(self) -> None:
        """
        One share more than is available breaks S4.
        """
        before = a_trade(side=Side.SELL)
        made = replace(before, intents=(an_intent(a_body(side=Side.SELL)),))

        found = [
            rules(cover_breaches({before.id: before}, [made], an_account(a_position("SPY", "20", available=available))))
            for available in ("10", "9")
        ]

        assert [[], ["S4"]] == found

    def test_of_buys_is_the_smaller_of_cash_and_buying_power(self) -> None:
        """
        Two buys of 1,000.50 need 2,001.
        """
        before = {trade.id: trade for trade in (a_trade("SPY"), a_trade("TLT"))}
        made = [replace(trade, intents=(an_intent(a_body(trade.symbol)),)) for trade in before.values()]

        found = [
            rules(cover_breaches(before, made, an_account(cash=cash, buying_power="5000"))) for cash in ("2001", "2000")
        ]

        assert [[], ["S5"]] == found

    def test_of_what_is_authorised_is_the_money_then(self) -> None:
        """
        Ten shares planned at 100 are authorised on a thousand dollars, not on less.
        """
        waiting = a_trade(authorised=None)

        found = [
            rules(authority_breaches({waiting.id: waiting}, [a_trade()], an_account(cash=cash)))
            for cash in ("1000", "999.99")
        ]

        assert [[], ["S5"]] == found


class TestRuns:
    def test_with_two_trades_in_a_symbol_are_found(self) -> None:
        """
        A symbol has one side.
        """
        assert ["S10"] == rules(run_breaches([a_trade(authorised=None), a_trade(side=Side.SELL)]))

    def test_that_buy_before_sells_are_final_are_found(self) -> None:
        """
        A buy that is authorised while a sell is open breaks S6, as does one that is sent.
        """
        sell, buy = a_trade("TLT", Side.SELL), a_trade(intents=(an_intent(a_body()),))

        assert ["S6"] == rules(run_breaches([sell, buy]))
        assert ["S6"] == rules(send_breaches(a_body(), [sell, buy]))
        assert [] == rules(send_breaches(a_body(), [replace(sell, status=TradeStatus.INCOMPLETE), buy]))

    def test_that_send_what_is_not_committed_are_found(self) -> None:
        """
        An order needs an intent of its body.
        """
        buy = a_trade(intents=(an_intent(a_body()),))

        assert ["S1"] == rules(send_breaches(a_body(limit="100.06"), [buy]))


class TestBroker:
    def test_shows_what_is_committed(self) -> None:
        """
        Orders of other runs and others' are left out.
        """
        trade = tried(closed("4", OrderStatus.CANCELED), resting())
        orders = [
            an_order(trade.intents[0].body, OrderStatus.CANCELED, filled="4"),
            an_order(trade.intents[1].body),
            an_order(replace(a_body(), client_order_id="web-1")),
        ]

        assert [] == rules(broker_breaches([trade], orders))

    def test_holds_an_order_nobody_committed(self) -> None:
        """
        An order of the run without an intent, or with another body, breaks S1.
        """
        trade = tried(resting())

        assert ["S1"] == rules(broker_breaches([trade], [an_order(a_body(attempt=2))]))
        assert ["S1"] == rules(broker_breaches([trade], [an_order(a_body(limit="101"))]))

    def test_holds_two_live_orders_or_too_many_fills(self) -> None:
        """
        Two that rest break S3; fills beyond what was authorised break S2.
        """
        trade = tried(closed("4", OrderStatus.CANCELED), resting())
        first, second = (intent.body for intent in trade.intents)

        assert ["S3"] == rules(broker_breaches([trade], [an_order(first, filled="4"), an_order(second)]))
        assert ["S2"] == rules(
            broker_breaches(
                [trade],
                [an_order(first, OrderStatus.FILLED, filled="10"), an_order(second, OrderStatus.FILLED, filled="1")],
            )
        )


class TestLedger:
    def test_agrees_with_trades_and_broker(self) -> None:
        """
        Two fills of one order, and the broker's average over both.
        """
        trade = tried(closed())
        entries = [a_fill("5", "5"), a_fill("10", "5")]
        order = an_order(trade.intents[0].body, OrderStatus.FILLED, filled="10", average="100.10")

        assert [] == rules(ledger_breaches([trade], entries, [order]))

    @pytest.mark.parametrize(
        ("entries", "count"),
        [
            pytest.param([], 1, id="nothing booked"),
            pytest.param([a_fill("5", "5"), a_fill("10", "4")], 2, id="a share lost between two fills"),
            pytest.param([a_fill("10", "10"), a_fill("1", "1", attempt=2)], 1, id="booked for no attempt"),
        ],
    )
    def test_that_does_not_agree_is_found(self, entries: list[object], count: int) -> None:
        """
        Every difference breaks L1.
        """
        assert ["L1"] * count == rules(ledger_breaches([tried(closed())], entries))  # type: ignore[arg-type]

    @pytest.mark.parametrize(("filled", "average"), [("9", "100.10"), ("10", "100.11")])
    def test_that_is_not_the_brokers_is_found(self, filled: str, average: str) -> None:
        """
        Shares and cost are compared to the last digit, but for trades that are looked at by hand.
        """
        trade, entries = tried(closed()), [a_fill("10", "10")]
        order = an_order(trade.intents[0].body, OrderStatus.FILLED, filled=filled, average=average)

        assert ["L1"] == rules(ledger_breaches([trade], entries, [order]))
        assert [] == rules(ledger_breaches([replace(trade, status=TradeStatus.UNRESOLVED)], entries, [order]))


class TestPlans:
    PLAN = a_plan(
        {"SPY": "0.6"},
        an_account(a_position("GLD", "10"), cash="1000", equity="3000"),
        {"GLD": "200", "SPY": "100"},
    )

    def test_that_were_made_break_nothing(self) -> None:
        """
        What the planner makes is what its hash says, sells what is available and buys what is paid for.
        """
        assert [] == rules(plan_breaches(self.PLAN))

    def test_that_were_changed_are_found(self) -> None:
        """
        Another quantity is another hash, and more than there is.
        """
        sold = tuple(replace(line, quantity=shares("11")) for line in self.PLAN.sells)
        bought = tuple(replace(line, quantity=shares("31")) for line in self.PLAN.buys)

        assert ["D3"] == rules(plan_breaches(replace(self.PLAN, hash="0" * 64)))
        assert ["D3", "S4"] == rules(plan_breaches(replace(self.PLAN, lines=sold)))
        assert ["D3", "S5"] == rules(plan_breaches(replace(self.PLAN, lines=(*self.PLAN.sells, *bought))))

    def test_weights_are_held_to_their_bounds(self) -> None:
        """
        A weight below zero or a sum above one cannot be made, and would be found.
        """
        target = a_target({"SPY": "0.6"})
        assert [] == rules(target_breaches(target))

        spoiled = object.__new__(Target)
        for name, value in (("weights", {Symbol("SPY"): Decimal("1.1")}), ("contributions", ())):
            object.__setattr__(spoiled, name, value)

        assert ["D1"] == rules(target_breaches(spoiled))
