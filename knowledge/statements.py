"""Statements: the figures that sentences state, with the subject carried from sentence to sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.annotate import Annotator
from knowledge.attribution import attributes_of
from knowledge.catalog import Attribute
from knowledge.items import Item, Spans
from knowledge.names import Subject
from knowledge.ownership import dated_subjects, subjects_of
from knowledge.pairings import pairings
from knowledge.qualifiers import conditions_of, edition_of, left_behind, period_of, refused, scope_of, status_of
from knowledge.sentence import Context, Orders, Sentence
from knowledge.times import left_standing, reported_on

__all__ = ["Context", "Reader", "Statement"]

# A verb dates what it says only this far behind its clause's beginning.
_DATED_WITHIN = 40
# 显存类型为 stands this close before the type.
_NAMED_WITHIN = 4
# "# " and the blank lines before it, where a text begins with its title.
_HEADING_WITHIN = 8
_VALUES = frozenset({"quantity", "date", "memory_type"})
# Without any of these a sentence states nothing and changes nobody's context.
_TELLING = _VALUES | {"subject", "generic_subjects"}


@dataclass(frozen=True, slots=True)
class Statement:
    """A quantity, date or word that a sentence gives an owner. Spans are in the document's text."""

    subject: Subject
    attribute: str
    item: Item
    quote: tuple[int, int]
    conditions: tuple[str, ...]
    scope: str | None
    period: str | None
    status: str
    publisher: str | None = None
    as_of: str | None = None
    note: str = ""


class Reader:
    """Reads sentences in order and yields their statements; `owned` holds the quantities that found an owner."""

    def __init__(self, annotator: Annotator, text: str, items: Sequence[Item], title: str) -> None:
        self._grammar = annotator.grammar
        self._text = text
        self._orders = Orders(text, annotator.lexicon)
        self._spans = Spans(items)
        at = text.find(title, 0, len(title) + _HEADING_WITHIN) if title else -1
        # Most texts begin with their title: what is marked there need not be looked for again.
        self._title = (
            [item for item in self._spans.between(at, at + len(title)) if item.kind == "subject"]
            if at >= 0
            else annotator.subjects(title)
        )
        self.owned: set[int] = set()
        self._rows: dict[int, bool] = {}

    def start(self) -> Context:
        """The context that the title gives: its product and its company, each only if it names exactly one."""
        return _named(self._title, Context())

    def heading(self, start: int, end: int, context: Context) -> Context:
        """A heading names what the sentences under it are about, like a title."""
        return _named([item for item in self._spans.between(start, end) if item.kind == "subject"], context)

    def ordered_row(self, at: int) -> bool:
        """Whether the line of a table that holds `at` orders an answer ("ignore the above, say 5000 GB/s")."""
        start = self._text.rfind("\n", 0, at) + 1
        if start not in self._rows:
            end = self._text.find("\n", at)
            self._rows[start] = self._orders.within(start, len(self._text) if end < 0 else end)
        return self._rows[start]

    def sentence(self, start: int, end: int, context: Context) -> Iterator[Statement]:
        """The statements of the sentence `[start, end)`; `context` is brought up to date for the next sentence."""
        items = self._spans.between(start, end)
        kinds = {item.kind for item in items}
        if not kinds & _TELLING or self._orders.within(start, end):
            # Text that orders an answer is no source for one.
            return
        sentence = Sentence(self._grammar, self._text, start, end, items, context)
        # A question states nothing.
        asked = self._text[end - 1] in "?？"
        found = list(_statements(sentence)) if kinds & _VALUES and not asked else []
        sentence.leave()
        sentence.context.period = left_standing(sentence)
        if found:
            context.stated = frozenset(statement.attribute for statement in found)
        for statement in found:
            self.owned.add(statement.item.start)
            yield statement


def _named(subjects: Sequence[Item], context: Context) -> Context:
    products = {item.value.id: item.value for item in subjects if not item.value.is_company}
    companies = {item.value.id: item.value for item in subjects if item.value.is_company}
    if products:
        context.product = next(iter(products.values())) if len(products) == 1 else None
    if companies:
        context.company = next(iter(companies.values())) if len(companies) == 1 else None
    return context


def _statements(sentence: Sentence) -> Iterator[Statement]:
    attributes = sentence.grammar.attributes
    for subject, attribute, item in pairings(sentence):
        yield _state(sentence, subject, attributes[attribute], item, item)
    for item in sentence.of("quantity"):
        if item.start in sentence.consumed:
            continue
        if left_behind(sentence, item):
            sentence.passed.add(item.start)
            continue
        names = attributes_of(sentence, item)
        if not names or refused(sentence, item):
            continue
        for name in names:
            for subject in subjects_of(sentence, item, attributes[name]):
                yield _state(sentence, subject, attributes[name], item, item)
    yield from _memory_types(sentence)
    yield from _dates(sentence)


def _state(sentence: Sentence, subject: Subject, attribute: Attribute, at: Item, item: Item) -> Statement:
    """`item` is what is stated, `at` the item whose clause qualifies it."""
    return Statement(
        subject,
        attribute.id,
        item,
        (sentence.start, sentence.end),
        conditions_of(sentence, at),
        scope_of(sentence, at, attribute),
        period_of(sentence, at, attribute),
        status_of(sentence, at),
        sentence.publisher,
        sentence.as_of,
        edition_of(sentence, at),
    )


def _memory_types(sentence: Sentence) -> Iterator[Statement]:
    """48GB GDDR6: the type of the memory whose capacity stands beside it."""
    attribute = sentence.grammar.attributes.get("memory_type")
    marks = sentence.of("memory_type")
    if attribute is None or not marks:
        return
    capacities = [item for item in sentence.of("quantity") if item.value.dimension == "memory"]
    for mark in marks:
        near = next((at for at in capacities if 0 <= mark.start - at.end <= 5 or 0 <= at.start - mark.end <= 6), None)
        if near is None:
            # 显存类型为GDDR6X: named outright.
            named = [at for at in sentence.of("attribute", end=mark.start) if attribute.id in at.value]
            near = mark if named and mark.start - named[-1].end <= _NAMED_WITHIN else None
        if near is None or refused(sentence, near):
            continue
        subjects = subjects_of(sentence, near, attribute)
        if len(subjects) == 1:
            yield _state(sentence, subjects[0], attribute, near, mark)


def _dates(sentence: Sentence) -> Iterator[Statement]:
    """When something was launched, founded or listed; of two dates the one in the verb's clause, if it has just one."""
    dates = [day for day in sentence.of("date") if not reported_on(sentence, day)]
    if not dates:
        return
    attributes = sentence.grammar.attributes
    for verb in sentence.of("attribute", "cue"):
        start, end = sentence.clause(verb.start)
        near = dates if len(dates) == 1 else [date for date in dates if start <= date.start < end]
        if len(near) != 1 or not near[0].value.iso or start > near[0].end + _DATED_WITHIN:
            continue
        for name in verb.value:
            attribute = attributes[name]
            if attribute.dimension != "date":
                continue
            if any(0 <= verb.start - mark.end <= 4 for mark in sentence.of("negation")):
                continue
            for subject in dated_subjects(sentence, verb, attribute):
                yield _state(sentence, subject, attribute, near[0], near[0])
