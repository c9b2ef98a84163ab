"""
Kill switches: a file, whatever else is read at every look, and several of them as one.

A file holds with the database down, and anyone may make it by hand: that it is there is enough.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from alchemiser.application.ports.switch import KillSwitch
from alchemiser.domain.errors import ConfigurationError, RecordsError

VARIABLE = "ALCHEMISER_HALT"


class SwitchFile(KillSwitch):
    """
    On while a file is there; what is written in it is the reason.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def reason(self) -> str:
        """
        Return what is written in the file.
        """
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return ""
        except OSError as exc:
            return f"{self._path} cannot be read: {exc}"
        return f"{text or 'no reason is given'} (file {self._path})"

    def halt(self, reason: str, *, at: datetime) -> tuple[str, ...]:
        """
        Make the file, on disk when this returns.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("w", encoding="utf-8") as file:
                file.write(f"{reason}, since {at:%Y-%m-%d %H:%M:%S} UTC\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise RecordsError(f"expected to write {self._path}, the system refused: {exc}") from exc
        return ()

    def lift(self, *, at: datetime) -> None:
        """
        Remove the file.
        """
        del at
        try:
            self._path.unlink(missing_ok=True)
        except OSError as exc:
            raise RecordsError(f"expected to remove {self._path}, the system refused: {exc}") from exc


class Switches(KillSwitch):
    """
    On while one of several is.

    Args:
        switches: those that can be turned, the surest first.
        fixed: those that can only be read, each with what to do to lift it.
    """

    def __init__(self, switches: Sequence[KillSwitch], *, fixed: Mapping[str, Callable[[], str]]) -> None:
        self._switches = tuple(switches)
        self._fixed = dict(fixed)

    def reason(self) -> str:
        """
        Return the first reason there is.
        """
        looks = (*self._fixed.values(), *(switch.reason for switch in self._switches))
        return next((found for look in looks if (found := look())), "")

    def halt(self, reason: str, *, at: datetime) -> tuple[str, ...]:
        """
        Turn on every one that can be; one that holds is enough.
        """
        problems: list[str] = []
        for switch in self._switches:
            try:
                problems.extend(switch.halt(reason, at=at))
            except RecordsError as exc:
                problems.append(str(exc))
        if len(problems) >= len(self._switches):
            raise RecordsError(f"expected a kill switch that holds, found none: {'; '.join(problems)}")
        return tuple(problems)

    def lift(self, *, at: datetime) -> None:
        """
        Turn off every one that can be.
        """
        # The surest last: when another cannot be turned off, it still holds.
        for switch in reversed(self._switches):
            switch.lift(at=at)
        for remedy, look in self._fixed.items():
            if found := look():
                raise ConfigurationError(f"expected the kill switch off, found {found}; {remedy}")


def from_variable(environment: Mapping[str, str]) -> Callable[[], str]:
    """
    Return a look at the environment: any text in the variable halts.
    """

    def look() -> str:
        text = environment.get(VARIABLE, "").strip()
        return f"{text} (variable {VARIABLE})" if text else ""

    return look


def from_setting(*, is_halted: bool) -> Callable[[], str]:
    """
    Return a look at the profile's own setting.
    """
    return lambda: "[gate] halted of the profile is true" if is_halted else ""
