"""
How long work takes: best and median of several runs, and the most memory a process of its own ever held.
"""

import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

RUNS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """
    Seconds of several runs of the same work.
    """

    best: float
    median: float
    best_cpu: float

    def __str__(self) -> str:
        return f"{self.best * 1e3:9.1f} ms {self.median * 1e3:9.1f} ms   (best CPU time {self.best_cpu * 1e3:.1f} ms)"


def timed(work: Callable[[], object], runs: int = RUNS) -> Times:
    """
    Run work several times; what it returns is let go before the next run.
    """
    seconds, cpu_seconds = [], []
    for _ in range(runs):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - began)
        cpu_seconds.append(time.process_time() - began_cpu)
    return Times(best=min(seconds), median=statistics.median(seconds), best_cpu=min(cpu_seconds))


def peak_megabytes(work: Callable[[], object]) -> float:
    """
    Return the most memory a fresh process held while it did the work, interpreter and imports included.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(work, sender))
    process.start()
    peak = receiver.recv()
    process.join()
    return float(peak)


def _measured(work: Callable[[], object], sender: Connection) -> None:
    work()
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    sender.send(int(peak) / 1024)
