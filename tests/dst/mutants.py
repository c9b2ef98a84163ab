"""
Deliberate faults of our own code, one at a time: a simulation that cannot find them proves nothing.

A mutant replaces functions while it lives. `caught` lives through seeds until an invariant is violated.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeAlias

from alchemiser.application import execute, rebalance, sending, settlement, start, trading
from alchemiser.application.ports.suite import Ports
from alchemiser.domain import events
from alchemiser.domain.events import Phase
from alchemiser.domain.execution import answers, attempt, fills, gate, observe, phase, pricing, walk
from alchemiser.domain.execution.order import (
    Canceling,
    Closed,
    Open,
    OrderStatus,
    RejectionCause,
    Sent,
    Trade,
    TradeStatus,
)
from alchemiser.domain.execution.step import Cancel, Step, Submit
from alchemiser.domain.values import Money, Quantity, Side
from alchemiser.infrastructure.memory import messages, transaction
from alchemiser.infrastructure.memory import trades as memory_trades
from alchemiser.infrastructure.memory.store import State
from alchemiser.infrastructure.switch import Switches
from dst.quiet import quietly
from dst.scenario import scenario_of
from dst.seat import SeatSwitch
from dst.world import lived

Function: TypeAlias = Callable[..., Any]
Patch: TypeAlias = tuple[object, str, Callable[[Function], Function]]
_ENOUGH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """
    A fault: its name, and what it replaces.
    """

    name: str
    patches: tuple[Patch, ...]

    @contextmanager
    def living(self) -> Iterator[None]:
        """
        Let the fault be in our code until the block ends.
        """
        with ExitStack() as stack:
            for holder, name, change in self.patches:
                original = getattr(holder, name)
                setattr(holder, name, change(original))
                stack.callback(setattr, holder, name, original)
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """
    What found a mutant, and after how many seeds; `seeds` is all that were tried when nothing did.
    """

    mutant: str
    seeds: int
    breach: str

    @property
    def is_caught(self) -> bool:
        """
        Tell whether the mutant was found.
        """
        return bool(self.breach)


def caught(mutant: Mutant, *, within: int = _ENOUGH) -> Catch:
    """
    Live through seeds with a mutant until an invariant is violated.
    """
    with quietly(), mutant.living():
        for seed in range(within):
            if breaches := lived(scenario_of(seed)).breaches:
                return Catch(mutant=mutant.name, seeds=seed + 1, breach=str(breaches[0]))
    return Catch(mutant=mutant.name, seeds=within, breach="")


def _answering(value: object) -> Callable[[Function], Function]:
    return lambda _: lambda *_args, **_kwargs: value


# What is sent, and under which name.


def _fresh_id(original: Function) -> Function:
    def unanswered(trade: Trade, state: Sent, seen: Any, rules: Any) -> Step:
        step: Step = original(trade, state, seen, rules)
        if not isinstance(step.action, Submit):
            return step
        body = step.action.body
        return replace(step, action=Submit(body=replace(body, client_order_id=f"{body.client_order_id}r{state.posts}")))

    return unanswered


def _not_found_is_not_sent(original: Function) -> Function:
    def unanswered(trade: Trade, state: Sent, seen: Any, rules: Any) -> Step:
        if seen.now >= seen.deadlines.last_send:
            step: Step = original(trade, state, seen, rules)
            return step
        closed = observe.with_state(trade, answers._never_taken("not found", seen.now))
        return attempt.next_attempt(closed, seen, rules)

    return unanswered


def _sent_before_commit(original: Function) -> Function:
    def decided(trades: Sequence[Trade], view: Any, *, ports: Ports, **kwargs: Any) -> Any:
        moves = original(trades, view, ports=ports, **kwargs)
        for move in moves:
            if move.order is not None:
                sending._submit(move.order, ports.broker)
        return moves

    return decided


def _other_body(original: Function) -> Function:
    def unanswered(trade: Trade, state: Sent, seen: Any, rules: Any) -> Step:
        step: Step = original(trade, state, seen, rules)
        if not isinstance(step.action, Submit) or seen.quote is None:
            return step
        body = step.action.body
        limit = pricing.limit_price(seen.quote, trade.side, rung=3, plan_price=trade.plan_price, policy=rules)
        return replace(step, action=Submit(body=replace(body, limit=limit)))

    return unanswered


# Whether an order is over.


def _refusal_proves(original: Function) -> Function:
    def rejected(trade: Trade, reason: str, *, at: Any, policy: Any) -> Trade:
        state = trade.intents[-1].state
        if isinstance(state, Sent):
            trade = observe.with_state(trade, replace(state, posts=1))
        found: Trade = original(trade, reason, at=at, policy=policy)
        return found

    return rejected


def _silence_is_refusal(original: Function) -> Function:
    def recorded(trade: Trade, answer: Any, *, at: Any, policy: Any) -> Trade:
        if isinstance(answer, answers.NoAnswer) and isinstance(trade.intents[-1].state, Sent):
            return replace(
                observe.with_state(trade, answers._never_taken("refused", at, RejectionCause.FRACTIONS)), due_at=at
            )
        found: Trade = original(trade, answer, at=at, policy=policy)
        return found

    return recorded


def _duplicate_is_refusal(original: Function) -> Function:
    def recorded(trade: Trade, answer: Any, *, at: Any, policy: Any) -> Trade:
        if isinstance(answer, answers.Duplicate) and isinstance(trade.intents[-1].state, Sent):
            return replace(
                observe.with_state(trade, answers._never_taken("refused", at, RejectionCause.FRACTIONS)), due_at=at
            )
        found: Trade = original(trade, answer, at=at, policy=policy)
        return found

    return recorded


def _cancel_is_done(original: Function) -> Function:
    def recorded(trade: Trade, answer: Any, *, at: Any, policy: Any) -> Trade:
        state = trade.intents[-1].state
        if isinstance(answer, answers.CancelTaken) and isinstance(state, Canceling):
            closed = Closed(
                order_id=state.order_id,
                status=OrderStatus.CANCELED,
                filled=state.filled,
                average=state.average,
                closed_at=at,
            )
            return replace(observe.with_state(trade, closed), due_at=at)
        found: Trade = original(trade, answer, at=at, policy=policy)
        return found

    return recorded


def _pending_cancel_is_terminal(original: Function) -> Function:
    def state_of(order: Any, intent: Any) -> Any:
        if order.status is OrderStatus.PENDING_CANCEL:
            order = replace(order, status=OrderStatus.CANCELED)
        return original(order, intent)

    return state_of


def _fills_may_shrink(_original: Function) -> Function:
    def state_of(order: Any, intent: Any) -> Any:
        known, average = order.filled, order.filled_average
        if order.status.is_terminal:
            return Closed(
                order_id=order.id, status=order.status, filled=known, average=average, closed_at=order.updated_at
            )
        if isinstance(intent.state, Canceling):
            return replace(intent.state, filled=known, average=average)
        return Open(order_id=order.id, submitted_at=order.submitted_at, filled=known, average=average)

    return state_of


def _partial_fill_forgotten(original: Function) -> Function:
    def state_of(order: Any, intent: Any) -> Any:
        state = original(order, intent)
        if isinstance(state, Closed) and state.status is OrderStatus.CANCELED:
            return replace(state, filled=fills.NO_SHARES, average=None)
        return state

    return state_of


def _given_up_is_incomplete(original: Function) -> Function:
    def resting(trade: Trade, state: Any, seen: Any, rules: Any) -> Step:
        step: Step = original(trade, state, seen, rules)
        if isinstance(step.action, Cancel) and seen.now >= seen.deadlines.cancel_at:
            return Step(trade=observe.ended(trade, TradeStatus.INCOMPLETE, "deadline"))
        return step

    return resting


# How much.


def _whole_again(_original: Function) -> Function:
    def remaining(trade: Trade) -> Quantity:
        return trade.authorised or fills.NO_SHARES

    return remaining


def _a_little_more(original: Function) -> Function:
    def affordable(trade: Trade, limit: Any, seen: Any) -> Quantity:
        quantity: Quantity = original(trade, limit, seen)
        return quantity + Quantity(Decimal("1e-9")) if trade.side is Side.SELL and quantity else quantity

    return affordable


def _exit_rounded(original: Function) -> Function:
    def affordable(trade: Trade, limit: Any, seen: Any) -> Quantity:
        quantity: Quantity = original(trade, limit, seen)
        if trade.side is Side.SELL and trade.full_exit:
            return Quantity(quantity.value.quantize(Decimal("0.000001")))
        return quantity

    return affordable


def _authorised_as_planned(_original: Function) -> Function:
    def authorised(trades: Sequence[Trade], _account: Any, *, now: Any, **_kwargs: Any) -> tuple[Trade, ...]:
        return tuple(phase._authorised(trade, trade.planned, "", now=now) for trade in trades)

    return authorised


def _authorised_on_equity(original: Function) -> Function:
    def authorised(trades: Sequence[Trade], account: Any, **kwargs: Any) -> Any:
        return original(trades, replace(account, cash=account.equity, buying_power=account.equity), **kwargs)

    return authorised


def _authorised_again(original: Function) -> Function:
    def authorised(trades: tuple[Trade, ...], side: Side, *, now: Any, ports: Ports) -> Any:
        fresh = tuple(
            replace(trade, authorised=None) if trade.status is TradeStatus.OPEN and side is Side.BUY else trade
            for trade in trades
        )
        return original(fresh, side, now=now, ports=ports)

    return authorised


def _each_spends_all(original: Function) -> Function:
    def affordable(trade: Trade, limit: Any, seen: Any) -> Quantity:
        rich = replace(seen, spendable=Money(Decimal(10**9)))
        quantity: Quantity = original(trade, limit, rich)
        return quantity

    return affordable


# When, and in which order.


def _late_deadlines(original: Function) -> Function:
    def deadlines(side: Side, *, session: Any, **kwargs: Any) -> Any:
        late = replace(session, closes_at=session.closes_at + timedelta(minutes=5))
        return original(side, session=late, **kwargs)

    return deadlines


def _both_phases_at_once(original: Function) -> Function:
    def ticked(run: str, of: Phase, ports: Ports) -> Any:
        if of is Phase.SELLS:
            buys = replace(ports, trades=_WithoutSells(ports.trades))
            execute.tick(run, Phase.BUYS, buys)
        return original(run, of, ports)

    return ticked


class _WithoutSells:
    """
    Trades of which only the buys are seen.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def trades(self, run_id: str) -> tuple[Trade, ...]:
        """
        See the port.
        """
        return tuple(trade for trade in self._inner.trades(run_id) if trade.side is Side.BUY)

    def commit(self, trades: Any, entries: Any) -> Any:
        """
        See the port.
        """
        return self._inner.commit(trades, entries)


