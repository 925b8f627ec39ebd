"""Evidence: a cited quote read by the evals themselves: its numbers, and what stands around it in its document.

The readings here are made of the grammar of numbers and the catalogue's names alone. The rules by which the product
extracts figures are not used: what those rules get wrong must not look right here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib import resources

import yaml

from assistant.answer import Citation
from knowledge.catalog import Catalog, fold_name
from knowledge.quantities import Quantity, bare_numbers, find_quantities
from knowledge.tables import header_above

Texts = Callable[[str], str | None]
"""A document's text by its id; None when there is no such document."""

# 它 and 该卡 speak of what the sentences before named; farther back than this nobody would look for it.
_BEFORE = 600


@lru_cache(1)
def catalog() -> Catalog:
    """The shipped catalogue: its names are what subjects are told apart by."""
    return Catalog.load()


@lru_cache(1)
def condition_words() -> dict[str, tuple[str, ...]]:
    """The words of each condition (dense, sparse, peak …) in both languages, from the lexicon."""
    text = (resources.files("knowledge") / "lexicon.yaml").read_text("utf-8")
    return {name: tuple(words) for name, words in yaml.safe_load(text)["conditions"].items()}


@lru_cache(4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of `text`, each end of a range as well."""
    return tuple(find_quantities(text))


@lru_cache(4096)
def numbers(text: str) -> frozenset[Decimal]:
    """Every number of `text`, with a unit or without."""
    return frozenset(quantity.value for quantity in bare_numbers(text))


@lru_cache(4096)
def products(text: str) -> tuple[tuple[int, int, str], ...]:
    """(start, end, id) of the products and vendors that `text` names, bare numbers such as 910 left out."""
    return tuple((found.start, found.end, found.entry.id) for found in catalog().mentions(text) if not found.weak)


@dataclass(frozen=True)
class Evidence:
    """A citation's quote with its surroundings: `title` of the document, `headings` above it, its table's `header`,
    and the text `before` it."""

    quote: str
    title: str
    headings: str
    header: str
    before: str

    @cached_property
    def near(self) -> str:
        """What belongs to the quote itself: a row with its header, headings and title."""
        return "\n".join((self.title, self.headings, self.header, self.quote))

    @cached_property
    def bases(self) -> frozenset[tuple[str, Decimal]]:
        """(dimension, value in its base unit) of every quantity that the quote states."""
        return frozenset(_bases(quantities(self.quote)))

    @property
    def in_table(self) -> bool:
        return self.quote.lstrip().startswith("|") or bool(self.header)

    def states(self, quantity: Quantity) -> bool:
        """Whether the quote states the value with its unit; a cell's unit may stand in its column's head."""
        if (quantity.dimension, quantity.base) in self.bases:
            return True
        # 收盘价600.50元/股 may be said as 600.5 CNY, and the other way round.
        kinds = ("money", "money_per_share")
        if quantity.dimension in kinds and any((kind, quantity.base) in self.bases for kind in kinds):
            return True
        return self.in_table and self._cell(quantity.value, quantity.unit)

    def _cell(self, value: Decimal, unit: str) -> bool:
        head = f"{self.header} {self.headings} {self.quote}"
        # GB is not in a head that says GB/s.
        if not unit or not re.search(rf"(?<![A-Za-z/]){re.escape(unit)}(?![A-Za-z/])", head, re.I):
            return False
        stated = {quantity.value for quantity in quantities(self.quote) if quantity.unit and quantity.unit != unit}
        # Of -5.1 in a cell the number is 5.1; its sign stands before it.
        written = value in numbers(self.quote) or (value < 0 and f"-{-value:f}" in self.quote)
        return written and value not in stated

    def names(self, name: str) -> bool:
        """Whether the quote is about what `name` names: named in it, else above it, else shortly before it."""
        wanted, ids = fold_name(name), {found for _, _, found in products(name)}
        # A row of a table is of what its headings name, never of what the rows before it are of.
        above = [f"{self.headings}\n{self.header}", self.title]
        for part in (self.quote, *above, *([] if self.in_table else [self.before])):
            if ids & {found for _, _, found in products(part)} or wanted in fold_name(part):
                return True
        return False


def _bases(found: Iterable[Quantity]) -> Iterable[tuple[str, Decimal]]:
    for quantity in found:
        yield quantity.dimension, quantity.base
        if quantity.high_base is not None:
            yield quantity.dimension, quantity.high_base


def evidence(citation: Citation, texts: Texts) -> Evidence:
    """The evidence of `citation`; without its document's text, what the citation itself tells."""
    text = texts(citation.document_id)
    if text is None:
        return Evidence(citation.quote, citation.title, "", "", "")
    return _read(citation.quote, citation.title, citation.start, text)


@lru_cache(1024)
def _read(quote: str, title: str, start: int, text: str) -> Evidence:
    above: dict[int, str] = {}
    for match in re.finditer(r"^(#{1,6})\s+(.+)$", text[:start], re.M):
        level = len(match.group(1))
        above = {depth: words for depth, words in above.items() if depth < level} | {level: match.group(2)}
    header = header_above(text, start) if "|" in quote else ""
    return Evidence(quote, title, "\n".join(above.values()), header, text[max(0, start - _BEFORE) : start])
