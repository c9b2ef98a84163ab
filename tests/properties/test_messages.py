"""
However messages are told twice, shuffled or lost between owners, the records end up the same.
"""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alchemiser.application.ports.messaging import AlreadyHandled, Message
from alchemiser.domain.events import Event
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.records import SqlLedger
from alchemiser.infrastructure.sql.trades import SqlTrades
from support.builders import RUN, a_trade, after
from support.records import a_fill, a_run, a_tick, every_event

ROUTES = {type(event).__name__: ("first", "second") for event in every_event()}
FILLS = (a_fill("1", "1"), a_fill("2.50", "1.50"), a_fill("5", "2.5"), a_fill("3", "3", symbol="TLT"))

shuffled_events = st.permutations(every_event()).flatmap(
    lambda events: st.lists(st.sampled_from(events), max_size=10).map(lambda again: [*events, *again])
)
shuffled_fills = st.permutations(FILLS).flatmap(
    lambda fills: st.lists(st.sampled_from(fills), max_size=6).map(lambda again: [*again, *fills])
)


def delivered(database: Database) -> set[tuple[str, str]]:
    """
    Finish every message; return each event id with its handler.
    """
    engine = SqlEngine(database, routes=ROUTES)
    found = []
    while message := engine.claim(now=after(60)):
        with engine.finishing(message, now=after(60)):
            found.append((message.event.meta.event_id, message.handler))
    assert len(found) == len(set(found))
    return set(found)


@settings(max_examples=40, deadline=None)
@given(shuffled_events)
def test_events_told_twice_in_any_order_are_delivered_once(told: Sequence[Event]) -> None:
    """
    Any repetition and order of the same events gives the same stored events and the same deliveries.
    """
    database = prepare_database("sqlite://")
    engine = SqlEngine(database, routes=ROUTES)
    for event in told:
        with engine.begin() as tx:
            tx.emit(event)

    stored = SqlLedger(database).events(RUN)
    handled = delivered(database)
    database.close()

    assert {event.meta.event_id: event for event in every_event()} == {e.meta.event_id: e for e in stored}
    assert len(every_event()) == len(stored)
    assert {(event.meta.event_id, name) for event in every_event() for name in ("first", "second")} == handled


@settings(max_examples=40, deadline=None)
@given(shuffled_fills)
def test_fills_seen_twice_in_any_order_are_entered_once(seen: Sequence[LedgerEntry]) -> None:
    """
    Any repetition and order of the same fills gives the same ledger.
    """
    database = prepare_database("sqlite://")
    with SqlEngine(database, routes={}).begin() as tx:
        tx.save_run(a_run())
    trades: Sequence[Trade] = (a_trade("SPY"), a_trade("TLT"))
    for fill in seen:
        trades = SqlTrades(database).commit(trades, (fill,))

    entered = SqlLedger(database).entries()
    database.close()

    assert set(FILLS) == set(entered)
    assert len(FILLS) == len(entered)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["claim a", "claim b", "finish a", "finish b", "wait"]), max_size=40))
def test_each_message_is_finished_once_whoever_claims_it(steps: Sequence[str]) -> None:
    """
    Two owners that claim, stall and finish in any order never both finish one message, and none is lost.
    """
    database = prepare_database("sqlite://")
    owners = {name: SqlEngine(database, routes=ROUTES, owner=name, lease_s=30) for name in "ab"}
    with owners["a"].begin() as tx:
        for number in range(3):
            tx.emit(a_tick(number))
    held: dict[str, list[Message]] = {"a": [], "b": []}
    finished: list[tuple[str, str]] = []
    now = 0.0
    for step in [*steps, *["wait", "claim a", "finish a"] * 6]:
        verb, _, name = step.partition(" ")
        if verb == "wait":
            now += 31
        elif verb == "claim" and (message := owners[name].claim(now=after(now))):
            held[name].append(message)
        elif verb == "finish" and held[name]:
            message = held[name].pop()
            try:
                with owners[name].finishing(message, now=after(now)):
                    finished.append((message.event.meta.event_id, message.handler))
            except AlreadyHandled:
                pass
    nothing_left = owners["a"].next_due()
    database.close()

    assert nothing_left is None
    assert 6 == len(finished) == len(set(finished))
