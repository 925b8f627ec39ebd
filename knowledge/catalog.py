"""Catalogue: the vendors, products and attributes of the field, and where a text mentions them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import ahocorasick
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.errors import CatalogError

Slug = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")


class Entry(BaseModel):
    """What vendors, products and attributes share: an id, a Chinese and an English name, and aliases."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Slug
    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Every name a person may use, the two display names first, without repeats."""
        return tuple(dict.fromkeys((self.zh, self.en, *self.aliases)))

    def name(self, language: str) -> str:
        """The display name in `language` ("zh" or "en")."""
        return self.en if language == "en" else self.zh


class Vendor(Entry):
    domestic: bool = True


class Product(Entry):
    """`vendor` is a vendor's id. `kind` tells what a figure of it is about when the text does not say.

    `due` is the month (2027-10) for which the maker announced it: what is said of it before then is a plan.
    """

    vendor: str = Slug
    kind: Literal["die", "card", "server", "cluster", "memory", "software", "architecture", "policy", "topic"] = "card"
    family: str | None = None
    due: str | None = Field(default=None, pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")


class Attribute(Entry):
    """`dimension` names the kind of quantity (see `knowledge.quantities`), "date", or "text" for words.

    `unit` is the unit that answers compare in. `of` says whether chips, companies or clusters have it.
    `cues` only name the attribute together with a quantity of its dimension (算力, 内存). `negative_of` names the attribute
    whose negative values are this one's positive ones (a loss, of a profit). `once` marks what happens to a company a
    single time: two reports of it that differ contradict each other whatever day they are of. `integer` marks operations
    that are never floating-point ones: a source that writes FLOPS of them means OPS. A value below `least`, in the
    dimension's base unit, is a slip of the pen (700个晶体管).
    """

    dimension: str
    unit: str = ""
    of: tuple[Literal["product", "vendor", "cluster", "topic"], ...] = ("product",)
    cues: tuple[str, ...] = ()
    higher_is: Literal["better", "worse", "neither"] = "neither"
    negative_of: str | None = None
    once: bool = False
    integer: bool = False
    least: float | None = None

    @property
    def periodic(self) -> bool:
        """Whether a figure of it is about a stretch of time (revenue, shipments) and means little without."""
        return (
            bool({"vendor", "topic"} & set(self.of))
            and "cluster" not in self.of
            and self.dimension not in ("date", "text")
        )


class CatalogFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    vendors: tuple[Vendor, ...]
    products: tuple[Product, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in a text: `text[start:end]` names the entry. `weak` names are bare numbers such as 910."""

    start: int
    end: int
    entry: Entry
    alias: str
    weak: bool = False


_NUMBER_GAP = re.compile(r"\d[\s\-_·‐‑–/]+(?=\d)")
_SEPARATORS = " \t\u00a0\u3000-_·‐‑–/"


def _folding() -> dict[int, str]:
    """One character for one: full width to half, capitals to small, compatibility forms, and the confusable 升 of 升腾."""
    table = {}
    for code in [
        *range(0x00B5, 0x0180),
        *range(0x2000, 0x2100),
        *range(0x2150, 0x2190),
        *range(0xFF00, 0xFFF0),
        *range(65, 91),
    ]:
        simple = unicodedata.normalize("NFKC", chr(code)).casefold()
        if len(simple) == 1 and simple != chr(code):
            table[code] = simple
    return table


_FOLD = _folding() | {ord("升"): "昇"}


# Folding in one pass: the separators, and whatever normalises to one, are dropped. The characters that stay as they are
# stand in the table too: str.translate takes twice as long over one that it does not find.
_KEPT = (*range(0x20, 0x7F), *range(0x3000, 0x3020), *range(0x4E00, 0xA000))
_FOLD_AND_DROP: dict[int, int | str | None] = {
    **{code: code for code in _KEPT},
    **{code: None if simple in _SEPARATORS else simple for code, simple in _FOLD.items()},
    **{ord(separator): None for separator in _SEPARATORS},
}
_DROPPED = frozenset(chr(code) for code, kept in _FOLD_AND_DROP.items() if kept is None)


def normalise(text: str) -> str:
    """`text` with width, case and script variants away, character for character: every offset stays valid."""
    return to_simplified(text).translate(_FOLD)


def fold(text: str) -> tuple[str, list[int]]:
    """`text` folded for matching: normalised, separators dropped; with each remaining character's old offset."""
    simple = to_simplified(text)
    offsets = [at for at, character in enumerate(simple) if character not in _DROPPED]
    return simple.translate(_FOLD_AND_DROP), offsets


def fold_name(name: str) -> str:
    """A name, header or code folded to what it is compared by; the same few are asked for again and again."""
    return _folded(name) if len(name) <= _REMEMBERED else fold(name)[0]


# Names are short; whole sentences and cells are not kept in memory.
_REMEMBERED = 64


@functools.lru_cache(maxsize=16_384)
def _folded(name: str) -> str:
    return fold(name)[0]


