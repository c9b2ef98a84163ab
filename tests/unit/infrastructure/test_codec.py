"""
The codec: exact, canonical, strict.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alchemiser.domain.errors import RecordsError
from alchemiser.domain.events import Event
from alchemiser.domain.execution.order import Closed, Intent, OrderStatus, Taken
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import RebalancePlan
from alchemiser.domain.values import Money, Quantity, Side, price, shares, usd
from alchemiser.infrastructure.codec import EVENT_TYPES, decode, decode_event, encode
from support.builders import START, a_body, a_plan, a_position, an_account, an_intent
from support.records import a_tick, a_vote, every_event

amounts = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12)


@given(amounts)
def test_amounts_keep_every_digit(amount: Decimal) -> None:
    """
    Money and quantities come back with the same value and the same digits.
    """
    assert (str(Money(amount)), str(Quantity(amount))) == (
        str(decode(Money, encode(Money(amount)))),
        str(decode(Quantity, encode(Quantity(amount)))),
    )


def test_amounts_are_bare_texts() -> None:
    """
    An amount is written as a decimal in quotes, without an exponent.
    """
    assert ['"12.50"', '"1000"', '"0.0001"'] == [
        encode(usd("12.50")),
        encode(Money(Decimal("1E+3"))),
        encode(price("1E-4")),
    ]


def test_text_is_canonical() -> None:
    """
    Keys are sorted, nothing is padded, instants are in UTC.
    """
    body = a_body(side=Side.SELL, quantity="0.5", limit="99.95")

    assert (
        f'{{"client_order_id":"{body.client_order_id}","limit":"99.95","quantity":"0.5","side":"sell","symbol":"SPY"}}'
    ) == encode(body)


@pytest.mark.parametrize(
    "value",
    [
        a_plan({"SPY": "1"}, an_account(a_position("TLT", "3"), cash="10"), {"SPY": "600", "TLT": "88.5"}),
        an_account(a_position("SPY", "1.5", available="0.000000001"), cash="-1"),
        an_intent(a_body(), state=Taken(since=START)),
        an_intent(
            a_body(),
            state=Closed(order_id="", status=OrderStatus.REJECTED, filled=shares("0"), average=None, closed_at=START),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_equal(value: RebalancePlan | Account | Intent) -> None:
    """
    Nested values, mappings and unions of states survive.
    """
    assert value == decode(type(value), encode(value))


@pytest.mark.parametrize("event", every_event(), ids=lambda event: type(event).__name__)
def test_events_come_back_equal(event: Event) -> None:
    """
    Every event is found by its type name and read as it was told.
    """
    assert event == decode_event(type(event).__name__, encode(event))


def test_every_event_type_is_tried() -> None:
    """
    The samples of the tests hold each type of event once.
    """
    assert sorted(EVENT_TYPES) == sorted(type(event).__name__ for event in every_event())


def test_instants_are_in_utc() -> None:
    """
    A stored instant is read with its time zone.
    """
    moment = datetime(2026, 7, 31, 19, 45, 0, 123456, tzinfo=UTC)

    assert moment == decode(type(a_tick()), encode(a_tick(at=moment))).meta.occurred_at


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        pytest.param('"run_id"', '"extra":1,"run_id"', "extra", id="unknown field"),
        pytest.param('"kind":"filter"', '"kind":"filter","z":[]', "signal.decisions[1].z", id="deep unknown field"),
        pytest.param('"0.25"', "0.25", "allocation", id="a float for a decimal"),
        pytest.param('"0.25"', '"2.5e-1"', "allocation", id="a decimal spelled otherwise"),
        pytest.param('"0.25"', '"a quarter"', "allocation", id="no decimal"),
        pytest.param('"schema_version":2', '"schema_version":"2"', "schema_version", id="a text for a number"),
        pytest.param('"0.666667"', '"0.766667"', "signal", id="a value the domain refuses"),
        pytest.param('"strategy":"Nuclear",', "", "strategy", id="a missing field"),
    ],
)
def test_refuses_what_it_would_not_write(old: str, new: str, place: str) -> None:
    """
    A stored text that says more, or says it otherwise, is refused with the place.
    """
    text = encode(a_vote())
    assert old in text

    with pytest.raises(RecordsError, match=place.replace("[", r"\[").replace("]", r"\]")):
        decode_event("PartialSignalGenerated", text.replace(old, new))


def test_field_added_later_takes_its_default() -> None:
    """
    A text from before a field with a default existed is still read.
    """
    older = json.loads(encode(a_vote()))
    del older["failure"]

    assert a_vote() == decode_event("PartialSignalGenerated", json.dumps(older))


@pytest.mark.parametrize("text", ["", "[]", "null", '"x"', "{", "{}"])
def test_refuses_what_is_no_value(text: str) -> None:
    """
    A damaged text is a RecordsError, not a crash.
    """
    with pytest.raises(RecordsError, match="expected a stored Account"):
        decode(Account, text)


def test_refuses_an_unknown_event_type() -> None:
    """
    An event of newer code is named.
    """
    with pytest.raises(RecordsError, match="'MoonLanded'"):
        decode_event("MoonLanded", "{}")
