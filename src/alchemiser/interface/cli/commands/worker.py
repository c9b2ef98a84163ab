"""
`alchemiser worker`: deliver messages as they come due.
"""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from alchemiser.application.ports.messaging import Message
from alchemiser.application.work import Stay, work
from alchemiser.container.houses import open_house
from alchemiser.interface.cli.options import json_option, profile_option
from alchemiser.interface.cli.output import stdout

_LONGEST_NAME = 64


@click.command()
@profile_option
@click.option("--once", is_flag=True, help="Deliver what is due at this moment, then leave.")
@click.option(
    "--idle-exit",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Leave after so many seconds without a message. Default: stay until told to stop.",
)
@click.option(
    "--name",
    default=None,
    help="Whose leases are taken up again after a crash; one for each worker of an account. Default: the host's name.",
)
@json_option
def command(profile: str, *, once: bool, idle_exit: float | None, name: str | None, as_json: bool) -> None:
    """
    Deliver messages as they come due; on PostgreSQL several workers may.

    SIGTERM and SIGINT end it after the message it is at.
    """
    called = (name or socket.gethostname() or "worker")[:_LONGEST_NAME]
    delivered = 0
    with _told_to_stop() as stop, open_house(profile, name=called) as house:
        stay = Stay.WHILE_DUE if once else Stay.UNTIL_TOLD
        for message in work(
            house.ports, house.deliveries, house.rest, stay=stay, idle_exit_s=idle_exit, should_stop=stop.is_set
        ):
            delivered += 1
            _show(message, as_json=as_json)
        left = house.deliveries.left_alone()
    if as_json:
        click.echo(json.dumps({"worker": called, "delivered": delivered, "left_alone": list(left)}))
        return
    console = stdout()
    console.print(f"{called} delivered {delivered} message{'s' if delivered != 1 else ''}")
    if left:
        console.print(
            f"Messages of version {', '.join(left)} wait and were left alone: finish their run with that version, "
            "or end it with `alchemiser resume RUN --close`.",
            style="yellow",
        )


def _show(message: Message, *, as_json: bool) -> None:
    event = message.event
    if as_json:
        click.echo(
            json.dumps(
                {
                    "due_at": message.due_at.isoformat(),
                    "run": event.run_id,
                    "event": type(event).__name__,
                    "handler": message.handler,
                    "attempt": message.attempt,
                }
            )
        )
    else:
        click.echo(f"{message.due_at:%Y-%m-%d %H:%M:%S} UTC  {type(event).__name__} → {message.handler}")


class _Stop:
    """
    Whether a signal told to stop.
    """

    def __init__(self) -> None:
        self._told = False

    def is_set(self) -> bool:
        return self._told

    def set(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True


@contextmanager
def _told_to_stop() -> Iterator[_Stop]:
    stop = _Stop()
    before = {number: signal.signal(number, stop.set) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
