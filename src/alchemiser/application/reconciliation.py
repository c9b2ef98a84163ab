"""
Before a run: hold the records against the broker, and bring both to where a run may start.

1. The broker answers for the account of the profile, and its clock agrees with ours.
2. Orders of ours that still rest are cancelled to their end: nothing of ours is live when a run starts.
3. Orders of ours that the records do not know are imported; the run is refused until the operator accepts.
4. What filled unseen in earlier runs is booked.
5. Positions are the last opening and the fills since, share by share. Cash that differs from them is no error of a
   trade: deposits, withdrawals, dividends and fees come from outside. The difference is told and stored with the run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from alchemiser.application.halting import MEMORY, quiet
from alchemiser.application.importing import IMPORTED, import_orders, unknown_orders
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.application.recovery import settle, unsettled
from alchemiser.application.settlement import mismatches
from alchemiser.domain.errors import LedgerError, OrderRefused
from alchemiser.domain.execution.order import BrokerOrder
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.ledger.book import LedgerEntry, cash_change
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.values import Money

ONE_AT_A_TIME = "one run at a time"
_LOOK_BACK = 50
_SKEW_WARNED, _SKEW_REFUSED = timedelta(seconds=2), timedelta(seconds=30)
# A broker keeps cash in cents, the ledger in the finest unit there is: each fill may round.
_CENT = Money(Decimal("0.01"))
_ACCEPT = "when the broker is right, `alchemiser run --sessions 1 --accept-positions` goes on from there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """
    The last account that was planned on, and every fill since.
    """

    opening: Account
    fills: tuple[LedgerEntry, ...]


def checked_clock(ports: Ports) -> tuple[str, ...]:
    """
    Return what the owner should know of the difference between our clock and the broker's.

    Raises:
        OrderRefused: they are more than 30 seconds apart.
    """
    ours = ports.clock.now()
    skew = ours - ports.broker_clock.time()
    apart_s = abs(skew.total_seconds())
    direction = "ahead of" if skew > timedelta(0) else "behind"
    told = f"our clock is {apart_s:.1f} s {direction} the broker's"
    if abs(skew) > _SKEW_REFUSED:
        raise OrderRefused(
            rail="clock", limit=f"at most {_SKEW_REFUSED.total_seconds():.0f} s apart", value=told, what="run"
        )
    return (f"{told}; set it right",) if abs(skew) > _SKEW_WARNED else ()


def reconcile(account: Account, ports: Ports, *, is_accepted: bool) -> tuple[Account, tuple[str, ...]]:
    """
    Leave nothing of ours live at the broker and nothing that filled unbooked; return the account as it is then, and
    what the owner should know.

    Args:
        account: as it was just read.
        is_accepted: the operator takes what the broker shows, though nothing is recorded of it.

    Raises:
        OrderRefused: another run goes on, or an order of ours still rests after it was asked to be cancelled for a
            minute.
        LedgerError: nothing is recorded of an account that has orders of ours, or one has an id that we do not make.
        BrokerUnavailable: no answer; try again.
    """
    recent = _recent(ports)
    if going_on := [run.id for run in recent if run.outcome is None]:
        raise OrderRefused(rail=ONE_AT_A_TIME, limit="no other run that goes on", value=", ".join(going_on), what="run")
    since = ports.clock.now() - MEMORY
    orders = ports.broker.orders(since=since)
    if not is_accepted:
        _refuse_unknown_account(recent, orders, ports)
    resting = frozenset(order.id for order in orders if _rests(order))
    if resting:
        orders = quiet(resting, ports.broker, ports.clock, since=since, poll=ports.rules.walk.poll)
        account = ports.broker.account()
    live = [order.body.client_order_id for order in orders if _rests(order) and order.id in resting]
    if live:
        raise OrderRefused(
            rail="live orders",
            limit="no order of ours at the broker when a run starts",
            value=", ".join(live),
            what=f"account {ports.rules.account}",
        )
    notes = import_orders(unknown_orders(orders, ports), ports)
    for run in recent:
        for fill in settle(run, unsettled(run, ports), orders, ports):
            notes = (*notes, f"{fill.side} {fill.symbol}: {fill.quantity} shares of {run.id} had filled unseen")
    return account, notes


def refuse_unknown_account(ports: Ports) -> None:
    """
    Refuse an account that has orders of ours when nothing is recorded of it.

    Raises:
        LedgerError: it has.
    """
    _refuse_unknown_account(_recent(ports), ports.broker.orders(since=ports.clock.now() - MEMORY), ports)


def refuse_imported(archive: Archive, *, account: str) -> None:
    """
    Refuse when orders were imported since the last run that began.

    Raises:
        LedgerError: they were; the operator has to accept them.
    """
    imported = list(_imported(archive, account=account))
    if imported:
        raise LedgerError(f"{'; '.join(run.detail for run in imported)}; {_ACCEPT}")


def refuse_other_positions(account: Account, archive: Archive) -> None:
    """
    Refuse an account whose positions are not the last opening and the fills since.

    Raises:
        LedgerError: they are not.
    """
    basis = basis_of(archive, account=account.id)
    if basis is None:
        return
    found = mismatches(basis.opening, basis.fills, account)
    if found:
        raise LedgerError(f"{'; '.join(map(str, found))}; {_ACCEPT}")


def cash_flow(account: Account, archive: Archive) -> Money | None:
    """
    Return what came into the account, or left it, since the last run's opening, beside our trades; None when there
    was no run.
    """
    basis = basis_of(archive, account=account.id)
    if basis is None:
        return None
    flow = account.cash - basis.opening.cash - cash_change(basis.fills)
    rounding = Money(_CENT.value * (len(basis.fills) + 1))
    return Money(Decimal(0)) if abs(flow.value) < rounding.value else flow


def basis_of(archive: Archive, *, account: str) -> Basis | None:
    """
    Return the last account that was planned on with every fill since, None when nothing was planned yet.
    """
    runs = archive.runs.runs(account=account, limit=_LOOK_BACK)
    known = next((run for run in runs if run.opening is not None), None)
    if known is None or known.opening is None:
        return None
    since = [known, *_imported(archive, account=account)]
    fills = tuple(fill for run in since for fill in archive.ledger.entries(run_id=run.id))
    return Basis(opening=known.opening, fills=fills)


def _refuse_unknown_account(recent: Sequence[Run], orders: Sequence[BrokerOrder], ports: Ports) -> None:
    if any(run.opening is not None or run.code_version == IMPORTED for run in recent):
        return
    ours = [order for order in orders if _is_ours(order)]
    if ours:
        raise LedgerError(
            f"account {ports.rules.account}: expected a broker without orders of ours, since nothing is recorded, "
            f"found {len(ours)}, the latest {ours[-1].body.client_order_id}; restore the records, "
            "or name those it belongs to in [records] url"
        )


def _recent(ports: Ports) -> tuple[Run, ...]:
    runs = ports.runs.runs(account=ports.rules.account, limit=_LOOK_BACK)
    oldest = (ports.clock.now() - MEMORY).date()
    return tuple(run for run in runs if run.session >= oldest)


def _imported(archive: Archive, *, account: str) -> Iterator[Run]:
    # By when they were imported: a run that planned after it has seen them.
    runs = archive.runs.runs(account=account, limit=_LOOK_BACK)
    accepted = max((run.started_at for run in runs if run.opening is not None), default=None)
    for run in runs:
        is_imported = run.code_version == IMPORTED and run.finished_at is not None
        if is_imported and (accepted is None or (run.finished_at is not None and run.finished_at > accepted)):
            yield run


def _is_ours(order: BrokerOrder) -> bool:
    return order.body.client_order_id.startswith(ORDER_PREFIX)


def _rests(order: BrokerOrder) -> bool:
    return _is_ours(order) and not order.status.is_terminal
