from pathlib import Path

import numpy as np
import pytest

from alchemiser.application.import_data import import_bars
from alchemiser.application.repair_data import accept, adopt
from alchemiser.application.verify_data import verify
from alchemiser.domain.bars.findings import Kind
from alchemiser.domain.bars.history import Bars
from alchemiser.domain.errors import ConfigurationError, DataError
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.lake.archive import BlobLake
from alchemiser.infrastructure.lake.blobs import LocalBlobs
from support.lakes import LAST, data_ports, filled, lake_bars, some_bars, wavy
from support.sources import GivenSource

SPY = Symbol("SPY")
CLEAN = some_bars(wavy(60))
JUMPED = some_bars([*wavy(60)[:30], *(close * 2 for close in wavy(60)[30:])])


def zeroed() -> Bars:
    """
    Return bars with a close of zero.
    """
    closes = wavy(60)
    closes[30] = 0.0
    return some_bars(closes)


def stored(place: Path) -> Bars:
    """
    Return the bars in a lake.
    """
    history = BlobLake(LocalBlobs(place), new_york()).read(SPY)
    assert history is not None
    return history.bars


def usable(place: Path) -> bool:
    """
    Tell whether strategies get a row of the symbol.
    """
    return lake_bars(place).closes([SPY], through=LAST).holds(SPY)


def test_clean_bars_are_usable(tmp_path: Path) -> None:
    """
    What has no finding is used.
    """
    ports = data_ports(tmp_path)
    filled(ports, [CLEAN])

    (done,) = verify([], ports)

    assert (True, True) == (done.is_usable, usable(tmp_path))


def test_a_jump_is_kept_out_of_panels_with_the_reason(tmp_path: Path) -> None:
    """
    A symbol in quarantine has no row, and the panel says why.
    """
    filled(data_ports(tmp_path), [JUMPED])

    closes = lake_bars(tmp_path).closes([SPY], through=LAST)

    assert not closes.holds(SPY)
    assert "in quarantine" in closes.absent[SPY]
    assert "much like a split of 1 for 2" in closes.absent[SPY]


def test_a_second_source_that_shows_the_same_confirms(tmp_path: Path) -> None:
    """
    A jump that both sources show is the market's.
    """
    ports = data_ports(tmp_path)
    filled(ports, [JUMPED])

    (done,) = verify([], ports, against=GivenSource(JUMPED, name="other"))

    assert (True, True) == (done.is_usable, usable(tmp_path))
    assert done.history is not None
    assert ["other"] == [one.by for one in done.history.accepted]


def test_a_second_source_is_asked_when_bars_come(tmp_path: Path) -> None:
    """
    A profile with a second source confirms at once.
    """
    ports = data_ports(tmp_path, second=GivenSource(JUMPED, name="other"))

    filled(ports, [JUMPED])

    assert usable(tmp_path)


def test_a_second_source_that_does_not_answer_leaves_the_quarantine(tmp_path: Path) -> None:
    """
    The bars are kept, and stay in quarantine, when nobody can be asked about them.
    """
    ports = data_ports(tmp_path, second=GivenSource(JUMPED, name="other", fails_after=0))

    filled(ports, [JUMPED])

    assert (60, False) == (len(stored(tmp_path)), usable(tmp_path))


def test_a_second_source_that_does_not_show_it_blocks(tmp_path: Path) -> None:
    """
    A jump that one source shows alone stays in quarantine, and the disagreement is told.
    """
    ports = data_ports(tmp_path)
    filled(ports, [JUMPED])

    (done,) = verify([], ports, against=GivenSource(CLEAN, name="other"))

    assert done.history is not None
    assert {Kind.JUMP, Kind.DISAGREES} == {one.kind for one in done.history.quarantine()}


def test_a_disagreement_stays_until_it_is_resolved(tmp_path: Path) -> None:
    """
    A later check without the second source does not forget what it said.
    """
    ports = data_ports(tmp_path)
    filled(ports, [some_bars((np.array(wavy(60)) * np.where(np.arange(60) < 30, 0.97, 1.0)).tolist())])
    list(verify([], ports, against=GivenSource(CLEAN, name="other")))

    (done,) = verify([], ports)

    assert (False, False) == (done.is_usable, usable(tmp_path))


