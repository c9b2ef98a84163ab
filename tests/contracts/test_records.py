"""
What every keeper of records owes: what was stored comes back equal, and what is final stays.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.application.ports.messaging import Engine
from alchemiser.application.ports.records import Ledger, Run, Runs, Trades
from alchemiser.domain.errors import Overtaken, RecordsError
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    IntentState,
    Open,
    OrderStatus,
    Sent,
    Taken,
    TradeStatus,
    Unknown,
)
from alchemiser.domain.values import Side, price, shares
from alchemiser.infrastructure.sql.engine import Database
from support import databases
from support.builders import DAY, RUN, START, a_body, a_plan, a_position, a_trade, after, an_account, an_intent
from support.keepers import PLACES, Keeper, engine_on, ledger_on, opened, runs_on, trades_on
from support.records import a_fill, a_report, a_run, a_vote, every_event

CLOSED = Closed(
    order_id="o-1",
    status=OrderStatus.FILLED,
    filled=shares("10"),
    average=price("100.01"),
    closed_at=after(3),
    reason="",
)
STATES: tuple[IntentState, ...] = (
    Sent(posts=2, since=START),
    Taken(since=START),
    Open(order_id="o-1", submitted_at=START, filled=shares("0"), average=None),
    Canceling(order_id="o-1", submitted_at=START, asked_at=after(30), filled=shares("2.5"), average=price("100.015")),
    CLOSED,
    Unknown(since=START, reason="no answer for 240 s"),
)
PLAN = a_plan(
    {"SPY": "0.6", "TLT": "0.4"},
    an_account(a_position("GLD", "12.345678901"), cash="10000.01", equity="12469.145780200"),
    {"GLD": "200.02", "SPY": "601.12", "TLT": "88.7"},
)


@pytest.fixture(params=PLACES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    yield from opened(request.param, tmp_path)


@pytest.fixture
def engine(database: Keeper) -> Engine:
    return engine_on(database, routes={})


@pytest.fixture
def runs(database: Keeper) -> Runs:
    return runs_on(database)


@pytest.fixture
def trades(database: Keeper, engine: Engine) -> Trades:
    save_run(engine, a_run())
    return trades_on(database)


@pytest.fixture
def ledger(database: Keeper) -> Ledger:
    return ledger_on(database)


def save_run(engine: Engine, run: Run) -> bool:
    with engine.begin() as tx:
        return tx.save_run(run)


class TestRuns:
    def test_first_trigger_alone_makes_the_run(self, engine: Engine) -> None:
        """
        The second start of a session is told that the run is there already.
        """
        assert [True, False] == [save_run(engine, a_run()), save_run(engine, a_run())]

    def test_come_back_equal(self, engine: Engine, runs: Runs) -> None:
        """
        A run that ended comes back with both its accounts, exact to the last digit.
        """
        account = an_account(a_position("SPY", "1.123456789", available="0.5"), cash="-0.10", equity="99.90")
        run = replace(
            a_run(),
            opening=account,
            closing=account,
            outcome=Outcome.PARTIAL,
            detail="TLT: not filled",
            finished_at=after(900),
        )
        save_run(engine, a_run())
        save_run(engine, run)

        assert run == runs.run(RUN)

    def test_nothing_is_known_of_another(self, runs: Runs) -> None:
        """
        An unknown id has no run, plan, report or signals.
        """
        assert (None, None, None, ()) == (
            runs.run("none"),
            runs.plan("none"),
            runs.report("none"),
            runs.signals("none"),
        )

    def test_latest_session_comes_first(self, engine: Engine, runs: Runs) -> None:
        """
        Runs are listed backwards in time, a page at a time.
        """
        days = [DAY, DAY - timedelta(days=2), DAY - timedelta(days=1)]
        for day in days:
            save_run(engine, a_run(session=day))

        listed = [run.session for run in runs.runs(limit=2)] + [run.session for run in runs.runs(offset=2)]

        assert sorted(days, reverse=True) == listed

    def test_second_start_takes_nothing_back(self, engine: Engine, runs: Runs) -> None:
        """
        Whoever starts a session that another process planned and closed meanwhile changes nothing of its run.
        """
        before, later = an_account(cash="100"), an_account(cash="50")
        with engine.begin() as tx:
            tx.save_run(replace(a_run(), opening=before))
            tx.save_plan(PLAN, (a_trade(),))
            tx.save_run(replace(a_run(), opening=before, closing=later))

        save_run(engine, replace(a_run(), opening=later, started_at=after(60)))

        assert replace(a_run(), opening=before, closing=later) == runs.run(RUN)

    def test_over_is_over(self, engine: Engine, runs: Runs) -> None:
        """
        A run that ended stays as it ended.
        """
        ended = replace(a_run(), outcome=Outcome.SUCCESS, finished_at=after(600))
        save_run(engine, a_run())
        save_run(engine, ended)

        save_run(engine, replace(a_run(), outcome=Outcome.FAILED, detail="late", closing=an_account()))

        assert ended == runs.run(RUN)

    def test_notes_are_added_after_the_end_and_never_taken_back(self, engine: Engine, runs: Runs) -> None:
        """
        What is found of a run that is over is noted; whoever knows fewer notes, or others, takes none away.
        """
        ended = replace(a_run(), outcome=Outcome.SUCCESS, finished_at=after(600), notes=("clocks differ",))
        save_run(engine, ended)

        save_run(engine, replace(ended, notes=("clocks differ", "found later")))
        for fewer in ((), ("clocks differ",), ("something else", "and more", "than that")):
            save_run(engine, replace(ended, notes=fewer))

        assert replace(ended, notes=("clocks differ", "found later")) == runs.run(RUN)


class TestSignals:
    def test_are_stored_once_for_each_strategy(self, engine: Engine, runs: Runs) -> None:
        """
        A second vote of a strategy changes nothing; all votes come back by name.
        """
        save_run(engine, a_run())
        with engine.begin() as tx:
            tx.save_signal(a_vote("Nuclear"))
            tx.save_signal(a_vote("Calm", failure="SPY: no bar"))
            both = tx.save_signal(a_vote("Nuclear", failure="changed its mind"))

        assert (a_vote("Calm", failure="SPY: no bar"), a_vote("Nuclear")) == both
        assert both == runs.signals(RUN)


class TestPlans:
    def test_come_back_equal_with_their_trades(self, engine: Engine, runs: Runs, trades: Trades) -> None:
        """
        A plan keeps its snapshot, lines and hash; its trades come sells first, then by symbol.
        """
        made = (a_trade("TLT"), a_trade("SPY"), a_trade("GLD", Side.SELL))
        with engine.begin() as tx:
            tx.save_plan(PLAN, made)

        assert PLAN == runs.plan(RUN)
        assert ["GLD", "SPY", "TLT"] == [trade.symbol for trade in trades.trades(RUN)]

    def test_are_never_replaced(self, engine: Engine, runs: Runs, trades: Trades) -> None:
        """
        A second plan of a run is left out together with its trades.
        """
        with engine.begin() as tx:
            tx.save_plan(PLAN, (a_trade("SPY"),))
            tx.save_plan(replace(PLAN, hash="other"), (a_trade("TLT"),))

        assert PLAN == runs.plan(RUN)
        assert (a_trade("SPY"),) == trades.trades(RUN)


class TestReports:
    def test_are_replaced(self, engine: Engine, runs: Runs) -> None:
        """
        The last report of a run is the one that is kept.
        """
        save_run(engine, a_run())
        with engine.begin() as tx:
            tx.save_report(a_report("first"))
            tx.save_report(a_report("second"))

        assert a_report("second") == runs.report(RUN)


class TestTrades:
    @pytest.mark.parametrize("state", STATES, ids=lambda state: state.kind)
    def test_come_back_with_their_intents(self, trades: Trades, state: IntentState) -> None:
        """
        Every state of an intent is read as it was stored.
        """
        trade = a_trade(intents=(an_intent(a_body(), state=state),))

        trades.commit((trade,), ())

        assert (trade,) == trades.trades(RUN)

    def test_change_state(self, trades: Trades) -> None:
        """
        A later commit adds an attempt, moves the earlier one on and ends the trade.
        """
        first = an_intent(a_body(attempt=1))
        ended = an_intent(a_body(attempt=1), state=CLOSED)
        second = an_intent(a_body(attempt=2), attempt=2, rung=1)
        trade = a_trade(intents=(first,))
        later = replace(trade, intents=(ended, second), status=TradeStatus.INCOMPLETE, reason="time is up", due_at=None)

        (stored,) = trades.commit((trade,), ())
        trades.commit((replace(later, version=stored.version),), ())

        assert (later,) == trades.trades(RUN)

    def test_closed_intents_stay_closed(self, trades: Trades) -> None:
        """
        Nobody can take back that an order is final, not even who read the latest version.
        """
        (closed,) = trades.commit((a_trade(intents=(an_intent(a_body(), state=CLOSED),)),), ())

        trades.commit((replace(closed, intents=(an_intent(a_body()),)),), ())

        assert closed.intents == trades.trades(RUN)[0].intents

    def test_final_trades_stay_final(self, trades: Trades) -> None:
        """
        Nobody can open a trade again, nor say that it ended otherwise, not even who read the latest version.
        """
        intents = (an_intent(a_body(), state=CLOSED),)
        final = replace(a_trade(status=TradeStatus.DONE, intents=intents), reason="dust is left")
        (stored,) = trades.commit((final,), ())

        (again,) = trades.commit((replace(stored, status=TradeStatus.OPEN, intents=(an_intent(a_body()),)),), ())
        trades.commit((replace(again, status=TradeStatus.FAILED, reason="late"),), ())

        assert (final,) == trades.trades(RUN)

    def test_versions_count_how_often_a_trade_was_stored(self, trades: Trades) -> None:
        """
        Who stores a trade is told its new version, and who reads it later finds the same.
        """
        told = []
        trade = a_trade()
        for _ in range(3):
            (trade,) = trades.commit((trade,), ())
            told.append((trade.version, trades.trades(RUN)[0].version))

        assert [(1, 1), (2, 2), (3, 3)] == told

    def test_of_a_plan_can_be_committed_as_they_are_read(self, engine: Engine, trades: Trades) -> None:
        """
        Trades that came with their plan have a version, too: who never read them is refused.
        """
        with engine.begin() as tx:
            tx.save_plan(PLAN, (a_trade(),))

        with pytest.raises(Overtaken):
            trades.commit((a_trade(),), ())
        trades.commit(trades.trades(RUN), ())

        assert 2 == trades.trades(RUN)[0].version

    def test_overtaken_commit_is_refused_whole(self, trades: Trades, ledger: Ledger) -> None:
        """
        Who read a trade before another process moved it on stores nothing: no attempt, no other trade, no fill.
        """
        spy, tlt = trades.commit((a_trade("SPY"), a_trade("TLT")), ())
        moved = replace(spy, intents=(an_intent(a_body(limit="100.05")),))
        trades.commit((moved,), ())
        late = replace(spy, intents=(an_intent(a_body(limit="100.06")),))

        with pytest.raises(Overtaken, match="expected version 1, as it was read, found 2"):
            trades.commit((replace(tlt, reason="late"), late), (a_fill(),))

        assert {moved.id: moved, tlt.id: tlt} == {trade.id: trade for trade in trades.trades(RUN)}
        assert () == ledger.entries()

    def test_one_of_two_that_read_the_same_sends_again(self, trades: Trades) -> None:
        """
        Of two processes that both saw one send, one alone may count the second.
        """
        (seen,) = trades.commit((a_trade(intents=(an_intent(a_body()),)),), ())
        again = replace(seen, intents=(an_intent(a_body(), state=Sent(posts=2, since=START)),))

        trades.commit((again,), ())
        with pytest.raises(Overtaken):
            trades.commit((again,), ())

        assert again.intents == trades.trades(RUN)[0].intents

    def test_authorisation_happens_once_for_all(self, trades: Trades) -> None:
        """
        Of two processes that share out the money for a run's buys, one alone is heard, for every buy.
        """
        read = trades.commit((a_trade("SPY", authorised=None), a_trade("TLT", authorised=None)), ())
        first = [replace(trade, authorised=shares("6")) for trade in read]
        second = [replace(trade, authorised=shares("7")) for trade in read]

        trades.commit(first, ())
        with pytest.raises(Overtaken):
            trades.commit(second, ())

        assert [shares("6")] * 2 == [trade.authorised for trade in trades.trades(RUN)]

    def test_final_trades_make_no_further_attempt(self, trades: Trades) -> None:
        """
        A new order of a trade that ended elsewhere is refused before it is sent, and nothing of that commit is stored.
        """
        final = a_trade(status=TradeStatus.INCOMPLETE, intents=(an_intent(a_body(), state=CLOSED),))
        (stored,) = trades.commit((final,), ())
        second = an_intent(a_body(attempt=2), attempt=2)

        with pytest.raises(RecordsError, match="which is final, found attempt 2"):
            trades.commit((a_trade("TLT"), replace(stored, intents=(*final.intents, second))), ())

        assert (final,) == trades.trades(RUN)

    def test_body_of_an_intent_stays(self, trades: Trades) -> None:
        """
        What an intent sends is never changed once it is stored; who would send something else is refused.
        """
        (stored,) = trades.commit((a_trade(intents=(an_intent(a_body(limit="100.05")),)),), ())

        with pytest.raises(RecordsError, match="the order was not sent"):
            trades.commit((replace(stored, intents=(an_intent(a_body(limit="100.06")),)),), ())

        assert a_body(limit="100.05") == trades.trades(RUN)[0].intents[0].body

    def test_client_order_id_belongs_to_one_intent(self, trades: Trades) -> None:
        """
        An order id that another attempt has is refused, and nothing of that commit is stored.
        """
        (stored,) = trades.commit((a_trade(intents=(an_intent(a_body(attempt=1)),)),), ())
        twice = replace(stored, intents=(an_intent(a_body(attempt=1), attempt=2),))

        with pytest.raises(RecordsError, match="client_order_id"):
            trades.commit((replace(twice, reason="half"),), ())

        assert "" == trades.trades(RUN)[0].reason

    def test_symbol_has_one_side_in_a_run(self, trades: Trades) -> None:
        """
        A run cannot hold a buy and a sell of one symbol.
        """
        trades.commit((a_trade("SPY", Side.BUY),), ())

        with pytest.raises(RecordsError, match="symbol"):
            trades.commit((a_trade("SPY", Side.SELL),), ())


class TestLedger:
    def test_keeps_each_fill_once(self, trades: Trades, ledger: Ledger) -> None:
        """
        A fill that is seen again, however its quantity is written, is left as it is.
        """
        stored = trades.commit((a_trade(),), (a_fill("5", "5"),))
        trades.commit(stored, (a_fill("5.000", "5"), a_fill("7.5", "2.5")))

        assert (a_fill("5", "5"), a_fill("7.5", "2.5")) == ledger.entries()

    def test_is_asked_by_run_symbol_and_page(self, trades: Trades, ledger: Ledger) -> None:
        """
        Fills come in the order they were stored, narrowed by run and symbol.
        """
        spy, tlt, more = a_fill("1", "1"), a_fill("2", "2", symbol="TLT"), a_fill("3", "2")
        trades.commit((a_trade("SPY"), a_trade("TLT")), (spy, tlt, more))

        assert (spy, more) == ledger.entries(symbol="SPY")
        assert (spy, tlt, more) == ledger.entries(run_id=RUN)
        assert () == ledger.entries(run_id="none")
        assert (tlt,) == ledger.entries(limit=1, offset=1)

    def test_fill_and_trade_are_stored_together_or_not_at_all(self, trades: Trades, ledger: Ledger) -> None:
        """
        When a fill belongs to no trade that is known, the whole commit is refused.
        """
        with pytest.raises(RecordsError):
            trades.commit((a_trade("SPY"),), (a_fill(symbol="TLT"),))

        assert () == ledger.entries()
        assert () == trades.trades(RUN)

    @pytest.mark.parametrize("database", databases.PLACES, indirect=True)
    def test_money_is_exact_in_the_database(self, trades: Trades, database: Keeper) -> None:
        """
        The stored change of cash is the exact product, written as a decimal.
        """
        assert isinstance(database, Database)
        trades.commit((a_trade(),), (a_fill("0.123456789", "0.123456789"),))

        with database.reading() as connection:
            stored = connection.exec_driver_sql("SELECT cash_change FROM ledger").scalar_one()

        assert Decimal("-12.3580245789") == Decimal(str(stored))

    def test_tells_the_events_of_a_run_in_order(self, engine: Engine, ledger: Ledger) -> None:
        """
        Every type of event comes back equal, in the order of storing.
        """
        with engine.begin() as tx:
            for event in every_event():
                tx.emit(event)

        assert every_event() == ledger.events(RUN)


class TestHistory:
    @pytest.mark.parametrize("database", databases.PLACES, indirect=True)
    @pytest.mark.parametrize("table", ["events", "signals", "plans", "ledger"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET run_id = 'x'"])
    def test_cannot_be_changed(
        self, engine: Engine, trades: Trades, database: Keeper, table: str, statement: str
    ) -> None:
        """
        Events, signals, plans and fills can be added to, not changed or removed.
        """
        assert isinstance(database, Database)
        with engine.begin() as tx:
            tx.emit(a_vote())
            tx.save_signal(a_vote())
            tx.save_plan(PLAN, (a_trade(),))
        trades.commit((), (a_fill(),))

        with pytest.raises(RecordsError, match="only be added to"), database.writing() as connection:
            connection.exec_driver_sql(statement.format(table))
