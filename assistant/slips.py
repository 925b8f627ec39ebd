"""Slips: names that are nearly right, by the key beside, a letter missed, or the wrong character of the same sound.

Makers' names and the family words of products (思元 in 思元590) are read in spite of a slip, and the reading is said.
Model codes never are: every digit of them counts.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from knowledge.catalog import Catalog, Entry, Product, normalise

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"[a-z]{4,}")
_FAMILY = re.compile(r"([\u4e00-\u9fff]{2,3}|[A-Za-z]{5,})[ -]?(?=[A-Z]{0,2}\d)")
_CODED = re.compile(r"([\u4e00-\u9fff]{2,3}|[a-z]{5,})[ -]?([a-z]{0,2}\d{2,5}[a-z]{0,2})(?![a-z0-9.])")
# GB 2312 orders its common characters by sound: characters this near each other sound alike (城 and 程, 县 and 线).
_NEAR_IN_ORDER = 14
_COMMON = 3755


@dataclass(frozen=True, slots=True)
class Slip:
    """`text[start:end]` read as `entry`, whose name is `name`."""

    start: int
    end: int
    entry: Entry
    name: str


class Slips:
    """The names that may be meant by nearly the same letters; `homophones` are characters that sound like a rare one."""

    def __init__(self, catalog: Catalog, homophones: Mapping[str, str]) -> None:
        self._homophones = homophones
        vendors = list(catalog.vendors.values())
        self._han: list[tuple[str, Entry]] = [
            (normalise(name), vendor)
            for vendor in vendors
            for name in vendor.names()
            if re.fullmatch(r"[\u4e00-\u9fff]{2,6}", name)
        ]
        self._han.sort(key=lambda item: -len(item[0]))
        self._with: dict[str, list[tuple[int, int]]] = {}
        for number, (name, _) in enumerate(self._han):
            for place, character in enumerate(name):
                self._with.setdefault(character, []).append((number, place))
        self._latin: list[tuple[str, Entry]] = [
            (name.lower(), vendor)
            for vendor in vendors
            for name in vendor.names()
            if re.fullmatch(r"[A-Za-z]{6,}(?: [A-Za-z]{4,})?|[A-Za-z]{5} [A-Za-z]{4,}", name)
        ]
        self._families: dict[str, dict[str, Product]] = {}
        for product in catalog.products.values():
            for name in product.names():
                match = _CODED.fullmatch(normalise(name))
                if match:
                    self._families.setdefault(match.group(1), {})[match.group(2)] = product

    def makers(self, plain: str, taken: Sequence[tuple[int, int]]) -> list[Slip]:
        """Makers' names with a slip in `plain` (normalised), outside the spans in `taken`."""
        found = [*self._han_makers(plain), *self._latin_makers(plain)]
        return [slip for slip in found if not any(a < slip.end and slip.start < b for a, b in taken)]

    def families(self, plain: str, taken: Sequence[tuple[int, int]]) -> list[Slip]:
        """Products whose family word has a slip and whose code is exact (思源590)."""
        found = []
        for match in _CODED.finditer(plain):
            word, code = match.groups()
            start = match.start()
            if len(word) == 3 and not word.isascii():
                # 的思源590: the word before may have begun with a particle.
                word, start = word[1:], start + 1
            if word in self._families or any(a < match.end() and start < b for a, b in taken):
                continue
            for stem, products in self._families.items():
                if code in products and self._alike(word, stem):
                    found.append(Slip(start, match.end(), products[code], products[code].zh))
                    break
        return found

    def _alike(self, written: str, name: str) -> bool:
        if written.isascii() and name.isascii():
            return DamerauLevenshtein.distance(written, name) <= (1 if len(name) < 8 else 2)
        return len(written) == len(name) and self._same_sound(written, name)

    def _han_makers(self, plain: str) -> Iterator[Slip]:
        for run in _HAN.finditer(plain):
            words = run.group()
            # A slip keeps a character in its place: only names that share one there are looked at, long ones first.
            places = {
                (at - place, number)
                for at, character in enumerate(words)
                for number, place in self._with.get(character, ())
            }
            taken: list[tuple[int, int]] = []
            for start, number in sorted(places, key=lambda item: (item[1], item[0])):
                name, vendor = self._han[number]
                window = words[start : start + len(name)] if start >= 0 else ""
                end = start + len(name)
                if len(window) != len(name) or window == name or any(a < end and start < b for a, b in taken):
                    continue
                if self._slipped(window, name):
                    taken.append((start, end))
                    yield Slip(run.start() + start, run.start() + end, vendor, vendor.zh)

    def _slipped(self, window: str, name: str) -> bool:
        same = sum(a == b for a, b in zip(window, name, strict=True))
        if not same:
            return False
        if len(name) >= 3:
            if same >= len(name) - 2 and self._same_sound(window, name):
                return True
            # Whole words of the language are meant as they stand: 中国政策 is no 中国政府.
            return same == len(name) - 1 and window[0] == name[0] and not _words(window)
        # Two characters are a name only when they are no word of the language (海关 is no 海光).
        return self._same_sound(window, name) and not _word(window)

    def _same_sound(self, written: str, name: str) -> bool:
        return any(a == b for a, b in zip(written, name, strict=True)) and all(
            a == b or b in self._homophones.get(a, "") or a in self._homophones.get(b, "") or _near_in_order(a, b)
            for a, b in zip(written, name, strict=True)
        )

    def _latin_makers(self, plain: str) -> Iterator[Slip]:
        words = [match.span() for match in _LATIN.finditer(plain)]
        pairs = [(a, d) for (a, b), (c, d) in itertools.pairwise(words) if plain[b:c] == " "]
        covered = -1
        for start, end in sorted((*pairs, *words), key=lambda span: (span[0], -span[1])):
            found = self._latin_maker(plain[start:end]) if start >= covered else None
            if found is not None:
                covered = end
                yield Slip(start, end, found, found.en)

    def _latin_maker(self, written: str) -> Entry | None:
        for name, vendor in self._latin:
            if abs(len(name) - len(written)) > 2 or written[0] != name[0] or (" " in written and " " not in name):
                continue
            if name.startswith(written) or written.startswith(name):
                continue
            if 0 < DamerauLevenshtein.distance(written, name) <= (1 if len(name) < 9 else 2):
                return vendor
        return None


@functools.lru_cache(maxsize=4096)
def _near_in_order(a: str, b: str) -> bool:
    first, second = _place(a), _place(b)
    return first is not None and second is not None and abs(first - second) <= _NEAR_IN_ORDER


def _place(character: str) -> int | None:
    """Where a common character stands in GB 2312's order by sound; None for rare ones, which are ordered by shape."""
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return None
    if len(code) != 2:
        return None
    place = (code[0] - 0xB0) * 94 + code[1] - 0xA1
    return place if 0 <= place < _COMMON else None


@functools.lru_cache(maxsize=4096)
def _words(text: str) -> bool:
    """Whether `text` is nothing but words of two and more characters."""
    import rjieba

    pieces = rjieba.cut(text, hmm=False)
    return all(len(piece) > 1 for piece in pieces)


@functools.lru_cache(maxsize=4096)
def _word(text: str) -> bool:
    """Whether the dictionary of the language has `text` as one word."""
    import rjieba

    return len(rjieba.cut(text, hmm=False)) == 1
