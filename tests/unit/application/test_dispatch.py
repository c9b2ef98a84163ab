"""
What becomes of a message, whatever its handler does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alchemiser.application.dispatch import deliver, pause_after, pump
from alchemiser.application.ports.messaging import Message
from alchemiser.application.ports.records import Transaction
from alchemiser.application.ports.suite import Ports
from alchemiser.application.workflow import HANDLERS, Handle
from alchemiser.domain.errors import (
    AlchemiserError,
    BrokerAuthError,
    BrokerUnavailable,
    Category,
    RecordsError,
    StrategyError,
    UnusableQuote,
)
from alchemiser.domain.events import Event, ExecutionTickDue, Outcome, WorkflowFailed
from alchemiser.infrastructure.memory.messages import MemoryEngine
from alchemiser.infrastructure.memory.records import MemoryLedger, MemoryRuns
from alchemiser.infrastructure.memory.store import Delivery, Memory, State
from alchemiser.infrastructure.memory.trades import MemoryTrades
from support.builders import CLOSE, RUN, START, after
from support.desks import a_desk
from support.records import a_meta, a_run, a_start, a_tick

ROUTES = {"WorkflowStarted": ("evaluate",), "ExecutionTickDue": ("tick",), "WorkflowFailed": ("report-failure",)}
# Orders may rest until two minutes after the close; ten minutes later nothing of ours can.
TICKS_END, ALL_ENDS = CLOSE + timedelta(minutes=2), CLOSE + timedelta(minutes=12)

A_FAILURE = WorkflowFailed(
    meta=a_meta("WorkflowFailed"), run_id=RUN, step="plan", category="data", error="bars are missing"
)


class Office:
    """
    A run with one message, records in memory, and a handler that does what the test says.
    """

    def __init__(self, ports: Ports, memory: Memory) -> None:
        self.ports = ports
        self.memory = memory
        self.asked: list[Event] = []

    def delivered(
        self, problem: Exception | None = None, *, attempt: int = 1, at: datetime = START, in_apply: bool = False
    ) -> Delivery:
        """
        Deliver the one message in its attempt of a number, to a handler that raises; return what it became.
        """
        self.ports.clock.wait_until(at)
        message = self.claimed()
        for _ in range(1, attempt):
            message = self.claimed()
        deliver(message, self.ports, handlers=dict.fromkeys(HANDLERS, self.handle(problem, in_apply=in_apply)))
        return self.memory.deliveries[message.event.meta.event_id, message.handler]

    def claimed(self) -> Message:
        """
        Take the one message.
        """
        message = self.ports.engine.claim(now=self.ports.clock.now())
        assert message is not None
        return message

    def handle(self, problem: Exception | None, *, in_apply: bool = False) -> Handle:
        """
        Return a handler that raises while it prepares, or in its transaction, or finishes the run.
        """

        def prepared(event: Event, ports: Ports) -> Callable[[Transaction], None]:
            assert ports is self.ports
            self.asked.append(event)
            if problem is not None and not in_apply:
                raise problem

            def applied(tx: Transaction) -> None:
                tx.save_run(replace(a_run(), detail="handled"))
                if problem is not None:
                    raise problem

            return applied

        return prepared

    @property
    def failures(self) -> list[WorkflowFailed]:
        """
        Return the failures that were told of.
        """
        return [event for event in self.ports.ledger.events(RUN) if isinstance(event, WorkflowFailed)]

    @property
    def detail(self) -> str:
        """
        Return what the run says of itself.
        """
        return self.memory.runs[RUN].detail


@contextmanager
def an_office(event: Event, *, is_over: bool = False) -> Iterator[Office]:
    """
    Open an office in which one message waits.
    """
    memory = Memory()
    with a_desk({"SPY": "1"}) as desk:
        ports = replace(
            desk,
            engine=MemoryEngine(memory, routes=ROUTES),
            runs=MemoryRuns(memory),
            trades=MemoryTrades(memory),
            ledger=MemoryLedger(memory),
        )
        office = Office(ports, memory)
        with ports.engine.begin() as tx:
            tx.save_run(a_run())
            if is_over:
                tx.save_run(replace(a_run(), outcome=Outcome.SUCCESS, finished_at=START))
            tx.emit(event)
        yield office


def test_what_is_handled_is_done_with_what_it_wrote() -> None:
    """
    The handler saw the event once, and its transaction is committed.
    """
    with an_office(a_start()) as office:
        delivery = office.delivered()

        assert (State.DONE, "handled", [a_start()]) == (delivery.state, office.detail, office.asked)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (6, 30), (10, 30), (1_000_000, 30)]
)
def test_a_pause_doubles_up_to_half_a_minute(attempt: int, seconds: int) -> None:
    """
    Counted from the first attempt.
    """
    assert timedelta(seconds=seconds) == pause_after(attempt)


PASSING = [
    pytest.param(BrokerUnavailable("no answer"), "no answer", id="broker"),
    pytest.param(RecordsError("locked"), "locked", id="records"),
    pytest.param(UnusableQuote(symbol="SPY", why="crossed"), "crossed", id="quote"),
    pytest.param(ValueError("a defect"), "ValueError: a defect", id="defect"),
]


@pytest.mark.parametrize("in_apply", [False, True], ids=["preparing", "applying"])
@pytest.mark.parametrize(("problem", "words"), PASSING)
def test_what_may_pass_comes_back(problem: Exception, words: str, in_apply: bool) -> None:
    """
    After a pause, with its error, and with nothing written.
    """
    with an_office(a_start()) as office:
        delivery = office.delivered(problem, attempt=2, in_apply=in_apply)

        assert (State.PENDING, after(4), True) == (delivery.state, delivery.due_at, words in delivery.last_error)
        assert ([], "") == (office.failures, office.detail)


@pytest.mark.parametrize(
    ("attempt", "state", "failures"), [(4, State.PENDING, 0), (5, State.DEAD, 1)], ids=["the fourth", "the fifth"]
)
@pytest.mark.parametrize(("problem", "words"), PASSING)
def test_the_fifth_attempt_is_the_last(
    problem: Exception, words: str, attempt: int, state: State, failures: int
) -> None:
    """
    Then the message is dead, and the run's failure is told with the step and what was wrong.
    """
    with an_office(a_start()) as office:
        delivery = office.delivered(problem, attempt=attempt)

        assert (state, failures) == (delivery.state, len(office.failures))
        assert words in delivery.last_error
        for failure in office.failures:
            category = problem.category if isinstance(problem, AlchemiserError) else Category.CRITICAL
            assert ("evaluate", category.value, True) == (failure.step, failure.category, words in failure.error)
            assert a_start().meta.event_id == failure.meta.causation_id


def test_what_cannot_pass_fails_the_run_at_once() -> None:
    """
    An error that waiting does not mend is not tried again.
    """
    with an_office(a_start()) as office:
        delivery = office.delivered(StrategyError("no such file"))

        (failure,) = office.failures
        assert (State.DEAD, "no such file") == (delivery.state, delivery.last_error)
        assert ("evaluate", "strategy", "no such file") == (failure.step, failure.category, failure.error)


@pytest.mark.parametrize("problem", [BrokerUnavailable("silent"), BrokerAuthError("refused"), ValueError("a defect")])
@pytest.mark.parametrize(
    ("at", "attempt", "state"),
    [
        pytest.param(START, 1, State.PENDING, id="at first"),
        pytest.param(START, 9, State.PENDING, id="often"),
        pytest.param(TICKS_END - timedelta(microseconds=1), 9, State.PENDING, id="just before the end"),
        pytest.param(TICKS_END, 1, State.DEAD, id="at the end"),
    ],
)
def test_a_tick_comes_back_until_the_session_is_over(
    problem: Exception, at: datetime, attempt: int, state: State
) -> None:
    """
    Whatever goes wrong, however often: orders may rest at the broker. Then the run fails.
    """
    with an_office(a_tick()) as office:
        delivery = office.delivered(problem, at=at, attempt=attempt)

        assert (state, int(state is State.DEAD)) == (delivery.state, len(office.failures))
        assert 1 == len(office.asked)


@pytest.mark.parametrize(
    ("event", "at", "attempt", "is_tried"),
    [
        pytest.param(a_start(), START, 5, True, id="the fifth time"),
        pytest.param(a_start(), START, 6, False, id="the sixth time"),
        pytest.param(a_tick(), START, 6, True, id="a tick"),
        pytest.param(a_tick(), ALL_ENDS - timedelta(microseconds=1), 6, True, id="a tick long after the close"),
        pytest.param(a_tick(), ALL_ENDS, 5, True, id="a tick at the end, not tried often"),
        pytest.param(a_tick(), ALL_ENDS, 6, False, id="a tick at the end"),
    ],
)
def test_what_no_process_came_back_from_is_not_tried_again(
    event: Event, at: datetime, attempt: int, is_tried: bool
) -> None:
    """
    Something in it ends whoever tries it: it is dead, and the run fails.
    """
    with an_office(event) as office:
        delivery = office.delivered(at=at, attempt=attempt)

        assert (State.DONE if is_tried else State.DEAD, int(is_tried)) == (delivery.state, len(office.asked))
        if not is_tried:
            (failure,) = office.failures
            assert ("critical", True) == (failure.category, "no process that tried it" in failure.error)


def test_a_step_of_a_run_that_is_over_is_none_any_more() -> None:
    """
    It cannot be done, and nobody needs it: done, without a failure.
    """
    with an_office(a_start(), is_over=True) as office:
        delivery = office.delivered(StrategyError("no such file"))

        assert (State.DONE, []) == (delivery.state, office.failures)


def test_a_tick_of_a_run_that_is_over_is_told_of() -> None:
    """
    Orders may rest there all the same.
    """
    with an_office(a_tick(), is_over=True) as office:
        delivery = office.delivered(BrokerUnavailable("silent"), at=TICKS_END)

        assert (State.DEAD, 1) == (delivery.state, len(office.failures))


def test_an_error_without_words_ends_a_message_all_the_same() -> None:
    """
    It is dead, not done.
    """
    with an_office(a_start()) as office:
        assert (State.DEAD, 1) == (office.delivered(StrategyError("")).state, len(office.failures))


def test_a_failure_whose_report_cannot_be_written_ends_the_run_all_the_same() -> None:
    """
    In plain words, with both reasons.
    """
    with an_office(A_FAILURE) as office:
        delivery = office.delivered(StrategyError("no template"))

        run, report = office.memory.runs[RUN], office.ports.runs.report(RUN)
        assert (State.DEAD, Outcome.FAILED) == (delivery.state, run.outcome)
        assert report is not None
        assert "its report could not be written: no template" in report.text


def test_an_attempt_that_was_overtaken_says_nothing() -> None:
    """
    Another process took the message over: neither an effect nor a failure of this one counts.
    """
    for problem in (None, StrategyError("no such file")):
        with an_office(a_start()) as office:
            message = office.claimed()
            office.claimed()

            deliver(message, office.ports, handlers={"evaluate": office.handle(problem)})

            (delivery,) = office.memory.deliveries.values()
            assert (State.LEASED, "", []) == (delivery.state, office.detail, office.failures)


def test_a_tick_of_a_run_that_nobody_knows_dies() -> None:
    """
    Nobody can say when its session ends: it is tried once, and does not come for ever.
    """
    with an_office(a_tick()) as office:
        message = office.claimed()
        lost = replace(message.event, run_id="ELSE0001-20260731-rebalance-1")
        assert isinstance(lost, ExecutionTickDue)

        deliver(replace(message, event=lost), office.ports, handlers={"tick": office.handle(ValueError("no run"))})

        assert [State.DEAD] == [one.state for one in office.memory.deliveries.values() if one.handler == "tick"]
        assert 1 == len(office.asked)


def test_a_step_of_a_run_that_nobody_knows_fails_it_all_the_same() -> None:
    """
    Records that lost a run do not make its messages come for ever.
    """
    with an_office(a_start()) as office:
        message = office.claimed()
        lost = replace(message.event, run_id="ELSE0001-20260731-rebalance-1")

        deliver(replace(message, event=lost), office.ports, handlers={"evaluate": office.handle(StrategyError("no"))})

        told = office.ports.ledger.events("ELSE0001-20260731-rebalance-1")
        assert [WorkflowFailed] == [type(event) for event in told]
        assert [State.DEAD] == [one.state for one in office.memory.deliveries.values() if one.handler == "evaluate"]


def test_everything_is_delivered_when_it_is_due() -> None:
    """
    The pump waits for each, in order, and ends when nothing is left.
    """
    with an_office(a_start()) as office:
        with office.ports.engine.begin() as tx:
            tx.emit(a_tick(2, at=START), due_at=after(60))
            tx.emit(a_tick(1, at=START), due_at=after(30))

        seen = [
            (message.handler, office.ports.clock.now())
            for message in pump(office.ports, handlers=dict.fromkeys(("evaluate", "tick"), office.handle(None)))
        ]

        assert [("evaluate", START), ("tick", after(30)), ("tick", after(60))] == seen
        assert 3 == len(office.asked)


class Contended(MemoryEngine):
    """
    An engine whose first claim finds that another process was faster.
    """

    is_first = True

    def claim(self, *, now: datetime) -> Message | None:
        """
        See the port.
        """
        if self.is_first:
            self.is_first = False
            return None
        return super().claim(now=now)


def test_a_message_that_another_process_took_is_looked_for_again() -> None:
    """
    The pump goes on as long as something is due.
    """
    with an_office(a_start()) as office:
        ports = replace(office.ports, engine=Contended(office.memory, routes=ROUTES))
        office.ports = ports

        assert 1 == len(list(pump(ports, handlers={"evaluate": office.handle(None)})))
