"""
One simulated process's view of the outside: every call may be where it stops, sleeps, dies, or hears a lie.

A process that dies is thrown out of its call by an exception our code cannot catch, and everything it knew is gone. It
is started again with a seat of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from alchemiser.application.ports.broker import Broker, BrokerClock
from alchemiser.application.ports.deliveries import Redelivery, Told
from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.messaging import Engine, Message, Notifier
from alchemiser.application.ports.records import Ledger, Report, Run, Runs, Trades, Transaction
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock, Rest
from alchemiser.domain.errors import (
    BrokerAuthError,
    BrokerUnavailable,
    InsufficientBuyingPower,
    NotFractionable,
    NotificationError,
    OrderRejected,
    RecordsError,
    SuspectBars,
)
from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import BrokerOrder, OrderBody, Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.market import Quote
from alchemiser.domain.portfolio.account import Account, Asset
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.memory.deliveries import MemoryDeliveries
from alchemiser.infrastructure.memory.messages import MemoryEngine
from alchemiser.infrastructure.memory.records import MemoryLedger, MemoryRuns
from alchemiser.infrastructure.memory.store import Delivery, Memory
from alchemiser.infrastructure.memory.trades import MemoryTrades
from dst.chance import Chance
from dst.faults import Fault, Faults
from dst.market import Market
from dst.timeline import Timeline
from dst.venue import Venue

T = TypeVar("T")

_DEFECT = re.compile(r"[A-Z]+[a-z]\w*: ")
_RECORDS_S = 0.002
_NAP_S = 30.0
_TRAVEL_S = 0.04
_TIMEOUT_S = 10.0
_REFUSED_S = 1.0
_LOCK_S = 30.0
_SKEW_S = 20.0
REASONS: tuple[tuple[type[OrderRejected], str, str], ...] = (
    (InsufficientBuyingPower, "40310000", "insufficient buying power"),
    (NotFractionable, "42210000", 'asset "X" is not fractionable'),
    (NotFractionable, "40010001", "qty must be integer"),
    (OrderRejected, "40310000", "insufficient qty available for order (requested: 2, available: 1)"),
    (OrderRejected, "40310000", "account is not allowed to short"),
    (OrderRejected, "40310000", "potential wash trade detected. use complex orders"),
    (OrderRejected, "40310000", "cost basis must be >= minimal amount of order 1"),
    (OrderRejected, "42210000", 'asset "X" is not tradable'),
    (OrderRejected, "40310100", "trade denied due to pattern day trading protection"),
)


class Crash(BaseException):
    """
    The process ends here.
    """


class Watch(Protocol):
    """
    Whoever holds each step against the invariants.
    """

    def committed(self, seat: "Seat", before: Mapping[str, Trade], trades: Sequence[Trade]) -> None:
        """
        Trades were committed.
        """

    def written(self, seat: "Seat") -> None:
        """
        A transaction was committed.
        """

    def sending(self, seat: "Seat", body: OrderBody) -> None:
        """
        An order leaves the process.
        """

    def fail(self, rule: str, what: str) -> None:
        """
        An invariant does not hold.
        """

    def tell(self, who: str, what: str) -> None:
        """
        Something worth a line in the history happened.
        """


class Outside:
    """
    What all processes share.
    """

    def __init__(
        self, *, timeline: Timeline, memory: Memory, market: Market, venue: Venue, faults: Faults, watch: Watch
    ) -> None:
        self.timeline = timeline
        self.memory = memory
        self.market = market
        self.venue = venue
        self.faults = faults
        self.watch = watch
        self.full_until = 0.0
        self.locked_out_until = 0.0
        self.down_until = 0.0
        self.outages: list[tuple[float, float]] = []
        self.halted = ""
        self.reasons = REASONS
        self.requests: list[float] = []
        self.mails: list[str] = []


class Seat:
    """
    A process's place in the world.

    Args:
        skew: how many seconds its clock is ahead.
    """

    def __init__(self, name: str, outside: Outside, *, skew: float) -> None:
        self.name = name
        self.outside = outside
        self.skew = skew
        self.is_dead = False
        self.account: Account | None = None
        self.halted: str | None = None
        self._writes = 0

    def records(self, call: str, what: str, effect: Callable[[], T]) -> T:
        """
        Call the database.
        """
        fault = self._begins(call, what)
        self._sleep(_RECORDS_S)
        if fault is None:
            self._refuse_full(call)
            return effect()
        self._before(fault)
        self._refuse_full(call)
        if fault is Fault.LOCKED:
            self._sleep(_LOCK_S)
            raise RecordsError("database is locked")
        answer = effect()
        self._after(fault)
        if fault is Fault.COMMIT_UNKNOWN:
            raise RecordsError("connection lost during commit")
        return answer

    @contextmanager
    def transaction(self, what: str, inner: AbstractContextManager[Transaction]) -> Iterator[Transaction]:
        """
        Open a transaction of the database.
        """
        fault = self._begins("write", what)
        self._sleep(_RECORDS_S)
        if fault is not None:
            self._before(fault)
        self._refuse_full("write")
        if fault is Fault.LOCKED:
            self._sleep(_LOCK_S)
            raise RecordsError("database is locked")
        with inner as tx:
            self._writes += 1
            try:
                yield tx
            finally:
                self._writes -= 1
        self.outside.watch.written(self)
        if fault is not None:
            self._after(fault)
        if fault is Fault.COMMIT_UNKNOWN:
            raise RecordsError("connection lost during commit")

    def line(self, call: str, what: str, effect: Callable[[], T], *, late: Callable[[], object]) -> T:
        """
        Call the broker.

        Args:
            late: what a request does that arrives after we gave up.
        """
        fault = self._begins(call, what)
        if what != "quotes":
            # Quotes are another server's, with a limit of its own.
            self.outside.requests.append(self.outside.timeline.now)
        if self.outside.timeline.now < self.outside.locked_out_until:
            self._sleep(_TRAVEL_S)
            self.outside.faults.counts["keys refused"] += 1
            raise BrokerAuthError("401 unauthorized")
        if self.outside.timeline.now < self.outside.down_until:
            self._sleep(_REFUSED_S)
            self.outside.faults.counts["broker down"] += 1
            raise BrokerUnavailable("connection refused")
        if fault is None:
            self._sleep(_TRAVEL_S)
            answer = effect()
            self._sleep(_TRAVEL_S)
            return answer
        self._before(fault)
        self._sleep(_TRAVEL_S)
        return self._answered(fault, effect, late)

    def roll(self) -> Chance:
        """
        Return the chance of the world.
        """
        return self.outside.faults.chance

    def tell(self, what: str) -> None:
        """
        Write a line of history.
        """
        self.outside.watch.tell(self.name, what)

    def _answered(self, fault: Fault, effect: Callable[[], T], late: Callable[[], object]) -> T:
        timeline, chance = self.outside.timeline, self.outside.faults.chance
        match fault:
            case Fault.LIMITED:
                raise BrokerUnavailable("429 rate limit exceeded, Retry-After 3")
            case Fault.SERVER_ERROR:
                raise BrokerUnavailable("500 internal server error")
            case Fault.LOST_REQUEST:
                self._sleep(_TIMEOUT_S)
                raise BrokerUnavailable("timed out")
            case Fault.LATE_REQUEST:
                timeline.at(timeline.now + chance.between(5, 65), late)
                self._sleep(_TIMEOUT_S)
                raise BrokerUnavailable("timed out")
            case Fault.LOST_ANSWER | Fault.GATEWAY_TIMEOUT | Fault.RESET:
                late()
                self._sleep(_TIMEOUT_S if fault is Fault.LOST_ANSWER else 1.0)
                raise BrokerUnavailable(fault.value)
            case Fault.REJECTED:
                kind, code, reason = chance.pick(self.outside.reasons)
                raise kind(code=code, reason=reason)
            case _:
                answer = effect()
                self._after(fault)
                return answer

    def _begins(self, call: str, what: str) -> Fault | None:
        if self.is_dead:
            raise Crash
        if self._writes:
            self.outside.watch.fail("D3", f"{self.name} calls {what} inside a transaction")
        fault = self.outside.faults.of(call)
        if fault is not None:
            self.tell(f"{what}: {fault.value}")
        return fault

    def _before(self, fault: Fault) -> None:
        chance = self.outside.faults.chance
        match fault:
            case Fault.CRASH_BEFORE:
                self._die()
            case Fault.PAUSE_BEFORE:
                self._sleep(chance.between(3, 45))
            case Fault.LOCKED_LONG:
                self._sleep(chance.between(0.5, 25))
            case Fault.CLOCK_JUMP:
                self.skew = chance.between(-_SKEW_S, _SKEW_S)
            case _:
                pass

    def _after(self, fault: Fault) -> None:
        if fault is Fault.CRASH_AFTER:
            self._die()
        if fault is Fault.PAUSE_AFTER:
            self._sleep(self.outside.faults.chance.between(3, 45))

    def _die(self) -> None:
        self.is_dead = True
        raise Crash

    def _refuse_full(self, call: str) -> None:
        if call != "read" and self.outside.timeline.now < self.outside.full_until:
            self.outside.faults.counts["database full"] += 1
            raise RecordsError("database or disk is full")

    def _sleep(self, seconds: float) -> None:
        self.outside.timeline.sleep(seconds)


class SeatClock(Clock):
    """
    A clock that is wrong by its skew.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._timeline = seat.outside.timeline

    def now(self) -> datetime:
        """
        See the port.
        """
        return self._timeline.instant(self._timeline.now + self._seat.skew)

    def wait_until(self, instant: datetime) -> None:
        """
        See the port.
        """
        while (left := self._timeline.seconds(instant) - self._seat.skew - self._timeline.now) > 0:
            self._timeline.sleep(left)
            if self._seat.is_dead:
                raise Crash


