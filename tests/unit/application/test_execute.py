"""
Ticks of a phase, on a real database and the simulated broker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from alchemiser.application.execute import tick
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.records import Trades
from alchemiser.application.ports.suite import Ports
from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import (
    BrokerAuthError,
    BrokerUnavailable,
    DataError,
    InsufficientBuyingPower,
    NotFractionable,
    OrderRejected,
    Overtaken,
    RecordsError,
)
from alchemiser.domain.events import Phase
from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.gate import ApprovedOrder, Limits
from alchemiser.domain.execution.order import BrokerOrder, OrderStatus, Sent, Trade, TradeStatus
from alchemiser.domain.ledger.book import LedgerEntry, cash_change, positions
from alchemiser.domain.market import Quote
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Quantity, Side, Symbol, shares, usd
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker, FaultyTrades
from support.builders import CLOSE, DAY, RUN, SPY, START, a_quote, after
from support.desks import a_desk, executed, holdings, trade_in
from support.moody import Moody
from support.venues import seconds

WEIGHTS = {"SPY": "0.5", "TLT": "0.3"}
HELD = {"KMLM": "100", "TLT": "400.5"}


def test_a_day_reaches_its_target() -> None:
    """
    Sells leave nothing, buys come to their quantities, every trade is done.
    """
    with a_desk(WEIGHTS, held=HELD, whole=("KMLM",)) as ports:
        executed(ports)

        trades = ports.trades.trades(RUN)

        assert {TradeStatus.DONE} == {trade.status for trade in trades}
        assert all(filled(trade) == trade.planned for trade in trades)
        assert {"SPY", "TLT"} == set(holdings(ports))


def test_ledger_equals_the_broker() -> None:
    """
    The opening account plus the ledger's entries is the closing account, in shares and in dollars.
    """
    with a_desk(WEIGHTS, held=HELD) as ports:
        opening = ports.broker.account()
        executed(ports)

        entries = ports.ledger.entries(run_id=RUN)
        closing = ports.broker.account()

        expected = {symbol: position.quantity for symbol, position in opening.held().items()}
        for entry in entries:
            expected[entry.symbol] = expected.get(entry.symbol, shares("0")) + entry.change
        assert {s: q for s, q in expected.items() if q} == {s: p.quantity for s, p in closing.held().items()}
        assert opening.cash + cash_change(entries) == closing.cash
        assert {DAY} == {entry.session for entry in entries}


def test_no_buy_is_sent_before_every_sell_is_final() -> None:
    """
    The first buy was submitted after the last sell was closed.
    """
    with a_desk(WEIGHTS, held=HELD) as ports:
        executed(ports)

        orders = ports.broker.orders(since=START)

        last_sell = max(order.updated_at for order in orders if order.body.side.value == "sell")
        first_buy = min(order.submitted_at for order in orders if order.body.side.value == "buy")
        assert last_sell <= first_buy


def test_buys_before_the_sells_are_over_are_a_mistake() -> None:
    """
    Whoever ticks the phases in the wrong order is told.
    """
    with a_desk(WEIGHTS, held=HELD) as ports, pytest.raises(ValueError, match="while sells are open"):
        tick(RUN, Phase.BUYS, ports)


def test_intents_are_stored_before_anything_is_sent() -> None:
    """
    When the broker is first spoken to, the records know the order it is about, claimed as sent once.
    """
    with a_desk(WEIGHTS) as ports:
        broker = Moody(ports.broker, submits=[BrokerAuthError("wrong key")])

        with pytest.raises(BrokerAuthError):
            tick(RUN, Phase.BUYS, replace(ports, broker=broker))

        intents = [intent for trade in ports.trades.trades(RUN) for intent in trade.intents]
        assert [Sent(posts=1, since=START)] * 2 == [intent.state for intent in intents]
        assert [intents[0].body.client_order_id] == broker.sent


def test_answers_before_the_broker_locked_us_out_still_count() -> None:
    """
    A rejection that was told before the keys were refused is on record: it is told only once.
    """
    with a_desk(WEIGHTS) as ports:
        told = [OrderRejected(code="40310000", reason="not allowed"), BrokerAuthError("wrong key")]

        with pytest.raises(BrokerAuthError):
            tick(RUN, Phase.BUYS, replace(ports, broker=Moody(ports.broker, submits=told)))

        states = [trade.intents[0].state.kind for trade in ports.trades.trades(RUN)]
        assert ["closed", "sent"] == states


def test_finished_trades_are_told_when_the_phase_ends() -> None:
    """
    Exactly one result names the trades, the last, and it names them all.
    """
    with a_desk(WEIGHTS) as ports:
        results = executed(ports, Phase.BUYS)

        assert [()] * (len(results) - 1) == [result.finished for result in results[:-1]]
        assert ["SPY", "TLT"] == [trade.symbol for trade in results[-1].finished]


def test_empty_phase_ends_at_once() -> None:
    """
    Nothing to sell needs no broker.
    """
    with a_desk(WEIGHTS) as ports:
        (result,) = executed(ports, Phase.SELLS)

        assert ((), None, ()) == (result.trades, result.next_due, result.finished)


def test_redelivered_tick_does_nothing_twice() -> None:
    """
    The same tick at the same instant changes no trade, sends nothing and says the same.
    """
    with a_desk(WEIGHTS) as ports:
        first = tick(RUN, Phase.BUYS, ports)
        orders = ports.broker.orders(since=START)

        again = tick(RUN, Phase.BUYS, ports)

        assert first == again
        assert orders == ports.broker.orders(since=START)


def test_lost_answers_make_no_second_order() -> None:
    """
    An order whose answer was lost is found or sent again under its id; the trade ends filled as planned.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        broker = Moody(ports.broker, submits=[BrokerUnavailable("timeout")] * 3)
        executed(replace(ports, broker=broker))

        assert TradeStatus.DONE is trade_in(ports, "SPY").status
        assert 1 == len(set(broker.sent[:4]))
        assert holdings(ports)["SPY"] == trade_in(ports, "SPY").planned.value


