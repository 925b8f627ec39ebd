"""Excerpts: exact sentences that answer an open question, in order, grouped by source, each cited."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from assistant.concepts import Concepts
from assistant.draft import Draft
from assistant.exact_words import proper_words
from assistant.ledger import Ledger
from assistant.question import Question
from assistant.retrieval import Hit
from assistant.wants import Traits, Want, Wishes
from assistant.windows import Window, Windows
from knowledge.catalog import Catalog, Vendor

# The share of what is asked that one sentence with its surroundings must have. Measured with `python -m evals.refusal`:
# below it sentences are about something else. A question that names nobody has only its words to go by.
ENOUGH, ENOUGH_UNNAMED = 0.6, 0.75
MOST = 5
PER_DOCUMENT = 3
# A sentence whose share is this much below the best one's is beside the question; a question for one thing is stricter.
BESIDE, BESIDE_ONE = 0.2, 0.1
# Two sentences that share this much of their words say the same (Jaccard).
SAME = 0.6

Aspect = Literal["why", "who", "definition", "open"]
_PERSON = re.compile(r"(?<![A-Za-z])[A-Z][a-z]+ (?:[A-Z][a-z]+|[A-Z]\.)")


class Excerpts:
    """Chooses sentences for open questions; tells what is missing where nothing answers."""

    def __init__(self, catalog: Catalog, concepts: Concepts) -> None:
        self._catalog = catalog
        self._concepts = concepts
        self._wishes = Wishes(catalog, concepts)
        self._windows = Windows(catalog, self._wishes)

    def aspect(self, question: Question) -> Aspect:
        """What kind of answer an open question wants."""
        for kind in ("why", "definition", "who"):
            if self._concepts.asks(kind, question.text):
                return kind  # type: ignore[return-value]
        return "open"

    def answer(self, draft: Draft, question: Question, hits: Sequence[Hit], articles: Mapping[str, str]) -> bool:
        """Adds one to five quoted sentences to `draft`; False when nothing in `hits` answers the question."""
        wants = self._wishes.of(question)
        aspect = self.aspect(question)
        # A reason is one for something: of one name alone there is nothing to give a reason for, of two there is what
        # the one has to do with the other (英伟达为啥要做A800).
        if not wants and len(question.subjects) < (2 if aspect in ("why", "who") else 1):
            return False
        enough = ENOUGH if question.subjects else ENOUGH_UNNAMED
        found = [window for window in self._windows.of(question, wants, hits) if window.share >= enough]
        found = [window for window in found if self._fits(aspect, window, question, wants)]
        if not found and aspect in ("open", "who"):
            # A row of a data sheet answers an open question only when it has every word of it.
            found = [
                window
                for window in self._windows.of(question, wants, hits, rows=True)
                if wants and window.own_share >= 1
            ]
            found = [window for window in found if self._fits(aspect, window, question, wants)]
        chosen = _chosen(sorted(found, key=lambda window: -window.score), wants, articles, aspect)
        if not chosen:
            return False
        spans = [span for window in chosen for span in _spans(window, wants)]
        if len(spans) == 1 and aspect == "open" and not question.asked_attributes:
            spans += [(chosen[0].hit, *following) for following in chosen[0].after[:1]]
        say(draft, spans)
        return True

    def nearest(self, question: Question, hits: Sequence[Hit], anytime: bool = False) -> Window | None:
        """The sentence that says most of what is asked without answering it, if it says half of it.

        With `anytime` it may be of another time than is asked.
        """
        wants = self._wishes.of(question)
        found = [
            window
            for window in self._windows.of(question, wants, hits, anytime=anytime)
            if wants and window.own_share >= 0.5
        ]
        return max(found, key=lambda window: window.score, default=None)

    def wants(self, question: Question) -> tuple[Want, ...]:
        return self._wishes.of(question)

    def missing(self, question: Question, hits: Sequence[Hit], ledger: Ledger) -> list[str]:
        """The words of the question that no sentence about its subjects has, and no figure of theirs."""
        wants = self._wishes.of(question)
        together = Traits(frozenset(), frozenset(), frozenset())
        for window in self._windows.of(question, wants, hits):
            together = together | window.own
        stated = {item for subject in question.subjects for item in ledger.attributes_of(subject.id)}
        return [
            want.text
            for want in wants
            if not want.in_(together) and not want.attributes & stated and len(want.text) > 1
        ]

    def asks_beyond(self, question: Question) -> bool:
        """Whether a question asks for more than attributes of the catalogue: 下单了多少颗, 谁中标金额最大."""
        asked, wants = set(question.asked_attributes), self._wishes.of(question)
        if not question.subjects:
            # A name or a thing that nobody knows (甘肃庆阳项目, Dojo) is no question to ask back about.
            return any(want.name or (want.weight >= 1 and not want.attributes & asked) for want in wants)
        if question.conditions or question.scope:
            # What is missing then is the figure under that condition.
            return False
        return any(want.weight >= 1 and want.concepts and not want.attributes & asked for want in wants)

    def asks_maker(self, question: Question) -> bool:
        """Whether a question about who asks nothing but who makes a product (谁研发的), not who bought or took it apart."""
        making = self._concepts.making
        return all(want.concepts & making or want.weight < 1 for want in self._wishes.of(question))

    def may_explain(self, question: Question) -> bool:
        """Whether a question without a known name may be one of the field: 什么是超节点, 2022年10月新规涉及哪些内容."""
        wants = [want for want in self._wishes.of(question) if want.concepts]
        if self.aspect(question) == "definition" and wants:
            return True
        return sum(want.weight >= 1 for want in wants) + bool(question.dates) >= 2

    def _fits(self, aspect: Aspect, window: Window, question: Question, wants: Sequence[Want]) -> bool:
        if aspect == "why":
            return self._concepts.gives_reason(window.text)
        if aspect == "who":
            return self._names_another(window, question)
        if question.intent == "when" and not window.dates:
            return False
        if question.asked_attributes and aspect == "open":
            # How many, how much: a sentence without a number does not say, and one that does not name the subject may
            # say it of another.
            says = window.named and window.own_share >= ENOUGH
            return says and any(character.isdigit() for character in window.text)
        if aspect == "definition" and not question.subjects:
            return any(self._concepts.explains(window.text, want.text) for want in wants)
        return True

    def _names_another(self, window: Window, question: Question) -> bool:
        """Whether a sentence names a company or a person that the question does not."""
        text = window.text
        asked = {subject.id for subject in question.subjects}
        publisher = window.hit.document.publisher or ""
        for mention in self._catalog.mentions(text):
            if isinstance(mention.entry, Vendor) and mention.entry.id not in asked:
                maker = {self._catalog.products[item].vendor for item in asked if item in self._catalog.products}
                if mention.entry.id not in maker or aspect_of_maker(question):
                    return True
        known = question.text + publisher
        return any(name not in known for name in (*_PERSON.findall(text), *proper_words(text)))


def aspect_of_maker(question: Question) -> bool:
    """Whether the maker of a product itself may be the answer: who built it, who announced it."""
    return all(subject.kind != "vendor" for subject in question.subjects)


def _chosen(
    found: Sequence[Window], wants: Sequence[Want], articles: Mapping[str, str], aspect: Aspect
) -> list[Window]:
    """The best windows that say something different from each other, at most three of a document, one printing of each."""
    chosen: list[Window] = []
    printed: dict[str, str] = {}
    best = found[0].share if found else 0.0
    for window in found:
        if len(chosen) >= (3 if aspect in ("why", "who") else MOST):
            break
        article = articles.get(window.document_id, window.document_id)
        if printed.setdefault(article, window.document_id) != window.document_id:
            continue
        if sum(other.document_id == window.document_id for other in chosen) >= PER_DOCUMENT:
            continue
        # What says much less of the question than the best does is beside it.
        if window.share < best - (BESIDE_ONE if aspect in ("why", "who") else BESIDE) or (
            chosen and wants and window.own_share < 0.5
        ):
            continue
        if any(_same(window.own, other.own) for other in chosen):
            continue
        chosen.append(window)
    order = {window.document_id: at for at, window in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda window: (order[window.document_id], window.start))


def _spans(window: Window, wants: Sequence[Want]) -> list[tuple[Hit, int, int]]:
    """The window's sentence, after those before it that say what it leaves out (a reason without its event)."""
    spans = [(window.hit, window.start, window.end)]
    if window.own_share >= 1 or not window.before:
        return spans
    lacking = [want for want in wants if not want.in_(window.own)]
    for start, end, _, traits in reversed(window.before):
        if any(want.in_(traits) for want in lacking):
            spans.append((window.hit, start, end))
            lacking = [want for want in lacking if not want.in_(traits)]
    return spans[::-1]


