"""
The decision tables of Nuclear, TECL and KLM, transcribed by hand as plain if-chains: one session at a time, no
symphony, no evaluator. Each returns a holding and the row that decided it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from alchemiser.domain.market import Closes, Series

Holding = dict[str, float]
Row = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """
    Indicator values by session; every series is computed once, in the plainest way.
    """

    closes: Mapping[str, Series]
    known: dict[tuple[str, str, int], Series] = field(default_factory=dict)

    def value(self, name: str, symbol: str, window: int, t: int) -> float:
        key = (name, symbol, window)
        if key not in self.known:
            self.known[key] = _FORMULAS[name](self.closes[symbol], window)
        return float(self.known[key][t])

    def with_series(self, name: str, closes: Series) -> "Market":
        return Market(closes={**self.closes, name: closes}, known=self.known)


@dataclass(frozen=True, slots=True)
class Day:
    """
    What a trader reads off the screen after the close of session `t`.
    """

    market: Market
    t: int

    def rsi(self, symbol: str, window: int = 10) -> float:
        return self.market.value("rsi", symbol, window, self.t)

    def price(self, symbol: str) -> float:
        return float(self.market.closes[symbol][self.t])

    def ma(self, symbol: str, window: int) -> float:
        return self.market.value("ma", symbol, window, self.t)

    def r(self, symbol: str, window: int) -> float:
        return self.market.value("r", symbol, window, self.t)

    def mar(self, symbol: str, window: int) -> float:
        return self.market.value("mar", symbol, window, self.t)

    def stdev(self, symbol: str, window: int) -> float:
        return self.market.value("stdev", symbol, window, self.t)

    def any_over(self, limit: float, *symbols: str) -> bool:
        return any(self.rsi(symbol) > limit for symbol in symbols)

    def highest(self, count: int, by: Callable[[str], float], *symbols: str) -> list[str]:
        return sorted(symbols, key=lambda symbol: -round(by(symbol), 12))[:count]

    def lowest(self, count: int, by: Callable[[str], float], *symbols: str) -> list[str]:
        return sorted(symbols, key=lambda symbol: round(by(symbol), 12))[:count]


def market_of(closes: Closes) -> Market:
    return Market(closes={symbol: closes.of(symbol) for symbol in closes.symbols})


def equal(symbols: Sequence[str]) -> Holding:
    return {symbol: 1 / len(symbols) for symbol in symbols}


def blend(*parts: tuple[float, Holding]) -> Holding:
    whole: Holding = {}
    for share, holding in parts:
        for symbol, weight in holding.items():
            whole[symbol] = whole.get(symbol, 0.0) + share * weight
    return whole


# Nuclear

HEDGE = {"UVXY": 0.75, "BTAL": 0.25}


def nuclear(day: Day) -> tuple[Holding, Row]:
    rsi = day.rsi
    hot = ["SPY", "IOO", "TQQQ", "VTV", "XLF"]
    for number, symbol in enumerate(hot):
        if rsi(symbol) > 79:
            if day.any_over(81, *hot[number:]):
                return {"UVXY": 1.0}, f"{number + 1} UVXY"
            return HEDGE, f"{number + 1} hedge"
    if rsi("VOX") > 79:
        return HEDGE, "6"
    if rsi("TQQQ") < 30:
        return {"TQQQ": 1.0}, "7"
    if rsi("SPY") < 30:
        return {"UPRO": 1.0}, "8"
    if day.price("SPY") > day.ma("SPY", 200):
        by_return = partial(_mar, day, 90)
        return equal(day.highest(3, by_return, "SMR", "BWXT", "LEU", "EXC", "NLR", "OKLO")), "9"
    return {}, "10"


def bear_1(day: Day) -> tuple[Holding, Row]:
    bonds_lead = day.rsi("TLT", 20) > day.rsi("PSQ", 20)
    if day.rsi("PSQ") < 35:
        return {"SQQQ": 1.0}, "B1 PSQ low"
    if day.r("QQQ", 60) < -10:
        return ({"TQQQ": 1.0}, "B1 fall, TLT") if bonds_lead else ({"PSQ": 1.0}, "B1 fall, PSQ")
    if day.price("TQQQ") > day.ma("TQQQ", 20):
        return ({"TQQQ": 1.0}, "B1 rise, TLT") if bonds_lead else ({"SQQQ": 1.0}, "B1 rise, PSQ")
    if day.rsi("IEF") > day.rsi("PSQ", 20):
        return {"SQQQ": 1.0}, "B1 IEF"
    return ({"QQQ": 1.0}, "B1 else, TLT") if bonds_lead else ({"SQQQ": 1.0}, "B1 else, PSQ")


def bear_2(day: Day) -> tuple[Holding, Row]:
    bonds_lead = day.rsi("TLT", 20) > day.rsi("PSQ", 20)
    if day.rsi("PSQ") < 35:
        return {"SQQQ": 1.0}, "B2 PSQ low"
    if day.price("TQQQ") > day.ma("TQQQ", 20):
        return ({"TQQQ": 1.0}, "B2 rise, TLT") if bonds_lead else ({"SQQQ": 1.0}, "B2 rise, PSQ")
    return ({"QQQ": 1.0}, "B2 else, TLT") if bonds_lead else ({"SQQQ": 1.0}, "B2 else, PSQ")


# TECL


def tecl(day: Day) -> tuple[Holding, Row]:
    rsi = day.rsi
    if day.price("SPY") > day.ma("SPY", 200):
        if rsi("TQQQ") > 79:
            return {"UVXY": 0.25, "BIL": 0.75}, "bull 1"
        if rsi("SPY") > 80:
            return {"UVXY": 0.25, "BIL": 0.75}, "bull 2"
        if rsi("XLK") > rsi("KMLM"):
            return ({"BIL": 1.0}, "bull 3 BIL") if rsi("XLK") > 81 else ({"TECL": 1.0}, "bull 3 TECL")
        return ({"TECL": 1.0}, "bull 4 TECL") if rsi("XLK") < 29 else ({"BIL": 1.0}, "bull 4 BIL")
    if rsi("TQQQ") < 31:
        return {"TECL": 1.0}, "bear 1"
    if rsi("SPXL") < 29:
        return {"SPXL": 1.0}, "bear 2"
    if rsi("UVXY") > 84:
        return {"UVXY": 0.15, "BIL": 0.85}, "bear 3"
    if rsi("UVXY") > 74:
        return {"BIL": 1.0}, "bear 4"
    if rsi("XLK") > rsi("KMLM"):
        return ({"BIL": 1.0}, "bear 5 BIL") if rsi("XLK") > 81 else ({"TECL": 1.0}, "bear 5 TECL")
    if rsi("XLK") < 29:
        return {"TECL": 1.0}, "bear 6"
    (winner,) = day.highest(1, partial(_rsi, day, 9), "SQQQ", "BSV")
    return {winner: 1.0}, f"bear 7 {winner}"


# KLM

OVERBOUGHT = [
    ("QQQE", 79),
    ("VTV", 79),
    ("VOX", 79),
    ("TECL", 79),
    ("VOOG", 79),
    ("VOOV", 79),
    ("XLP", 75),
    ("TQQQ", 79),
    ("XLY", 80),
    ("FAS", 80),
    ("SPY", 80),
]


def _before_the_switch(day: Day, *, spike: str | None = "UVXY", with_labu: bool = False) -> tuple[Holding, Row] | None:
    for symbol, limit in OVERBOUGHT:
        if day.rsi(symbol) > limit:
            return {"UVXY": 1.0}, f"overbought {symbol}"
    if spike is not None and day.rsi(spike, 21) > 65:
        return ({"VIXM": 1.0}, "spike VIXM") if day.rsi("SPY", 21) > 30 else ({"SPXL": 1.0}, "spike SPXL")
    if day.rsi("TQQQ") < 30:
        return {"TECL": 1.0}, "oversold TECL"
    if day.rsi("SOXL") < 30:
        return {"SOXL": 1.0}, "oversold SOXL"
    if day.rsi("SPXL") < 30:
        return {"SPXL": 1.0}, "oversold SPXL"
    if with_labu and day.rsi("LABU") < 25:
        return {"LABU": 1.0}, "oversold LABU"
    return None


def _tech_leads(day: Day) -> bool:
    return day.rsi("XLK") > day.rsi("KMLM")


def klm_506(day: Day) -> tuple[Holding, Row]:
    if (early := _before_the_switch(day)) is not None:
        return early
    if _tech_leads(day):
        return {"FNGU": 1.0}, "tech"
    return equal(day.lowest(1, partial(_stdev, day, 6), "UUP", "FTLS", "KMLM")), "other"


def klm_1280(day: Day) -> tuple[Holding, Row]:
    if (early := _before_the_switch(day, spike=None, with_labu=True)) is not None:
        return early
    if _tech_leads(day):
        return equal(day.lowest(2, day.rsi, "TECL", "SOXL", "SVIX")), "tech"
    return equal(day.highest(1, day.rsi, "SQQQ", "TLT")), "other"


def klm_1200(day: Day) -> tuple[Holding, Row]:
    if (early := _before_the_switch(day)) is not None:
        return early
    if _tech_leads(day):
        return equal(day.lowest(1, day.rsi, "TECL", "SOXL", "SVIX")), "tech"
    return equal(day.highest(1, day.rsi, "SQQQ", "TLT")), "other"


def klm_520(day: Day) -> tuple[Holding, Row]:
    if (early := _before_the_switch(day)) is not None:
        return early
    if _tech_leads(day):
        return equal(day.lowest(1, day.rsi, "TECL", "SVIX")), "tech"
    quiet = ("TMV", "TMF", "SVXY", "VIXM", "FTLS", "KMLM", "UUP")
    return equal(day.lowest(3, partial(_stdev, day, 6), *quiet)), "other"


def klm_nova(day: Day) -> tuple[Holding, Row]:
    if (early := _before_the_switch(day, spike="UVIX")) is not None:
        return early
    if _tech_leads(day):
        giants = ("FNGO", "TSLA", "MSFT", "AAPL", "NVDA", "GOOGL", "AMZN")
        return equal(day.highest(1, partial(_rsi, day, 11), *giants)), "tech"
    return equal(day.lowest(1, partial(_stdev, day, 6), "UUP", "FTLS", "KMLM")), "other"


def klm_830(day: Day) -> tuple[Holding, Row]:
    if (early := _before_the_switch(day)) is not None:
        return early
    if _tech_leads(day):
        return equal(day.highest(1, day.rsi, "TECL", "SOXL", "SVIX")), "tech"
    if day.mar("BND", 20) > 0:
        return equal(day.lowest(1, day.rsi, "KMLM", "SPLV")), "other, bonds rise"
    return equal(day.highest(1, day.rsi, "TLT", "LABD", "TZA")), "other, bonds fall"


V_PLUS_PLUS = {"UVXY": 2 / 3, "VIXM": 1 / 3}
V_PLUS = equal(["UVXY", "VXX", "VIXM"])
V = equal(["VIXY", "VXX", "VIXM"])
METALS = {"GLD": 0.5, "SLV": 0.25, "PDBC": 0.25}


def klm_530(day: Day) -> tuple[Holding, Row]:
    rsi = day.rsi
    for number, symbol, limit, hotter, hot, warm in (
        (1, "SPY", 80, 82.5, V_PLUS_PLUS, V_PLUS),
        (2, "IOO", 80, 82.5, V_PLUS_PLUS, V_PLUS),
        (3, "QQQ", 79, 82.5, V_PLUS_PLUS, V_PLUS),
        (4, "VTV", 79, 85, V_PLUS, V),
        (5, "XLP", 77, 85, V_PLUS, V),
        (6, "XLF", 81, 85, V_PLUS, V),
        (7, "RETL", 82, 85, V, equal(["BTAL", "BIL"])),
    ):
        if rsi(symbol) > limit:
            return (hot, f"{number} hot") if rsi(symbol) > hotter else (warm, f"{number} warm")
    if rsi("SPY", 70) > 63:
        return _long_climb(day)
    if rsi("VOX") > 79:
        return V, "9 VOX"
    if rsi("XLP") > 75:
        return V, "9 XLP"
    if day.r("TQQQ", 6) < -12:
        return _crash(day)
    above = day.price("SPY") > day.ma("SPY", 200)
    short_above = day.ma("SPY", 3) > day.ma("SPY", 200)
    if above and day.ma("SPY", 3) < day.ma("SPY", 200):
        return equal(day.highest(2, rsi, "TQQQ", "SPXL", "TMF")), "11"
    if above:
        return _hg(day, "12")
    if short_above:
        return equal(day.highest(2, rsi, "SQQQ", "SPXU", "TMF", "TMV")), "13"
    return _hg(day, "14")


def _long_climb(day: Day) -> tuple[Holding, Row]:
    rsi = day.rsi
    bonds_lead = rsi("AGG", 15) > rsi("QQQ", 15)
    first = equal(["TQQQ", "SPXL", "SOXL", "FNGU", "ERX"]) if bonds_lead else METALS
    stretched = rsi("QQQ", 90) > 60 or rsi("QQQ", 14) > 80 or rsi("QQQ", 5) > 90 or rsi("QQQ", 3) > 95
    second = {"VIXY": 1.0} if stretched else METALS
    row = f"8 {'bonds' if bonds_lead else 'stocks'} {'stretched' if stretched else 'calm'}"
    return blend((0.5, first), (0.5, second)), row


def _crash(day: Day) -> tuple[Holding, Row]:
    if day.r("TQQQ", 1) > 5.5:
        return V_PLUS, "10 bounce"
    if day.rsi("TQQQ") < 31:
        return {"TECL": 1.0}, "10 TECL"
    if day.rsi("SOXL") < 30:
        return {"SOXL": 1.0}, "10 SOXL"
    if day.rsi("SPXL") < 30:
        return {"SPXL": 1.0}, "10 SPXL"
    return _kf(day, "10")


def _kf(day: Day, row: Row) -> tuple[Holding, Row]:
    if not _tech_leads(day):
        quiet = ("SVXY", "VIXM", "FTLS", "KMLM", "UUP")
        return equal(day.lowest(3, partial(_stdev, day, 6), *quiet)), f"{row} KF other"
    (winner,) = day.lowest(1, day.rsi, "TECL", "SVXY", "group G")
    if winner == "group G":
        return group_g(day), f"{row} KF G"
    return {winner: 1.0}, f"{row} KF {winner}"


def group_g(day: Day) -> Holding:
    (top,) = day.highest(1, partial(_mar, day, 20), "FNGU", "SPXL", "XLE", "XLK", "AGG")
    return blend((0.5, {"FNGU": 1.0}), (0.5, {top: 1.0}))


def _hg(day: Day, row: Row) -> tuple[Holding, Row]:
    if day.price("SPY") > day.ma("SPY", 200):
        return _kf(day, row)
    if day.rsi("QQQ") < 31:
        return {"TECL": 1.0}, f"{row} TECL"
    if day.rsi("SPY") < 30:
        return {"UPRO": 1.0}, f"{row} UPRO"
    if day.r("QQQ", 60) < -12:
        return {"BIL": 1.0}, f"{row} BIL"
    if day.price("TQQQ") > day.ma("TQQQ", 20):
        return ({"PSQ": 1.0}, f"{row} rise PSQ") if day.rsi("PSQ") < 32.5 else _kf(day, f"{row} rise")
    if day.rsi("IEF") > day.rsi("PSQ", 20):
        return {"PSQ": 1.0}, f"{row} PSQ"
    return {"QID": 1.0}, f"{row} QID"


VARIANTS: Mapping[str, Callable[[Day], tuple[Holding, Row]]] = {
    "506/38": klm_506,
    "1280/26": klm_1280,
    "1200/28": klm_1200,
    "520/22": klm_520,
    "530/18": klm_530,
    "410/38": klm_506,
    "Nova": klm_nova,
    "830/21": klm_830,
}


# Whole histories


def nuclear_history(market: Market, start: int, count: int) -> tuple[list[Holding], list[Row]]:
    """
    Holdings of every session from `start`; row 10 splits by the volatility of the two legs' own returns.
    """
    legs = [[leg(Day(market, t)) for t in range(start, count)] for leg in (bear_1, bear_2)]
    vols = [_stdev_of(returns_of(market, [h for h, _ in leg], start), 14) for leg in legs]
    holdings, rows = [], []
    for place, t in enumerate(range(start, count)):
        holding, row = nuclear(Day(market, t))
        if row == "10":
            calm = [1 / float(vol[place]) for vol in vols]
            holding = blend(*((c / sum(calm), leg[place][0]) for c, leg in zip(calm, legs, strict=True)))
            row = f"10 {legs[0][place][1]}, {legs[1][place][1]}"
        holdings.append(holding)
        rows.append(row)
    return holdings, rows


def klm_history(market: Market, start: int, count: int) -> tuple[list[Holding], list[Row], dict[str, list[Row]]]:
    """
    Holdings of every session from `start`, the variant followed, and each variant's rows.
    """
    g = [group_g(Day(market, t)) for t in range(start, count)]
    padded = np.full(count, np.nan)
    padded[start:] = np.cumprod(1 + np.nan_to_num(returns_of(market, g, start)))
    wide = market.with_series("group G", padded)
    decided = {name: [rule(Day(wide, t)) for t in range(start + 11, count)] for name, rule in VARIANTS.items()}
    paths = {name: [holding for holding, _ in days] for name, days in decided.items()}
    swings = {name: _stdev_of(returns_of(market, path, start + 11), 5) for name, path in paths.items()}
    followed = [
        min(VARIANTS, key=lambda name: -round(float(swings[name][place]), 12)) if place >= 5 else ""
        for place in range(count - start - 11)
    ]
    holdings = [paths[name][place] if name else {} for place, name in enumerate(followed)]
    rows = {name: [row for _, row in days] for name, days in decided.items()}
    blank: list[Holding] = [{}] * 11
    return blank + holdings, [""] * 11 + followed, rows


def returns_of(market: Market, holdings: Sequence[Holding], start: int) -> Series:
    """
    Daily returns of a path of holdings decided from `start` on: yesterday's weights earn today's returns.
    """
    returns = np.full(len(holdings), np.nan)
    for place in range(1, len(holdings)):
        t = start + place
        returns[place] = sum(
            weight * (market.closes[symbol][t] / market.closes[symbol][t - 1] - 1)
            for symbol, weight in holdings[place - 1].items()
        )
    return returns


# Formulas


def _rsi(day: Day, window: int, symbol: str) -> float:
    return day.rsi(symbol, window)


def _mar(day: Day, window: int, symbol: str) -> float:
    return day.mar(symbol, window)


def _stdev(day: Day, window: int, symbol: str) -> float:
    return day.stdev(symbol, window)


def _rsi_of(closes: Series, window: int) -> Series:
    first = int(np.argmax(~np.isnan(closes)))
    changes = [b - a for a, b in zip(closes[first:].tolist(), closes[first + 1 :].tolist(), strict=False)]
    out = np.full(len(closes), np.nan)
    if len(changes) < window:
        return out
    gain = sum(max(0.0, change) for change in changes[:window]) / window
    loss = sum(max(0.0, -change) for change in changes[:window]) / window
    for place in range(window, len(changes) + 1):
        out[first + place] = 50.0 if gain == loss == 0 else 100 * gain / (gain + loss)
        if place < len(changes):
            gain = (gain * (window - 1) + max(0.0, changes[place])) / window
            loss = (loss * (window - 1) + max(0.0, -changes[place])) / window
    return out


def _changes(closes: Series) -> Series:
    returns = np.full(len(closes), np.nan)
    returns[1:] = closes[1:] / closes[:-1] - 1
    return returns


def _windows(series: Series, window: int) -> Series:
    return np.lib.stride_tricks.sliding_window_view(series, window)


def _mean_of(series: Series, window: int) -> Series:
    out = np.full(len(series), np.nan)
    out[window - 1 :] = _windows(series, window).mean(axis=1)
    return out


def _stdev_of(returns: Series, window: int) -> Series:
    out = np.full(len(returns), np.nan)
    out[window - 1 :] = _windows(returns, window).std(axis=1, ddof=1) * 100
    return out


def _cumulative_of(closes: Series, window: int) -> Series:
    out = np.full(len(closes), np.nan)
    out[window:] = (closes[window:] / closes[:-window] - 1) * 100
    return out


_FORMULAS: Mapping[str, Callable[[Series, int], Series]] = {
    "rsi": _rsi_of,
    "ma": _mean_of,
    "r": _cumulative_of,
    "mar": lambda closes, window: _mean_of(_changes(closes), window) * 100,
    "stdev": lambda closes, window: _stdev_of(_changes(closes), window),
}
