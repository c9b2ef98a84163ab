"""
What those who look after messages may rely on: they see every one, and what they put on its way again comes.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from alchemiser.application.ports.messaging import Message
from alchemiser.infrastructure.sql.deliveries import SqlDeliveries
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.messages import SqlEngine
from support.builders import RUN, after
from support.databases import PLACES, opened
from support.records import a_run, a_start, a_tick

ROUTES = {"WorkflowStarted": ("evaluate",), "ExecutionTickDue": ("tick",)}


@pytest.fixture(params=PLACES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from opened(request.param, tmp_path)


@pytest.fixture
def engine(database: Database) -> SqlEngine:
    engine = SqlEngine(database, routes=ROUTES, owner="w1")
    with engine.begin() as tx:
        tx.save_run(a_run())
        tx.emit(a_start())
        tx.emit(a_tick(1), due_at=after(30))
    return engine


@pytest.fixture
def deliveries(database: Database) -> SqlDeliveries:
    return SqlDeliveries(database, routes=ROUTES, account="TEST0001")


def next_of(engine: SqlEngine, seconds: float = 60) -> Message:
    message = engine.claim(now=after(seconds))
    assert message is not None
    return message


def finish_next(engine: SqlEngine) -> None:
    with engine.finishing(next_of(engine), now=after(60)):
        pass


def states(deliveries: SqlDeliveries) -> list[tuple[str, str, int]]:
    return [(one.handler, one.state, one.attempts) for told in deliveries.of_run(RUN) for one in told.deliveries]


def test_every_event_is_listed_with_what_became_of_it(engine: SqlEngine, deliveries: SqlDeliveries) -> None:
    """
    Done with its instant and owner, dead with its error, pending with its due time; in the order of storing.
    """
    finish_next(engine)
    with engine.finishing(next_of(engine), now=after(60), error="no sense"):
        pass

    told = deliveries.of_run(RUN)

    assert [a_start(), a_tick(1)] == [one.event for one in told]
    assert [("evaluate", "done", 1), ("tick", "dead", 1)] == states(deliveries)
    assert (after(60), "w1", "") == (told[0].deliveries[0].done_at, told[0].deliveries[0].owner, "")
    assert "no sense" == told[1].deliveries[0].error
    assert () == deliveries.of_run("none")


def test_what_waits_is_counted(engine: SqlEngine, deliveries: SqlDeliveries) -> None:
    """
    A message counts until it is done or dead, at work or not.
    """
    before = deliveries.undelivered(RUN)
    message = next_of(engine)
    during = deliveries.undelivered(RUN)
    with engine.finishing(message, now=after(60)):
        pass

    assert (2, 2, 1) == (before, during, deliveries.undelivered(RUN))


def test_lost_deliveries_are_queued_again_once(
    engine: SqlEngine, deliveries: SqlDeliveries, database: Database
) -> None:
    """
    An event that was never queued for its handler comes; one that was handled does not come again.
    """
    finish_next(engine)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM deliveries WHERE handler = 'tick'"))

    restored = (deliveries.restore(RUN, now=after(60)), deliveries.restore(RUN, now=after(60)))

    assert (1, 0) == restored
    assert a_tick(1) == next_of(engine).event


def test_an_error_without_words_is_a_death_all_the_same(engine: SqlEngine, deliveries: SqlDeliveries) -> None:
    """
    Nothing is done that was given up, whatever was said of it.
    """
    with engine.finishing(next_of(engine), now=after(60), error=""):
        pass

    (delivery,) = deliveries.of_run(RUN)[0].deliveries
    assert "dead" == delivery.state


def test_the_latest_error_is_kept(engine: SqlEngine, deliveries: SqlDeliveries) -> None:
    """
    Each attempt tells why it failed; the one that ends well leaves the last of them.
    """
    finish_next(engine)
    for error in ("no answer", "no sense"):
        engine.delayed(next_of(engine), error=error, retry_at=after(60))
    finish_next(engine)

    (tick,) = deliveries.of_run(RUN)[1].deliveries
    assert ("done", "no sense") == (tick.state, tick.error)


def test_a_death_that_was_not_recorded_leaves_no_error(engine: SqlEngine, deliveries: SqlDeliveries) -> None:
    """
    The transaction was taken back, and with it all that it said of the message.
    """
    message = next_of(engine)

    def in_vain() -> None:
        with engine.finishing(message, now=after(60), error="no sense"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        in_vain()

    (delivery,) = deliveries.of_run(RUN)[0].deliveries
    assert ("leased", "") == (delivery.state, delivery.error)


def test_messages_come_again_as_if_never_tried(engine: SqlEngine, deliveries: SqlDeliveries) -> None:
    """
    Done and dead ones are pending again; one that is at work stays where it is.
    """
    finish_next(engine)
    with engine.finishing(next_of(engine), now=after(60), error="no sense"):
        pass
    ids = [told.event.meta.event_id for told in deliveries.of_run(RUN)]

    assert 2 == deliveries.repeat(RUN, ids, now=after(60))
    assert [("evaluate", "pending", 0), ("tick", "pending", 0)] == states(deliveries)
    next_of(engine)
    assert 0 == deliveries.repeat(RUN, ids, now=after(60))
    assert 0 == deliveries.repeat("another run", ids, now=after(60))


def test_other_versions_are_named_and_buried(engine: SqlEngine, deliveries: SqlDeliveries, database: Database) -> None:
    """
    A newer version sees whose messages wait; only closing by hand ends them, unhandled and with a reason.
    """
    newer = SqlDeliveries(database, routes=ROUTES, account="TEST0001", version="9.0.0")
    (version,) = newer.left_alone()

    assert () == deliveries.left_alone()
    assert deliveries.of_run(RUN)[0].code_version == version
    assert 0 == newer.restore(RUN, now=after(60))
    assert 2 == newer.bury(RUN, reason="closed by hand")
    assert [("evaluate", "dead", 0), ("tick", "dead", 0)] == states(deliveries)
    assert engine.next_due() is None
