"""
What the rest of the house asks of a strategy, however it is written.
"""

from datetime import date
from typing import Protocol

from alchemiser.domain.market import Closes
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.signal import Signal


class Evaluation(Protocol):
    """
    A strategy evaluated on every session of a panel.
    """

    def signal(self, session: date) -> Signal:
        """
        Return the signal of one session.

        Raises:
            SignalUndefined: missing data decides it.
            ValueError: the session is not in the panel.
        """


class Strategy(Protocol):
    """
    A rule from closes to weights.
    """

    @property
    def name(self) -> str:
        """
        What the trader calls it.
        """

    @property
    def fingerprint(self) -> str:
        """
        SHA-256 of what it means, in hex: equal for equal rules whatever they are called.
        """

    @property
    def requirements(self) -> Requirements:
        """
        The bars it needs, known before any is loaded.
        """

    def evaluate(self, closes: Closes) -> Evaluation:
        """
        Evaluate every session of the panel at once; no session sees a later one.
        """
