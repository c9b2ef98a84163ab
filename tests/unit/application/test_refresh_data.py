import threading
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from alchemiser.application.refresh_data import Fate, refresh
from alchemiser.domain.bars.history import Bars
from alchemiser.domain.errors import ConfigurationError, SourceUnavailable
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.lake.archive import BlobLake
from alchemiser.infrastructure.lake.blobs import LocalBlobs
from support.lakes import LAST, data_ports, filled, some_bars, wavy
from support.sources import GivenSource

SPY, QQQ, BIL = (Symbol(name) for name in ("SPY", "QQQ", "BIL"))
CLOSES = wavy(100)


def whole(symbol: str = "SPY", *, times: float = 1.0, until: int = 100) -> Bars:
    """
    Return a hundred bars, or the first of them, in some adjustment.
    """
    return some_bars([close * times for close in CLOSES], symbol=symbol).part(0, until)


def stored(place: Path, symbol: Symbol = SPY) -> Bars:
    """
    Return the bars in a lake.
    """
    history = BlobLake(LocalBlobs(place), new_york()).read(symbol)
    assert history is not None
    return history.bars


def test_a_new_symbol_is_fetched_whole(tmp_path: Path) -> None:
    """
    Nothing is known, so everything through the last complete session is asked for.
    """
    source = GivenSource(whole())

    (done,) = refresh([SPY], data_ports(tmp_path, source=source))

    assert (Fate.NEW, 100) == (done.fate, done.bars)
    assert [((SPY,), date(2000, 1, 1), LAST)] == source.asked


def test_a_known_symbol_is_asked_for_new_bars_and_an_overlap(tmp_path: Path) -> None:
    """
    Ten known sessions are asked for again with the new ones.
    """
    source = GivenSource(whole())
    ports = data_ports(tmp_path, source=source)
    filled(ports, [whole(until=95)])

    (done,) = refresh([SPY], ports)

    assert (Fate.EXTENDED, 100, 15) == (done.fate, done.bars, done.fetched)
    assert whole().content_hash() == stored(tmp_path).content_hash()


def test_a_restated_overlap_fetches_everything_and_is_noted(tmp_path: Path) -> None:
    """
    A dividend changed what was known: the whole history is replaced, and the log says so.
    """
    source = GivenSource(whole(times=0.98))
    ports = data_ports(tmp_path, source=source)
    filled(ports, [whole(until=95)])

    (done,) = refresh([SPY], ports)

    assert (Fate.RESTATED, 100) == (done.fate, done.bars)
    assert np.array_equal(whole(times=0.98).adj_closes, stored(tmp_path).adj_closes)
    assert ["restated"] == [note.kind for note in BlobLake(LocalBlobs(tmp_path), new_york()).notes()]


def test_bars_older_than_the_sources_first_are_kept(tmp_path: Path) -> None:
    """
    A source that begins later replaces what it has, and the older bars go over into its adjustment.
    """
    source = GivenSource(whole(times=0.5).part(40, 100))
    ports = data_ports(tmp_path, source=source)
    filled(ports, [whole(until=95)])

    (done,) = refresh([SPY], ports)

    assert (Fate.RESTATED, 100, 60) == (done.fate, done.bars, done.fetched)
    assert np.allclose(whole(times=0.5).adj_closes, stored(tmp_path).adj_closes)


def test_a_refreshed_symbol_is_left_alone(tmp_path: Path) -> None:
    """
    The second refresh of a session asks nobody.
    """
    source = GivenSource(whole(), whole("QQQ"))
    ports = data_ports(tmp_path, source=source)
    list(refresh([SPY, QQQ], ports))
    source.asked.clear()

    done = list(refresh([SPY, QQQ], ports))

    assert ([Fate.CURRENT] * 2, []) == ([one.fate for one in done], source.asked)


