"""
One seed's world: a market, a broker, a database, and processes that run our real code on a day.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from greenlet import GreenletExit

from alchemiser import __version__
from alchemiser.application.dispatch import pump
from alchemiser.application.ports.market import BarStore, Calendar
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.reports import Rendered, ReportRenderer, RunReport
from alchemiser.application.ports.strategies import Book, Sleeve, StrategyLibrary
from alchemiser.application.ports.suite import Ports, Rules
from alchemiser.application.start import Allow, resume, start
from alchemiser.application.work import work
from alchemiser.application.workflow import LISTENERS
from alchemiser.domain.errors import AlchemiserError, LedgerError
from alchemiser.domain.execution.order import OrderBody
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.identity import content_hash
from alchemiser.domain.invariants import Breach
from alchemiser.domain.market import Closes, Session
from alchemiser.domain.portfolio.plan import Policy
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Evaluation, Strategy
from alchemiser.domain.values import Price, Quantity, Side, Symbol, usd
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.guard import Caps, GuardedBroker
from alchemiser.infrastructure.memory.deliveries import MemoryDeliveries
from alchemiser.infrastructure.memory.store import Memory
from dst.chance import Chance
from dst.faults import Faults
from dst.inspector import Inspector
from dst.market import Market
from dst.scenario import ACCOUNT, Scenario
from dst.seat import (
    Crash,
    Outside,
    Seat,
    SeatBroker,
    SeatBrokerClock,
    SeatClock,
    SeatDeliveries,
    SeatEngine,
    SeatLedger,
    SeatNotifier,
    SeatQuotes,
    SeatRest,
    SeatRuns,
    SeatSwitch,
    SeatTrades,
    ShuffledEngine,
)
from dst.timeline import Stuck, Timeline
from dst.venue import Venue

_KIND = "rebalance"
_AFTERNOON_S = 3600.0
_TROUBLE_ENDS_S = 150.0
_SHIFT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What became of a seed.
    """

    seed: int
    breaches: tuple[Breach, ...]
    outcomes: tuple[str, ...]
    faults: Counter[str]
    figures: Counter[str]
    history: tuple[tuple[datetime, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """
    A process of a day.

    Args:
        early_s: how long before the schedule it is started.
        skew_s: how far its clock is ahead.
        is_worker: it starts no run but drives whatever there is.
        version: of its code.
    """

    name: str
    early_s: float = 60.0
    skew_s: float = 0.0
    is_worker: bool = False
    version: str = __version__


class Days(Calendar):
    """
    The exchange's calendar, looked up once.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, date], Session] = {}

    def session(self, day: date) -> Session:
        """
        See the port.
        """
        return self._kept("session", day, new_york().session)

    def previous(self, day: date) -> Session:
        """
        See the port.
        """
        return self._kept("previous", day, new_york().previous)

    def next(self, day: date) -> Session:
        """
        See the port.
        """
        return self._kept("next", day, new_york().next)

    def sessions(self, first: date, last: date) -> tuple[date, ...]:
        """
        See the port.
        """
        return new_york().sessions(first, last)

    def _kept(self, what: str, day: date, found: Callable[[date], Session]) -> Session:
        key = (what, day)
        if key not in self._known:
            self._known[key] = found(day)
        return self._known[key]


class OneBar(BarStore):
    """
    The close of one session, the same for every symbol: fixed strategies do not look at it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Symbol, ...], date], Closes] = {}

    def closes(self, symbols: tuple[Symbol, ...], *, through: date) -> Closes:  # type: ignore[override]
        """
        See the port.
        """
        key = (tuple(symbols), through)
        if key not in self._known:
            self._known[key] = Closes(sessions=(through,), symbols=key[0], values=np.full((len(key[0]), 1), 100.0))
        return self._known[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Strategy, Evaluation):
    """
    A strategy that wants what it is told to want.
    """

    name: str
    weights: dict[Symbol, Decimal]
    symbols: tuple[Symbol, ...]

    @property
    def fingerprint(self) -> str:
        """
        See the protocol.
        """
        return content_hash(repr(sorted(self.weights.items())))

    @property
    def requirements(self) -> Requirements:
        """
        See the protocol.
        """
        return Requirements(symbols=self.symbols, lookback_sessions=1)

    def evaluate(self, closes: Closes) -> Evaluation:
        """
        See the protocol.
        """
        del closes
        return self

    def signal(self, session: date) -> Signal:
        """
        See the protocol.
        """
        return Signal(strategy=self.name, session=session, weights=self.weights)


