"""Reprints: near-identical articles found by MinHash, and told apart from edits that change a number."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any

PERMUTATIONS = 64
ROWS = 4
SHINGLE = 5
# Shorter texts share too many shingles by chance.
SHORTEST = 80

# Fewer numbers than these are shared by chance.
FEWEST = 3

_NUMBER = re.compile(r"\d+(?:\.\d+)?\s?(?:[A-Za-z%/]+|[万亿千百元张颗卡年月日倍]+)?")


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


def bands(signed: bytes, text: str = "") -> list[str]:
    """The signature cut into bands: two texts 0.8 alike share at least one with a probability above 0.999.

    With `text`, one more for its numbers: reports that fill in one form share every other band, and only the printings
    of one of them share its numbers.
    """
    width = ROWS * 4
    cut = [f"{at // width}:{signed[at : at + width].hex()}" for at in range(0, len(signed), width)]
    numbers = _figures(text)
    return [*cut, f"n:{_hash(' '.join(numbers).encode()):08x}"] if len(numbers) >= FEWEST else cut


def same_figures(a: str, b: str) -> bool:
    """Whether one text's numbers, each with what it counts, stand in the other's in the same order.

    A reprint may be cut short, never altered: 25亿 is not 25万, and 320 and 256 must not change places.
    """
    left, right = _figures(a), _figures(b)
    if len(left) > len(right):
        left, right = right, left
    rest = iter(right)
    return all(number in rest for number in left)


def _figures(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).replace(",", "")
    return [match.group().replace(" ", "").casefold() for match in _NUMBER.finditer(plain)]
