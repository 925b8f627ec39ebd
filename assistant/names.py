"""Names in questions: catalogue names and document names, typos, bare numbers, and codes that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import ahocorasick

from assistant.phrases import load_phrases
from assistant.question import Assumption, Subject
from assistant.slips import Slips
from knowledge.catalog import Catalog, Mention, Product, Vendor, fold, fold_name, normalise
from knowledge.lexicon import load_lexicon
from knowledge.names import find_names
from knowledge.quantities import Quantity

_LOWER_CODE = re.compile(r"(?<![a-z0-9])(?:[a-z]{1,4}-?|[a-z] )(?!(?:19|20)\d{2}(?!\d))\d{3,5}[a-z]{0,2}(?![a-z0-9])")
# A number that stands like a name: at the beginning or behind a word that names are joined by, and followed like one.
_BARE = re.compile(
    r"(?:^|(?<=[\s,，、和与跟及比把对])|(?<=对比)|(?<=那)|(?<=说的是)|(?<=the )|(?<=of )|(?<=and )|(?<=vs ))"
    r"(\d{3,4})(?=$|[\s的呢吗和与跟及、，,？?有]|[显内功带制价算频互卡]|'s)"
)
_LETTERED = re.compile(r"(?<![A-Za-z0-9.\-])(\d{3,4})[A-Za-z]{1,2}\d?(?![A-Za-z0-9])")
_BEFORE_YEAR = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z \-]*[A-Za-z](?=(?:19|20)\d{2}(?:年|\s?[HQ][1-4]|[^\dA-Za-z]|$))"
)
# What counts or places something: no product stands before it.
_COUNTED = re.compile(r"\s?[号楼室层页岁元块毛亿万年月日天分秒度米人次]")
_TAIL = re.compile(r"\s?-?(\d{2,5}[A-Za-z]{0,3})(?![\dA-Za-z.])")


# ~霜刃k289: a Han word and a code.
_PREFIXED = re.compile(r"~[\u4e00-\u9fff]{2,3}([a-z0-9][a-z0-9+.]*)")
# How many products of one code are answered for at once.
_ALIKE = 4


@dataclass(frozen=True, slots=True)
class Named:
    """A subject at a place in the question."""

    start: int
    end: int
    subject: Subject


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a question holds, in order, and the codes in it that neither catalogue nor documents know.

    `spans` is where names stand, makers before their own products included.
    """

    found: tuple[Named, ...]
    unknown: tuple[str, ...]
    assumed: tuple[Assumption, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


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
        # K289 alone means every product of that code that the documents know: 霜刃K289 and 归墟K289.
        coded: dict[str, list[Subject]] = {}
        for subject in {item.id: item for item in self._own.values()}.values():
            match = _PREFIXED.fullmatch(subject.id)
            if match is not None:
                coded.setdefault(match.group(1), []).append(subject)
        self._documents = ahocorasick.Automaton()
        for key, subject in self._own.items():
            if key:
                self._documents.add_word(key, (len(key), (subject,)))
        for key, subjects in coded.items():
            if key not in self._own:
                self._documents.add_word(key, (len(key), tuple(subjects[:_ALIKE])))
        if len(self._documents):
            self._documents.make_automaton()
        self._phrases = load_phrases()
        self._makers = {fold_name(name): vendor for vendor in catalog.vendors.values() for name in vendor.names()}
        self._slips = Slips(catalog, self._phrases.homophones)
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
            for digits in set(re.findall(r"(?<!\d)\d{3,4}(?!\d)", f"{product.zh} {product.en}")):
                if product.kind in ("die", "card", "server", "cluster"):
                    self._numbers[digits] = (*self._numbers.get(digits, ()), product.id)
        # The plain name first, its longer siblings behind: 910, 910B, 910C, 910B1.
        self._numbers = {
            digits: tuple(sorted(ids, key=lambda identity: len(catalog.products[identity].zh)))
            for digits, ids in self._numbers.items()
        }

    def find(self, text: str, quantities: Iterable[Quantity]) -> Names:
        """The names in `text`; spans of quantities are never names."""
        quantities = [quantity for quantity in quantities if quantity.unit]
        taken = [(quantity.start, quantity.end) for quantity in quantities]
        # 200P is a figure by itself and, right behind a family's name, a code (昇腾910E).
        measured = [(quantity.start, quantity.end) for quantity in quantities if quantity.dimension != "compute_bare"]
        numbers = frozenset(taken)
        named: list[Named] = []
        unknown: list[str] = []
        plain = normalise(text)
        # 300T is a card's name and, behind 超过, a figure.
        compared = {
            (item.start, item.end) for item in quantities if self._phrases.operator(plain, item.start, item.end)
        }
        mentions = [m for m in self._catalog.mentions(text) if (m.start, m.end) not in compared]
        for item in self._glued(text):
            named.append(item)
            taken.append((item.start, item.end + 4))
        glued = [(item.start, item.end + 4) for item in named]
        for match in self._family.finditer(text):
            if _inside(match.span(), glued):
                continue
            inside = [m for m in mentions if m.start < match.end() and match.start() < m.end]
            code = re.search(r"[A-Za-z]*\d.*$", match.group())
            if any(m.end >= match.end() for m in inside) or fold_name(match.group()) in self._own:
                continue
            if any(m.start < match.start() < m.end for m in mentions):
                # A100 40GB FP16: the end of one name is no family's beginning.
                continue
            if code and _year(code.group()):
                # 海光2024年: a maker's name that products begin with, and a year.
                continue
            if code and any(start <= match.start() + code.start() < end for start, end in measured):
                continue
            unknown.append(match.group())
            taken.append(match.span())
            mentions = [m for m in mentions if m not in inside]
        assumed = self._slipped(text, mentions, taken)
        mentions = [m for m in mentions if not _inside((m.start, m.end), [(a.start, a.end) for a, _ in assumed])]
        makers = {m.entry.vendor for m in mentions if isinstance(m.entry, Product) and not m.weak}
        makers |= {m.entry.id for m in mentions if isinstance(m.entry, Vendor)}
        makers |= {item.subject.id for item, _ in assumed}
        for mention in mentions:
            entry = mention.entry
            if mention.weak and (_inside((mention.start, mention.end), taken) or _COUNTED.match(text, mention.end)):
                continue
            tail = self._tail(text, mention, taken)
            if tail is not None:
                # 昇腾999: a maker's or family's name with a number that nobody makes.
                unknown.append(text[mention.start : tail])
                taken.append((mention.start, tail))
                continue
            if mention.weak and isinstance(entry, Product) and entry.vendor not in makers:
                named.append(self._number(mention.start, mention.end, mention.alias, entry.id))
                continue
            kind = "vendor" if isinstance(entry, Vendor) else entry.kind  # type: ignore[attr-defined]
            named.append(Named(mention.start, mention.end, Subject(id=entry.id, name=entry.zh, kind=kind)))
        named += [item for item, _ in assumed]
        for match in _BARE.finditer(text):
            digits = match.group(1)
            covered = [(item.start, item.end) for item in named] + taken
            if digits in self._numbers and not _year(digits) and not _inside(match.span(1), covered):
                named.append(self._number(*match.span(1), digits, self._numbers[digits][0]))
        spans = [(item.start, item.end) for item in named] + taken
        named += self._documented(text, spans, numbers)
        spans = [(item.start, item.end) for item in named] + taken
        for name in find_names(text, spans, load_lexicon()):
            if name.subject.kind == "card" and re.search(r"\d", name.subject.name):
                unknown.append(text[name.start : name.end])
                spans.append((name.start, name.end))
        for match in _LETTERED.finditer(text):
            if match.group(1) in self._numbers and not _inside(match.span(), spans):
                # 910Z: a known number with letters that no product of it has.
                unknown.append(match.group())
                spans.append(match.span())
        for match in _LOWER_CODE.finditer(text):
            if (
                not any(start < match.end() and match.start() < end for start, end in spans)
                and fold_name(match.group()) not in _ordinary()
            ):
                unknown.append(match.group())
                spans.append(match.span())
        kept = tuple(_absorb(sorted(named, key=lambda item: item.start), self._catalog, text))
        said = tuple(said for item, said in assumed if item in kept)
        return Names(kept, tuple(dict.fromkeys(unknown)), said, tuple((item.start, item.end) for item in named))

    def _glued(self, text: str) -> Iterator[Named]:
        """Makers' Latin names with a year right behind them (Cambricon2024年): no word of its own, and no code either."""
        for match in _BEFORE_YEAR.finditer(text):
            words = match.group().split(" ")
            for at in range(len(words)):
                name = " ".join(words[at:])
                vendor = self._makers.get(fold_name(name))
                if vendor is not None:
                    subject = Subject(id=vendor.id, name=vendor.zh, kind="vendor")
                    yield Named(match.end() - len(name), match.end(), subject)
                    break

    def _number(self, start: int, end: int, digits: str, likely: str) -> Named:
        """A bare number: the one product that has it in its name, or a subject with the several that have."""
        candidates = self._numbers.get(digits, ())
        product = self._catalog.products[candidates[0] if len(candidates) == 1 else likely]
        if len(candidates) <= 1:
            return Named(start, end, Subject(id=product.id, name=product.zh, kind=product.kind))
        return Named(start, end, Subject(id=product.id, name=digits, kind=product.kind, ambiguous=candidates))

    def _tail(self, text: str, mention: Mention, taken: list[tuple[int, int]]) -> int | None:
        """Where a number that makes a maker's or a family's name an unknown one ends; None when none follows."""
        last = mention.alias[-1:]
        if last.isdigit() or last.isascii():
            return None
        tail = _TAIL.match(text, mention.end)
        if tail is None or _inside((tail.start(1), tail.start(1) + 1), taken):
            return None
        return None if _year(tail.group(1)) or tail.group(1) in self._numbers else tail.end()

    def _slipped(
        self, text: str, mentions: Sequence[Mention], taken: Sequence[tuple[int, int]]
    ) -> list[tuple[Named, Assumption]]:
        """Names read in spite of a slip, each with what is to be said of it; never a model code."""
        plain = normalise(text)
        # A code that is somebody's name by itself is another's behind a family's word (Enflame S60), misspelt too.
        families = [
            slip
            for slip in self._slips.families(plain, taken)
            if all(
                m.end == slip.end and m.start > slip.start
                for m in mentions
                if m.start < slip.end and slip.start < m.end
            )
        ]
        # 昇腾 misspelt before a code that is a name by itself (Acsend 910B) has been found by that code.
        makers = self._slips.makers(plain, [*taken, *((slip.start, slip.end) for slip in families)])
        # 摩尔 in 摩尔县城 is the same maker by its short name: the longer reading is the one to say.
        makers = [
            slip
            for slip in makers
            if all(
                m.entry is slip.entry and m.end - m.start < slip.end - slip.start
                for m in mentions
                if m.start < slip.end and slip.start < m.end
            )
        ]
        found = []
        for slip in (*families, *makers):
            kind = "vendor" if isinstance(slip.entry, Vendor) else slip.entry.kind  # type: ignore[attr-defined]
            subject = Subject(id=slip.entry.id, name=slip.entry.zh, kind=kind)
            said = Assumption(written=text[slip.start : slip.end], name=slip.name)
            found.append((Named(slip.start, slip.end, subject), said))
        return found

    def _documented(self, text: str, spans: list[tuple[int, int]], numbers: frozenset[tuple[int, int]]) -> list[Named]:
        """Names that only the documents hold, as whole words; a quantity may be a part of one (玄武万卡集群)."""
        if not len(self._documents):
            return []
        folded, offsets = fold(text)
        found: list[tuple[int, int, tuple[Subject, ...]]] = []
        for last, (length, subjects) in self._documents.iter(folded):
            start, end = offsets[last - length + 1], offsets[last] + 1
            if Catalog.whole(text, start, end) and not any(
                first < end and start < last and not ((first, last) in numbers and start < first and last < end)
                for first, last in spans
            ):
                found.append((start, end, subjects))
        # The longest name wins: X200 Pro before X200.
        found.sort(key=lambda item: item[0] - item[1])
        kept: list[tuple[int, int, tuple[Subject, ...]]] = []
        for item in found:
            if not any(item[0] < other[1] and other[0] < item[1] for other in kept):
                kept.append(item)
        return [Named(start, end, subject) for start, end, subjects in kept for subject in subjects]


def _inside(span: tuple[int, int], spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in spans)


def _ordinary() -> frozenset[str]:
    return frozenset(fold_name(word) for word in load_lexicon().not_products)


def _year(digits: str) -> bool:
    return bool(re.fullmatch(r"(19|20)\d{2}([HQhq][1-4])?", digits))


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
