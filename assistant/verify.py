"""Verify: generated text against the passages it cites; what they do not support does not reach a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assistant.claims import Claim, Reading, Sentence, read
from assistant.directions import directions, written_numbers
from assistant.exact_words import code_words, content_words, proper_words
from assistant.markers import MARKER, markers, normalise_markers, without_markers
from assistant.sameness import same_bound, same_value
from knowledge.catalog import Catalog, fold, normalise

Kind = Literal["citation", "quantity", "date", "name", "code", "comparison", "negation", "statement"]


@dataclass(frozen=True, slots=True)
class Source:
    """A cited passage: `text` as in its document, `context` the title and headings above it, `published` its date.

    `header` is the header of the table that `text` is a row of (`knowledge.tables.header_above`).
    """

    text: str
    context: str = ""
    published: str | None = None
    header: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sentence cannot stay: `text` is the part of it that no cited passage supports."""

    kind: Kind
    text: str
    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok` when every sentence stands; `kept` is the text without those that do not, "" when nothing is left."""

    ok: bool
    problems: tuple[Problem, ...]
    kept: str


def verify(
    text: str,
    cited: Mapping[int, str | Source],
    *,
    catalog: Catalog,
    language: str = "zh",
    derivations: Sequence[str] = (),
    question: str = "",
) -> Verdict:
    """Judges each sentence of `text` by the passages whose markers it carries.

    Every number, date, name, code, comparison and denial of a sentence must stand in a passage that this sentence
    cites, with the same unit, subject, attribute, condition and period, or in one of the `derivations` (results that
    the ledger worked out, with their working). `question` tells what a sentence without a subject is about. A sentence
    that states something and cites nothing goes too. Letter case, width, separators and unit prefixes do not matter.
    """
    text = normalise_markers(text).strip()
    sources = {number: _read_source(source, catalog) for number, source in cited.items()}
    worked = [read(derivation, catalog) for derivation in derivations]
    reading = read(without_markers(text), catalog, title=question)
    if len(reading.text) != len(text):
        # A table without its rule was mended; read the text with the same rule in it.
        text = _same_length(text, reading.text)
        reading = read(without_markers(text), catalog, title=question)
    marks = _assign(text, reading.sentences)
    judge = _Judge(catalog, sources, worked, language)
    problems: list[Problem] = []
    removed: list[Sentence] = []
    states = False
    for sentence, numbers in zip(reading.sentences, marks, strict=True):
        found = judge.sentence(sentence, numbers)
        leans = not sentence.subject_ids and bool(sentence.claims) and not question
        if not found and leans and removed and removed[-1] is _before(reading.sentences, sentence):
            found = [
                Problem(
                    "name",
                    sentence.text,
                    sentence.text,
                    "it speaks of something that the sentence before it names, and that one is not supported",
                )
            ]
        if found:
            problems += found
            removed.append(sentence)
        else:
            states = states or bool(numbers)
    kept = _without(text, reading, removed) if states else ""
    return Verdict(not problems and states, tuple(problems), kept)


def _read_source(source: str | Source, catalog: Catalog) -> Reading:
    if isinstance(source, str):
        source = Source(source)
    text = f"{source.header}\n{source.text}" if source.header else source.text
    return read(text, catalog, title=source.context, published=source.published)


def _same_length(text: str, mended: str) -> str:
    rule = [line for line in mended.split("\n") if re.fullmatch(r"\|(?: --- \|)+", line)]
    lines: list[str] = []
    for line in text.split("\n"):
        lines.append(line)
        if rule and line.lstrip().startswith("|") and not (len(lines) > 1 and lines[-2].lstrip().startswith("|")):
            lines.append(rule[0])
    return "\n".join(lines)


def _before(sentences: Sequence[Sentence], sentence: Sentence) -> Sentence | None:
    at = next(index for index, other in enumerate(sentences) if other is sentence)
    return sentences[at - 1] if at else None


def _assign(text: str, sentences: Sequence[Sentence]) -> list[list[int]]:
    """The markers of each sentence: those in it and behind it; at the beginning of a line those before it."""
    assigned: list[list[int]] = [[] for _ in sentences]
    for match in MARKER.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        leading = not MARKER.sub("", line).strip(" \t-*>·•")
        if leading:
            at = next((index for index, sentence in enumerate(sentences) if sentence.end > match.end()), None)
        else:
            at = max(
                (index for index, sentence in enumerate(sentences) if sentence.start <= match.start()), default=None
            )
        if at is not None:
            assigned[at].append(int(match.group(1)))
    return [list(dict.fromkeys(numbers)) for numbers in assigned]


def _without(text: str, reading: Reading, removed: Iterable[Sentence]) -> str:
    gone = {sentence.start for sentence in removed}
    pieces = []
    for index, sentence in enumerate(reading.sentences):
        begin = 0 if index == 0 else sentence.start
        until = reading.sentences[index + 1].start if index + 1 < len(reading.sentences) else len(text)
        if sentence.start not in gone:
            pieces.append(text[begin:until])
        elif "\n" in text[sentence.end : until]:
            pieces.append("\n")
    kept = re.sub(r"\n{3,}", "\n\n", "".join(pieces))
    # A lead-in whose list is gone, or a table head without rows, says nothing.
    kept = re.sub(r"(?:^|\n)[^\n\[]*[:：][ \t]*(?=\n*$)", "", kept)
    kept = re.sub(r"(?:^|\n)\|[^\n]*\|[ \t]*\n\|[\s|:\-]+\|[ \t]*(?=\n(?!\|)|$)", "", kept)
    return kept.strip()


class _Judge:
    """Compares sentences with what they cite."""

    def __init__(
        self, catalog: Catalog, sources: Mapping[int, Reading], worked: Sequence[Reading], language: str
    ) -> None:
        self._catalog, self._sources, self._worked, self._language = catalog, sources, list(worked), language

    def sentence(self, sentence: Sentence, numbers: Sequence[int]) -> list[Problem]:
        def problem(kind: Kind, part: str, reason: str) -> Problem:
            return Problem(kind, part, sentence.text, reason)

        if not numbers:
            if self._says_nothing(sentence):
                return []
            return [problem("citation", sentence.text, "it states something and cites no passage")]
        unknown = [number for number in numbers if number not in self._sources]
        if unknown:
            return [problem("citation", f"[{unknown[0]}]", "there is no passage of this number")]
        readings = [self._sources[number] for number in numbers] + self._worked
        found: list[Problem] = []
        support: list[tuple[Claim, Sentence, Reading]] = []
        for claim in sentence.claims:
            if self._trivial(claim):
                continue
            reason, where = self._supported(claim, sentence, readings)
            if reason:
                found.append(problem("date" if claim.iso else "quantity", claim.text, reason))
            elif where is not None:
                support.append((claim, *where))
        found += [problem("name", *item) for item in self._names(sentence, readings)]
        found += [problem("code", *item) for item in self._codes(sentence, readings)]
        found += [problem("comparison", *item) for item in self._comparisons(sentence, readings, support)]
        if not found:
            found += [problem("negation", *item) for item in self._negation(sentence, readings, support)]
        if not found and not support:
            found += [problem("statement", *item) for item in self._statement(sentence, readings)]
        return found

    @staticmethod
    def _says_nothing(sentence: Sentence) -> bool:
        """A lead-in, a heading or a table's head: it names what follows and states nothing."""
        bare = sentence.text.strip()
        if [claim for claim in sentence.claims if not _Judge._trivial(claim)] or written_numbers(bare):
            return False
        table = bare.startswith("|")
        return bare.startswith("#") or bare.endswith((":", "：")) or table or not re.search(r"\w", bare)

    @staticmethod
    def _trivial(claim: Claim) -> bool:
        """一款, 一个: an article, not a count."""
        quantity = claim.quantity
        return (
            quantity is not None
            and quantity.dimension == "count"
            and quantity.base == 1
            and claim.text.startswith("一")
        )

    def _supported(
        self, claim: Claim, sentence: Sentence, readings: Sequence[Reading]
    ) -> tuple[str, tuple[Sentence, Reading] | None]:
        """("", where) when a source says so, else (the nearest reason why not, None)."""
        reason = "no cited passage states it"
        for reading in readings:
            for candidate_sentence in reading.sentences:
                for candidate in candidate_sentence.claims:
                    if not same_value(claim, candidate):
                        continue
                    why = self._differs(claim, sentence, candidate, candidate_sentence)
                    if not why:
                        return "", (candidate_sentence, reading)
                    reason = why
        return reason, None

    def _differs(self, claim: Claim, sentence: Sentence, source: Claim, source_sentence: Sentence) -> str:
        """What else than the value is not as the source has it; "" when nothing."""
        if claim.quantity is not None and source.quantity is not None and not same_bound(claim, source):
            return f"the passage says {source_sentence.text[max(0, source.start - source_sentence.start - 8) :][:40]!r}"
        if (
            claim.subjects
            and source.subjects
            and not any(self._same(one, other) for one in claim.subjects for other in source.subjects)
        ):
            return f"the passage states it for {', '.join(sorted(map(self._name, source.subjects)))}"
        if claim.attributes and source.attributes and not claim.attributes & source.attributes:
            return f"the passage states it as {', '.join(sorted(map(self._attribute, source.attributes)))}"
        if claim.iso is None and claim.conditions != source.conditions:
            return f"its condition is {', '.join(sorted(source.conditions)) or 'not ' + ', '.join(sorted(claim.conditions))}"
        if claim.iso is None and claim.sure and source.sure:
            if claim.scope and source.scope and claim.scope != source.scope:
                return f"it is a figure of a {source.scope}, not of a {claim.scope}"
            if claim.period and source.period and claim.period != source.period:
                return f"it is a figure of {source.period}, not of {claim.period}"
            if source.status != claim.status and source.status != "stated":
                return f"the passage gives it as a {source.status}"
        trends = (_trend(claim, sentence), _trend(source, source_sentence))
        if all(trends) and trends[0] != trends[1]:
            return "the passage has it going the other way"
        if claim.negated != source.negated:
            return "the passage denies it" if source.negated else "the passage does not deny it"
        return ""

    def _same(self, one: str, other: str) -> bool:
        """The same subject, or a company spoken of for its product."""
        if one == other or (one[:1] == other[:1] == "~" and _called_alike(one[1:], other[1:])):
            return True
        product = self._catalog.products.get(other)
        return product is not None and product.vendor == one

    def _name(self, subject: str) -> str:
        entry = self._catalog.products.get(subject) or self._catalog.vendors.get(subject)
        return entry.name(self._language) if entry else subject.removeprefix("~")

    def _attribute(self, attribute: str) -> str:
        entry = self._catalog.attributes.get(attribute)
        return entry.name(self._language) if entry else attribute

    def _names(self, sentence: Sentence, readings: Sequence[Reading]) -> Iterable[tuple[str, str]]:
        known = {subject for reading in readings for subject in reading.subjects}
        makers = {self._catalog.products[subject].vendor for subject in known if subject in self._catalog.products}
        words = fold("\n".join(f"{reading.title}\n{reading.text}" for reading in readings))[0]
        for item in sentence.subjects:
            subject = item.value.id
            if subject in known or subject in makers or (subject.startswith("~") and subject[1:] in words):
                continue
            yield sentence.text[item.start - sentence.start : item.end - sentence.start], "no cited passage names it"

    def _codes(self, sentence: Sentence, readings: Sequence[Reading]) -> Iterable[tuple[str, str]]:
        """Versions, precisions, memory types, addresses and numbers in words: what measures nothing and is exact all the same."""
        spans = [(claim.start, claim.end) for claim in sentence.claims] + [
            (item.start, item.end) for item in sentence.subjects
        ]
        body = list(sentence.text)
        for start, end in spans:
            body[start - sentence.start : end - sentence.start] = " " * (end - start)
        rest = "".join(body)
        given = {code for reading in readings for code in code_words(f"{reading.title}\n{reading.text}")}
        for code in code_words(rest):
            if code not in given:
                yield code, "no cited passage has it"
        words = normalise("\n".join(f"{reading.title}\n{reading.text}" for reading in readings))
        for proper in proper_words(rest):
            if normalise(proper) not in words:
                yield proper, "no cited passage has it"
        values = {
            claim.quantity.value for reading in readings for claim in reading.claims if claim.quantity is not None
        }
        spoken = {word for reading in readings for word in written_numbers(reading.text)}
        for word, value in written_numbers(rest).items():
            if (
                word not in spoken
                and value not in values
                and value not in {other for reading in readings for other in written_numbers(reading.text).values()}
            ):
                yield word, "no cited passage has this number"

    def _comparisons(
        self, sentence: Sentence, readings: Sequence[Reading], support: Sequence[tuple[Claim, Sentence, Reading]]
    ) -> Iterable[tuple[str, str]]:
        """Each word of comparison or change must be the source's, the same way round, or follow from two cited figures."""
        hedged = [
            (claim.start - sentence.start, claim.quantity.bound)
            for claim in sentence.claims
            if claim.quantity is not None
        ]
        for word, sense, at, end in directions(sentence.text):
            # 超过 1000 颗: the word belongs to the quantity and was compared with it.
            if any(bound in ("at_least", "at_most") and 0 <= start - end <= 3 for start, bound in hedged):
                continue
            left = [item.value.id for item in sentence.subjects if item.start - sentence.start < at]
            right = [item.value.id for item in sentence.subjects if item.start - sentence.start >= end]
            if self._said(sense, left[-1:], right[:1], sentence, readings, support):
                continue
            if left and right and self._follows(sense, left[-1], right[0], sentence, readings):
                continue
            yield word, "no cited passage compares them so, and it does not follow from cited figures"

    def _said(
        self,
        sense: str,
        left: Sequence[str],
        right: Sequence[str],
        sentence: Sentence,
        readings: Sequence[Reading],
        support: Sequence[tuple[Claim, Sentence, Reading]],
    ) -> bool:
        near = [source for _, source, _ in support] or [
            source
            for reading in readings
            for source in reading.sentences
            if not sentence.subject_ids or not source.subject_ids or sentence.subject_ids & source.subject_ids
        ]
        opposite = {"more": "less", "less": "more"}.get(sense)
        for source in near:
            for _, other, at, end in directions(source.text):
                before = [item.value.id for item in source.subjects if item.start - source.start < at]
                behind = [item.value.id for item in source.subjects if item.start - source.start >= end]
                if other == sense and sense in ("up", "down") and support:
                    return True  # Which way each figure went was compared figure by figure.
                if (
                    other == sense
                    and (not left or not before or left[-1] in before)
                    and (not right or right[0] in behind)
                ):
                    return True
                if other == opposite and left and right and right[0] in before[-1:] and left[-1] in behind[:1]:
                    return True
        return False

    def _follows(self, sense: str, left: str, right: str, sentence: Sentence, readings: Sequence[Reading]) -> bool:
        """Whether cited figures of both subjects, alike in all else, show it."""
        if sense not in ("more", "less", "equal"):
            return False
        figures = [
            claim.figure
            for reading in readings
            for claim in reading.claims
            if claim.figure is not None and claim.figure.base is not None
        ]
        shown: list[bool] = []
        for one in figures:
            for other in figures:
                if (
                    (one.subject, other.subject) != (left, right)
                    or one.attribute != other.attribute
                    or one.dimension != other.dimension
                ):
                    continue
                if one.attribute not in sentence.attributes and sentence.attributes:
                    continue
                if (one.conditions, one.period) != (other.conditions, other.period):
                    continue
                # A chip without a scope is what its card carries; a server's or a cluster's figure says so.
                if one.scope != other.scope and None not in (one.scope, other.scope):
                    continue
                if not {one.bound, other.bound} <= {"exact", "about"}:
                    continue
                first, second = one.base or Decimal(0), other.base or Decimal(0)
                if "about" in (one.bound, other.bound) and abs(first - second) * 10 < max(first, second):
                    continue
                shown.append(
                    first > second if sense == "more" else first < second if sense == "less" else first == second
                )
        return bool(shown) and all(shown) and bool(sentence.attributes)

    def _negation(
        self, sentence: Sentence, readings: Sequence[Reading], support: Sequence[tuple[Claim, Sentence, Reading]]
    ) -> Iterable[tuple[str, str]]:
        if support:
            return  # Compared claim by claim.
        near = _closest(sentence, readings)
        if near is not None and near.negated != sentence.negated:
            yield sentence.text, "the passage denies it" if near.negated else "the passage does not deny it"

    def _statement(self, sentence: Sentence, readings: Sequence[Reading]) -> Iterable[tuple[str, str]]:
        """A statement without figures must at least be made of its source's words; other languages cannot be compared."""
        own = content_words(sentence.text)
        theirs = content_words("\n".join(f"{reading.title}\n{reading.text}" for reading in readings))
        same_script = bool(re.search(r"[\u4e00-\u9fff]", sentence.text)) == any(
            re.search(r"[\u4e00-\u9fff]", reading.text) for reading in readings
        )
        if own and same_script and len(own & theirs) < len(own) * 0.4:
            yield sentence.text, "the cited passages say nothing like it"


def _called_alike(one: str, other: str) -> bool:
    """霜刃k289 and the bare k289, which a passage may call it by; never 归墟k289."""
    longer, shorter = sorted((one, other), key=len, reverse=True)
    return longer.endswith(shorter) and re.fullmatch(r"[\u4e00-\u9fff]{2,3}", longer.removesuffix(shorter)) is not None


def _trend(claim: Claim, sentence: Sentence) -> str:
    """Whether the text has the figure going "up" or "down": the word of change next to it; "" without one."""
    at = claim.start - sentence.start
    before = [
        (at - end, sense)
        for _, sense, _, end in directions(sentence.text)
        if sense in ("up", "down") and 0 <= at - end <= 8
    ]
    return min(before)[1] if before else ""


def _closest(sentence: Sentence, readings: Sequence[Reading]) -> Sentence | None:
    own = content_words(sentence.text)
    best = max(
        ((len(own & content_words(source.text)), source) for reading in readings for source in reading.sentences),
        key=lambda pair: pair[0],
        default=(0, None),
    )
    return best[1] if best[0] else None


__all__ = ["Problem", "Source", "Verdict", "markers", "verify"]
