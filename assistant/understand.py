"""Understanding: words and conversation → Question."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from assistant.asked import Asked, asked_in
from assistant.conversation import Conversation
from assistant.intents import Read, derivation, intent_of
from assistant.names import NameIndex
from assistant.phrases import load_phrases
from assistant.question import Question, Subject
from assistant.references import Listed, References
from assistant.sentence import sentence
from assistant.stated import filters_in, premises_in
from assistant.times import bare_years, times_in
from knowledge.catalog import Catalog, Mention, normalise
from knowledge.conditions import SEPARATING
from knowledge.dates import find_dates
from knowledge.lexicon import load_lexicon
from knowledge.quantities import Quantity, find_quantities
from knowledge.sentence import COUNTED
from knowledge.units import parse_unit

# A conversation's earlier turns that can still be meant, greetings not counted; a history may be a thousand long.
REMEMBERED = 24
# Earlier questions are read again with every turn of a conversation without a memory of its own.
_KEPT = 2048
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LETTERS = re.compile(r"[a-zA-Z]{2,}")
_UNITS = r"\s*([KMGTPE]i?B/s|[KMGTPE]i?B|[KMGTPE]?(?:FLOPS|OPS)|[kM]?W|nm|MHz|GHz|Gbps|Gb/s)(?![A-Za-z])"
_UNIT = re.compile(rf"(?i)(?:换算?成|换算为|转换?成|转为|换|单位.{{0,3}}|用|以|(?<![a-z])in|(?<![a-z])to){_UNITS}")
_HOW_MANY = re.compile(rf"(?i)(?:多少个?|几个?|how many){_UNITS}")
_CAPITALISED = re.compile(r"(?<![A-Za-z0-9])[A-Z][a-z]{3,}(?![A-Za-z0-9])")


class Understanding:
    """Turns questions into Question models; built once for a catalogue and a state of the store.

    `listed` tells what the answer to an earlier ranking or list held, in its order; `today` resolves 去年.
    """

    def __init__(
        self, catalog: Catalog, names: NameIndex, today: str | None = None, listed: Listed | None = None
    ) -> None:
        self._catalog = catalog
        self._names = names
        self._phrases = load_phrases()
        self._today = today
        self._references = References(self._phrases, catalog, listed or (lambda question: ()))
        self._alone = functools.lru_cache(maxsize=_KEPT)(self._read_alone)

    def __call__(self, text: str, history: Sequence[str] = ()) -> Question:
        """The question `text`, what it leaves out taken from the earlier questions in `history` (oldest first)."""
        spoken = next(
            (text for text in reversed(history[-REMEMBERED:]) if _LETTERS.search(text) or _HAN.search(text)), ""
        )
        language: Literal["zh", "en"] | None = ("zh" if _HAN.search(spoken) else "en") if spoken else None
        conversation = Conversation(self._phrases, self._references, self._alone, language)
        for earlier in self._said(history):
            conversation.resolve(*self._alone(earlier))
        question = conversation.resolve(*self._alone(text))
        return question.model_copy(update={"understood": sentence(question, self._catalog)})

    def _said(self, history: Sequence[str]) -> list[str]:
        """The latest earlier questions that say something, oldest first."""
        kept: list[str] = []
        for text in reversed(history):
            if len(kept) == REMEMBERED:
                break
            if len(text) > 40 or not self._phrases.says("smalltalk", normalise(text)):
                kept.append(text)
        return kept[::-1]

    def _read_alone(self, text: str) -> tuple[Question, str]:
        """A question by itself, and what it says besides names, attributes and fillers."""
        phrases, plain = self._phrases, normalise(text)
        if not re.search(r"\w", plain):
            return Question(text=text, language="zh", intent="empty"), ""
        quantities = [item for item in find_quantities(text) if item.dimension not in ("plain", "rank")]
        names = self._names.find(text, quantities)
        dates = find_dates(text, self._today)
        standing = [*names.spans, *((item.start, item.end) for item in quantities)]
        dates += bare_years(text, [*standing, *((date.start, date.end) for date in dates)])
        # An attribute's name may hold a subject's (列入实体清单时间): the longer name is meant.
        named = self._catalog.attribute_mentions(text)
        found = [
            item
            for item in names.found
            if not any(
                mark.start <= item.start and item.end <= mark.end and mark.end - mark.start > item.end - item.start
                for mark in named
            )
        ]
        subjects = tuple(item.subject for item in found)
        spans = [(item.start, item.end) for item in found]
        asked = asked_in(
            self._catalog,
            text,
            spans,
            named,
            subjects,
            when=bool(phrases.says("when", plain)),
            everyday=phrases.everyday,
            several=bool(phrases.says("rank", plain) or phrases.says("filter", plain)),
        )
        filters = filters_in(self._catalog, phrases, plain, quantities, asked, subjects)
        premise, implied = premises_in(self._catalog, quantities, asked, subjects if not filters else ())
        asked = replace(asked, attributes=tuple(dict.fromkeys((*asked.attributes, *implied))))
        times = times_in(
            phrases, plain, dates, periodic=any(self._catalog.attributes[name].periodic for name in asked.any)
        )
        count = _count(quantities) or _count_before(text, spans)
        derive = derivation(phrases, plain, subjects)
        asked = _of_what(asked, named, phrases.says("per_watt", plain))
        others = [*((date.start, date.end) for date in dates), *((item.start, item.end) for item in quantities)]
        rest = self._rest(plain, [*names.spans, *asked.spans, *others], names.unknown)
        read = Read(plain, subjects, asked, filters, derive, count, names.unknown, rest, bool(times.since))
        unit = _UNIT.search(text) or _HOW_MANY.search(text)
        known_unit = parse_unit(unit.group(1)) if unit else None
        kinds = (("spec", "specs_only"), ("filing", "filings_only"), ("news", "news_only"))
        sources = next((source for source, group in kinds if phrases.says(group, plain)), None)
        question = Question(
            text=text,
            language=self._language(text, plain, spans),
            subjects=subjects,
            attributes=asked.attributes,
            cues=asked.cues,
            intent=intent_of(phrases, read),
            rank_direction="lowest" if phrases.says("rank_low", plain) else "highest",
            rank_n=self._rank_n(plain),
            filters=filters,
            derive=derive,
            count=count,
            domestic_only=self._domestic(plain, subjects),
            kind=self._kind(plain, subjects),
            conditions=_conditions(plain),
            scope=self._scope(plain, subjects),
            period=times.periods[0] if times.periods else None,
            periods=times.periods,
            as_of=times.as_of,
            since=times.since,
            until=times.until,
            dates=tuple(dict.fromkeys(date.iso for date in dates)),
            topics=asked.topics,
            topic=" ".join(_blanked(text, [*names.spans, *((date.start, date.end) for date in dates)]).split())[:200],
            vendors=tuple(dict.fromkeys(self._references.maker(subject) for subject in subjects)),
            sources=sources,  # type: ignore[arg-type]
            unit=known_unit[0] if known_unit else None,
            table=bool(phrases.says("table", plain)),
            brief=bool(phrases.says("brief", plain)),
            premise=premise,
            unknown_names=names.unknown or self._strangers(text, plain, subjects, asked, spans),
            unknown_attributes=tuple(word for word in phrases.unknown_attributes if word in plain and not asked.any),
            assumed=names.assumed,
            speaks=bool(_HAN.search(_blanked(text, spans)) or _LETTERS.search(_blanked(text, [*spans, *asked.spans]))),
        )
        return question, rest

    def _language(self, text: str, plain: str, names: Sequence[tuple[int, int]]) -> Literal["zh", "en"]:
        """The language to answer in: the one asked for, else that of the words around the names."""
        if self._phrases.says("english", plain):
            return "en"
        if self._phrases.says("chinese", plain):
            return "zh"
        words = _blanked(text, names)
        if _HAN.search(words):
            return "zh"
        return "en" if _LETTERS.search(words) or not _HAN.search(text) else "zh"

    def _rest(self, plain: str, spans: Sequence[tuple[int, int]], unknown: Sequence[str]) -> str:
        plain = _blanked(plain, spans)
        for name in unknown:
            plain = plain.replace(normalise(name), " ")
        return re.sub(r"[\W_]+", " ", self._phrases.without("filler", plain)).strip()

    def _strangers(
        self, text: str, plain: str, subjects: Sequence[Subject], asked: Asked, spans: Sequence[tuple[int, int]]
    ) -> tuple[str, ...]:
        """Capitalised words that nobody here is called by, in a question that asks a figure of nobody else (Dojo)."""
        if subjects or not asked.any or self._phrases.says("rank", plain) or self._phrases.says("filter", plain):
            return ()
        known = [*spans, *asked.spans]
        return tuple(
            match.group()
            for match in _CAPITALISED.finditer(text)
            if text[: match.start()].strip()
            and not any(start < match.end() and match.start() < end for start, end in known)
        )

    def _domestic(self, plain: str, subjects: Sequence[Subject]) -> bool | None:
        """Foreign chips are references: they are ranked beside domestic ones only when the question asks for them."""
        vendors = self._catalog.vendors
        foreign = self._phrases.says("foreign", plain) or any(
            subject.id in vendors and not vendors[subject.id].domestic for subject in subjects
        )
        return None if foreign else True

    def _rank_n(self, plain: str) -> int | None:
        match = self._phrases.says("rank_n", plain)
        return self._phrases.number(match) if match is not None else None

    def _kind(self, plain: str, subjects: Sequence[Subject]) -> str | None:
        if any(subject.kind != "vendor" for subject in subjects):
            return None
        return next((kind for kind in ("cluster", "server") if self._phrases.kinds[kind].search(plain)), None)

    def _scope(self, plain: str, subjects: Sequence[Subject]) -> str | None:
        own = {subject.kind for subject in subjects}
        if own & {"cluster", "die", "card"}:
            return None
        return next(
            (
                scope
                for scope in ("card", "server", "die")
                if scope not in own and self._phrases.says(f"per_{scope}", plain)
            ),
            None,
        )


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` with blanks where `spans` are."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _of_what(asked: Asked, named: Sequence[Mention], per_watt: re.Match[str] | None) -> Asked:
    """INT8 in "INT8能效比" is what is asked of a watt; the efficiency itself is asked only where nothing else is."""
    if per_watt is None:
        return asked
    ratios = {mark.entry.id for mark in named if mark.start < per_watt.end() and per_watt.start() < mark.end}
    others = tuple(name for name in asked.attributes if name not in ratios)
    return replace(asked, attributes=others) if others else asked


def _count(quantities: Sequence[Quantity]) -> int | None:
    """How many cards a total is asked of."""
    counters = load_phrases().counters
    return next(
        (int(item.value) for item in quantities if item.dimension == "count" and item.counter in counters), None
    )


def _count_before(text: str, names: Sequence[tuple[int, int]]) -> int | None:
    """16 MTT S4000 cards: English counts behind the name."""
    for start, end in names:
        number = re.search(r"(?<![\w.])(\d{1,6}) $", text[:start])
        if number and COUNTED.match(text, end):
            return int(number.group(1))
    return None


def _conditions(plain: str) -> tuple[str, ...]:
    found = []
    for condition in sorted(SEPARATING):
        for word in sorted(load_lexicon().conditions[condition], key=len, reverse=True):
            if word in plain:
                found.append(condition)
                plain = plain.replace(word, " ")
                break
    return tuple(found)
