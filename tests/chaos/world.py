"""
The small world that is killed in: its sessions, its processes, and what they leave.
"""

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from dependency_injector import providers

from alchemiser.application.audit import verify
from alchemiser.application.ports.suite import Ports
from alchemiser.application.queries import latest_run
from alchemiser.application.start import name_of, start
from alchemiser.application.work import work
from alchemiser.container.houses import House, open_house
from alchemiser.container.views import encode, open_office
from alchemiser.container.world import Container
from alchemiser.domain.errors import LedgerError, OrderRefused, RecordsBusy
from alchemiser.domain.execution.order import Trade
from alchemiser.domain.identity import run_id
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.reports.renderer import TemplateRenderer
from alchemiser.infrastructure.simulation.faults import Faults, with_faults
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from support.houses import environment
from support.small_books import FIRST, book_of, write_books

BUSY, LOST_RACE = 5, 6
_MARKET_SEED = 131


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    A folder with everything that outlives a process, and the database; several processes share a clock in it.
    """

    folder: Path
    url: str
    is_shared: bool

    def settings(self, day: date) -> dict[str, str]:
        """
        Return the environment of a session in this world.
        """
        chosen = {
            "STRATEGIES__PORTFOLIO": str(book_of(self.folder, day)),
            "RECORDS__URL": self.url,
            "BROKER__PATH": str(self.folder / "broker.sqlite3"),
            "OUTBOX__DIRECTORY": "outbox",
            "LOGS__LEVEL": "error",
            # Some messages are killed at again and again; that is not what they are given up for.
            "ENGINE__ATTEMPTS": "50",
            "LOGS__PATH": str(self.folder / "errors.log"),
        }
        if self.is_shared:
            chosen |= {"CLOCK__KIND": "shared", "CLOCK__PATH": str(self.folder / "clock")}
        return environment(chosen)


def warm() -> None:
    """
    Build once what every process would build alike, so that a process costs next to nothing.
    """
    calendar = new_york()
    Container.calendar.override(providers.Object(calendar))
    Container.market.override(providers.Object(SimulatedMarket(calendar, seed=_MARKET_SEED)))
    Container.renderer.override(providers.Object(TemplateRenderer()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "warm"
        write_books(folder)
        # What this leaves open is a file nobody else ever opens.
        trade(World(folder=folder, url="sqlite://", is_shared=False), FIRST)
        os.chdir("/")


def enter(world: World, day: date, **settings: str) -> None:
    """
    Make this process one of the world's.
    """
    for name in [name for name in os.environ if name.startswith("ALCHEMISER__")]:
        del os.environ[name]
    os.environ.update(world.settings(day) | {f"ALCHEMISER__{name}": value for name, value in settings.items()})
    os.chdir(world.folder)


def trade(world: World, day: date, *, name: str = "one", **settings: str) -> int:
    """
    Start the session's run, or find it, and work until it is over; return 0, or how it was refused.
    """
    enter(world, day, **settings)
    try:
        with open_house("test", name=name) as house:
            _work(house, house.ports, day)
    except RecordsBusy:
        return BUSY
    except (OrderRefused, LedgerError):
        # Two started the session at once, and this one looked at the account when the other one's run was trading.
        return LOST_RACE
    return 0


def count_calls(world: World, day: date) -> int:
    """
    Trade a session in peace; return how many calls can be struck in it.
    """
    enter(world, day)
    faults = Faults(kill_at=10**9, after=False)
    with open_house("test", name="one") as house:
        _work(house, with_faults(house.ports, faults), day)
    return faults.calls


def audited(world: World, day: date) -> tuple[str, ...]:
    """
    Audit the world's records; return what is wrong.
    """
    enter(world, day)
    with open_office("test") as office:
        verdict = verify(
            office.archive,
            office.chain,
            office.witness.kept(),
            office.broker,
            office.clock,
            account=office.rules.account,
        )
    if not verdict.orders:
        return ("no order was compared",)
    return tuple(f"{flaw.where}: {flaw.problem}" for flaw in verdict.flaws)


def recorded(world: World, day: date) -> dict[str, list[str]]:
    """
    Return what the second session came to, in canonical texts: run, trades with their orders, and the ledger.
    """
    enter(world, day)
    with open_office("test") as office:
        archive = office.archive
        run = archive.runs.run(run_id(account=office.rules.account, day=day, kind=office.rules.kind))
        assert run is not None
        trades = archive.trades.trades(run.id)
        plan = archive.runs.plan(run.id)
        assert plan is not None
        return {
            "run": [encode(run)],
            "plan": [plan.hash],
            "trades": [encode(_without_version(trade)) for trade in trades],
            "ledger": sorted(encode(entry) for entry in archive.ledger.entries(run_id=run.id)),
            "signals": [encode(signal) for signal in archive.runs.signals(run.id)],
        }


def _without_version(trade: Trade) -> Trade:
    # How often a trade was stored says how often somebody was killed at it.
    return replace(trade, version=1)


def _work(house: House, ports: Ports, day: date) -> None:
    run = name_of(day, ports)
    if (latest := latest_run(ports, account=ports.rules.account)) is not None:
        ports.clock.wait_until(latest.finished_at or latest.started_at)
    start(day, ports)

    def is_over() -> bool:
        found = house.ports.runs.run(run)
        return found is not None and found.outcome is not None

    for _ in work(ports, house.deliveries, house.rest, should_stop=is_over):
        pass
