"""
What stops all trading at once.
"""

from datetime import datetime
from typing import Protocol


class KillSwitch(Protocol):
    """
    While it is on nothing is sent; what rests is cancelled. It is read before every send.
    """

    def reason(self) -> str:
        """
        Return why it is on, empty when it is off.

        Raises:
            RecordsError: it cannot be read; nothing may be sent.
        """
        ...

    def halt(self, reason: str, *, at: datetime) -> tuple[str, ...]:
        """
        Turn it on; return what could not be told, when something else holds all the same.

        Raises:
            RecordsError: nothing holds.
        """
        ...

    def lift(self, *, at: datetime) -> None:
        """
        Turn it off; nothing happens when it is.

        Raises:
            ConfigurationError: something else than this switch holds, such as a setting.
            RecordsError: it cannot be turned off.
        """
        ...