@functools.lru_cache(maxsize=1)
def _converter() -> object:
    from opencc import OpenCC

    return OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Traditional characters replaced one for one by simplified ones; offsets stay valid."""
    if text.isascii():
        return text
    converted: str = _converter().convert(text)  # type: ignore[attr-defined]
    # A phrase conversion may change the length; then every later span would be off, so go character by character.
    if len(converted) != len(text):
        converted = "".join(_one(character) for character in text)
    return converted


@functools.lru_cache(maxsize=20_000)
def _one(character: str) -> str:
    converted: str = _converter().convert(character)  # type: ignore[attr-defined]
    return converted if len(converted) == 1 else character


WORD_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Catalog:
    """Names in, entries out. Built once from a CatalogFile; matching is one pass over the text."""

    def __init__(self, content: CatalogFile) -> None:
        self.vendors = {vendor.id: vendor for vendor in content.vendors}
        self.products = {product.id: product for product in content.products}
        self.attributes = {attribute.id: attribute for attribute in content.attributes}
        self._check(content)
        self._things = self._automaton([*content.vendors, *content.products])
        self._attribute_names = self._automaton(content.attributes)
        self._cues = self._automaton(content.attributes, cues=True)

    @classmethod
    def load(cls, path: Path | None = None) -> Catalog:
        """The shipped catalogue (read once a process), or the one at `path`. Raises CatalogError naming the entry that
        is wrong."""
        return cls.parse(path.read_text("utf-8"), str(path)) if path else _shipped()

    @classmethod
    def parse(cls, text: str, name: str = "catalog.yaml") -> Catalog:
        """A catalogue from YAML text; `name` is used in error messages."""
        try:
            raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            return cls(CatalogFile.model_validate(raw))
        except yaml.YAMLError as error:
            raise CatalogError(f"{name} is not valid YAML: {error}") from error
        except ValidationError as error:
            lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
            raise CatalogError(f"{name}: {lines}") from error

    def _check(self, content: CatalogFile) -> None:
        for group in (content.vendors, content.products, content.attributes):
            seen: dict[str, str] = {}
            ids: set[str] = set()
            for entry in group:
                if entry.id in ids:
                    raise CatalogError(f"the id {entry.id!r} is used twice; give each entry its own id")
                ids.add(entry.id)
                for alias in entry.names():
                    key = fold_name(alias)
                    other = seen.setdefault(key, entry.id)
                    if other != entry.id:
                        raise CatalogError(
                            f"the alias {alias!r} names both {other!r} and {entry.id!r}; remove it from one of them"
                        )
        for product in content.products:
            if product.vendor not in self.vendors:
                raise CatalogError(f"product {product.id!r} names the unknown vendor {product.vendor!r}")

    @staticmethod
    def _automaton(entries: Iterable[Entry], cues: bool = False) -> ahocorasick.Automaton:
        automaton = ahocorasick.Automaton()
        table: dict[str, list[tuple[Entry, str]]] = {}
        for entry in entries:
            names = entry.cues if cues and isinstance(entry, Attribute) else entry.names()
            for alias in names:
                key = fold_name(alias)
                if key:
                    table.setdefault(key, []).append((entry, alias))
        for key, found in table.items():
            automaton.add_word(key, (len(key), tuple(found)))
        if table:
            automaton.make_automaton()
        return automaton

    def mentions(self, text: str) -> list[Mention]:
        """The vendors and products that `text` names, longest name first where names overlap, in order."""
        return list(self._find(text, self._things))

    def attribute_mentions(self, text: str, cues: bool = False) -> list[Mention]:
        """The attributes that `text` names in so many words; with `cues`, words that only hint at attributes.

        A cue such as 算力 may hint at several attributes: each gets a mention of the same span.
        """
        return list(self._find(text, self._cues if cues else self._attribute_names))

    def _find(self, text: str, automaton: ahocorasick.Automaton) -> Iterator[Mention]:
        if not len(automaton):
            return
        folded, offsets = fold(text)
        hits = []
        for last, (length, found) in automaton.iter(folded):
            first = last - length + 1
            start, end = offsets[first], offsets[last] + 1
            fitting = [(entry, alias) for entry, alias in found if gaps_fit(text[start:end], alias)]
            if fitting and self.whole(text, start, end):
                hits.append((start, end, fitting))
        hits.sort(key=lambda hit: (hit[0], -hit[1]))
        covered = -1
        for start, end, found in hits:
            if start < covered:
                continue
            covered = end
            for entry, alias in found:
                yield Mention(start, end, entry, alias, weak=alias.isdigit())

    @staticmethod
    def whole(text: str, start: int, end: int) -> bool:
        """A name is not part of a longer one: 310 is not in 310P, H20 not in H200, C500 not in MC500."""
        head, tail = text[start], text[end - 1]
        if head in WORD_CHARACTERS and start and text[start - 1] in WORD_CHARACTERS:
            return False
        if tail in WORD_CHARACTERS and end < len(text):
            after = text[end]
            if after in WORD_CHARACTERS:
                return False
            if after in "-." and end + 1 < len(text) and text[end + 1].isdigit():
                return False
        return not (head.isdigit() and start > 1 and text[start - 1] in ".-" and text[start - 2].isalnum())


@functools.lru_cache(maxsize=1)
def _shipped() -> Catalog:
    # A catalogue does not change, and what is built from one (segmenter, annotator) is kept with it.
    return Catalog.parse((resources.files("knowledge") / "catalog.yaml").read_text("utf-8"))


def gaps_fit(written: str, alias: str) -> bool:
    """Whether `written`, which folds to the same as `alias`, reads as it: "80 0" is not 800, "A100 80GB" has its gap.

    Folding drops separators; two numbers that it brought together are one name only if the name has the gap too.
    """
    return len(_NUMBER_GAP.findall(written)) <= len(_NUMBER_GAP.findall(alias))