def test_a_refresh_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """
    What came before the source went away is kept; the next run asks for the rest alone.
    """
    source = GivenSource(whole(), whole("QQQ"), whole("BIL"), fails_after=1)
    ports = data_ports(tmp_path, source=source)
    with pytest.raises(SourceUnavailable):
        list(refresh([SPY, QQQ, BIL], ports))
    source.fails_after = None
    source.asked.clear()

    done = list(refresh([SPY, QQQ, BIL], ports))

    assert [Fate.CURRENT, Fate.NEW, Fate.NEW] == [one.fate for one in done]
    assert [(QQQ, BIL)] == [asked for asked, _, _ in source.asked]


def test_a_symbol_the_source_does_not_have_is_told(tmp_path: Path) -> None:
    """
    An absent symbol is noticed, remembered, and not asked for again in the same session.
    """
    source = GivenSource(whole())
    ports = data_ports(tmp_path, source=source)

    done = {one.symbol: one for one in refresh([SPY, QQQ], ports)}
    again = {one.symbol: one.fate for one in refresh([SPY, QQQ], ports)}

    assert (Fate.ABSENT, "given has no bars of it") == (done[QQQ].fate, done[QQQ].why)
    assert ({SPY: Fate.CURRENT, QQQ: Fate.ABSENT}, 1) == (again, len(source.asked))


def test_a_known_symbol_that_vanishes_keeps_its_bars(tmp_path: Path) -> None:
    """
    A source that has nothing any more takes nothing away.
    """
    ports = data_ports(tmp_path, source=GivenSource())
    filled(ports, [whole(until=95)])

    (done,) = refresh([SPY], ports)

    assert (Fate.ABSENT, 95) == (done.fate, len(stored(tmp_path)))


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    """
    A file that cannot be believed is replaced by a whole new history.
    """
    ports = data_ports(tmp_path, source=GivenSource(whole()))
    filled(ports, [whole(until=95)])
    (tmp_path / "bars" / "SPY.parquet").write_bytes(b"PAR1 and then nothing")

    (done,) = refresh([SPY], ports)

    assert (Fate.NEW, 100) == (done.fate, len(stored(tmp_path)))


def test_the_session_under_way_is_not_asked_for(tmp_path: Path) -> None:
    """
    At noon of a session only the one before it is complete.
    """
    source = GivenSource(whole())
    ports = data_ports(tmp_path, source=source, now=datetime(2024, 3, 28, 16, 0, tzinfo=UTC))

    list(refresh([SPY], ports))

    assert [date(2024, 3, 27)] == [last for _, _, last in source.asked]


def test_what_was_accepted_stays_accepted(tmp_path: Path) -> None:
    """
    A refresh keeps the evidence that somebody gave.
    """
    from alchemiser.application.repair_data import accept

    closes = [*CLOSES[:50], *(close * 2 for close in CLOSES[50:])]
    ports = data_ports(tmp_path, source=GivenSource(some_bars(closes)))
    filled(ports, [some_bars(closes).part(0, 95)])
    accept(SPY, ports, because="a merger", by="me")

    (done,) = refresh([SPY], ports)

    assert (Fate.EXTENDED, 0) == (done.fate, done.quarantine)


def test_without_a_source_nothing_is_refreshed(tmp_path: Path) -> None:
    """
    A profile that names none is a mistake of the settings.
    """
    with pytest.raises(ConfigurationError, match="expected a source of bars"):
        list(refresh([SPY], data_ports(tmp_path)))


def test_two_refreshes_at_once_do_no_harm(tmp_path: Path) -> None:
    """
    Both end, and the lake is as after one.
    """
    names = [f"S{number}" for number in range(8)]
    source = GivenSource(*(whole(name) for name in names))
    filled(data_ports(tmp_path), [whole(name, until=95) for name in names[:4]])
    fates: list[Fate] = []

    def work() -> None:
        ports = data_ports(tmp_path, source=source)
        fates.extend(one.fate for one in refresh([Symbol(name) for name in names], ports))

    both = [threading.Thread(target=work) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert 16 == len(fates)
    assert {whole(name).content_hash() for name in names} == {
        stored(tmp_path, Symbol(name)).content_hash() for name in names
    }
