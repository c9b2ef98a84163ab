"""
Seeded chance, cheap enough for a million texts.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Face = TypeVar("Face")

_BATCH = 128


class Dice:
    """
    The rolls of one text: the same for the same seed, kind and number, whatever was rolled for others.
    """

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._rolls: list[int] = []

    def below(self, count: int) -> int:
        """
        Roll a whole number from 0 up to `count`, exclusive.
        """
        if not self._rolls:
            self._rolls = self._generator.integers(0, 1 << 62, _BATCH).tolist()
        return self._rolls.pop() % count

    def pick(self, faces: Sequence[Face]) -> Face:
        """
        Roll one of several.
        """
        return faces[self.below(len(faces))]

    def happens(self, one_in: int) -> bool:
        """
        Tell whether something happens that does once in so many times.
        """
        return self.below(one_in) == 0