class Asked(Quotes):
    """
    Quotes that remember the symbols they were asked for.
    """

    def __init__(self, inner: Quotes) -> None:
        self._inner = inner
        self.asked: list[tuple[Symbol, ...]] = []

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        See the port.
        """
        self.asked.append(tuple(symbols))
        return self._inner.latest(symbols)


class Sleepy(Quotes):
    """
    Quotes that let something else happen before they answer, once.
    """

    def __init__(self, inner: Quotes, meanwhile: Callable[[], object]) -> None:
        self._inner = inner
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        See the port.
        """
        while self._meanwhile:
            self._meanwhile.pop()()
        return self._inner.latest(symbols)


def test_process_that_slept_through_anothers_tick_sends_nothing() -> None:
    """
    Who looked before another process sent its orders is told so when it commits, and speaks no word to the broker.
    """
    with a_desk(WEIGHTS) as ports:
        mine = Moody(ports.broker)
        quotes = Sleepy(ports.quotes, lambda: tick(RUN, Phase.BUYS, ports))

        with pytest.raises(Overtaken):
            tick(RUN, Phase.BUYS, replace(ports, broker=mine, quotes=quotes))

        assert [] == mine.sent
        assert 2 == len(ports.broker.orders(since=START))


def test_money_is_shared_out_by_one_process_alone() -> None:
    """
    Who read the account before another process authorised the buys changes nothing of what those may trade.
    """
    with a_desk(WEIGHTS) as ports:

        class Slow(Moody):
            def account(self) -> Account:
                poor = replace(super().account(), cash=usd("10000"), buying_power=usd("10000"))
                tick(RUN, Phase.BUYS, ports)
                return poor

        with pytest.raises(Overtaken):
            tick(RUN, Phase.BUYS, replace(ports, broker=Slow(ports.broker)))

        assert all(trade.authorised == trade.planned for trade in ports.trades.trades(RUN))


