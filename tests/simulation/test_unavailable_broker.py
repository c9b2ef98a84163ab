"""
A broker that gives no answer now and then costs time, never a trade.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.queries import report_of
from alchemiser.application.start import start
from alchemiser.container.houses import open_house
from alchemiser.domain.errors import BrokerUnavailable
from alchemiser.domain.events import Outcome
from alchemiser.domain.ledger.book import positions
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from support.houses import environment


def _no_answer() -> None:
    raise BrokerUnavailable("the line went dead")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", [3, 4, 5, 9, 14, 20, 28, 40])
def test_a_lost_request_or_answer_ends_in_the_books_agreeing(
    call: int, *, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The n-th broker call is lost before or after its effect: the day completes, every client order id is used once,
    and what the broker holds is what the ledger says.
    """
    for name, value in environment({"OUTBOX__DIRECTORY": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with open_house("test") as house:
        faults = Faults(kill_at=call, after=after, strike=_no_answer)
        ports = replace(house.ports, broker=FaultyBroker(house.ports.broker, faults))
        run, _ = start(date(2026, 7, 31), ports)
        assert list(pump(ports))

        report = report_of(run.id, ports)
        orders = house.ports.broker.orders(since=run.started_at)

    assert report.run.outcome is Outcome.SUCCESS, report.warnings
    assert len(orders) == len({order.body.client_order_id for order in orders})
    assert report.run.closing is not None
    assert positions(report.fills) == {held.symbol: held.quantity for held in report.run.closing.positions}
