"""
Records in memory: the same promises as a database, for worlds that end with their process.

Values are kept as they are, not as text, so a whole trading day costs milliseconds. One process has it to itself;
a transaction is undone step by step when it fails.
"""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias, TypeVar

from alchemiser.application.ports.records import Report, Run
from alchemiser.domain.errors import RecordsError
from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.plan import RebalancePlan

K = TypeVar("K")
V = TypeVar("V")
Undo: TypeAlias = Callable[[], object]


class State(Enum):
    """
    Where a delivery stands.
    """

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


@dataclass(slots=True, kw_only=True)
class Delivery:
    """
    One event on its way to one handler; `version` is that of the code that told of the event.
    """

    number: int
    event: Event
    handler: str
    due_at: datetime
    version: str
    state: State = State.PENDING
    attempts: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    done_at: datetime | None = None
    last_error: str = ""


@dataclass(slots=True, kw_only=True)
class Memory:
    """
    Everything that is recorded. Read it freely; write inside `writing` through `put`, `add` and `undone_by`.

    Args:
        versions: of the code that told of each event.
        waiting: deliveries that are neither done nor dead, by number.
        orders: the attempt each client order id belongs to, as trade and number.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    signals: dict[tuple[str, str], PartialSignalGenerated] = field(default_factory=dict)
    plans: dict[str, RebalancePlan] = field(default_factory=dict)
    trades: dict[str, dict[str, Trade]] = field(default_factory=dict)
    orders: dict[str, tuple[str, int]] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    fills: dict[tuple[str, str], int] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    waiting: dict[int, Delivery] = field(default_factory=dict)
    _undo: list[Undo] | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """
        Open a transaction: what is written inside stays, or none of it when the block raises.
        """
        if self._undo is not None:
            raise RecordsError("expected one transaction at a time, found one inside another")
        self._undo = []
        try:
            yield
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            raise
        finally:
            self._undo = None

    def put(self, table: MutableMapping[K, V], key: K, value: V) -> None:
        """
        Set a row.
        """
        if key in table:
            before = table[key]
            self.undone_by(lambda: table.__setitem__(key, before))
        else:
            self.undone_by(lambda: table.pop(key))
        table[key] = value

    def add(self, table: list[V], row: V) -> None:
        """
        Add a row at the end.
        """
        self.undone_by(table.pop)
        table.append(row)

    def queue(self, event: Event, handler: str, *, due_at: datetime, version: str) -> None:
        """
        Put an event on its way to a handler.
        """
        delivery = Delivery(
            number=len(self.deliveries) + 1, event=event, handler=handler, due_at=due_at, version=version
        )
        self.put(self.deliveries, (event.meta.event_id, handler), delivery)
        self.put(self.waiting, delivery.number, delivery)

    def undone_by(self, undo: Undo) -> None:
        """
        Name what takes back a write that is made now.
        """
        if self._undo is None:
            raise RecordsError("expected a transaction to write in, found none")
        self._undo.append(undo)