def test_answers_that_were_overtaken_are_dropped_one_by_one() -> None:
    """
    Of the answers that come after another process moved one trade on, only that one's is lost; the order is found.
    """
    with a_desk(WEIGHTS) as ports:

        class Slow(Moody):
            def submit(self, order: ApprovedOrder) -> BrokerOrder:
                if order.body.symbol == SPY:
                    overtaking = trade_in(ports, "SPY")
                    ports.trades.commit((overtaking,), ())
                    return super().submit(order)
                super().submit(order)
                raise OrderRejected(code="40310000", reason="told once")

        result = tick(RUN, Phase.BUYS, replace(ports, broker=Slow(ports.broker)))

        assert set(WEIGHTS) == {trade.symbol for trade in result.trades}
        states = {symbol: trade_in(ports, symbol).intents[0].state.kind for symbol in WEIGHTS}
        executed(ports, Phase.BUYS)
        assert {"SPY": "sent", "TLT": "closed"} == states
        assert TradeStatus.DONE is trade_in(ports, "SPY").status
        assert 1 == sum(
            order.body.symbol == SPY and order.status is OrderStatus.FILLED
            for order in ports.broker.orders(since=START)
        )


class Slow(Trades):
    """
    Records on which something happens after each commit, once.
    """

    def __init__(self, inner: Trades, then: Callable[[], None]) -> None:
        self._inner = inner
        self._then: list[Callable[[], None]] = [then]

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        See the port.
        """
        return self._inner.trades(run_id)

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        Commit; after an intent was stored, let it happen.
        """
        stored = self._inner.commit(trades, fills)
        if any(trade.intents for trade in trades) and self._then:
            self._then.pop()()
        return stored


