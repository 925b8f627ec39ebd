"""Bounds: the period, the makers and the kind of source that a question asks its evidence from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.periods import days
from assistant.phrases import load_phrases
from assistant.question import Question
from knowledge.catalog import Catalog
from knowledge.dates import find_dates
from knowledge.store import DocumentInfo

_FIRST, _LAST = "0000-00-00", "9999-99-99"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What evidence has to be of. The time and the kind of source bind; makers and kind of product are what it should
    be about, where enough is."""

    since: str | None = None
    until: str | None = None
    sources: str | None = None
    vendors: frozenset[str] = frozenset()
    kind: str | None = None

    @classmethod
    def of(cls, question: Question, catalog: Catalog) -> Bounds:
        """The bounds that a question sets; makers that the catalogue does not know set none."""
        known = frozenset(vendor for vendor in question.vendors if vendor in catalog.vendors)
        return cls(question.since, question.until, question.sources, known, question.kind)

    @property
    def binding(self) -> bool:
        """Whether evidence may lie outside: a period or a kind of source is asked for."""
        return bool(self.since or self.until or self.sources)

    def admits(self, document: DocumentInfo, text: str) -> bool:
        """Whether a passage of `document` is of the asked kind of source and of the asked time.

        It is of the time when it was published then or tells a date of it: news of 2025 may tell of 2023.
        """
        return self.of_source(document) and self._of_time(document, text)

    def of_source(self, document: DocumentInfo) -> bool:
        """Whether a document is of the asked kind of source."""
        if self.sources == "filing":
            return bool(load_phrases().says("filings", f"{document.title}\n{document.publisher or ''}".casefold()))
        return self.sources is None or document.kind == self.sources

    def _of_time(self, document: DocumentInfo, text: str) -> bool:
        if not (self.since or self.until):
            return True
        if self.holds(document.published):
            return True
        return any(self.holds(date.iso) for date in find_dates(text, document.published))

    def holds(self, iso: str | None) -> bool:
        """Whether a date can be of the asked time; none is where no time is known."""
        stretch = days(iso) if iso else None
        return stretch is not None and stretch[0] <= (self.until or _LAST) and (self.since or _FIRST) <= stretch[1]

    def concerns(self, mentioned: Sequence[str] | frozenset[str], text: str, catalog: Catalog) -> bool:
        """Whether a text that mentions these catalogue entries is about an asked maker and an asked kind of product."""
        products = [catalog.products[name] for name in mentioned if name in catalog.products]
        if self.vendors and not (
            self.vendors & set(mentioned) or any(product.vendor in self.vendors for product in products)
        ):
            return False
        words: re.Pattern[str] | None = load_phrases().kinds.get(self.kind) if self.kind else None
        if words is None:
            return True
        return any(product.kind == self.kind for product in products) or bool(words.search(text.casefold()))
