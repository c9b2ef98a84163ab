"""
The operations of a plan over all sessions, bottom-up, each once.

1. mark the sub-trees that are measured: only they need a stream of returns;
2. measure assets, all rows of one indicator together;
3. go through the operations in order: truths, choices, and the streams of what is marked.

A holding's return is the sum of its children's with yesterday's shares. A share of zero is left out of the sum, so
the unknown return of what is not held spoils nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from alchemiser.domain.indicators.formulas import daily_returns
from alchemiser.domain.indicators.registry import Indicator, indicator_named
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.choices import (
    Choice,
    all_of,
    any_of,
    compared,
    inverse_volatility,
    negated,
    selected,
)
from alchemiser.domain.strategy.ops import (
    AndOp,
    AssetOp,
    CashOp,
    CompareOp,
    FilterOp,
    IfOp,
    IndicatorOp,
    InverseVolatilityOp,
    MixOp,
    NotOp,
    NumberOp,
    Op,
    OrOp,
)
from alchemiser.domain.strategy.series import (
    Flags,
    Reading,
    Stream,
    Track,
    Truth,
    asset_track,
    broken_values,
    either,
    read_track,
    stream_track,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """
    Operations evaluated on closes; every mapping is by operation number.
    """

    ops: Sequence[Op]
    closes: Closes
    tracks: dict[int, Track] = field(default_factory=dict)
    readings: dict[int, Reading] = field(default_factory=dict)
    truths: dict[int, Truth] = field(default_factory=dict)
    choices: dict[int, Choice] = field(default_factory=dict)
    streams: dict[int, Stream] = field(default_factory=dict)


def evaluated(ops: Sequence[Op], closes: Closes, needed: Sequence[int]) -> Panel:
    """
    Evaluate operations on closes.

    Args:
        ops: each after what it reads.
        closes: of the sessions to evaluate.
        needed: the numbers of those to evaluate, ascending, with all they read.

    Raises:
        ValueError: the closes have no session.
    """
    if not closes.sessions:
        raise ValueError("expected at least one session in the closes, found none")
    panel = Panel(ops=ops, closes=closes)
    measured = _measured(ops, needed)
    _measure_assets(panel, needed)
    for number in needed:
        if number in panel.readings:
            continue
        op = ops[number]
        _evaluate(panel, number, op)
        if number in measured:
            panel.streams[number] = _stream(panel, number, op)
    return panel


def _measured(ops: Sequence[Op], needed: Sequence[int]) -> set[int]:
    marked: set[int] = set()
    for number in reversed(needed):
        op = ops[number]
        if isinstance(op, IndicatorOp) and not isinstance(ops[op.of], AssetOp):
            marked.add(op.of)
        elif number in marked:
            marked.update(held_by(op))
    return marked


def held_by(op: Op) -> tuple[int, ...]:
    """
    Return the operations a holding may hold.
    """
    match op:
        case MixOp() | InverseVolatilityOp() | FilterOp():
            return op.children
        case IfOp():
            return (op.then, op.otherwise)
        case _:
            return ()


def _measure_assets(panel: Panel, needed: Sequence[int]) -> None:
    length = len(panel.closes.sessions)
    wanted: dict[str, list[tuple[int, IndicatorOp, int]]] = {}
    rows: dict[int, int] = {}
    gaps: Flags = np.logical_or.reduce(np.isnan(panel.closes.values), axis=1)
    for number in needed:
        op = panel.ops[number]
        if isinstance(op, AssetOp):
            row = panel.closes.row_of(op.symbol)
            if row is None:
                panel.tracks[number] = asset_track(None, length)
                continue
            rows[number] = row
            closes = panel.closes.values[row]
            whole = Track(closes=closes, missing=None, broken=None)
            panel.tracks[number] = asset_track(closes, length) if gaps[row] else whole
        elif isinstance(op, IndicatorOp) and op.of in rows:
            wanted.setdefault(op.name, []).append((number, op, rows[op.of]))
    for name, members in wanted.items():
        indicator = _known(name)
        values = indicator.measure(
            panel.closes.values,
            [op.parameters for _, op, _ in members],
            np.array([row for _, _, row in members], dtype=np.intp),
        )
        for (number, op, _), own in zip(members, values, strict=True):
            broken = broken_values(panel.tracks[op.of], own, indicator)
            panel.readings[number] = Reading(values=own, broken=broken)


def _evaluate(panel: Panel, number: int, op: Op) -> None:
    match op:
        case AssetOp() | CashOp() | MixOp() | IfOp():
            pass
        case NumberOp():
            value = float(op.value)
            values = np.full(len(panel.closes.sessions), value)
            panel.readings[number] = Reading(values=values, broken=None, constant=value)
        case IndicatorOp():
            panel.readings[number] = read_track(_track(panel, op.of), _known(op.name), op.parameters)
        case CompareOp():
            sides = panel.readings[op.left], panel.readings[op.right]
            panel.truths[number] = compared(op.operator, *sides)
        case AndOp():
            panel.truths[number] = all_of([panel.truths[one] for one in op.conditions])
        case OrOp():
            panel.truths[number] = any_of([panel.truths[one] for one in op.conditions])
        case NotOp():
            panel.truths[number] = negated(panel.truths[op.condition])
        case FilterOp():
            scores = [panel.readings[one] for one in op.scores]
            panel.choices[number] = selected(op.select, op.count, scores)
        case InverseVolatilityOp():
            panel.choices[number] = inverse_volatility([panel.readings[one] for one in op.volatilities])
        case _:
            assert_never(op)


def _track(panel: Panel, number: int) -> Track:
    track = panel.tracks.get(number)
    if track is None:
        track = panel.tracks[number] = stream_track(panel.streams[number])
    return track


def _stream(panel: Panel, number: int, op: Op) -> Stream:
    streams = [panel.streams[child] for child in held_by(op)]
    match op:
        case AssetOp():
            track = panel.tracks[number]
            returns = daily_returns(track.closes)
            return Stream(returns=returns, decided=~np.isnan(track.closes), broken=track.broken)
        case CashOp():
            length = len(panel.closes.sessions)
            return Stream(returns=np.zeros(length), decided=np.ones(length, dtype=np.bool_), broken=None)
        case MixOp():
            return _mixed(op.parts, streams)
        case IfOp():
            return _branched(panel.truths[op.condition], *streams)
        case FilterOp() | InverseVolatilityOp():
            return _chosen(panel.choices[number], streams)
        case _:
            raise ValueError(f"expected a holding to take returns from, found {op}")


def _mixed(parts: Sequence[int], streams: Sequence[Stream]) -> Stream:
    returns = np.zeros_like(streams[0].returns)
    broken: Flags | None = None
    for part, stream in zip(parts, streams, strict=True):
        returns += stream.returns * (part / sum(parts))
        broken = either(broken, stream.broken)
    decided = np.logical_and.reduce([stream.decided for stream in streams])
    return Stream(returns=returns, decided=decided, broken=broken)


def _branched(truth: Truth, then: Stream, otherwise: Stream) -> Stream:
    returns = np.full_like(then.returns, np.nan)
    np.copyto(returns[1:], then.returns[1:], where=truth.true[:-1])
    np.copyto(returns[1:], otherwise.returns[1:], where=truth.false[:-1])
    broken = truth.broken
    if then.broken is not None:
        broken = either(broken, then.broken & truth.true)
    if otherwise.broken is not None:
        broken = either(broken, otherwise.broken & truth.false)
    decided = (truth.true & then.decided) | (truth.false & otherwise.decided)
    return Stream(returns=returns, decided=decided, broken=broken)


def _chosen(choice: Choice, streams: Sequence[Stream]) -> Stream:
    returns = np.zeros_like(streams[0].returns)
    for member, share, stream in zip(choice.members, choice.shares, streams, strict=True):
        np.add(returns[1:], share[:-1] * stream.returns[1:], out=returns[1:], where=member[:-1])
    returns[0] = np.nan
    decided = np.ones(len(returns), dtype=np.bool_)
    if choice.unknown is not None:
        decided = ~choice.unknown
        returns[1:][choice.unknown[:-1]] = np.nan
    return Stream(returns=returns, decided=decided, broken=choice.broken)


def _known(name: str) -> Indicator:
    indicator = indicator_named(name)
    if indicator is None:
        raise ValueError(f"expected an indicator of the registry, found {name!r}")
    return indicator
