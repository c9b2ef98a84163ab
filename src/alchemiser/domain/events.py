"""
What happened, at the boundaries between stages. Read it with `application/workflow.py`, which says who listens.

    WorkflowStarted → PartialSignalGenerated × N → SignalGenerated → RebalancePlanned
      → ExecutionTickDue … → ExecutionPhaseCompleted (sells) → ExecutionTickDue … → ExecutionPhaseCompleted (buys)
      → PortfolioStateChanged → WorkflowCompleted
    TradeExecuted is told for each trade that ends; WorkflowFailed for a step that could not be done;
    UnresolvedLookUpDue after the run, for as long as an order of it is not known to its end.

Large data (plans, signals' panels) is kept in the records and told of by reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from alchemiser.domain.identity import event_id
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.rebalance import Hold
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.values import Money, Price, Quantity, Symbol

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """
    Who told of an event, when, in which run (`correlation_id`) and because of which event (`causation_id`).
    """

    event_id: str
    correlation_id: str
    causation_id: str
    occurred_at: datetime
    source_module: str
    source_component: str
    schema_version: int = SCHEMA_VERSION


class Phase(StrEnum):
    """
    The two halves of an execution; no buy is sent before every sell is final.
    """

    SELLS = "sells"
    BUYS = "buys"


class Outcome(StrEnum):
    """
    How a run ends.
    """

    SUCCESS = "success"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    FAILED = "failed"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStarted:
    """
    A run for a session began; signals come from bars through `signal_session`, made as `bars` says.
    """

    meta: Envelope
    run_id: str
    account: str
    session: date
    signal_session: date
    strategies: tuple[str, ...]
    bars: BarsMode = BarsMode.COMPLETED


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialSignalGenerated:
    """
    One strategy decided, or could not: then `failure` says why, and `signal` is None or an earlier one that is carried.

    Args:
        hold: the target it holds on to when it was not due; the signal's weights are then what became of it.
        near: conditions that a small move of a close would have turned over.
        quotes: of the strategy's symbols, the middles that were taken for closes of the run's session.
    """

    meta: Envelope
    run_id: str
    strategy: str
    fingerprint: str
    allocation: Decimal
    signal: Signal | None
    failure: str = ""
    hold: Hold | None = None
    near: tuple[Flip, ...] = ()
    quotes: Mapping[Symbol, Price] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalGenerated:
    """
    Every strategy decided; their votes are merged.
    """

    meta: Envelope
    run_id: str
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalancePlanned:
    """
    The plan stands in the records under this hash.
    """

    meta: Envelope
    run_id: str
    plan_hash: str
    sells: int
    buys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionTickDue:
    """
    A durable timer: look at the phase's trades again.
    """

    meta: Envelope
    run_id: str
    phase: Phase
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPhaseCompleted:
    """
    Every trade of the phase is final.
    """

    meta: Envelope
    run_id: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeExecuted:
    """
    A trade is final; `status` says how.
    """

    meta: Envelope
    run_id: str
    trade_id: str
    symbol: Symbol
    status: str
    filled: Quantity
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioStateChanged:
    """
    The account after the run; `mismatches` names symbols where the ledger and the broker disagree.
    """

    meta: Envelope
    run_id: str
    equity: Money
    cash: Money
    mismatches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowCompleted:
    """
    The run is over and its report is written.
    """

    meta: Envelope
    run_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFailed:
    """
    A step could not be done; nothing further happens in the run but its report.
    """

    meta: Envelope
    run_id: str
    step: str
    category: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnresolvedLookUpDue:
    """
    A durable timer after the run: look again for what became of its orders that nobody could resolve.
    """

    meta: Envelope
    run_id: str
    number: int


Event: TypeAlias = (
    WorkflowStarted
    | PartialSignalGenerated
    | SignalGenerated
    | RebalancePlanned
    | ExecutionTickDue
    | ExecutionPhaseCompleted
    | TradeExecuted
    | PortfolioStateChanged
    | WorkflowCompleted
    | WorkflowFailed
    | UnresolvedLookUpDue
)


def caused_by(cause: Event, kind: type[Event], *, at: datetime, source: str, key: str = "") -> Envelope:
    """
    Return the envelope of an event that another one brings about; the same cause, type and key give the same id.

    Args:
        source: the telling function as `module.component`.
        key: tells apart several events of one type with one cause.
    """
    module, _, component = source.rpartition(".")
    return Envelope(
        event_id=event_id(causation_id=cause.meta.event_id, event_type=kind.__name__, key=key),
        correlation_id=cause.meta.correlation_id,
        causation_id=cause.meta.event_id,
        occurred_at=at,
        source_module=module,
        source_component=component,
    )


def once_in_run(cause: Event, kind: type[Event], *, at: datetime, source: str, key: str = "") -> Envelope:
    """
    Return the envelope of an event that a run has at most once, or once for each key, whichever of several events
    brings it about.
    """
    run = cause.meta.correlation_id
    identity = event_id(causation_id=run, event_type=kind.__name__, key=key)
    return replace(caused_by(cause, kind, at=at, source=source), event_id=identity)


def first_cause(run_id: str, *, at: datetime, source: str, kind: type[Event] = WorkflowStarted) -> Envelope:
    """
    Return the envelope of the event that starts a run, or is all that is told of it.
    """
    module, _, component = source.rpartition(".")
    return Envelope(
        event_id=event_id(causation_id=run_id, event_type=kind.__name__, key=""),
        correlation_id=run_id,
        causation_id=run_id,
        occurred_at=at,
        source_module=module,
        source_component=component,
    )
