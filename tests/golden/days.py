"""
Golden days: seeded scenarios of two sessions each, and the hash of every order the broker saw in them.

    python -m golden.days            trades all of them on SQLite and on PostgreSQL, and compares the hashes
    python -m golden.days --write    writes the hashes that SQLite gives

A scenario has two to six symbols, whole shares among them, an account of a thousand to a quarter of a million dollars,
any session of a year, and a second session that wants something else. A hash that changes says that orders changed:
whoever changes them on purpose writes the hashes anew and says why.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from dependency_injector import providers

from alchemiser.application.dispatch import pump
from alchemiser.application.start import resume, start
from alchemiser.container.houses import open_house
from alchemiser.container.world import Container
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from support.databases import a_url
from support.houses import environment

HASHES = Path(__file__).parent / "days.json"
COUNT = 120
_SEED, _MARKET_SEED = 20261126, 131
_SYMBOLS = ("SPY", "QQQ", "TLT", "GLD", "BIL", "SMH", "TQQQ", "UVXY", "TECL", "PDBC", "NLR", "KMLM")
_FIRST_DAYS = (date(2026, 1, 5), date(2026, 12, 1))
_TEXT = '(defsymphony "{name}" {{:asset-class "EQUITIES", :rebalance-frequency :daily}} (weight-specified {parts}))'
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    Two sessions of an account: what each wants, in hundredths of the account.
    """

    name: str
    cash: str
    sessions: tuple[date, date]
    wanted: tuple[Mapping[str, int], Mapping[str, int]]


def scenario(number: int) -> Scenario:
    """
    Return the scenario of a number.
    """
    chance = np.random.Generator(np.random.PCG64([_SEED, number]))
    days = new_york().sessions(*_FIRST_DAYS)
    first = int(chance.integers(len(days) - 1))
    symbols = [str(symbol) for symbol in chance.permutation(_SYMBOLS)[: 2 + int(chance.integers(5))]]
    kept = symbols[: 1 + int(chance.integers(len(symbols)))]
    others = [symbol for symbol in _SYMBOLS if symbol not in symbols][: 2 if len(kept) < 2 else int(chance.integers(3))]
    return Scenario(
        name=f"{number:03d}",
        cash=str(int(10 ** chance.uniform(3.0, 5.4))),
        sessions=(days[first], days[first + 1]),
        wanted=(_weights(symbols, chance), _weights([*kept, *others], chance)),
    )


def _weights(symbols: list[str], chance: np.random.Generator) -> Mapping[str, int]:
    cuts = sorted(int(cut) for cut in chance.choice(np.arange(1, 100), size=len(symbols) - 1, replace=False))
    return {symbol: end - begin for symbol, begin, end in zip(symbols, [0, *cuts], [*cuts, 100], strict=True)}


def warm() -> None:
    """
    Make the market once for all scenarios.
    """
    calendar = new_york()
    Container.market.override(providers.Object(SimulatedMarket(calendar, seed=_MARKET_SEED)))


def traded(one: Scenario, place: str) -> str:
    """
    Trade a scenario on a kind of database; return the hash of its orders.
    """
    with tempfile.TemporaryDirectory() as name, a_url(place, Path(name)) as url:
        folder = Path(name)
        lines: list[str] = []
        for day, wanted in zip(one.sessions, one.wanted, strict=True):
            _write(folder, wanted)
            with _entered(folder, one, url), open_house("test") as house:
                ports = house.ports
                list(resume(ports))
                run, _ = start(day, ports)
                list(pump(ports))
                ended = ports.runs.run(run.id)
                assert ended is not None
                assert ended.outcome in {Outcome.SUCCESS, Outcome.PARTIAL}, ended.detail
                lines.append(f"{ended.id} {ended.outcome}")
                lines += map(_line, ports.broker.orders(since=run.started_at - timedelta(minutes=1)))
    return hashlib.sha256(_BETWEEN.join(lines).encode()).hexdigest()


def _line(order: BrokerOrder) -> str:
    body = order.body
    return (
        f"{order.submitted_at.isoformat()} {body.client_order_id} {body.side} {body.quantity} {body.symbol} "
        f"{body.limit} {order.status} {order.filled} {order.filled_average}"
    )


def _write(folder: Path, wanted: Mapping[str, int]) -> None:
    parts = " ".join(f'{weight / 100:.2f} (asset "{symbol}" nil)' for symbol, weight in wanted.items())
    (folder / "golden.clj").write_text(_TEXT.format(name="Golden", parts=parts), encoding="utf-8")
    (folder / "portfolio.toml").write_text('[[strategy]]\nfile = "golden.clj"\nallocation = "1"\n', encoding="utf-8")


@contextmanager
def _entered(folder: Path, one: Scenario, url: str) -> Iterator[None]:
    settings = {
        "STRATEGIES__PORTFOLIO": str(folder / "portfolio.toml"),
        "SIGNALS__WARN_WITHIN": "0",
        "ACCOUNT__CASH": one.cash,
        "CLOCK__START": str(one.sessions[0]),
        "RECORDS__URL": url if url != "sqlite://" else f"sqlite:///{folder}/records.sqlite3",
        "BROKER__PATH": str(folder / "broker.sqlite3"),
        "OUTBOX__DIRECTORY": str(folder / "outbox"),
        "LOGS__LEVEL": "error",
    }
    before = dict(os.environ)
    os.environ.update(environment(settings))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main() -> None:
    """
    Compare every scenario on both databases, or write the hashes.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the hashes that SQLite gives")
    asked = parser.parse_args()
    warm()
    if asked.write:
        found = {one.name: traded(one, "file") for one in map(scenario, range(COUNT))}
        HASHES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return
    hashes = json.loads(HASHES.read_text(encoding="utf-8"))
    bad = [
        f"{name} on {place}"
        for number, name in enumerate(hashes)
        for place in ("file", "postgres")
        if traded(scenario(number), place) != hashes[name]
    ]
    print(f"{len(hashes)} golden days on SQLite and PostgreSQL, {len(set(hashes.values()))} different, {len(bad)} bad")
    for line in bad:
        print(f"BAD {line}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
