"""Concepts: words of one meaning in Chinese and English, and the marks of a reason or a definition, compiled from data."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

import ahocorasick
import yaml
from pydantic import BaseModel, ConfigDict

from knowledge.catalog import Catalog, fold, fold_name, normalise


class ConceptFile(BaseModel):
    """See `concepts.yaml`, whose comments say what each list is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: tuple[tuple[str, ...], ...]
    light: tuple[str, ...]
    making: tuple[str, ...]
    reasons: tuple[str, ...]
    scaffold: tuple[str, ...]
    particles: str
    definitions: tuple[str, ...]
    introductions: tuple[str, ...]
    explains: tuple[str, ...]
    why: tuple[str, ...]
    who: tuple[str, ...]
    definition: tuple[str, ...]
    how: tuple[str, ...]
    recent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """A stretch of a text that means one of `ids` (the numbers of the groups it stands in)."""

    start: int
    end: int
    ids: frozenset[int]


class Concepts:
    """Text in, concepts out; one pass over the text."""

    def __init__(self, content: ConceptFile) -> None:
        self.groups = content.groups
        table: dict[str, set[int]] = {}
        for number, group in enumerate(content.groups):
            for word in group:
                for form in _forms(word):
                    table.setdefault(fold_name(form), set()).add(number)
        self.light = frozenset(number for word in content.light for number in table[fold_name(word)])
        self.making = frozenset(number for word in content.making for number in table[fold_name(word)])
        self._automaton = ahocorasick.Automaton()
        for key, ids in table.items():
            self._automaton.add_word(key, (len(key), frozenset(ids)))
        self._automaton.make_automaton()
        self._reasons, self._scaffold, self._definitions, self._introductions = (
            _joined(rules) for rules in (content.reasons, content.scaffold, content.definitions, content.introductions)
        )
        self.particles = frozenset(content.particles)
        self._explains = content.explains
        self._kinds = {
            "why": _joined(content.why),
            "who": _joined(content.who),
            "definition": _joined(content.definition),
            "how": _joined(content.how),
            "recent": _joined(content.recent),
        }

    def find(self, text: str) -> list[Concept]:
        """The concepts of `text`, the longest word where several overlap, in order."""
        folded, offsets = fold(text)
        hits = []
        for last, (length, ids) in self._automaton.iter(folded):
            start, end = offsets[last - length + 1], offsets[last] + 1
            if Catalog.whole(text, start, end):
                hits.append(Concept(start, end, ids))
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        found: list[Concept] = []
        for hit in hits:
            if not found or hit.start >= found[-1].end:
                found.append(hit)
        return found

    def ids(self, text: str) -> frozenset[int]:
        """All that `text` speaks of, overlapping words too: 净利润 is of profit and of 利润."""
        folded, offsets = fold(text)
        return frozenset(
            number
            for last, (length, ids) in self._automaton.iter(folded)
            if Catalog.whole(text, offsets[last - length + 1], offsets[last] + 1)
            for number in ids
        )

    def words(self, ids: Sequence[int] | frozenset[int], most: int = 8) -> list[str]:
        """The words of these groups in both languages, for searching."""
        return [word for number in sorted(ids) for word in self.groups[number][:most]]

    def gives_reason(self, sentence: str) -> bool:
        return self._reasons.search(normalise(sentence)) is not None

    def defines(self, sentence: str) -> bool:
        return self._definitions.search(normalise(sentence)) is not None

    def introduces(self, sentence: str) -> bool:
        """Whether a sentence says at least that something came out, was founded or is used."""
        return self._introductions.search(normalise(sentence)) is not None

    def explains(self, sentence: str, term: str) -> bool:
        """Whether `sentence` says what `term` is: "所谓 TPP 是…", "A supernode is…"."""
        plain, word = normalise(sentence).strip(), re.escape(normalise(term).strip())
        return any(re.search(rule.replace("{term}", word), plain) for rule in self._explains)

    def asks(self, kind: str, question: str) -> bool:
        """Whether a question is of `kind`: "why", "who", "definition", "how" or "recent"."""
        return self._kinds[kind].search(normalise(question)) is not None

    def without_scaffold(self, text: str) -> str:
        """`text` normalised, with its question words blanked, character for character."""
        return self._scaffold.sub(lambda match: " " * len(match.group()), normalise(text))


def _joined(rules: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule})" for rule in rules), re.I)


def _forms(word: str) -> Iterator[str]:
    """An English word with its endings; anything else as it is."""
    yield word
    if not re.fullmatch(r"[A-Za-z][A-Za-z\- ]*[a-z]", word) or len(word) < 3:
        return
    head, _, tail = word.partition(" ") if " " in word else (word, "", "")
    rest = f" {tail}" if tail else ""
    for stem in (head,) if rest else (word,):
        yield from (f"{stem}s{rest}", f"{stem}ed{rest}", f"{stem}ing{rest}", f"{stem}es{rest}")
        if stem.endswith("e"):
            yield from (f"{stem}d{rest}", f"{stem[:-1]}ing{rest}", f"{stem}r{rest}")
        elif stem.endswith("y"):
            yield from (f"{stem[:-1]}ies{rest}", f"{stem[:-1]}ied{rest}")
        elif len(stem) > 2 and stem[-1] not in "aeiouwy" and stem[-2] in "aeiou":
            yield from (f"{stem}{stem[-1]}ed{rest}", f"{stem}{stem[-1]}ing{rest}")
    if rest:
        yield f"{word}s"


@functools.lru_cache(maxsize=1)
def load_concepts() -> Concepts:
    """The shipped concepts, read once."""
    text = (resources.files("assistant") / "concepts.yaml").read_text("utf-8")
    return Concepts(ConceptFile.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))))
