"""
The kill switch in the database: every process that trades on it reads it before every send.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from alchemiser.application.ports.switch import KillSwitch
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.tables import halts


class SqlSwitch(KillSwitch):
    """
    On while a halt is not lifted.

    Args:
        database: opens it; None while nothing was recorded yet, and so nobody trades on it.
    """

    def __init__(self, database: Callable[[], Database | None]) -> None:
        self._database = database

    def reason(self) -> str:
        """
        Return why the latest halt was made.
        """
        database = self._database()
        if database is None:
            return ""
        with database.reading() as connection:
            latest = select(halts.c.reason, halts.c.at).where(halts.c.lifted_at.is_(None))
            row = connection.execute(latest.order_by(halts.c.number.desc()).limit(1)).one_or_none()
        return "" if row is None else f"{row.reason}, since {row.at:%Y-%m-%d %H:%M:%S} UTC"

    def halt(self, reason: str, *, at: datetime) -> tuple[str, ...]:
        """
        Store a halt.
        """
        database = self._database()
        if database is not None:
            with database.writing() as connection:
                connection.execute(halts.insert().values(reason=reason, at=at))
        return ()

    def lift(self, *, at: datetime) -> None:
        """
        Mark every halt as lifted; what it was stays on record.
        """
        database = self._database()
        if database is None:
            return
        with database.writing() as connection:
            connection.execute(halts.update().where(halts.c.lifted_at.is_(None)).values(lifted_at=at))