class SeatBroker(Broker):
    """
    The broker behind a bad line.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._venue = seat.outside.venue

    def account(self) -> Account:
        """
        See the port.
        """
        self._seat.account = self._seat.line("look", "account", self._venue.account, late=_nothing)
        return self._seat.account

    def assets(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Asset]:
        """
        See the port.
        """
        return self._seat.line("look", "assets", lambda: self._venue.assets(symbols), late=_nothing)

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """
        See the port.
        """
        seat, body = self._seat, order.body
        seat.outside.watch.sending(seat, body)

        def arrives_alone() -> None:
            try:
                self._venue.take(body)
            except OrderRejected as rejection:
                seat.tell(f"{body.client_order_id} was refused and nobody heard: {rejection.reason}")

        return seat.line("send", f"submit {body.client_order_id}", lambda: self._venue.take(body), late=arrives_alone)

    def cancel(self, order_id: str) -> None:
        """
        See the port.
        """

        def arrives() -> None:
            self._venue.cancel(order_id)

        self._seat.line("cancel", f"cancel {order_id}", arrives, late=arrives)

    def orders(self, *, since: datetime) -> tuple[BrokerOrder, ...]:
        """
        See the port.
        """
        venue, seat = self._venue, self._seat
        lag = seat.roll().between(0.1, 6) if seat.outside.faults.of("lag") else 0.0
        return seat.line("look", "orders", lambda: venue.listed(since=since, lag_s=lag), late=_nothing)


class SeatBrokerClock(BrokerClock):
    """
    The broker's own time, over the same bad line.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._timeline = seat.outside.timeline

    def time(self) -> datetime:
        """
        See the port.
        """
        return self._seat.line("look", "time", lambda: self._timeline.instant(self._timeline.now), late=_nothing)


