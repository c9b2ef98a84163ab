"""
Hypothesis strategies: strategy texts of every form, and panels with late listings, gaps and absent symbols.
"""

from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from alchemiser.domain.indicators.registry import INDICATORS, Indicator
from alchemiser.domain.market import Closes
from alchemiser.domain.values import Symbol

SYMBOLS = tuple(Symbol(name) for name in ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF"))
LONGEST_WINDOW = 5

_NUMBERS = ("0", "1", "50", "-1.5", "0.25", "100", "62.1995", "79")
_SETTINGS = (
    '{:asset-class "EQUITIES", :rebalance-frequency :daily}',
    "{:rebalance-frequency :monthly}",
    '{:asset-class "EQUITIES", :rebalance-threshold 0.05}',
)
_CLAUSES = (
    "group",
    "equal",
    "specified",
    "listed",
    "inverse",
    "if",
    "if",
    "if",
    "filter",
    "filter",
    "filter",
    "ranked",
)
_NAMES = (" nil", " nil", ' "A fund"', "")
_DEEPEST = 4


@st.composite
def texts(draw: st.DrawFn) -> str:
    """
    Draw strategy texts.
    """
    return f'(defsymphony "drawn" {draw(st.sampled_from(_SETTINGS))} {_holding(draw, 0)})'


def _holding(draw: st.DrawFn, depth: int) -> str:
    if depth == _DEEPEST or draw(st.integers(0, 5)) < depth:
        return _asset(draw)
    match draw(st.sampled_from(_CLAUSES)):
        case "group":
            name = draw(st.sampled_from(["Same name", "Other"]))
            return f'(group "{name}" [{_holding(draw, depth + 1)}])'
        case "equal":
            return f"(weight-equal {_vector(draw, depth, 3)})"
        case "specified":
            weights = st.lists(st.sampled_from(["0.5", "20", "33.3", "1"]), min_size=1, max_size=3)
            # A child of weight 0 is checked and left out.
            nothing = f" 0 {_holding(draw, depth + 1)}" if draw(st.booleans()) else ""
            return f"(weight-specified {' '.join(f'{w} {_holding(draw, depth + 1)}' for w in draw(weights))}{nothing})"
        case "listed":
            weights = st.lists(st.sampled_from(["0.5", "20", "0.001"]), min_size=1, max_size=3)
            assets = " ".join(f"{_asset(draw)[:-1]} {w})" for w in draw(weights))
            return f"(weight-specified [{assets}])"
        case "inverse":
            return f"(weight-inverse-volatility {draw(st.integers(2, 4))} {_vector(draw, depth, 3)})"
        case "if":
            otherwise = _vector(draw, depth, 2) if draw(st.booleans()) else ""
            then = _holding(draw, depth + 1) if draw(st.booleans()) else _vector(draw, depth, 3)
            word = draw(st.sampled_from(["if", "if", "if-then-else"]))
            return f"({word} {_condition(draw, depth + 1)} {then} {otherwise})"
        case "filter":
            return _filter(draw, _vector(draw, depth, 4))
        case _:
            # Groups that filter, ranked among each other: filters nested two deep.
            groups = [f'(group "G" [{_filter(draw, _vector(draw, depth + 1, 3))}])' for _ in range(2)]
            return _filter(draw, f"[{' '.join(groups)} {_holding(draw, depth + 1)}]")


def _asset(draw: st.DrawFn) -> str:
    symbol = draw(st.sampled_from(SYMBOLS))
    ticker = draw(st.sampled_from([symbol, symbol, f"EQUITIES::{symbol}//USD"]))
    return f'(asset "{ticker}"{draw(st.sampled_from(_NAMES))})'


def _filter(draw: st.DrawFn, children: str) -> str:
    score = " ".join(_head(draw, draw(st.sampled_from(INDICATORS))))
    select = f"(select-{draw(st.sampled_from(['top', 'bottom']))} {draw(st.integers(1, 3))})"
    return f"(filter ({score}) {select} {children})"


def _vector(draw: st.DrawFn, depth: int, most: int) -> str:
    return f"[{' '.join(_holding(draw, depth + 1) for _ in range(draw(st.integers(1, most))))}]"


def _condition(draw: st.DrawFn, depth: int) -> str:
    word = draw(st.sampled_from([">", "<", ">=", "<=", "=", ">", "<", "and", "or", "not"]))
    if word == "not" and depth < _DEEPEST:
        return f"(not {_condition(draw, depth + 1)})"
    if word in {"and", "or"} and depth < _DEEPEST:
        count = draw(st.integers(1, 3))
        return f"({word} {' '.join(_condition(draw, depth + 1) for _ in range(count))})"
    operator = word if word not in {"and", "or", "not"} else ">"
    return f"({operator} {_operand(draw, depth)} {_operand(draw, depth)})"


def _operand(draw: st.DrawFn, depth: int) -> str:
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(_NUMBERS))
    name, parameters = _head(draw, draw(st.sampled_from(INDICATORS)))
    if draw(st.integers(0, 2)) == 0 and depth < _DEEPEST:
        return f"({name} {parameters} {_holding(draw, depth + 1)})"
    return f'({name} "{draw(st.sampled_from(SYMBOLS))}" {parameters})'


def _head(draw: st.DrawFn, indicator: Indicator) -> tuple[str, str]:
    name = draw(st.sampled_from([indicator.name, *indicator.synonyms]))
    windows: dict[str, int | str] = {
        "window": draw(st.integers(2, LONGEST_WINDOW)),
        "short-window": draw(st.integers(1, 2)),
        "long-window": draw(st.integers(3, LONGEST_WINDOW)),
        "smooth-window": draw(st.integers(1, 3)),
    }
    deviations = draw(st.sampled_from(["", "1", "2.5"]))
    given = {**windows, **({"standard-deviations": deviations} if deviations else {})}
    entries = [f":{p.name} {given[p.name]}" for p in indicator.parameters if p.name in given]
    spelt = draw(st.sampled_from([name, f"(unimplemented :{name})"]))
    if len(indicator.parameters) == 1 and draw(st.integers(0, 3)) == 0:
        # The old positional spelling.
        return spelt, str(windows["window"])
    return spelt, f"{{{', '.join(entries)}}}" if entries else ""


@st.composite
def panels(draw: st.DrawFn) -> Closes:
    """
    Draw panels of 12 to 40 sessions: random walks, some flat, listed late, with a gap, stale, or without a row.
    """
    length = draw(st.integers(12, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    symbols, rows = [], []
    for symbol in SYMBOLS:
        moves = generator.normal(0.0, 0.03, length) * (generator.random(length) < 0.8)
        prices = np.round(100 * np.exp(np.cumsum(moves)), 2)
        fate = draw(st.sampled_from(["whole", "whole", "whole", "late", "late", "gap", "stale", "absent"]))
        if fate == "late":
            prices[: draw(st.integers(1, length - 1))] = np.nan
        elif fate == "gap":
            start = draw(st.integers(1, length - 1))
            prices[start : start + draw(st.integers(1, 3))] = np.nan
        elif fate == "stale":
            prices[-draw(st.integers(1, 4)) :] = np.nan
        if fate != "absent":
            symbols.append(symbol)
            rows.append(prices)
    values = np.array(rows).reshape(len(symbols), length)
    return Closes(sessions=days(length), symbols=tuple(symbols), values=values)


def days(count: int) -> tuple[date, ...]:
    """
    Return consecutive days from 2 January 2024 on.
    """
    return tuple(date(2024, 1, 2) + timedelta(days=day) for day in range(count))
