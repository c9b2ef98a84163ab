"""
What whoever looks after messages owes: everything is listed, what was lost comes again, nothing else changes.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alchemiser.application.ports.deliveries import Told
from support.builders import RUN, START, after
from support.keepers import PLACES, Keeper, deliveries_on, engine_on, opened
from support.records import a_run, a_start, a_tick

ROUTES = {"WorkflowStarted": ("evaluate",), "ExecutionTickDue": ("trade",)}
MORE = ROUTES | {"WorkflowStarted": ("evaluate", "announce")}


@pytest.fixture(params=PLACES)
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    """
    A keeper of records that holds a run with its start done, one tick leased, and one to come.
    """
    for found in opened(request.param, tmp_path):
        engine = engine_on(found, routes=ROUTES)
        with engine.begin() as tx:
            tx.save_run(a_run())
            tx.emit(a_start())
        message = engine.claim(now=START)
        assert message is not None
        with engine.finishing(message, now=after(1)) as tx:
            tx.emit(a_tick(1, at=after(1)))
            tx.emit(a_tick(2, at=after(1)), due_at=after(30))
        assert engine.claim(now=after(2)) is not None
        yield found


def states(told: tuple[Told, ...]) -> list[tuple[int, str, str, int]]:
    return [(one.seq, way.handler, way.state, way.attempts) for one in told for way in one.deliveries]


def test_lists_every_event_with_its_ways(keeper: Keeper) -> None:
    """
    Events come in the order of storing, each with where its deliveries stand.
    """
    told = deliveries_on(keeper, routes=ROUTES).of_run(RUN)

    assert [a_start(), a_tick(1, at=after(1)), a_tick(2, at=after(1))] == [one.event for one in told]
    assert [(1, "evaluate", "done", 1), (2, "trade", "leased", 1), (3, "trade", "pending", 0)] == states(told)
    assert after(1) == told[0].deliveries[0].done_at
    assert after(30) == told[2].deliveries[0].due_at


def test_counts_what_is_on_its_way(keeper: Keeper) -> None:
    """
    Pending and leased ones are on their way, those of other runs are not counted.
    """
    deliveries = deliveries_on(keeper, routes=ROUTES)

    assert (2, 0) == (deliveries.undelivered(RUN), deliveries.undelivered("none"))


def test_restores_what_was_never_queued(keeper: Keeper) -> None:
    """
    A handler that an event was never queued for gets it, once.
    """
    deliveries = deliveries_on(keeper, routes=MORE)

    assert [1, 0] == [deliveries.restore(RUN, now=after(5)) for _ in range(2)]
    assert 3 == deliveries.undelivered(RUN)


def test_repeats_only_what_is_over(keeper: Keeper) -> None:
    """
    What is done comes again as if never tried; what is on its way stays so.
    """
    deliveries = deliveries_on(keeper, routes=ROUTES)
    ids = [one.event.meta.event_id for one in deliveries.of_run(RUN)]

    assert 1 == deliveries.repeat(RUN, ids, now=after(5))
    assert [(1, "evaluate", "pending", 0), (2, "trade", "leased", 1), (3, "trade", "pending", 0)] == states(
        deliveries.of_run(RUN)
    )
    assert 0 == deliveries.repeat("none", ids, now=after(5))


def test_leaves_other_versions_alone_until_they_are_buried(keeper: Keeper) -> None:
    """
    A newer code sees that messages of an older one wait, does not claim them, and lets them die when told to.
    """
    newer = deliveries_on(keeper, routes=ROUTES, version="9.9.9")
    (version,) = newer.left_alone()

    assert engine_on(keeper, routes=ROUTES, owner="newer", version="9.9.9").claim(now=after(3600)) is None
    assert () == deliveries_on(keeper, routes=ROUTES).left_alone()
    assert 0 == newer.restore(RUN, now=after(5))
    assert 2 == newer.bury(RUN, reason="closed by hand")
    assert () == newer.left_alone()
    assert [(version, "dead", "closed by hand")] * 2 == [
        (one.code_version, way.state, way.error) for one in newer.of_run(RUN)[1:] for way in one.deliveries
    ]


def test_another_account_has_no_messages_here(keeper: Keeper) -> None:
    """
    An engine of another account claims nothing and is not told of waiting versions.
    """
    other = engine_on(keeper, routes=ROUTES, owner="other", account="OTHER")

    assert other.claim(now=after(3600)) is None
    assert other.next_due() is None
    assert () == deliveries_on(keeper, routes=ROUTES, account="OTHER", version="9.9.9").left_alone()
