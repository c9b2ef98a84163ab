"""
Look after the messages in a database: list them, queue lost ones again, let some come again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from alchemiser import __version__
from alchemiser.application.ports.deliveries import Delivery, Redelivery, Told
from alchemiser.infrastructure.codec import decode_event
from alchemiser.infrastructure.sql.chain import locked_head
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.tables import deliveries, events, runs

_WAITING = ("pending", "leased")
_OVER = ("done", "dead")


class SqlDeliveries(Redelivery):
    """
    The messages of an account's runs in a database.

    Args:
        routes: the names of the handlers of each event type.
        account: whose runs; None for all there are.
        version: of this code.
    """

    def __init__(
        self,
        database: Database,
        *,
        routes: Mapping[str, Sequence[str]],
        account: str | None = None,
        version: str = __version__,
    ) -> None:
        self._database = database
        self._routes = routes
        self._account = account
        self._version = version

    def of_run(self, run_id: str) -> tuple[Told, ...]:
        """
        Return the events of a run with their deliveries, in the order of storing.
        """
        told = select(events).where(events.c.run_id == run_id).order_by(events.c.seq)
        made = select(deliveries).join(events).where(events.c.run_id == run_id).order_by(deliveries.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(told).mappings().all()
            queued: dict[str, list[Delivery]] = defaultdict(list)
            for row in connection.execute(made).mappings():
                queued[row["event_id"]].append(
                    Delivery(
                        event_id=row["event_id"],
                        number=row["number"],
                        handler=row["handler"],
                        due_at=row["due_at"],
                        state=row["state"],
                        attempts=row["attempts"],
                        owner=row["owner"] or "",
                        done_at=row["done_at"],
                        error=row["last_error"] or "",
                    )
                )
        return tuple(
            Told(
                seq=row["seq"],
                event=decode_event(row["type"], row["body"]),
                code_version=row["code_version"],
                deliveries=tuple(queued[row["event_id"]]),
            )
            for row in rows
        )

    def undelivered(self, run_id: str) -> int:
        """
        Return how many deliveries of a run are pending or leased.
        """
        waiting = (
            select(func.count())
            .select_from(deliveries)
            .join(events)
            .where(events.c.run_id == run_id, deliveries.c.state.in_(_WAITING))
        )
        with self._database.reading() as connection:
            return connection.scalar(waiting) or 0

    def restore(self, run_id: str, *, now: datetime) -> int:
        """
        Queue every event of a run again for the handlers that it was never queued for.
        """
        told = select(events.c.event_id, events.c.type).where(
            events.c.run_id == run_id, events.c.code_version == self._version
        )
        made = select(deliveries.c.event_id, deliveries.c.handler).join(events).where(events.c.run_id == run_id)
        with self._database.writing() as connection:
            # As everybody who queues: one after the other, see `chain`.
            locked_head(connection)
            known = {(row.event_id, row.handler) for row in connection.execute(made)}
            lost = [
                {"event_id": row.event_id, "handler": handler, "due_at": now, "state": "pending", "attempts": 0}
                for row in connection.execute(told.order_by(events.c.seq))
                for handler in self._routes.get(row.type, ())
                if (row.event_id, handler) not in known
            ]
            if lost:
                connection.execute(deliveries.insert(), lost)
        return len(lost)

    def repeat(self, run_id: str, event_ids: Sequence[str], *, now: datetime) -> int:
        """
        Make deliveries of these events that are done or dead pending again.
        """
        # The count may begin again: who still holds an older attempt lives under a name that nobody else can have.
        of_run = select(events.c.event_id).where(events.c.run_id == run_id, events.c.event_id.in_(event_ids))
        again = (
            deliveries.update()
            .where(deliveries.c.event_id.in_(of_run), deliveries.c.state.in_(_OVER))
            .values(state="pending", attempts=0, due_at=now, owner=None, lease_until=None, done_at=None)
        )
        with self._database.writing() as connection:
            locked_head(connection)
            return connection.execute(again).rowcount

    def bury(self, run_id: str, *, reason: str) -> int:
        """
        Let the messages of a run that other versions told of die unhandled.
        """
        others = select(events.c.event_id).where(events.c.run_id == run_id, events.c.code_version != self._version)
        dead = (
            deliveries.update()
            .where(deliveries.c.event_id.in_(others), deliveries.c.state.in_(_WAITING))
            .values(state="dead", last_error=reason, lease_until=None)
        )
        with self._database.writing() as connection:
            locked_head(connection)
            return connection.execute(dead).rowcount

    def left_alone(self) -> tuple[str, ...]:
        """
        Return the other versions of the code whose messages wait.
        """
        others = (
            select(events.c.code_version)
            .distinct()
            .join(deliveries)
            .where(deliveries.c.state.in_(_WAITING), events.c.code_version != self._version)
        )
        if self._account is not None:
            others = others.where(events.c.run_id.in_(select(runs.c.id).where(runs.c.account == self._account)))
        with self._database.reading() as connection:
            return tuple(sorted(connection.scalars(others)))
