"""
What goes wrong in a day ends the day, once, with everything at the broker looked after.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.reports import Rendered, ReportRenderer, RunReport
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import report_of
from alchemiser.application.settlement import expected_positions
from alchemiser.application.start import Allow, start
from alchemiser.domain.errors import BrokerAuthError, LedgerError, OrderRefused, SuspectBars
from alchemiser.domain.events import Outcome, WorkflowCompleted, WorkflowFailed
from alchemiser.domain.execution.order import BrokerOrder, TradeStatus
from alchemiser.domain.market import Quote
from alchemiser.domain.portfolio.account import Account, Position
from alchemiser.domain.values import Symbol, shares
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker, FaultyQuotes

_FIRST, _SECOND = date(2026, 7, 31), date(2026, 8, 3)
_ENOUGH = 5_000


class _NoQuotes(Quotes):
    """
    A market that is silent all day.
    """

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        Return nothing.
        """
        del symbols
        return {}


class _Speechless(ReportRenderer):
    """
    A renderer with a defect.
    """

    def render(self, report: RunReport) -> Rendered:
        raise RuntimeError(f"no words for {report.run.id}")


class _LockedOut(FaultyBroker):
    """
    A broker that refuses the keys from some call of `orders` on.
    """

    def __init__(self, inner: Broker, *, after: int) -> None:
        super().__init__(inner, Faults(kill_at=10**9, after=False))
        self._left = after

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        self._left -= 1
        if self._left < 0:
            raise BrokerAuthError("the keys were refused")
        return super().orders(since=since)


class _Gifted(FaultyBroker):
    """
    A broker where shares turned up that nobody bought through us.
    """

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner, Faults(kill_at=10**9, after=False))
        self.has_gift = False

    def account(self) -> Account:
        account = super().account()
        if not self.has_gift:
            return account
        gift = Position(symbol=Symbol("BND"), quantity=shares("5"), available=shares("5"))
        return replace(account, positions=(gift, *account.positions))


def test_a_report_that_cannot_be_written_ends_the_run_once(ports: Ports) -> None:
    """
    The pump ends, the run is failed and says why, one failure and one end are told of, and the records hold the reason.
    """
    run = _traded(_FIRST, replace(ports, renderer=_Speechless()))
    told = ports.ledger.events(run.id)
    report = ports.runs.report(run.id)

    assert Outcome.FAILED is run.outcome
    assert "no words for" in run.detail
    assert [1, 1] == [sum(isinstance(event, kind) for event in told) for kind in (WorkflowFailed, WorkflowCompleted)]
    assert report is not None
    assert (run.detail, ()) == (report.text, report.places)


@pytest.mark.parametrize("call", [1, 3, 5, 9])
def test_quotes_that_fail_for_a_moment_cost_nothing_but_time(ports: Ports, call: int) -> None:
    """
    One bad answer of the quotes, to plan on or while orders rest: the day completes and the books agree.
    """
    faults = Faults(kill_at=call, after=False, strike=_raiser(SuspectBars("SPY", "one bad message")))

    run = _traded(_FIRST, replace(ports, quotes=FaultyQuotes(ports.quotes, faults)))

    assert Outcome.SUCCESS is run.outcome, run.detail
    _assert_books_agree(run, ports)


def test_a_day_that_loses_its_broker_is_settled_before_the_next(ports: Ports) -> None:
    """
    Keys refused in mid-walk: ticks go on until the session is over, the run fails once; the next start books what
    filled meanwhile, leaves no trade open and trades on from there.
    """
    failed = _traded(_FIRST, replace(ports, broker=_LockedOut(ports.broker, after=3)))
    before = ports.ledger.entries(run_id=failed.id)

    run = _traded(_SECOND, ports)

    told = ports.ledger.events(failed.id)
    assert Outcome.FAILED is failed.outcome
    assert 1 == len([event for event in told if isinstance(event, WorkflowCompleted)])
    assert len(ports.ledger.entries(run_id=failed.id)) > len(before)
    assert TradeStatus.OPEN not in {trade.status for trade in ports.trades.trades(failed.id)}
    assert Outcome.SUCCESS is run.outcome, run.detail
    assert failed.opening is not None
    assert run.opening is not None
    assert expected_positions(failed.opening, ports.ledger.entries(run_id=failed.id)) == {
        symbol: held.quantity for symbol, held in run.opening.held().items()
    }


def test_shares_nobody_bought_stop_the_next_run_until_they_are_accepted(ports: Ports) -> None:
    """
    The run that finds them fails, each later start refuses, and only the operator's word goes on.
    """
    broker = _Gifted(ports.broker)
    world = replace(ports, broker=broker)
    start(_FIRST, world)
    for _ in islice(pump(world), 20):
        pass
    broker.has_gift = True
    list(pump(world))
    first = report_of("TEST0001-20260731-rebalance-1", ports).run

    with pytest.raises(LedgerError, match=r"BND.*broker says 5"):
        start(_SECOND, world)
    with pytest.raises(LedgerError, match=r"BND.*broker says 5"):
        start(_SECOND, world)
    accepted, is_new = start(_SECOND, world, allowed=frozenset({Allow.POSITIONS}))

    assert Outcome.FAILED is first.outcome
    assert is_new
    assert accepted.opening is not None
    assert Symbol("BND") in accepted.opening.held()


def test_a_run_that_failed_before_any_order_can_be_retried(ports: Ports) -> None:
    """
    Without quotes to plan on the run fails; again it is the same run; with the operator's word it is a new one.
    """
    failed = _traded(_FIRST, replace(ports, quotes=_NoQuotes()))
    same, is_new = start(_FIRST, ports)

    retried, is_retry_new = start(_FIRST, ports, allowed=frozenset({Allow.RETRY}))
    list(pump(ports))

    assert Outcome.FAILED is failed.outcome
    assert (failed.id, False) == (same.id, is_new)
    assert ("TEST0001-20260731-rebalance-2", True) == (retried.id, is_retry_new)
    assert Outcome.SUCCESS is report_of(retried.id, ports).run.outcome
    with pytest.raises(OrderRefused, match="retry"):
        start(_FIRST, ports, allowed=frozenset({Allow.RETRY}))


def _traded(day: date, ports: Ports) -> Run:
    run, _ = start(day, ports)
    delivered = list(islice(pump(ports), _ENOUGH))
    assert len(delivered) < _ENOUGH, "the pump does not end"
    return report_of(run.id, ports).run


def _assert_books_agree(run: Run, ports: Ports) -> None:
    assert run.opening is not None
    assert run.closing is not None
    expected = expected_positions(run.opening, ports.ledger.entries(run_id=run.id))
    assert expected == {symbol: held.quantity for symbol, held in run.closing.held().items()}


def _raiser(error: Exception) -> Callable[[], None]:
    def strike() -> None:
        raise error

    return strike
