"""
One accident at a time, each in a whole day: what becomes of it, with every invariant held at every step.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest

from alchemiser.domain.errors import InsufficientBuyingPower, NotFractionable, OrderRejected
from alchemiser.domain.events import Outcome, RebalancePlanned, WorkflowStarted
from alchemiser.domain.execution.order import Closed, OrderBody, TradeStatus
from alchemiser.domain.values import Price, Quantity, Side, Symbol
from dst.faults import Crashes, Fault, Script
from dst.staged import BUY, SELL, Staged, a_listing, a_scenario, staged
from dst.venue import Life
from dst.world import Role, World

_ALL = Decimal(100)
_PLANNED = Decimal("39.2")
_NEVER = Life()


def _is_whole(day: Staged) -> None:
    assert () == day.verdict.breaches
    assert Outcome.SUCCESS is day.run.outcome, day.run.detail
    assert ("done", _ALL) == day.status(SELL)
    assert ("done", _PLANNED) == day.status(BUY)


def test_a_day_on_which_nothing_goes_wrong() -> None:
    """
    One order sells, one buys, the run succeeds.
    """
    day = staged()

    _is_whole(day)
    assert [("filled", _ALL)] == day.orders(SELL)
    assert [("filled", _PLANNED)] == day.orders(BUY)


def test_five_processes_fire_for_one_session() -> None:
    """
    Row 2: one run, one plan, each order once.
    """
    day = staged(cast=[Role(name=f"p{number}") for number in range(5)])

    _is_whole(day)
    told = day.world.memory.events
    assert [1, 1] == [sum(isinstance(event, kind) for event in told) for kind in (WorkflowStarted, RebalancePlanned)]
    assert 2 == len(day.world.venue.orders)


@pytest.mark.parametrize(("late_s", "outcome"), [(600, Outcome.SUCCESS), (680, Outcome.SKIPPED)])
def test_a_start_that_comes_late(late_s: float, outcome: Outcome) -> None:
    """
    Row 3: within the window the day is traded; after it the run is recorded as skipped, with a report.
    """
    day = staged(cast=[Role(name="late", early_s=-late_s)])

    assert () == day.verdict.breaches
    assert outcome is day.run.outcome
    assert day.run.id in day.world.memory.reports


@pytest.mark.parametrize("skew_s", [-12.0, 8.0])
def test_a_clock_that_is_off(skew_s: float) -> None:
    """
    Row 4: a clock that is some seconds ahead or behind is told of, and the day is traded whole.
    """
    day = staged(cast=[Role(name="off", skew_s=skew_s)])

    _is_whole(day)
    assert "the broker's" in day.run.notes[0]


def test_a_clock_that_is_far_off() -> None:
    """
    Row 4: a clock that is more than half a minute off starts nothing.
    """
    day = staged(cast=[Role(name="off", skew_s=45.0)])

    assert Outcome.NOT_STARTED is day.first.outcome
    assert "45.0 s ahead of the broker's" in day.first.detail
    assert {} == day.world.venue.orders


@pytest.mark.parametrize("side", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("call", range(1, 60))
def test_a_process_dies_at_a_call(call: int, side: Fault) -> None:
    """
    Rows 9, 12 and 23: wherever it dies, while strategies are evaluated, between plan and its storing, around sends,
    there is one plan, each order once, and the day is traded whole.
    """
    day = staged(faults=Crashes({call: side}), restart_s=0.5)

    _is_whole(day)
    assert 1 == sum(isinstance(event, RebalancePlanned) for event in day.world.memory.events)
    assert 2 == len(day.world.venue.orders)


def test_messages_come_twice_and_out_of_order() -> None:
    """
    Row 10: three processes are given messages twice and in another order; the day is traded whole, each order once.
    """
    often = [Fault.DELIVERED_TWICE] * 500
    faults = Script(twice=often, order=[Fault.OUT_OF_ORDER] * 500)

    day = staged(faults=faults, cast=[Role(name="a"), Role(name="b", is_worker=True), Role(name="c", is_worker=True)])

    _is_whole(day)
    assert 2 == len(day.world.venue.orders)
    assert faults.counts[Fault.DELIVERED_TWICE] > 10


def test_a_price_jumps_after_the_plan() -> None:
    """
    Row 13: a symbol that left the collar is not bought at any price; the other trade is not held up.
    """
    far = a_listing(BUY, "100.00", gap_at=899.0, gap=Decimal("1.2"))

    scenario = a_scenario(listings=(a_listing(SELL, "40.00"), far))

    day = staged(scenario, lives={"OLD-S-a1": Life(fills=((8.0, "100"),))})

    assert () == day.verdict.breaches
    assert ("done", _ALL) == day.status(SELL)
    assert ("incomplete", Decimal(0)) == day.status(BUY)
    assert "away from the plan's" in day.trade(BUY).reason


@pytest.mark.parametrize(
    "fault", [Fault.LOST_ANSWER, Fault.RESET, Fault.GATEWAY_TIMEOUT, Fault.SERVER_ERROR, Fault.LOST_REQUEST]
)
def test_a_send_without_a_definite_answer(fault: Fault) -> None:
    """
    Row 14: whether it arrived or not, the order is looked up and only then sent again under its id; there is one.
    """
    day = staged(faults=Script(send=[fault]))

    _is_whole(day)
    assert [("filled", _ALL)] == day.orders(SELL)


def test_a_send_arrives_after_it_was_given_up() -> None:
    """
    Row 15: the late twin is the same order, which the broker refuses the second time.
    """
    day = staged(faults=Script(send=[Fault.LATE_REQUEST]))

    _is_whole(day)
    assert [("filled", _ALL)] == day.orders(SELL)
    assert any("refused and nobody heard" in what for _, _, what in day.verdict.history)


def test_the_broker_limits_requests() -> None:
    """
    Row 16: answers of 429 cost time, never an order.
    """
    day = staged(faults=Script(send=[Fault.LIMITED] * 3, look=[Fault.LIMITED, None] * 10))

    _is_whole(day)
    assert [("filled", _ALL)] == day.orders(SELL)


def test_requests_stay_below_the_limit() -> None:
    """
    Row 16: with two processes and five resting trades no minute has more than 190 requests.
    """
    names = [Symbol(f"R{letter}") for letter in "ABCDE"]
    listings = [a_listing(name, "50.00", is_halted=True) for name in names]
    scenario = a_scenario(listings=listings, held={}, cash="50000", wanted=dict.fromkeys(names, "0.1"))

    day = staged(scenario, cast=[Role(name="a"), Role(name="b", is_worker=True)])

    requests = day.world.outside.requests
    most = max(sum(first <= other < first + 60 for other in requests) for first in requests)
    assert () == day.verdict.breaches
    assert most <= 190


def test_a_definite_refusal_of_the_only_send() -> None:
    """
    Row 17: without a cure it ends the trade, once; the other trade goes on.
    """
    day = staged(
        faults=Script(send=[Fault.REJECTED]),
        stage=_refusing(OrderRejected, "account is not allowed to short"),
    )

    assert () == day.verdict.breaches
    assert ("failed", Decimal(0)) == day.status(SELL)
    assert [] == day.orders(SELL)


@pytest.mark.parametrize(
    ("kind", "reason", "filled"),
    [
        pytest.param(NotFractionable, 'asset "NEW" is not fractionable', "39", id="whole shares"),
        pytest.param(InsufficientBuyingPower, "insufficient buying power", "37.24", id="95 percent"),
    ],
)
def test_a_refusal_that_can_be_mended(kind: type[OrderRejected], reason: str, filled: str) -> None:
    """
    Row 17: fractions are rounded down, too dear a buy is made smaller, once; both under the next id.
    """
    day = staged(faults=Script(send=[None, Fault.REJECTED]), stage=_refusing(kind, reason))

    assert () == day.verdict.breaches
    assert Decimal(filled) == day.status(BUY)[1]
    assert 2 == len(day.trade(BUY).intents)


def test_a_refusal_of_the_second_send_proves_nothing() -> None:
    """
    Row 18: the first send had arrived; the order is found, never replaced by another.
    """
    day = staged(
        faults=Script(send=[Fault.LOST_ANSWER, Fault.REJECTED]),
        lives={"OLD-S-a1": Life(fills=((3.0, "100"),), visible_after_s=30.0)},
        stage=_refusing(OrderRejected, "insufficient qty available for order"),
    )

    assert () == day.verdict.breaches
    assert [("filled", _ALL)] == day.orders(SELL)
    assert 1 == len(day.trade(SELL).intents)


def test_an_order_that_is_shown_late() -> None:
    """
    Row 19: an order that the lists do not show yet is not taken for one that does not exist.
    """
    day = staged(
        faults=Script(send=[Fault.LOST_ANSWER]),
        lives={"OLD-S-a1": Life(fills=((2.0, "100"),), visible_after_s=40.0)},
    )

    assert () == day.verdict.breaches
    assert [("filled", _ALL)] == day.orders(SELL)
    assert ("done", _ALL) == day.status(SELL)


def test_a_fill_is_faster_than_the_cancel() -> None:
    """
    Row 20: what fills after the cancel was asked for counts; nothing more is ordered.
    """
    day = staged(lives={"OLD-S-a1": Life(fills=((31.5, "100"),), cancel_after_s=4.0)})

    _is_whole(day)
    assert [("filled", _ALL)] == day.orders(SELL)


@pytest.mark.parametrize("fault", [Fault.LOST_REQUEST, Fault.LOST_ANSWER, Fault.LATE_REQUEST, Fault.SERVER_ERROR])
def test_a_cancel_without_an_answer(fault: Fault) -> None:
    """
    Row 20: it is asked for again until the broker says that the order is final; only then comes the next.
    """
    day = staged(faults=Script(cancel=[fault, fault]), lives={"OLD-S-a1": _NEVER})

    _is_whole(day)
    assert [("canceled", Decimal(0)), ("filled", _ALL)] == day.orders(SELL)


def test_a_cancel_that_comes_to_nothing() -> None:
    """
    Row 20: a broker that takes requests to cancel and does nothing is asked every five seconds.
    """
    day = staged(lives={"OLD-S-a1": Life(ignores_cancels=3)})

    _is_whole(day)
    assert [("canceled", Decimal(0)), ("filled", _ALL)] == day.orders(SELL)


def test_orders_fill_in_part() -> None:
    """
    Row 21: the next order asks for exactly the rest, fills after the cancel was asked for included.
    """
    day = staged(lives={"OLD-S-a1": Life(fills=((5.0, "30.5"), (31.0, "10.25")), cancel_after_s=2.0)})

    _is_whole(day)
    assert [("canceled", Decimal("40.75")), ("filled", Decimal("59.25"))] == day.orders(SELL)
    assert [Decimal("30.5"), Decimal("10.25")] == [
        entry.quantity.value for entry in day.world.memory.ledger if entry.client_order_id.endswith("OLD-S-a1")
    ]


def test_a_process_sleeps_longer_than_its_lease() -> None:
    """
    Row 24: another one goes on; the sleeper wakes up and can do no more than send again what was sent.
    """
    day = staged(
        faults=Script(send=[Fault.PAUSE_BEFORE]),
        cast=[Role(name="sleeper"), Role(name="other", is_worker=True)],
        lives={"OLD-S-a1": Life(fills=((1.0, "100"),))},
    )

    _is_whole(day)
    assert [("filled", _ALL)] == day.orders(SELL)


@pytest.mark.parametrize("write", range(1, 16))
def test_the_database_is_locked(write: int) -> None:
    """
    Row 25: a write that could not be made is made later; what was not committed was not sent.
    """
    day = staged(faults=Script(write=[*[None] * (write - 1), Fault.LOCKED]))

    _is_whole(day)
    assert 2 == len(day.world.venue.orders)


@pytest.mark.parametrize("write", range(1, 16))
def test_a_commit_is_lost_on_its_way_back(write: int) -> None:
    """
    Row 25: a write that was made and not answered is found made; each order is sent once.
    """
    day = staged(faults=Script(write=[*[None] * (write - 1), Fault.COMMIT_UNKNOWN]))

    _is_whole(day)
    assert 2 == len(day.world.venue.orders)


def test_the_disk_is_full() -> None:
    """
    Row 26: no intent can be committed, so nothing is sent; when there is room again, the day is traded whole.
    """

    def fill(world: World, fires_at: float, _closes_at: float) -> None:
        def full() -> None:
            world.outside.full_until = world.timeline.now + 60

        world.timeline.at(fires_at + 0.5, full)

    day = staged(stage=fill)

    _is_whole(day)
    first = min(order.accepted_at for order in day.world.venue.orders.values())
    assert first >= day.world.outside.full_until


def test_a_halted_symbol_delays_nobody() -> None:
    """
    Row 29: it is cancelled at its phase's end and left incomplete; the buys of other symbols are whole.
    """
    halted = a_listing(Symbol("HALT"), "20.00", is_halted=True)
    scenario = a_scenario(
        listings=(a_listing(SELL, "40.00"), a_listing(BUY, "100.00"), halted),
        held={SELL: "100", halted.symbol: "10"},
    )

    day = staged(scenario)

    assert () == day.verdict.breaches
    assert ("incomplete", Decimal(0)) == day.status(halted.symbol)
    assert "done" == day.status(BUY)[0]
    assert {"canceled"} == {status for status, _ in day.orders(halted.symbol)}


def test_a_symbol_without_fractions() -> None:
    """
    Row 30: whole shares are bought; of a share that costs too much none is.
    """
    whole, dear = (
        a_listing(BUY, "333.00", is_fractionable=False),
        a_listing(Symbol("DEAR"), "9000.00", is_fractionable=False),
    )
    scenario = a_scenario(listings=(a_listing(SELL, "40.00"), whole, dear), wanted={BUY: "0.5", dear.symbol: "0.3"})

    day = staged(scenario)

    assert () == day.verdict.breaches
    assert ("done", Decimal(7)) == day.status(BUY)
    assert [] == day.orders(dear.symbol)


def test_somebody_elses_order_rests_in_a_symbol() -> None:
    """
    Row 31: that symbol is left alone, no order is tried against it; the other one is traded.
    """

    def rest(world: World, fires_at: float, _closes_at: float) -> None:
        theirs = OrderBody(
            client_order_id="web-1",
            symbol=BUY,
            side=Side.SELL,
            quantity=Quantity(Decimal(1)),
            limit=Price(Decimal(900)),
        )
        world.timeline.at(fires_at - 10, lambda: world.venue.take(theirs, is_ours=False))

    day = staged(a_scenario(held={SELL: "100", BUY: "1"}), stage=rest)

    assert () == day.verdict.breaches
    assert ("done", _ALL) == day.status(SELL)
    assert [] == day.orders(BUY)


def test_a_wash_trade_is_refused_once() -> None:
    """
    Row 31: a refusal as a wash trade ends the trade; it is not tried again and again.
    """
    day = staged(
        faults=Script(send=[Fault.REJECTED]),
        stage=_refusing(OrderRejected, "potential wash trade detected. use complex orders"),
    )

    assert () == day.verdict.breaches
    assert "failed" == day.status(SELL)[0]
    assert 1 == day.posts("OLD-S-a1")
    assert 1 == len(day.trade(SELL).intents)


def test_sells_bring_less_than_planned() -> None:
    """
    Row 32: buys are sized once, on the money that is really there, all by the same factor.
    """
    other = Symbol("ALSO")
    scenario = a_scenario(
        listings=(a_listing(SELL, "40.00"), a_listing(BUY, "100.00"), a_listing(other, "50.00")),
        wanted={BUY: "0.4", other: "0.4"},
    )

    day = staged(
        scenario, lives={"OLD-S-a1": Life(fills=((1.0, "20"),)), **{f"OLD-S-a{n}": _NEVER for n in range(2, 9)}}
    )

    assert () == day.verdict.breaches
    assert ("incomplete", Decimal(20)) == day.status(SELL)
    shares = {symbol: day.trade(symbol).authorised for symbol in (BUY, other)}
    assert all(shares.values())
    assert day.world.venue.cash >= 0
    planned = {symbol: day.trade(symbol).planned for symbol in (BUY, other)}
    factors = [part.value / planned[symbol].value for symbol, part in shares.items() if part is not None]
    assert abs(factors[0] - factors[1]) < Decimal("1e-6")
    assert factors[0] < 1


def test_a_blocked_account_is_not_traded() -> None:
    """
    Row 33: no run begins, and it is recorded why.
    """

    def block(world: World, fires_at: float, _closes_at: float) -> None:
        world.timeline.at(fires_at - 10, lambda: world.venue.block("trading is blocked"))

    day = staged(stage=block)

    assert Outcome.NOT_STARTED is day.first.outcome
    assert "trading is blocked" in day.first.detail
    assert {} == day.world.venue.orders


def test_shares_are_sold_by_hand_in_the_middle_of_a_run() -> None:
    """
    Row 34: the next attempt asks for what is available, and the run ends as one whose books disagree.
    """

    def sell(world: World, fires_at: float, _closes_at: float) -> None:
        # Between the cancel of the first order and the second.
        world.venue.on_ended = lambda order: world.venue.move_by_hand(order.body.symbol, Decimal(-60))
        del fires_at

    day = staged(lives={"OLD-S-a1": _NEVER}, stage=sell)

    assert () == day.verdict.breaches
    assert [("canceled", Decimal(0)), ("filled", Decimal(40))] == day.orders(SELL)
    assert Outcome.FAILED is day.run.outcome
    assert "the broker says" in day.run.detail


@pytest.mark.parametrize("fault", [Fault.MAIL_LOST, Fault.MAIL_TWICE, Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_the_mail_server_is_down(fault: Fault) -> None:
    """
    Row 35: trading is not held up, and the report is in the records.
    """
    day = staged(faults=Script(mail=[fault]))

    _is_whole(day)
    assert day.run.id in day.world.memory.reports


def test_versions_are_not_mixed() -> None:
    """
    Row 42: a worker of another version takes no message of the run; the version that began it ends it.
    """
    day = staged(cast=[Role(name="new", version="9.9.9", is_worker=True), Role(name="old")])

    _is_whole(day)
    assert {"old"} == {delivery.owner for delivery in day.world.memory.deliveries.values()}


def test_the_kill_switch_stops_a_run_in_the_middle() -> None:
    """
    What rests is cancelled, nothing more is sent, the run ends with its report.
    """

    def halt(world: World, fires_at: float, _closes_at: float) -> None:
        def turn_on() -> None:
            world.outside.halted = "enough for today"

        world.timeline.at(fires_at + 10, turn_on)

    day = staged(lives={"OLD-S-a1": _NEVER}, stage=halt)

    assert () == day.verdict.breaches
    assert [("canceled", Decimal(0))] == day.orders(SELL)
    assert [] == day.orders(BUY)
    assert ("incomplete", "kill switch") == (day.trade(SELL).status, day.trade(SELL).reason)
    assert day.run.id in day.world.memory.reports


def test_an_order_that_nobody_can_find() -> None:
    """
    A sell whose request is on its way for ever is unresolved, never tried under another id; buys wait for its end.
    """
    day = staged(faults=Script(send=[Fault.LOST_REQUEST] * 400))

    assert () == day.verdict.breaches
    assert TradeStatus.UNRESOLVED is day.trade(SELL).status
    assert 1 == len(day.trade(SELL).intents)
    assert not isinstance(day.trade(SELL).intents[0].state, Closed)


def _refusing(kind: type[OrderRejected], reason: str) -> Callable[[World, float, float], None]:
    def stage(world: World, _fires_at: float, _closes_at: float) -> None:
        world.outside.reasons = ((kind, "40310000", reason),)

    return stage
