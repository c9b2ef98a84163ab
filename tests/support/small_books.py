"""
Two sessions of two small strategies on six symbols; the second sells and buys.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

FIRST, SECOND = date(2026, 7, 31), date(2026, 8, 3)
_WORDS = '(defsymphony "{name}" {{:asset-class "EQUITIES", :rebalance-frequency :daily}} (weight-specified {parts}))'
_BOOKS: Mapping[date, Mapping[str, Mapping[str, str]]] = {
    FIRST: {
        "One": {"SPY": "0.5", "TLT": "0.3", "GLD": "0.2"},
        "Two": {"QQQ": "0.6", "GLD": "0.4"},
    },
    SECOND: {
        "One": {"SPY": "0.2", "QQQ": "0.3", "BIL": "0.5"},
        "Two": {"QQQ": "0.1", "TLT": "0.4", "SMH": "0.5"},
    },
}


def book_of(folder: Path, day: date) -> Path:
    """
    Return a session's portfolio file.
    """
    return folder / f"book-{day}" / "portfolio.toml"


def write_books(folder: Path) -> None:
    """
    Write both sessions' strategies.
    """
    for day, book in _BOOKS.items():
        place = book_of(folder, day).parent
        place.mkdir(parents=True)
        for name, weights in book.items():
            parts = " ".join(f'{weight} (asset "{symbol}" nil)' for symbol, weight in weights.items())
            (place / f"{name.lower()}.clj").write_text(_WORDS.format(name=name, parts=parts), encoding="utf-8")
        tables = [f'[[strategy]]\nfile = "{name.lower()}.clj"\nallocation = "0.5"\n' for name in book]
        (place / "portfolio.toml").write_text("\n".join(tables), encoding="utf-8")
