"""Seeded draws that give the same values on every machine.

Everything is drawn as an integer (cents, seconds, grams): floating-point functions may differ in
the last bit from one processor to the next, integers do not.
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
Spread: TypeAlias = Sequence[tuple[int, int, int]]


def generator(seed: int, stream: str, chunk: int = 0) -> np.random.Generator:
    """Return the generator of one named stream; streams and chunks are independent."""
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(stream.encode()), chunk))
    return np.random.Generator(np.random.PCG64(sequence))


def pick(rng: np.random.Generator, size: int, weights: Sequence[int]) -> Ints:
    """Return `size` positions in `weights`, each as often as its weight says."""
    bounds = np.cumsum(weights)
    return np.searchsorted(bounds, rng.integers(bounds[-1], size=size), side="right")


def happens(rng: np.random.Generator, size: int, per_mille: int | Ints) -> Flags:
    """Return `size` coin tosses that are true `per_mille` times in a thousand."""
    return rng.integers(1000, size=size) < per_mille


def spread(rng: np.random.Generator, size: int, bins: Spread) -> Ints:
    """Return `size` integers, uniform within bins of (weight, lowest, highest)."""
    weights, lows, highs = zip(*bins, strict=True)
    chosen = pick(rng, size, weights)
    return rng.integers(np.array(lows)[chosen], np.array(highs)[chosen], endpoint=True)


def ids(seed: int, kind: str, numbers: Ints) -> pl.Series:
    """Return a 32-digit hexadecimal id per number; within a kind no two numbers share one."""
    halves = [hashes(seed, f"{kind}/{half}", numbers) for half in ("first", "second")]
    octets = np.stack(halves, axis=1).astype(">u8").view(np.uint8)
    return pl.Series(octets).cast(pl.List(pl.UInt8)).cast(pl.Binary).bin.encode("hex")


def hashes(seed: int, kind: str, numbers: Ints) -> Hashes:
    """Return 64 random-looking bits per number: a bijection, the finaliser of SplitMix64.

    Unlike a draw it depends on the number alone, so that what belongs to a person or a product
    needs no memory from one chunk to the next.
    """
    key = generator(seed, kind).integers(2**64, size=1, dtype=np.uint64)
    bits = numbers.astype(np.uint64) + key
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