def _over_with_the_first(original: Function) -> Function:
    def result(trades: Sequence[Trade], at: Any) -> Any:
        found = original(trades, at)
        if any(trade.status is not TradeStatus.OPEN for trade in trades):
            return replace(found, next_due=None, finished=tuple(trades))
        return found

    return result


# The records.


def _unfenced(original: Function) -> Function:
    def stored(memory: Any, changed: Sequence[Trade]) -> Any:
        latest = []
        for trade in changed:
            there = memory.trades.get(trade.run_id, {}).get(trade.id)
            latest.append(replace(trade, version=0 if there is None else there.version))
        return original(memory, latest)

    return stored


def _run_replaced(_original: Function) -> Function:
    def saved(self: Any, run: Any) -> bool:
        is_new = run.id not in self._memory.runs
        self._memory.put(self._memory.runs, run.id, run)
        return is_new

    return saved


def _planned_again(original: Function) -> Function:
    def ticked(run: str, of: Phase, ports: Ports) -> Any:
        if not any(trade.intents for trade in ports.trades.trades(run)):
            cause = next(one for one in ports.ledger.events(run) if isinstance(one, events.SignalGenerated))
            blind: Any = _WithoutPlan(ports.runs)
            made = rebalance.prepare_plan(cause, replace(ports, runs=blind))
            with ports.engine.begin() as tx:
                tx.save_plan(made.plan, made.trades)
        return original(run, of, ports)

    return ticked


