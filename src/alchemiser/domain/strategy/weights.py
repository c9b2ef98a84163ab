"""
The weights of one strategy, read off an evaluated panel.

1. give every asset a row of the result, which shares are added to in place;
2. go through the operations from the root down: each hands its scale on to what it holds;
3. a scale's array is used again once it is handed on, so few are ever made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from alchemiser.domain.market import Series
from alchemiser.domain.strategy.ops import AssetOp, FilterOp, IfOp, InverseVolatilityOp, MixOp
from alchemiser.domain.strategy.panel import Panel
from alchemiser.domain.strategy.series import Flags
from alchemiser.domain.values import Symbol


def weights_of(panel: Panel, order: Sequence[int]) -> tuple[tuple[Symbol, ...], Series, Flags]:
    """
    Return the weights below a root, top-down: every holding adds up its scale from all its parents before it is
    visited, so each is visited once however many paths lead to it.

    Args:
        panel: evaluated operations.
        order: the strategy's operations, each after what it reads, the root last. Shares add up in its order, so
            the bits of a strategy's weights do not depend on what else is in the book.

    Returns:
        The symbols that may be held, ascending, length N; their weights, shape (N, T), not NaN anywhere; the
        sessions that are undefined.
    """
    places = _rows_by_asset(panel, order)
    length = len(panel.closes.sessions)
    scales = _Scales(rows=np.zeros((len(places), length)), places=places)
    undefined = np.zeros(length, dtype=np.bool_)
    # Up to here every session is undefined already, so nothing more can be learned of it.
    settled = 0
    scales.add(order[-1], np.ones(length), 1.0)
    for number in reversed(order):
        scale = scales.current.pop(number, None)
        if scale is None:
            continue
        op = panel.ops[number]
        match op:
            case MixOp():
                whole = sum(op.parts)
                for part, child in zip(op.parts, op.children, strict=True):
                    scales.add(child, scale, part / whole)
            case IfOp():
                then, otherwise = panel.shares_of(op.condition)
                scales.add(op.then, scale, then)
                scales.add(op.otherwise, scale, otherwise)
            case FilterOp() | InverseVolatilityOp():
                for share, child in zip(panel.choices[number].shares, op.children, strict=True):
                    scales.add(child, scale, share)
            case _:
                pass
        unknown = panel.unknown_of(number)
        if unknown is not None and len(unknown) > settled:
            undefined[: len(unknown)] |= unknown & (scale[: len(unknown)] > 0.0)
            if undefined[settled : len(unknown)].all():
                settled = len(unknown)
        if number not in places:
            scales.spare.append(scale)
    symbols = tuple(sorted(op.symbol for op in map(panel.ops.__getitem__, places) if isinstance(op, AssetOp)))
    return symbols, scales.rows, undefined


def _rows_by_asset(panel: Panel, order: Sequence[int]) -> dict[int, int]:
    held: set[int] = {order[-1]}
    assets: dict[Symbol, int] = {}
    for number in reversed(order):
        if number not in held:
            continue
        op = panel.ops[number]
        match op:
            case MixOp() | FilterOp() | InverseVolatilityOp():
                held.update(op.children)
            case IfOp():
                held.update((op.then, op.otherwise))
            case AssetOp():
                assets[op.symbol] = number
            case _:
                pass
    return {assets[symbol]: row for row, symbol in enumerate(sorted(assets))}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scales:
    """
    What every operation gets of the portfolio, added up so far.
    """

    rows: Series
    places: dict[int, int]
    current: dict[int, Series] = field(default_factory=dict)
    spare: list[Series] = field(default_factory=list)

    def add(self, number: int, scale: Series, share: Series | float) -> None:
        """
        Add a share of a scale to what an operation gets.
        """
        before = self.current.get(number)
        if before is not None:
            scratch = self._free(scale)
            np.multiply(scale, share, out=scratch)
            np.add(before, scratch, out=before)
            self.spare.append(scratch)
            return
        row = self.places.get(number)
        target = self._free(scale) if row is None else self.rows[row]
        self.current[number] = np.multiply(scale, share, out=target)

    def _free(self, like: Series) -> Series:
        return self.spare.pop() if self.spare else np.empty_like(like)
