"""
Looks for orders that nobody could resolve, after the run.
"""

from dataclasses import replace

import pytest

from alchemiser.application.look_ups import apply_look_up, prepare_look_up
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.errors import BrokerAuthError, BrokerUnavailable
from alchemiser.domain.events import Phase, UnresolvedLookUpDue
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from support.builders import RUN
from support.desks import a_desk, executed
from support.records import a_meta


def refusing(ports: Ports, refusal: Exception) -> Ports:
    def strike() -> None:
        raise refusal

    return replace(ports, broker=FaultyBroker(ports.broker, Faults(kill_at=1, after=False, strike=strike)))


def look_up(number: int) -> UnresolvedLookUpDue:
    return UnresolvedLookUpDue(meta=a_meta("UnresolvedLookUpDue"), run_id=RUN, number=number)


def with_an_open_end(ports: Ports) -> Ports:
    ports.clock.wait_until(ports.calendar.session(ports.rules.first_session).opens_at)
    executed(ports, Phase.SELLS)
    return ports


REFUSALS = [
    pytest.param(BrokerUnavailable("no answer"), id="no answer"),
    pytest.param(BrokerAuthError("keys are refused"), id="keys refused"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("number", [1, 2])
def test_a_broker_that_cannot_be_asked_is_asked_again_by_the_next_timer(number: int, refusal: Exception) -> None:
    """
    A broker that is down for a while, or refuses our keys, costs one look, not all that are left.
    """
    with a_desk({"SPY": "1"}) as desk:
        ports = with_an_open_end(desk)
        before = ports.ledger.events(RUN)

        look = prepare_look_up(look_up(number), refusing(ports, refusal))
        with ports.engine.begin() as tx:
            apply_look_up(look_up(number), look, tx)

        (following,) = ports.ledger.events(RUN)[len(before) :]
        assert isinstance(following, UnresolvedLookUpDue)
        assert number + 1 == following.number


@pytest.mark.parametrize("refusal", REFUSALS)
def test_no_answer_at_the_last_timer_is_raised(refusal: Exception) -> None:
    """
    No other timer follows; what becomes of the message is for whoever delivers it, and the next start looks again.
    """
    with a_desk({"SPY": "1"}) as desk, pytest.raises(type(refusal)):
        prepare_look_up(look_up(3), refusing(with_an_open_end(desk), refusal))
