"""
The table to read first: which handler listens to which event.

A handler is two functions. `prepare(event, ports)` reads and does what may safely be done twice; it runs outside any
transaction. `apply(event, prepared, tx)` writes and emits inside the one transaction that marks the message done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from alchemiser.application import look_ups, rebalance, reporting, settlement, signals, trading
from alchemiser.application.ports.records import Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.events import (
    Event,
    ExecutionPhaseCompleted,
    ExecutionTickDue,
    PartialSignalGenerated,
    PortfolioStateChanged,
    RebalancePlanned,
    SignalGenerated,
    TradeExecuted,
    UnresolvedLookUpDue,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowStarted,
)

E = TypeVar("E", bound=Event)
P = TypeVar("P")
Apply: TypeAlias = Callable[[Transaction], None]
Handle: TypeAlias = Callable[[Event, Ports], Apply]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One handler of an event type, under the name its deliveries are stored by.
    """

    name: str
    handle: Handle


def on(kind: type[E], name: str, prepare: Callable[[E, Ports], P], apply: Callable[[E, P, Transaction], None]) -> Route:
    """
    Return the route of an event type to a prepare and apply pair.
    """

    def handle(event: Event, ports: Ports) -> Apply:
        if not isinstance(event, kind):
            raise TypeError(f"{name}: expected {kind.__name__}, found {type(event).__name__}")
        prepared = prepare(event, ports)
        return lambda tx: apply(event, prepared, tx)

    return Route(name, handle)


ROUTES: Mapping[type[Event], tuple[Route, ...]] = {
    WorkflowStarted: (
        on(WorkflowStarted, "evaluate", signals.prepare_evaluation, signals.apply_evaluation),
    ),
    PartialSignalGenerated: (
        on(PartialSignalGenerated, "collect", signals.prepare_collection, signals.apply_collection),
    ),
    SignalGenerated: (
        on(SignalGenerated, "plan", rebalance.prepare_plan, rebalance.apply_plan),
    ),
    RebalancePlanned: (
        on(RebalancePlanned, "begin-sells", trading.prepare_sells, trading.apply_sells),
    ),
    ExecutionTickDue: (
        on(ExecutionTickDue, "tick", trading.prepare_tick, trading.apply_tick),
    ),
    ExecutionPhaseCompleted: (
        on(ExecutionPhaseCompleted, "next-phase", settlement.prepare_next_phase, settlement.apply_next_phase),
    ),
    PortfolioStateChanged: (
        on(PortfolioStateChanged, "report", reporting.prepare_report, reporting.apply_report),
    ),
    WorkflowFailed: (
        on(WorkflowFailed, "report-failure", reporting.prepare_report, reporting.apply_report),
    ),
    UnresolvedLookUpDue: (
        on(UnresolvedLookUpDue, "look-up", look_ups.prepare_look_up, look_ups.apply_look_up),
    ),
    TradeExecuted: (),
    WorkflowCompleted: (),
}  # fmt: skip

HANDLERS: Mapping[str, Handle] = {route.name: route.handle for routes in ROUTES.values() for route in routes}
LISTENERS: Mapping[str, tuple[str, ...]] = {
    kind.__name__: tuple(route.name for route in routes) for kind, routes in ROUTES.items()
}
