"""
A strategy's state is what earlier runs recorded of it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.application.holding import accepted_target
from alchemiser.application.ports.suite import Archive
from alchemiser.domain.events import Outcome
from alchemiser.domain.strategy.rebalance import Accepted, Hold
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.messages import SqlEngine
from alchemiser.infrastructure.sql.migrate import prepare_database
from alchemiser.infrastructure.sql.records import SqlLedger, SqlRuns
from alchemiser.infrastructure.sql.trades import SqlTrades
from support.builders import a_plan, an_account
from support.records import a_meta, a_run, a_vote
from support.symphonies import a_symphony

JULY, AUGUST, LATER = date(2026, 7, 31), date(2026, 8, 3), date(2026, 8, 4)
MONTHLY = a_symphony('(asset "SPY" nil)', name="Monthly", settings="{:rebalance-frequency :monthly}")
EARLIER = Accepted(session=date(2026, 7, 1), weights={Symbol("TLT"): Decimal(1)})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = prepare_database(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    yield opened
    opened.close()


def state(database: Database, *, strategy: Symphony = MONTHLY, account: str = "TEST0001") -> Accepted | None:
    archive = Archive(runs=SqlRuns(database), trades=SqlTrades(database), ledger=SqlLedger(database))
    return accepted_target(strategy, archive, account=account, before=LATER)


def record(
    database: Database,
    session: date,
    outcome: Outcome | None,
    *,
    name: str = "Monthly",
    fingerprint: str = MONTHLY.fingerprint,
    hold: Hold | None = None,
    planned: bool = True,
) -> None:
    """
    Store a run with one strategy's vote and, unless told otherwise, its plan.
    """
    run = replace(a_run(session=session), outcome=outcome)
    vote = replace(
        a_vote(name), run_id=run.id, fingerprint=fingerprint, hold=hold, meta=a_meta("Vote", key=str(session))
    )
    with SqlEngine(database, routes={}).begin() as tx:
        tx.save_run(run)
        tx.save_signal(vote)
        if planned:
            account = an_account(cash="1000")
            tx.save_plan(replace(a_plan({"SPY": "1"}, account, {"SPY": "100"}), run_id=run.id), ())


def test_a_first_run_has_no_state(database: Database) -> None:
    """
    Nothing was recorded: nothing is held.
    """
    assert state(database) is None


def test_a_completed_run_accepts_its_target(database: Database) -> None:
    """
    The state is the target of the latest successful run, with the session it traded.
    """
    record(database, JULY, Outcome.SUCCESS)
    record(database, AUGUST, Outcome.SUCCESS)

    weights = {Symbol("BIL"): Decimal("0.333333"), Symbol("SPY"): Decimal("0.666667")}
    assert Accepted(session=AUGUST, weights=weights) == state(database)


def test_a_held_target_stays_the_accepted_one(database: Database) -> None:
    """
    A run that only held hands on what it held, not what became of it.
    """
    record(database, AUGUST, Outcome.SUCCESS, hold=Hold(accepted=EARLIER, wanted={}))

    assert EARLIER == state(database)


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.FAILED, None])
def test_a_run_that_did_not_get_there_leaves_no_state(database: Database, outcome: Outcome | None) -> None:
    """
    After a plan that was not carried out, what is held is not what was wanted.
    """
    record(database, JULY, Outcome.SUCCESS)
    record(database, AUGUST, outcome)

    assert state(database) is None


def test_a_run_that_ended_before_its_plan_is_passed_over(database: Database) -> None:
    """
    A run that failed on its signals changed nothing; the state is of the run before it.
    """
    record(database, JULY, Outcome.SUCCESS)
    record(database, AUGUST, Outcome.FAILED, planned=False)

    found = state(database)

    assert found is not None
    assert JULY == found.session


def test_another_meaning_has_no_state(database: Database) -> None:
    """
    A strategy whose fingerprint changed since is due.
    """
    record(database, AUGUST, Outcome.SUCCESS, fingerprint="0" * 64)

    assert state(database) is None


def test_a_strategy_that_was_left_out_has_no_state(database: Database) -> None:
    """
    What an earlier run held was sold when the latest did without the strategy.
    """
    record(database, JULY, Outcome.SUCCESS)
    record(database, AUGUST, Outcome.SUCCESS, name="Another")

    assert state(database) is None


def test_the_session_itself_and_later_ones_do_not_count(database: Database) -> None:
    """
    The same session run again finds the state it began from.
    """
    record(database, LATER, Outcome.SUCCESS)

    assert state(database) is None


def test_another_account_has_a_state_of_its_own(database: Database) -> None:
    """
    Runs of one account say nothing of another's.
    """
    record(database, AUGUST, Outcome.SUCCESS)

    assert state(database, account="OTHER") is None


def test_old_runs_are_found_behind_many_failed_ones(database: Database) -> None:
    """
    However many runs ended before their plan since.
    """
    record(database, date(2026, 1, 2), Outcome.SUCCESS)
    for day in range(1, 29):
        record(database, date(2026, 2, day), Outcome.FAILED, planned=False)
        record(database, date(2026, 3, day), Outcome.FAILED, planned=False)

    found = state(database)

    assert found is not None
    assert date(2026, 1, 2) == found.session
