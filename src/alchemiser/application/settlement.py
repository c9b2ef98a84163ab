"""
After a phase: begin the buys once every sell is final, settle once every buy is.

Settling compares the broker's positions with the opening snapshot plus the run's fills, symbol by symbol, exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from alchemiser.application.ports.records import Run, Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.application.trading import first_tick
from alchemiser.domain.errors import ReconciliationMismatch
from alchemiser.domain.events import (
    ExecutionPhaseCompleted,
    ExecutionTickDue,
    Phase,
    PortfolioStateChanged,
    caused_by,
)
from alchemiser.domain.ledger.book import LedgerEntry, positions
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Quantity, Symbol

_SOURCE = "alchemiser.application.settlement.settle"
_NOTHING = Quantity(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """
    The run with its closing account, and every symbol on which the books disagree.
    """

    run: Run
    event: PortfolioStateChanged


Next: TypeAlias = ExecutionTickDue | Settled


def prepare_next_phase(event: ExecutionPhaseCompleted, ports: Ports) -> Next:
    """
    Return the buys' first timer, or settle.
    """
    if event.phase is Phase.SELLS:
        return first_tick(event, Phase.BUYS, at=ports.clock.now())
    return _settle(event, ports)


def apply_next_phase(event: ExecutionPhaseCompleted, following: Next, tx: Transaction) -> None:
    """
    Start the buys' timer, or store the closing account and tell of it.
    """
    del event
    if isinstance(following, Settled):
        tx.save_run(following.run)
        tx.emit(following.event)
    else:
        tx.emit(following)


def mismatches(opening: Account, fills: Iterable[LedgerEntry], closing: Account) -> tuple[ReconciliationMismatch, ...]:
    """
    Return every symbol whose shares at the broker are not what the opening account and the fills add up to.
    """
    expected = expected_positions(opening, fills)
    found = {symbol: position.quantity for symbol, position in closing.held().items()}
    return tuple(
        ReconciliationMismatch(
            symbol=symbol,
            ours=expected.get(symbol, _NOTHING).value,
            theirs=found.get(symbol, _NOTHING).value,
        )
        for symbol in sorted({*expected, *found})
        if expected.get(symbol, _NOTHING) != found.get(symbol, _NOTHING)
    )


def expected_positions(opening: Account, fills: Iterable[LedgerEntry]) -> Mapping[Symbol, Quantity]:
    """
    Return what should be held after the fills.
    """
    held = {symbol: position.quantity for symbol, position in opening.held().items()}
    for symbol, change in positions(fills).items():
        held[symbol] = held.get(symbol, _NOTHING) + change
    return {symbol: quantity for symbol, quantity in held.items() if quantity}


def _settle(event: ExecutionPhaseCompleted, ports: Ports) -> Settled:
    run = ports.runs.run(event.run_id)
    if run is None or run.opening is None:
        raise LookupError(f"{event.run_id}: no opening account is stored")
    closing = ports.broker.account()
    found = mismatches(run.opening, ports.ledger.entries(run_id=run.id), closing)
    changed = PortfolioStateChanged(
        meta=caused_by(event, PortfolioStateChanged, at=ports.clock.now(), source=_SOURCE),
        run_id=run.id,
        equity=closing.equity,
        cash=closing.cash,
        mismatches=tuple(str(mismatch) for mismatch in found),
    )
    return Settled(run=replace(run, closing=closing), event=changed)
