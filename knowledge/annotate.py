"""Annotation: one pass over a document's text that marks everything a figure can be made of."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import ahocorasick

from knowledge.catalog import WORD_CHARACTERS, Catalog, fold, fold_name, gaps_fit
from knowledge.dates import find_dates
from knowledge.items import Item
from knowledge.lexicon import Lexicon, load_lexicon
from knowledge.names import Subject, find_names
from knowledge.quantities import Quantity, find_quantities
from knowledge.sentence import Grammar
from knowledge.unmeasured import addresses

_COMPETES_AS = {"cue": "attribute", "weak_subject": "subject", "weak_comparison": "comparison"}


class Annotator:
    """Marks subjects, attributes, quantities, dates and the lexicon's words; built once for a catalogue."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon | None = None) -> None:
        self.catalog = catalog
        self.lexicon = lexicon or load_lexicon()
        self.grammar = Grammar.of(catalog.attributes, self.lexicon)
        self._automaton = self._build()
        # Captions recur from document to document.
        self.caption = functools.lru_cache(512)(self.subjects)
        self._shared = self._shared_names()
        self._memory_type = re.compile(rf"(?<![A-Za-z0-9])(?:{self.lexicon.memory_types})")

    def _build(self) -> ahocorasick.Automaton:
        table: dict[str, list[tuple[str, Any, str]]] = {}

        def add(words: Iterable[str], kind: str, value: Any) -> None:
            for word in words:
                key = fold_name(word)
                if key:
                    table.setdefault(key, []).append((kind, value, word))

        lexicon = self.lexicon
        for vendor in self.catalog.vendors.values():
            add(vendor.names(), "subject", Subject(vendor.id, vendor.zh, "vendor", vendor.id))
        for product in self.catalog.products.values():
            subject = Subject(product.id, product.zh, product.kind, product.vendor)
            for name in product.names():
                add([name], "weak_subject" if fold_name(name).isdigit() else "subject", subject)
        for attribute in self.catalog.attributes.values():
            add(attribute.names(), "attribute", attribute.id)
            add(
                (f"{name}s" for name in attribute.names() if name.isascii() and name[-1].islower()),
                "attribute",
                attribute.id,
            )
            add(attribute.cues, "cue", attribute.id)
        for kind in ("conditions", "scopes", "status"):
            for value, words in getattr(lexicon, kind).items():
                add(words, kind, value)
        for kind in (
            "negation",
            "retraction",
            "correcting",
            "comparison",
            "change",
            "level",
            "excess",
            "respectively",
            "each",
            "likeness",
            "back_references",
            "company_references",
            "generic_subjects",
            "latter",
            "hypothetical",
            "multiplies",
            "former",
            "portions",
            "corrected",
        ):
            add(getattr(lexicon, kind), kind, kind)
        weak = {fold_name(word) for word in lexicon.weak_comparison}
        automaton = ahocorasick.Automaton()
        for key, meanings in table.items():
            told = [
                ("weak_comparison" if kind == "comparison" and key in weak else kind, value, word)
                for kind, value, word in meanings
            ]
            # Attributes and the cues for them compete; so do products and vendors: the longest name wins.
            grouped = tuple((_COMPETES_AS.get(kind, kind), (kind, value), word) for kind, value, word in told)
            # Han names stand among Han words: only Latin letters and digits can be a piece of something longer.
            edged = key[0] in WORD_CHARACTERS or key[-1] in WORD_CHARACTERS
            automaton.add_word(key, (len(key), edged, grouped))
        automaton.make_automaton()
        return automaton

    def annotate(self, text: str, as_of: str | None = None) -> list[Item]:
        """Everything marked in `text`, in order of position; `as_of` is the document's date, for "去年" and the like."""
        items, quantities, memory_types = self._named(text)
        # 810E in 真武810E is part of the name and no quantity.
        named = {at for item in items if item.kind == "subject" for at in range(item.start, item.end)}
        items += [
            Item(quantity.start, quantity.end, "quantity", quantity)
            for quantity in quantities
            if quantity.start not in named
        ]
        items += [Item(date.start, date.end, "date", date) for date in find_dates(text, as_of)]
        items += [Item(start, end, "memory_type", text[start:end]) for start, end in memory_types]
        items.sort(key=lambda item: (item.start, -item.end))
        return items

    def subjects(self, text: str) -> list[Item]:
        """Only the subjects that `text` names: all that a title or a caption is asked for."""
        if not text:
            return []
        found = [item for item in self._named(text)[0] if item.kind == "subject"]
        found.sort(key=lambda item: (item.start, -item.end))
        return found

    def _named(self, text: str) -> tuple[list[Item], list[Quantity], list[tuple[int, int]]]:
        """The words of catalogue and lexicon with the names that only `text` holds; its quantities; its memory types."""
        items = self._words(text)
        links = list(addresses(text))
        if links:
            # What an address spells (…/the-mtt-s80-has) is nobody's subject.
            items = [item for item in items if item.kind != "subject" or not _within(item.start, links)]
        quantities = find_quantities(text)
        memory_types = [match.span() for match in self._memory_type.finditer(text)]
        taken = [(item.start, item.end) for item in items if item.kind == "subject"] + memory_types
        taken += links
        # 玄武万卡集群: the number is a part of the cluster's name.
        clusters = self.lexicon.cluster_suffixes
        taken += [
            (quantity.start, quantity.end)
            for quantity in quantities
            if quantity.unit and not text.startswith(clusters, quantity.start)
        ]
        items += [Item(name.start, name.end, "subject", name.subject) for name in find_names(text, taken, self.lexicon)]
        return items, quantities, memory_types

    def _words(self, text: str) -> list[Item]:
        folded, offsets = fold(text)
        hits: defaultdict[str, list[tuple[int, int, Any]]] = defaultdict(list)
        whole = Catalog.whole
        for last, (length, edged, meanings) in self._automaton.iter(folded):
            start, end = offsets[last - length + 1], offsets[last] + 1
            if edged and not whole(text, start, end):
                continue
            gap = end - start > length
            for group, meaning, word in meanings:
                if not gap or gaps_fit(text[start:end], word):
                    hits[group].append((start, end, meaning))
        items = []
        for group, found in hits.items():
            items += _longest(found, group)
        items = [self._of_named_maker(item, text, items) if item.kind == "subject" else item for item in items]
        vendors = {item.value.vendor for item in items if item.kind == "subject"}
        return [self._strengthen(item, text, vendors) for item in items if self._keep(item, text, vendors)]

    def _of_named_maker(self, item: Item, text: str, items: list[Item]) -> Item:
        """S60 is Enflame's where Enflame is spoken of and the other maker of an S60 is not."""
        rivals = self._shared.get(fold_name(text[item.start : item.end]))
        if not rivals:
            return item
        named = {other.value.vendor for other in items if other.kind == "subject" and other.value.id != item.value.id}
        fitting = [subject for subject in rivals if subject.vendor in named]
        if item.value.vendor in named or len(fitting) != 1:
            return item
        return Item(item.start, item.end, "subject", fitting[0])

    def _shared_names(self) -> dict[str, tuple[Subject, ...]]:
        """Short names that one maker's product has as an alias and another's behind the maker's name (燧原S60)."""
        owners = {fold_name(name): product for product in self.catalog.products.values() for name in product.names()}
        shared: dict[str, tuple[Subject, ...]] = {}
        for product in self.catalog.products.values():
            maker = self.catalog.vendors[product.vendor]
            for name in product.names():
                for prefix in maker.names():
                    short = fold_name(name).removeprefix(fold_name(prefix))
                    owner = owners.get(short)
                    if short != fold_name(name) and owner is not None and owner.vendor != product.vendor:
                        subject = Subject(product.id, product.zh, product.kind, product.vendor)
                        shared[short] = (*(other for other in shared.get(short, ()) if other.id != product.id), subject)
        return shared

    @staticmethod
    def _keep(item: Item, text: str, vendors: set[str]) -> bool:
        """A bare number (910) is a product only where its maker is spoken of and no unit follows."""
        if item.kind != "weak_subject":
            return True
        after = text[item.end : item.end + 3].lstrip()
        return item.value.vendor in vendors and not re.match(
            r"[%％,，.]?\d|[%％TGMWPE倍亿万张颗个元年月日天台家卡片nm]", after
        )

    @staticmethod
    def _strengthen(item: Item, text: str, vendors: set[str]) -> Item:
        return Item(item.start, item.end, "subject", item.value) if item.kind == "weak_subject" else item


