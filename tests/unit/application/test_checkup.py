"""
What `doctor` finds outside, on a desk after its trades.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from alchemiser.application.checkup import Premises, premises_findings
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.domain.errors import NotificationError
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import usd
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from support.builders import RUN, START, a_position
from support.desks import a_desk, executed


class Other(FaultyBroker):
    """
    A broker whose account looks otherwise.
    """

    def __init__(self, ports: Ports, look: Callable[[Account], Account]) -> None:
        super().__init__(ports.broker, Faults(kill_at=10**9, after=False))
        self._look = look

    def account(self) -> Account:
        """
        Return the account, changed.
        """
        return self._look(super().account())


def premises(ports: Ports) -> Premises:
    return Premises(
        rules=ports.rules,
        clock=ports.clock,
        broker=ports.broker,
        has_books=True,
        switch=ports.switch,
        archive=Archive(runs=ports.runs, trades=ports.trades, ledger=ports.ledger),
        outbox=lambda: "outbox",
    )


def found(place: Premises) -> dict[str, tuple[bool, str]]:
    return {one.check: (one.is_good, one.found) for one in premises_findings(place)}


def traded(ports: Ports) -> Premises:
    """
    Trade the desk's day.
    """
    executed(ports)
    return premises(ports)


def test_everything_in_order_is_told_so() -> None:
    """
    Switch off, account known, ledger and broker equal, reports go somewhere.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        findings = found(traded(ports))

    assert [True] * 4 == [is_good for is_good, _ in findings.values()]
    assert "positions and cash are what the ledger says" == findings["ledger"][1]
    assert "account TEST0001: 1 positions" in findings["broker"][1]


@pytest.mark.parametrize(
    ("check", "look", "words"),
    [
        pytest.param("broker", lambda account: replace(account, id="LIVE0001"), "allowed is TEST0001", id="account"),
        pytest.param("broker", lambda account: replace(account, blocked="by hand"), "by hand", id="blocked"),
        pytest.param(
            "ledger", lambda account: replace(account, positions=(a_position("GLD", "1"),)), "GLD", id="positions"
        ),
    ],
)
def test_what_would_stop_a_run_is_found(check: str, look: Callable[[Account], Account], words: str) -> None:
    """
    A finding that is not good says what is wrong, and the other checks go on.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        findings = found(replace(traded(ports), broker=Other(ports, look)))

    assert not findings[check][0]
    assert words in findings[check][1]
    assert findings["outbox"][0]


def test_money_from_outside_is_told_and_is_no_fault() -> None:
    """
    A deposit does not stop a run.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        rich = Other(ports, lambda account: replace(account, cash=account.cash + usd("500")))
        findings = found(replace(traded(ports), broker=rich))

    words = "positions are what the ledger says; cash changed by +$500.00 beside our trades"
    assert (True, words) == findings["ledger"]


def test_kill_switch_and_outbox_are_looked_at() -> None:
    """
    A switch that is on, and reports that would not be delivered, are found.
    """

    def full() -> str:
        raise NotificationError("no room")

    with a_desk({"SPY": "0.5"}) as ports:
        ports.switch.halt("looks odd", at=START)
        findings = found(replace(premises(ports), outbox=full))

    assert (False, True) == (findings["kill switch"][0], "looks odd" in findings["kill switch"][1])
    assert (False, "no room") == findings["outbox"]


def test_before_the_first_run_there_is_nothing_to_compare() -> None:
    """
    An empty world is no fault.
    """
    with a_desk({"SPY": "0.5"}) as ports:
        findings = found(replace(premises(ports), has_books=False, archive=None))

    assert {True} == {is_good for is_good, _ in findings.values()}
    assert RUN not in str(findings)
