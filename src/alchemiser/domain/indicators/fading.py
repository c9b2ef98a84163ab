"""
Sums that fade: y[t] = keep · y[t-1] + x[t], for many columns, sessions first.

1. cut the sessions into blocks, counted from the first;
2. divide x[t] by keep ** (place of t in its block): within a block, y divided likewise is then a plain running sum.
   What came before counts for less and less, so such a sum loses nothing;
3. a block begins with what the one before hands on.

One addition a session instead of two steps, and few columns need no loop over sessions at all. Blocks begin at the
first session, so no bit depends on later sessions, and none on other columns.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alchemiser.domain.market import Series

BLOCK = 128

# From this many columns on, a loop over sessions beats running sums of one column at a time.
_MANY = 96


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fading:
    """
    Columns on their way through time.

    Args:
        keep: what is kept of each column from one session to the next, shape (columns,).
        forgetful: the columns that keep nothing; they are what comes in.
        shrink: keep to the power of the place in a block, shape (BLOCK, columns).
        grow: one over it.
        handed: what the next block begins with.
    """

    keep: Series
    forgetful: NDArray[np.intp]
    shrink: Series
    grow: Series
    handed: Series

    def on(self, steps: Series) -> None:
        """
        Replace the next inputs by y[t] / keep ** (t mod BLOCK), in place: shape (blocks · BLOCK, columns).
        """
        unkept = steps[:, self.forgetful]
        blocks = steps.reshape(-1, BLOCK, steps.shape[-1])
        np.multiply(blocks, self.grow, out=blocks)
        for block in blocks:
            block[0] += self.handed
            if len(self.keep) < _MANY:
                np.add.accumulate(block, axis=0, out=block)
            else:
                _run(block)
            np.multiply(block[-1], self.shrink[-1], out=self.handed)
            np.multiply(self.handed, self.keep, out=self.handed)
        steps[:, self.forgetful] = unkept


def fading(keep: Series) -> Fading:
    """
    Return columns that have not begun; `keep` is at least 0 and below 1.
    """
    base, places = np.where(keep == 0.0, 1.0, keep), np.arange(float(BLOCK))[:, None]
    return Fading(
        keep=keep,
        forgetful=np.flatnonzero(keep == 0.0),
        shrink=base**places,
        grow=base**-places,
        handed=np.zeros(len(keep)),
    )


def _run(block: Series) -> None:
    before, *rest = block
    for step in rest:
        np.add(step, before, step)
        before = step
