from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest

from alchemiser.domain.bars.checks import check
from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.bars.history import Action, ActionKind, Bars, day_of, numbers_of
from alchemiser.domain.market import Series
from support.lakes import LAST, all_sessions, only_closes, some_bars, wavy


def found(bars: Bars, *, through: date = LAST) -> tuple[Finding, ...]:
    """
    Return what is found on the exchange's sessions.
    """
    return check(bars, sessions=all_sessions(), complete_through=through)


def blocking(bars: Bars) -> set[Kind]:
    """
    Return the kinds for which a symbol is put in quarantine.
    """
    return {one.kind for one in found(bars) if one.blocks}


def kinds(bars: Bars) -> set[Kind]:
    """
    Return the kinds of everything that is found.
    """
    return {one.kind for one in found(bars)}


def with_close(place: int, close: float, count: int = 60) -> Bars:
    """
    Return bars of which one has another close.
    """
    closes = wavy(count)
    closes[place] = close
    return some_bars(closes)


def test_clean_bars_have_no_findings() -> None:
    """
    Bars on every session with ordinary moves are clean.
    """
    assert () == found(some_bars(wavy(300)))


@pytest.mark.parametrize("close", [0.0, -5.0, float("nan"), float("inf")])
def test_a_close_that_is_no_price_blocks(close: float) -> None:
    """
    Zero, negative, missing and infinite closes are no prices.
    """
    assert Kind.PRICE in blocking(with_close(30, close))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"highs": 90.0}, id="high below the rest"),
        pytest.param({"lows": 150.0}, id="low above the rest"),
        pytest.param({"highs": 98.0, "lows": 99.0}, id="upside down"),
    ],
)
def test_a_range_that_contradicts_itself_blocks(changed: Mapping[str, float]) -> None:
    """
    Low, open, close and high come in that order.
    """
    clean = some_bars(wavy(60))
    columns: dict[str, Series] = {}
    for name, value in changed.items():
        columns[name] = getattr(clean, name).copy()
        columns[name][30] = value

    assert {Kind.RANGE} == blocking(some_bars(wavy(60), columns=columns))


def test_prices_that_are_missing_in_part_are_told() -> None:
    """
    Signals see adjusted closes alone, so an open that is missing keeps nothing from being used.
    """
    opens = np.array(wavy(60))
    opens[30] = np.nan
    bars = some_bars(wavy(60), columns={"opens": opens})

    assert (set(), {Kind.RANGE}) == (blocking(bars), kinds(bars))


@pytest.mark.parametrize("volume", [-1.0, float("inf")])
def test_an_impossible_volume_blocks(volume: float) -> None:
    """
    A volume is zero or more.
    """
    volumes = np.full(60, 1000.0)
    volumes[30] = volume

    assert {Kind.VOLUME} == blocking(some_bars(wavy(60), columns={"volumes": volumes}))


def test_a_session_without_a_bar_blocks() -> None:
    """
    A gap inside a symbol's life is found with its sessions.
    """
    whole = some_bars(wavy(60))
    days = np.delete(whole.days, [30, 31])
    closes = [close for place, close in enumerate(wavy(60)) if place not in {30, 31}]

    (gap,) = found(some_bars(closes, days=days))

    assert (Kind.GAP, True, 2.0) == (gap.kind, gap.blocks, gap.measure)


def test_a_holiday_is_no_gap() -> None:
    """
    Good Friday of 2024 has no bar and misses none.
    """
    assert () == found(some_bars(wavy(60), last=date(2024, 4, 5)), through=date(2024, 4, 5))


def test_a_bar_on_a_weekend_blocks() -> None:
    """
    Dates shifted by a day land where the exchange does not trade.
    """
    days = some_bars(wavy(60)).days + 1

    assert {Kind.NO_SESSION, Kind.GAP, Kind.PARTIAL} == blocking(some_bars(wavy(60), days=days))


def test_a_bar_of_an_unfinished_session_blocks() -> None:
    """
    A bar of a session that was not over when it came may still change.
    """
    bars = some_bars(wavy(60), last=date(2024, 4, 1))

    (partial,) = found(bars)

    assert (Kind.PARTIAL, date(2024, 4, 1), True) == (partial.kind, partial.day, partial.blocks)


def test_a_feed_that_stands_still_blocks() -> None:
    """
    Five equal closes at the end without any trading range are no market.
    """
    closes = [*wavy(55), *[99.0] * 5]
    flat = {"opens": np.array(closes), "highs": np.array(closes), "lows": np.array(closes)}

    assert {Kind.FROZEN} == blocking(some_bars(closes, columns=flat))