def test_order_that_would_go_out_too_late_is_not_sent() -> None:
    """
    A process that slept between the commit of an intent and its sending, past the last instant, sends nothing: the
    order is known never to have been sent, and the trade ends at the deadline.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        last_send = CLOSE.replace(hour=19, minute=57)
        slow = Slow(ports.trades, lambda: ports.clock.wait_until(last_send))

        executed(replace(ports, trades=slow), Phase.BUYS)

        ended = trade_in(ports, "SPY")
        assert () == ports.broker.orders(since=START)
        assert (TradeStatus.INCOMPLETE, "deadline", 1) == (ended.status, ended.reason, len(ended.intents))


class Full(Trades):
    """
    Records on a disk without room.
    """

    def __init__(self, inner: Trades) -> None:
        self._inner = inner

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        See the port.
        """
        return self._inner.trades(run_id)

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        Refuse.
        """
        raise RecordsError(f"no room for {len(trades)} trades and {len(fills)} fills")


def test_what_cannot_be_recorded_is_not_sent() -> None:
    """
    When an intent cannot be committed the broker hears nothing of it.
    """
    with a_desk(WEIGHTS) as ports:
        broker = Moody(ports.broker)

        with pytest.raises(RecordsError, match="no room"):
            tick(RUN, Phase.BUYS, replace(ports, broker=broker, trades=Full(ports.trades)))

        assert [] == broker.sent


class Foggy(Moody):
    """
    A broker that takes sells and loses the answer, shows every order six seconds late and no share as reserved.
    """

    def __init__(self, inner: Broker, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock

    def account(self) -> Account:
        """
        See the port.
        """
        account = super().account()
        unreserved = tuple(replace(position, available=position.quantity) for position in account.positions)
        return replace(account, positions=unreserved)

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        taken = super().submit(order)
        if order.body.side is Side.SELL:
            raise BrokerUnavailable("lost answer")
        return taken

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        return tuple(
            order for order in super().orders(since=since) if self._clock.now() - order.submitted_at >= seconds(6)
        )


@pytest.mark.parametrize(
    ("start_s", "posts"),
    [pytest.param(355, 2, id="told that it is a duplicate"), pytest.param(359, 1, id="told nothing")],
)
def test_sell_that_shows_after_its_phase_is_cancelled_before_any_buy(start_s: int, posts: int) -> None:
    """
    A sell whose answer was lost at the end of the phase is looked up, cancelled and booked; only then buys begin.
    """
    with a_desk({"TLT": "0.9"}, held={"SPY": "500"}, seed=3) as ports:
        opening = ports.broker.account()
        ports.clock.wait_until(after(start_s))
        broker = Foggy(ports.broker, ports.clock)

        executed(replace(ports, broker=broker))

        orders = ports.broker.orders(since=START)
        (sell,) = [order for order in orders if order.body.side is Side.SELL]
        booked = positions(ports.ledger.entries(run_id=RUN))
        assert [sell.body.client_order_id] * posts == broker.sent[:posts]
        assert (TradeStatus.INCOMPLETE, "deadline") == (trade_in(ports, "SPY").status, trade_in(ports, "SPY").reason)
        assert sell.updated_at <= min(order.submitted_at for order in orders if order.body.side is Side.BUY)
        assert opening.held()[SPY].quantity + booked.get(SPY, shares("0")) == Quantity(holdings(ports)["SPY"])


def test_lost_cancels_are_asked_again() -> None:
    """
    A cancel that got no answer is repeated until the order is terminal.
    """
    with a_desk({"SPY": "0.5"}, seed=3) as ports:
        broker = Moody(ports.broker, cancels=[BrokerUnavailable("timeout")] * 2)
        executed(replace(ports, broker=broker))

        statuses = {order.status for order in ports.broker.orders(since=START)}
        assert TradeStatus.DONE is trade_in(ports, "SPY").status
        assert statuses <= {OrderStatus.CANCELED, OrderStatus.FILLED}


def test_definite_rejection_fails_one_trade_only() -> None:
    """
    The other trade goes on.
    """
    with a_desk(WEIGHTS) as ports:
        broker = Moody(ports.broker, submits=[OrderRejected(code="40310000", reason="account is not allowed")])
        executed(replace(ports, broker=broker))

        failed, done = trade_in(ports, "SPY"), trade_in(ports, "TLT")
        assert (TradeStatus.FAILED, "40310000: account is not allowed") == (failed.status, failed.reason)
        assert TradeStatus.DONE is done.status


@pytest.mark.parametrize(
    ("rejection", "tried"),
    [
        pytest.param(InsufficientBuyingPower(code="40310000", reason="whatever"), ["500", "475"], id="buying power"),
        pytest.param(NotFractionable(code="42210000", reason="whatever"), ["500", "500"], id="fractions"),
    ],
)
def test_what_a_rejection_is_mended_by_is_told_by_its_type(rejection: Exception, tried: list[str]) -> None:
    """
    The second attempt is for less money, or for whole shares, as the error's class says; words do not count.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        tick(RUN, Phase.BUYS, replace(ports, broker=Moody(ports.broker, submits=[rejection])))
        tick(RUN, Phase.BUYS, ports)

        bodies = [intent.body.quantity for intent in trade_in(ports, "SPY").intents]
        assert [shares(quantity) for quantity in tried] == bodies


def test_gate_refusal_fails_one_trade_only() -> None:
    """
    What the gate refuses is never sent; the trade says which rail it was.
    """
    with a_desk(WEIGHTS) as ports:
        limits = Limits(order_notional=usd("40000"))
        executed(replace(ports, rules=replace(ports.rules, limits=limits)))

        refused, done = trade_in(ports, "SPY"), trade_in(ports, "TLT")
        assert TradeStatus.FAILED is refused.status
        assert "refused by the notional rail" in refused.reason
        assert TradeStatus.DONE is done.status
        assert {"TLT"} == {order.body.symbol for order in ports.broker.orders(since=START)}


