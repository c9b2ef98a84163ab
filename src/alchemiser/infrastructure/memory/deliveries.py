"""
Look after the messages in memory: list them, queue lost ones again, let some come again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from alchemiser import __version__
from alchemiser.application.ports.deliveries import Delivery, Redelivery, Told
from alchemiser.infrastructure.memory.store import Delivery as Stored
from alchemiser.infrastructure.memory.store import Memory, State


class MemoryDeliveries(Redelivery):
    """
    The messages of an account's runs in memory.

    Args:
        routes: the names of the handlers of each event type.
        account: whose runs; None for all there are.
        version: of this code.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        routes: Mapping[str, Sequence[str]],
        account: str | None = None,
        version: str = __version__,
    ) -> None:
        self._memory = memory
        self._routes = routes
        self._account = account
        self._version = version

    def of_run(self, run_id: str) -> tuple[Told, ...]:
        """
        Return the events of a run with their deliveries, in the order of storing.
        """
        memory = self._memory
        queued: dict[str, list[Delivery]] = {}
        for stored in memory.deliveries.values():
            queued.setdefault(stored.event.meta.event_id, []).append(_shown(stored))
        return tuple(
            Told(
                seq=seq,
                event=event,
                code_version=memory.versions[event.meta.event_id],
                deliveries=tuple(queued.get(event.meta.event_id, ())),
            )
            for seq, event in enumerate(memory.events, start=1)
            if event.run_id == run_id
        )

    def undelivered(self, run_id: str) -> int:
        """
        Return how many deliveries of a run are pending or leased.
        """
        return sum(stored.event.run_id == run_id for stored in self._memory.waiting.values())

    def restore(self, run_id: str, *, now: datetime) -> int:
        """
        Queue every event of a run again for the handlers that it was never queued for.
        """
        memory, restored = self._memory, 0
        with memory.writing():
            for event in memory.events:
                if event.run_id != run_id or memory.versions[event.meta.event_id] != self._version:
                    continue
                for handler in self._routes.get(type(event).__name__, ()):
                    if (event.meta.event_id, handler) not in memory.deliveries:
                        memory.queue(event, handler, due_at=now, version=self._version)
                        restored += 1
        return restored

    def repeat(self, run_id: str, event_ids: Sequence[str], *, now: datetime) -> int:
        """
        Make deliveries of these events that are done or dead pending again.
        """
        again = [
            stored
            for stored in self._memory.deliveries.values()
            if stored.event.run_id == run_id
            and stored.event.meta.event_id in event_ids
            and stored.state in {State.DONE, State.DEAD}
        ]
        for stored in again:
            stored.state, stored.attempts, stored.due_at = State.PENDING, 0, now
            stored.owner, stored.lease_until, stored.done_at = "", None, None
            self._memory.waiting[stored.number] = stored
        return len(again)

    def bury(self, run_id: str, *, reason: str) -> int:
        """
        Let the messages of a run that other versions told of die unhandled.
        """
        others = [stored for stored in self._others() if stored.event.run_id == run_id]
        for stored in others:
            stored.state, stored.last_error, stored.lease_until = State.DEAD, reason, None
            del self._memory.waiting[stored.number]
        return len(others)

    def left_alone(self) -> tuple[str, ...]:
        """
        Return the other versions of the code whose messages wait.
        """
        return tuple(sorted({stored.version for stored in self._others() if self._is_ours(stored)}))

    def _others(self) -> Iterator[Stored]:
        return (stored for stored in self._memory.waiting.values() if stored.version != self._version)

    def _is_ours(self, stored: Stored) -> bool:
        run = self._memory.runs.get(stored.event.run_id)
        return self._account is None or (run is not None and run.account == self._account)


def _shown(stored: Stored) -> Delivery:
    return Delivery(
        event_id=stored.event.meta.event_id,
        number=stored.number,
        handler=stored.handler,
        due_at=stored.due_at,
        state=stored.state.value,
        attempts=stored.attempts,
        owner=stored.owner,
        done_at=stored.done_at,
        error=stored.last_error,
    )
