"""
What a seed stands for: who trades what, on which day, and how much goes wrong.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.values import Symbol, usd
from dst.chance import Chance

NAMES = tuple(Symbol(f"S{letter}{letter}") for letter in "ABCDEFGHIJ")
ACCOUNT = "SIM00001"
# A Thursday, a Friday, the day after Thanksgiving with its early close, and both Mondays around daylight saving.
DAYS = (date(2026, 7, 30), date(2026, 7, 31), date(2026, 11, 27), date(2026, 3, 9), date(2026, 11, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """
    A symbol: where it stands at the opening, how it may be traded, and what befalls it.

    Args:
        gap_at: seconds before the close at which it jumps by `gap`; None for never.
    """

    symbol: Symbol
    price: Decimal
    spread: Decimal
    is_fractionable: bool
    is_halted: bool
    gap_at: float | None
    gap: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    One seed's world before anything happens in it.

    Args:
        is_rough: orders may rest, fill in part, or be thrown out, whatever else goes wrong.
        intensity: 0 for a day on which nothing goes wrong, 1 and 3 times what a bad day brings.
        processes: how many processes fire for the same session.
        held: whole and broken shares at the opening.
        targets: the weights of each strategy, one mapping a session.
        lead: how long before the close the schedule fires.
        poll: how often a resting order is looked at.
        limits: the rails of the gate.
    """

    seed: int
    intensity: int
    processes: int
    day: date
    sessions: int
    listings: tuple[Listing, ...]
    cash: Decimal
    held: dict[Symbol, Decimal]
    targets: tuple[tuple[dict[Symbol, Decimal], ...], ...]
    lead: timedelta
    poll: timedelta
    limits: Limits
    is_rough: bool


def scenario_of(seed: int, *, intensity: int | None = None, processes: int | None = None) -> Scenario:
    """
    Return the scenario of a seed; intensity and processes may be set from outside.
    """
    chance = Chance("scenario", seed)
    drawn = chance.pick((0, 1, 1, 1, 1, 3, 3, 3, 3))
    level = drawn if intensity is None else intensity
    count = chance.pick((1, 1, 2, 2, 3, 4, 5))
    listings = tuple(_listing(name, chance, level) for name in NAMES[: 2 + chance.below(4)])
    sessions = 2 if chance.happens(0.3) else 1
    return Scenario(
        seed=seed,
        intensity=level,
        processes=count if processes is None else processes,
        day=chance.pick(DAYS),
        sessions=sessions,
        listings=listings,
        cash=Decimal(chance.pick((200, 5_000, 100_000))) + Decimal(chance.below(10_000)) / 100,
        held=_held(listings, chance),
        targets=tuple(_targets(listings, chance) for _ in range(sessions)),
        lead=timedelta(minutes=chance.pick((5, 6, 8, 10, 15))),
        poll=timedelta(seconds=chance.pick((2, 5, 10, 15))),
        limits=_limits(listings, chance) if level and chance.happens(0.2) else Limits(),
        is_rough=bool(level),
    )


def _limits(listings: tuple[Listing, ...], chance: Chance) -> Limits:
    return chance.pick(
        (
            Limits(allowed=frozenset(listing.symbol for listing in listings[1:])),
            Limits(order_notional=usd("1500")),
            Limits(order_fraction=Decimal("0.2")),
            Limits(orders_per_minute=2),
            Limits(orders_per_run=3),
            Limits(turnover=Decimal("0.3")),
            Limits(gross_exposure=Decimal("0.5")),
        )
    )


def _listing(name: Symbol, chance: Chance, level: int) -> Listing:
    cents = chance.pick((60, 700, 4_000, 12_345, 60_112))
    price = (Decimal(cents) * Decimal(80 + chance.below(40)) / 10_000).quantize(Decimal("0.01"))
    has_gap = bool(level) and chance.happens(0.05)
    return Listing(
        symbol=name,
        price=price,
        spread=(price * Decimal(chance.pick((2, 5, 20, 60))) / 10_000).quantize(Decimal("0.01")) or Decimal("0.01"),
        is_fractionable=not chance.happens(0.2),
        is_halted=chance.happens(0.03),
        gap_at=chance.between(0, 900) if has_gap else None,
        gap=chance.pick((Decimal("0.7"), Decimal("0.97"), Decimal("1.03"), Decimal("1.2"))),
    )


def _held(listings: tuple[Listing, ...], chance: Chance) -> dict[Symbol, Decimal]:
    held = {}
    for listing in listings:
        if chance.happens(0.55):
            parts = Decimal(chance.below(1_000_000_000)) / 1_000_000_000 if listing.is_fractionable else Decimal(0)
            worth = chance.pick((3, 2_000, 25_000))
            held[listing.symbol] = Decimal(1 + int(worth / listing.price)) + parts
    return held


def _targets(listings: tuple[Listing, ...], chance: Chance) -> tuple[dict[Symbol, Decimal], ...]:
    return tuple(_weights(listings, chance) for _ in range(chance.pick((1, 1, 2))))


def _weights(listings: tuple[Listing, ...], chance: Chance) -> dict[Symbol, Decimal]:
    left, weights = 100, {}
    for listing in listings:
        part = min(left, chance.pick((0, 0, 10, 25, 40, 60)))
        if part:
            weights[listing.symbol] = Decimal(part) / 100
            left -= part
    return weights
