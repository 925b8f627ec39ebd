"""Verification measured: true sentences about the ledger's figures must pass the verifier, each with a fault must not.

The sentences are built from the figures' own sources, so what is true of them is known without asking the verifier.
`python -m evals.verification` prints, fault by fault, how many were caught and every one that escaped.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from assistant import Assistant
from assistant.verify import Source, verify
from assistant.wording import Wording, plain
from knowledge.catalog import Catalog
from knowledge.conditions import SEPARATING
from knowledge.figures import Figure
from knowledge.tables import header_above

# Dimensions whose values are written as number and unit, so that a sentence about them can be worded here.
MEASURED = ("memory", "bandwidth", "flops", "ops", "power", "length", "frequency")
LARGER = {
    "GB": "TB",
    "GB/s": "TB/s",
    "TFLOPS": "PFLOPS",
    "TOPS": "POPS",
    "W": "kW",
    "nm": "µm",
    "MHz": "GHz",
    "TB/s": "GB/s",
}
OTHER_KIND = {"GB": "GB/s", "GB/s": "GB", "TFLOPS": "TOPS", "TOPS": "TFLOPS", "TB/s": "TB", "W": "nm", "nm": "W"}
SENTENCE = {
    "zh": "{subject}的{attribute}为{hedge}{condition}{value} {unit}{mark}。",
    "en": "The {attribute} of the {subject} is {hedge}{condition}{value} {unit} {mark}.",
}
HEDGES = {
    "zh": {"exact": "", "about": "约 ", "at_least": "超过 ", "at_most": "不超过 "},
    "en": {"exact": "", "about": "about ", "at_least": "more than ", "at_most": "at most "},
}
COMPARED = {
    "zh": "{a}的{attribute}（{av}{am}）{way}{b}（{bv}{bm}）。",
    "en": "The {attribute} of the {a} ({av} {am}) is {way} that of the {b} ({bv} {bm}).",
}
WAYS = {"zh": ("高于", "低于"), "en": ("higher than", "lower than")}


@dataclass(frozen=True, slots=True)
class Trial:
    """A sentence with what it cites; `fault` is what was made wrong in it, "" when it is true."""

    fault: str
    text: str
    evidence: dict[int, Source]
    language: str


def trials(xinwen: Assistant, seed: int = 7, most: int = 120) -> Iterator[Trial]:
    """True sentences and faulty ones about `most` figures and `most` pairs of figures, the same for the same `seed`."""
    chance = random.Random(seed)
    figures = [figure for figure in xinwen.store.figures() if _simple(figure, xinwen.catalog)]
    sources = _Sources(xinwen)
    chance.shuffle(figures)
    maker = _Maker(xinwen.catalog, figures, sources, chance)
    for at, figure in enumerate(_spread(figures, most)):
        yield from maker.single(figure, "zh" if at % 3 else "en")
    for at, (one, other) in enumerate(_pairs(figures, most)):
        yield from maker.pair(one, other, "zh" if at % 3 else "en")


def _simple(figure: Figure, catalog: Catalog) -> bool:
    return (
        figure.value is not None
        and figure.high is None
        and figure.dimension in MEASURED
        and figure.status == "stated"
        and figure.subject in catalog.products
        and figure.bound in HEDGES["zh"]
        and figure.unit in OTHER_KIND
    )


def _spread(figures: Sequence[Figure], most: int) -> list[Figure]:
    """`most` figures, of as many attributes as there are: one after the other, round and round."""
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        groups[figure.attribute].append(figure)
    taken: list[Figure] = []
    for at in range(len(figures)):
        for group in groups.values():
            if at < len(group) and len(taken) < most:
                taken.append(group[at])
    return taken


def _pairs(figures: Sequence[Figure], most: int) -> list[tuple[Figure, Figure]]:
    """Figures of two products that differ in nothing but product and value."""
    waiting: dict[tuple[Any, ...], Figure] = {}
    found: list[tuple[Figure, Figure]] = []
    for figure in figures:
        key = (figure.attribute, figure.dimension, figure.conditions, figure.scope, figure.period)
        other = waiting.get(key)
        if figure.bound != "exact" or SEPARATING & set(figure.conditions):
            continue
        if other is not None and other.subject != figure.subject and other.base != figure.base:
            found.append((other, figure))
            del waiting[key]
        else:
            waiting[key] = figure
    return found[:most]


class _Sources:
    """The quote of a figure as the evidence that a citation gives."""

    def __init__(self, xinwen: Assistant) -> None:
        self._store = xinwen.store

    def __call__(self, figure: Figure) -> Source:
        document = self._store.document(figure.document_id)
        assert document is not None
        return Source(
            document.text[figure.quote_start : figure.quote_end],
            document.title,
            document.published,
            header_above(document.text, figure.quote_start),
        )


class _Maker:
    def __init__(self, catalog: Catalog, figures: Sequence[Figure], sources: _Sources, chance: random.Random) -> None:
        self._catalog, self._figures, self._sources, self._chance = catalog, figures, sources, chance
        self._stated: dict[tuple[str, int, int], set[tuple[str, str, Decimal | None]]] = defaultdict(set)
        for figure in figures:
            self._stated[figure.document_id, figure.quote_start, figure.quote_end].add(
                (figure.subject, figure.attribute, figure.base)
            )

    def single(self, figure: Figure, language: str) -> Iterator[Trial]:
        """The figure said rightly, and with each fault that is one for it."""
        wording = Wording(language, self._catalog)
        source = self._sources(figure)
        stranger = self._unrelated(figure)
        evidence = {1: source, 2: self._sources(stranger)}
        held = f"{source.text} {source.context}"

        def said(mark: str = "[1]", **changed: str) -> str:
            words = {
                "subject": wording.subject(figure.subject, figure.subject_name),
                "attribute": wording.attribute(figure.attribute),
                "hedge": HEDGES[language][figure.bound],
                "condition": self._condition(wording, figure),
                "value": plain(figure.value or Decimal(0)),
                "unit": figure.unit,
                "mark": mark,
            }
            return SENTENCE[language].format(**(words | changed))

        yield Trial("", said(), evidence, language)
        for fault, changed in self._faults(figure, wording, held, language):
            yield Trial(fault, said(**changed), evidence, language)
        yield Trial("cites another passage", said("[2]"), evidence, language)
        yield Trial("cites nothing", said(""), evidence, language)
        yield Trial("cites what is not there", said("[9]"), evidence, language)
        denied = said().replace("为", "不是", 1) if language == "zh" else said().replace(" is ", " is not ", 1)
        yield Trial("denied", denied, evidence, language)
        tail = {"zh": "，单价为 12.34 万元[1]。", "en": ", and it costs 12,340 dollars [1]."}[language]
        yield Trial("a figure more", said().rstrip("。.") + tail, evidence, language)
        best = {"zh": "，是所有国产芯片中最高的[1]。", "en": ", the highest of all domestic chips [1]."}[language]
        if not re.search(r"最|首|highest|most|first|best", held):
            yield Trial("a rank that nobody gave", said().rstrip("。.") + best, evidence, language)
        dated = {"zh": "，于 2019 年 2 月 3 日发布[1]。", "en": ", and it was launched on 3 February 2019 [1]."}[
            language
        ]
        yield Trial("a date that nobody gave", said().rstrip("。.") + dated, evidence, language)

    def _faults(
        self, figure: Figure, wording: Wording, held: str, language: str
    ) -> Iterator[tuple[str, dict[str, str]]]:
        value = figure.value or Decimal(0)
        for name, changed in (
            ("value, a digit", _digit(value)),
            ("value, tenfold", value * 10),
            ("value, 5 % off", value * Decimal("1.05")),
        ):
            if plain(changed) not in held:
                yield name, {"value": plain(changed)}
        if figure.unit in LARGER:
            yield "unit of another size", {"unit": LARGER[figure.unit]}
        # Integer operations that a source writes as FLOPS may be called either.
        if not (figure.dimension == "ops" and "flop" in figure.text.casefold()):
            yield "unit of another kind", {"unit": OTHER_KIND[figure.unit]}
        sibling = self._sibling(figure, held)
        if sibling is not None:
            yield "another product", {"subject": wording.subject(sibling, sibling)}
        other = self._other_attribute(figure)
        if other is not None:
            yield "another attribute", {"attribute": wording.attribute(other)}
        compute = figure.dimension in ("flops", "ops")
        if compute and not {"sparse", "dense"} & set(figure.conditions):
            yield "a condition that nobody gave", {"condition": {"zh": "稀疏 ", "en": "sparse "}[language]}
        if compute and "sparse" in figure.conditions:
            yield "the other condition", {"condition": {"zh": "稠密 ", "en": "dense "}[language]}
        if figure.bound == "exact":
            yield "a hedge more", {"hedge": HEDGES[language]["at_least"]}
        elif figure.bound in ("at_least", "at_most"):
            yield "a hedge less", {"hedge": ""}

    def _condition(self, wording: Wording, figure: Figure) -> str:
        named = [wording.condition(item) for item in figure.conditions if item in SEPARATING]
        return f"{' '.join(named)} " if named else ""

    def _sibling(self, figure: Figure, held: str) -> str | None:
        """Another product of the same maker that the source does not name."""
        vendor = self._catalog.products[figure.subject].vendor
        folded = re.sub(r"[\s\-]", "", held).casefold()
        siblings = [
            product.id
            for product in self._catalog.products.values()
            if product.vendor == vendor
            and product.id != figure.subject
            and product.kind == self._catalog.products[figure.subject].kind
            and not any(re.sub(r"[\s\-]", "", name).casefold() in folded for name in product.names())
        ]
        return self._chance.choice(siblings) if siblings else None

    def _other_attribute(self, figure: Figure) -> str | None:
        stated = self._stated[figure.document_id, figure.quote_start, figure.quote_end]
        dimension = self._catalog.attributes[figure.attribute].dimension
        others = [
            attribute.id
            for attribute in self._catalog.attributes.values()
            if attribute.dimension == dimension
            and attribute.id not in (figure.attribute, "ai_tops")
            and "product" in attribute.of
            and (figure.subject, attribute.id, figure.base) not in stated
        ]
        return self._chance.choice(others) if others and figure.attribute != "ai_tops" else None

    def _unrelated(self, figure: Figure) -> Figure:
        """A figure whose source says nothing of this one's value or product."""
        while True:
            other = self._chance.choice(self._figures)
            text = self._sources(other).text
            if other.subject != figure.subject and plain(figure.value or Decimal(0)) not in text:
                return other

    def pair(self, one: Figure, other: Figure, language: str) -> Iterator[Trial]:
        """Two figures compared rightly and the wrong way round; ratios, sums and differences that are not."""
        wording = Wording(language, self._catalog)
        evidence = {1: self._sources(one), 2: self._sources(other)}
        first, second = one.base or Decimal(0), other.base or Decimal(0)
        right, wrong = WAYS[language] if first > second else WAYS[language][::-1]
        words = {
            "attribute": wording.attribute(one.attribute),
            "a": wording.subject(one.subject, one.subject_name),
            "b": wording.subject(other.subject, other.subject_name),
            "av": f"{plain(one.value or Decimal(0))} {one.unit}",
            "bv": f"{plain(other.value or Decimal(0))} {other.unit}",
            "am": "[1]",
            "bm": "[2]",
        }
        compared = COMPARED[language]
        yield Trial("", compared.format(**words, way=right), evidence, language)
        yield Trial("compared the wrong way round", compared.format(**words, way=wrong), evidence, language)
        swapped = words | {"av": words["bv"], "bv": words["av"]}
        yield Trial("values swapped", compared.format(**swapped, way=wrong), evidence, language)
        times = plain((max(first, second) / min(first, second) + Decimal("1.3")).quantize(Decimal("0.1")))
        held = " ".join(source.text for source in evidence.values())
        if times not in held:
            tail = {"zh": f"，是后者的 {times} 倍[1][2]。", "en": f", {times} times as much [1][2]."}[language]
            yield Trial(
                "a ratio that is wrong", compared.format(**words, way=right).rstrip("。.") + tail, evidence, language
            )
        if one.unit == other.unit:
            total = plain((one.value or Decimal(0)) + (other.value or Decimal(0)) * 2)
            if total not in held:
                tail = {"zh": f"，合计 {total} {one.unit}[1][2]。", "en": f", {total} {one.unit} together [1][2]."}[
                    language
                ]
                yield Trial(
                    "a sum that is wrong", compared.format(**words, way=right).rstrip("。.") + tail, evidence, language
                )


