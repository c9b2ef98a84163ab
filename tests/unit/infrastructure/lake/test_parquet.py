from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.bars.findings import Acceptance, Finding, Kind
from alchemiser.domain.bars.history import Action, ActionKind, History
from alchemiser.domain.errors import SuspectBars
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.lake.parquet import decoded, decoded_track, encoded
from support.lakes import NOW, some_bars, wavy

SPY = Symbol("SPY")
WHOLE = History(
    bars=some_bars(
        [*wavy(20), float("nan"), 0.0, -1.0, float("inf")],
        actions=[Action(day=date(2024, 3, 4), kind=ActionKind.SPLIT, value=1 / 15)],
    ),
    fetched_at=NOW,
    refreshed_through=date(2024, 3, 28),
    findings=(Finding(day=date(2024, 3, 4), kind=Kind.JUMP, measure=0.1 + 0.2, why="it moved", blocks=True),),
    accepted=(Acceptance(day=date(2024, 3, 5), kind=Kind.TICK, measure=-0.5, because="seen", by="me", at=NOW),),
)


def test_a_history_comes_back_as_it_was() -> None:
    """
    Bars, actions, findings and acceptances are the same after writing and reading, oddities included.
    """
    again = decoded(encoded(WHOLE), SPY)

    assert WHOLE.bars.content_hash() == again.bars.content_hash()
    assert (WHOLE.fetched_at, WHOLE.refreshed_through) == (again.fetched_at, again.refreshed_through)
    assert (WHOLE.findings, WHOLE.accepted) == (again.findings, again.accepted)


@given(st.lists(st.floats(), min_size=1, max_size=30))
def test_any_closes_come_back_bit_for_bit(closes: list[float]) -> None:
    """
    Whatever a source tells is kept.
    """
    history = History(bars=some_bars(closes), fetched_at=datetime(2024, 4, 1, tzinfo=UTC))

    again = decoded(encoded(history), SPY)

    assert np.array_equal(history.bars.adj_closes, again.bars.adj_closes, equal_nan=True)


def test_a_track_carries_the_reason_of_a_quarantine() -> None:
    """
    Readers of closes alone are told what keeps them from being used.
    """
    track = decoded_track(encoded(WHOLE), SPY)

    assert (WHOLE.bars.content_hash(), "2024-03-04: it moved") == (track.content, track.quarantine)


@given(st.data())
def test_no_changed_byte_is_read_as_another_price(data: st.DataObject) -> None:
    """
    A file with any byte changed is refused, or read as exactly what was written.
    """
    body = bytearray(encoded(WHOLE))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    try:
        track = decoded_track(bytes(body), SPY)
    except SuspectBars:
        return

    assert np.array_equal(WHOLE.bars.adj_closes, track.adj_closes, equal_nan=True)
    assert np.array_equal(WHOLE.bars.days, track.days)


@pytest.mark.parametrize("body", [b"", b"no parquet", b"PAR1" * 10])
def test_what_is_no_history_is_refused(body: bytes) -> None:
    """
    Bytes of something else are an error that names the symbol and what to do.
    """
    with pytest.raises(SuspectBars, match=r"SPY: the stored history cannot be read.*refresh --full"):
        decoded(body, SPY)


def test_another_symbols_file_is_refused() -> None:
    """
    A file under the wrong name is not believed.
    """
    with pytest.raises(SuspectBars, match="is not what was written"):
        decoded(encoded(WHOLE), Symbol("QQQ"))
