"""
Column types that keep decimals exact and instants in UTC, on SQLite as on PostgreSQL.
"""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import DateTime, Dialect, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


class ExactDecimal(TypeDecorator[Decimal]):
    """
    A decimal as it was written: plain text on SQLite, which has no exact number, NUMERIC elsewhere.

    Text does not sort or add up as a number: read the rows and add in Python.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal] | TypeEngine[str]:
        """
        Return the type the database keeps.
        """
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric())

    def process_bind_param(self, value: object, dialect: Dialect) -> str | Decimal | None:
        """
        Refuse anything that is no finite Decimal.
        """
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError(f"expected a finite Decimal to store, found {value!r}")
        return self.as_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: str | Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """
        Return the decimal that was stored.
        """
        return None if value is None else Decimal(value)

    def as_text(self, value: Decimal) -> str:
        """
        Write a decimal without exponent, trailing zeros kept, zero without a sign.
        """
        return format(value or value.copy_abs(), "f")


class KeyDecimal(ExactDecimal):
    """
    A decimal that is part of a key: 5 and 5.00 are one text.
    """

    cache_ok = True

    def as_text(self, value: Decimal) -> str:
        """
        Write a decimal without exponent and without trailing zeros.
        """
        text = super().as_text(value)
        return text.rstrip("0").rstrip(".") if "." in text else text


class Instant(TypeDecorator[datetime]):
    """
    An instant in UTC: text of a fixed width that sorts by time on SQLite, TIMESTAMP WITH TIME ZONE elsewhere.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """
        Return the type the database keeps.
        """
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        """
        Refuse an instant without a time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected an instant with a time zone to store, found {value}")
        instant = value.astimezone(UTC)
        return instant.isoformat(timespec="microseconds") if dialect.name == "sqlite" else instant

    def process_result_value(self, value: str | datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """
        Return the instant in UTC.
        """
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)