class SeatSwitch(KillSwitch):
    """
    A kill switch that everybody reads; `halted` at the seat is what was read last, None once it was used.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def reason(self) -> str:
        """
        See the port.
        """
        outside = self._seat.outside
        self._seat.halted = self._seat.records("read", "kill switch", lambda: outside.halted)
        return self._seat.halted

    def halt(self, reason: str, *, at: datetime) -> tuple[str, ...]:
        """
        See the port.
        """
        del at
        self._seat.outside.halted = reason
        return ()

    def lift(self, *, at: datetime) -> None:
        """
        See the port.
        """
        del at
        self._seat.outside.halted = ""


class SeatQuotes(Quotes):
    """
    Quotes behind a bad line.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def latest(self, symbols: Sequence[Symbol]) -> Mapping[Symbol, Quote]:
        """
        See the port.
        """
        market = self._seat.outside.market

        def looked() -> Mapping[Symbol, Quote]:
            return market.latest(symbols)

        if self._seat.outside.faults.of("quotes"):
            self._seat.tell("quotes fail")
            if self._seat.roll().happens(0.5):
                raise SuspectBars("all", "one bad message")
            raise BrokerUnavailable("no quotes")
        return self._seat.line("look", "quotes", looked, late=_nothing)


class SeatTrades(Trades):
    """
    Trades in a shared memory.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._memory = seat.outside.memory
        self._inner = MemoryTrades(self._memory)

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        See the port.
        """
        return self._seat.records("read", "trades", lambda: self._inner.trades(run_id))

    def commit(self, trades: Sequence[Trade], fills: Sequence[LedgerEntry]) -> tuple[Trade, ...]:
        """
        See the port.
        """

        def effect() -> tuple[Trade, ...]:
            before = {trade.id: self._memory.trades[trade.run_id][trade.id] for trade in trades}
            stored = self._inner.commit(trades, fills)
            self._seat.outside.watch.committed(self._seat, before, trades)
            return stored

        return self._seat.records("write", "commit trades", effect)