def _digit(value: Decimal) -> Decimal:
    """The value with its first digit another one."""
    text = plain(value).replace(",", "")
    at = next(index for index, character in enumerate(text) if character.isdigit() and character != "0")
    return Decimal(text[:at] + str(int(text[at]) % 9 + 1) + text[at + 1 :])


@dataclass(slots=True)
class Outcome:
    """How the trials of one kind ended: `right` of `asked`, and the sentences of the others."""

    asked: int = 0
    right: int = 0
    wrong: list[str] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.wrong = []


def judge(given: Iterator[Trial], catalog: Catalog) -> dict[str, Outcome]:
    """The outcomes by fault; a true sentence is right when it is kept, a faulty one when it is not kept as it is."""
    outcomes: dict[str, Outcome] = defaultdict(Outcome)
    for trial in given:
        verdict = verify(trial.text, trial.evidence, catalog=catalog, language=trial.language)
        outcome = outcomes[trial.fault]
        outcome.asked += 1
        if verdict.ok == (not trial.fault):
            outcome.right += 1
        else:
            why = "" if trial.fault else f"  ({verdict.problems[0].kind}: {verdict.problems[0].reason})"
            outcome.wrong.append(f"{trial.text}  ← {trial.evidence[1].text[:120]!r}{why}")
    return dict(outcomes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report; returns 1 when a fault escaped or fewer than 300 were seeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="a home that holds the corpus; without one it is read into a temporary home")
    parser.add_argument("--seed", type=int, default=7, help="which figures and which faults")
    parser.add_argument("--most", type=int, default=120, help="how many figures, and how many pairs of them")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        xinwen.prepare()
        outcomes = judge(trials(xinwen, options.seed, options.most), xinwen.catalog)
    true = outcomes.pop("", Outcome())
    seeded, caught = sum(item.asked for item in outcomes.values()), sum(item.right for item in outcomes.values())
    print(f"{'true sentences kept':<32}{true.right:>5} of {true.asked}")
    for line in true.wrong:
        print(f"    rejected: {line}")
    for fault, outcome in sorted(outcomes.items()):
        print(f"{fault:<32}{outcome.right:>5} of {outcome.asked}")
        for line in outcome.wrong:
            print(f"    escaped: {line}")
    print(
        f"{caught} of {seeded} seeded faults caught; {true.right / max(1, true.asked):.3f} of the true sentences kept"
    )
    return int(caught < seeded or seeded < 300)


if __name__ == "__main__":
    sys.exit(main())
