import threading
from pathlib import Path

import pytest

from alchemiser.application.on_demand import OnDemandBars
from alchemiser.domain.errors import MissingBars
from alchemiser.domain.market import Closes
from alchemiser.domain.values import Symbol
from support.lakes import LAST, data_ports, filled, lake_bars, some_bars, wavy
from support.sources import GivenSource

SPY, QQQ, NONE = (Symbol(name) for name in ("SPY", "QQQ", "NONE"))


def test_a_missing_symbol_is_fetched_once_however_many_ask(tmp_path: Path) -> None:
    """
    Eight readers that ask at the same time cause one question to the source.
    """
    source = GivenSource(some_bars(wavy(60), symbol="QQQ"))
    filled(data_ports(tmp_path), [some_bars(wavy(60))])
    found: list[Closes] = []

    def ask() -> None:
        store = OnDemandBars(lake_bars(tmp_path), data_ports(tmp_path, source=source))
        found.append(store.closes([SPY, QQQ], through=LAST))

    readers = [threading.Thread(target=ask) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert (8, 1) == (len(found), len(source.asked))
    assert all(closes.holds(QQQ) for closes in found)


def test_what_nobody_has_is_asked_for_once(tmp_path: Path) -> None:
    """
    A symbol without bars stays missing, and the source is not asked again in the same session.
    """
    source = GivenSource(some_bars(wavy(60)))
    for _ in range(3):
        store = OnDemandBars(lake_bars(tmp_path), data_ports(tmp_path, source=source))
        with pytest.raises(MissingBars, match="expected daily bars for NONE"):
            store.closes([SPY, NONE], through=LAST)

    assert 1 == len(source.asked)


def test_without_a_source_missing_is_missing(tmp_path: Path) -> None:
    """
    A lake that nobody fills says what it does not have.
    """
    filled(data_ports(tmp_path), [some_bars(wavy(60))])

    with pytest.raises(MissingBars):
        OnDemandBars(lake_bars(tmp_path), data_ports(tmp_path)).closes([QQQ], through=LAST)
