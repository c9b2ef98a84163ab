"""
Kills at chosen calls.
"""

import os
import signal
import subprocess
import sys

import pytest

from alchemiser.infrastructure.simulation.clock import ManualClock
from alchemiser.infrastructure.simulation.faults import Faults, FaultyBroker, FaultyQuotes
from support.builders import SPY, START, a_body, approved
from support.venues import DrawnQuotes, a_broker


class Struck(Exception):  # noqa: N818 - what happens, not what is wrong
    """
    Stands for the kill.
    """


def strike() -> None:
    raise Struck


@pytest.mark.parametrize(("after", "taken"), [(False, 0), (True, 1)])
def test_the_chosen_call_strikes_before_or_after_its_effect(after: bool, taken: int) -> None:
    """
    An order is at the broker only when the kill came after the send.
    """
    broker = a_broker(ManualClock(START))
    faulty = FaultyBroker(broker, Faults(kill_at=1, after=after, strike=strike))

    with pytest.raises(Struck):
        faulty.submit(approved(a_body()))

    assert taken == len(broker.orders(since=START))
    broker.close()


def test_calls_of_all_ports_are_counted_together() -> None:
    """
    The third call strikes, whichever port it belongs to.
    """
    clock = ManualClock(START)
    broker = a_broker(clock)
    faults = Faults(kill_at=3, after=False, strike=strike)
    quotes, faulty = FaultyQuotes(DrawnQuotes(clock), faults), FaultyBroker(broker, faults)
    faulty.account()
    quotes.latest([SPY])

    with pytest.raises(Struck):
        faulty.orders(since=START)

    assert 3 == faults.calls
    broker.close()


def test_calls_before_the_chosen_one_pass() -> None:
    """
    Their answers are the port's own.
    """
    broker = a_broker(ManualClock(START))
    faulty = FaultyBroker(broker, Faults(kill_at=9, after=False, strike=strike))

    faulty.cancel("nobody-knows")

    assert (broker.account(), broker.assets([SPY])) == (faulty.account(), faulty.assets([SPY]))
    broker.close()


def test_calls_are_numbered_from_one() -> None:
    """
    There is no call number zero.
    """
    with pytest.raises(ValueError, match="expected a call number from 1, found 0"):
        Faults(kill_at=0, after=False)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_the_kill_is_a_real_one() -> None:
    """
    The process ends by SIGKILL: nothing after the chosen call runs, not even its clean-up.
    """
    program = (
        "from alchemiser.infrastructure.simulation.faults import Faults\n"
        "try:\n    Faults(kill_at=1, after=True).around(lambda: print('effect', flush=True))\n"
        "finally:\n    print('clean-up', flush=True)\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (-signal.SIGKILL, "effect\n") == (ended.returncode, ended.stdout)
