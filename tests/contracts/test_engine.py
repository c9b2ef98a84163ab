"""
What every engine owes: each event reaches each of its handlers, in order, at least once, with effects exactly once.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from alchemiser.application.ports.messaging import AlreadyHandled, Engine, Message
from alchemiser.domain.events import PartialSignalGenerated
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.messages import SqlEngine
from support import databases
from support.builders import RUN, START, after
from support.keepers import PLACES, Keeper, engine_on, ledger_on, opened, runs_on
from support.records import a_run, a_start, a_tick, a_vote

Routes: TypeAlias = Mapping[str, Sequence[str]]
ROUTES: Routes = {"WorkflowStarted": ("evaluate", "announce"), "ExecutionTickDue": ("trade",)}


@pytest.fixture(params=PLACES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    yield from opened(request.param, tmp_path)


@pytest.fixture
def engine(database: Keeper) -> Engine:
    return engine_on(database, routes=ROUTES, owner="embedded", lease_s=60)


def claimed(engine: Engine, seconds: float = 0) -> Message:
    message = engine.claim(now=after(seconds))
    assert message is not None
    return message


def handled(engine: Engine, seconds: float = 0) -> list[str]:
    """
    Finish every message that is due and return their handlers in order.
    """
    names = []
    while message := engine.claim(now=after(seconds)):
        with engine.finishing(message, now=after(seconds)):
            names.append(message.handler)
    return names


def fail_half_way(engine: Engine, message: Message) -> None:
    with engine.finishing(message, now=START) as tx:
        tx.save_run(a_run())
        tx.emit(a_start())
        raise ZeroDivisionError


class TestDelivery:
    def test_reaches_each_handler_in_the_order_of_the_routes(self, engine: Engine) -> None:
        """
        An event is delivered once to every handler it is routed to.
        """
        with engine.begin() as tx:
            tx.emit(a_start())

        assert ["evaluate", "announce"] == handled(engine)

    def test_carries_the_event_as_it_was_told(self, engine: Engine) -> None:
        """
        A message holds an event equal to the one that was emitted.
        """
        with engine.begin() as tx:
            tx.emit(a_start())

        message = claimed(engine)

        assert Message(event=a_start(), handler="evaluate", due_at=START, attempt=1) == message

    def test_goes_by_due_time_then_by_storing(self, engine: Engine) -> None:
        """
        A timer that is due earlier is delivered before an event that was stored earlier.
        """
        with engine.begin() as tx:
            tx.emit(a_tick(1), due_at=after(30))
            tx.emit(a_tick(2), due_at=after(10))
            tx.emit(a_tick(3), due_at=after(10))

        found = []
        while message := engine.claim(now=after(60)):
            with engine.finishing(message, now=after(60)):
                found.append(message.due_at)

        assert [after(10), after(10), after(30)] == found

    def test_waits_until_due(self, engine: Engine) -> None:
        """
        A timer cannot be claimed before its instant, and the engine knows that instant.
        """
        with engine.begin() as tx:
            tx.emit(a_tick(), due_at=after(30))

        assert engine.claim(now=after(29.999)) is None
        assert after(30) == engine.next_due()
        assert after(30) == claimed(engine, 30).due_at

    def test_ends(self, engine: Engine) -> None:
        """
        When all is delivered nothing is due any more.
        """
        with engine.begin() as tx:
            tx.emit(a_start())
        handled(engine)

        assert engine.next_due() is None

    def test_event_without_handlers_is_only_stored(self, engine: Engine, database: Keeper) -> None:
        """
        An event nobody listens to is kept and never delivered.
        """
        quiet = engine_on(database, routes={})
        with quiet.begin() as tx:
            tx.emit(a_start())

        assert engine.next_due() is None
        assert (a_start(),) == ledger_on(database).events(RUN)

    def test_same_event_twice_is_once(self, engine: Engine, database: Keeper) -> None:
        """
        An event id that is stored is neither stored nor queued again, even after it was handled.
        """
        with engine.begin() as tx:
            tx.emit(a_start())
            tx.emit(a_start(at=after(5)))
        handled(engine)
        with engine.begin() as tx:
            tx.emit(a_start())

        assert [] == handled(engine, 60)
        assert (a_start(),) == ledger_on(database).events(RUN)


class TestLease:
    def test_is_closed_to_other_owners(self, engine: Engine, database: Keeper) -> None:
        """
        A leased message is not claimed by someone else while the lease lasts; the wait is known.
        """
        other = engine_on(database, routes=ROUTES, owner="other", lease_s=60)
        with engine.begin() as tx:
            tx.emit(a_tick())
        claimed(engine)

        assert other.claim(now=after(59)) is None
        assert after(60) == other.next_due()

    def test_ends_for_other_owners(self, engine: Engine, database: Keeper) -> None:
        """
        A lease whose time is over is claimed by anyone, as the next attempt.
        """
        other = engine_on(database, routes=ROUTES, owner="other", lease_s=60)
        with engine.begin() as tx:
            tx.emit(a_tick())
        claimed(engine)

        assert 2 == claimed(other, 60).attempt

    def test_is_open_to_its_own_owner(self, engine: Engine, database: Keeper) -> None:
        """
        A pump that died and was started again claims its message at once, as the next attempt.
        """
        restarted = engine_on(database, routes=ROUTES, owner="embedded", lease_s=60)
        with engine.begin() as tx:
            tx.emit(a_tick())
        claimed(engine)

        assert START == restarted.next_due()
        assert 2 == claimed(restarted).attempt


class TestFinishing:
    def test_commits_writes_emits_and_done_together(self, engine: Engine, database: Keeper) -> None:
        """
        What a handler writes and emits is there when its message is done.
        """
        with engine.begin() as tx:
            tx.emit(a_tick())
        with engine.finishing(claimed(engine), now=START) as tx:
            tx.save_run(a_run())
            tx.emit(a_tick(2), due_at=after(2))

        assert a_run() == runs_on(database).run(RUN)
        assert after(2) == engine.next_due()

    def test_undoes_everything_when_the_handler_fails(self, engine: Engine, database: Keeper) -> None:
        """
        A handler that raises leaves no write, no event, and its message to be delivered again.
        """
        with engine.begin() as tx:
            tx.emit(a_tick())
        message = claimed(engine)
        with pytest.raises(ZeroDivisionError):
            fail_half_way(engine, message)

        assert runs_on(database).run(RUN) is None
        assert (a_tick(),) == ledger_on(database).events(RUN)
        assert ["trade"] == handled(engine)

    def test_second_delivery_writes_nothing(self, engine: Engine, database: Keeper) -> None:
        """
        A message that is done cannot be finished again: its transaction does not open.
        """
        with engine.begin() as tx:
            tx.emit(a_tick())
        message = claimed(engine)
        with engine.finishing(message, now=START):
            pass

        with pytest.raises(AlreadyHandled, match="attempt 1"), engine.finishing(message, now=START) as tx:
            tx.save_run(a_run())

        assert runs_on(database).run(RUN) is None

    def test_overtaken_owner_writes_nothing(self, engine: Engine, database: Keeper) -> None:
        """
        Whoever wakes up after his lease was taken over cannot finish; the later attempt can.
        """
        other = engine_on(database, routes=ROUTES, owner="other", lease_s=60)
        with engine.begin() as tx:
            tx.emit(a_tick())
        slow = claimed(engine)
        quick = claimed(other, 60)

        with pytest.raises(AlreadyHandled), engine.finishing(slow, now=after(61)):
            pass
        with other.finishing(quick, now=after(61)):
            pass

        assert engine.next_due() is None


class TestFailed:
    def test_is_delivered_again_later(self, engine: Engine) -> None:
        """
        A failed message comes again at its retry time, as the next attempt.
        """
        with engine.begin() as tx:
            tx.emit(a_tick())
        engine.delayed(claimed(engine), error="no answer", retry_at=after(5))

        assert engine.claim(now=after(4)) is None
        assert 2 == claimed(engine, 5).attempt

    def test_dies_for_good(self, engine: Engine) -> None:
        """
        A message that is buried is never delivered again and holds nothing up; what is told of it is delivered.
        """
        with engine.begin() as tx:
            tx.emit(a_tick(1))
        with engine.finishing(claimed(engine), now=START, error="no sense") as tx:
            tx.emit(a_tick(2))

        assert ["trade"] == handled(engine)
        assert engine.next_due() is None

    def test_lives_on_when_nothing_could_be_told_of_its_death(self, engine: Engine) -> None:
        """
        The death and what is told of it are one transaction.
        """
        with engine.begin() as tx:
            tx.emit(a_tick(1))
        message = claimed(engine)

        def told_in_vain() -> None:
            with engine.finishing(message, now=START, error="no sense") as tx:
                tx.emit(a_tick(2))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            told_in_vain()

        with engine.finishing(message, now=START):
            pass
        assert engine.next_due() is None

    def test_cannot_undo_done(self, engine: Engine) -> None:
        """
        A message that is done stays done when someone late calls it failed, and nothing is told.
        """
        with engine.begin() as tx:
            tx.emit(a_tick())
        message = claimed(engine)
        with engine.finishing(message, now=START):
            pass

        with pytest.raises(AlreadyHandled):
            engine.delayed(message, error="late", retry_at=START + timedelta(seconds=1))
        with pytest.raises(AlreadyHandled), engine.finishing(message, now=START, error="late") as tx:
            tx.emit(a_tick(2))

        assert engine.next_due() is None


class TestOthers:
    def test_messages_of_another_version_are_left_alone(self, engine: Engine, database: Keeper) -> None:
        """
        Neither older nor newer code touches what this version told of; this version still finds it.
        """
        older, newer = (engine_on(database, routes=ROUTES, version=version) for version in ("0.0.1", "99.0.0"))
        with engine.begin() as tx:
            tx.emit(a_tick())

        assert (None, None) == (older.claim(now=after(60)), newer.claim(now=after(60)))
        assert (None, None) == (older.next_due(), newer.next_due())
        assert ["trade"] == handled(engine)

    def test_messages_of_another_account_are_left_alone(self, engine: Engine, database: Keeper) -> None:
        """
        Two accounts may keep their records in one database; each carries its own messages.
        """
        ours, other = (engine_on(database, routes=ROUTES, account=account) for account in ("TEST0001", "TEST0002"))
        with engine.begin() as tx:
            tx.save_run(a_run())
            tx.emit(a_tick())

        assert other.claim(now=after(60)) is None
        assert other.next_due() is None
        assert ["trade"] == handled(ours)


@pytest.mark.parametrize("place", databases.PLACES)
def test_a_simulated_time_stands_while_another_works(place: str, tmp_path: Path) -> None:
    """
    Processes that share a database and a simulated time: it may move to what is due next, and not at all while
    somebody holds a message.
    """
    for database in databases.opened(place, tmp_path):
        engine, other = (SqlEngine(database, routes=ROUTES, owner=owner) for owner in ("embedded", "other"))
        with engine.begin() as tx:
            tx.emit(a_tick(1), due_at=after(10))
            tx.emit(a_tick(2), due_at=after(30))
        before = other.bound(START)
        message = claimed(engine, 10)
        during = (other.bound(after(10)), engine.bound(after(10)))
        with engine.finishing(message, now=after(10)):
            pass

        assert after(10) == before
        assert (after(10), after(10)) == during
        assert after(30) == other.bound(after(10))


def test_workers_on_postgresql_share_the_messages(tmp_path: Path) -> None:
    """
    Four workers at once: every message is handled once, and the last to store a signal sees all of them.
    """
    for database in databases.opened("postgres", tmp_path):
        routes: Routes = {"PartialSignalGenerated": ("collect",)}
        votes = [a_vote(f"S{number}") for number in range(20)]
        with SqlEngine(database, routes=routes).begin() as tx:
            tx.save_run(a_run())
            for vote in votes:
                tx.emit(vote)

        def worked(name: str, database: Database = database, routes: Routes = routes) -> list[int]:
            engine, seen = SqlEngine(database, routes=routes, owner=name), []
            while (due := engine.next_due()) is not None and due <= START:
                message = engine.claim(now=START)
                if message is None:
                    continue
                with engine.finishing(message, now=START) as tx:
                    assert isinstance(message.event, PartialSignalGenerated)
                    seen.append(len(tx.save_signal(message.event)))
            return seen

        with ThreadPoolExecutor(4) as pool:
            seen = [count for counts in pool.map(worked, ["a", "b", "c", "d"]) for count in counts]

        assert list(range(1, 21)) == sorted(seen)
