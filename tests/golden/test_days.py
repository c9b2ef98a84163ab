"""
Golden days: the orders of seeded scenarios, the same on every database; `make golden` trades all of them.
"""

import json
from collections.abc import Iterator

import pytest

from alchemiser.container.world import Container
from golden import days

_SHOWN = 5


@pytest.fixture(scope="module", autouse=True)
def _one_market() -> Iterator[None]:
    days.warm()
    yield
    Container.market.reset_last_overriding()


HASHES: dict[str, str] = json.loads(days.HASHES.read_text(encoding="utf-8"))


def test_there_are_enough_of_them_and_they_differ() -> None:
    """
    At least a hundred scenarios, hardly any two with the same orders.
    """
    assert days.COUNT == len(HASHES)
    assert len(HASHES) >= 100
    assert len(set(HASHES.values())) >= 100


@pytest.mark.parametrize("number", range(0, days.COUNT, days.COUNT // _SHOWN))
def test_orders_are_what_they_were(number: int) -> None:
    """
    Two sessions of a scenario give the orders, fills and statuses that are on file.
    """
    one = days.scenario(number)

    assert HASHES[one.name] == days.traded(one, "file")


@pytest.mark.parametrize("number", [7, 61])
def test_orders_are_the_same_on_postgresql(number: int) -> None:
    """
    What keeps the records changes no order.
    """
    one = days.scenario(number)

    assert HASHES[one.name] == days.traded(one, "postgres")
