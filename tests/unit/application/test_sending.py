"""
What happens between the commit of an intent and the broker's answer.
"""

from dataclasses import replace
from datetime import datetime

import pytest

from alchemiser.application.execute import tick
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.domain.errors import DuplicateClientOrderId, OrderRefused, OrderRejected, RecordsError
from alchemiser.domain.events import Phase
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, OrderStatus, TradeStatus
from support.builders import RUN, START, after
from support.desks import a_desk, executed, holdings, trade_in
from support.moody import Moody

WEIGHTS = {"SPY": "0.5", "TLT": "0.25"}


class Thrown(KillSwitch):
    """
    A switch that is off at its first looks; then it says why it is on, or raises why it cannot be read.
    """

    def __init__(self, then: str | RecordsError, *, off: int) -> None:
        self._then = then
        self._off = off

    def reason(self) -> str:
        """
        See the port.
        """
        self._off -= 1
        if self._off >= 0:
            return ""
        if isinstance(self._then, RecordsError):
            raise self._then
        return self._then

    def halt(self, reason: str, *, at: datetime) -> tuple[str, ...]:
        """
        See the port.
        """
        raise NotImplementedError(f"{reason} at {at}")

    def lift(self, *, at: datetime) -> None:
        """
        See the port.
        """
        raise NotImplementedError(str(at))


def test_a_switch_thrown_after_the_decision_keeps_the_order_back() -> None:
    """
    It is read again before each order: the first goes out, the second does not, and its trade ends without one.
    """
    with a_desk(WEIGHTS) as ports:
        broker = Moody(ports.broker)

        tick(RUN, Phase.BUYS, replace(ports, broker=broker, switch=Thrown("enough", off=2)))
        ports.switch.halt("enough", at=START)
        executed(ports, Phase.BUYS)

        ended = trade_in(ports, "TLT")
        assert [trade_in(ports, "SPY").intents[0].body.client_order_id] == broker.sent
        assert (TradeStatus.INCOMPLETE, "kill switch: enough", 1) == (ended.status, ended.reason, len(ended.intents))


def test_answers_before_the_switch_could_not_be_read_still_count() -> None:
    """
    A rejection that was told before is on record: it is told only once.
    """
    with a_desk(WEIGHTS) as ports:
        broker = Moody(ports.broker, submits=[OrderRejected(code="40310000", reason="not allowed")])
        switch = Thrown(RecordsError("the switch cannot be read"), off=2)

        with pytest.raises(RecordsError, match="the switch cannot be read"):
            tick(RUN, Phase.BUYS, replace(ports, broker=broker, switch=switch))

        states = [trade.intents[0].state.kind for trade in ports.trades.trades(RUN)]
        assert (["closed", "sent"], 1) == (states, len(broker.sent))


def test_a_refusal_at_the_brokers_door_fails_one_trade_only() -> None:
    """
    The caps there are asked last; nothing went out for the trade, and it says which cap it was.
    """
    with a_desk(WEIGHTS) as ports:
        refusal = OrderRefused(rail="turnover (at the broker)", limit="1", value="2", what="SPY")
        executed(replace(ports, broker=Moody(ports.broker, submits=[refusal])), Phase.BUYS)

        refused, done = trade_in(ports, "SPY"), trade_in(ports, "TLT")
        assert (TradeStatus.FAILED, True) == (refused.status, "turnover (at the broker)" in refused.reason)
        assert TradeStatus.DONE is done.status
        assert {"TLT"} == {order.body.symbol for order in ports.broker.orders(since=START)}


class Twice(Moody):
    """
    A broker that takes the first order, and says that it knows it already.
    """

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        taken = super().submit(order)
        if len(self.sent) == 1:
            raise DuplicateClientOrderId(code="40010001", reason="client_order_id must be unique")
        return taken


def test_a_duplicate_is_an_order_that_exists() -> None:
    """
    Even at the first sending: it is no rejection, the order is found, and the trade is done without another one.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        tick(RUN, Phase.BUYS, replace(ports, broker=Twice(ports.broker)))
        state = trade_in(ports, "SPY").intents[0].state.kind
        executed(ports, Phase.BUYS)

        done = trade_in(ports, "SPY")
        assert ("taken", TradeStatus.DONE) == (state, done.status)
        assert holdings(ports)["SPY"] == done.planned.value


def test_an_order_that_rests_is_only_looked_at() -> None:
    """
    Two seconds later nothing is new: nothing is sent or cancelled, and no version of the trade is stored.
    """
    with a_desk({"SPY": "0.5"}, seed=3) as ports:
        tick(RUN, Phase.BUYS, ports)
        ports.clock.wait_until(after(2))
        before, broker = trade_in(ports, "SPY"), Moody(ports.broker)

        tick(RUN, Phase.BUYS, replace(ports, broker=broker))

        (resting,) = ports.broker.orders(since=START)
        assert OrderStatus.NEW is resting.status
        assert ([], []) == (broker.sent, broker.cancelled)
        assert before == trade_in(ports, "SPY")