class _WithoutPlan:
    """
    Runs of which no plan is known.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def run(self, run_id: str) -> Any:
        """
        See the port.
        """
        return self._inner.run(run_id)

    def plan(self, run_id: str) -> None:
        """
        See the port.
        """


def _plan_replaced(_original: Function) -> Function:
    def saved(self: Any, plan: Any, made: Any) -> None:
        self._memory.put(self._memory.plans, plan.run_id, plan)
        self._memory.put(self._memory.trades, plan.run_id, {})
        memory_trades.store_trades(self._memory, made)

    return saved


def _random_ids(_original: Function) -> Function:
    numbers = count()
    return lambda *, causation_id, event_type, key: f"{causation_id}{event_type}{key}{next(numbers)}"


def _whole_booked(original: Function) -> Function:
    def entries(before: Any, after: Any, **kwargs: Any) -> Any:
        return tuple(replace(entry, quantity=entry.cumulative) for entry in original(before, after, **kwargs))

    return entries


def _at_last_price(original: Function) -> Function:
    def entries(before: Any, after: Any, **kwargs: Any) -> Any:
        limits = {intent.body.client_order_id: intent.body.limit for intent in after.intents}
        found = original(before, after, **kwargs)
        return tuple(replace(entry, price=limits[entry.client_order_id]) for entry in found)

    return entries


def _last_fill_lost(original: Function) -> Function:
    def entries(before: Any, after: Any, **kwargs: Any) -> Any:
        is_closed = bool(after.intents) and isinstance(after.intents[-1].state, Closed)
        return () if is_closed else original(before, after, **kwargs)

    return entries


def _lease_for_ever(_original: Function) -> Function:
    def claimable(self: Any, delivery: Any, _now: Any) -> bool:
        return delivery.state is State.PENDING or delivery.owner == self._owner

    return claimable


def _done_again(_original: Function) -> Function:
    def leased(self: Any, message: Any) -> Any:
        return self._memory.deliveries[(message.event.meta.event_id, message.handler)]

    return leased


def _settled_again(original: Function) -> Function:
    def settled(self: Any, delivery: Any, state: Any) -> None:
        if delivery.number in self._memory.waiting:
            original(self, delivery, state)

    return settled


def _unreconciled(_original: Function) -> Function:
    return lambda account, _ports, **_kwargs: (account, ())


def _unswitched(original: Function) -> Function:
    def ordered(trade: Trade, order: Any, last_send: Any, ports: Ports) -> Trade:
        found: Trade = original(trade, order, last_send, replace(ports, switch=Switches((), fixed={})))
        return found

    return ordered


def _never_halted(original: Function) -> Function:
    def reason(self: Any) -> str:
        original(self)
        return ""

    return reason


def _unchecked(_original: Function) -> Function:
    def approved(body: Any, _trade: Any, _context: Any, _limits: Any) -> Any:
        return gate.ApprovedOrder(body=body, seal=gate._SEAL)

    return approved


MUTANTS: Mapping[str, Mutant] = {
    one.name: one
    for one in (
        Mutant(name="a fresh id for each send", patches=((walk, "_unanswered", _fresh_id),)),
        Mutant(name="not found means not sent", patches=((walk, "_unanswered", _not_found_is_not_sent),)),
        Mutant(name="sent before it is committed", patches=((execute, "_decided", _sent_before_commit),)),
        Mutant(name="sent again with a newer price", patches=((walk, "_unanswered", _other_body),)),
        Mutant(name="a refusal of the second send is proof", patches=((answers, "_rejected", _refusal_proves),)),
        Mutant(name="no answer means refused", patches=((sending, "record", _silence_is_refusal),)),
        Mutant(name="a duplicate id means refused", patches=((sending, "record", _duplicate_is_refusal),)),
        Mutant(name="a cancel that was taken is done", patches=((sending, "record", _cancel_is_done),)),
        Mutant(name="pending cancel is terminal", patches=((observe, "_state_of", _pending_cancel_is_terminal),)),
        Mutant(name="filled quantities may shrink", patches=((observe, "_state_of", _fills_may_shrink),)),
        Mutant(
            name="a cancelled order's fills are forgotten", patches=((observe, "_state_of", _partial_fill_forgotten),)
        ),
        Mutant(name="a trade ends with its order resting", patches=((walk, "_resting", _given_up_is_incomplete),)),
        Mutant(
            name="every attempt asks for everything",
            patches=((attempt, "remaining", _whole_again), (gate, "remaining", _whole_again)),
        ),
        Mutant(
            name="a sell of a little more than there is",
            patches=((attempt, "_affordable", _a_little_more), (gate, "_of_the_cover", _answering(()))),
        ),
        Mutant(
            name="a full exit is rounded",
            patches=((attempt, "_affordable", _exit_rounded), (gate, "_of_the_cover", _answering(()))),
        ),
        Mutant(name="buys are not scaled to the money", patches=((execute, "authorise_buys", _authorised_as_planned),)),
        Mutant(name="buys are authorised on equity", patches=((execute, "authorise_buys", _authorised_on_equity),)),
        Mutant(name="buys are authorised twice", patches=((execute, "_authorised", _authorised_again),)),
        Mutant(
            name="each buy spends all the money",
            patches=(
                (attempt, "_affordable", _each_spends_all),
                (gate, "_of_the_cover", _answering(())),
                (gate, "_of_the_traffic", _answering(())),
            ),
        ),
        Mutant(name="the gate is skipped", patches=((execute, "approve", _unchecked),)),
        Mutant(name="the kill switch is not read before a send", patches=((sending, "_ordered", _unswitched),)),
        Mutant(name="the kill switch is ignored", patches=((SeatSwitch, "reason", _never_halted),)),
        Mutant(name="quotes are not looked at", patches=((attempt, "quote_problem", _answering("")),)),
        Mutant(
            name="deadlines are ignored",
            patches=(
                (execute, "deadlines", _late_deadlines),
                (rebalance, "deadlines", _late_deadlines),
            ),
        ),
        Mutant(name="buys begin before sells are final", patches=((trading, "tick", _both_phases_at_once),)),
        Mutant(name="a phase is over with its first trade", patches=((execute, "_result", _over_with_the_first),)),
        Mutant(
            name="trades are not fenced by version",
            patches=((memory_trades, "store_trades", _unfenced),),
        ),
        Mutant(
            name="a second start replaces the run",
            patches=((transaction.MemoryTransaction, "save_run", _run_replaced),),
        ),
        Mutant(
            name="planned again after a crash",
            patches=(
                (transaction.MemoryTransaction, "save_plan", _plan_replaced),
                (trading, "tick", _planned_again),
            ),
        ),
        Mutant(name="cumulative fills are booked as new", patches=((execute, "new_fills", _whole_booked),)),
        Mutant(name="fills are booked at their limit", patches=((execute, "new_fills", _at_last_price),)),
        Mutant(name="the last fill is not booked", patches=((execute, "new_fills", _last_fill_lost),)),
        Mutant(
            name="leases are never taken over", patches=((messages.MemoryEngine, "_is_claimable", _lease_for_ever),)
        ),
        Mutant(
            name="neither deliveries nor events are fenced",
            patches=(
                (events, "event_id", _random_ids),
                (messages.MemoryEngine, "_leased", _done_again),
                (messages.MemoryEngine, "_settle", _settled_again),
            ),
        ),
        Mutant(name="nothing is settled before a run", patches=((start, "reconcile", _unreconciled),)),
        Mutant(name="a run begins on any positions", patches=((start, "refuse_other_positions", _answering(None)),)),
        Mutant(name="a run ends on any positions", patches=((settlement, "mismatches", _answering(())),)),
    )
}


def main() -> int:
    """
    Try every mutant and print what caught it; return 1 when one got away.
    """
    parser = argparse.ArgumentParser(prog="make simulate-mutants", description=__doc__)
    parser.add_argument("--within", type=int, default=_ENOUGH, help="seeds a mutant is given")
    parser.add_argument("--only", help="a part of the name of a mutant")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    chosen = [(name, asked.within) for name in MUTANTS if not asked.only or asked.only in name]
    escaped = 0
    with multiprocessing.Pool(asked.workers) as pool:
        for catch in pool.imap(_tried, chosen):
            escaped += not catch.is_caught
            told = (
                f"seed {catch.seeds - 1:4}  {catch.breach}" if catch.is_caught else f"NOT CAUGHT in {catch.seeds} seeds"
            )
            print(f"{catch.mutant:42} {told}", flush=True)
    print(f"{len(chosen)} mutants, {escaped} not caught")
    return 1 if escaped else 0


def _tried(chosen: tuple[str, int]) -> Catch:
    name, within = chosen
    return caught(MUTANTS[name], within=within)


if __name__ == "__main__":
    sys.exit(main())
