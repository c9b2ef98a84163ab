"""
Audit the records: is history what was stored, is it all there, and does the broker know the same orders?

1. the chain, computed again from its first link;
2. the heads that were kept outside: records that were put back to an earlier state never had the later ones;
3. every order of ours at the broker has an intent with the same body, and every finished run's fills are the broker's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from alchemiser.application.ports.audit import AuditChain, Flaw, Head, Witnessed
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Archive
from alchemiser.application.ports.system import Clock
from alchemiser.domain.execution.order import OrderBody
from alchemiser.domain.identity import ORDER_PREFIX

_MEMORY = timedelta(days=90)
_PAGE = 200
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What an audit found; `heads` and `orders` say how much there was to compare with.
    """

    head: Head
    heads: int
    orders: int
    flaws: tuple[Flaw, ...]


def verify(
    archive: Archive,
    chain: AuditChain,
    witnessed: Sequence[Witnessed],
    broker: Broker,
    clock: Clock,
    *,
    account: str,
) -> Verdict:
    """
    Audit the records of an account.
    """
    runs = _runs(archive, account)
    if runs:
        # The broker is asked for what became of our orders, so not as of a time before them.
        clock.wait_until(runs[0].finished_at or runs[0].started_at)
    orders, flaws = _broker_flaws(runs, archive, broker, clock)
    return Verdict(
        head=chain.head(),
        heads=len(witnessed),
        orders=orders,
        flaws=(*chain.flaws(), *chain.disagreeing(witnessed), *flaws),
    )


def _runs(archive: Archive, account: str) -> tuple[Run, ...]:
    found: list[Run] = []
    while page := archive.runs.runs(account=account, limit=_PAGE, offset=len(found)):
        found += page
    return tuple(found)


def _broker_flaws(runs: Sequence[Run], archive: Archive, broker: Broker, clock: Clock) -> tuple[int, tuple[Flaw, ...]]:
    since = clock.now() - _MEMORY
    recent = [run for run in runs if run.started_at >= since]
    sent: dict[str, OrderBody] = {}
    booked: dict[str, Decimal] = {}
    over: set[str] = set()
    for run in recent:
        for trade in archive.trades.trades(run.id):
            of_trade = {intent.body.client_order_id: intent.body for intent in trade.intents}
            sent |= of_trade
            over |= set() if run.outcome is None else set(of_trade)
        for entry in archive.ledger.entries(run_id=run.id):
            name = entry.client_order_id
            booked[name] = booked.get(name, _NOTHING) + entry.quantity.value
    flaws, known = [], set()
    for order in broker.orders(since=since):
        name = order.body.client_order_id
        if not name.startswith(ORDER_PREFIX):
            continue
        known.add(name)
        if name not in sent:
            flaws.append(Flaw(where=f"order {name}", problem="the broker has it, the records have no intent of it"))
        elif sent[name] != order.body:
            flaws.append(Flaw(where=f"order {name}", problem=f"the broker has {order.body}, we meant {sent[name]}"))
        elif name in over and order.filled.value != booked.get(name, _NOTHING):
            ours = booked.get(name, _NOTHING)
            flaws.append(
                Flaw(where=f"order {name}", problem=f"the broker filled {order.filled}, the ledger has {ours:f}")
            )
    flaws += [
        Flaw(where=f"order {name}", problem=f"the ledger has {quantity:f} shares of it, the broker does not know it")
        for name, quantity in sorted(booked.items())
        if name not in known
    ]
    return len(known), tuple(flaws)
