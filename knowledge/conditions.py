"""Conditions: dense, sparse, peak, one-way …: which of those that a sentence names belong to which value."""

from __future__ import annotations

import re

from knowledge.items import Item
from knowledge.sentence import Sentence

# What excludes each other: a value of one and a value of the other are two values of one attribute.
_PHASES = {"phase_1", "phase_2", "phase_3"}
OPPOSED = ({"dense", "sparse"}, {"one_way", "two_way"}, _PHASES)
# Conditions that keep figures apart: 100 TFLOPS dense and 200 TFLOPS sparse of one card are both right.
SEPARATING = frozenset({"measured"}.union(*OPPOSED))

# What a clause that leads the sentence may say of the values behind it, by their dimension; None is any dimension.
_LEADING: dict[str, frozenset[str] | None] = {
    "dense": frozenset({"flops", "ops", "compute_bare"}),
    "sparse": frozenset({"flops", "ops", "compute_bare"}),
    "one_way": frozenset({"bandwidth", "bitrate"}),
    "two_way": frozenset({"bandwidth", "bitrate"}),
    "measured": None,
}


def own_conditions(sentence: Sentence, item: Item) -> set[str]:
    """The conditions of the item's clause that belong to it: with no other quantity between; of opposed ones the nearer.

    With none of its kind in its clause, those of the clause that leads the sentence ("With sparsity enabled, …"), and the
    phase that the sentence named last (二期扩展到10240张，总算力3 EFLOPS).
    """
    own = _in_clause(sentence, item)
    if not own & _PHASES:
        own |= {
            mark.value for mark in [m for m in sentence.of("conditions", end=item.start) if m.value in _PHASES][-1:]
        }
    for value in _led(sentence, item):
        if not any(value in pair and own & pair for pair in OPPOSED):
            own.add(value)
    return own


def _led(sentence: Sentence, item: Item) -> set[str]:
    start, _ = sentence.clause(item.start)
    marks = sentence.of("conditions", end=start)
    if not marks or item.kind != "quantity":
        return set()
    first = sentence.of("quantity")[0].start
    found = set()
    for mark in marks:
        dimensions = _LEADING.get(mark.value, frozenset())
        if mark.start > first or (dimensions is not None and item.value.dimension not in dimensions):
            continue
        begin, end = sentence.clause(mark.start)
        clause = sentence.text[begin:end].strip("，,;； ")
        pattern = sentence.grammar.lexicon.leading_condition.replace(
            "{}", re.escape(sentence.text[mark.start : mark.end])
        )
        supported = any(word in clause.lower() for word in sentence.grammar.lexicon.supporting)
        if not supported and re.search(pattern, clause):
            found.add(mark.value)
    return found


def _in_clause(sentence: Sentence, item: Item) -> set[str]:
    start, end = sentence.clause(item.start)
    marks = [mark for mark in sentence.of("conditions", start=start, end=end) if belongs(sentence, mark, item)]
    for pair in OPPOSED:
        rivals = [mark for mark in marks if mark.value in pair]
        if len({mark.value for mark in rivals}) > 1 and not _together(sentence, rivals):
            nearest = min(rivals, key=lambda mark: max(mark.start - item.end, item.start - mark.end))
            marks = [mark for mark in marks if mark.value not in pair or mark.value == nearest.value]
    return {mark.value for mark in marks}


def _together(sentence: Sentence, marks: list[Item]) -> bool:
    """（稀疏，稠密）: a text that says both at once says neither."""
    return marks[-1].start - marks[0].end <= 2


def belongs(sentence: Sentence, marker: Item, item: Item) -> bool:
    """A condition belongs to the quantity of its clause that is nearest to it."""
    low, high = sorted((marker.start, item.start))
    return not any(low < other.start < high for other in sentence.of("quantity"))
