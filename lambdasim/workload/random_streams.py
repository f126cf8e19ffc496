"""Random numbers by name: a draw is a pure function of a key and an index.

A key is made of the seed and of names ("duration", the load, the function); the index counts the draws under it.
There is no generator with a state, so the order in which draws are made, the size of chunks, other functions and
features added later change nothing. The bits are those of SplitMix64 (Steele, Lea, Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014), started at the key and jumped to the index.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

UInt64 = NDArray[np.uint64]
Float64 = NDArray[np.float64]

GOLDEN: Final = 0x9E3779B97F4A7C15
MIX_1: Final = 0xBF58476D1CE4E5B9
MIX_2: Final = 0x94D049BB133111EB
_SUBKEYS: Final = 2**63  # indices from here on are never draws, only subkeys


class Streams(NamedTuple):
    """The streams that some rows are drawn from."""

    keys: UInt64
    of: int | NDArray[np.int64]
    """The number of its key: one for all rows, or (n,)."""

    @property
    def key(self) -> UInt64:
        """The key of all rows, one element, or of each (n,)."""
        return self.keys[self.of : self.of + 1] if isinstance(self.of, int) else self.keys.take(self.of)


def stream_key(seed: int, *names: str) -> int:
    """Return the 64-bit key of the stream that ``seed`` and ``names`` stand for."""
    text = "\0".join((str(seed), *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def stream_keys(seed: int, kind: str, names: Iterable[bytes]) -> UInt64:
    """Return the keys of :func:`stream_key` for many names of one ``kind``, (n,); several in one have a 0 between
    them."""
    begun, digests = blake2b(f"{seed}\0{kind}\0".encode(), digest_size=8), []
    for name in names:
        own = begun.copy()
        own.update(name)
        digests.append(own.digest())
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def bits(key: int | UInt64, index: int | NDArray[np.int64] | UInt64) -> UInt64:
    """Return 64 random bits for each pair of ``key`` and ``index`` (0 or more; the two are broadcast)."""
    z = np.atleast_1d(np.asarray(index)).astype(np.uint64)  # arrays wrap silently where scalars would warn
    z *= np.uint64(GOLDEN)
    z = z + (np.uint64(key) if isinstance(key, int) else key)
    z ^= z >> np.uint64(30)
    z *= np.uint64(MIX_1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(MIX_2)
    z ^= z >> np.uint64(31)
    return z


def uniform(key: int | UInt64, index: int | NDArray[np.int64] | UInt64) -> Float64:
    """Return a number in the open interval (0, 1) for each pair of ``key`` and ``index``.

    They are the odd multiples of 2**-53, so ``1 - u`` is exact and neither end is ever reached.
    """
    u = (bits(key, index) >> np.uint64(12)).astype(np.float64)
    u += 0.5
    u *= 2.0**-52
    return u


def subkey(key: UInt64, number: int) -> UInt64:
    """Return for each key the key of its ``number``-th subordinate stream, for what needs more than one draw."""
    return bits(key, _SUBKEYS + number)
