"""Seeded random values that are the same on every machine.

All values are integers (cents, seconds, grams), because floating-point functions may differ in the
last bit between processors.
"""

import zlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Ints: TypeAlias = npt.NDArray[np.int64]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Bins: TypeAlias = Sequence[tuple[int, int, int]]
"""Bins of (weight, lowest, highest)."""


def generator(seed: int, stream: str, chunk: int = 0) -> np.random.Generator:
    """Return the generator of a named stream and chunk; all of them are independent."""
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(stream.encode()), chunk))
    return np.random.Generator(np.random.PCG64(sequence))


def weighted_indices(rng: np.random.Generator, size: int, weights: Sequence[int]) -> Ints:
    """Return `size` indices of `weights`, each with a probability proportional to its weight."""
    bounds = np.cumsum(weights)
    return np.searchsorted(bounds, rng.integers(bounds[-1], size=size), side="right")


def random_flags(rng: np.random.Generator, size: int, per_mille: int | Ints) -> Flags:
    """Return `size` flags that are true with a probability of `per_mille` in a thousand."""
    return rng.integers(1000, size=size) < per_mille


def from_bins(rng: np.random.Generator, size: int, bins: Bins) -> Ints:
    """Return `size` integers: a bin by weight, then a uniform value between its bounds."""
    weights, lows, highs = zip(*bins, strict=True)
    chosen = weighted_indices(rng, size, weights)
    return rng.integers(np.array(lows)[chosen], np.array(highs)[chosen], endpoint=True)


def ids(seed: int, kind: str, numbers: Ints) -> pl.Series:
    """Return a 32-digit hexadecimal id per number; ids of one kind are unique."""
    halves = [hashes(seed, f"{kind}/{half}", numbers) for half in ("first", "second")]
    octets = np.stack(halves, axis=1).astype(">u8").view(np.uint8)
    return pl.Series(octets).cast(pl.List(pl.UInt8)).cast(pl.Binary).bin.encode("hex")


def hashes(seed: int, kind: str, numbers: Ints) -> Hashes:
    """Return 64 pseudo-random bits per number, with the finalizer of SplitMix64, a bijection.

    A hash depends on the number alone, unlike a value of a generator. So the attributes of a person
    or a product are the same in every chunk.
    """
    key = generator(seed, kind).integers(2**64, size=1, dtype=np.uint64)
    bits = numbers.astype(np.uint64) + key
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