def _same(a: Traits, b: Traits) -> bool:
    union = len(a.tokens | b.tokens)
    return bool(union) and len(a.tokens & b.tokens) / union > SAME


def say(draft: Draft, spans: Sequence[tuple[Hit, int, int]]) -> None:
    """Quotes spans, those of one document in one line in their order, with publisher, date and the language they are in."""
    grouped: dict[str, list[tuple[Hit, int, int]]] = {}
    for hit, start, end in spans:
        grouped.setdefault(hit.document.id, []).append((hit, start, end))
    for group in grouped.values():
        document = group[0][0].document
        quotes = []
        for hit, start, end in sorted(set(group), key=lambda item: item[1]):
            marks = draft.cite(document.id, start, end)
            quotes.append(quoted(draft, hit.passage.text[start - hit.passage.start : end - hit.passage.start], marks))
        date = draft.wording.say("dated", date=document.published) if document.published else ""
        lead = draft.wording.say("according", publisher=document.publisher or document.title, date=date)
        draft.lines.append(lead + " ".join(quotes) if draft.wording.language == "en" else lead + "".join(quotes))


def quoted(draft: Draft, text: str, marks: str) -> str:
    """An exact quote with its marker; one in another language than the answer's is marked as the original."""
    shown = cells(text) if text.lstrip().startswith("|") else text.strip("# \n")
    language = "zh" if re.search(r"[\u4e00-\u9fff]", text) else "en"
    original = draft.wording.word("source_language") if language != draft.wording.language else ""
    return draft.wording.say("quoted", quote=shown, marks=marks if not original else original + marks)


def cells(row: str) -> str:
    """A table's row as its filled cells, addresses left out."""
    parts = [part.strip() for part in row.strip().strip("|").split("|")]
    return " · ".join(part for part in parts if part and not part.startswith(("http://", "https://")))


__all__ = ["ENOUGH", "Excerpts", "cells", "quoted", "say"]
