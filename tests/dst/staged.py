"""
Staged days: a small account, one accident that the test names, and everything held against the invariants.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from alchemiser.application.ports.records import Run
from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.values import Symbol
from dst.faults import Faults, Script
from dst.quiet import quietly
from dst.scenario import Listing, Scenario
from dst.venue import Life
from dst.world import Role, Verdict, World

SELL, BUY = Symbol("OLD"), Symbol("NEW")
_DAY = date(2026, 7, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """
    A day as it ended.
    """

    world: World
    verdict: Verdict

    @property
    def run(self) -> Run:
        """
        Return the latest run.
        """
        return max(self.world.memory.runs.values(), key=lambda run: run.started_at)

    @property
    def first(self) -> Run:
        """
        Return the first run.
        """
        return min(self.world.memory.runs.values(), key=lambda run: run.started_at)

    def trade(self, symbol: Symbol) -> Trade:
        """
        Return the trade in a symbol.
        """
        (found,) = [trade for trade in self.world.memory.trades[self.run.id].values() if trade.symbol == symbol]
        return found

    def status(self, symbol: Symbol) -> tuple[str, Decimal]:
        """
        Return how the trade in a symbol ended, and the shares it filled.
        """
        trade = self.trade(symbol)
        return trade.status.value, filled(trade).value

    def orders(self, symbol: Symbol) -> list[tuple[str, Decimal]]:
        """
        Return the status and filled shares of our orders in a symbol, in the order they were taken.
        """
        return [
            (order.status.value, order.filled)
            for order in self.world.venue.orders.values()
            if order.is_ours and order.body.symbol == symbol
        ]

    def posts(self, part: str) -> int:
        """
        Return how often an order was sent whose id ends like this.
        """
        return sum(what.endswith(part) and what.startswith("sends") for _, _, what in self.verdict.history)


def a_listing(symbol: Symbol, price: str, **changes: object) -> Listing:
    """
    Return a quiet listing, a penny or more wide.
    """
    plain: dict[str, object] = {
        "symbol": symbol,
        "price": Decimal(price),
        "spread": Decimal("0.02"),
        "is_fractionable": True,
        "is_halted": False,
        "gap_at": None,
        "gap": Decimal(1),
    }
    return Listing(**plain | changes)  # type: ignore[arg-type]


def a_scenario(
    *,
    listings: Sequence[Listing] = (a_listing(SELL, "40.00"), a_listing(BUY, "100.00")),
    cash: str = "1000",
    held: Mapping[Symbol, str] | None = None,
    wanted: Mapping[Symbol, str] | None = None,
    sessions: int = 1,
    limits: Limits | None = None,
) -> Scenario:
    """
    Return a day on which a hundred shares of the one are sold and the other is bought.
    """
    weights = {symbol: Decimal(weight) for symbol, weight in (wanted or {BUY: "0.8"}).items()}
    return Scenario(
        seed=7,
        intensity=0,
        processes=1,
        day=_DAY,
        sessions=sessions,
        listings=tuple(listings),
        cash=Decimal(cash),
        held={symbol: Decimal(quantity) for symbol, quantity in ({SELL: "100"} if held is None else held).items()},
        targets=((weights,),) * sessions,
        lead=timedelta(minutes=15),
        poll=timedelta(seconds=2),
        limits=limits or Limits(),
        is_rough=False,
    )


def staged(
    scenario: Scenario | None = None,
    *,
    faults: Faults | None = None,
    cast: Sequence[Role] = (),
    lives: Mapping[str, Life] | None = None,
    stage: Callable[[World, float, float], None] | None = None,
    restart_s: float = 1.0,
) -> Staged:
    """
    Live through a day.

    Args:
        lives: what becomes of orders, by the ends of their ids.
        stage: told of the world and of the instants at which the schedule fires and the market closes.
    """
    world = World(scenario or a_scenario(), is_told=True, faults=faults or Script(), cast=cast, restart_s=restart_s)
    world.venue.lives = dict(lives or {})
    world.is_staged = True
    if stage is not None:
        world.staged.append(lambda fires_at, closes_at: stage(world, fires_at, closes_at))
    with quietly():
        return Staged(world=world, verdict=world.run())
