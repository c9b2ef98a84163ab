import json

import pytest
import structlog
from structlog.testing import capture_logs

from alchemiser.application.log import Log


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_log_that_goes_nowhere_goes_to_standard_error(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Without settings, a line is JSON on standard error; standard output stays as it is.
    """
    structlog.reset_defaults()

    getattr(Log(), level)("quote_not_used_as_bar", symbol="SPY", limit=None)

    told = capsys.readouterr()
    assert "" == told.out
    assert {"event": "quote_not_used_as_bar", "level": level, "symbol": "SPY", "limit": None} == json.loads(told.err)


def test_a_log_that_goes_nowhere_is_not_set_up_by_writing(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A line that was written without settings leaves none behind.
    """
    structlog.reset_defaults()

    Log().warning("step_delayed")

    assert "step_delayed" in capsys.readouterr().err
    assert not structlog.is_configured()


def test_a_log_with_settings_follows_them() -> None:
    """
    Once it is said where the log goes, lines go there.
    """
    log = Log()
    with capture_logs() as lines:
        log.info("plan_made", sells=2)
    structlog.reset_defaults()

    assert [{"event": "plan_made", "sells": 2, "log_level": "info"}] == lines
