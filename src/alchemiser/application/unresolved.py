"""
When orders that nobody could resolve are looked up again: 1, 5 and 30 minutes after the run, then at the next start.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alchemiser.application.recovery import is_unsettled
from alchemiser.domain.events import Event, UnresolvedLookUpDue, caused_by
from alchemiser.domain.execution.order import Trade

_PAUSES = (timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=25))
_SOURCE = "alchemiser.application.unresolved.look_up"


def first_look_up(trades: Sequence[Trade], *, at: datetime) -> datetime | None:
    """
    Return when the trades of a run that is over are to be looked at again, None when all are known to their end.
    """
    return at + _PAUSES[0] if any(map(is_unsettled, trades)) else None


def next_look_up(number: int, *, at: datetime) -> datetime | None:
    """
    Return when to look after the look of a number, None when that was the last.
    """
    return at + _PAUSES[number] if number < len(_PAUSES) else None


def look_up_due(cause: Event, *, number: int, at: datetime) -> UnresolvedLookUpDue:
    """
    Return the timer of a look.
    """
    return UnresolvedLookUpDue(
        meta=caused_by(cause, UnresolvedLookUpDue, at=at, source=_SOURCE, key=str(number)),
        run_id=cause.run_id,
        number=number,
    )
