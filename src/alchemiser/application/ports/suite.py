"""
Everything the workflow may ask of the outside, in one value that the container fills.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from alchemiser.application.ports.broker import Broker, BrokerClock
from alchemiser.application.ports.data import ExchangeHours
from alchemiser.application.ports.market import BarStore, Calendar, Quotes
from alchemiser.application.ports.messaging import Engine, Notifier
from alchemiser.application.ports.records import Ledger, Runs, Trades
from alchemiser.application.ports.reports import ReportRenderer
from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.ports.switch import KillSwitch
from alchemiser.application.ports.system import Clock
from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.plan import Policy


class FailurePolicy(StrEnum):
    """
    What a strategy without a signal does to the run.
    """

    ABORT = "abort"
    """Nothing is traded."""
    CARRY = "carry"
    """Its sleeve keeps its last good target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    What the profile decides.

    Args:
        profile: its name.
        account: the id of the only account it may trade.
        kind: what its runs are called.
        first_session: the session a run is for when none was run and none is asked for.
        lead: how long before the close a run starts.
        latest_start: how long before the close it may still start.
        max_attempts: how often a message is delivered before it is given up.
        warn_within: a run warns of a condition that a move of a last close by this fraction turns over; 0 never.
        bars: what signals are made from.
        failure: what a strategy without a signal does to the run.
    """

    profile: str
    account: str
    kind: str
    first_session: date
    planning: Policy
    walk: WalkPolicy
    limits: Limits
    lead: timedelta
    latest_start: timedelta
    max_attempts: int = 5
    warn_within: Decimal = Decimal(0)
    bars: BarsMode = BarsMode.COMPLETED
    failure: FailurePolicy = FailurePolicy.ABORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """
    What was recorded, for reading.
    """

    runs: Runs
    trades: Trades
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports(Archive):
    """
    The outside, port by port.

    Args:
        hours: whose calendar and clock are held against ours before a run starts, None for nobody's.
    """

    clock: Clock
    calendar: Calendar
    bars: BarStore
    quotes: Quotes
    library: StrategyLibrary
    broker: Broker
    broker_clock: BrokerClock
    switch: KillSwitch
    engine: Engine
    renderer: ReportRenderer
    notifier: Notifier
    rules: Rules
    hours: ExchangeHours | None = None
