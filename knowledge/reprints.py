"""Reprints: near-identical articles found by MinHash, and told apart from edits that change a number."""

from __future__ import annotations

import functools
import re
from typing import Any

PERMUTATIONS = 64
ROWS = 4
SHINGLE = 5
# Shorter texts share too many shingles by chance.
SHORTEST = 80

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@functools.lru_cache(maxsize=1)
def _empty() -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=_hash)


def _hash(data: bytes) -> int:
    import xxhash

    return int(xxhash.xxh32_intdigest(data))


def signature(text: str) -> bytes | None:
    """The MinHash of the character shingles of `text` (Broder 1997; datasketch), or None for a short text."""
    letters = "".join(character for character in text if character.isalnum())
    if len(letters) < SHORTEST:
        return None
    shingles = {letters[at : at + SHINGLE].encode() for at in range(len(letters) - SHINGLE + 1)}
    made = _empty().copy()
    made.update_batch(shingles)
    values: bytes = made.hashvalues.astype("<u4").tobytes()
    return values


def similarity(a: bytes, b: bytes) -> float:
    """The estimated Jaccard similarity of two signatures, 0 to 1 (standard error about 0.06)."""
    import numpy

    left, right = numpy.frombuffer(a, "<u4"), numpy.frombuffer(b, "<u4")
    return float((left == right).mean())


def bands(signed: bytes) -> list[str]:
    """The signature cut into bands: two texts 0.8 alike share at least one with a probability above 0.999."""
    width = ROWS * 4
    return [f"{at // width}:{signed[at : at + width].hex()}" for at in range(0, len(signed), width)]


def same_figures(a: str, b: str) -> bool:
    """Whether the smaller of two texts has no number that the other lacks: a reprint may be cut, never altered."""
    left, right = set(_NUMBER.findall(a)), set(_NUMBER.findall(b))
    return left <= right or right <= left
