"""Asked: which attributes a question names outright, and which its vague words may mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.question import Subject
from knowledge.catalog import Catalog, Mention, normalise

Spans = Sequence[tuple[int, int]]
Everyday = Sequence[tuple[re.Pattern[str], tuple[str, ...]]]
_COMPUTE = {"flops", "ops"}
_DATE_NOUN = re.compile(r"(时间|日期|date|time)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """`attributes` are named outright; each of `cues` is a vague word's possible attributes; `spans` is where they stand.

    `topics` are attributes named as something that happened (被列入实体清单) without their date being asked.
    """

    attributes: tuple[str, ...]
    cues: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[int, int], ...]
    topics: tuple[str, ...] = ()

    @property
    def any(self) -> tuple[str, ...]:
        """All attributes that may be meant, in order."""
        return tuple(dict.fromkeys((*self.attributes, *(name for group in self.cues for name in group))))


def asked_in(
    catalog: Catalog,
    text: str,
    names: Spans,
    named: Sequence[Mention],
    subjects: Sequence[Subject],
    when: bool,
    everyday: Everyday = (),
    several: bool = False,
) -> Asked:
    """The attributes asked in `text`; `named` are its attribute mentions, `names` the spans that are subjects' names.

    `everyday` are words that people use for attributes and documents do not (省电). `when` tells that the question asks
    for a date: only then 发布 and 成立 name the attribute. `several` tells that it asks for some of a maker's products.
    """
    marks = [mark for mark in named if not overlaps(mark.start, mark.end, names)]
    hints = [mark for mark in catalog.attribute_mentions(text, cues=True) if not overlaps(mark.start, mark.end, names)]
    plain = normalise(text)
    strong = _outright(catalog, marks, when)
    cues = _vague(hints, marks, strong)
    spans = [(mark.start, mark.end) for mark in (*marks, *hints)]
    companies = bool(subjects) and not several and all(subject.kind == "vendor" for subject in subjects)
    if companies:
        # "How much" asks of a company what companies have, never a price; 上市 is no product's launch.
        cues = tuple(kept for group in cues if (kept := _of_companies(catalog, group)))
        named_outright, strong = strong, _of_companies(catalog, strong)
    fitting = [mark for mark in marks if mark.entry.id in strong] if companies else [*marks, *hints]
    taken = [*names, *((mark.start, mark.end) for mark in fitting)]
    meant = {*strong, *(name for group in cues for name in group)}
    spare: list[tuple[str, ...]] = []
    for words, means in everyday:
        match = words.search(plain)
        own = _of_companies(catalog, means) if companies else means
        if match is None or overlaps(*match.span(), taken) or meant & set(means):
            continue
        if own:
            cues = (*cues, own)
            spans.append(match.span())
        else:
            spare.append(means)
    if companies and not strong and not cues:
        # Nothing that companies have: what was said is asked all the same, and answered as missing.
        strong, cues = named_outright, tuple(spare)
    topics = tuple(
        dict.fromkeys(
            mark.entry.id
            for mark in marks
            if catalog.attributes[mark.entry.id].dimension == "date" and mark.entry.id not in strong
        )
    )
    return Asked(strong, cues, tuple(dict.fromkeys(spans)), topics)


def _of_companies(catalog: Catalog, attributes: Sequence[str]) -> tuple[str, ...]:
    """Those of `attributes` that companies have."""
    return tuple(name for name in attributes if {"vendor", "topic"} & set(catalog.attributes[name].of))


def _outright(catalog: Catalog, marks: Sequence[Mention], when: bool) -> tuple[str, ...]:
    found: list[str] = []
    for mark in marks:
        attribute = catalog.attributes[mark.entry.id]
        if attribute.dimension == "date" and not when and not _DATE_NOUN.search(mark.alias):
            continue
        found.append(attribute.id)
    if any(name != "ai_tops" and catalog.attributes[name].dimension in _COMPUTE for name in found):
        # "FP16 AI算力" is the FP16 figure: the general word adds nothing to the precise one.
        found = [name for name in found if name != "ai_tops"]
    return tuple(dict.fromkeys(found))


def _vague(hints: Sequence[Mention], marks: Sequence[Mention], strong: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    taken = [(mark.start, mark.end) for mark in marks]
    groups: dict[tuple[int, int], list[str]] = {}
    for hint in hints:
        if not overlaps(hint.start, hint.end, taken):
            groups.setdefault((hint.start, hint.end), []).append(hint.entry.id)
    kept = [tuple(dict.fromkeys(names)) for names in groups.values() if not set(names) & set(strong)]
    return tuple(dict.fromkeys(kept))


def overlaps(start: int, end: int, spans: Spans) -> bool:
    """Whether `[start, end)` shares a character with one of `spans`."""
    return any(first < end and start < last for first, last in spans)
