"""
Alpaca's own calendar and clock, to hold ours against.
"""

from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from alchemiser.application.ports.data import ExchangeHours
from alchemiser.domain.errors import DataError
from alchemiser.domain.market import Session
from alchemiser.infrastructure.alpaca.clients import trading_client
from alchemiser.infrastructure.alpaca.session import AlpacaSession, Answer, table

if TYPE_CHECKING:
    from alchemiser.application.ports.system import Clock

_NEW_YORK = ZoneInfo("America/New_York")


class AlpacaHours(ExchangeHours):
    """
    Sessions and time as the broker sees them.
    """

    def __init__(self, session: AlpacaSession) -> None:
        self._session = session

    def sessions(self, first: date, last: date) -> tuple[Session, ...]:
        """
        Return the sessions from one day to another; see the port.
        """
        answer = self._session.get("/calendar", {"start": first.isoformat(), "end": last.isoformat()})
        if not isinstance(answer, list):
            raise DataError(f"alpaca: expected a list of sessions, found {str(answer)[:200]!r}")
        return tuple(_session(row) for row in answer)

    def now(self) -> datetime:
        """
        Return the broker's time.
        """
        told = str(table(self._session.get("/clock", {}), "a clock").get("timestamp"))
        try:
            now = datetime.fromisoformat(told)
        except ValueError as exc:
            raise DataError(f"alpaca: expected the time with its offset, found {told[:200]!r}") from exc
        if now.tzinfo is None:
            raise DataError(f"alpaca: expected the time with its offset, found {told[:200]!r}")
        return now


def alpaca_hours(key: str, secret: str, *, url: str, clock: "Clock") -> AlpacaHours:
    """
    Return the calendar and clock at an address.
    """
    return AlpacaHours(AlpacaSession(trading_client(key, secret, url=url), clock))


def _session(row: Answer) -> Session:
    told = table(row, "a session")
    try:
        day = date.fromisoformat(str(told["date"]))
        opens, closes = (
            datetime.combine(day, time.fromisoformat(str(told[name])), _NEW_YORK) for name in ("open", "close")
        )
        return Session(day=day, opens_at=opens, closes_at=closes)
    except (KeyError, TypeError, ValueError) as exc:
        raise DataError(f"alpaca: expected a session with date, open and close, found {str(row)[:200]!r}") from exc
