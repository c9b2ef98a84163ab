"""
The engine on a database: events are the outbox, deliveries the inbox, their due times durable timers.

A delivery is `pending`, then `leased` to an owner who counts the attempt, then `done` or `dead`; a failed one
is `pending` again with a later due time. The attempt number fences: whoever was overtaken by a later attempt
cannot finish, so no write of a message happens twice. That is why a lease is not renewed: a handler that outlives it
is overtaken, which costs its work and nothing else; the longest handler takes seconds, a lease a minute.

Messages of another account or told by another version of the code are left alone: a run ends on the version that
began it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, or_, select

from alchemiser import __version__
from alchemiser.application.ports.messaging import AlreadyHandled, Engine, Message
from alchemiser.application.ports.records import Transaction
from alchemiser.domain.errors import RecordsError
from alchemiser.domain.events import Envelope, WorkflowFailed
from alchemiser.domain.identity import event_id
from alchemiser.infrastructure.codec import decode_event
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.tables import deliveries, events, runs
from alchemiser.infrastructure.sql.transaction import SqlTransaction


class SqlEngine(Engine):
    """
    Carries messages in a database.

    Args:
        routes: the names of the handlers of each event type, in the order they are to be served.
        owner: who leases. A lease is open to its own owner at once, so a restarted pump waits for nothing;
            owners that live at the same time need names of their own.
        lease_s: after so many seconds a lease is open to anyone.
        account: whose runs' messages are carried; None for all there are.
        version: of this code; messages that another version told of are left alone.
    """

    def __init__(
        self,
        database: Database,
        *,
        routes: Mapping[str, Sequence[str]],
        owner: str = "embedded",
        lease_s: int = 60,
        account: str | None = None,
        version: str = __version__,
    ) -> None:
        self._database = database
        self._routes = routes
        self._owner = owner
        self._lease = timedelta(seconds=lease_s)
        self._account = account
        self._version = version

    def claim(self, *, now: datetime) -> Message | None:
        """
        Lease the earliest message that is due, or return None.
        """
        due = (
            select(
                deliveries.c.number,
                deliveries.c.handler,
                deliveries.c.due_at,
                deliveries.c.attempts,
                events.c.event_id,
                events.c.run_id,
                events.c.type,
                events.c.body,
            )
            .join(events, events.c.event_id == deliveries.c.event_id)
            .where(self._is_claimable(now), deliveries.c.due_at <= now, *self._are_ours())
            .order_by(deliveries.c.due_at, deliveries.c.number)
            .limit(1)
            .with_for_update(of=deliveries, skip_locked=True)
        )
        with self._database.writing() as connection:
            row = connection.execute(due).mappings().one_or_none()
            if row is None:
                return None
            attempt = row["attempts"] + 1
            connection.execute(
                deliveries.update()
                .where(deliveries.c.number == row["number"])
                .values(state="leased", attempts=attempt, owner=self._owner, lease_until=now + self._lease)
            )
        try:
            event = decode_event(row["type"], row["body"])
        except RecordsError as exc:
            self._bury(row, now=now, error=str(exc))
            return None
        return Message(event=event, handler=row["handler"], due_at=row["due_at"], attempt=attempt)

    def next_due(self) -> datetime | None:
        """
        Return when the earliest undelivered message is due, or its lease ends, None when all is delivered.
        """
        waits_for_lease = and_(
            deliveries.c.state == "leased",
            deliveries.c.owner != self._owner,
            deliveries.c.lease_until > deliveries.c.due_at,
        )
        instant = case((waits_for_lease, deliveries.c.lease_until), else_=deliveries.c.due_at)
        undelivered = deliveries.c.state.in_(("pending", "leased"))
        earliest = (
            select(func.min(instant))
            .join(events, events.c.event_id == deliveries.c.event_id)
            .where(undelivered, *self._are_ours())
        )
        with self._database.reading() as connection:
            found: datetime | None = connection.scalar(earliest)
        return found

    def bound(self, now: datetime) -> datetime | None:
        """
        Return how far a simulated time may go from an instant before something is to be done, None when nothing is;
        the instant itself while another owner holds a message.
        """
        is_held = and_(deliveries.c.state == "leased", deliveries.c.owner != self._owner)
        waiting = (
            select(func.min(deliveries.c.due_at), func.count().filter(is_held))
            .join(events, events.c.event_id == deliveries.c.event_id)
            .where(deliveries.c.state.in_(("pending", "leased")), *self._are_ours())
        )
        with self._database.reading() as connection:
            due, held = connection.execute(waiting).one()
        return now if held else due

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """
        Open a transaction that no message caused.
        """
        with self._database.writing() as connection:
            yield self._transaction(connection)

    @contextmanager
    def finishing(self, message: Message, *, now: datetime) -> Iterator[Transaction]:
        """
        Open the transaction that marks a message done together with what its handler writes.
        """
        with self._database.writing() as connection:
            transaction = self._transaction(connection)
            self._settle(connection, message, state="done", done_at=now, lease_until=None)
            yield transaction

    def failed(self, message: Message, *, error: str, retry_at: datetime | None) -> None:
        """
        Give a message back, or let it die.
        """
        with self._database.writing() as connection:
            if retry_at is None:
                self._settle(connection, message, state="dead", last_error=error, lease_until=None)
            else:
                self._settle(connection, message, state="pending", last_error=error, lease_until=None, due_at=retry_at)

    def _bury(self, row: RowMapping, *, now: datetime, error: str) -> None:
        # What cannot be read can never be handled: its run fails now instead of stopping everything after it.
        run = row["run_id"]
        failed = WorkflowFailed(
            meta=Envelope(
                event_id=event_id(causation_id=run, event_type="WorkflowFailed", key=""),
                correlation_id=run,
                causation_id=row["event_id"],
                occurred_at=now,
                source_module=__name__,
                source_component="claim",
            ),
            run_id=run,
            step=row["handler"],
            category=RecordsError.category.value,
            error=error,
        )
        with self._database.writing() as connection:
            self._transaction(connection).emit(failed)
            connection.execute(
                deliveries.update()
                .where(deliveries.c.number == row["number"], deliveries.c.state == "leased")
                .values(state="dead", last_error=error, lease_until=None)
            )

    def _transaction(self, connection: Connection) -> SqlTransaction:
        return SqlTransaction(connection, routes=self._routes, version=self._version)

    def _are_ours(self) -> Iterator[ColumnElement[bool]]:
        yield events.c.code_version == self._version
        if self._account is not None:
            yield events.c.run_id.in_(select(runs.c.id).where(runs.c.account == self._account))

    def _is_claimable(self, now: datetime) -> ColumnElement[bool]:
        is_ours_or_over = or_(deliveries.c.owner == self._owner, deliveries.c.lease_until <= now)
        return or_(deliveries.c.state == "pending", and_(deliveries.c.state == "leased", is_ours_or_over))

    def _settle(self, connection: Connection, message: Message, **values: object) -> None:
        settled = connection.execute(
            deliveries.update()
            .where(
                deliveries.c.event_id == message.event.meta.event_id,
                deliveries.c.handler == message.handler,
                deliveries.c.state == "leased",
                deliveries.c.owner == self._owner,
                deliveries.c.attempts == message.attempt,
            )
            .values(**values)
        )
        if settled.rowcount != 1:
            raise AlreadyHandled(
                f"{type(message.event).__name__} for {message.handler}: attempt {message.attempt} was overtaken"
            )