class FixedBook(StrategyLibrary):
    """
    Strategies with fixed targets, in equal parts.
    """

    def __init__(self, targets: tuple[dict[Symbol, Decimal], ...], symbols: tuple[Symbol, ...]) -> None:
        part = Decimal(1) / len(targets)
        self._book = Book(
            sleeves=tuple(
                Sleeve(
                    strategy=Fixed(name=f"Fixed {number}", weights=dict(sorted(target.items())), symbols=symbols),
                    allocation=part,
                )
                for number, target in enumerate(targets)
            )
        )

    def book(self) -> Book:
        """
        See the port.
        """
        return self._book

    def load(self, name: str) -> Strategy:
        """
        See the port.
        """
        return next(one for one in self._book.strategies if one.name == name)


class Plain(ReportRenderer):
    """
    A report in one line.
    """

    def render(self, report: RunReport) -> Rendered:
        """
        See the port.
        """
        return Rendered(subject=f"{report.run.id} {report.run.outcome}", text="", html="")


_DAYS, _BAR, _PLAIN = Days(), OneBar(), Plain()


class World:
    """
    The whole of a seed.

    Args:
        faults: what goes wrong instead of what the seed rolls.
        restart_s: how long whoever dies is away; drawn by the seed if not set.
        cast: the processes of each session, instead of those that the seed draws.
        library, bars: strategies that look at bars, instead of fixed targets.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        is_told: bool = False,
        faults: Faults | None = None,
        restart_s: float | None = None,
        cast: Sequence[Role] = (),
        library: StrategyLibrary | None = None,
        bars: BarStore = _BAR,
    ) -> None:
        self._bars = bars
        self._restart_s = restart_s
        self._cast = {role.name: role for role in cast}
        self.scenario = scenario
        self.chance = Chance("world", scenario.seed)
        self.timeline = Timeline(_DAYS.session(scenario.day).opens_at)
        self.memory = Memory()
        self.market = Market(scenario, self.timeline)
        self.venue = Venue(scenario, self.timeline, self.market)
        self.faults = faults or Faults(self.chance, intensity=scenario.intensity)
        walk = WalkPolicy(poll=scenario.poll)
        self.inspector = Inspector(self.timeline, self.memory, self.venue, scenario.limits, walk)
        self.inspector.history = [] if is_told else None
        self.outside = Outside(
            timeline=self.timeline,
            memory=self.memory,
            market=self.market,
            venue=self.venue,
            faults=self.faults,
            watch=self.inspector,
        )
        self.rules = Rules(
            profile="simulation",
            account=ACCOUNT,
            kind=_KIND,
            first_session=scenario.day,
            planning=Policy(
                deployment=Decimal("0.98"),
                minimum_trade=usd("1"),
                minimum_trade_fraction=Decimal(0),
                cash_buffer=Decimal("0.01"),
            ),
            walk=walk,
            limits=scenario.limits,
            lead=scenario.lead,
            latest_start=timedelta(minutes=4),
        )
        limits = scenario.limits
        self._caps = Caps(
            order_notional=limits.order_notional,
            order_fraction=limits.order_fraction,
            orders_per_run=limits.orders_per_run,
            orders_per_minute=limits.orders_per_minute,
            turnover=limits.turnover,
            gross_exposure=limits.gross_exposure,
        )
        # An accident is staged: that the day is not traded whole breaks nothing.
        self.is_staged = False
        # What else is to happen on a day, by the instants at which it fires and closes.
        self.staged: list[Callable[[float, float], object]] = []
        self._touched = False
        # Processes that do not start runs but drive whatever there is.
        self._workers = {f"p{n}" for n in range(1, scenario.processes) if self.chance.happens(0.4)}
        self._refused: set[int] = set()
        self._alive: set[str] = set()
        self._books: tuple[StrategyLibrary, ...] = (
            (library,) * scenario.sessions
            if library
            else tuple(
                FixedBook(targets, tuple(sorted({listing.symbol for listing in scenario.listings})))
                for targets in scenario.targets
            )
        )

    def run(self) -> Verdict:
        """
        Live through the sessions of the seed.
        """
        day, outcomes = self.scenario.day, []
        for number in range(self.scenario.sessions):
            outcomes.append(self._session(number, _DAYS.session(day)))
            if self.inspector.breaches:
                break
            day = _DAYS.next(day).day
        self.timeline.drop()
        return Verdict(
            seed=self.scenario.seed,
            breaches=tuple(self.inspector.breaches),
            outcomes=tuple(outcomes),
            faults=self.faults.counts,
            figures=Counter(
                days=len(outcomes),
                posts=self.inspector.posts,
                orders=sum(order.is_ours for order in self.venue.orders.values()),
                fills=self.inspector.fills,
                messages=len(self.memory.deliveries),
                steps=self.timeline.steps,
            ),
            history=tuple(self.inspector.history or ()),
        )

    def _session(self, number: int, session: Session) -> str:
        closes_at = self.timeline.seconds(session.closes_at)
        self.market.open(closes_at=closes_at)
        self.venue.open(closes_at=closes_at)
        self.inspector.closes_at = closes_at
        self._touched = False
        self.inspector.is_accepted = False
        self.faults.wake()
        self.venue.lag_s = 6.0 if self.scenario.intensity else 0.0
        fires_at = closes_at - self.scenario.lead.total_seconds()
        for role in self._cast.values() or self._drawn():
            self._spawn(role.name, number, session, fires_at - role.early_s)
        self._alive = set(self._cast) or {f"p{process}" for process in range(self.scenario.processes)}
        if self.scenario.intensity:
            self._trouble(fires_at, closes_at)
        for act in self.staged:
            act(fires_at, closes_at)
        self.timeline.at(closes_at + _TROUBLE_ENDS_S, self._rest)
        self.timeline.run(closes_at + _AFTERNOON_S, is_over=lambda: bool(self.inspector.breaches))
        if not self.inspector.breaches:
            self._judge(session)
        found = self._run_of(session)
        return "nothing recorded" if found is None else found.outcome.value if found.outcome else "open"

    def _judge(self, session: Session) -> None:
        halted = frozenset(listing.symbol for listing in self.scenario.listings if listing.is_halted)
        self.inspector.day_over(
            self._run_of(session),
            is_calm=not self.scenario.intensity and not self.is_staged,
            halted=halted,
            is_touched=self._touched,
            outages=self.outside.outages,
        )

    def _run_of(self, session: Session) -> Run | None:
        # A session whose first start was refused may have a later run.
        runs = [run for run in self.memory.runs.values() if run.session == session.day]
        return max(runs, key=lambda run: run.started_at, default=None)

    def _spawn(self, name: str, number: int, session: Session, when: float) -> None:
        self.timeline.spawn(when, lambda: self._live(name, number, session))

    def _live(self, name: str, number: int, session: Session) -> None:
        skew = self.chance.between(-20, 20) if self.scenario.intensity and self.chance.happens(0.3) else 0.0
        role = self._cast.get(name, Role(name=name, is_worker=name in self._workers, skew_s=skew))
        skew = role.skew_s
        seat = Seat(name, self.outside, skew=skew)
        ports = self._ports(seat, number, version=role.version)
        self.inspector.tell(name, f"begins, its clock is {skew:+.1f} s off")
        try:
            if role.is_worker:
                self._work(seat, ports, session)
            else:
                self._trade(ports, number, session)
        except Crash:
            is_gone = len(self._alive) > 1 and self.chance.happens(0.3)
            self.inspector.tell(name, "dies for good" if is_gone else "dies")
            if is_gone:
                self._alive.discard(name)
            else:
                pause = self.chance.between(0.2, 20) if self._restart_s is None else self._restart_s
                self._again(name, number, session, pause)
        except LedgerError as exc:
            # The operator looks at the account and says that the broker is right.
            self.inspector.tell(name, f"is refused: {exc}")
            self._refused.add(number)
            self.inspector.is_accepted = True
            self._again(name, number, session, self.chance.between(5, 30))
        except AlchemiserError as exc:
            self.inspector.tell(name, f"ends: {type(exc).__name__}: {exc}")
            self._again(name, number, session, self.chance.between(5, 30))
        except Stuck as exc:
            self.inspector.fail("P2", str(exc))
        except GreenletExit:
            raise
        except Exception as exc:  # noqa: BLE001 - a defect is what is looked for
            self.inspector.fail("P2", f"{name} ends with {type(exc).__name__}: {exc}")

    def _trade(self, ports: Ports, number: int, session: Session) -> None:
        for _ in resume(ports):
            pass
        allowed = frozenset({Allow.POSITIONS}) if number in self._refused else frozenset()
        start(session.day, ports, allowed=allowed)
        for _ in pump(ports):
            pass

    def _work(self, seat: Seat, ports: Ports, session: Session) -> None:
        ends_at = self.timeline.seconds(session.closes_at) + _SHIFT_S

        def is_over() -> bool:
            return self.timeline.now > ends_at

        deliveries = SeatDeliveries(seat, MemoryDeliveries(self.memory, routes=LISTENERS, account=ACCOUNT))
        for _ in work(ports, deliveries, SeatRest(SeatClock(seat)), should_stop=is_over):
            pass

    def _again(self, name: str, number: int, session: Session, pause: float) -> None:
        if self.timeline.now < self.timeline.seconds(session.closes_at) + _AFTERNOON_S / 2:
            self._spawn(name, number, session, self.timeline.now + pause)

    def _drawn(self) -> Iterator[Role]:
        for process in range(self.scenario.processes):
            early = self.chance.between(-20, 120) if self.scenario.intensity else 60.0
            yield Role(name=f"p{process}", early_s=early)

    def _ports(self, seat: Seat, number: int, *, version: str) -> Ports:
        clock = SeatClock(seat)
        engine = ShuffledEngine(self.memory, routes=LISTENERS, owner=seat.name, lease_s=30, version=version)
        return Ports(
            clock=clock,
            calendar=_DAYS,
            bars=self._bars,
            quotes=SeatQuotes(seat),
            library=self._books[number],
            broker=GuardedBroker(SeatBroker(seat), self._caps, clock=clock),
            broker_clock=SeatBrokerClock(seat),
            switch=SeatSwitch(seat),
            engine=SeatEngine(seat, engine),
            runs=SeatRuns(seat),
            trades=SeatTrades(seat),
            ledger=SeatLedger(seat),
            renderer=_PLAIN,
            notifier=SeatNotifier(seat),
            rules=self.rules,
        )

    def _rest(self) -> None:
        self.faults.rest()
        self.market.is_calm = self.venue.is_calm = True

    def _trouble(self, fires_at: float, closes_at: float) -> None:
        chance = self.chance
        if chance.happens(0.04):
            self.timeline.at(chance.between(fires_at, closes_at), self._fill_disk)
        if chance.happens(0.05):
            self.timeline.at(chance.between(fires_at, closes_at + 60), self._trade_by_hand)
        if chance.happens(0.05):
            self.timeline.at(chance.between(fires_at, closes_at), self._order_by_hand)
        if chance.happens(0.03):
            self.timeline.at(chance.between(fires_at, closes_at), self._block)
        if chance.happens(0.05):
            self.timeline.at(chance.between(fires_at, closes_at), self._lock_out)
        if chance.happens(0.05):
            self.timeline.at(chance.between(fires_at - 30, closes_at), self._go_down)
        if chance.happens(0.04):
            self.timeline.at(chance.between(fires_at, closes_at), self._move_cash)
        if chance.happens(0.06):
            self.timeline.at(chance.between(fires_at - 60, closes_at), self._halt)

    def _fill_disk(self) -> None:
        seconds = self.chance.between(5, 120)
        self.inspector.tell("disk", f"is full for {seconds:.0f} s")
        self.outside.full_until = self.timeline.now + seconds

    def _halt(self) -> None:
        seconds = self.chance.pick((30.0, 300.0, 3000.0))
        self.faults.counts["halted"] += 1
        self.inspector.tell("somebody", f"turns the kill switch on for {seconds:.0f} s")
        self.outside.halted = "enough for today"
        self.timeline.at(self.timeline.now + seconds, self._resume)

    def _resume(self) -> None:
        self.inspector.tell("somebody", "turns the kill switch off")
        self.outside.halted = ""

    def _go_down(self) -> None:
        seconds = self.chance.pick((20.0, 100.0, 600.0))
        self.inspector.tell("broker", f"does not answer for {seconds:.0f} s")
        self.outside.down_until = self.timeline.now + seconds
        self.outside.outages.append((self.timeline.now, self.outside.down_until))

    def _move_cash(self) -> None:
        dollars = Decimal(self.chance.below(2_000) - 500)
        self.venue.move_cash(dollars)
        self.faults.counts["deposit or withdrawal"] += 1
        self.inspector.tell("somebody", f"moves {dollars} dollars")
        self._touched = True

    def _lock_out(self) -> None:
        seconds = self.chance.pick((20.0, 200.0, 2000.0, 2000.0))
        self.inspector.tell("broker", f"refuses the keys for {seconds:.0f} s")
        self.outside.locked_out_until = self.timeline.now + seconds
        self.outside.outages.append((self.timeline.now, self.outside.locked_out_until))

    def _trade_by_hand(self) -> None:
        symbol = self.chance.pick(self.scenario.listings).symbol
        moved = self.venue.move_by_hand(symbol, Decimal(self.chance.below(20) - 10))
        self.faults.counts["trade by hand"] += 1
        self.inspector.tell("somebody", f"trades {moved} {symbol} by hand")
        self._touched = self._touched or bool(moved)

    def _order_by_hand(self) -> None:
        listing = self.chance.pick(self.scenario.listings)
        side = self.chance.pick((Side.BUY, Side.SELL))
        body = OrderBody(
            client_order_id=f"web-{len(self.venue.orders)}",
            symbol=listing.symbol,
            side=side,
            quantity=Quantity(Decimal(1)),
            limit=Price((listing.price * Decimal("0.5" if side is Side.BUY else "2")).quantize(Decimal("0.01"))),
        )
        try:
            self.venue.take(body, is_ours=False)
        except AlchemiserError:
            return
        self.faults.counts["foreign order"] += 1
        self.inspector.tell("somebody", f"orders {side} 1 {listing.symbol} by hand")

    def _block(self) -> None:
        self.faults.counts["account blocked"] += 1
        self.venue.block("trading is blocked")
        self.inspector.tell("broker", "blocks the account")
        self.timeline.at(self.timeline.now + self.chance.between(5, 200), lambda: self.venue.block(""))


def lived(scenario: Scenario, *, is_told: bool = False) -> Verdict:
    """
    Return what becomes of a scenario.
    """
    return World(scenario, is_told=is_told).run()