def test_kill_switch_sends_nothing() -> None:
    """
    With the switch on every trade ends incomplete, without an order.
    """
    with a_desk(WEIGHTS) as ports:
        ports.switch.halt("enough", at=START)
        executed(ports)

        assert {(TradeStatus.INCOMPLETE, "kill switch")} == {
            (trade.status, trade.reason) for trade in ports.trades.trades(RUN)
        }
        assert () == ports.broker.orders(since=START)


def test_silent_broker_is_waited_for() -> None:
    """
    While the broker cannot be looked at, the tick comes back every two seconds and changes nothing.
    """
    with a_desk(WEIGHTS) as ports:
        result = tick(RUN, Phase.BUYS, replace(ports, broker=Moody(ports.broker, looks=1)))

        assert (after(2), ()) == (result.next_due, result.finished)


def test_broker_that_stays_silent_ends_the_phase_after_the_close() -> None:
    """
    Two minutes after the close every trade is final: nothing was sent, so they are incomplete.
    """
    with a_desk(WEIGHTS) as ports:
        silent = replace(ports, broker=Moody(ports.broker, looks=10_000))
        ports.clock.wait_until(CLOSE.replace(minute=2))

        result = tick(RUN, Phase.BUYS, silent)

        assert result.next_due is None
        assert {TradeStatus.INCOMPLETE} == {trade.status for trade in result.finished}


def test_failed_sell_shrinks_the_buys() -> None:
    """
    Money that no sell brought is not spent: buys are scaled by one factor to the cash there is.
    """
    with a_desk({"SPY": "0.6", "TLT": "0.3"}, held={"KMLM": "900"}) as ports:
        broker = Moody(ports.broker, submits=[OrderRejected(code="403", reason="no")])
        executed(replace(ports, broker=broker))

        cash_before = usd("100000").value - 900 * shares("100.10").value
        buys = [trade_in(ports, symbol) for symbol in ("SPY", "TLT")]
        budget = sum(trade.authorised.value * 100 for trade in buys if trade.authorised is not None)
        assert budget <= cash_before
        assert ports.broker.account().cash.value >= 0
        assert all(trade.authorised is not None and trade.authorised < trade.planned for trade in buys)


def test_trades_without_a_run_are_refused() -> None:
    """
    Records that lost the run are for the operator to restore.
    """
    with a_desk(WEIGHTS) as ports:

        class NoRuns(type(ports.runs)):  # type: ignore[misc]  # the adapter's class is only known here
            def run(self, run_id: str) -> None:
                del run_id

        with pytest.raises(RecordsError, match="found trades without it"):
            tick(RUN, Phase.BUYS, replace(ports, runs=NoRuns(None)))


# Simulated days die at every call, see tests/dst/test_crash_points.py; on a database a stride meets every kind of it.
STRIDE = 23


class Crash(BaseException):
    """
    The process ends here.
    """


def crashing(ports: Ports, *, at: int, after_effect: bool) -> tuple[Ports, Faults]:
    def strike() -> None:
        raise Crash

    faults = Faults(kill_at=at, after=after_effect, strike=strike)
    return replace(ports, broker=FaultyBroker(ports.broker, faults), trades=FaultyTrades(ports.trades, faults)), faults


def outcome(ports: Ports) -> object:
    trades = ports.trades.trades(RUN)
    entries = ports.ledger.entries(run_id=RUN)
    return (
        trades,
        positions(entries),
        cash_change(entries),
        ports.broker.account().positions,
        ports.broker.orders(since=START),
    )


