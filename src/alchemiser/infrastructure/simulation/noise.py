"""
Seeded noise that is the same to the last bit on every machine and with every numpy.

Normals are sums of twelve uniform 16-bit words taken straight from the bit generator: integers are added, no
logarithm or linear algebra is involved. A name's stream never depends on how much of it is drawn.
"""

import hashlib
import struct

import numpy as np

from alchemiser.domain.market import Series

_WORDS = 12
_TWELVE_WORDS = struct.Struct(f">{_WORDS}H")


def _generator(seed: int, name: str) -> np.random.PCG64:
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return np.random.PCG64(int.from_bytes(digest, "big"))


def normals(seed: int, name: str, count: int) -> Series:
    """
    Return `count` draws of mean 0 and deviation 1, bounded by 6, for a name.
    """
    words = _generator(seed, name).random_raw(count * _WORDS // 4).view(np.uint16)
    totals = words.reshape(count, _WORDS).sum(axis=1, dtype=np.int64)
    draws: Series = (totals - _WORDS * 32767.5) / 65536.0
    return draws


def uniforms(seed: int, name: str, count: int) -> Series:
    """
    Return `count` draws in [0, 1) for a name.
    """
    raw = _generator(seed, name).random_raw(count) >> np.uint64(11)
    return raw.astype(np.float64) / 2.0**53


def fat_normals(seed: int, name: str, count: int) -> Series:
    """
    Return draws of deviation 1 of which one in twenty-five is twice as wide.
    """
    wide = uniforms(seed, f"{name}/tail", count) < 0.04
    return normals(seed, name, count) * np.where(wide, 2.0, 1.0) / 1.0583


def hashed_normal(key: str) -> float:
    """
    Return one draw of mean 0 and deviation about 1 that is a function of its key.
    """
    words: tuple[int, ...] = _TWELVE_WORDS.unpack_from(hashlib.sha256(key.encode()).digest())
    return (sum(words) - _WORDS * 32767.5) / 65536.0
