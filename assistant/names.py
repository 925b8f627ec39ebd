"""Names in questions: catalogue names and document names, typos, bare numbers, and codes that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import ahocorasick
from rapidfuzz.distance import Levenshtein

from assistant.question import Subject
from knowledge.catalog import Catalog, Product, Vendor, fold, fold_name, normalise
from knowledge.lexicon import load_lexicon
from knowledge.names import find_names
from knowledge.quantities import Quantity

_HAN_RUN = re.compile(r"[\u4e00-\u9fff]{3,}")
_WORD = re.compile(r"[a-z]{6,}")
_LOWER_CODE = re.compile(r"(?<![a-z0-9])(?:[a-z]{1,4}-?|[a-z] )(?!(?:19|20)\d{2}(?!\d))\d{3,5}[a-z]{0,2}(?![a-z0-9])")
_TAIL = re.compile(r"\s?-?(\d{2,5}[A-Za-z]{0,3})(?![\dA-Za-z.])")


@dataclass(frozen=True, slots=True)
class Named:
    """A subject at a place in the question."""

    start: int
    end: int
    subject: Subject


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a question holds, in order, and the codes in it that neither catalogue nor documents know."""

    found: tuple[Named, ...]
    unknown: tuple[str, ...]


class NameIndex:
    """The catalogue's names and those that only documents hold, ready for matching."""

    def __init__(self, catalog: Catalog, documents: Iterable[tuple[str, str, str]] = ()) -> None:
        self._catalog = catalog
        self._own = {
            fold_name(name): Subject(id=subject, name=name, kind=kind)
            for subject, name, kind in documents
            if subject.startswith("~")
        }
        for subject in list(self._own.values()):
            self._own.setdefault(subject.id.removeprefix("~"), subject)
        self._documents = ahocorasick.Automaton()
        for key, subject in self._own.items():
            if key:
                self._documents.add_word(key, (len(key), subject))
        if len(self._documents):
            self._documents.make_automaton()
        # Han names of three and more characters can be told from ordinary words even with one character wrong.
        self._han = [
            (normalise(name), vendor)
            for vendor in catalog.vendors.values()
            for name in vendor.names()
            if re.fullmatch(r"[\u4e00-\u9fff]{3,6}", name)
        ]
        self._latin = [
            (vendor.en.lower(), vendor)
            for vendor in catalog.vendors.values()
            if len(vendor.en) >= 6 and " " not in vendor.en
        ]
        # What stands before the number in a product's name (思元, 天垓, Ascend): with another number it is nobody's product.
        stems = {
            match.group(1)
            for product in catalog.products.values()
            for name in product.names()
            if (match := re.match(r"([\u4e00-\u9fff]{2,4}|[A-Za-z]{2,10})[ -]?[A-Z]?\d{2,5}", name))
        }
        joined = "|".join(map(re.escape, sorted(stems, key=len, reverse=True)))
        self._family = re.compile(
            rf"(?i)(?<![A-Za-z])(?:{joined})[ -]?[A-Z]{{0,2}}\d{{2,5}}(?:-?[A-Z]+\d*)*(?![A-Za-z0-9.])"
        )
        self._numbers: dict[str, tuple[str, ...]] = {}
        for product in catalog.products.values():
            for digits in set(re.findall(r"\d{3,4}", product.zh)):
                self._numbers[digits] = (*self._numbers.get(digits, ()), product.id)

    def find(self, text: str, quantities: Iterable[Quantity]) -> Names:
        """The names in `text`; spans of quantities are never names."""
        taken = [(quantity.start, quantity.end) for quantity in quantities if quantity.unit]
        named: list[Named] = []
        unknown: list[str] = []
        mentions = self._catalog.mentions(text)
        for match in self._family.finditer(text):
            inside = [m for m in mentions if m.start < match.end() and match.start() < m.end]
            code = re.search(r"[A-Za-z]*\d.*$", match.group())
            if any(m.end >= match.end() for m in inside) or fold_name(match.group()) in self._own:
                continue
            if code and any(start <= match.start() + code.start() < end for start, end in taken):
                continue
            unknown.append(match.group())
            taken.append(match.span())
            mentions = [m for m in mentions if m not in inside]
        makers = {
            mention.entry.vendor for mention in mentions if isinstance(mention.entry, Product) and not mention.weak
        }
        makers |= {mention.entry.id for mention in mentions if isinstance(mention.entry, Vendor)}
        for mention in mentions:
            entry = mention.entry
            if any(start < mention.end and mention.start < end for start, end in taken) and mention.weak:
                continue
            tail = (
                None if mention.alias[-1:].isdigit() or mention.alias[-1:].isascii() else _TAIL.match(text, mention.end)
            )
            if (
                tail
                and not any(start <= tail.start(1) < end for start, end in taken)
                and not (_year(tail.group(1)) or tail.group(1) in self._numbers)
            ):
                # 昇腾999: a maker's or family's name with a number that nobody makes.
                unknown.append(text[mention.start : tail.end()])
                taken.append((mention.start, tail.end()))
                continue
            if mention.weak and isinstance(entry, Product) and entry.vendor not in makers:
                candidates = self._numbers.get(mention.alias, ())
                if len(candidates) > 1:
                    named.append(
                        Named(
                            mention.start,
                            mention.end,
                            Subject(id=entry.id, name=mention.alias, kind=entry.kind, ambiguous=candidates[:8]),
                        )
                    )
                    continue
            kind = "vendor" if isinstance(entry, Vendor) else entry.kind  # type: ignore[attr-defined]
            named.append(Named(mention.start, mention.end, Subject(id=entry.id, name=entry.zh, kind=kind)))
        spans = [(item.start, item.end) for item in named] + taken
        named += self._documented(text, spans)
        spans = [(item.start, item.end) for item in named] + taken
        for name in find_names(text, spans, load_lexicon()):
            if name.subject.kind == "card" and re.search(r"\d", name.subject.name):
                unknown.append(text[name.start : name.end])
                spans.append((name.start, name.end))
        for match in _LOWER_CODE.finditer(text):
            if (
                not any(start < match.end() and match.start() < end for start, end in spans)
                and fold_name(match.group()) not in _ordinary()
            ):
                unknown.append(match.group())
                spans.append(match.span())
        if not named and not unknown:
            named += self._near(text)
        return Names(
            tuple(_absorb(sorted(named, key=lambda item: item.start), self._catalog, text)),
            tuple(dict.fromkeys(unknown)),
        )

    def _documented(self, text: str, spans: list[tuple[int, int]]) -> list[Named]:
        """Names that only the documents hold, as whole words."""
        if not len(self._documents):
            return []
        folded, offsets = fold(text)
        found: list[Named] = []
        for last, (length, subject) in self._documents.iter(folded):
            start, end = offsets[last - length + 1], offsets[last] + 1
            if Catalog.whole(text, start, end) and not any(first < end and start < last for first, last in spans):
                found.append(Named(start, end, subject))
        # The longest name wins: X200 Pro before X200.
        found.sort(key=lambda item: item.start - item.end)
        kept: list[Named] = []
        for item in found:
            if not any(item.start < other.end and other.start < item.end for other in kept):
                kept.append(item)
        return kept

    def _near(self, text: str) -> list[Named]:
        """Makers' names with a slip in them (寒武记, Cambrican); never a model code, whose every digit counts."""
        plain = normalise(text)
        for run in _HAN_RUN.finditer(plain):
            words = run.group()
            for name, vendor in self._han:
                for at in range(len(words) - len(name) + 1):
                    window = words[at : at + len(name)]
                    distance = Levenshtein.distance(window, name)
                    if (distance == 1 and len(name) >= 3 and window[0] == name[0]) or (
                        distance == 2 and len(name) == 4 and window[:2] == name[:2]
                    ):
                        start = run.start() + at
                        return [Named(start, start + len(name), Subject(id=vendor.id, name=vendor.zh, kind="vendor"))]
        for match in _WORD.finditer(plain):
            for name, vendor in self._latin:
                if Levenshtein.normalized_similarity(match.group(), name) >= 0.85:
                    return [Named(match.start(), match.end(), Subject(id=vendor.id, name=vendor.zh, kind="vendor"))]
        return []


def _ordinary() -> frozenset[str]:
    return frozenset(fold_name(word) for word in load_lexicon().not_products)


def _year(digits: str) -> bool:
    return bool(re.fullmatch(r"(19|20)\d{2}", digits))


def _absorb(named: list[Named], catalog: Catalog, text: str) -> list[Named]:
    """A maker or a family right before its own product is part of the product's name: 英伟达A100, 华为昇腾910B."""
    kept: list[Named] = []
    for at, item in enumerate(named):
        following = named[at + 1] if at + 1 < len(named) else None
        if (
            following is not None
            and item.subject.kind in ("vendor", "topic")
            and text[item.end : following.start].strip("的 ") == ""
        ):
            product = catalog.products.get(following.subject.id)
            family = catalog.products.get(item.subject.id)
            maker = family.vendor if family is not None else item.subject.id
            if (product is not None and product.vendor == maker) or following.subject.id.startswith("~"):
                continue
        if item.subject.id not in {other.subject.id for other in kept}:
            kept.append(item)
    return kept
