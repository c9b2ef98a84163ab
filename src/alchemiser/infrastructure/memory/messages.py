"""
The engine in memory: deliveries with leases and attempts that fence, as on a database.

Messages of another account or told by another version of the code are left alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from alchemiser import __version__
from alchemiser.application.ports.messaging import AlreadyHandled, Engine, Message
from alchemiser.application.ports.records import Transaction
from alchemiser.infrastructure.memory.store import Delivery, Memory, State
from alchemiser.infrastructure.memory.transaction import MemoryTransaction


class MemoryEngine(Engine):
    """
    Carries messages in memory.

    Args:
        routes: the names of the handlers of each event type, in the order they are to be served.
        owner: who leases. A lease is open to its own owner at once; owners that live at the same time need names of
            their own.
        lease_s: after so many seconds a lease is open to anyone.
        account: whose runs' messages are carried; None for all there are.
        version: of this code; messages that another version told of are left alone.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        routes: Mapping[str, Sequence[str]],
        owner: str = "embedded",
        lease_s: int = 60,
        account: str | None = None,
        version: str = __version__,
    ) -> None:
        self._account = account
        self._version = version
        self._memory = memory
        self._routes = routes
        self._owner = owner
        self._lease = timedelta(seconds=lease_s)

    def claim(self, *, now: datetime) -> Message | None:
        """
        Lease the earliest message that is due, or return None.
        """
        due = [one for one in self._ours() if one.due_at <= now and self._is_claimable(one, now)]
        if not due:
            return None
        delivery = self.chosen(due)
        delivery.state, delivery.owner = State.LEASED, self._owner
        delivery.attempts += 1
        delivery.lease_until = now + self._lease
        return Message(
            event=delivery.event, handler=delivery.handler, due_at=delivery.due_at, attempt=delivery.attempts
        )

    def chosen(self, due: Sequence[Delivery]) -> Delivery:
        """
        Return the delivery that is served first.
        """
        return min(due, key=lambda delivery: (delivery.due_at, delivery.number))

    def next_due(self) -> datetime | None:
        """
        Return when the earliest undelivered message is due, or its lease ends, None when all is delivered.
        """
        return min(map(self._claimable_at, self._ours()), default=None)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """
        Open a transaction that no message caused.
        """
        with self._memory.writing():
            yield MemoryTransaction(self._memory, routes=self._routes, version=self._version)

    @contextmanager
    def finishing(self, message: Message, *, now: datetime, error: str | None = None) -> Iterator[Transaction]:
        """
        Open the transaction that marks a message done, or dead, together with what is written of it.
        """
        with self._memory.writing():
            delivery = self._leased(message)
            self._settle(delivery, State.DONE if error is None else State.DEAD)
            if error is None:
                delivery.done_at = now
            else:
                delivery.last_error = error
            yield MemoryTransaction(self._memory, routes=self._routes, version=self._version)

    def delayed(self, message: Message, *, error: str, retry_at: datetime) -> None:
        """
        Give a message back.
        """
        with self._memory.writing():
            delivery = self._leased(message)
            delivery.last_error = error
            delivery.state, delivery.due_at, delivery.lease_until = State.PENDING, retry_at, None

    def _ours(self) -> Iterator[Delivery]:
        for delivery in self._memory.waiting.values():
            if delivery.version == self._version and (self._account is None or self._is_of_account(delivery)):
                yield delivery

    def _is_of_account(self, delivery: Delivery) -> bool:
        run = self._memory.runs.get(delivery.event.run_id)
        return run is not None and run.account == self._account

    def _is_claimable(self, delivery: Delivery, now: datetime) -> bool:
        if delivery.state is State.PENDING or delivery.owner == self._owner:
            return True
        return delivery.lease_until is not None and delivery.lease_until <= now

    def _claimable_at(self, delivery: Delivery) -> datetime:
        if delivery.state is State.PENDING or delivery.owner == self._owner or delivery.lease_until is None:
            return delivery.due_at
        return max(delivery.due_at, delivery.lease_until)

    def _settle(self, delivery: Delivery, state: State) -> None:
        memory, before = self._memory, (delivery.state, delivery.lease_until, delivery.last_error)
        waiting = memory.waiting.pop(delivery.number)

        def undo() -> None:
            delivery.state, delivery.lease_until, delivery.last_error = before
            delivery.done_at = None
            memory.waiting[delivery.number] = waiting

        memory.undone_by(undo)
        delivery.state, delivery.lease_until = state, None

    def _leased(self, message: Message) -> Delivery:
        delivery = self._memory.deliveries.get((message.event.meta.event_id, message.handler))
        if (
            delivery is None
            or delivery.state is not State.LEASED
            or delivery.owner != self._owner
            or delivery.attempts != message.attempt
        ):
            raise AlreadyHandled(
                f"{type(message.event).__name__} for {message.handler}: attempt {message.attempt} was overtaken"
            )
        return delivery
