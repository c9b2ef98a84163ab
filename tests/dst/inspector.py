"""
Hold every step of a simulated day against the invariants.

The rules are those of `domain.invariants`, plus what only a simulation can know: the broker's own truth, the true time,
and what became of the day.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from alchemiser.application.ports.records import Run
from alchemiser.application.settlement import expected_positions
from alchemiser.domain.events import Outcome, WorkflowCompleted
from alchemiser.domain.execution.fills import NO_SHARES, filled, filled_by
from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.execution.order import OrderBody, Trade, TradeStatus
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.identity import ORDER_PREFIX
from alchemiser.domain.invariants import (
    Breach,
    authority_breaches,
    broker_breaches,
    cover_breaches,
    ledger_breaches,
    plan_breaches,
    run_breaches,
    send_breaches,
    step_breaches,
    trade_breaches,
)
from alchemiser.domain.ledger.book import cash_change
from alchemiser.domain.values import Money, Quantity, Side, Symbol
from alchemiser.infrastructure.memory.store import Memory
from dst.seat import Seat
from dst.timeline import Timeline
from dst.venue import Order, Venue

# After this nothing may be sent: a day order after the close would wait for the next opening.
_LAST_POST_S = 30.0
_SECOND_LOOK_S, _SKEW_S, _DELAY_S = 300.0, 30.0, 120.0
_WATCHED = {TradeStatus.OPEN, TradeStatus.UNRESOLVED}


class Inspector:
    """
    Watches one world; `breaches` is what it found.
    """

    def __init__(self, timeline: Timeline, memory: Memory, venue: Venue, limits: Limits, walk: WalkPolicy) -> None:
        self.breaches: list[Breach] = []
        self.history: list[tuple[datetime, str, str]] | None = None
        self.closes_at = 0.0
        self.posts = 0
        self.fills = 0
        self.is_accepted = False
        self._timeline = timeline
        self._memory = memory
        self._venue = venue
        self._limits = limits
        self._walk = walk
        self._told: dict[str, str] = {}
        self._booked: dict[str, Quantity] = {}
        self._entries = 0
        self._plans: dict[str, str] = {}
        self._runs: set[str] = set()
        self._closings: dict[str, bool] = {}
        venue.on_taken = self.taken
        venue.on_fill = self.filled

    def fail(self, rule: str, what: str) -> None:
        """
        Note that an invariant does not hold.
        """
        self._note(Breach(rule=rule, what=what))

    def tell(self, who: str, what: str) -> None:
        """
        Write a line of history, when one is kept.
        """
        if self.history is not None:
            self.history.append((self._timeline.instant(self._timeline.now), who, what))

    def committed(self, seat: Seat, before: Mapping[str, Trade], trades: Sequence[Trade]) -> None:
        """
        Hold what was committed against what stood before and the account it was decided on.
        """
        memory = self._memory
        after = [memory.trades[trade.run_id][trade.id] for trade in trades]
        self._book()
        for trade in after:
            old = before[trade.id]
            for breach in (*step_breaches(old, trade), *trade_breaches(trade)):
                self._note(breach)
            self._hold_against_broker(trade)
            if self.history is not None:
                self._tell_step(seat, old, trade)
        if seat.account is not None:
            for breach in (
                *cover_breaches(before, after, seat.account),
                *authority_breaches(before, after, seat.account),
            ):
                self._note(breach)
        if after:
            for breach in run_breaches(list(memory.trades[after[0].run_id].values())):
                self._note(breach)

    def written(self, seat: Seat) -> None:
        """
        Hold new runs and plans against what they must be.
        """
        memory = self._memory
        if len(memory.runs) != len(self._runs):
            for run in memory.runs.values():
                if run.id not in self._runs:
                    self._runs.add(run.id)
                    self._begun(seat, run)
        for run in memory.runs.values():
            if run.closing is not None and run.id not in self._closings:
                self._closings[run.id] = self._agrees(run)
        for run_id, plan in memory.plans.items():
            if run_id not in self._plans:
                self._plans[run_id] = plan.hash
                self.tell(
                    seat.name,
                    f"planned {[(line.action.value, line.symbol, str(line.quantity)) for line in plan.lines]}",
                )
                for breach in (*plan_breaches(plan), *run_breaches(list(memory.trades.get(run_id, {}).values()))):
                    self._note(breach)
            elif self._plans[run_id] != plan.hash:
                self.fail("S8", f"{run_id}: the plan was replaced")

    def sending(self, seat: Seat, body: OrderBody) -> None:
        """
        Hold an order that leaves a process against what is committed, the time and the rails.
        """
        self.posts += 1
        name = body.client_order_id
        self.tell(seat.name, f"sends {body.side} {body.quantity} {body.symbol} at {body.limit} as {name}")
        if seat.halted != "":
            read = "was not read" if seat.halted is None else f"said {seat.halted}"
            self.fail("S9", f"{name}: sent though the kill switch {read}")
        seat.halted = None
        trades = self._siblings(name)
        for breach in send_breaches(body, trades):
            self._note(breach)
        if self._timeline.now > self.closes_at - _LAST_POST_S:
            self.fail("S7", f"{name}: sent {self.closes_at - self._timeline.now:.1f} s before the close")
        trade = next((one for one in trades if one.symbol == body.symbol), None)
        if trade is not None:
            self._hold_rails(seat, body, trade)
        if body.side is Side.BUY:
            self._hold_sells(name, trades)

    def taken(self, order: Order) -> None:
        """
        Hold an order that the broker took against the committed trades and its other orders.
        """
        name = order.body.client_order_id
        self.tell("broker", f"took {name} as {order.id}")
        if not order.is_ours:
            return
        trade = self._trade(name)
        if trade is None:
            self.fail("S1", f"{name}: at the broker without a committed intent")
            return
        if order.body not in [intent.body for intent in trade.intents]:
            self.fail("S1", f"{name}: at the broker with another body than was committed")
        live = [one.body.client_order_id for one in self._orders_of(trade) if one.is_live]
        if len(live) > 1:
            self.fail("S3", f"{trade.id}: {' and '.join(live)} are live")
        if self._timeline.now > self.closes_at:
            self.fail("S7", f"{name}: arrived after the close")

    def filled(self, order: Order, quantity: Decimal) -> None:
        """
        Hold a fill against what was authorised and what is there.
        """
        name = order.body.client_order_id
        self.fills += 1
        self.tell("broker", f"filled {quantity} of {name}, {order.filled} in all")
        if self._venue.cash < 0:
            self.fail("S5", f"{name}: cash is {self._venue.cash}")
        if self._venue.held.get(order.body.symbol, Decimal(0)) < 0:
            self.fail("S4", f"{name}: the position is {self._venue.held[order.body.symbol]}")
        trade = self._trade(name)
        if trade is None:
            return
        total = sum((one.filled for one in self._orders_of(trade)), Decimal(0))
        allowed = (trade.authorised or NO_SHARES).value
        if not total <= allowed <= trade.planned.value:
            self.fail("S2", f"{trade.id}: broker filled {total}, authorised {allowed}, planned {trade.planned}")
        run = self._memory.runs[trade.run_id]
        if trade.status not in _WATCHED and run.outcome is not Outcome.FAILED:
            self.fail("S3", f"{name}: filled after its trade was {trade.status}")

    def day_over(
        self,
        run: Run | None,
        *,
        is_calm: bool,
        halted: frozenset[Symbol],
        is_touched: bool,
        outages: Sequence[tuple[float, float]],
    ) -> None:
        """
        Hold the end of a day against what a day owes.

        Args:
            outages: from when until when the broker answered nobody, or refused our keys.
        """
        for order in self._venue.orders.values():
            if order.is_ours and order.is_live:
                self.fail("S7", f"{order.body.client_order_id}: still live after the day")
        if run is None:
            if is_calm:
                self.fail("P2", "no run was started though nothing went wrong")
            return
        if run.outcome is None:
            self.fail("P2", f"{run.id}: has no outcome an hour after the close")
            return
        trades = list(self._memory.trades.get(run.id, {}).values())
        self._hold_end(run, trades)
        self._book()
        if not self._is_unreachable(run, outages):
            self._hold_look_ups(run, trades)
        self._hold_report(run)
        if is_calm:
            self._hold_complete(run, trades, halted)
        if run.outcome in {Outcome.SUCCESS, Outcome.PARTIAL}:
            self._hold_closing(run)
            if not is_touched:
                self._hold_positions(run, trades)

    def _begun(self, seat: Seat, run: Run) -> None:
        if run.outcome is not None:
            self.tell(seat.name, f"did not begin {run.id}: {run.detail}")
            return
        self.tell(seat.name, f"began {run.id}")
        for order in self._venue.orders.values():
            if order.is_ours and order.is_live:
                self.fail("S7", f"{order.body.client_order_id}: live when {run.id} began")
        earlier = [one for one in self._memory.runs.values() if one.session < run.session and one.opening is not None]
        for before in earlier:
            for trade in self._memory.trades.get(before.id, {}).values():
                if trade.status is TradeStatus.OPEN:
                    self.fail("P2", f"{trade.id}: still open when {run.id} began")
        if earlier and not self.is_accepted:
            self._hold_continuity(earlier[-1], run)

    def _hold_continuity(self, before: Run, run: Run) -> None:
        if before.opening is None or run.opening is None:
            return
        entries = [entry for entry in self._memory.ledger if entry.run_id == before.id]
        held = {symbol: position.quantity for symbol, position in run.opening.held().items()}
        if expected_positions(before.opening, entries) != held:
            self.fail("L2", f"{run.id}: began on positions that {before.id} did not leave")

    def _hold_end(self, run: Run, trades: Sequence[Trade]) -> None:
        open_ = [trade.id for trade in trades if trade.status is TradeStatus.OPEN]
        if open_ and run.outcome is not Outcome.FAILED:
            self.fail("P2", f"{run.id}: ended {run.outcome} with {', '.join(open_)} open")
        entries = [entry for entry in self._memory.ledger if entry.run_id == run.id]
        since = self._timeline.instant(0)
        orders = self._venue.listed(since=since)
        shown = orders if run.outcome is not Outcome.FAILED else None
        for breach in (*ledger_breaches(trades, entries, shown), *broker_breaches(trades, orders)):
            self._note(breach)

    def _is_unreachable(self, run: Run, outages: Sequence[tuple[float, float]]) -> bool:
        # Nobody finds what the broker does not tell at the second look, the last for which workers stay.
        if run.finished_at is None:
            return False
        finished = self._timeline.seconds(run.finished_at)
        earliest, latest = finished + _SECOND_LOOK_S - _SKEW_S, finished + _SECOND_LOOK_S + _DELAY_S
        return any(begins < latest and ends > earliest for begins, ends in outages)

    def _hold_look_ups(self, run: Run, trades: Sequence[Trade]) -> None:
        # Orders that nobody could resolve were looked up one minute and five minutes after the run.
        for trade in trades:
            shown = sum((order.filled for order in self._orders_of(trade)), Decimal(0))
            booked = self._booked.get(trade.id, NO_SHARES).value
            if trade.status is TradeStatus.UNRESOLVED and shown != booked:
                self.fail(
                    "L1", f"{trade.id}: unresolved in {run.id}, broker filled {shown}, booked {booked} in the end"
                )

    def _hold_report(self, run: Run) -> None:
        ends = [e for e in self._memory.events if isinstance(e, WorkflowCompleted) and e.run_id == run.id]
        if len(ends) != 1:
            self.fail("P4", f"{run.id}: {len(ends)} ends were told")
        if run.id not in self._memory.reports:
            self.fail("P4", f"{run.id}: has no report")

    def _hold_complete(self, run: Run, trades: Sequence[Trade], halted: frozenset[Symbol]) -> None:
        if run.outcome is Outcome.FAILED:
            self.fail("P2", f"{run.id}: failed though nothing went wrong: {run.detail}")
        for trade in trades:
            if trade.symbol in halted or trade.status in {TradeStatus.DONE, TradeStatus.SKIPPED}:
                continue
            is_short = halted and trade.side is Side.BUY and "too little" in trade.reason
            if not is_short:
                rule = "P3" if halted else "P2"
                self.fail(rule, f"{trade.id}: {trade.status} ({trade.reason}) though nothing went wrong with it")

    def _agrees(self, run: Run) -> bool:
        # As the books stand now: what an unresolved order is found to have filled is booked later.
        if run.opening is None or run.closing is None:
            return False
        entries = [entry for entry in self._memory.ledger if entry.run_id == run.id]
        held = {symbol: position.quantity for symbol, position in run.closing.held().items()}
        return expected_positions(run.opening, entries) == held

    def _hold_closing(self, run: Run) -> None:
        if run.id not in self._closings:
            self.fail("L2", f"{run.id}: ended {run.outcome} without its accounts")
        elif not self._closings[run.id]:
            self.fail("L2", f"{run.id}: ended {run.outcome} on positions its books do not know")

    def _hold_positions(self, run: Run, trades: Sequence[Trade]) -> None:
        if run.opening is None or run.closing is None:
            return
        entries = [entry for entry in self._memory.ledger if entry.run_id == run.id]
        expected = {symbol: quantity.value for symbol, quantity in expected_positions(run.opening, entries).items()}
        unresolved = any(trade.status is TradeStatus.UNRESOLVED for trade in trades)
        if expected != self._venue.held and not unresolved:
            self.fail("L2", f"{run.id}: books say {expected}, the broker holds {self._venue.held}")
        cash = run.opening.cash + cash_change(entries)
        if cash != Money(self._venue.cash) and not unresolved:
            self.fail("L1", f"{run.id}: books say {cash} cash, the broker has {self._venue.cash}")

    def _hold_rails(self, seat: Seat, body: OrderBody, trade: Trade) -> None:
        limits, name, worth = self._limits, body.client_order_id, body.limit * body.quantity
        away = abs(body.limit.value / trade.plan_price.value - 1)
        if away > limits.collar:
            self.fail("S9", f"{name}: {away:.4f} away from the plan's price")
        if worth > limits.order_notional:
            self.fail("S9", f"{name}: worth {worth}, allowed {limits.order_notional}")
        if seat.account is not None and worth > seat.account.equity * limits.order_fraction:
            self.fail("S9", f"{name}: worth {worth} on equity of {seat.account.equity}")
        if limits.allowed is not None and body.symbol not in limits.allowed:
            self.fail("S9", f"{name}: {body.symbol} is not on the allowlist")
        intent = next((one for one in trade.intents if one.body == body), None)
        if intent is not None:
            bid, ask = intent.bid.value, intent.ask.value
            if not 0 < bid <= ask or (ask - bid) * 2 > (ask + bid) * self._walk.widest_spread:
                self.fail("S9", f"{name}: priced on a bid of {bid} and an ask of {ask}")

    def _hold_sells(self, name: str, trades: Sequence[Trade]) -> None:
        for trade in trades:
            if trade.side is Side.BUY or trade.status is TradeStatus.UNRESOLVED:
                continue
            for order in self._orders_of(trade):
                if order.is_live:
                    self.fail("S6", f"{name}: sent while {order.body.client_order_id} was live")

    def _hold_against_broker(self, trade: Trade) -> None:
        if self._booked.get(trade.id, NO_SHARES) != filled(trade):
            self.fail("L1", f"{trade.id}: filled {filled(trade)}, booked {self._booked.get(trade.id, NO_SHARES)}")
        for intent in trade.intents:
            known = filled_by(intent)[0]
            order = self._venue.orders.get(intent.body.client_order_id)
            if known and (order is None or known.value > order.filled):
                self.fail("L1", f"{intent.body.client_order_id}: filled {known} in the books, not at the broker")

    def _book(self) -> None:
        ledger = self._memory.ledger
        for entry in ledger[self._entries :]:
            self._booked[entry.trade_id] = self._booked.get(entry.trade_id, NO_SHARES) + entry.quantity
        self._entries = len(ledger)

    def _trade(self, client_order_id: str) -> Trade | None:
        place = self._memory.orders.get(client_order_id)
        if place is None:
            return None
        return next((of_run[place[0]] for of_run in self._memory.trades.values() if place[0] in of_run), None)

    def _siblings(self, client_order_id: str) -> list[Trade]:
        trade = self._trade(client_order_id)
        return [] if trade is None else list(self._memory.trades[trade.run_id].values())

    def _orders_of(self, trade: Trade) -> list[Order]:
        prefix = f"{ORDER_PREFIX}{trade.id}-a"
        return [one for name, one in self._venue.orders.items() if name.startswith(prefix)]

    def _note(self, breach: Breach) -> None:
        self.tell("INVARIANT", str(breach))
        self.breaches.append(breach)

    def _tell_step(self, seat: Seat, old: Trade, new: Trade) -> None:
        latest = new.intents[-1].state if new.intents else None
        what = f"{new.id} {new.status}" + (f" ({new.reason})" if new.reason else "")
        if old.authorised is None and new.authorised is not None:
            what += f", authorised {new.authorised}"
        if latest is not None:
            what += f", attempt {len(new.intents)} {latest.kind}, filled {filled(new)}"
        if self._told.get(new.id) != what:
            self._told[new.id] = what
            self.tell(seat.name, f"commits {what}")
