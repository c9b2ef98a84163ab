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
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Text, and_, bindparam, case, func, or_, select

from alchemiser import __version__
from alchemiser.application.ports.messaging import AlreadyHandled, Engine, Message
from alchemiser.application.ports.records import Transaction
from alchemiser.domain.errors import RecordsError
from alchemiser.domain.events import Envelope, WorkflowFailed
from alchemiser.domain.identity import event_id
from alchemiser.infrastructure.codec import decode_event
from alchemiser.infrastructure.sql.columns import Instant
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.tables import deliveries, events, runs
from alchemiser.infrastructure.sql.transaction import SqlTransaction

_LEASE = (
    deliveries.update()
    .where(deliveries.c.number == bindparam("this"))
    .values(state="leased", attempts=bindparam("attempt"), owner=bindparam("me"), lease_until=bindparam("until"))
)
_SETTLE = (
    deliveries.update()
    .where(
        deliveries.c.event_id == bindparam("event"),
        deliveries.c.handler == bindparam("to"),
        deliveries.c.state == "leased",
        deliveries.c.owner == bindparam("me"),
        deliveries.c.attempts == bindparam("attempt"),
    )
    .values(
        state=bindparam("into"),
        lease_until=None,
        done_at=bindparam("done"),
        last_error=func.coalesce(bindparam("error", type_=Text()), deliveries.c.last_error),
    )
)
_RETRY = _SETTLE.values(due_at=bindparam("due"))


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
        # Asked for every message: put together once.
        self._due = self._due_first()
        self._earliest = self._of_waiting(func.min(self._instant()))
        self._waiting = self._of_waiting(func.min(deliveries.c.due_at), func.count().filter(self._is_held()))

    def claim(self, *, now: datetime) -> Message | None:
        """
        Lease the earliest message that is due, or return None.
        """
        with self._database.writing() as connection:
            row = connection.execute(self._due, {"now": now}).mappings().one_or_none()
            if row is None:
                return None
            attempt = row["attempts"] + 1
            lease = {"this": row["number"], "attempt": attempt, "me": self._owner, "until": now + self._lease}
            connection.execute(_LEASE, lease)
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
        with self._database.reading() as connection:
            found: datetime | None = connection.scalar(self._earliest)
        return found

    def bound(self, now: datetime) -> datetime | None:
        """
        Return how far a simulated time may go from an instant before something is to be done, None when nothing is;
        the instant itself while another owner holds a message.
        """
        with self._database.reading() as connection:
            due, held = connection.execute(self._waiting).one()
        return now if held else due

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """
        Open a transaction that no message caused.
        """
        with self._database.writing() as connection:
            yield self._transaction(connection)

    @contextmanager
    def finishing(self, message: Message, *, now: datetime, error: str | None = None) -> Iterator[Transaction]:
        """
        Open the transaction that marks a message done, or dead, together with what is written of it.
        """
        with self._database.writing() as connection:
            transaction = self._transaction(connection)
            if error is None:
                self._settle(connection, message, state="done", done=now)
            else:
                self._settle(connection, message, state="dead", error=error)
            yield transaction

    def delayed(self, message: Message, *, error: str, retry_at: datetime) -> None:
        """
        Give a message back.
        """
        with self._database.writing() as connection:
            self._settle(connection, message, state="pending", error=error, due=retry_at)

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

    def _due_first(self) -> Select[Any]:
        now = bindparam("now", type_=Instant())
        is_ours_or_over = or_(deliveries.c.owner == self._owner, deliveries.c.lease_until <= now)
        is_claimable = or_(deliveries.c.state == "pending", and_(deliveries.c.state == "leased", is_ours_or_over))
        return (
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
            .where(is_claimable, deliveries.c.due_at <= now, *self._are_ours())
            .order_by(deliveries.c.due_at, deliveries.c.number)
            .limit(1)
            .with_for_update(of=deliveries, skip_locked=True)
        )

    def _of_waiting(self, *figures: ColumnElement[Any]) -> Select[Any]:
        return (
            select(*figures)
            .select_from(deliveries)
            .join(events, events.c.event_id == deliveries.c.event_id)
            .where(deliveries.c.state.in_(("pending", "leased")), *self._are_ours())
        )

    def _instant(self) -> ColumnElement[datetime]:
        waits_for_lease = and_(self._is_held(), deliveries.c.lease_until > deliveries.c.due_at)
        return case((waits_for_lease, deliveries.c.lease_until), else_=deliveries.c.due_at)

    def _is_held(self) -> ColumnElement[bool]:
        return and_(deliveries.c.state == "leased", deliveries.c.owner != self._owner)

    def _settle(self, connection: Connection, message: Message, *, state: str, **news: object) -> None:
        values: dict[str, object] = {"error": None, "done": None, **news, "into": state}
        who = {
            "event": message.event.meta.event_id,
            "to": message.handler,
            "me": self._owner,
            "attempt": message.attempt,
        }
        settled = connection.execute(_RETRY if "due" in news else _SETTLE, values | who)
        if settled.rowcount != 1:
            raise AlreadyHandled(
                f"{type(message.event).__name__} for {message.handler}: attempt {message.attempt} was overtaken"
            )
