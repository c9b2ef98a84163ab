"""
Looks for orders that nobody could resolve, after the run.
"""

from dataclasses import replace

import pytest

from alchemiser.application.look_ups import apply_look_up, prepare_look_up
from alchemiser.application.ports.suite import Ports
from alchemiser.domain.errors import BrokerUnavailable
from alchemiser.domain.events import Phase, UnresolvedLookUpDue
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker
from support.builders import RUN
from support.desks import a_desk, executed
from support.records import a_meta


def silent(ports: Ports) -> Ports:
    def strike() -> None:
        raise BrokerUnavailable("no answer")

    return replace(ports, broker=FaultyBroker(ports.broker, Faults(kill_at=1, after=False, strike=strike)))


def look_up(number: int) -> UnresolvedLookUpDue:
    return UnresolvedLookUpDue(meta=a_meta("UnresolvedLookUpDue"), run_id=RUN, number=number)


def with_an_open_end(ports: Ports) -> Ports:
    ports.clock.wait_until(ports.calendar.session(ports.rules.first_session).opens_at)
    executed(ports, Phase.SELLS)
    return ports


@pytest.mark.parametrize("number", [1, 2])
def test_a_broker_that_does_not_answer_is_asked_again_by_the_next_timer(number: int) -> None:
    """
    A broker that is down for a while costs one look, not all that are left.
    """
    with a_desk({"SPY": "1"}) as desk:
        ports = with_an_open_end(desk)
        before = ports.ledger.events(RUN)

        look = prepare_look_up(look_up(number), silent(ports))
        with ports.engine.begin() as tx:
            apply_look_up(look_up(number), look, tx)

        (following,) = ports.ledger.events(RUN)[len(before) :]
        assert isinstance(following, UnresolvedLookUpDue)
        assert number + 1 == following.number


def test_no_answer_at_the_last_timer_is_told() -> None:
    """
    After the last timer only the next start looks again, so that it is tried as often as any other message.
    """
    with a_desk({"SPY": "1"}) as desk, pytest.raises(BrokerUnavailable):
        prepare_look_up(look_up(3), silent(with_an_open_end(desk)))
