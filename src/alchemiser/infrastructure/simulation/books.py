"""
The simulated broker's books: what it was told and what was settled, in an SQLite file of its own.

Decimals and instants are kept as text. Every change is one short transaction that is on disk when it returns.
"""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from alchemiser.domain.errors import BrokerUnavailable, ConfigurationError, RecordsError
from alchemiser.domain.execution.order import BrokerOrder, OrderBody, OrderStatus
from alchemiser.domain.values import Price, Quantity, Side, Symbol, price, shares
from alchemiser.infrastructure.simulation.matching import History, Placed

_IN_MEMORY = ":memory:"
_BUSY_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, cash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS holdings (symbol TEXT PRIMARY KEY, quantity TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    client_order_id TEXT NOT NULL UNIQUE,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    limit_price TEXT NOT NULL,
    submitted_at TEXT NOT NULL,
    closes_at TEXT NOT NULL,
    cancel_asked_at TEXT,
    status TEXT,
    filled TEXT,
    cost TEXT,
    updated_at TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS live_orders ON orders (number) WHERE status IS NULL;
CREATE INDEX IF NOT EXISTS orders_by_time ON orders (submitted_at);
CREATE TABLE IF NOT EXISTS fills (
    order_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    PRIMARY KEY (order_id, number)
) STRICT;
"""
_ORDER = (
    "SELECT client_order_id, symbol, side, quantity, limit_price, submitted_at, closes_at, cancel_asked_at,"
    " status, filled, cost, updated_at FROM orders "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """
    How an order ended.
    """

    status: OrderStatus
    filled: Decimal
    cost: Decimal
    updated_at: datetime


def order_id(client_order_id: str) -> str:
    """
    Return the broker's own id of an order.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_OID, client_order_id))


def totals(history: History) -> tuple[Decimal, Decimal]:
    """
    Return the shares a history filled and what they cost.
    """
    filled = sum((part.quantity.value for part in history.slices), Decimal(0))
    return filled, sum(((part.price * part.quantity).value for part in history.slices), Decimal(0))


def shown(placed: Placed, settled: Settled) -> BrokerOrder:
    """
    Return an order as the broker shows it.
    """
    return BrokerOrder(
        id=order_id(placed.body.client_order_id),
        body=placed.body,
        status=settled.status,
        filled=Quantity(settled.filled),
        filled_average=Price(settled.cost / settled.filled) if settled.filled else None,
        submitted_at=placed.submitted_at,
        updated_at=settled.updated_at,
    )


class Books:
    """
    Orders, holdings and cash of one account.

    Raises:
        ConfigurationError: the file cannot be made or written, or belongs to another account.
        RecordsError: it is no database of this broker.
    """

    def __init__(self, path: str, *, account_id: str, cash: Decimal) -> None:
        self.account_id = account_id
        self._path = path
        try:
            if path != _IN_MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        except (OSError, sqlite3.Error) as exc:
            raise _no_place(path, exc) from exc
        try:
            self._open(account_id, cash)
        except sqlite3.OperationalError as exc:
            self._connection.close()
            raise _no_place(path, exc) from exc
        except sqlite3.DatabaseError as exc:
            self._connection.close()
            raise RecordsError(
                f"{path}: expected the simulated broker's books, found a file that cannot be read ({exc}); "
                "move it away to begin with new ones, or name another file as [broker] path"
            ) from exc
        except ConfigurationError:
            self._connection.close()
            raise

    def _open(self, account_id: str, cash: Decimal) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(
            "INSERT INTO account SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM account)",
            (account_id, str(cash)),
        )
        (found,) = self._connection.execute("SELECT id FROM account").fetchone()
        if found != account_id:
            raise ConfigurationError(
                f"{self._path}: expected the books of account {account_id}, found those of {found}; "
                "use the profile they belong to, or another file"
            )

    def close(self) -> None:
        """
        Close the file.
        """
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """
        Make the changes inside durable together, or none of them.
        """
        yield from self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """
        See one state of the books throughout.
        """
        yield from self._transaction("BEGIN")

    def cash(self) -> Decimal:
        """
        Return settled cash.
        """
        (cash,) = self._connection.execute("SELECT cash FROM account").fetchone()
        return Decimal(cash)

    def holdings(self) -> dict[Symbol, Decimal]:
        """
        Return settled shares by symbol.
        """
        rows = self._connection.execute("SELECT symbol, quantity FROM holdings ORDER BY symbol")
        return {Symbol(symbol): Decimal(quantity) for symbol, quantity in rows}

    def live(self) -> list[Placed]:
        """
        Return the orders that are not settled, oldest first.
        """
        rows = self._connection.execute(_ORDER + "WHERE status IS NULL ORDER BY number")
        return [_placed(row) for row in rows]

    def orders(self, *, since: datetime) -> list[tuple[Placed, Settled | None]]:
        """
        Return the orders submitted at or after an instant, oldest first, with how each ended.
        """
        rows = self._connection.execute(_ORDER + "WHERE submitted_at >= ? ORDER BY number", (_text(since),))
        return [(_placed(row), _settled(row)) for row in rows]

    def knows(self, client_order_id: str) -> bool:
        """
        Tell whether an order of this client id was ever taken.
        """
        query = "SELECT 1 FROM orders WHERE client_order_id = ?"
        return self._connection.execute(query, (client_order_id,)).fetchone() is not None

    def place(self, placed: Placed) -> None:
        """
        Take an order.
        """
        body = placed.body
        self._connection.execute(
            "INSERT INTO orders (id, client_order_id, symbol, side, quantity, limit_price, submitted_at,"
            " closes_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order_id(body.client_order_id),
                body.client_order_id,
                body.symbol,
                body.side.value,
                str(body.quantity),
                str(body.limit),
                _text(placed.submitted_at),
                _text(placed.closes_at),
            ),
        )

    def ask_cancel(self, order: str, *, at: datetime) -> None:
        """
        Note that an order's cancel was asked for; only the first time counts, and only for a live order.
        """
        self._connection.execute(
            "UPDATE orders SET cancel_asked_at = ? WHERE id = ? AND cancel_asked_at IS NULL AND status IS NULL",
            (_text(at), order),
        )

    def settle(self, placed: Placed, history: History) -> None:
        """
        Book what a finished order did.
        """
        name = order_id(placed.body.client_order_id)
        filled, cost = totals(history)
        self._connection.execute(
            "UPDATE orders SET status = ?, filled = ?, cost = ?, updated_at = ? WHERE id = ?",
            (history.status.value, format(filled, "f"), format(cost, "f"), _text(history.updated_at), name),
        )
        self._connection.executemany(
            "INSERT INTO fills (order_id, number, at, quantity, price) VALUES (?, ?, ?, ?, ?)",
            [
                (name, number, _text(part.at), str(part.quantity), str(part.price))
                for number, part in enumerate(history.slices, start=1)
            ],
        )
        if filled:
            self._book(placed.body, filled, cost)

    def _book(self, body: OrderBody, filled: Decimal, cost: Decimal) -> None:
        change, spent = (filled, cost) if body.side is Side.BUY else (-filled, -cost)
        held = self.holdings().get(body.symbol, Decimal(0)) + change
        self._connection.execute("DELETE FROM holdings WHERE symbol = ?", (body.symbol,))
        if held:
            self._connection.execute("INSERT INTO holdings VALUES (?, ?)", (body.symbol, format(held, "f")))
        self._connection.execute("UPDATE account SET cash = ?", (format(self.cash() - spent, "f"),))

    def _transaction(self, begin: str) -> Iterator[None]:
        try:
            self._connection.execute(begin)
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as exc:
            raise BrokerUnavailable(f"{self._path}: the simulated broker does not answer: {exc}") from exc


def _no_place(path: str, found: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"expected a file that can be written as [broker] path, for the simulated broker's books, found {path}: {found}"
    )


def _placed(row: tuple[str, ...]) -> Placed:
    client_order_id, symbol, side, quantity, limit, submitted_at, closes_at, cancel_asked_at = row[:8]
    return Placed(
        body=OrderBody(
            client_order_id=client_order_id,
            symbol=Symbol(symbol),
            side=Side(side),
            quantity=shares(quantity),
            limit=price(limit),
        ),
        submitted_at=datetime.fromisoformat(submitted_at),
        closes_at=datetime.fromisoformat(closes_at),
        cancel_asked_at=datetime.fromisoformat(cancel_asked_at) if cancel_asked_at else None,
    )


def _settled(row: tuple[str, ...]) -> Settled | None:
    status, filled, cost, updated_at = row[8:]
    if not status:
        return None
    return Settled(
        status=OrderStatus(status),
        filled=Decimal(filled),
        cost=Decimal(cost),
        updated_at=datetime.fromisoformat(updated_at),
    )


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