def with_crash(*, at: int, after_effect: bool) -> tuple[object, int]:
    with a_desk(WEIGHTS, held=HELD, whole=("KMLM",)) as ports:
        faulty, faults = crashing(ports, at=at, after_effect=after_effect)
        for phase in Phase:
            due: datetime | None = START
            while due is not None:
                ports.clock.wait_until(due)
                try:
                    due = tick(RUN, phase, faulty).next_due
                except Crash:
                    due = tick(RUN, phase, ports).next_due
        return outcome(ports), faults.calls


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_changes_nothing(after_effect: bool) -> None:
    """
    Killed at each call in turn and delivered again, the day ends in the same trades, ledger and orders.
    """
    undisturbed, calls = with_crash(at=1_000_000, after_effect=after_effect)

    disturbed = [with_crash(at=number, after_effect=after_effect)[0] for number in range(1, calls + 1, STRIDE)]

    assert calls > 100
    assert [undisturbed] * len(disturbed) == disturbed


def test_quantities_are_whole_where_they_must_be() -> None:
    """
    A fund without fractions is bought in whole shares.
    """
    with a_desk({"KMLM": "0.333333"}, whole=("KMLM",)) as ports:
        executed(ports)

        bought = trade_in(ports, "KMLM")

        assert bought.planned == bought.planned.floored(whole=True)
        assert Quantity(holdings(ports)["KMLM"]) == bought.planned


def at_rest(ports: Ports, symbol: str, *, until: float | None) -> Trade:
    """
    Store a trade as due so many seconds after the start, or as done; nothing of it is known to the broker.
    """
    trade = replace(trade_in(ports, symbol), authorised=trade_in(ports, symbol).planned)
    if until is None:
        stored = replace(trade, status=TradeStatus.DONE, due_at=None)
    else:
        stored = replace(trade, due_at=after(until))
    ports.trades.commit((stored,), ())
    return trade_in(ports, symbol)


def test_nobody_is_asked_before_a_trade_is_due() -> None:
    """
    A trade that is done waits for nothing, one that is due later waits: neither broker nor quotes hear a word.
    """
    with a_desk({"SPY": "0.4", "TLT": "0.3", "KMLM": "0.2"}) as ports:
        at_rest(ports, "SPY", until=None)
        waiting = [at_rest(ports, "TLT", until=8), at_rest(ports, "KMLM", until=4)]
        broker, quotes = Moody(ports.broker), Asked(ports.quotes)

        result = tick(RUN, Phase.BUYS, replace(ports, broker=broker, quotes=quotes))

        assert (0, [], after(4)) == (broker.accounts, quotes.asked, result.next_due)
        assert waiting == [trade_in(ports, "TLT"), trade_in(ports, "KMLM")]


def test_only_what_is_due_moves() -> None:
    """
    A trade that is due later is left alone by a tick that is for another; the next tick is for the earlier of both.
    """
    with a_desk(WEIGHTS) as ports:
        at_rest(ports, "SPY", until=0)
        waiting, quotes = at_rest(ports, "TLT", until=40), Asked(ports.quotes)

        result = tick(RUN, Phase.BUYS, replace(ports, quotes=quotes))

        assert waiting == trade_in(ports, "TLT")
        assert 1 == len(trade_in(ports, "SPY").intents)
        assert [("SPY",)] == quotes.asked
        assert trade_in(ports, "SPY").due_at == result.next_due


def test_quotes_are_asked_for_the_phase_alone() -> None:
    """
    While sells are walked nobody needs the quotes of the buys.
    """
    with a_desk(WEIGHTS, held={"KMLM": "100"}) as ports:
        quotes = Asked(ports.quotes)

        tick(RUN, Phase.SELLS, replace(ports, quotes=quotes))

        assert [("KMLM",)] == quotes.asked


