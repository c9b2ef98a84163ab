"""
A strategy without a signal stops the day before anything is traded.
"""

from pathlib import Path

from support.houses import alchemiser

_TOO_LONG = '(defsymphony "Patience" {} (if (> (moving-average-price "SPY" {:window 9999}) 1) [(asset "SPY")]))'
_CALM = '(defsymphony "Calm" {} (asset "BIL"))'
_PORTFOLIO = """
[[strategy]]
file = "patience.clj"
allocation = "0.5"

[[strategy]]
file = "calm.clj"
allocation = "0.5"
"""


def test_nothing_is_traded_when_one_strategy_has_no_signal(tmp_path: Path) -> None:
    """
    The run ends failed with one report that names strategy, node and symbol; no order is sent, no weight moved over.
    """
    book = tmp_path / "book"
    book.mkdir()
    (book / "patience.clj").write_text(_TOO_LONG)
    (book / "calm.clj").write_text(_CALM)
    (book / "portfolio.toml").write_text(_PORTFOLIO)

    told = alchemiser("run", "--json", folder=tmp_path, STRATEGIES__PORTFOLIO=str(book / "portfolio.toml"))

    report = told.lines()[0]
    assert 1 == told.code
    assert "failed" == report["run"]["outcome"]  # type: ignore[index]  # JSON
    assert [] == report["trades"]
    assert [] == report["fills"]
    assert all(word in str(report["warnings"]) for word in ("Patience", "moving-average-price", "SPY"))
    assert 1 == len(list((tmp_path / "var" / "demo" / "outbox").glob("*.html")))
