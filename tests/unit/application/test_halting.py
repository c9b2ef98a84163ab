"""
Stopping everything, on a desk in mid-trade.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from alchemiser.application.execute import tick
from alchemiser.application.halting import Brake, halt, lift
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.domain.errors import BrokerUnavailable, ConfigurationError
from alchemiser.domain.events import Phase
from alchemiser.domain.execution.order import BrokerOrder, TradeStatus
from alchemiser.domain.values import Side
from alchemiser.infrastructure.simulation.clock import ManualClock
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from alchemiser.infrastructure.switch import SwitchFile
from support.builders import OPEN, RUN, START, a_body, approved
from support.desks import a_desk, executed
from support.venues import seconds


def nothing_recorded() -> Archive:
    raise ConfigurationError("nothing was recorded yet")


@contextmanager
def a_brake(ports: Ports, folder: Path) -> Iterator[Brake]:
    yield Brake(
        switch=SwitchFile(folder / "HALT"),
        broker=ports.broker,
        clock=ports.clock,
        archive=nothing_recorded,
        poll=seconds(2),
    )


def test_cancels_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    """
    Our resting orders end, somebody else's stays, and the switch is on.
    """
    with a_desk({"SPY": "0.3", "TLT": "0.3"}, seed=3) as ports, a_brake(ports, tmp_path) as brake:
        tick(RUN, Phase.BUYS, ports)
        by_hand = replace(a_body("KMLM", Side.BUY, "5", "90"), client_order_id="by-hand")
        ports.broker.submit(approved(by_hand))

        halted = halt("looks odd", brake)

        live = [
            order.body.client_order_id for order in ports.broker.orders(since=START) if not order.status.is_terminal
        ]
        assert ["by-hand"] == live
        assert 2 == len(halted.cancelled)
        assert ((), ()) == (halted.resting, halted.problems)
        assert "looks odd" in brake.switch.reason()


def test_the_run_books_what_was_cancelled_for_it(tmp_path: Path) -> None:
    """
    Orders that were cancelled from outside are final for their trades, which end without another attempt.
    """
    with a_desk({"SPY": "0.3", "TLT": "0.3"}, seed=3) as ports, a_brake(ports, tmp_path) as brake:
        tick(RUN, Phase.BUYS, ports)
        halt("looks odd", brake)

        executed(replace(ports, switch=brake.switch), Phase.BUYS)

        trades = ports.trades.trades(RUN)
        assert {1} == {len(trade.intents) for trade in trades}
        assert {"kill switch"} == {trade.reason for trade in trades if trade.status is TradeStatus.INCOMPLETE}


class Mute(FaultyBroker):
    """
    A broker that does not answer.
    """

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        Raise.
        """
        raise BrokerUnavailable(f"no answer about orders since {since}")


def test_holds_when_the_broker_does_not_answer(tmp_path: Path) -> None:
    """
    The switch is on all the same; that nothing was cancelled is told.
    """
    with a_desk({"SPY": "0.3"}) as ports, a_brake(ports, tmp_path) as brake:
        mute = replace(brake, broker=Mute(ports.broker, Faults(kill_at=10**9, after=False)))

        halted = halt("looks odd", mute)

        assert "was not cancelled" in halted.problems[0]
        assert brake.switch.reason()


def test_a_clock_that_stands_before_the_orders_cancels_none(tmp_path: Path) -> None:
    """
    Without records a simulated clock cannot be set: what was sent later is told as resting, not undone.
    """
    with a_desk({"SPY": "0.3"}, seed=3) as ports, a_brake(ports, tmp_path) as brake:
        tick(RUN, Phase.BUYS, ports)
        before = ports.broker.orders(since=START)

        halted = halt("looks odd", replace(brake, clock=ManualClock(OPEN)))

        assert 1 == len(halted.resting)
        assert before == ports.broker.orders(since=START)


def test_lifting_undoes_nothing_else(tmp_path: Path) -> None:
    """
    After a lift the switch is off.
    """
    with a_desk({"SPY": "0.3"}) as ports, a_brake(ports, tmp_path) as brake:
        halt("looks odd", brake)

        lift(brake)

        assert "" == brake.switch.reason()