def test_without_quotes_what_rests_is_still_looked_after() -> None:
    """
    No quote is a reason to wait; an order that is at the broker is cancelled in time all the same.
    """
    with a_desk(WEIGHTS, seed=3) as ports:

        class Mute(Quotes):
            def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
                raise DataError(f"no quotes for {len(symbols)} symbols")

        at_rest(ports, "TLT", until=30)
        tick(RUN, Phase.BUYS, ports)
        ports.clock.wait_until(after(30))

        tick(RUN, Phase.BUYS, replace(ports, quotes=Mute()))

        (order,) = ports.broker.orders(since=START)
        waiting = trade_in(ports, "TLT")
        assert OrderStatus.PENDING_CANCEL is order.status
        assert (0, 1, True) == (len(waiting.intents), waiting.quote_waits, waiting.status is TradeStatus.OPEN)


def test_what_a_passing_rail_holds_back_goes_out_later() -> None:
    """
    One order a minute is allowed: the second waits its turn, is not counted as an attempt, and fills.
    """
    with a_desk(WEIGHTS) as ports:
        limits = replace(ports.rules.limits, orders_per_minute=1)
        busy = replace(ports, rules=replace(ports.rules, limits=limits))

        tick(RUN, Phase.BUYS, busy)
        held_back = trade_in(ports, "TLT")
        executed(busy, Phase.BUYS)

        first, second = ports.broker.orders(since=START)[:2]
        assert ((), True) == (held_back.intents, "orders per minute" in held_back.reason)
        assert second.submitted_at - first.submitted_at >= seconds(60)
        assert {TradeStatus.DONE} == {trade.status for trade in ports.trades.trades(RUN)}


def test_the_account_is_read_for_the_money_once() -> None:
    """
    Authorised trades are not authorised again: later ticks read the account for the look alone. A buy that was
    skipped for want of money counts as authorised.
    """
    with a_desk({"SPY": "0.9", "TLT": "0.0002"}, held={"KMLM": "10"}) as ports:

        class Poor(Moody):
            def account(self) -> Account:
                return replace(super().account(), cash=usd("2000"), buying_power=usd("2000"))

        executed(ports, Phase.SELLS)
        broker = Poor(ports.broker)
        first = tick(RUN, Phase.BUYS, replace(ports, broker=broker))
        assert first.next_due is not None
        ports.clock.wait_until(first.next_due)

        tick(RUN, Phase.BUYS, replace(ports, broker=broker))

        assert TradeStatus.SKIPPED is trade_in(ports, "TLT").status
        assert 2 + 1 == broker.accounts


@pytest.mark.parametrize(
    ("cash", "buying_power"),
    [pytest.param("10000", "90000", id="cash"), pytest.param("90000", "10000", id="buying power")],
)
def test_an_attempt_spends_the_smaller_of_cash_and_buying_power(cash: str, buying_power: str) -> None:
    """
    What went meanwhile for something else is not spent again, whichever of the two tells of it.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        at_rest(ports, "SPY", until=0)

        class Poorer(Moody):
            def account(self) -> Account:
                return replace(super().account(), cash=usd(cash), buying_power=usd(buying_power))

        tick(RUN, Phase.BUYS, replace(ports, broker=Poorer(ports.broker)))

        (order,) = ports.broker.orders(since=START)
        assert usd("9900") < order.body.limit * order.body.quantity <= usd("10000")


class Flat(Quotes):
    """
    Quotes whose first rung for a buy is a hundred dollars to the cent.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        See the port.
        """
        return {symbol: a_quote(symbol, "99.97", "100.01", at=self._clock.now()) for symbol in symbols}


def test_an_account_in_debt_buys_nothing() -> None:
    """
    The trade ends without an order, not even of a dollar, the smallest there is.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        at_rest(ports, "SPY", until=0)

        class Indebted(Moody):
            def account(self) -> Account:
                return replace(super().account(), cash=usd("-500"), buying_power=usd("-500"))

        generous = replace(ports.rules, limits=replace(ports.rules.limits, gross_exposure=Decimal(2)))
        executed(replace(ports, rules=generous, broker=Indebted(ports.broker), quotes=Flat(ports.clock)), Phase.BUYS)

        assert () == ports.broker.orders(since=START)
        assert TradeStatus.OPEN is not trade_in(ports, "SPY").status