def _within(at: int, spans: list[tuple[int, int]]) -> bool:
    """Whether `at` lies in one of `spans`, which are in order."""
    index = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return index >= 0 and at < spans[index][1]


def _longest(found: list[tuple[int, int, Any]], group: str) -> list[Item]:
    """Of overlapping hits the longest; hits of the very same span stay together as one item per kind."""
    found.sort(key=lambda hit: (hit[0], -hit[1]))
    items: list[Item] = []
    covered = -1
    span = (-1, -1)
    for start, end, (kind, value) in found:
        if (start, end) == span:
            if items[-1].kind == kind and group == "attribute":
                items[-1] = Item(start, end, kind, (*items[-1].value, value))
            continue
        if start < covered:
            continue
        covered, span = end, (start, end)
        items.append(Item(start, end, kind, (value,) if group == "attribute" else value))
    return items


_ANNOTATORS: dict[int, tuple[Catalog, Annotator]] = {}


def annotator(catalog: Catalog) -> Annotator:
    """The annotator of `catalog`, built on first use and kept as long as the catalogue is the current one."""
    known = _ANNOTATORS.get(id(catalog))
    if known is None or known[0] is not catalog:
        _ANNOTATORS.clear()
        known = _ANNOTATORS[id(catalog)] = (catalog, Annotator(catalog))
    return known[1]
