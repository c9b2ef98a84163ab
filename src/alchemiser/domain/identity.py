"""
Derived ids: every id is a function of its inputs, so the same work always has the same name.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import date

from alchemiser.domain.values import Side, Symbol

ORDER_PREFIX = "alc1-"
_LONGEST_ACCOUNT = 12
_ORDER = re.compile(
    rf"{ORDER_PREFIX}(?P<run>.+-(?P<day>\d{{8}})-[a-z]+-\d+)-(?P<symbol>[A-Z0-9][A-Z0-9./-]*)-(?P<side>[BS])-a(?P<attempt>\d+)"
)
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "events.alchemiser")


def run_id(*, account: str, day: date, kind: str, number: int = 1) -> str:
    """
    Name the run of an account, session and kind, such as `DEMO0001-20260731-rebalance-1`.

    Two triggers for the same session give the same run. An account of more than twelve characters is named by its
    first four and eight digits of its hash, so that no two accounts share a run.
    """
    name = account if len(account) <= _LONGEST_ACCOUNT else f"{account[:4]}{content_hash(account)[:8]}"
    return f"{name}-{day:%Y%m%d}-{kind}-{number}"


def event_id(*, causation_id: str, event_type: str, key: str) -> str:
    """
    Name the event of a type and key that one cause brings about.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{causation_id}|{event_type}|{key}"))


def trade_id(*, run: str, symbol: Symbol, side: Side) -> str:
    """
    Name the one trade a run may make in a symbol on a side.
    """
    return f"{run}-{symbol}-{'B' if side is Side.BUY else 'S'}"


def client_order_id(*, trade: str, attempt: int) -> str:
    """
    Name an order attempt of a trade; unique at the broker for ever.
    """
    return f"{ORDER_PREFIX}{trade}-a{attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderName:
    """
    What a client order id of ours says.
    """

    run: str
    day: date
    symbol: Symbol
    side: Side
    attempt: int


def order_name(client_order_id: str) -> OrderName | None:
    """
    Return what a client order id says, None when it is none that `client_order_id` makes.
    """
    found = _ORDER.fullmatch(client_order_id)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:
        return None
    return OrderName(
        run=found["run"],
        day=day,
        symbol=Symbol(found["symbol"]),
        side=Side.BUY if found["side"] == "B" else Side.SELL,
        attempt=int(found["attempt"]),
    )


def content_hash(text: str) -> str:
    """
    Return the SHA-256 of a text, in hex.
    """
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
