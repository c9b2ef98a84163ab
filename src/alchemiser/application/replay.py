"""
Deliver messages of a run again, from an event on, or take a run that was left undone to its end.

Delivering again is safe: every event has an id that follows from its cause, plans and signals are stored once, a final
trade stays final, and orders are found at the broker by ids that follow from run, symbol, side and attempt.
"""

from alchemiser.application.ports.deliveries import Deliveries, Redelivery, Told
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.application.sweep import close
from alchemiser.domain.errors import ConfigurationError, OrderRefused
from alchemiser.domain.events import Outcome

_SETTLED = {None, Outcome.SUCCESS, Outcome.PARTIAL}


def replay(run: Run, told: tuple[Told, ...], ports: Ports, deliveries: Redelivery) -> int:
    """
    Queue events of a run again for their handlers; return how many deliveries. What is on its way already stays so.

    Raises:
        OrderRefused: the run ended before it traded, so handling its messages now would trade after its report.
    """
    if run.outcome not in _SETTLED:
        raise OrderRefused(
            rail="replay",
            limit="a run that goes on, or that ended with all its trades",
            value=run.outcome.value if run.outcome else "",
            what=f"replay of {run.id}; `alchemiser run --retry` runs its session again",
        )
    return deliveries.repeat(run.id, [one.event.meta.event_id for one in told], now=ports.clock.now())


def events_from(run_id: str, event: str | None, deliveries: Deliveries) -> tuple[Told, ...]:
    """
    Return the events of a run from one on, named by its number or its id; all of them when none is named.

    Raises:
        ConfigurationError: the run has no such event.
    """
    told = deliveries.of_run(run_id)
    if event is None:
        return told
    for place, one in enumerate(told):
        if event in {str(one.seq), one.event.meta.event_id}:
            return told[place:]
    raise ConfigurationError(
        f"expected the number or the id of an event of {run_id}, found {event}; "
        f"`alchemiser timeline {run_id}` lists them"
    )


def abandon(run: Run, ports: Ports, deliveries: Redelivery) -> None:
    """
    End by hand a run that another version of the code began; what rests at the broker is cancelled before the next.

    Raises:
        OrderRefused: the run is over.
    """
    if run.outcome is not None:
        raise OrderRefused(rail="close", limit="a run that goes on", value=run.outcome.value, what=f"end of {run.id}")
    deliveries.bury(run.id, reason="the run was closed by hand")
    close(run, f"closed by hand; it was begun by version {run.code_version}", ports, deliveries)


def recorded_run(run_id: str, archive: Archive) -> Run:
    """
    Return a run.

    Raises:
        ConfigurationError: there is none of that id.
    """
    run = archive.runs.run(run_id)
    if run is None:
        raise ConfigurationError(f"expected a recorded run, found none called {run_id}; `alchemiser status` lists them")
    return run
