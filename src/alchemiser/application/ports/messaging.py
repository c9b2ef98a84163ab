"""
What the workflow asks of the engine that carries its messages: a transactional inbox and outbox with durable timers.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alchemiser.application.ports.records import Transaction
from alchemiser.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    One delivery of an event to one handler; `attempt` counts from 1.
    """

    event: Event
    handler: str
    due_at: datetime
    attempt: int


class AlreadyHandled(Exception):  # noqa: N818 - a state of the world, not a failure
    """
    A message was finished before, or a later attempt took it over: nothing is left to do, nothing was written.
    """


class Engine(Protocol):
    """
    Delivers each stored event to each of its handlers, at least once, in order of due time, then of storing.
    """

    def claim(self, *, now: datetime) -> Message | None:
        """
        Lease the earliest message that is due, or return None. A lease whose owner died is claimable again.
        """
        ...

    def next_due(self) -> datetime | None:
        """
        Return when the earliest undelivered message is due, None when all is delivered.
        """
        ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """
        Open a transaction that no message caused: the start of a run.
        """
        ...

    def finishing(
        self, message: Message, *, now: datetime, error: str | None = None
    ) -> AbstractContextManager[Transaction]:
        """
        Open the transaction that marks a message done together with all its handler writes and emits; with an error it
        marks it dead together with what is told of that.

        Raises:
            AlreadyHandled: on entering, when the message is done or a later attempt has it.
        """
        ...

    def delayed(self, message: Message, *, error: str, retry_at: datetime) -> None:
        """
        Give a message back with its error; claimable again at `retry_at`.

        Raises:
            AlreadyHandled: the message is done or a later attempt has it.
        """
        ...


class Notifier(Protocol):
    """
    Delivers reports to the owner.
    """

    def deliver(self, *, name: str, subject: str, text: str, html: str) -> tuple[str, ...]:
        """
        Deliver a report under a name that makes a second delivery replace the first; return where it lies.

        Raises:
            NotificationError: it could not be delivered.
        """
        ...
