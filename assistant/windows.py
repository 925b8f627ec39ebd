"""Windows: the sentences of the passages found, each with what stands around it and what it has of what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.bounds import Bounds
from assistant.periods import overlap
from assistant.question import Question, Subject
from assistant.retrieval import Hit
from assistant.wants import Traits, Want, Wishes, share
from knowledge.catalog import Catalog, Product, Vendor, fold, fold_name
from knowledge.dates import find_dates
from knowledge.documents import Passage
from knowledge.lexicon import load_lexicon
from knowledge.passages import sentences
from knowledge.sentence import Orders

# What stands in the sentences before or in the title is what a sentence is about, if less surely than its own words.
NEAR, TITLE = 0.9, 0.75
BEFORE = 2
SHORTEST = 8


@dataclass(frozen=True, slots=True)
class Window:
    """One sentence `[start, end)` of a document, with the share of the question that it has (0 to 1)."""

    hit: Hit
    start: int
    end: int
    text: str
    own: Traits
    share: float
    own_share: float
    named: bool
    before: tuple[tuple[int, int, str, Traits], ...]
    dates: tuple[str, ...]
    after: tuple[tuple[int, int], ...] = ()

    @property
    def document_id(self) -> str:
        return self.hit.document.id

    @property
    def score(self) -> float:
        """What windows are put in order by: what they have of the question, then how well their passage was found."""
        return self.share + 0.15 * self.own_share + 0.15 * self.hit.score + (0.05 if self.named else 0.0)


def is_sentence(text: str) -> bool:
    """Whether a stretch of text reads as a sentence: not a heading, a rule, a row of a table or a bare label."""
    text = text.strip()
    return len(text) >= SHORTEST and text[0] not in "#|" and not set(text) <= set("|-:=* \n")


def told_by_another(text: str) -> bool:
    """Whether a sentence says first who says what follows ("据…，")."""
    return text.lstrip().casefold().startswith(("据", "根据", "according to"))


class Windows:
    """Cuts hits into windows for a question."""

    def __init__(self, catalog: Catalog, wishes: Wishes) -> None:
        self._catalog = catalog
        self._wishes = wishes

    def of(
        self, question: Question, wants: Sequence[Want], hits: Iterable[Hit], rows: bool = False, anytime: bool = False
    ) -> Iterator[Window]:
        """The sentences (with `rows`, the table rows) in `hits` that are about every subject of the question.

        Left out are those of another time than the question names (unless `anytime`), and text that gives orders to whoever reads it.
        """
        asked = self._wishes.dates(question) if not anytime else []
        open_ended = Bounds.of(question, self._catalog) if question.since and not question.until else None
        names = [want for want in wants if want.name]
        for hit in hits:
            passage, document = hit.passage, hit.document
            if passage.table is not rows:
                continue
            title = "\n".join((document.title, *passage.heading, passage.header))
            head = self._wishes.traits(title)
            head_ids = self._mentioned(title)
            orders = Orders(passage.text, load_lexicon())
            spans = sentences(passage.text)
            previous: list[tuple[int, int, str, Traits]] = []
            for start, end in spans:
                text = passage.text[start:end]
                if (not rows and not is_sentence(text)) or (rows and (start == 0 or set(text) <= set("|-: \n"))):
                    continue
                if orders.within(start, end):
                    continue
                # A data sheet's prose is its table in sentences (据…，X的Y为Z): nothing for a question that asks no figure.
                if document.kind == "spec" and not rows and told_by_another(text) and not question.asked_attributes:
                    continue
                own = self._wishes.traits(text)
                before = tuple(previous[-BEFORE:]) if not rows else ()
                previous.append((passage.start + start, passage.start + end, text, own))
                around = " ".join(item[2] for item in before)
                ids, near_ids = self._mentioned(text), self._mentioned(around)
                if not all(
                    self._about(subject, ids | near_ids | head_ids, f"{title}\n{around}\n{text}")
                    for subject in question.subjects
                ):
                    continue
                near = own
                for item in before:
                    near = near | item[3]
                whole = near | head
                if not all(want.in_(whole) for want in names):
                    continue
                dates = tuple(date.iso for date in find_dates(text, document.published))
                if asked and not self._in_time(asked, text, dates, before, document.published, open_ended):
                    continue
                named = all(self._about(subject, ids, text) for subject in question.subjects)
                own_share = share(wants, own)
                total = max(share(wants, own, whole, TITLE), share(wants, own, near, NEAR) if before else 0.0)
                after = () if rows else self._following(passage, spans, end, orders)
                yield Window(
                    hit,
                    passage.start + start,
                    passage.start + end,
                    text,
                    own,
                    total,
                    own_share,
                    named,
                    before,
                    dates,
                    after,
                )

    @staticmethod
    def _following(
        passage: Passage, spans: Sequence[tuple[int, int]], end: int, orders: Orders
    ) -> tuple[tuple[int, int], ...]:
        """The sentence behind `end`, if one follows that reads as one and gives no orders."""
        following = next(((start, stop) for start, stop in spans if start >= end), None)
        if following is None or not is_sentence(passage.text[slice(*following)]) or orders.within(*following):
            return ()
        return ((passage.start + following[0], passage.start + following[1]),)

    def _mentioned(self, text: str) -> frozenset[str]:
        return frozenset(mention.entry.id for mention in self._catalog.mentions(text)) if text else frozenset()

    def _about(self, subject: Subject, mentioned: frozenset[str], text: str) -> bool:
        """Whether a text that mentions these entries is about `subject`: itself, its own product, its own variant."""
        if subject.id in mentioned:
            return True
        entry = self._catalog.vendors.get(subject.id) or self._catalog.products.get(subject.id)
        if entry is None:
            folded = fold(text)[0]
            return fold_name(subject.name) in folded or (
                subject.id.startswith("~") and subject.id.removeprefix("~") in folded
            )
        for name in mentioned:
            other = self._catalog.products.get(name)
            if other is None:
                continue
            if isinstance(entry, Vendor) and other.vendor == entry.id:
                return True
            if (
                isinstance(entry, Product)
                and other.vendor == entry.vendor
                and (other.zh.startswith(entry.zh) or other.en.startswith(entry.en))
            ):
                return True
        return False

    @staticmethod
    def _in_time(
        asked: Sequence[str],
        text: str,
        dates: Sequence[str],
        before: Sequence[tuple[int, int, str, Traits]],
        published: str | None,
        open_ended: Bounds | None,
    ) -> bool:
        # A year of its own decides; 第四季度 alone is of the year that the sentences before it speak of.
        found = tuple(date for date in dates if date[:4] in text)
        found = found or (*dates, *(date.iso for item in before for date in find_dates(item[2], published)))
        if not found:
            found = (published,) if published else ()
        if open_ended is not None:
            return any(open_ended.holds(date) for date in found)
        return all(any(overlap(date, wanted) for date in found) for wanted in asked)
