"""
What holds for every walk, whatever the broker does and whenever we crash.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from alchemiser.domain.execution.answers import Accepted, CancelTaken, Duplicate, NoAnswer, Rejected, record
from alchemiser.domain.execution.fills import filled
from alchemiser.domain.execution.order import BrokerOrder, OrderBody, OrderStatus, Trade, TradeStatus
from alchemiser.domain.execution.policy import Deadlines, WalkPolicy, deadlines
from alchemiser.domain.execution.step import Cancel, Step, Submit
from alchemiser.domain.execution.walk import advance
from alchemiser.domain.values import Price, Quantity, Side, shares
from support.builders import CLOSE, START, a_look, a_quote, a_session, a_trade, after

POLICY = WalkPolicy()
SEEDS = st.integers(0, 2**32)
# Seconds from the start of the walk to its phase's last sending.
LEFT = st.sampled_from([3, 12, 70, 720])


@dataclass
class HostileBroker:
    """
    Takes, loses, rejects, fills and cancels orders as its seed draws it; some arrive late, all are shown late or not
    at all for a while.
    """

    seed: int
    draws: int = 0
    now: datetime = START
    orders: dict[str, BrokerOrder] = field(default_factory=dict)
    coming: dict[str, tuple[datetime, OrderBody]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    sent: list[tuple[datetime, OrderBody]] = field(default_factory=list)
    live_at_once: int = 0
    last_live: datetime = START

    def chance(self, *choices: str) -> str:
        self.draws += 1
        digest = hashlib.sha256(f"{self.seed}/{self.draws}".encode()).digest()
        return choices[int.from_bytes(digest[:4], "big") % len(choices)]

    def submit(self, body: OrderBody) -> Accepted | Duplicate | Rejected | NoAnswer:
        self.sent.append((self.now, body))
        if body.client_order_id in self.orders:
            return NoAnswer() if self.chance("tell", "tell", "silence") == "silence" else Duplicate()
        fate = self.chance("take", "take", "take", "lose", "take silently", "take late", "reject")
        if fate == "reject":
            return Rejected(reason="403: no")
        if fate == "lose":
            return NoAnswer()
        if fate == "take late":
            arrives_at = self.now + timedelta(seconds=int(self.chance("5", "20", "65")))
            self.coming.setdefault(body.client_order_id, (arrives_at, body))
            return NoAnswer()
        self._place(body)
        return Accepted(order=self.orders[body.client_order_id]) if fate == "take" else NoAnswer()

    def _place(self, body: OrderBody) -> None:
        self.orders[body.client_order_id] = BrokerOrder(
            id=f"at-broker-{body.client_order_id}",
            body=body,
            status=OrderStatus.NEW,
            filled=shares("0"),
            filled_average=None,
            submitted_at=self.now,
            updated_at=self.now,
        )
        self.live_at_once = max(self.live_at_once, len(self.live()))

    def live(self) -> list[BrokerOrder]:
        return [order for order in self.orders.values() if not order.status.is_terminal]

    def cancel(self, order_id: str) -> CancelTaken | NoAnswer:
        fate = self.chance("take", "take", "take silently", "lose")
        if fate != "lose":
            self.asked.add(order_id)
        return CancelTaken() if fate == "take" else NoAnswer()

    def pass_time(self, until: datetime) -> None:
        self.now = until
        for name, (arrives_at, body) in list(self.coming.items()):
            if name not in self.orders and arrives_at <= until:
                self._place(body)
        for name, order in self.orders.items():
            if not order.status.is_terminal:
                self.orders[name] = self._later(order)
        if self.live():
            self.last_live = until

    def _later(self, order: BrokerOrder) -> BrokerOrder:
        if self.now >= CLOSE:
            return replace(order, status=OrderStatus.EXPIRED, updated_at=CLOSE)
        if order.id in self.asked and self.chance("end", "wait") == "end":
            return replace(order, status=OrderStatus.CANCELED, updated_at=self.now)
        fate = self.chance(*["rest"] * self._calm(), "part", "fill")
        if fate == "part":
            rest = order.body.quantity.value - order.filled.value
            return self._filled(order, order.filled.value + (rest / 3).quantize(Decimal("1e-9")))
        return self._filled(order, order.body.quantity.value) if fate == "fill" else order

    def _calm(self) -> int:
        """
        Some markets fill at once, some hardly ever.
        """
        return (2, 40, 1000)[self.seed % 3]

    def _filled(self, order: BrokerOrder, total: Decimal) -> BrokerOrder:
        is_whole = total == order.body.quantity.value
        return replace(
            order,
            status=OrderStatus.FILLED if is_whole else OrderStatus.PARTIALLY_FILLED,
            filled=Quantity(total),
            filled_average=Price(order.body.limit.value) if total else None,
            updated_at=self.now,
        )

    def shown(self) -> Sequence[BrokerOrder]:
        if self.chance("all", "all", "all", "none") == "none":
            return ()
        lag = timedelta(seconds=6 * (self.seed % 2))
        return tuple(order for order in self.orders.values() if order.submitted_at + lag <= self.now)


def look(trade: Trade, broker: HostileBroker, ends: Deadlines) -> Step:
    quote = a_quote(at=broker.now)
    if broker.chance("sane", "sane", "sane", "broken") == "broken":
        quote = replace(quote, ask=Decimal(0))
    halted = broker.now > after(100) and broker.chance("on", *["off"] * 40) == "on"
    return advance(
        trade, a_look(*broker.shown(), now=broker.now, quote=quote, deadlines=ends, is_halted=halted), POLICY
    )


def walk(trade: Trade, broker: HostileBroker, *, left: int = 720) -> tuple[Trade, int]:
    """
    Walk to the end, so many seconds before the last sending. A crash between commit and effect drops the effect or
    its answer; time then goes on or stands.
    """
    ends = deadlines(trade.side, session=a_session(), started_at=START)
    broker.now = max(START, ends.last_send - timedelta(seconds=left))
    trade = replace(trade, due_at=broker.now)
    looks = 0
    while trade.status is TradeStatus.OPEN:
        looks += 1
        assert looks < 2000, "the walk does not end"
        step = look(trade, broker, ends)
        assert_promises(trade, step.trade)
        trade = step.trade
        crash = broker.chance("none", "none", "none", "none", "before", "after")
        if step.action is not None and crash != "before":
            answer = (
                broker.submit(step.action.body)
                if isinstance(step.action, Submit)
                else broker.cancel(step.action.order_id)
            )
            if crash != "after":
                trade = record(trade, answer, at=broker.now, policy=POLICY)
        if trade.due_at is not None:
            broker.pass_time(max(trade.due_at, broker.now))
    return trade, looks


def assert_promises(before: Trade, now: Trade) -> None:
    assert now.authorised is not None
    assert filled(before) <= filled(now) <= now.authorised <= now.planned
    assert [i.body for i in before.intents] == [i.body for i in now.intents][: len(before.intents)]
    assert now.status is TradeStatus.OPEN or now.due_at is None


@settings(max_examples=300)
@given(SEEDS, st.sampled_from(list(Side)), st.sampled_from(["10", "3.7", "0.5"]))
def test_no_broker_makes_a_walk_trade_too_much(seed: int, side: Side, planned: str) -> None:
    """
    One order is live at a time; fills never exceed what is authorised, at the broker as in our books; the walk ends
    and leaves nothing live behind.
    """
    broker = HostileBroker(seed)

    trade, _ = walk(a_trade(side=side, planned=planned), broker)

    traded = sum((order.filled.value for order in broker.orders.values()), Decimal(0))
    assert trade.authorised is not None
    assert broker.live_at_once <= 1
    assert [] == broker.live()
    assert traded <= trade.authorised.value
    assert filled(trade).value <= traded
    assert broker.now <= CLOSE + timedelta(minutes=2)


@given(SEEDS)
def test_nothing_is_sent_after_the_last_instant(seed: int) -> None:
    """
    Every send is before three minutes to the close, whatever happened before.
    """
    broker = HostileBroker(seed)

    walk(a_trade(), broker)

    assert all(at < after(720) for at, _ in broker.sent)


@given(SEEDS)
def test_one_id_has_one_body(seed: int) -> None:
    """
    However often an order is sent, its id stands for the same body.
    """
    broker = HostileBroker(seed)

    walk(a_trade(), broker)

    assert len({body.client_order_id for _, body in broker.sent}) == len({body for _, body in broker.sent})


@settings(max_examples=300)
@given(SEEDS, st.sampled_from(list(Side)), LEFT)
def test_every_trade_knows_what_it_traded(seed: int, side: Side, left: int) -> None:
    """
    A trade's fills are the broker's, exactly; unresolved is only one whose order never was at the broker.
    """
    broker = HostileBroker(seed)

    trade, _ = walk(a_trade(side=side), broker, left=left)

    traded = sum((order.filled.value for order in broker.orders.values()), Decimal(0))
    assert traded == filled(trade).value
    if trade.status is TradeStatus.UNRESOLVED:
        assert trade.intents[-1].body.client_order_id not in broker.orders


@settings(max_examples=300)
@given(SEEDS, st.sampled_from(list(Side)), LEFT)
def test_nothing_is_live_soon_after_the_last_cancel(seed: int, side: Side, left: int) -> None:
    """
    A minute of looks after the phase's end nothing rests at the broker, but for what arrives only then.
    """
    broker = HostileBroker(seed)
    ends = deadlines(side, session=a_session(), started_at=START)

    walk(a_trade(side=side), broker, left=left)

    arrivals = [arrives_at for arrives_at, _ in broker.coming.values()]
    assert broker.last_live <= max([ends.cancel_at, *arrivals]) + timedelta(minutes=1)


@given(SEEDS)
def test_every_action_is_repeatable(seed: int) -> None:
    """
    A look at a trade whose action may be lost repeats that action for the same order, at the same instant.
    """
    broker = HostileBroker(seed)
    step = advance(a_trade(), a_look(), POLICY)
    assert isinstance(step.action, Submit)
    if broker.chance("rest", "fresh") == "rest":
        answer = Accepted(order=replace_status(broker, step.action.body))
        resting = record(step.trade, answer, at=START, policy=POLICY)
        step = advance(replace(resting, due_at=after(30)), a_look(answer.order, now=after(30)), POLICY)

    again = advance(step.trade, a_look(*broker.orders.values(), now=step.trade.due_at or START), POLICY)

    match step.action, again.action:
        case Submit(body=first), Submit(body=second):
            assert first == second
        case Cancel(order_id=first_id), Cancel(order_id=second_id):
            assert first_id == second_id
        case other:
            raise AssertionError(other)


def replace_status(broker: HostileBroker, body: OrderBody) -> BrokerOrder:
    order = BrokerOrder(
        id="resting",
        body=body,
        status=OrderStatus.NEW,
        filled=shares("0"),
        filled_average=None,
        submitted_at=START,
        updated_at=START,
    )
    broker.orders[body.client_order_id] = order
    return order
