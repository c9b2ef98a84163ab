"""
The simulated history leads through every row of the decision tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from alchemiser.domain.market import Closes
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.strategy_files import StrategyFiles
from unit.strategies.tables import OVERBOUGHT, VARIANTS, Day, Row, klm_history, market_of, nuclear_history, tecl

STRATEGIES = Path(__file__).parents[3] / "strategies"
START = 210

NUCLEAR = {f"{row} {held}" for row in range(1, 6) for held in ("UVXY", "hedge")} | {"6", "7", "8", "9"}
LEGS = {
    *(f"B1 {row}" for row in ("PSQ low", "fall, TLT", "fall, PSQ", "rise, TLT", "rise, PSQ", "IEF")),
    *(f"B1 else, {winner}" for winner in ("TLT", "PSQ")),
    *(f"B2 {row}" for row in ("PSQ low", "rise, TLT", "rise, PSQ", "else, TLT", "else, PSQ")),
}
TECL = {
    *("bull 1", "bull 2", "bull 3 BIL", "bull 3 TECL", "bull 4 BIL", "bull 4 TECL"),
    *("bear 1", "bear 2", "bear 3", "bear 4", "bear 5 BIL", "bear 5 TECL", "bear 6"),
    *("bear 7 BSV", "bear 7 SQQQ"),
}
CHAIN = {f"overbought {symbol}" for symbol, _ in OVERBOUGHT} | {
    *("oversold TECL", "oversold SOXL", "oversold SPXL", "tech"),
}
SPIKE = {"spike VIXM", "spike SPXL"}
KF = ("KF TECL", "KF SVXY", "KF G", "KF other")
KLM: Mapping[str, set[Row]] = {
    "506/38": CHAIN | SPIKE | {"other"},
    "1280/26": CHAIN | {"oversold LABU", "other"},
    "1200/28": CHAIN | SPIKE | {"other"},
    "520/22": CHAIN | SPIKE | {"other"},
    "530/18": {
        *(f"{row} {heat}" for row in range(1, 8) for heat in ("hot", "warm")),
        *(f"8 {leader} {mood}" for leader in ("bonds", "stocks") for mood in ("calm", "stretched")),
        *("9 VOX", "9 XLP", "10 bounce", "10 TECL", "10 SOXL", "10 SPXL", "11", "13"),
        *(f"{row} {part}" for row in ("10", "12", "14 rise") for part in KF),
        *("14 TECL", "14 UPRO", "14 BIL", "14 rise PSQ", "14 PSQ", "14 QID"),
    },
    "410/38": CHAIN | SPIKE | {"other"},
    "Nova": CHAIN | SPIKE | {"other"},
    "830/21": CHAIN | SPIKE | {"other, bonds rise", "other, bonds fall"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """
    The rows the simulated history led through.
    """

    nuclear: list[Row]
    tecl: list[Row]
    followed: list[str]
    klm: Mapping[str, list[Row]]


@pytest.fixture(scope="module")
def walked() -> Walked:
    library = StrategyFiles(STRATEGIES)
    symbols = {s for name in ("nuclear", "tecl", "klm") for s in library.load(name).requirements.symbols}
    closes: Closes = SimulatedMarket(new_york()).closes(sorted(symbols), through=date(2026, 6, 30))
    market, count = market_of(closes), len(closes.sessions)
    _, nuclear_rows = nuclear_history(market, START, count)
    _, followed, variant_rows = klm_history(market, START, count)
    tecl_rows = [tecl(Day(market, t))[1] for t in range(START, count)]
    return Walked(nuclear=nuclear_rows, tecl=tecl_rows, followed=followed, klm=variant_rows)


def test_every_row_of_nuclear(walked: Walked) -> None:
    """
    Overbought, oversold, bull and bear: each row of Nuclear decides some session, each row of its legs too.
    """
    tops = {row for row in walked.nuclear if not row.startswith("10 ")}
    legs = {leg for row in walked.nuclear if row.startswith("10 ") for leg in _legs(row)}

    assert NUCLEAR == tops
    assert LEGS == legs


def test_every_row_of_tecl(walked: Walked) -> None:
    """
    Each row of both regimes of TECL decides some session.
    """
    assert TECL == set(walked.tecl)


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_every_row_of_every_klm_variant(walked: Walked, variant: str) -> None:
    """
    Each row of each variant decides what that variant holds on some session.
    """
    assert KLM[variant] == set(walked.klm[variant])


def test_every_klm_variant_is_followed(walked: Walked) -> None:
    """
    Each variant is the most volatile at times; of two that are the same, the first is followed.
    """
    assert set(VARIANTS) - {"410/38"} == set(walked.followed) - {""}


def _legs(row: Row) -> tuple[str, str]:
    first, second = row.removeprefix("10 ").split(", B2 ")
    return first, f"B2 {second}"
