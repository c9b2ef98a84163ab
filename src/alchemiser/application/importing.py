"""
Take orders of ours that the records do not know into them: after a restore of an older copy they are the proof of what
was traded since.

Each run that they name is kept as a run of its own, marked as imported; no other run starts before the operator has
accepted it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count, groupby
from operator import attrgetter

from alchemiser.application.log import Log
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.domain.errors import LedgerError
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.order import BrokerOrder, Closed, Intent, Trade, TradeStatus
from alchemiser.domain.identity import ORDER_PREFIX, OrderName, order_name, trade_id
from alchemiser.domain.ledger.fills import new_fills
from alchemiser.domain.values import Quantity, Side, Symbol

IMPORTED = "imported"
log = Log()


def unknown_orders(orders: Sequence[BrokerOrder], archive: Archive) -> tuple[tuple[OrderName, BrokerOrder], ...]:
    """
    Return the orders of ours that no trade knows, with what their ids say.

    Raises:
        LedgerError: an order has our prefix and an id that we do not make.
    """
    known: dict[str, frozenset[str]] = {}
    unknown = []
    for order in orders:
        named = order.body.client_order_id
        if not named.startswith(ORDER_PREFIX):
            continue
        name = order_name(named)
        if name is None:
            raise LedgerError(f"expected orders of ours under ids that we make, found {named}; look at it by hand")
        if name.run not in known:
            known[name.run] = frozenset(_known(name.run, archive))
        if named not in known[name.run]:
            unknown.append((name, order))
    return tuple(unknown)


def import_orders(unknown: Sequence[tuple[OrderName, BrokerOrder]], ports: Ports) -> tuple[str, ...]:
    """
    Store orders that are final at the broker, with their fills; return what the owner should know.
    """
    return tuple(
        _imported_run(run_id, list(group), ports)
        for run_id, group in groupby(sorted(unknown, key=lambda pair: pair[0].run), key=lambda pair: pair[0].run)
    )


def imports_of(run_id: str, archive: Archive) -> Iterator[Run]:
    """
    Yield what was imported of a run.
    """
    for number in count(1):
        found = archive.runs.run(f"{run_id}-{IMPORTED}-{number}")
        if found is None:
            return
        yield found


def _known(run_id: str, archive: Archive) -> Iterator[str]:
    for stored in (run_id, *(run.id for run in imports_of(run_id, archive))):
        for trade in archive.trades.trades(stored):
            yield from (intent.body.client_order_id for intent in trade.intents)


def _imported_run(run_id: str, found: Sequence[tuple[OrderName, BrokerOrder]], ports: Ports) -> str:
    day = found[0][0].day
    now = ports.clock.now()
    orders = sorted((order for _, order in found), key=attrgetter("submitted_at"))
    what = f"{len(orders)} orders of {run_id} were at the broker and not in the records; they were imported"
    run = Run(
        id=f"{run_id}-{IMPORTED}-{sum(1 for _ in imports_of(run_id, ports)) + 1}",
        account=ports.rules.account,
        profile=ports.rules.profile,
        session=day,
        signal_session=ports.calendar.previous(day).day,
        started_at=orders[0].submitted_at,
        code_version=IMPORTED,
        outcome=Outcome.FAILED,
        detail=what,
        finished_at=now,
    )
    trades = tuple(_trades(run.id, found))
    fills = [
        fill for trade in trades for fill in new_fills(replace(trade, intents=()), trade, session=day, seen_at=now)
    ]
    with ports.engine.begin() as tx:
        tx.save_run(run)
    ports.trades.commit(trades, fills)
    log.warning("orders_imported", run_id=run.id, orders=len(orders), fills=len(fills))
    return what


def _trades(run_id: str, found: Sequence[tuple[OrderName, BrokerOrder]]) -> Iterator[Trade]:
    by_trade: dict[tuple[Symbol, Side], list[tuple[OrderName, BrokerOrder]]] = {}
    for name, order in found:
        by_trade.setdefault((name.symbol, name.side), []).append((name, order))
    for (symbol, side), attempts in sorted(by_trade.items()):
        yield _trade(run_id, symbol, side, sorted(attempts, key=lambda pair: pair[0].attempt))


def _trade(run_id: str, symbol: Symbol, side: Side, attempts: Sequence[tuple[OrderName, BrokerOrder]]) -> Trade:
    name = trade_id(run=run_id, symbol=symbol, side=side)
    first = attempts[0][1]
    trade = Trade(
        id=name,
        run_id=run_id,
        symbol=symbol,
        side=side,
        planned=first.body.quantity,
        authorised=first.body.quantity,
        full_exit=False,
        whole_shares=False,
        plan_price=first.body.limit,
        arrival=first.body.limit,
        status=TradeStatus.INCOMPLETE,
        reason="imported from the broker",
        intents=tuple(_intent(name, said.attempt, order) for said, order in attempts),
    )
    traded = filled(trade)
    # The plan is lost: what was allowed is at least what the first order asked for, and what was traded.
    allowed = max(first.body.quantity, traded, Quantity(Decimal(0)))
    return replace(trade, planned=allowed, authorised=allowed)


def _intent(trade: str, attempt: int, order: BrokerOrder) -> Intent:
    return Intent(
        trade_id=trade,
        attempt=attempt,
        rung=0,
        body=order.body,
        bid=order.body.limit,
        ask=order.body.limit,
        created_at=order.submitted_at,
        state=Closed(
            order_id=order.id,
            status=order.status,
            filled=order.filled,
            average=order.filled_average,
            closed_at=order.updated_at,
            reason=order.reason,
        ),
    )
