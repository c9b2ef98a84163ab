"""
Send what was committed, and take in the answers.

The kill switch and the clock are read again right before each order goes out: since the decision another process may
have halted everything, or this one may have slept past the last instant for sending.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from alchemiser.application.log import Log
from alchemiser.application.ports.broker import Broker
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.errors import (
    BrokerAuthError,
    BrokerUnavailable,
    DuplicateClientOrderId,
    InsufficientBuyingPower,
    NotFractionable,
    OrderRefused,
    OrderRejected,
    RecordsError,
)
from alchemiser.domain.execution.answers import (
    Accepted,
    Answer,
    CancelTaken,
    Duplicate,
    NoAnswer,
    Rejected,
    record,
    refused,
    withheld,
)
from alchemiser.domain.execution.gate import ApprovedOrder
from alchemiser.domain.execution.order import RejectionCause, Trade

log = Log()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """
    A trade as it was, as it is to be committed, and what is to be sent then.
    """

    before: Trade
    after: Trade
    order: ApprovedOrder | None = None
    cancel: str = ""


def sent(
    moves: Sequence[Move], *, last_send: datetime, ports: Ports
) -> tuple[list[Move], BrokerAuthError | RecordsError | None]:
    """
    Do what the moves ask of the broker; return a move for each answer, and what ended it early: the broker does not
    accept us, or the kill switch cannot be read.

    What was answered before that still counts: a rejection is told only once.
    """
    answered: list[Move] = []
    try:
        # Whatever was told before something is raised stays in the list.
        answered.extend(_answers(moves, last_send, ports))
    except (BrokerAuthError, RecordsError) as exc:
        return answered, exc
    return answered, None


def _answers(moves: Sequence[Move], last_send: datetime, ports: Ports) -> Iterator[Move]:
    for move in moves:
        if move.order is not None:
            yield Move(before=move.after, after=_ordered(move.after, move.order, last_send, ports))
        elif move.cancel:
            yield Move(before=move.after, after=_answered(move.after, _cancel(move.cancel, ports.broker), ports))


def _ordered(trade: Trade, order: ApprovedOrder, last_send: datetime, ports: Ports) -> Trade:
    walk = ports.rules.walk
    halted, now = ports.switch.reason(), ports.clock.now()
    if halted or now >= last_send:
        reason = f"kill switch: {halted}" if halted else "deadline"
        log.warning("order_withheld", trade_id=trade.id, reason=reason)
        return withheld(trade, reason, at=now, policy=walk)
    try:
        answer = _submit(order, ports.broker)
    except OrderRefused as refusal:
        log.warning("order_refused_at_the_broker", trade_id=trade.id, rail=refusal.rail, error=str(refusal))
        return refused(trade, str(refusal), at=now, policy=walk)
    return _answered(trade, answer, ports)


def _answered(trade: Trade, answer: Answer, ports: Ports) -> Trade:
    log.info("broker_answered", trade_id=trade.id, answer=type(answer).__name__)
    return record(trade, answer, at=ports.clock.now(), policy=ports.rules.walk)


def _submit(order: ApprovedOrder, broker: Broker) -> Answer:
    try:
        return Accepted(order=broker.submit(order))
    except DuplicateClientOrderId:
        return Duplicate()
    except OrderRejected as rejection:
        return Rejected(reason=f"{rejection.code}: {rejection.reason}", cause=_cause(rejection))
    except BrokerUnavailable:
        return NoAnswer()


def _cause(rejection: OrderRejected) -> RejectionCause:
    match rejection:
        case InsufficientBuyingPower():
            return RejectionCause.BUYING_POWER
        case NotFractionable():
            return RejectionCause.FRACTIONS
        case _:
            return RejectionCause.OTHER


def _cancel(order_id: str, broker: Broker) -> Answer:
    try:
        broker.cancel(order_id)
    except BrokerUnavailable:
        return NoAnswer()
    return CancelTaken()
