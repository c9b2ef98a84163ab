"""
The weights of every strategy of a book, read off an evaluated panel.

At any one session a strategy holds a small part of its operations, so what an operation gets is kept as a list of
places, a place being a strategy and a session, and the scale there:

1. give every strategy's root the scale 1 at all its places;
2. go through the operations from the last to the first, each once for all strategies: it hands its places on to
   what it holds there, and those where it cannot decide are undefined;
3. add up what the assets got.

Scales are multiples of 2 ** -51, so adding them is exact: the order in which they meet, and what else is in the
book, changes no bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.market import Series
from alchemiser.domain.strategy.choices import Choice
from alchemiser.domain.strategy.ops import AssetOp, FilterOp, IfOp, InverseVolatilityOp, MixOp
from alchemiser.domain.strategy.panel import Panel, held_by
from alchemiser.domain.strategy.series import Flags, Truth
from alchemiser.domain.values import Symbol

Places: TypeAlias = NDArray[np.intp]

# Numbers between 2 and 4 are multiples of 2 ** -51, so adding this and taking it away rounds a scale to one.
_GRAIN = 3.0


class Given(NamedTuple):
    """
    Scales at places. Both arrays are shared, so nobody may write into them.
    """

    places: Places
    scales: Series
    is_distinct: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """
    The weights of one strategy.

    Args:
        symbols: those that may be held, ascending, length N.
        rows: shape (N, T), NaN on undefined sessions.
        undefined: where missing data decides something that is held, shape (T,).
    """

    symbols: tuple[Symbol, ...]
    rows: Series
    undefined: Flags


def weights_of(panel: Panel, roots: Sequence[int]) -> tuple[Weights, ...]:
    """
    Return the weights below each of several roots.
    """
    holders = _holders(panel, roots)
    descent = _Descent(panel=panel, shift=(len(panel.closes.sessions) - 1).bit_length(), count=len(roots))
    sessions = np.arange(len(panel.closes.sessions))
    for place, root in enumerate(roots):
        descent.give(root, Given(sessions + (place << descent.shift), np.ones(len(sessions)), is_distinct=True))
    for number in sorted(holders, reverse=True):
        if number in descent.given and not isinstance(panel.ops[number], AssetOp):
            descent.hand_on(number)
    return _added_up(descent, holders)


def _holders(panel: Panel, roots: Sequence[int]) -> dict[int, int]:
    # Of every operation that may be held, the strategies that may hold it, one bit each.
    holders: dict[int, int] = {}
    for place, root in enumerate(roots):
        holders[root] = holders.get(root, 0) | 1 << place
    for number in range(max(roots, default=-1), -1, -1):
        own = holders.get(number)
        if own is not None:
            for child in held_by(panel.ops[number]):
                holders[child] = holders.get(child, 0) | own
    return holders


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Descent:
    """
    What operations were given so far.

    Args:
        panel: the evaluated operations.
        shift: a place is a strategy's number times 2 ** shift, plus the session's.
        count: of strategies.
    """

    panel: Panel
    shift: int
    count: int
    given: dict[int, list[Given]] = field(default_factory=dict)
    undefined: list[Places] = field(default_factory=list)
    _latest: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_latest", np.empty(self.count << self.shift, dtype=np.intp))

    def give(self, number: int, given: Given) -> None:
        """
        Give an operation scales at places.
        """
        if len(given.places):
            self.given.setdefault(number, []).append(given)

    def hand_on(self, number: int) -> None:
        """
        Hand what an operation was given on to what it holds.
        """
        op = self.panel.ops[number]
        given = _joined(self.given.pop(number))
        match op:
            case MixOp():
                self._mix(op, self._summed(given))
            case IfOp():
                # A session goes one way, so places do not multiply here and may stay apart, within limits.
                given = self._summed(given) if len(given.places) > len(self._latest) else given
                self._branch(op, self.panel.truths[op.condition], given)
            case FilterOp():
                self._select(op, self.panel.choices[number], self._summed(given))
            case InverseVolatilityOp():
                self._balance(op, self.panel.choices[number], self._summed(given))
            case _:
                pass

    def sessions(self, places: Places) -> Places:
        """
        Return the session of each place.
        """
        sessions: Places = places & ((1 << self.shift) - 1)
        return sessions

    def add_up(self, number: int, starts: Mapping[int, int], flat: Series) -> None:
        """
        Add what an asset was given to rows of weights that lie one after the other.

        Args:
            number: the asset's.
            starts: where its row of each strategy begins.
            flat: the rows, in place.
        """
        places, scales, _ = _joined(self.given[number])
        missing = self.panel.tracks[number].missing
        if missing is not None:
            self.undefined.append(places[missing.take(self.sessions(places))])
        moves = np.zeros(self.count, dtype=np.intp)
        for strategy, start in starts.items():
            moves[strategy] = start - (strategy << self.shift)
        np.add.at(flat, places + moves.take(places >> self.shift), scales)

    def undefined_sessions(self) -> Flags:
        """
        Return where each strategy is undefined, shape (strategies, T).
        """
        undefined = np.zeros((self.count, 1 << self.shift), dtype=np.bool_)
        for places in self.undefined:
            undefined.reshape(-1)[places] = True
        return undefined[:, : len(self.panel.closes.sessions)]

    def _summed(self, given: Given) -> Given:
        # Each place once: what is rounded next must not depend on the number of ways that lead here.
        if given.is_distinct:
            return given
        turns = np.arange(len(given.places))
        self._latest[given.places] = turns
        latest = self._latest.take(given.places)
        is_latest = latest == turns
        if is_latest.all():
            return given
        sums = np.bincount(latest, weights=given.scales, minlength=len(turns))
        return Given(given.places[is_latest], sums[is_latest], is_distinct=True)

    def _mix(self, op: MixOp, given: Given) -> None:
        whole, parts = sum(op.parts), dict.fromkeys(op.children, 0)
        for part, child in zip(op.parts, op.children, strict=True):
            parts[child] += part
        portions = {part: _rounded(given.scales * (part / whole)) for part in set(parts.values())}
        for child, part in parts.items():
            self.give(child, Given(given.places, portions[part], is_distinct=True))

    def _branch(self, op: IfOp, truth: Truth, given: Given) -> None:
        sessions = self.sessions(given.places)
        decided = 0
        for child, is_so in ((op.then, truth.true), (op.otherwise, truth.false)):
            (taken,) = is_so.take(sessions).nonzero()
            decided += len(taken)
            self.give(child, Given(given.places.take(taken), given.scales.take(taken), given.is_distinct))
        if decided < len(sessions):
            self.undefined.append(given.places[~(truth.true | truth.false).take(sessions)])

    def _select(self, op: FilterOp, choice: Choice, given: Given) -> None:
        sessions = self.sessions(given.places)
        if choice.unknown is not None:
            self.undefined.append(given.places[choice.unknown.take(sessions)])
        portions = _rounded(given.scales * choice.portions.take(sessions))
        for members, child in zip(choice.members, op.children, strict=True):
            (held,) = members.take(sessions).nonzero()
            self.give(child, Given(given.places.take(held), portions.take(held), is_distinct=True))

    def _balance(self, op: InverseVolatilityOp, choice: Choice, given: Given) -> None:
        places, scales, _ = given
        sessions = self.sessions(places)
        if choice.unknown is not None:
            is_unknown = choice.unknown.take(sessions)
            self.undefined.append(places[is_unknown])
            (known,) = (~is_unknown).nonzero()
            places, scales, sessions = places.take(known), scales.take(known), sessions.take(known)
        for portions, child in zip(choice.portions, op.children, strict=True):
            own = portions.take(sessions)
            own *= scales
            self.give(child, Given(places, _rounded(own), is_distinct=True))


def _joined(given: Sequence[Given]) -> Given:
    if len(given) == 1:
        return given[0]
    places, scales = np.concatenate([one.places for one in given]), np.concatenate([one.scales for one in given])
    return Given(places, scales, is_distinct=False)


def _rounded(scales: Series) -> Series:
    # In place: to a multiple of 2 ** -51.
    scales += _GRAIN
    scales -= _GRAIN
    return scales


def _added_up(descent: _Descent, holders: Mapping[int, int]) -> tuple[Weights, ...]:
    length, ops = len(descent.panel.closes.sessions), descent.panel.ops
    assets = sorted((op.symbol, number) for number in holders if isinstance(op := ops[number], AssetOp))
    symbols: list[tuple[Symbol, ...]] = []
    starts: dict[int, dict[int, int]] = {number: {} for _, number in assets}
    count = 0
    for strategy in range(descent.count):
        own = [asset for asset in assets if holders[asset[1]] >> strategy & 1]
        symbols.append(tuple(symbol for symbol, _ in own))
        for row, (_, number) in enumerate(own, start=count):
            starts[number][strategy] = row * length
        count += len(own)
    # One piece of memory for all: the system hands it out in large pages, and empty.
    whole = np.zeros((count, length))
    for _, number in assets:
        if number in descent.given:
            descent.add_up(number, starts[number], whole.reshape(-1))
    ends = accumulate(map(len, symbols))
    rows = [whole[end - len(own) : end] for own, end in zip(symbols, ends, strict=True)]
    return tuple(map(_finished, symbols, rows, descent.undefined_sessions()))


def _finished(symbols: tuple[Symbol, ...], rows: Series, undefined: Flags) -> Weights:
    if undefined.any():
        rows[:, undefined] = np.nan
    rows.flags.writeable = False
    return Weights(symbols=symbols, rows=rows, undefined=undefined)
