"""
From a profile's tables to the rules the workflow follows.
"""

from datetime import timedelta

from alchemiser.application.ports.suite import FailurePolicy, Rules
from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.plan import Policy
from alchemiser.domain.values import Money, as_symbol
from alchemiser.infrastructure.settings.tables import Tables


def rules_of(tables: Tables, *, profile: str) -> Rules:
    """
    Return what the workflow follows.

    Raises:
        ValueError: the domain refuses a value.
    """
    planning, execution, gate = tables.planning, tables.execution, tables.gate
    return Rules(
        profile=profile,
        account=tables.account.id,
        kind="rebalance",
        first_session=tables.clock.start,
        planning=Policy(
            deployment=planning.deployment,
            minimum_trade=Money(planning.minimum_trade),
            minimum_trade_fraction=planning.minimum_trade_fraction,
            cash_buffer=planning.cash_buffer,
        ),
        walk=WalkPolicy(
            rungs=execution.rungs,
            rung_rest=timedelta(seconds=execution.rung_seconds),
            cross=execution.cross,
            cross_rest=timedelta(seconds=execution.cross_seconds),
            attempts=execution.attempts,
            collar=execution.collar,
            widest_spread=execution.widest_spread,
            quote_age=timedelta(seconds=execution.quote_age_seconds),
            last_send=timedelta(seconds=execution.last_send_seconds),
            last_cancel=timedelta(seconds=execution.last_cancel_seconds),
        ),
        limits=Limits(
            order_notional=Money(gate.order_notional),
            order_fraction=gate.order_fraction,
            collar=gate.collar,
            orders_per_run=gate.orders_per_run,
            orders_per_minute=gate.orders_per_minute,
            turnover=gate.turnover,
            gross_exposure=gate.gross_exposure,
            duplicate_within=timedelta(seconds=gate.duplicate_seconds),
            allowed=None if gate.allowed is None else frozenset(map(as_symbol, gate.allowed)),
        ),
        lead=timedelta(minutes=tables.schedule.minutes_before_close),
        latest_start=timedelta(minutes=tables.schedule.latest_start_minutes),
        max_attempts=tables.engine.attempts,
        warn_within=tables.signals.warn_within,
        bars=BarsMode(tables.signals.bars),
        failure=FailurePolicy(tables.failure.policy),
    )


def refuse_nonsense(tables: Tables, *, profile: str) -> None:
    """
    Refuse settings that are each right and together make no sense.

    Raises:
        ValueError: names the keys.
    """
    if tables.schedule.latest_start_minutes > tables.schedule.minutes_before_close:
        raise ValueError(
            "expected [schedule] latest_start_minutes at most minutes_before_close "
            f"({tables.schedule.minutes_before_close}), found {tables.schedule.latest_start_minutes}"
        )
    if tables.execution.last_send_seconds >= tables.schedule.latest_start_minutes * 60:
        raise ValueError(
            "expected [execution] last_send_seconds below the time that [schedule] latest_start_minutes leaves "
            f"({tables.schedule.latest_start_minutes} minutes), found {tables.execution.last_send_seconds}"
        )
    if tables.gate.collar < tables.execution.collar:
        raise ValueError(
            f"expected [gate] collar at least [execution] collar ({tables.execution.collar}), "
            f"found {tables.gate.collar}"
        )
    if tables.records.url.endswith(f"///{tables.broker.path}"):
        raise ValueError(
            f"expected the broker's books in a file of their own, found {tables.broker.path} for [records] too"
        )
    if (tables.clock.kind == "shared") != (tables.clock.path is not None):
        raise ValueError(f"expected [clock] path with the kind shared, and only then, found {tables.clock.kind}")
    if tables.faults.kill_at is not None and profile != "test":
        raise ValueError("expected [faults] in the profile test only, found kill_at")
