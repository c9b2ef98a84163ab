"""
The container: one world of a profile, every adapter behind its port, in the order of the path.
"""

import os
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.application.witnessing import WitnessingNotifier

if TYPE_CHECKING:
    from alchemiser.infrastructure.settings.load import Settings
from alchemiser.container import adapters, sources

EMBEDDED = "embedded"


class Container(containers.DeclarativeContainer):
    """
    One world: settings in, ports out.
    """

    settings: "providers.Dependency[Settings]" = providers.Dependency()
    calendar = providers.Singleton(sources.calendar)
    database = providers.Singleton(adapters.database, settings)
    owner = providers.Object(EMBEDDED)
    engine = providers.Singleton(adapters.engine, database, settings, owner)
    clock = providers.Singleton(adapters.clock, calendar, settings, engine.provider)
    rest = providers.Singleton(adapters.rest, clock, settings)
    library = providers.Singleton(adapters.library, settings)
    market = providers.Singleton(sources.market, calendar, settings)
    bars = providers.Singleton(adapters.bars, calendar, clock, market, settings)
    quotes = providers.Singleton(adapters.quotes, market, clock)
    venue = providers.Singleton(adapters.venue, calendar, clock, quotes, settings)
    broker = providers.Singleton(adapters.broker, venue, clock, settings)
    switch = providers.Singleton(adapters.switch, database.provider, settings)
    runs = providers.Singleton(adapters.runs, database)
    trades = providers.Singleton(adapters.trades, database)
    ledger = providers.Singleton(adapters.ledger, database)
    deliveries = providers.Singleton(adapters.deliveries, database, settings)
    chain = providers.Singleton(adapters.chain, database)
    witness = providers.Singleton(adapters.witness, settings)
    renderer = providers.Singleton(adapters.renderer)
    letter_box = providers.Singleton(adapters.letter_box, settings)
    notifier = providers.Singleton(WitnessingNotifier, letter_box, chain=chain, witness=witness)
    hours = providers.Singleton(adapters.hours, settings)
    archive = providers.Factory(Archive, runs=runs, trades=trades, ledger=ledger)
    ports = providers.Factory(
        Ports,
        clock=clock,
        calendar=calendar,
        bars=bars,
        quotes=quotes,
        library=library,
        broker=broker,
        broker_clock=venue,
        switch=switch,
        engine=engine,
        runs=runs,
        trades=trades,
        ledger=ledger,
        renderer=renderer,
        notifier=notifier,
        rules=settings.provided.rules,
        hours=hours,
    )


def settings_of(profile: str) -> "Settings":
    """
    Read a profile, with what the environment replaces of it.

    Raises:
        ConfigurationError: the profile is wrong.
    """
    from alchemiser.infrastructure.settings.load import load_settings

    return load_settings(profile, environment=os.environ)