@pytest.mark.parametrize("times", [1 / 15, 0.5, 2.0, 15.0])
def test_a_jump_without_a_reason_blocks(times: float) -> None:
    """
    A split that nobody knows of leaves a jump; its likely ratio is named.
    """
    closes = wavy(60)
    bars = some_bars([*closes[:30], *(close * times for close in closes[30:])])

    (jump,) = [one for one in found(bars) if one.blocks]

    assert Kind.JUMP is jump.kind
    assert "split" in jump.why


def test_a_jump_of_the_size_of_a_known_split_is_that_split() -> None:
    """
    A known split in adjusted prices was left out, or applied twice.
    """
    clean = some_bars(wavy(60))
    split = Action(day=day_of(int(clean.days[30])), kind=ActionKind.SPLIT, value=1.5)
    closes = [close if place < 30 else close / 1.5 for place, close in enumerate(wavy(60))]

    (left_out,) = [one for one in found(some_bars(closes, actions=[split])) if one.blocks]

    assert (Kind.SPLIT, split.day) == (left_out.kind, left_out.day)


def test_a_split_that_is_in_the_adjusted_closes_is_clean() -> None:
    """
    Prices as traded may jump where the adjusted ones do not and an action says why.
    """
    clean = some_bars(wavy(60))
    split = Action(day=day_of(int(clean.days[30])), kind=ActionKind.SPLIT, value=4.0)
    times = np.where(np.arange(60) < 30, 4.0, 1.0)
    traded = {name: getattr(clean, name) * times for name in ("opens", "highs", "lows", "closes")}

    assert () == found(some_bars(wavy(60), actions=[split], columns=traded))


def test_a_close_that_is_taken_back_is_a_tick() -> None:
    """
    A close a third of its neighbours that is taken back the next session is no market.
    """
    closes = wavy(60)
    closes[30] /= 3
    bars = some_bars(closes, columns=only_closes(60))

    assert {Kind.TICK} == blocking(bars)


def test_a_close_that_repeats_the_open_of_a_wide_day_is_a_tick() -> None:
    """
    A close that equals open and high, far above the low and the next open, was never made.
    """
    closes = np.array(wavy(60))
    closes[31:] *= 0.6
    opens, highs, lows = closes.copy(), closes * 1.01, closes * 0.99
    highs[30], lows[30] = closes[30], closes[30] * 0.55
    tick = next(
        one
        for one in found(some_bars(closes.tolist(), columns={"opens": opens, "highs": highs, "lows": lows}))
        if one.blocks
    )

    assert (Kind.TICK, some_bars(wavy(60)).days[30]) == (tick.kind, numbers_of([tick.day])[0])


def test_a_large_move_within_the_last_session_waits_for_the_next() -> None:
    """
    Nothing confirms the last bar yet.
    """
    closes = wavy(60)
    closes[-1] *= 0.6
    opens = np.array(wavy(60))
    bars = some_bars(
        closes, columns={"opens": opens, "highs": np.maximum(opens, closes), "lows": np.minimum(opens, closes)}
    )

    assert {Kind.UNCONFIRMED} == blocking(bars)


def test_a_large_move_within_an_earlier_session_is_told() -> None:
    """
    Confirmed by the sessions after it, a crash is named and keeps nothing from being used.
    """
    closes = np.array(wavy(60))
    opens = closes.copy()
    closes[30:] *= 0.55
    opens[31:] *= 0.55
    bars = some_bars(
        closes.tolist(), columns={"opens": opens, "highs": np.maximum(opens, closes), "lows": np.minimum(opens, closes)}
    )

    assert (set(), {Kind.MOVE}) == (blocking(bars), kinds(bars))


def test_an_open_out_of_line_is_told() -> None:
    """
    Closes go on as if nothing had been: signals, which see closes alone, may use them.
    """
    opens = np.array(wavy(60))
    opens[30] *= 1.6
    bars = some_bars(wavy(60), columns={"opens": opens, "highs": np.maximum(opens, wavy(60))})

    assert (set(), {Kind.OPEN}) == (blocking(bars), kinds(bars))


def test_prices_that_end_before_adjusted_closes_are_told() -> None:
    """
    Where only adjusted closes go on, the last day with prices as traded is named.
    """
    columns = {name: getattr(some_bars(wavy(60)), name).copy() for name in only_closes(60)}
    for values in columns.values():
        values[50:] = np.nan

    (ends,) = found(some_bars(wavy(60), columns=columns))

    assert (Kind.ENDS, False) == (ends.kind, ends.blocks)


def test_what_came_before_the_calendar_keeps_nothing_from_being_used() -> None:
    """
    A jump of 1999 is told and blocks nothing, because no panel reaches it.
    """
    first = numbers_of([date(1999, 11, 1)])[0]
    days = np.concatenate([np.arange(first, first + 5), all_sessions()[:50]])
    closes = wavy(55)
    closes[:3] = [close * 3 for close in closes[:3]]

    assert set() == blocking(some_bars(closes, days=days))
