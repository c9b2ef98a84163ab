"""
The exception tree: one class for each thing an operator does about it.

    AlchemiserError
    ├── ConfigurationError              fix settings; nothing ran
    │   └── NoSession                   ask for a day on which the exchange trades
    ├── StrategyError                   fix a strategy file
    │   ├── DslSyntaxError(span)        the text cannot be read
    │   ├── DslCompileError(span)       the text can be read but means nothing
    │   └── SignalUndefined(node, session, symbols)
    ├── DataError                       fix or refresh data
    │   ├── MissingBars(symbols)
    │   ├── StaleBars(symbol, last)
    │   ├── SuspectBars(symbol, why)
    │   ├── UnusableQuote(symbol, why)  waited for: a later quote may do
    │   ├── SourceUnavailable           a source of bars gave no answer; the only one that is retried
    │   ├── SourceRefused               a source does not accept the keys, or does not sell what was asked
    │   └── CalendarMismatch            the broker's calendar or clock is not ours
    ├── BrokerError
    │   ├── OrderRejected(code, reason)
    │   ├── InsufficientBuyingPower
    │   ├── NotFractionable
    │   ├── BrokerUnavailable           the only retried one
    │   └── BrokerAuthError
    ├── RiskError
    │   └── OrderRefused(rail, limit, value)   raised by the gate
    ├── LedgerError
    │   └── ReconciliationMismatch(symbol, ours, theirs)
    ├── RecordsError                    the database cannot be used as it is
    │   ├── RecordsBusy                 another process trades on it
    │   └── Overtaken                   another process changed what this one had read; read it again
    └── NotificationError               logged and queued; never fails a trade

`ValueError` and `TypeError` are for programmer mistakes. Expected outcomes are values, not exceptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar


class Category(StrEnum):
    """
    Where an alert about an error is routed.
    """

    CRITICAL = "critical"
    TRADING = "trading"
    DATA = "data"
    STRATEGY = "strategy"
    CONFIGURATION = "configuration"
    NOTIFICATION = "notification"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """
    Where a form stands in its text; lines and columns count from 1, `start` and `end` are offsets.
    """

    line: int
    column: int
    start: int
    end: int


class AlchemiserError(Exception):
    """
    Anything the operator can act on; the message says what was expected, what was found and where.
    """

    category: ClassVar[Category] = Category.CRITICAL


class ConfigurationError(AlchemiserError):
    """
    A setting is wrong or missing; nothing ran.
    """

    category = Category.CONFIGURATION


class NoSession(ConfigurationError):  # noqa: N818 - a state of the world, named as traders say it
    """
    A day was asked for on which there is no session.
    """


class StrategyError(AlchemiserError):
    """
    A strategy file has to be mended.
    """

    category = Category.STRATEGY


class DslError(StrategyError):
    """
    A strategy text is wrong at a known place; `str()` shows the line with a caret.

    Args:
        problem: what was expected and what was found.
        span: the place, or None when the text has no place to show.
        text: the whole source, for the excerpt.
        file: the name shown to the user.
        path: the place in a tree such as `$.children[0]`, where the source is one.
    """

    def __init__(
        self, problem: str, *, span: Span | None, text: str = "", file: str = "<text>", path: str = ""
    ) -> None:
        self.problem = problem
        self.span = span
        self.file = file
        self.path = path
        told = f"{path}: {problem}" if path else problem
        super().__init__(_with_excerpt(told, span=span, text=text, file=file))


class DslSyntaxError(DslError):
    """
    The text cannot be read as forms.
    """


class DslCompileError(DslError):
    """
    The forms can be read but are no strategy.
    """


class SignalUndefined(StrategyError):  # noqa: N818 - a state of the world, named as traders say it
    """
    Missing data decides a strategy's signal, so there is none.
    """

    def __init__(self, *, strategy: str, node: str, session: str, symbols: Sequence[str], why: str) -> None:
        self.strategy = strategy
        self.node = node
        self.session = session
        self.symbols = tuple(symbols)
        self.why = why
        super().__init__(f"{strategy}: no signal for {session}: {node}: {why}")


class DataError(AlchemiserError):
    """
    Market data has to be mended or refreshed.
    """

    category = Category.DATA


class MissingBars(DataError):  # noqa: N818
    """
    There are no bars for symbols that are needed.
    """

    def __init__(self, symbols: Sequence[str], *, where: str) -> None:
        self.symbols = tuple(symbols)
        super().__init__(
            f"expected daily bars for {', '.join(self.symbols)}, found none in {where}; "
            "add them to the bars or remove the symbols from the strategies"
        )


class StaleBars(DataError):  # noqa: N818
    """
    A symbol's last bar is older than the session that is asked for.
    """

    def __init__(self, symbol: str, *, last: str, expected: str) -> None:
        self.symbol = symbol
        super().__init__(f"{symbol}: expected a bar for {expected}, the last one is of {last}; refresh the bars")


class SuspectBars(DataError):  # noqa: N818
    """
    A symbol's bars cannot be believed.
    """

    def __init__(self, symbol: str, why: str) -> None:
        self.symbol = symbol
        super().__init__(f"{symbol}: {why}")


class UnusableQuote(DataError):  # noqa: N818
    """
    There is no quote of a symbol that may be planned on; a later one may do.
    """

    def __init__(self, symbol: str, why: str) -> None:
        self.symbol = symbol
        super().__init__(f"{symbol}: {why}")


class SourceUnavailable(DataError):  # noqa: N818
    """
    A source of bars gave no definite answer, however often it was asked.
    """


class SourceRefused(DataError):  # noqa: N818
    """
    A source of bars does not accept the keys, or does not sell what was asked for.
    """


class CalendarMismatch(DataError):  # noqa: N818
    """
    Somebody else's calendar or clock tells another time than ours.
    """

    category = Category.CRITICAL


class BrokerError(AlchemiserError):
    """
    The broker refused or could not be reached.
    """

    category = Category.TRADING


class OrderRejected(BrokerError):  # noqa: N818
    """
    The broker definitely refused an order.
    """

    def __init__(self, *, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"order rejected ({code}): {reason}")


class InsufficientBuyingPower(OrderRejected):
    """
    The broker refused an order for want of buying power.
    """


class NotFractionable(OrderRejected):
    """
    The broker refused an order because the asset is traded in whole shares only.
    """


class DuplicateClientOrderId(OrderRejected):
    """
    The broker already knows an order of this id: it exists, look it up.
    """


class BrokerUnavailable(BrokerError):  # noqa: N818
    """
    No definite answer came; the call may or may not have had its effect. The only retried error.
    """


class BrokerAuthError(BrokerError):
    """
    The broker does not accept the credentials.
    """

    category = Category.CRITICAL


class RiskError(AlchemiserError):
    """
    A rail of our own stopped something.
    """

    category = Category.TRADING


class OrderRefused(RiskError):  # noqa: N818
    """
    The gate refuses an order, a plan or a run.
    """

    def __init__(self, *, rail: str, limit: Decimal | str, value: Decimal | str, what: str) -> None:
        self.rail = rail
        self.limit = str(limit)
        self.value = str(value)
        super().__init__(f"{what}: refused by the {rail} rail: {value}, allowed is {limit}")


class LedgerError(AlchemiserError):
    """
    The books do not agree.
    """

    category = Category.CRITICAL


class ReconciliationMismatch(LedgerError):  # noqa: N818
    """
    Positions at the broker differ from snapshot plus ledger.
    """

    def __init__(self, *, symbol: str, ours: Decimal, theirs: Decimal) -> None:
        self.symbol = symbol
        self.ours = ours
        self.theirs = theirs
        super().__init__(f"{symbol}: our books say {ours} shares, the broker says {theirs}")


class RecordsError(AlchemiserError):
    """
    The database cannot be used as it is.
    """


class RecordsBusy(RecordsError):  # noqa: N818
    """
    Another process trades on the database.
    """


class Overtaken(RecordsError):  # noqa: N818
    """
    Another process changed a trade after this one had read it: nothing of what this one decided is stored or sent.
    """

    def __init__(self, trade_id: str, *, read: int, stored: int) -> None:
        self.trade_id = trade_id
        super().__init__(
            f"{trade_id}: expected version {read}, as it was read, found {stored}; another process moved it on"
        )


class NotificationError(AlchemiserError):
    """
    A report could not be delivered; never fails a trade.
    """

    category = Category.NOTIFICATION


def _with_excerpt(problem: str, *, span: Span | None, text: str, file: str) -> str:
    if span is None:
        return f"{file}: {problem}"
    head = f"{file}:{span.line}:{span.column}: {problem}"
    if not text:
        return head
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", begin)
    first = max(begin, span.start - 60)
    shown = text[first : min(first + 120, len(text) if end < 0 else end)].rstrip("\r")
    # What is no character to look at would move the cursor, or cannot be printed at all.
    shown = "".join(character if character.isprintable() else " " for character in shown)
    return f"{head}\n  {shown}\n  {' ' * (span.start - first)}^"