def test_accepting_takes_evidence_and_is_logged(tmp_path: Path) -> None:
    """
    Who, when and why are kept, and the symbol is used again.
    """
    ports = data_ports(tmp_path)
    filled(ports, [JUMPED])

    done = accept(SPY, ports, because="merger of equals", by="Ann")

    assert (1, 0, True) == (len(done.resolved), len(done.left), usable(tmp_path))
    (note,) = BlobLake(LocalBlobs(tmp_path), new_york()).notes()
    assert ("repaired", "Ann") == (note.kind, note.by)
    assert "merger of equals" in note.why


@pytest.mark.parametrize(("because", "by"), [("", "Ann"), ("seen", " ")])
def test_accepting_without_evidence_is_refused(tmp_path: Path, because: str, by: str) -> None:
    """
    A repair without a reason or a name is none.
    """
    ports = data_ports(tmp_path)
    filled(ports, [JUMPED])

    with pytest.raises(ConfigurationError, match="expected the evidence"):
        accept(SPY, ports, because=because, by=by)


def test_a_close_that_is_no_price_cannot_be_accepted(tmp_path: Path) -> None:
    """
    Nobody's word makes a price of zero.
    """
    ports = data_ports(tmp_path)
    filled(ports, [zeroed()])

    with pytest.raises(ConfigurationError, match="expected a finding in quarantine that can be accepted, found price"):
        accept(SPY, ports, because="seen", by="Ann", kind=Kind.PRICE)


def test_an_acceptance_does_not_cover_another_jump(tmp_path: Path) -> None:
    """
    Bars that are restated with another jump on the same day are in quarantine again.
    """
    ports = data_ports(tmp_path)
    filled(ports, [JUMPED])
    accept(SPY, ports, because="merger", by="Ann")

    filled(ports, [some_bars([*wavy(60)[:30], *(close * 3 for close in wavy(60)[30:])])])

    assert not usable(tmp_path)


def test_another_sources_history_can_be_adopted(tmp_path: Path) -> None:
    """
    Damaged bars are replaced whole, with a note of what replaced what.
    """
    ports = data_ports(tmp_path)
    filled(ports, [zeroed()])

    done = adopt(SPY, ports, GivenSource(CLEAN, name="other"), because="bad tick", by="Ann")

    assert ((), True) == (done.left, usable(tmp_path))
    assert "adopted 60 bars of other" in BlobLake(LocalBlobs(tmp_path), new_york()).notes()[-1].why


def test_a_shorter_history_is_not_adopted(tmp_path: Path) -> None:
    """
    Bars that end before ours would lose some.
    """
    ports = data_ports(tmp_path)
    filled(ports, [JUMPED])

    with pytest.raises(DataError, match="expected bars of other through 2024-03-28"):
        adopt(SPY, ports, GivenSource(CLEAN.part(0, 50), name="other"), because="bad tick", by="Ann")


def test_a_damaged_file_is_told_and_left(tmp_path: Path) -> None:
    """
    A file whose hash differs is named, not used and not touched.
    """
    ports = data_ports(tmp_path)
    filled(ports, [CLEAN])
    file = tmp_path / "bars" / "SPY.parquet"
    body = bytearray(file.read_bytes())
    body[60] ^= 255
    file.write_bytes(body)

    (done,) = verify([], ports)

    assert (False, False, bytes(body)) == (done.is_usable, usable(tmp_path), file.read_bytes())
    assert "cannot be read" in done.damage or "is not what was written" in done.damage


def test_a_symbol_that_ends_before_the_others_is_told(tmp_path: Path) -> None:
    """
    A symbol that stopped trading is named with the sessions it misses, and is no gap.
    """
    ports = data_ports(tmp_path)
    filled(ports, [CLEAN, some_bars(wavy(60), symbol="QQQ"), some_bars(wavy(60), symbol="OLD").part(0, 40)])

    done = {one.symbol: one for one in verify([], ports)}

    old = done[Symbol("OLD")]
    assert old.stopped is not None
    assert (20.0, True) == (old.stopped.measure, old.is_usable)


def test_importing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """
    A second import of a file keeps the same content and tells of nothing restated.
    """
    ports = data_ports(tmp_path)
    filled(ports, [CLEAN])

    (again,) = import_bars([CLEAN], ports, label="again")

    assert ("", 60) == (again.restated, again.bars)
