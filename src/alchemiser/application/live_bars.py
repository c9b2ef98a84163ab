"""
The closes a run decides on: completed bars, or with today's quotes appended as one more bar.

1. completed bars end on the session before the one that is traded, whatever the mode;
2. in the mode `live-quote` the middle of every quote that may be traded on becomes the symbol's close of the session;
3. a symbol without such a quote has no bar on the session: where it decides, the strategy is undefined.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from alchemiser.application.evaluation import symbols_of
from alchemiser.application.log import Log
from alchemiser.application.ports.market import BarStore
from alchemiser.application.ports.strategies import Book
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.errors import StaleBars
from alchemiser.domain.execution.pricing import market_problem
from alchemiser.domain.market import BarsMode, Closes
from alchemiser.domain.values import Price, Symbol

_log = Log()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    The closes signals are made from, the last session among them, and the quotes that became bars of it.
    """

    closes: Closes
    session: date
    quotes: Mapping[Symbol, Price] = field(default_factory=dict)


def closes_of_book(book: Book, bars: BarStore, *, through: date) -> Closes:
    """
    Return the closes of every symbol of the book, ending exactly on `through`.

    Raises:
        MissingBars: a symbol has none.
        StaleBars: the bars end before `through`.
    """
    closes = bars.closes(symbols_of(book.strategies), through=through)
    if not closes.sessions or closes.sessions[-1] != through:
        last = str(closes.sessions[-1]) if closes.sessions else "never"
        raise StaleBars(", ".join(closes.symbols), last=last, expected=str(through))
    return closes


def evidence(book: Book, ports: Ports, *, session: date, mode: BarsMode) -> Evidence:
    """
    Return what a run of a session decides on.

    Raises:
        MissingBars: a symbol has no completed bar.
        StaleBars: the completed bars end too early.
    """
    before = ports.calendar.previous(session).day
    closes = closes_of_book(book, ports.bars, through=before)
    if mode is BarsMode.COMPLETED:
        return Evidence(closes=closes, session=before)
    quotes = _usable_quotes(closes.symbols, ports)
    return Evidence(closes=with_quotes(closes, session, quotes), session=session, quotes=quotes)


def with_quotes(closes: Closes, session: date, quotes: Mapping[Symbol, Price]) -> Closes:
    """
    Return the closes with one more session; symbols without a quote have no bar on it.

    Raises:
        ValueError: the session is not after the last one.
    """
    last = [float(quotes[symbol].value) if symbol in quotes else float("nan") for symbol in closes.symbols]
    return Closes(
        sessions=(*closes.sessions, session),
        symbols=closes.symbols,
        values=np.column_stack([closes.values, last]),
        absent=closes.absent,
    )


def _usable_quotes(symbols: tuple[Symbol, ...], ports: Ports) -> Mapping[Symbol, Price]:
    now, found = ports.clock.now(), ports.quotes.latest(symbols)
    usable: dict[Symbol, Price] = {}
    for symbol in symbols:
        quote = found.get(symbol)
        problem = market_problem(quote, now=now, policy=ports.rules.walk)
        if quote is None or problem:
            _log.warning("quote_not_used_as_bar", symbol=symbol, problem=problem)
        else:
            usable[symbol] = quote.mid
    return usable
