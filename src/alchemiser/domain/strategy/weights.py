"""
The weights of one strategy, read off an evaluated panel.
"""

from collections.abc import Sequence

import numpy as np

from alchemiser.domain.market import Series
from alchemiser.domain.strategy.ops import AssetOp, FilterOp, IfOp, InverseVolatilityOp, MixOp
from alchemiser.domain.strategy.panel import Panel
from alchemiser.domain.strategy.series import Flags


def weights_of(panel: Panel, numbers: Sequence[int], root: int) -> tuple[dict[int, Series], Flags]:
    """
    Return the weights below a root, top-down: every holding adds up its scale from all its parents before it is
    visited, so each is visited once however many paths lead to it.

    Args:
        panel: evaluated operations.
        numbers: every operation below the root.
        root: where the whole portfolio stands.

    Returns:
        The scale of every asset by operation number, shape (T,), and the sessions that are undefined.
    """
    length = len(panel.closes.sessions)
    scales: dict[int, Series] = {root: np.ones(length)}
    held: dict[int, Series] = {}
    undefined = np.zeros(length, dtype=np.bool_)
    for number in sorted(set(numbers), reverse=True):
        scale = scales.pop(number, None)
        if scale is None:
            continue
        op = panel.ops[number]
        unknown: Flags | None = None
        match op:
            case MixOp():
                whole = sum(op.parts)
                for part, child in zip(op.parts, op.children, strict=True):
                    _add(scales, child, scale * (part / whole))
            case IfOp():
                truth = panel.truths[op.condition]
                _add(scales, op.then, scale * truth.true)
                _add(scales, op.otherwise, scale * truth.false)
                unknown = ~(truth.true | truth.false)
            case FilterOp() | InverseVolatilityOp():
                choice = panel.choices[number]
                for share, child in zip(choice.shares, op.children, strict=True):
                    _add(scales, child, scale * share)
                unknown = choice.unknown
            case AssetOp():
                held[number] = scale
                closes = panel.tracks[number].closes
                unknown = np.isnan(closes)
            case _:
                pass
        if unknown is not None:
            undefined |= unknown & (scale > 0.0)
    return held, undefined


def _add(scales: dict[int, Series], number: int, scale: Series) -> None:
    before = scales.get(number)
    if before is None:
        scales[number] = scale
    else:
        np.add(before, scale, out=before)
