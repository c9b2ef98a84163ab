"""
A pause of the garbage collector, for work that makes a great many objects and lets hardly any go.

The collector looks through everything that lives whenever enough was made; here it would find nothing, dozens of times.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """
    Let nothing be collected inside, unless another pause ends meanwhile.
    """
    # Only who has switched it off switches it on again, so pauses may overlap in any way.
    is_ours = gc.isenabled()
    if is_ours:
        gc.disable()
    try:
        yield
    finally:
        if is_ours:
            gc.enable()
