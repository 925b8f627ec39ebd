"""Ownership: whom a sentence's value is about, itself or a sentence before it having named them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from knowledge.attribution import NEAR
from knowledge.catalog import Attribute
from knowledge.items import Item
from knowledge.names import Subject
from knowledge.sentence import Sentence

# 48GB的MTT S4000, the 48 GB of the MTT S4000: the owner may follow, this close.
_OF = re.compile(r"(?:的|of the|for the|on the|in the)\s*$")
_OF_WITHIN = 24


def can_have(subject: Subject, attribute: Attribute) -> bool:
    """Whether a subject of this kind has such an attribute at all."""
    if subject.is_company:
        return "vendor" in attribute.of
    if subject.kind == "cluster":
        return "cluster" in attribute.of or "product" in attribute.of
    if subject.kind in ("software", "architecture"):
        # An architecture has a launch and a maker; memory and throughput belong to the chips built on it.
        return attribute.dimension in ("date", "text")
    if subject.kind in ("policy", "topic"):
        return "topic" in attribute.of
    # The total of eight cards is a server's or a cluster's and never the card's.
    return "product" in attribute.of or (subject.kind == "server" and "cluster" in attribute.of)


def subjects_of(sentence: Sentence, item: Item, attribute: Attribute) -> list[Subject]:
    """Whom the value `item` of `attribute` belongs to; several only where the sentence says each, none when unsure."""
    pointed = _pointed_at(sentence, item)
    if pointed is not None:
        return [subject for subject in pointed if can_have(subject, attribute)]
    able = [mark for mark in sentence.subjects if can_have(mark.value, attribute)]
    owner = _attributive(sentence, item, able)
    if owner is not None:
        return [owner]
    before = [mark for mark in able if mark.end <= item.start and not sentence.is_component(mark)]
    if before:
        return _named_before(sentence, before, item, attribute)
    after = [mark for mark in able if mark.start >= item.end and mark.end <= sentence.clause(item.start)[1]]
    if after and not sentence.is_component(after[0]):
        gap = sentence.text[item.end : after[0].start]
        return [after[0].value] if len(gap) <= _OF_WITHIN and _OF.search(gap) else []
    led = _led_by(sentence, item, able)
    if led is not None:
        return [led]
    if any(mark.end <= item.start and sentence.inside_machine(mark) for mark in sentence.subjects):
        # 基于昆仑芯的服务器份额为70%: the machine has no name, and nobody else is meant.
        return []
    # Nobody in this sentence before the quantity: whoever the last sentence or the heading was about.
    company = attribute.of == ("vendor",)
    if not company and any(mark.end <= item.start and not mark.value.is_company for mark in sentence.of("subject")):
        return []
    context = sentence.context
    carried = context.company if company else context.product or (context.company if "vendor" in attribute.of else None)
    return [carried] if carried is not None and can_have(carried, attribute) else []


def _attributive(sentence: Sentence, item: Item, able: Sequence[Item]) -> Subject | None:
    """取代功耗250W的HY-7, 48GB显存的MTT S4000: whose name follows right behind 的 has the value, whoever acts on them."""
    mark = next((mark for mark in able if mark.start >= item.end), None)
    if mark is None or mark.start - item.end > _OF_WITHIN or not sentence.text[: mark.start].endswith("的"):
        return None
    named = sentence.of("attribute", "cue", "memory_type", start=item.end, end=mark.start)
    rest = sentence.text[item.end : mark.start]
    for other in named:
        rest = rest.replace(sentence.text[other.start : other.end], "", 1)
    return mark.value if rest.strip(" 的大高") == "" else None


def _pointed_at(sentence: Sentence, item: Item) -> list[Subject] | None:
    """Whom 前者 or 后者 before the value means, the thing compared with included; None when neither word is there."""
    pointers = sentence.of("latter", "former", end=item.start)
    if not pointers:
        return None
    pointer = pointers[-1]
    if any(pointer.end <= mark.start and mark.end <= item.start for mark in sentence.subjects):
        return None
    named: dict[str, Subject] = {}
    for mark in sentence.of("subject", end=pointer.start):
        if not mark.value.is_company:
            named.pop(mark.value.id, None)
            named[mark.value.id] = mark.value
    if len(named) < 2:
        return []
    return [list(named.values())[-1 if pointer.kind == "latter" else -2]]


def _led_by(sentence: Sentence, item: Item, able: Sequence[Item]) -> Subject | None:
    """凭借320TFLOPS的FP16算力，昇腾910B …: the one product named behind the first clause of such a beginning."""
    products = {mark.value.id: mark.value for mark in sentence.subjects if not mark.value.is_company}
    first = sentence.clause(sentence.start + 1)
    opening = sentence.text[sentence.start : item.start].lstrip().lower()
    if len(products) != 1 or item.end > first[1] or not opening.startswith(sentence.grammar.lexicon.leading):
        return None
    mark = next((mark for mark in able if not mark.value.is_company), None)
    return mark.value if mark is not None and 0 <= mark.start - first[1] <= NEAR else None


def _named_before(sentence: Sentence, before: list[Item], item: Item, attribute: Attribute) -> list[Subject]:
    """The last subject named, or the list that it ends when the sentence says "each"."""
    last = before[-1]
    group = [last]
    for mark in reversed(before[:-1]):
        gap = sentence.gap(mark.end, group[0].start)
        if gap and gap in sentence.grammar.lexicon.joiners:
            group.insert(0, mark)
        elif not (gap == "" and mark.value.kind == "vendor"):
            break
    if len({mark.value.id for mark in group}) > 1:
        return [mark.value for mark in group] if sentence.of("each", start=last.end, end=item.start) else []
    return [] if _another_between(sentence, last, item, attribute) else [last.value]


def _another_between(sentence: Sentence, subject: Item, item: Item, attribute: Attribute) -> bool:
    """Another product stands between the subject and its quantity in the same clause and is not compared with.

    A technology that the subject has (昇腾910B的HCCS互联带宽) is no rival for the value.
    """
    start, _ = sentence.clause(item.start)
    return any(
        mark.start > subject.end
        and mark.end <= item.start
        and mark.start >= start
        and mark.start not in sentence.compared
        and not mark.value.is_company
        and mark.value.id != subject.value.id
        and not sentence.is_component(mark)
        and (mark.value.kind not in ("software", "architecture") or can_have(mark.value, attribute))
        for mark in sentence.of("subject")
    )


def dated_subjects(sentence: Sentence, verb: Item, attribute: Attribute) -> list[Subject]:
    """What was launched, founded or listed: named right behind the verb, or before it; a joined list as a whole."""
    able = [mark for mark in sentence.subjects if can_have(mark.value, attribute)]
    if attribute.of == ("vendor",):
        if not able and sentence.context.company is not None and not sentence.subjects:
            return [sentence.context.company]
        return _one_or_joined(sentence, [mark for mark in able if mark.end <= verb.start] or able)
    able = [mark for mark in able if not mark.value.is_company]
    clause_end = sentence.clause(verb.start)[1]
    behind = [mark for mark in able if verb.end <= mark.start < clause_end and mark.start - verb.end <= NEAR]
    before = [mark for mark in able if mark.end <= verb.start]
    if behind or len({mark.value.id for mark in able}) == 1:
        return _one_or_joined(sentence, behind or before)
    if not able and not sentence.subjects and sentence.context.product is not None:
        return [sentence.context.product]
    return []


def _one_or_joined(sentence: Sentence, marks: Sequence[Item]) -> list[Subject]:
    """The one subject of `marks`, or all of them when they stand as a list (摩尔线程和壁仞科技); else none."""
    if len({mark.value.id for mark in marks}) > 1 and not all(
        sentence.joined(mark.end, following.start) for mark, following in itertools.pairwise(marks)
    ):
        return []
    return list({mark.value.id: mark.value for mark in marks}.values())
