"""
Read models for the terminal and the report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from alchemiser.application.notices import flip_words
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.reports import RunReport
from alchemiser.application.ports.suite import Archive
from alchemiser.application.recovery import late_fills
from alchemiser.domain.errors import ConfigurationError
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import TradeStatus
from alchemiser.domain.ledger.attribution import books_through
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.strategy.signal import Decision, Signal
from alchemiser.domain.values import Quantity, Symbol

_PAGE = 200
_CARRIED_OUT = {Outcome.SUCCESS, Outcome.PARTIAL}


def report_of(run_id: str, archive: Archive) -> RunReport:
    """
    Return everything recorded of a run.

    Raises:
        ConfigurationError: there is no such run.
    """
    run = archive.runs.run(run_id)
    if run is None:
        raise ConfigurationError(f"expected a recorded run, found none called {run_id}; `alchemiser status` lists them")
    report = RunReport(
        run=run,
        signals=archive.runs.signals(run_id),
        plan=archive.runs.plan(run_id),
        trades=archive.trades.trades(run_id),
        fills=archive.ledger.entries(run_id=run_id),
        warnings=(),
        bars=run.bars,
    )
    return replace(report, warnings=warnings_of(report))


def latest_run(archive: Archive, *, account: str | None = None) -> Run | None:
    """
    Return the last run of the latest session, of one account or of all, None when nothing was run yet.
    """
    runs = archive.runs.runs(account=account, limit=1)
    return runs[0] if runs else None


def books_of(entries: Sequence[LedgerEntry], archive: Archive) -> Mapping[Symbol, Mapping[str, Quantity]]:
    """
    Return whose shares are whose: by symbol that the entries leave held, each strategy's part of it.

    Each account has its own history; what a strategy has in several is added up, as positions are. What a run wanted
    counts when it traded, or came to its end with nothing to trade.

    Args:
        entries: all there are, read before this is called: every one's run is recorded then.
    """
    of_run: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        of_run.setdefault(entry.run_id, []).append(entry)
    histories: dict[str, list[tuple[Target | None, Sequence[LedgerEntry]]]] = {}
    for run in reversed(_every_run(archive)):
        fills = of_run.get(run.id, [])
        plan = archive.runs.plan(run.id) if fills or run.outcome in _CARRIED_OUT else None
        histories.setdefault(run.account, []).append((None if plan is None else plan.snapshot.target, fills))
    books: dict[Symbol, dict[str, Quantity]] = {}
    for history in histories.values():
        for symbol, parts in books_through(history).items():
            book = books.setdefault(symbol, {})
            for name, part in parts.items():
                book[name] = book[name] + part if name in book else part
    return dict(sorted(books.items()))


def _every_run(archive: Archive) -> tuple[Run, ...]:
    # One that begins between two pages moves the others back: it is not read then, and none is read twice.
    runs: dict[str, Run] = {}
    offset = 0
    while page := archive.runs.runs(limit=_PAGE, offset=offset):
        runs.update((run.id, run) for run in page)
        offset += len(page)
    return tuple(runs.values())


def warnings_of(report: RunReport) -> tuple[str, ...]:
    """
    Return what the owner should know about a run, in the order of its stages.
    """
    found = list(report.run.notes)
    found += [f"{signal.strategy} has no signal: {signal.failure}" for signal in report.signals if signal.failure]
    found += [
        f"{signal.strategy}: {', '.join(decision.left_out)} left out, history too short for {decision.node}"
        for signal in report.signals
        if signal.signal is not None
        for decision in signal.signal.decisions
        if decision.left_out
    ]
    found += [f"{signal.strategy}: {flip_words(flip)}" for signal in report.signals for flip in signal.near]
    found += [
        f"{trade.side} {trade.symbol} {trade.status}: {trade.reason}"
        for trade in report.trades
        if trade.status is not TradeStatus.DONE and (report.run.outcome is not None or trade.reason)
    ]
    found += [
        f"{fill.side} {fill.symbol}: {fill.cumulative} shares of order {name} were found after the run had ended"
        for name, fill in late_fills(report.run, report.fills).items()
    ]
    if report.run.detail and report.run.outcome is not Outcome.SUCCESS:
        found.append(report.run.detail)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """
    What one strategy wanted of a traded symbol, and the decisions that led it there.
    """

    strategy: str
    weight: Decimal
    decisions: tuple[Decision, ...]


def causes_of(entries: Sequence[LedgerEntry], archive: Archive) -> Mapping[str, tuple[Cause, ...]]:
    """
    Return, by trade id, the strategies that wanted the symbol; for an exit every strategy, since none wanted it.
    """
    signals = {run_id: archive.runs.signals(run_id) for run_id in {entry.run_id for entry in entries}}
    causes: dict[str, tuple[Cause, ...]] = {}
    for entry in entries:
        if entry.trade_id not in causes:
            every = [_cause(told.signal, entry.symbol) for told in signals[entry.run_id] if told.signal]
            wanting = tuple(cause for cause in every if cause.weight)
            causes[entry.trade_id] = wanting or tuple(every)
    return causes


def _cause(signal: Signal, symbol: Symbol) -> Cause:
    return Cause(
        strategy=signal.strategy,
        weight=signal.weights.get(symbol, Decimal(0)),
        decisions=signal.decisions,
    )
