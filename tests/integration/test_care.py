"""
Lost messages, runs that nothing drives, messages that come again, and versions that do not mix.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import text

from alchemiser.application.dispatch import pump
from alchemiser.application.ports.records import Run
from alchemiser.application.replay import abandon, events_from, recorded_run, replay
from alchemiser.application.start import start
from alchemiser.application.sweep import sweep
from alchemiser.application.work import Stay, work
from alchemiser.application.workflow import LISTENERS
from alchemiser.container.houses import House, open_house
from alchemiser.container.views import encode
from alchemiser.domain.errors import ConfigurationError, OrderRefused
from alchemiser.domain.events import Outcome, WorkflowCompleted, WorkflowFailed, once_in_run
from alchemiser.infrastructure.clock import MovedRest
from alchemiser.infrastructure.simulation.clock import ManualClock
from alchemiser.infrastructure.sql.deliveries import SqlDeliveries
from alchemiser.infrastructure.sql.engine import Database, connect
from alchemiser.infrastructure.sql.messages import SqlEngine
from support.small_books import FIRST, SECOND


def execute(url: str, *statements: str) -> None:
    """
    Change the records behind everybody's back.
    """
    database = connect(url)
    with database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))
    database.close()


def begun(house: House, *, messages: int, day: date = FIRST) -> Run:
    """
    Start a session and deliver so many of its messages.
    """
    run, _ = start(day, house.ports)
    for _ in islice(pump(house.ports), messages):
        pass
    return run


def kept(house: House, run: Run) -> dict[str, object]:
    """
    Return everything recorded of a run but its messages.
    """
    ports = house.ports
    return {
        "run": encode(recorded_run(run.id, ports)),
        "events": ports.ledger.events(run.id),
        "trades": ports.trades.trades(run.id),
        "ledger": ports.ledger.entries(run_id=run.id),
        "report": ports.runs.report(run.id),
        "orders": ports.broker.orders(since=run.started_at),
    }


class TestSweep:
    @pytest.mark.parametrize("messages", [0, 3, 8])
    def test_a_lost_message_is_found_and_the_run_goes_on(self, house: House, url: str, messages: int) -> None:
        """
        Its delivery vanished, nothing was due any more; swept, the run ends as it should.
        """
        run = begun(house, messages=messages)
        execute(url, "DELETE FROM deliveries WHERE state <> 'done'")
        assert [] == list(pump(house.ports))

        swept = sweep(house.ports, house.deliveries)
        list(pump(house.ports))

        assert swept.restored >= 1
        assert () == swept.closed
        assert Outcome.SUCCESS is recorded_run(run.id, house.ports).outcome

    def test_a_run_that_nothing_drives_is_closed_with_a_report(self, house: House, url: str) -> None:
        """
        Its messages were given up and nobody told of it: it fails, and the owner is told.
        """
        run = begun(house, messages=3)
        execute(url, "UPDATE deliveries SET state = 'dead' WHERE state <> 'done'")

        swept = sweep(house.ports, house.deliveries)
        list(pump(house.ports))

        closed = recorded_run(run.id, house.ports)
        assert (run.id,) == swept.closed
        assert (Outcome.FAILED, True) == (closed.outcome, "no message is on its way" in closed.detail)
        assert house.ports.runs.report(run.id) is not None

    def test_a_failure_that_was_told_in_vain_still_ends_the_run(self, house: House, url: str) -> None:
        """
        Even the report of its failure was given up: the run is closed with one in plain words, and its end is told.
        """
        run = begun(house, messages=3)
        execute(url, "UPDATE deliveries SET state = 'dead' WHERE state <> 'done'")
        sweep(house.ports, house.deliveries)
        execute(url, "UPDATE deliveries SET state = 'dead' WHERE state <> 'done'")

        sweep(house.ports, house.deliveries)

        assert Outcome.FAILED is recorded_run(run.id, house.ports).outcome
        report = house.ports.runs.report(run.id)
        assert report is not None
        assert "could not be written" in report.text
        assert 1 == sum(isinstance(event, WorkflowCompleted) for event in house.ports.ledger.events(run.id))
        assert (0, ()) == (sweep(house.ports, house.deliveries).restored, sweep(house.ports, house.deliveries).closed)

    def test_the_report_gives_the_reason_that_was_told(self, house: House, url: str) -> None:
        """
        A step had failed for a reason of its own, and the message of that was given up.
        """
        run = begun(house, messages=3)
        start_event = house.ports.ledger.events(run.id)[0]
        meta = once_in_run(start_event, WorkflowFailed, at=house.ports.clock.now(), source="alchemiser.test.test")
        with house.ports.engine.begin() as tx:
            tx.emit(WorkflowFailed(meta=meta, run_id=run.id, step="plan", category="data", error="bars are missing"))
        execute(url, "UPDATE deliveries SET state = 'dead' WHERE state <> 'done'")

        sweep(house.ports, house.deliveries)

        closed = recorded_run(run.id, house.ports)
        assert closed.detail.startswith("plan: bars are missing;"), closed.detail

    def test_a_run_that_ends_while_it_is_looked_at_is_left_alone(self, house: House) -> None:
        """
        Another worker delivers its last message between two looks: no failure is told of a run that succeeded.
        """
        run = begun(house, messages=5)

        class Late(SqlDeliveries):
            def restore(self, run_id: str, *, now: datetime) -> int:
                list(pump(house.ports))
                return super().restore(run_id, now=now)

        assert isinstance(house.deliveries, SqlDeliveries)
        late = Late.__new__(Late)
        late.__dict__.update(house.deliveries.__dict__)
        swept = sweep(house.ports, late)

        assert () == swept.closed
        assert Outcome.SUCCESS is recorded_run(run.id, house.ports).outcome
        assert not any(isinstance(event, WorkflowFailed) for event in house.ports.ledger.events(run.id))

    def test_what_is_on_its_way_is_left_alone(self, house: House) -> None:
        """
        A run that somebody drives is none of the sweep's.
        """
        run = begun(house, messages=5)
        before = house.deliveries.of_run(run.id)

        swept = sweep(house.ports, house.deliveries)

        assert (0, ()) == (swept.restored, swept.closed)
        assert before == house.deliveries.of_run(run.id)


class TestReplay:
    @pytest.mark.parametrize("first", [0, 2, 4, 9, -2])
    def test_a_run_that_ended_is_not_changed(self, house: House, first: int) -> None:
        """
        All its messages come again, from any event on, and nothing has its effect twice.
        """
        run = begun(house, messages=10_000)
        before = kept(house, run)
        told = house.deliveries.of_run(run.id)[first:]

        queued = replay(recorded_run(run.id, house.ports), told, house.ports, house.deliveries)
        delivered = len(list(pump(house.ports)))

        assert queued == delivered == sum(len(one.deliveries) for one in told)
        assert before == kept(house, run)

    def test_a_run_that_goes_on_ends_as_without(self, house: House, tmp_path: Path) -> None:
        """
        Again and again from its first event while it goes on: the same events, trades, orders and ledger.
        """
        run = begun(house, messages=4)
        for _ in range(6):
            told = house.deliveries.of_run(run.id)
            replay(recorded_run(run.id, house.ports), told, house.ports, house.deliveries)
            for _ in islice(pump(house.ports), 7):
                pass
        list(pump(house.ports))
        found = kept(house, run)

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ALCHEMISER__RECORDS__URL", "sqlite://")
            patch.setenv("ALCHEMISER__OUTBOX__DIRECTORY", str(tmp_path / "peace"))
            with open_house("test") as peace:
                expected = kept(peace, begun(peace, messages=10_000))
        assert {type(event).__name__ for event in found["events"]} == {  # type: ignore[attr-defined]  # a tuple
            type(event).__name__
            for event in expected["events"]  # type: ignore[attr-defined]  # a tuple
        }
        assert expected["ledger"] == found["ledger"]
        assert expected["orders"] == found["orders"]
        assert len(expected["events"]) == len(found["events"])  # type: ignore[arg-type]  # tuples

    def test_a_run_that_failed_is_refused(self, house: House, url: str) -> None:
        """
        Its messages would trade after its report.
        """
        run = begun(house, messages=3)
        execute(url, "UPDATE deliveries SET state = 'dead' WHERE state <> 'done'")
        sweep(house.ports, house.deliveries)
        list(pump(house.ports))

        with pytest.raises(OrderRefused, match="run --retry"):
            replay(recorded_run(run.id, house.ports), (), house.ports, house.deliveries)

    def test_an_event_that_is_none_is_refused(self, house: House) -> None:
        """
        Events are named by number or id.
        """
        run = begun(house, messages=1)
        first, *others = house.deliveries.of_run(run.id)

        assert tuple(others) == events_from(run.id, others[0].event.meta.event_id, house.deliveries)
        assert (first, *others) == events_from(run.id, str(first.seq), house.deliveries)
        with pytest.raises(ConfigurationError, match="alchemiser timeline"):
            events_from(run.id, "0", house.deliveries)


class TestPoison:
    def test_a_message_that_ends_every_process_is_given_up(self, house: House) -> None:
        """
        Five processes took it and never came back: the run fails, with a report, and the next session is traded.
        """
        run, _ = start(FIRST, house.ports)
        for _ in range(house.ports.rules.max_attempts):
            assert house.ports.engine.claim(now=house.ports.clock.now()) is not None

        list(pump(house.ports))

        failed = recorded_run(run.id, house.ports)
        assert (Outcome.FAILED, True) == (failed.outcome, "no process that tried it" in failed.detail)
        assert ["dead"] == [one.state for one in house.deliveries.of_run(run.id)[0].deliveries]
        assert house.ports.runs.report(run.id) is not None
        assert Outcome.SUCCESS is recorded_run(begun(house, messages=10_000, day=SECOND).id, house.ports).outcome


class TestVersions:
    @pytest.fixture
    def newer(self, house: House, url: str) -> Iterator[House]:
        """
        The same world with the next version of the code.
        """
        database: Database = connect(url)
        account = house.ports.rules.account
        yield replace(
            house,
            ports=replace(house.ports, engine=SqlEngine(database, routes=LISTENERS, account=account, version="99.0.0")),
            deliveries=SqlDeliveries(database, routes=LISTENERS, account=account, version="99.0.0"),
        )
        database.close()

    def test_a_run_ends_on_the_version_that_began_it(self, house: House, newer: House) -> None:
        """
        The newer one delivers nothing and closes nothing; the older one finishes.
        """
        run = begun(house, messages=5)

        delivered = list(work(newer.ports, newer.deliveries, newer.rest, stay=Stay.WHILE_DUE))
        before = recorded_run(run.id, house.ports).outcome
        list(pump(house.ports))

        assert [] == delivered
        assert before is None
        assert 1 == len({told.code_version for told in house.deliveries.of_run(run.id)})
        assert Outcome.SUCCESS is recorded_run(run.id, house.ports).outcome

    def test_a_run_of_another_version_is_closed_by_hand(self, house: House, newer: House) -> None:
        """
        It fails with a report, its messages die unhandled, and the next session is traded by the newer version.
        """
        run = begun(house, messages=5)

        abandon(recorded_run(run.id, newer.ports), newer.ports, newer.deliveries)
        list(pump(newer.ports))

        closed = recorded_run(run.id, newer.ports)
        assert (Outcome.FAILED, True) == (closed.outcome, "closed by hand" in closed.detail)
        assert () == newer.deliveries.left_alone()
        assert [] == list(pump(house.ports))
        assert newer.ports.runs.report(run.id) is not None
        with pytest.raises(OrderRefused, match="end of"):
            abandon(closed, newer.ports, newer.deliveries)
        assert Outcome.SUCCESS is recorded_run(begun(newer, messages=10_000, day=SECOND).id, newer.ports).outcome


def test_a_worker_trades_a_session_like_a_run(house: House) -> None:
    """
    Work until nothing was due for a moment: the run is over, and nothing is left.
    """
    run, _ = start(FIRST, house.ports)
    clock = house.ports.clock
    assert isinstance(clock, ManualClock)
    rest = MovedRest(clock.move, nap_s=0.001)

    delivered = list(work(house.ports, house.deliveries, rest, idle_exit_s=0.0))

    assert Outcome.SUCCESS is recorded_run(run.id, house.ports).outcome
    assert len(delivered) == sum(len(told.deliveries) for told in house.deliveries.of_run(run.id))
