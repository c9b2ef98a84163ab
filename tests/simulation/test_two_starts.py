"""
Two processes start one session at once: there is one run, whatever becomes of the other start.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.suite import Ports
from alchemiser.application.start import start
from alchemiser.domain.errors import OrderRefused
from alchemiser.domain.events import Outcome, WorkflowCompleted
from alchemiser.domain.portfolio.account import Account
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker

_DAY = date(2026, 7, 31)


class _Interrupted(FaultyBroker):
    """
    A broker at whose first look at the account something else happens, and that may block the account.
    """

    def __init__(self, inner: Broker, meanwhile: Callable[[], object], *, blocked: str = "") -> None:
        super().__init__(inner, Faults(kill_at=10**9, after=False))
        self._meanwhile: Callable[[], object] | None = meanwhile
        self._blocked = blocked

    def account(self) -> Account:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
            return replace(super().account(), blocked=self._blocked)
        return super().account()


def test_the_slower_start_finds_the_run_of_the_faster(ports: Ports) -> None:
    """
    The second one to write is told of the first one's run, and changes nothing of it.
    """
    slow = replace(ports, broker=_Interrupted(ports.broker, lambda: start(_DAY, ports)))

    run, is_new = start(_DAY, slow)

    assert (ports.runs.run("TEST0001-20260731-rebalance-1"), False) == (run, is_new)
    assert 1 == len(ports.ledger.events(run.id))


def test_a_start_that_is_refused_leaves_the_run_that_goes_on(ports: Ports) -> None:
    """
    A process that finds the account blocked records nothing over a run that another one began meanwhile.
    """
    slow = replace(ports, broker=_Interrupted(ports.broker, lambda: start(_DAY, ports), blocked="for a moment"))

    with pytest.raises(OrderRefused, match="for a moment"):
        start(_DAY, slow)
    list(pump(ports))

    run = ports.runs.run("TEST0001-20260731-rebalance-1")
    assert run is not None
    assert Outcome.SUCCESS is run.outcome, run.detail
    assert 1 == len([told for told in ports.ledger.events(run.id) if isinstance(told, WorkflowCompleted)])


def test_a_start_goes_on_though_another_was_refused_meanwhile(ports: Ports) -> None:
    """
    The name that a refused start took for itself is passed over: the session is run under the next.
    """

    def refused() -> None:
        blocked = replace(ports, broker=_Interrupted(ports.broker, lambda: None, blocked="for a moment"))
        with pytest.raises(OrderRefused, match="for a moment"):
            start(_DAY, blocked)

    run, is_new = start(_DAY, replace(ports, broker=_Interrupted(ports.broker, refused)))

    assert ("TEST0001-20260731-rebalance-2", True) == (run.id, is_new)
    first = ports.runs.run("TEST0001-20260731-rebalance-1")
    assert first is not None
    assert Outcome.NOT_STARTED is first.outcome
