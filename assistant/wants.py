"""Wants: what an open question asks for besides its names and dates, and how much of it a sentence has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.concepts import Concepts
from assistant.phrases import load_phrases
from assistant.question import Question
from knowledge.catalog import Catalog, fold, fold_name, normalise
from knowledge.dates import find_dates
from knowledge.lexical import query_tokens

# A word that stands in every other document, and a single character, say little about what a text is about.
LIGHT, SMALL = 0.4, 0.3
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Traits:
    """What a text has that a question can ask for: concepts, attributes of the catalogue, words."""

    concepts: frozenset[int]
    attributes: frozenset[str]
    tokens: frozenset[str]
    folded: str = ""

    def __or__(self, other: Traits) -> Traits:
        return Traits(
            self.concepts | other.concepts,
            self.attributes | other.attributes,
            self.tokens | other.tokens,
            f"{self.folded}\n{other.folded}",
        )


@dataclass(frozen=True, slots=True)
class Want:
    """One thing asked for: any of the concepts, any of the attributes, or the word itself."""

    text: str
    weight: float
    concepts: frozenset[int] = frozenset()
    attributes: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    name: bool = False

    def in_(self, traits: Traits) -> bool:
        return bool(
            self.concepts & traits.concepts
            or self.attributes & traits.attributes
            or (self.tokens and self.tokens <= traits.tokens)
            # 7nm and "7 nm" are cut into other words.
            or (self.name and fold_name(self.text) in traits.folded)
        )

    @property
    def translatable(self) -> bool:
        """Whether a text in another language could have it: a concept, an attribute, a code such as R2."""
        return bool(self.concepts or self.attributes) or any(any(c.isdigit() for c in token) for token in self.tokens)


def _as_written(token: str, text: str) -> str:
    at = normalise(text).find(token)
    return text[at : at + len(token)] if at >= 0 else token


def _is_name(token: str, text: str) -> bool:
    """Whether a word of a question can only be a name: R2, Mate in 华为 Mate 60, Reuters in an English sentence."""
    if any(character.isdigit() for character in token):
        return not token.isdigit()
    if not token.isascii() or len(token) < 2:
        return False
    match = re.search(rf"(?i)(?<![a-z]){re.escape(token)}(?![a-z])", text)
    if match is None:
        return False
    return bool(_HAN.search(text)) or (match.start() > 0 and match.group()[0].isupper())


class Wishes:
    """Reads questions for what they want and texts for what they have."""

    def __init__(self, catalog: Catalog, concepts: Concepts) -> None:
        self._catalog = catalog
        self._concepts = concepts

    def traits(self, text: str) -> Traits:
        """What `text` has."""
        catalog = self._catalog
        attributes = frozenset(mention.entry.id for mention in catalog.attribute_mentions(text))
        words = frozenset(query_tokens(text, catalog))
        return Traits(self._concepts.ids(text), attributes, words, fold(text)[0])

    def of(self, question: Question) -> tuple[Want, ...]:
        """What `question` asks for; empty when it names somebody and asks nothing in particular.

        A question that says nothing of its own (为什么？) asks for what those before it asked for.
        """
        own = self._said(question, question.text)
        return own or (self._said(question, question.words) if question.about else ())

    def dates(self, question: Question) -> list[str]:
        """The times that sentences must be of: those that the question names itself, else those it was left with."""
        own = [date.iso for date in find_dates(question.text)]
        return own if own or self._said(question, question.text) else list(question.dates)

    def _said(self, question: Question, text: str) -> tuple[Want, ...]:
        catalog = self._catalog
        asked = {subject.id for subject in question.subjects}
        spans = [(mention.start, mention.end) for mention in catalog.mentions(text) if mention.entry.id in asked]
        spans += [(date.start, date.end) for date in find_dates(text)]
        for subject in question.subjects:
            at = normalise(text).find(normalise(subject.name))
            spans += [(at, at + len(subject.name))] if at >= 0 else []
        bare = normalise(text)
        # Where the answer should stand (据财报, 新闻里) is no part of it.
        for group in ("specs_only", "filings_only", "news_only"):
            spans += [match.span() for match in load_phrases().all(group, bare)]
        for start, end in spans:
            bare = bare[:start] + " " * (end - start) + bare[end:]
        rest = self._concepts.without_scaffold(bare)
        found: list[Want] = []
        taken: list[tuple[int, int]] = []
        named = [*catalog.attribute_mentions(rest), *catalog.attribute_mentions(rest, cues=True)]
        for concept in self._concepts.find(bare):
            span = (concept.start, concept.end)
            # A word of every question is nothing asked for; "call off" is, though "off" alone is not.
            if not rest[slice(*span)].strip():
                continue
            attributes = frozenset(
                mention.entry.id for mention in named if mention.start < concept.end and concept.start < mention.end
            )
            light = concept.ids <= self._concepts.light
            words = frozenset(query_tokens(bare[slice(*span)], catalog))
            found.append(Want(text[slice(*span)].strip(), LIGHT if light else 1.0, concept.ids, attributes, words))
            taken.append(span)
        for mention in catalog.attribute_mentions(rest):
            if not any(mention.start < end and start < mention.end for start, end in taken):
                span = (mention.start, mention.end)
                words = frozenset(query_tokens(rest[slice(*span)], catalog))
                found.append(Want(text[slice(*span)].strip(), 1.0, frozenset(), frozenset([mention.entry.id]), words))
                taken.append(span)
        for start, end in taken:
            rest = rest[:start] + " " * (end - start) + rest[end:]
        tokens = list(dict.fromkeys(query_tokens(rest, catalog)))
        tokens = [token for token in tokens if token not in self._concepts.particles]
        # 达芬奇 comes whole and as 芬奇, R2 as its number too: a word is asked for once.
        tokens = [token for token in tokens if not any(token != other and token in other for other in tokens)]
        for token in tokens:
            # A bare number is written in too many ways (30,000, 3万, 三万) to be looked for letter by letter.
            small = token.isdigit() or (len(token) == 1 and (_HAN.match(token) or token.isalpha()))
            weight = SMALL if small else 1.0
            found.append(Want(_as_written(token, text), weight, tokens=frozenset([token]), name=_is_name(token, text)))
        merged: dict[tuple[object, ...], Want] = {}
        for want in found:
            merged.setdefault((want.concepts, want.attributes, want.tokens if not want.concepts else None), want)
        wants = tuple(merged.values())
        # A single character alone (做) asks for nothing that could be looked for.
        return wants if any(want.weight > SMALL for want in wants) else ()

    def words(self, wants: Sequence[Want]) -> list[str]:
        """Search words in both languages for what is wanted."""
        found: list[str] = []
        for want in wants:
            found += [want.text, *self._concepts.words(want.concepts, 5)]
            found += [name for item in sorted(want.attributes) for name in self._catalog.attributes[item].names()[:2]]
        return list(dict.fromkeys(found))


def share(wants: Sequence[Want], own: Traits, near: Traits | None = None, discount: float = 1.0) -> float:
    """The share of `wants` (by weight, 0 to 1) that `own` has; what only `near` has counts `discount`. 1 for no wants."""
    total = sum(want.weight for want in wants)
    if not total:
        return 1.0
    held = sum(
        want.weight * (1.0 if want.in_(own) else discount if near is not None and want.in_(near) else 0.0)
        for want in wants
    )
    return held / total