class SeatRuns(Runs):
    """
    Runs in a shared memory.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._inner = MemoryRuns(seat.outside.memory)

    def run(self, run_id: str) -> Run | None:
        """
        See the port.
        """
        return self._seat.records("read", "run", lambda: self._inner.run(run_id))

    def runs(self, *, account: str | None = None, limit: int = 50, offset: int = 0) -> tuple[Run, ...]:
        """
        See the port.
        """
        return self._seat.records("read", "runs", lambda: self._inner.runs(account=account, limit=limit, offset=offset))

    def signals(self, run_id: str) -> tuple[PartialSignalGenerated, ...]:
        """
        See the port.
        """
        return self._seat.records("read", "signals", lambda: self._inner.signals(run_id))

    def plan(self, run_id: str) -> RebalancePlan | None:
        """
        See the port.
        """
        return self._seat.records("read", "plan", lambda: self._inner.plan(run_id))

    def report(self, run_id: str) -> Report | None:
        """
        See the port.
        """
        return self._seat.records("read", "report", lambda: self._inner.report(run_id))


class SeatLedger(Ledger):
    """
    The ledger in a shared memory.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._inner = MemoryLedger(seat.outside.memory)

    def entries(
        self, *, run_id: str | None = None, symbol: str | None = None, limit: int | None = None, offset: int = 0
    ) -> tuple[LedgerEntry, ...]:
        """
        See the port.
        """
        return self._seat.records(
            "read",
            "entries",
            lambda: self._inner.entries(run_id=run_id, symbol=symbol, limit=limit, offset=offset),
        )

    def events(self, run_id: str) -> tuple[Event, ...]:
        """
        See the port.
        """
        return self._seat.records("read", "events", lambda: self._inner.events(run_id))


class ShuffledEngine(MemoryEngine):
    """
    An engine that now and then serves another message than the earliest, as row locks make a database do.
    """

    is_shuffling = False
    chance = Chance("order of messages")

    def chosen(self, due: Sequence[Delivery]) -> Delivery:
        """
        Return any of the deliveries that are due while it shuffles.
        """
        return self.chance.pick(due) if self.is_shuffling else super().chosen(due)


