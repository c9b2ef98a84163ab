"""
The log of the use cases: structlog, imported with the first line that is written.

A process that has not said where its log goes has it on standard error, as JSON lines: standard output is for results.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Log:
    """
    Writes lines: what happened, in the past tense, and its fields.
    """

    def info(self, event: str, **fields: object) -> None:
        """
        Tell of something that happens.
        """
        _logger().info(event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        """
        Tell of something that somebody should look at.
        """
        _logger().warning(event, **fields)

    def error(self, event: str, **fields: object) -> None:
        """
        Tell of something that failed.
        """
        _logger().error(event, **fields)


def _logger() -> "FilteringBoundLogger":
    import structlog

    if structlog.is_configured():
        logger: FilteringBoundLogger = structlog.get_logger()
        return logger
    plain: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return plain
