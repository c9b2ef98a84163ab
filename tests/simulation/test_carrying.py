"""
A strategy that loses its signal, under both policies.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.reports import RunReport
from alchemiser.application.ports.strategies import Book, Sleeve, StrategyLibrary
from alchemiser.application.ports.suite import FailurePolicy, Ports
from alchemiser.application.queries import report_of
from alchemiser.application.start import start
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.events import Outcome
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Evaluation, Strategy
from alchemiser.domain.values import Symbol
from simulation.test_rails import a_house

DAYS = (date(2026, 7, 31), date(2026, 8, 3), date(2026, 8, 4))
SPY, TLT, GLD = Symbol("SPY"), Symbol("TLT"), Symbol("GLD")


class Fickle(Strategy):
    """
    A strategy that wants SPY, and has no signal on the sessions that are listed.
    """

    def __init__(self, *silent: date, meaning: str = "m" * 64) -> None:
        self._silent = silent
        self._meaning = meaning

    @property
    def name(self) -> str:
        """
        See the protocol.
        """
        return "Fickle"

    @property
    def fingerprint(self) -> str:
        """
        See the protocol.
        """
        return self._meaning

    @property
    def requirements(self) -> Requirements:
        """
        See the protocol.
        """
        return Requirements(symbols=(SPY,), lookback_sessions=1)

    def evaluate(self, closes: Closes) -> Evaluation:
        """
        See the protocol.
        """
        del closes
        return Verdicts(self._silent)


class Verdicts(Evaluation):
    """
    What Fickle says.
    """

    def __init__(self, silent: tuple[date, ...]) -> None:
        self._silent = silent

    def signal(self, session: date) -> Signal:
        """
        See the protocol.
        """
        if session in self._silent:
            raise SignalUndefined(
                strategy="Fickle", node="rsi(SPY, 10)", session=session.isoformat(), symbols=(SPY,), why="no bar"
            )
        return Signal(strategy="Fickle", session=session, weights={SPY: Decimal("0.8")}, decisions=())


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    with a_house(tmp_path, monkeypatch) as ports:
        yield ports


def following(ports: Ports, strategy: Strategy, policy: FailurePolicy) -> Ports:
    """
    Return a world with half of its book in another strategy.
    """
    (pair,) = ports.library.book().sleeves
    sleeves = (replace(pair, allocation=Decimal("0.5")), Sleeve(strategy=strategy, allocation=Decimal("0.5")))

    class Library(type(ports.library)):  # type: ignore[misc]  # the adapter's class is only known here
        def book(self) -> Book:
            return Book(sleeves=sleeves)

    library: StrategyLibrary = Library.__new__(Library)
    library.__dict__.update(ports.library.__dict__)
    return replace(ports, library=library, rules=replace(ports.rules, failure=policy))


def traded(day: date, ports: Ports) -> RunReport:
    run, _ = start(day, ports)
    assert list(pump(ports))
    return report_of(run.id, ports)


SIGNALS = (date(2026, 7, 30), date(2026, 7, 31), date(2026, 8, 3))


def test_abort_trades_nothing(house: Ports) -> None:
    """
    One strategy without a signal ends the run before anything is planned.
    """
    ports = following(house, Fickle(SIGNALS[1]), FailurePolicy.ABORT)
    traded(DAYS[0], ports)

    report = traded(DAYS[1], ports)

    assert (Outcome.FAILED, None, ()) == (report.run.outcome, report.plan, report.trades)


def test_carry_keeps_the_last_good_target_however_long(house: Ports) -> None:
    """
    The sleeve keeps its weights, the others are not made larger, and the report says whose target is carried.
    """
    ports = following(house, Fickle(*SIGNALS[1:]), FailurePolicy.CARRY)
    first = traded(DAYS[0], ports)

    second, third = traded(DAYS[1], ports), traded(DAYS[2], ports)

    targets = [report.plan.snapshot.target.weights for report in (first, second, third) if report.plan is not None]
    stored = house.runs.report(third.run.id)
    assert [{SPY: Decimal("0.75"), TLT: Decimal("0.15")}] * 3 == [dict(target) for target in targets]
    assert Outcome.SUCCESS is third.run.outcome
    assert any("its target of 2026-07-30 is carried" in warning for warning in third.warnings), third.warnings
    assert stored is not None
    assert "policy carry" in stored.text


@pytest.mark.parametrize("meaning", ["m" * 64, "n" * 64], ids=["never had a signal", "means something else by now"])
def test_what_has_nothing_to_carry_trades_nothing(house: Ports, meaning: str) -> None:
    """
    Without an earlier target of the same meaning the run ends as if the policy were to abort.
    """
    before = following(house, Fickle(*(SIGNALS[:1] if meaning == "m" * 64 else ())), FailurePolicy.CARRY)
    traded(DAYS[0], before)

    report = traded(DAYS[1], following(house, Fickle(SIGNALS[1], meaning=meaning), FailurePolicy.CARRY))

    assert (Outcome.FAILED, None) == (report.run.outcome, report.plan)
