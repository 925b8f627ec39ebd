"""Pairings: names and values that a sentence lists apart and pairs off in order ("分别为", "respectively")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from knowledge.attribution import fits, passing, specific
from knowledge.items import Item
from knowledge.names import Subject
from knowledge.ownership import can_have, subjects_of
from knowledge.quantities import find_quantities
from knowledge.sentence import Sentence


def pairings(sentence: Sentence) -> Iterator[tuple[Subject, str, Item]]:
    """A和B的显存分别为48GB和64GB; FP16和INT8算力分别为256TFLOPS和512TOPS: (subject, attribute, value), values consumed.

    Lists of unequal length pair nobody off, and their values are consumed all the same: nobody else may have them.
    """
    listed: list[Item] = []
    for marker in sentence.of("respectively"):
        values = _values(sentence, marker)
        if len(values) < 2:
            # 分别 with one value behind it: whose it is, the sentence does not make sure.
            start, end = sentence.clause(marker.end)
            sentence.consumed.update(
                item.start for item in sentence.of("quantity", start=max(start, marker.end), end=end) if item.value.unit
            )
            continue
        first = min(value.start for value in values)
        lead = min(first, marker.start)
        start = max((point for point in sentence.breaks if point < lead), default=sentence.start)
        subjects = [mark for mark in sentence.subjects if mark.start >= start and mark.end <= first]
        products = [mark for mark in subjects if not mark.value.is_company] or subjects
        names = sentence.of("attribute", start=start, end=first)
        sentence.consumed.update(value.start for value in values)
        if not subjects and len(listed) == len(values) and len(names) <= 1:
            # …，功耗分别为300W和250W: the same list goes on.
            products = listed
        if len(products) == len(values):
            listed = products
            yield from _by_subject(sentence, products, values, start, max(first, marker.start))
        elif len(names) == len(values):
            yield from _by_attribute(sentence, names, values)


def _by_subject(
    sentence: Sentence, products: list[Item], values: list[Item], start: int, end: int
) -> Iterator[tuple[Subject, str, Item]]:
    attributes = sentence.grammar.attributes
    named = [name for mark in sentence.of("attribute", start=start, end=end) for name in mark.value]
    hinted = [name for mark in sentence.of("cue", start=start, end=end) for name in mark.value]
    for mark, value in zip(products, values, strict=True):
        fitting = [name for name in named if fits(attributes[name], value.value)] or [
            name for name in hinted if fits(attributes[name], value.value)
        ]
        chosen = set(specific(fitting))
        if len(chosen) == 1 and can_have(mark.value, attributes[next(iter(chosen))]):
            yield mark.value, chosen.pop(), value


def _by_attribute(sentence: Sentence, names: list[Item], values: list[Item]) -> Iterator[tuple[Subject, str, Item]]:
    attributes = sentence.grammar.attributes
    for mark, value in zip(names, values, strict=True):
        fitting = [name for name in mark.value if fits(attributes[name], value.value)]
        if len(fitting) == 1:
            for subject in subjects_of(sentence, value, attributes[fitting[0]])[:1]:
                yield subject, fitting[0], value


def _values(sentence: Sentence, marker: Item) -> list[Item]:
    end = next((p for p in sentence.breaks if p > marker.end and _list_over(sentence, p)), sentence.end)
    listed = sentence.of("quantity", start=marker.end, end=end)
    values = [item for item in _with_units(sentence, listed) if not passing(item) or item.value.dimension == "count"]
    return values if len(values) >= 2 else _values_before(sentence, marker)


def _with_units(sentence: Sentence, items: list[Item]) -> list[Item]:
    """100和400TFLOPS: a bare number joined to a quantity has its unit."""
    read = list(items)
    for at in range(len(read) - 2, -1, -1):
        item, following = read[at], read[at + 1]
        if (
            item.value.dimension != "plain"
            or not following.value.unit
            or not sentence.joined(item.end, following.start)
        ):
            continue
        whole = find_quantities(f"{item.value.text} {following.value.unit}")
        if len(whole) == 1 and whole[0].dimension == following.value.dimension:
            quantity = replace(whole[0], start=item.start, end=item.end, text=item.value.text)
            read[at] = Item(item.start, item.end, "quantity", quantity)
    return read


def _list_over(sentence: Sentence, point: int) -> bool:
    """A comma inside "48GB, 64GB和80GB" does not end the list: something other than a quantity follows it."""
    following = next((item for item in sentence.of("quantity") if item.start >= point), None)
    return following is None or len(sentence.text[point : following.start].strip("，,、和与及 and")) > 2


# Of memory bandwidth, of FP16 compute: as long as what stands between the last value and "respectively" may be.
_OF = 28


def _values_before(sentence: Sentence, marker: Item) -> list[Item]:
    """English puts respectively last: 256 and 512 GB, respectively."""
    values: list[Item] = []
    for item in reversed(sentence.of("quantity", end=marker.start)):
        after = values[-1].start if values else marker.start
        gap = sentence.text[item.end : after].strip(" ,，and与和、及")
        # 40 GB and 80 GB of memory, respectively: what the values are of may stand behind the last.
        named = not values and bool(sentence.of("attribute", "cue", start=item.end, end=after)) and len(gap) <= _OF
        if len(gap) > 2 and not named:
            break
        values.append(item)
    return values[::-1]
