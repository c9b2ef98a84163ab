"""
Evaluate the whole book on daily bars, collect what each strategy decided, merge once all have.

1. load the closes of every symbol the book names, see `live_bars`;
2. evaluate all symphonies over one shared graph, plugged-in strategies one by one;
3. let strategies that are not due hold what they have, see `holding`, and those without a signal keep their last
   good target where the profile says so, see `carrying`;
4. tell of each strategy's signal, or of why it has none, and warn of conditions close to their threshold;
5. when the last one is stored, merge; if any has no signal by then, nothing is traded.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from alchemiser.application.carrying import carried
from alchemiser.application.evaluation import evaluate_all, near_thresholds
from alchemiser.application.holding import Settled, settle
from alchemiser.application.live_bars import evidence
from alchemiser.application.log import Log
from alchemiser.application.notices import flip_words
from alchemiser.application.ports.records import Transaction
from alchemiser.application.ports.strategies import Book, Sleeve
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.events import (
    PartialSignalGenerated,
    SignalGenerated,
    WorkflowFailed,
    WorkflowStarted,
    caused_by,
    once_in_run,
)
from alchemiser.domain.market import Closes
from alchemiser.domain.portfolio.target import merge
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Evaluation
from alchemiser.domain.values import Price, Symbol

_SOURCE = "alchemiser.application.signals"
_log = Log()


def decide(book: Book, closes: Closes, *, session: date) -> tuple[tuple[Sleeve, Signal | SignalUndefined], ...]:
    """
    Return what each strategy of the book wants after a session, or why it cannot say.
    """
    return _decided(book, evaluate_all(book.strategies, closes), session)


def prepare_evaluation(event: WorkflowStarted, ports: Ports) -> tuple[PartialSignalGenerated, ...]:
    """
    Evaluate the book for the run.
    """
    book = ports.library.book()
    # The mode the run was started in, whatever the profile says by now.
    found = evidence(book, ports, session=event.session, mode=event.bars)
    evaluations = evaluate_all(book.strategies, found.closes)
    due = settle(_decided(book, evaluations, found.session), found.closes, ports, session=event.session)
    settled = tuple(carried(one, ports, session=event.session) for one in due)
    now = ports.clock.now()
    told = tuple(
        _told(
            event,
            one,
            near_thresholds(evaluation, found.session, within=ports.rules.warn_within),
            found.quotes,
            at=now,
        )
        for one, evaluation in zip(settled, evaluations, strict=True)
    )
    for partial in told:
        for flip in partial.near:
            _log.warning("condition_near_threshold", strategy=partial.strategy, what=flip_words(flip))
    return told


def apply_evaluation(event: WorkflowStarted, decided: tuple[PartialSignalGenerated, ...], tx: Transaction) -> None:
    """
    Tell what each strategy decided.
    """
    found = tuple(sorted(signal.strategy for signal in decided))
    if found != tuple(sorted(event.strategies)):
        # The files changed between the start of the run and now: what started is not what would be traded.
        tx.emit(_failed(event, f"expected the strategies {event.strategies} the run started with, found {found}"))
        return
    for signal in decided:
        tx.emit(signal)


def prepare_collection(event: PartialSignalGenerated, ports: Ports) -> tuple[str, ...]:
    """
    Return the names of the strategies the run waits for.
    """
    for stored in ports.ledger.events(event.run_id):
        if isinstance(stored, WorkflowStarted):
            return stored.strategies
    raise LookupError(f"{event.run_id}: no start is stored")


def apply_collection(event: PartialSignalGenerated, expected: tuple[str, ...], tx: Transaction) -> None:
    """
    Store one strategy's signal; with the last of them, merge all or fail the run.
    """
    stored = tx.save_signal(event)
    if {signal.strategy for signal in stored} != set(expected):
        return
    failures = [signal.failure for signal in stored if signal.signal is None]
    if failures:
        tx.emit(_failed(event, "nothing is traded, a strategy has no signal: " + "; ".join(failures)))
        return
    target = merge([(one.allocation, one.signal) for one in stored if one.signal is not None])
    tx.emit(
        SignalGenerated(
            meta=once_in_run(event, SignalGenerated, at=event.meta.occurred_at, source=f"{_SOURCE}.collect"),
            run_id=event.run_id,
            target=target,
        )
    )


def _decided(
    book: Book, evaluations: Sequence[Evaluation], session: date
) -> tuple[tuple[Sleeve, Signal | SignalUndefined], ...]:
    return tuple(
        (sleeve, _signal_or_reason(evaluation, session))
        for sleeve, evaluation in zip(book.sleeves, evaluations, strict=True)
    )


def _told(
    event: WorkflowStarted,
    settled: Settled,
    near: tuple[Flip, ...],
    quotes: Mapping[Symbol, Price],
    *,
    at: datetime,
) -> PartialSignalGenerated:
    strategy, verdict = settled.sleeve.strategy, settled.verdict
    return PartialSignalGenerated(
        meta=caused_by(event, PartialSignalGenerated, at=at, source=f"{_SOURCE}.evaluate", key=strategy.name),
        run_id=event.run_id,
        strategy=strategy.name,
        fingerprint=strategy.fingerprint,
        allocation=settled.sleeve.allocation,
        signal=verdict if isinstance(verdict, Signal) else None,
        failure=settled.failure if isinstance(verdict, Signal) else str(verdict),
        hold=settled.hold,
        near=near,
        quotes={symbol: quotes[symbol] for symbol in strategy.requirements.symbols if symbol in quotes},
    )


def _signal_or_reason(evaluation: Evaluation, session: date) -> Signal | SignalUndefined:
    try:
        return evaluation.signal(session)
    except SignalUndefined as undefined:
        return undefined


def _failed(event: WorkflowStarted | PartialSignalGenerated, error: str) -> WorkflowFailed:
    return WorkflowFailed(
        meta=once_in_run(event, WorkflowFailed, at=event.meta.occurred_at, source=f"{_SOURCE}.collect"),
        run_id=event.run_id,
        step="signals",
        category="strategy",
        error=error,
    )