class SeatEngine(Engine):
    """
    The engine on a shared memory.
    """

    def __init__(self, seat: Seat, inner: ShuffledEngine) -> None:
        self._seat = seat
        self._inner = inner
        self._inner.chance = seat.roll()

    def claim(self, *, now: datetime) -> Message | None:
        """
        See the port.
        """
        faults, memory = self._seat.outside.faults, self._seat.outside.memory

        def effect() -> Message | None:
            self._inner.is_shuffling = faults.of("order") is not None
            message = self._inner.claim(now=now)
            if message is not None and faults.of("twice") is not None:
                delivery = memory.deliveries[(message.event.meta.event_id, message.handler)]
                delivery.lease_until = now - timedelta(minutes=1)
            return message

        return self._seat.records("claim", "claim", effect)

    def next_due(self) -> datetime | None:
        """
        See the port.
        """
        return self._seat.records("read", "next due", self._inner.next_due)

    def begin(self) -> AbstractContextManager[Transaction]:
        """
        See the port.
        """
        return self._seat.transaction("begin", self._inner.begin())

    def finishing(
        self, message: Message, *, now: datetime, error: str | None = None
    ) -> AbstractContextManager[Transaction]:
        """
        See the port.
        """
        if error is not None:
            self._watch(message, error)
        inner = self._inner.finishing(message, now=now, error=error)
        return self._seat.transaction(f"{'finish' if error is None else 'bury'} {message.handler}", inner)

    def delayed(self, message: Message, *, error: str, retry_at: datetime) -> None:
        """
        See the port.
        """
        self._watch(message, error)
        self._seat.records("write", "give back", lambda: self._inner.delayed(message, error=error, retry_at=retry_at))

    def _watch(self, message: Message, error: str) -> None:
        self._seat.tell(f"{message.handler} failed: {error}")
        if _DEFECT.match(error):
            self._seat.outside.watch.fail("DEFECT", f"{message.handler}: {error}")


class SeatDeliveries(Redelivery):
    """
    What looks after the messages, on a shared memory.
    """

    def __init__(self, seat: Seat, inner: MemoryDeliveries) -> None:
        self._seat = seat
        self._inner = inner

    def of_run(self, run_id: str) -> tuple[Told, ...]:
        """
        See the port.
        """
        return self._seat.records("read", "deliveries", lambda: self._inner.of_run(run_id))

    def undelivered(self, run_id: str) -> int:
        """
        See the port.
        """
        return self._seat.records("read", "undelivered", lambda: self._inner.undelivered(run_id))

    def left_alone(self) -> tuple[str, ...]:
        """
        See the port.
        """
        return self._seat.records("read", "left alone", self._inner.left_alone)

    def restore(self, run_id: str, *, now: datetime) -> int:
        """
        See the port.
        """
        return self._seat.records("write", "restore", lambda: self._inner.restore(run_id, now=now))

    def repeat(self, run_id: str, event_ids: Sequence[str], *, now: datetime) -> int:
        """
        See the port.
        """
        return self._seat.records("write", "repeat", lambda: self._inner.repeat(run_id, event_ids, now=now))

    def bury(self, run_id: str, *, reason: str) -> int:
        """
        See the port.
        """
        return self._seat.records("write", "bury", lambda: self._inner.bury(run_id, reason=reason))


class SeatRest(Rest):
    """
    Naps of simulated time.
    """

    def __init__(self, clock: SeatClock) -> None:
        self._clock = clock

    def until(self, due: datetime | None) -> float:
        """
        See the port.
        """
        now = self._clock.now()
        nap = now + timedelta(seconds=_NAP_S)
        self._clock.wait_until(nap if due is None else min(due, nap))
        return (self._clock.now() - now).total_seconds()


class SeatNotifier(Notifier):
    """
    A mail box that is not always there.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def deliver(self, *, name: str, subject: str, text: str, html: str) -> tuple[str, ...]:
        """
        See the port.
        """
        del subject, text, html
        fault = self._seat.outside.faults.of("mail")
        if fault is Fault.CRASH_BEFORE:
            self._seat.tell("crash before mailing")
            self._seat.is_dead = True
            raise Crash
        if fault is Fault.MAIL_LOST:
            raise NotificationError("connection refused")
        self._seat.outside.mails.append(name)
        if fault is Fault.MAIL_TWICE:
            raise NotificationError("accepted, then the line went dead")
        if fault is Fault.CRASH_AFTER:
            self._seat.is_dead = True
            raise Crash
        return (f"outbox/{name}",)


def _nothing() -> None:
    return None
