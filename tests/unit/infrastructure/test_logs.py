"""
Logs are JSON lines stamped by the clock, without secrets.
"""

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from alchemiser.application.ports.system import Clock
from alchemiser.domain.errors import ConfigurationError
from alchemiser.infrastructure.logs import configure, logging_to
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import START

CANARY = "canary"


@pytest.fixture
def clock() -> Clock:
    return ManualClock(START)


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_line_holds_event_fields_level_and_clock_s_time(clock: Clock) -> None:
    """
    A line is one JSON object; decimals are texts; the stamp is the simulated instant.
    """
    stream = io.StringIO()
    configure(stream, level="info", clock=clock)

    structlog.get_logger().info("order_placed", symbol="SPY", limit=Decimal("99.95"))

    assert [
        {
            "at": "2026-07-31T19:45:00+00:00",
            "event": "order_placed",
            "level": "info",
            "limit": "99.95",
            "symbol": "SPY",
        }
    ] == lines(stream.getvalue())


def test_correlation_id_is_on_every_line(clock: Clock) -> None:
    """
    What is bound once is on each line that follows.
    """
    stream = io.StringIO()
    configure(stream, level="info", clock=clock)
    structlog.contextvars.bind_contextvars(correlation_id="run-1")

    structlog.get_logger().info("plan_made")
    structlog.get_logger().warning("quote_stale")

    assert ["run-1", "run-1"] == [line["correlation_id"] for line in lines(stream.getvalue())]


def test_less_than_the_level_is_left_out(clock: Clock) -> None:
    """
    At level warning an info line is not written.
    """
    stream = io.StringIO()
    configure(stream, level="warning", clock=clock)

    structlog.get_logger().info("order_placed")
    structlog.get_logger().error("order_refused")

    assert ["order_refused"] == [line["event"] for line in lines(stream.getvalue())]


def test_secrets_are_hidden_at_any_depth(clock: Clock) -> None:
    """
    A field named after a key, secret, token or password is masked; the rest is not.
    """
    stream = io.StringIO()
    configure(stream, level="info", clock=clock)

    structlog.get_logger().info(
        "connected",
        api_key=CANARY,
        accounts=[{"Password": CANARY, "id": "A"}],
        monkey="seen",
        session_token=CANARY,
    )

    assert CANARY not in stream.getvalue()
    assert "seen" in stream.getvalue()


def test_error_s_trace_is_one_line(clock: Clock) -> None:
    """
    An exception is logged with its trace inside the one JSON line.
    """
    stream = io.StringIO()
    configure(stream, level="info", clock=clock)

    try:
        Decimal(1) / Decimal(0)
    except ZeroDivisionError:
        structlog.get_logger().exception("step_failed")

    (line,) = lines(stream.getvalue())
    assert "DivisionByZero" in str(line["exception"])


def test_file_is_added_to(tmp_path: Path, clock: Clock) -> None:
    """
    A second run writes its lines after those of the first.
    """
    path = tmp_path / "var" / "day.log"
    for name in ("first", "second"):
        with logging_to(path, level="info", clock=clock):
            structlog.get_logger().info(name)

    assert ["first", "second"] == [line["event"] for line in lines(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("to_file", [True, False])
def test_after_the_block_logs_go_where_they_went_before(
    *, to_file: bool, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A block's stream may be closed when it ends: a later line goes to the stream of before.
    """
    before, inside = io.StringIO(), io.StringIO()
    configure(before, level="info", clock=clock)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", inside)
        with logging_to(tmp_path / "day.log" if to_file else None, level="info", clock=clock):
            structlog.get_logger().info("first")
    inside.close()

    structlog.get_logger().info("second")

    assert ["second"] == [line["event"] for line in lines(before.getvalue())]


def test_after_the_only_block_logs_are_as_they_come(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Where nothing was set before the block, structlog's own defaults hold again.
    """
    structlog.reset_defaults()
    with logging_to(None, level="info", clock=clock):
        pass

    structlog.get_logger().info("second")

    assert "second" in capsys.readouterr().out
    assert not structlog.is_configured()


def test_file_that_cannot_be_written_is_refused(tmp_path: Path, clock: Clock) -> None:
    """
    A log path that is a folder is a matter of settings.
    """
    with (
        pytest.raises(ConfigurationError, match="expected to write logs to"),
        logging_to(tmp_path, level="info", clock=clock),
    ):
        pass
