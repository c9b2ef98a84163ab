"""
What those who look after the engine ask: which messages are where, which were lost, which are to come again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alchemiser.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    One event's way to one handler.

    Args:
        number: in the order of queueing.
        state: pending, leased, done or dead.
        error: why the last attempt failed, empty when none did.
    """

    event_id: str
    number: int
    handler: str
    due_at: datetime
    state: str
    attempts: int
    owner: str
    done_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    An event as it was stored: its number, the version of the code that told of it, and its deliveries.
    """

    seq: int
    event: Event
    code_version: str
    deliveries: tuple[Delivery, ...]


class Deliveries(Protocol):
    """
    The messages of the account's runs, beside the engine that carries them.
    """

    def of_run(self, run_id: str) -> tuple[Told, ...]:
        """
        Return the events of a run with their deliveries, in the order of storing.
        """
        ...

    def undelivered(self, run_id: str) -> int:
        """
        Return how many deliveries of a run are pending or leased, of any version.
        """
        ...

    def left_alone(self) -> tuple[str, ...]:
        """
        Return the other versions of the code whose messages wait, which this one leaves alone.
        """
        ...


class Redelivery(Deliveries, Protocol):
    """
    Puts messages on their way again, or takes them off it.
    """

    def restore(self, run_id: str, *, now: datetime) -> int:
        """
        Queue every event of a run, told by this version, for the handlers that it was never queued for; return how many
        deliveries that makes.
        """
        ...

    def repeat(self, run_id: str, event_ids: Sequence[str], *, now: datetime) -> int:
        """
        Make deliveries of these events that are done or dead pending again, as if never tried; return how many.
        """
        ...

    def bury(self, run_id: str, *, reason: str) -> int:
        """
        Let the messages of a run that other versions told of die unhandled; return how many.
        """
        ...
