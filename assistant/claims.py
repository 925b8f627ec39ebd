"""Claims: what a text says with a number or a date, and about whom; read alike from sources and from generated text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.annotate import annotator
from knowledge.catalog import Catalog
from knowledge.conditions import SEPARATING
from knowledge.dates import DateMention
from knowledge.documents import Document
from knowledge.figures import Figure, extract
from knowledge.items import Item, Spans
from knowledge.names import Subject
from knowledge.passages import sentences
from knowledge.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Claim:
    """A quantity or a date in a text with its owner.

    `subjects` and `attributes` hold the ids that it may be about; empty when the text does not tell. `sure` is true
    where the extraction of figures gave it that owner, false where it is only the nearest name.
    """

    start: int
    end: int
    text: str
    sentence: tuple[int, int]
    quantity: Quantity | None
    iso: str | None
    subjects: frozenset[str]
    attributes: frozenset[str]
    conditions: frozenset[str] = frozenset()
    scope: str | None = None
    period: str | None = None
    status: str = "stated"
    negated: bool = False
    sure: bool = False
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's span with the subjects and attributes it names, and whether it denies something."""

    start: int
    end: int
    text: str
    subjects: tuple[Item, ...]
    attributes: frozenset[str]
    claims: tuple[Claim, ...]
    negated: bool

    @property
    def subject_ids(self) -> frozenset[str]:
        return frozenset(item.value.id for item in self.subjects)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read: its sentences with their claims, and every subject that it or its title names."""

    text: str
    title: str
    sentences: tuple[Sentence, ...]
    subjects: dict[str, Subject]

    @property
    def claims(self) -> list[Claim]:
        return [claim for sentence in self.sentences for claim in sentence.claims]


def read(text: str, catalog: Catalog, *, title: str = "", published: str | None = None) -> Reading:
    """The claims in `text`; `title` tells what it is about, `published` dates its relative dates."""
    annotate = annotator(catalog)
    text = _with_rule(text)
    items = annotate.annotate(text, published)
    above = annotate.subjects(title)
    document = Document(origin="claims", title=title, text=text, published=published)
    figures: dict[int, list[Figure]] = {}
    for figure in extract(document, catalog).figures:
        figures.setdefault(figure.start, []).append(figure)
    spans = Spans(items)
    reader = _Reader(text, catalog, figures, re.compile(annotate.lexicon.clause_breaks))
    ids = {item.value.id for item in above}
    carried: Subject | None = above[0].value if len(ids) == 1 else None
    read_sentences = []
    for start, end in sentences(text):
        sentence = reader.sentence(start, end, spans.between(start, end), carried)
        read_sentences.append(sentence)
        products = [item.value for item in sentence.subjects if not item.value.is_company] or [
            item.value for item in sentence.subjects
        ]
        carried = products[0] if products else carried
    subjects = {item.value.id: item.value for item in (*above, *(item for item in items if item.kind == "subject"))}
    return Reading(text, title, tuple(read_sentences), subjects)


class _Reader:
    def __init__(self, text: str, catalog: Catalog, figures: dict[int, list[Figure]], breaks: re.Pattern[str]) -> None:
        self._text, self._catalog, self._figures, self._breaks = text, catalog, figures, breaks

    def sentence(self, start: int, end: int, items: Sequence[Item], carried: Subject | None) -> Sentence:
        subjects = tuple(item for item in items if item.kind == "subject")
        attributes = [item for item in items if item.kind in ("attribute", "cue")]
        negations = [item for item in items if item.kind == "negation"]
        conditions = [item for item in items if item.kind == "conditions" and item.value in SEPARATING]
        breaks = [
            start + match.start()
            for match in self._breaks.finditer(self._text[start:end])
            if not self._in_number(start + match.start())
        ]
        dates = [(item.start, item.end) for item in items if item.kind == "date"]
        compared = [item for item in items if item.kind in ("comparison", "weak_comparison")]
        claims = []
        for item in items:
            if item.kind not in ("quantity", "date"):
                continue
            if item.kind == "quantity" and any(start <= item.start and item.end <= end for start, end in dates):
                continue
            clause = (
                max([point for point in breaks if point < item.start], default=start),
                min([point for point in breaks if point >= item.end], default=end),
            )
            claims.append(
                self._claim(
                    item,
                    (start, end),
                    clause,
                    _owners(item, subjects, compared),
                    attributes,
                    negations,
                    conditions,
                    carried,
                )
            )
        return Sentence(
            start,
            end,
            self._text[start:end],
            subjects,
            frozenset(name for item in attributes for name in item.value),
            tuple(claims),
            bool(negations),
        )

    def _in_number(self, at: int) -> bool:
        return 0 < at < len(self._text) - 1 and self._text[at - 1].isdigit() and self._text[at + 1].isdigit()

    def _claim(
        self,
        item: Item,
        sentence: tuple[int, int],
        clause: tuple[int, int],
        subjects: Sequence[Item],
        attributes: Sequence[Item],
        negations: Sequence[Item],
        conditions: Sequence[Item],
        carried: Subject | None,
    ) -> Claim:
        quantity = item.value if isinstance(item.value, Quantity) else None
        iso = item.value.iso if isinstance(item.value, DateMention) else None
        negated = any(clause[0] <= negation.start < clause[1] for negation in negations)
        found = self._figures.get(item.start, [])
        if found:
            first = found[0]
            return Claim(
                item.start,
                item.end,
                self._text[item.start : item.end],
                sentence,
                quantity,
                iso,
                frozenset(figure.subject for figure in found),
                frozenset(figure.attribute for figure in found),
                frozenset(first.conditions) & SEPARATING,
                first.scope,
                first.period,
                first.status,
                negated,
                True,
                first,
            )
        near = self._nearest(item, subjects)
        owner = {near.value.id} if near is not None else {carried.id} if carried is not None else set()
        fitting = [other for other in attributes if self._fitting(other, quantity)]
        here = self._nearest(item, [other for other in fitting if clause[0] <= other.start < clause[1]])
        # 净利润15亿元，同比增长69%: a change goes on about what the clause before it named.
        here = here or self._nearest(item, [other for other in fitting if other.end <= item.start])
        return Claim(
            item.start,
            item.end,
            self._text[item.start : item.end],
            sentence,
            quantity,
            iso,
            frozenset(owner),
            frozenset(self._fitting(here, quantity)) if here is not None else frozenset(),
            frozenset(item.value for item in conditions if clause[0] <= item.start < clause[1]),
            negated=negated,
        )

    def _fitting(self, item: Item, quantity: Quantity | None) -> tuple[str, ...]:
        """Of the attributes that a word may mean those that such a quantity can be of; all for changes and counts."""
        if quantity is None or quantity.dimension not in _MEASURES:
            return tuple(item.value)
        alike = {quantity.dimension} | (_COMPUTE if quantity.dimension in _COMPUTE else set())
        return tuple(name for name in item.value if self._catalog.attributes[name].dimension in alike)

    @staticmethod
    def _nearest(item: Item, others: Sequence[Item]) -> Item | None:
        """The last of `others` before the item, else the first behind it: Chinese and English both name first."""
        before = [other for other in others if other.end <= item.start]
        behind = [other for other in others if other.start >= item.end]
        return before[-1] if before else behind[0] if behind else None


_COMPUTE = {"flops", "ops", "compute_bare"}
_MEASURES = _COMPUTE | {"memory", "bandwidth", "bitrate", "length", "area", "power", "frequency", "bus_width", "money"}


def _owners(item: Item, subjects: Sequence[Item], compared: Sequence[Item]) -> tuple[Item, ...]:
    """The subjects a quantity may be of: not what something is compared with (与 S3000 相比，… 50%), unless it stands
    right before the quantity (高于 S3000 的 32GB)."""
    return tuple(
        subject
        for subject in subjects
        if 0 <= item.start - subject.end <= 4 or not any(0 <= subject.start - word.end <= 2 for word in compared)
    )


def _with_rule(text: str) -> str:
    """A part of a table that lost the rule under its header gets one back, so that it is read as a table."""
    lines = text.split("\n")
    mended: list[str] = []
    for at, line in enumerate(lines):
        mended.append(line)
        starts = line.lstrip().startswith("|") and not (at and lines[at - 1].lstrip().startswith("|"))
        follows = at + 1 < len(lines) and lines[at + 1].lstrip().startswith("|")
        if starts and follows and not re.fullmatch(r"[\s|:\-]+", lines[at + 1]):
            mended.append("|" + " --- |" * max(1, line.count("|") - 1))
    return "\n".join(mended)
