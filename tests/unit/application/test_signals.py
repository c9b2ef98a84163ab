"""
Signals are collected in any order and merged once.
"""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from alchemiser.application.signals import apply_collection
from alchemiser.domain.events import Event, PartialSignalGenerated, SignalGenerated, WorkflowFailed
from alchemiser.domain.portfolio.target import Target
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.records import SqlLedger
from support.records import a_meta, a_run, a_vote

_NAMES = ("Harbor", "Nuclear", "TECL")
_PARTS = dict(zip(_NAMES, map(Decimal, ("0.2", "0.3", "0.5")), strict=True))


def _vote(name: str, *, failure: str = "") -> PartialSignalGenerated:
    vote = a_vote(name, failure=failure)
    return replace(vote, allocation=_PARTS[name], meta=a_meta("PartialSignalGenerated", key=name))


def _targets(order: list[str]) -> list[Target]:
    told = _told([_vote(name) for name in order])
    return [event.target for event in told if isinstance(event, SignalGenerated)]


def _told(votes: list[PartialSignalGenerated]) -> tuple[Event, ...]:
    database = prepare_database("sqlite://")
    try:
        engine = SqlEngine(database, routes={})
        with engine.begin() as tx:
            tx.save_run(a_run())
        for vote in votes:
            with engine.begin() as tx:
                apply_collection(vote, _NAMES, tx)
        return SqlLedger(database).events(a_run().id)
    finally:
        database.close()


# Two databases are made for each example: slow on a busy machine.
@settings(max_examples=30, deadline=None)
@given(st.permutations([*_NAMES, *_NAMES[:2]]))
def test_votes_in_any_order_and_twice_make_one_target(order: list[str]) -> None:
    """
    However the votes arrive, one target is told of, always the same.
    """
    merged = _targets(order)

    assert 1 == len(merged)
    assert _targets(list(_NAMES)) == merged


def test_nothing_is_merged_before_the_last_vote() -> None:
    """
    Two of three votes tell of nothing.
    """
    told = _told([_vote(name) for name in _NAMES[:2]])

    assert () == told


def test_one_vote_without_a_signal_fails_the_run() -> None:
    """
    No renormalisation over the others: the run fails and names the strategy's reason.
    """
    told = _told([_vote("Harbor"), _vote("Nuclear", failure="SPY has no bars"), _vote("TECL")])

    assert [WorkflowFailed] == [type(event) for event in told]
    assert "SPY has no bars" in str(told[0])
