"""
Keep our code's log lines out of a simulation: the history says what happened.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def quietly() -> Iterator[None]:
    """
    Drop log lines until the block ends.
    """
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
