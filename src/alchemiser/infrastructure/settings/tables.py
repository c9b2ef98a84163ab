"""
The tables of a profile file: every key, its type, and its default where it has one.
"""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DATABASES = ("sqlite://", "postgresql://", "postgresql+psycopg://")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def _decimal(given: object) -> Decimal:
    if isinstance(given, str):
        try:
            number = Decimal(given)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
    raise ValueError('expected a decimal in quotes such as "0.98"')


def _path(given: object) -> Path:
    if isinstance(given, str) and given:
        return Path(given)
    raise ValueError("expected a path in quotes")


def _name(given: object) -> object:
    if isinstance(given, str) and not _NAME.match(given):
        raise ValueError("expected up to 64 letters, digits, - or _")
    return given


def _database(given: object) -> object:
    if isinstance(given, str) and not given.startswith(_DATABASES):
        raise ValueError(
            "expected sqlite:///FILE, sqlite:// to keep the records in memory, or postgresql+psycopg://USER@HOST/NAME"
        )
    return given


def _http(given: object) -> object:
    if isinstance(given, str) and not given.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ValueError("expected https://HOST")
    return given


def _many(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


Exact: TypeAlias = Annotated[Decimal, BeforeValidator(_decimal)]
Fraction: TypeAlias = Annotated[Exact, Field(gt=0, lt=1)]
Place: TypeAlias = Annotated[Path, BeforeValidator(_path)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Name: TypeAlias = Annotated[str, BeforeValidator(_name)]


class Section(BaseModel):
    """
    A table of the profile file.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Clock(Section):
    """
    Whose time it is, and the first session that is traded; a simulated time that processes share lies in a file.
    """

    kind: Literal["simulated", "shared"]
    start: date
    path: Place | None = None


class Market(Section):
    """
    The seed of the simulated market.
    """

    seed: Annotated[int, Field(ge=0)]


class AccountSection(Section):
    """
    The account, with its cash on the first day.
    """

    id: Name
    cash: Annotated[Exact, Field(gt=0, le=Decimal("1e12"))]


class Strategies(Section):
    """
    The file that says which strategies are followed.
    """

    portfolio: Place = Path("strategies/portfolio.toml")


class Signals(Section):
    """
    What signals are made from, and how near a threshold a condition is told of: the largest move of one close, a
    fraction; 0 tells of none.
    """

    bars: Literal["completed", "live-quote"] = "completed"

    warn_within: Annotated[Exact, Field(ge=0, lt=1)] = Decimal("0.01")


class Bars(Section):
    """
    Where the bars come from that signals are made of: the simulated market, or the lake.
    """

    store: Literal["market", "lake"] = "market"


class Lake(Section):
    """
    Where the lake is, a folder or `s3://BUCKET/FOLDER?…`, who fills it, and who is asked for a second opinion.
    """

    url: Annotated[str, Field(min_length=1)] = "var/lake"
    source: Literal["market", "alpaca", "twelvedata"] = "market"
    second: Literal["none", "market", "alpaca", "twelvedata"] = "none"


class Alpaca(Section):
    """
    Alpaca's addresses and its feed of bars: `sip` is the whole market, `iex` one exchange.
    """

    data_url: Annotated[str, BeforeValidator(_http)] = "https://data.alpaca.markets"
    trading_url: Annotated[str, BeforeValidator(_http)] = "https://paper-api.alpaca.markets"
    feed: Literal["sip", "iex"] = "sip"


class TwelveData(Section):
    """
    Twelve Data's address.
    """

    url: Annotated[str, BeforeValidator(_http)] = "https://api.twelvedata.com"


class Records(Section):
    """
    The database: `sqlite:///FILE`, `sqlite://` for one in memory, or `postgresql+psycopg://USER:PASSWORD@HOST/NAME`.
    """

    url: Annotated[str, BeforeValidator(_database)]


class Broker(Section):
    """
    The file the simulated broker keeps its own books in, or `:memory:`.
    """

    path: Place


class Outbox(Section):
    """
    The folder reports are put in.
    """

    directory: Place


class Logs(Section):
    """
    What is logged, and the file it goes to; without one it goes to standard error.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    path: Place | None = None


class Planning(Section):
    """
    How plans are sized; see `domain.portfolio.plan.Policy`.
    """

    deployment: Exact
    minimum_trade: Exact
    minimum_trade_fraction: Exact
    cash_buffer: Exact


class Execution(Section):
    """
    How orders are walked; see `domain.execution.policy.WalkPolicy`.
    """

    rungs: Annotated[tuple[Fraction, ...], BeforeValidator(_many), Field(min_length=1)]
    rung_seconds: Count
    cross: Fraction
    cross_seconds: Count
    attempts: Count
    collar: Fraction
    widest_spread: Fraction
    quote_age_seconds: Count
    last_send_seconds: Count
    last_cancel_seconds: Count


class Gate(Section):
    """
    What no order may exceed; see `domain.execution.gate.Limits`.
    """

    order_notional: Annotated[Exact, Field(gt=0)]
    order_fraction: Annotated[Exact, Field(gt=0)]
    collar: Fraction
    orders_per_run: Count
    orders_per_minute: Count
    turnover: Annotated[Exact, Field(gt=0)]
    gross_exposure: Annotated[Exact, Field(gt=0)]
    duplicate_seconds: Annotated[int, Field(ge=0)]
    halted: bool = False
    allowed: Annotated[tuple[str, ...], BeforeValidator(_many)] | None = None


class Halt(Section):
    """
    The file that stops all trading while it is there.
    """

    file: Place


class Schedule(Section):
    """
    When a run starts, until when it still may, and whose calendar and clock must agree with ours before it does.
    """

    minutes_before_close: Count
    latest_start_minutes: Annotated[int, Field(ge=4)]
    hours: Literal["own", "alpaca"] = "own"


class Failure(Section):
    """
    What a strategy without a signal does to the run: nothing is traded, or its sleeve keeps its last good target.
    """

    policy: Literal["abort", "carry"]


class Engine(Section):
    """
    How long a message is leased, and how often it is tried.
    """

    lease_seconds: Count
    attempts: Count


class Faults(Section):
    """
    End the process at the n-th call to the outside, before or after it had its effect.
    """

    kill_at: Count | None = None
    kill_after: bool = False


class Tables(Section):
    """
    Every section of a profile file.
    """

    clock: Clock
    market: Market
    account: AccountSection
    strategies: Strategies = Strategies()
    signals: Signals = Signals()
    bars: Bars = Bars()
    lake: Lake = Lake()
    alpaca: Alpaca = Alpaca()
    twelvedata: TwelveData = TwelveData()
    records: Records
    broker: Broker
    outbox: Outbox
    logs: Logs = Logs()
    planning: Planning
    execution: Execution
    gate: Gate
    halt: Halt
    schedule: Schedule
    failure: Failure
    engine: Engine
    faults: Faults = Faults()
