"""
The simulated broker beyond its contract: its books outlive the process and do not depend on who asks when.
"""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.domain.errors import BrokerUnavailable, ConfigurationError, RecordsError
from alchemiser.domain.values import Money, Side, usd
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.books import Books
from alchemiser.infrastructure.simulation.broker import SimulatedBroker, Venue
from alchemiser.infrastructure.simulation.clock import ManualClock
from support.builders import START, a_body, after, approved
from support.venues import DrawnQuotes, a_broker, asset_of, seconds


def waving(instant: datetime) -> Decimal:
    """
    Move by some cents within each minute.
    """
    return Decimal(abs(30 - instant.second)) / 200


def traded(*, looks_every: float) -> tuple[object, ...]:
    clock = ManualClock(START)
    broker = a_broker(clock, quotes=DrawnQuotes(clock, waving))
    for attempt, limit in enumerate(("100.06", "100.08", "100.10", "100.60"), start=1):
        order = broker.submit(approved(a_body(limit=limit, attempt=attempt)))
        until = clock.now() + seconds(30)
        while looks_every and clock.now() + seconds(looks_every) < until:
            clock.wait_until(clock.now() + seconds(looks_every))
            broker.orders(since=START)
            broker.account()
        clock.wait_until(until)
        broker.cancel(order.id)
        clock.wait_until(until + seconds(2))
    found = (broker.account().positions, broker.account().cash, broker.orders(since=START))
    broker.close()
    return found


def test_looking_changes_nothing() -> None:
    """
    Orders end alike whether they are looked at every half second or never.
    """
    never, seldom, often = traded(looks_every=0), traded(looks_every=7), traded(looks_every=0.5)

    assert never == seldom
    assert never == often


def test_cash_is_the_sum_of_all_fills() -> None:
    """
    After buys and sells in slices at several prices, cash is exact to the last decimal.
    """
    clock = ManualClock(START)
    broker = a_broker(clock, quotes=DrawnQuotes(clock, waving))
    for attempt in range(1, 6):
        broker.submit(approved(a_body(quantity="3.333333333", limit="100.60", attempt=attempt)))
        clock.wait_until(clock.now() + seconds(11))
    broker.submit(approved(a_body(side=Side.SELL, quantity="7.123456789", limit="99.00")))
    clock.wait_until(clock.now() + seconds(20))
    orders = broker.orders(since=START)

    account = broker.account()
    broker.close()

    moved = Decimal(0)
    for order in orders:
        assert order.filled_average is not None
        cost = (order.filled_average.value * order.filled.value).quantize(Decimal("1e-13"))
        moved += cost if order.body.side is Side.SELL else -cost
    assert usd("100000") + Money(moved) == account.cash


def test_books_of_another_account_are_refused(tmp_path: Path) -> None:
    """
    A file that belongs to another account is named, with whose it is.
    """
    path = str(tmp_path / "broker.sqlite3")
    Books(path, account_id="OTHER", cash=Decimal(5)).close()

    with pytest.raises(ConfigurationError, match="expected the books of account TEST0001, found those of OTHER"):
        a_broker(ManualClock(START), path=path)


def test_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    """
    A file that is no database stops the start and keeps its bytes.
    """
    path = tmp_path / "broker.sqlite3"
    path.write_bytes(b"certainly no database" * 100)

    with pytest.raises(RecordsError, match="found a file that cannot be read"):
        a_broker(ManualClock(START), path=str(path))

    assert b"certainly no database" * 100 == path.read_bytes()


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    """
    Books may lie in a folder that is not there yet.
    """
    path = tmp_path / "new" / "folder" / "broker.sqlite3"

    a_broker(ManualClock(START), path=str(path)).close()

    assert path.is_file()


@pytest.mark.parametrize("place", ["file/broker.sqlite3", "folder"])
def test_a_place_that_takes_no_file_is_a_matter_of_configuration(tmp_path: Path, place: str) -> None:
    """
    A path below a file, or of a folder, is refused with the key to mend.
    """
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()

    with pytest.raises(ConfigurationError, match=rf"as \[broker\] path, .* found .*{place}"):
        a_broker(ManualClock(START), path=str(tmp_path / place))


def test_books_that_cannot_be_written_are_no_answer(tmp_path: Path) -> None:
    """
    A failing disk looks like a broker that does not answer: the call may be tried again.
    """
    clock = ManualClock(START)
    broker = a_broker(clock, path=str(tmp_path / "broker.sqlite3"))
    broker._books._connection.execute("PRAGMA query_only = ON")

    with pytest.raises(BrokerUnavailable, match="does not answer"):
        broker.submit(approved(a_body()))
    broker.close()


def test_opening_cash_counts_once(tmp_path: Path) -> None:
    """
    Opening existing books with another amount of cash changes nothing.
    """
    clock = ManualClock(START)
    path = str(tmp_path / "broker.sqlite3")
    a_broker(clock, path=path).close()
    quotes = DrawnQuotes(clock)
    venue = Venue(calendar=new_york(), quote_at=quotes.quote_at, asset_of=asset_of, seed=7)

    broker = SimulatedBroker(path, clock=clock, venue=venue, account_id="TEST0001", cash=usd("5"))

    assert usd("100000") == broker.account().cash
    broker.close()


def test_late_settlement_changes_nothing() -> None:
    """
    An order that ended long ago shows when it ended, whenever it is settled.
    """
    clock = ManualClock(START)
    broker = a_broker(clock)
    broker.submit(approved(a_body(limit="100.60")))
    clock.wait_until(after(60))
    before = broker.orders(since=START)

    broker.cancel("nobody-knows")

    assert before == broker.orders(since=START)
    broker.close()
