"""
Where the time of a command goes, told on stderr when it is asked for.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

profile_time_option = click.option(
    "--profile-time", "with_times", is_flag=True, help="Tell on stderr where the time went, stage by stage."
)


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """
    The stages of a command so far and their seconds; what came before the first is start-up.
    """

    seconds: dict[str, float] = field(default_factory=lambda: {"start and imports": time.process_time()})

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """
        Count what happens inside towards a stage.
        """
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def tell(self) -> None:
        """
        Print the stages and their sum.
        """
        total = sum(self.seconds.values())
        for name, seconds in [*self.seconds.items(), ("total", total)]:
            click.echo(f"{name:<20}{seconds * 1e3:9.1f} ms {seconds / total:6.1%}", err=True)
