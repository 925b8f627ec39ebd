"""Faults: wrong variants of a right answer, each as a system that has gone wrong might give it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

from assistant.answer import Answer, AnswerFigure
from assistant.directions import directions
from assistant.markers import MARKER, without_markers
from evals.evidence import catalog, products, quantities
from evals.saying import MEASURED, ordered
from evals.support import as_quantity, stated_condition
from knowledge.quantities import Quantity

Fault = Callable[[Answer, Answer, Random], Iterator[Answer]]
"""(answer, another case's answer, chance) → variants that are wrong."""


def number_changed(answer: Answer, _: Answer, chance: Random) -> Iterator[Answer]:
    """A number of the text is another number."""
    for quantity in _stated(answer):
        digits = re.match(r"[\d,]*\.?\d+", quantity.text)
        if digits:
            start = quantity.start
            yield _with(answer, start, start + digits.end(), other_number(digits.group(), chance))


def figure_changed(answer: Answer, _: Answer, chance: Random) -> Iterator[Answer]:
    """An entry of the figures has another value, as a program that reads the JSON would get it."""
    for at, figure in enumerate(answer.figures):
        if isinstance(figure.value, str):
            value: float | str = re.sub(r"\d(?!\d)", lambda m: str((int(m.group()) + 1) % 10), figure.value, count=1)
            if value == figure.value:
                continue
        else:
            value = float(other_number(f"{Decimal(str(figure.value)):f}", chance))
        yield _put(answer, "figures", at, figure.model_copy(update={"value": value}))


_UNITS = {"GB/s": "TB/s", "TB/s": "GB/s", "GB": "TB", "TB": "GB", "W": "kW", "kW": "W", "TFLOPS": "PFLOPS", "PFLOPS": "TFLOPS", "TOPS": "TFLOPS", "nm": "mm", "GHz": "MHz", "亿元": "万元", "元": "万元"}  # fmt: skip


def unit_swapped(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """A unit of the text, or of the figures, is a thousand times another, or of another kind."""
    for quantity in _stated(answer):
        other = _UNITS.get(quantity.unit)
        if other and quantity.text.endswith(quantity.unit):
            yield _with(answer, quantity.end - len(quantity.unit), quantity.end, other)
    for at, figure in enumerate(answer.figures):
        if figure.unit in _UNITS:
            yield _put(answer, "figures", at, figure.model_copy(update={"unit": _UNITS[figure.unit]}))


def citation_dropped(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """A citation is gone, from the list or from the text."""
    for at, citation in enumerate(answer.citations):
        rest = (*answer.citations[:at], *answer.citations[at + 1 :])
        yield answer.model_copy(update={"citations": rest})
        bare = answer.text.replace(f"[{citation.marker}]", "")
        if not MARKER.search(bare):
            yield answer.model_copy(update={"text": bare})


def marker_moved(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """A figure carries the marker of a citation that is not there."""
    for match in MARKER.finditer(answer.text):
        yield _with(answer, match.start(), match.end(), f"[{len(answer.citations) + 7}]")


def neighbours_answer(answer: Answer, other: Answer, _: Random) -> Iterator[Answer]:
    """The whole answer is another question's."""
    if other.text != answer.text:
        yield other.model_copy(update={"question": answer.question})


def neighbours_number(answer: Answer, other: Answer, chance: Random) -> Iterator[Answer]:
    """A number is another product's, in the text and in the figures: well-formed, plausible, and wrong."""
    theirs = [figure for figure in other.figures if not isinstance(figure.value, str)]
    for at, figure in enumerate(answer.figures):
        fitting = [f for f in theirs if f.unit == figure.unit and f.value != figure.value]
        mine = _quantity(figure)
        if not fitting or mine is None:
            continue
        taken = chance.choice(fitting)
        text = without_markers(answer.text)
        place = next((q for q in quantities(text) if (q.dimension, q.base) == (mine.dimension, mine.base)), None)
        if place is None:
            continue
        said = f"{Decimal(str(taken.value)):f} {taken.unit}"
        wrong = answer.text[: place.start] + said + answer.text[place.end :]
        changed = _put(answer, "figures", at, figure.model_copy(update={"value": taken.value}))
        yield changed.model_copy(update={"text": wrong})


def status_changed(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """The status is another."""
    for status in ("answered", "refused", "conflicting"):
        if status != answer.status:
            yield answer.model_copy(update={"status": status})


_TURNED = {"高于": "低于", "低于": "高于", "higher than": "lower than", "lower than": "higher than"}


def comparison_flipped(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """The smaller is said to be the larger, or two rows of a ranking have changed places."""
    for word, _sense, start, end in directions(without_markers(answer.text)):
        if word in _TURNED and len(_stated(answer)) >= 2:
            yield _with(answer, start, end, _TURNED[word])
    lines = answer.text.split("\n")
    if not ordered(answer.text):
        return  # what only fulfils a condition may stand in any order
    ranked = [at for at, line in enumerate(lines) if re.match(r"\d+\. ", line)]
    for one, two in itertools.pairwise(ranked):
        a, b = (re.sub(r"^\d+\. ", "", lines[at]) for at in (one, two))
        if _first_base(a) == _first_base(b):
            continue
        swapped = list(lines)
        swapped[one], swapped[two] = lines[one][: lines[one].index(a)] + b, lines[two][: lines[two].index(b)] + a
        yield answer.model_copy(update={"text": "\n".join(swapped), "table": None})


def _first_base(line: str) -> Decimal | None:
    found = [q for q in quantities(without_markers(line)) if q.dimension in MEASURED]
    return found[0].base if found else None


def side_dropped(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """A side of a conflict is not told: gone from the text, or from the answer altogether."""
    for at, conflict in enumerate(answer.conflicts):
        for index in conflict.figures:
            figure = answer.figures[index]
            mine = _quantity(figure)
            places = [
                q
                for q in quantities(without_markers(answer.text))
                if mine and (q.dimension, q.base) == (mine.dimension, mine.base)
            ]
            if len(places) == 1 and f"[{figure.citation}]" in answer.text:
                kept = answer.text[: places[0].start] + "…" + answer.text[places[0].end :]
                yield answer.model_copy(update={"text": kept.replace(f"[{figure.citation}]", "")})
        one = conflict.model_copy(update={"figures": conflict.figures[:1]})
        yield _put(answer, "conflicts", at, one)
    if answer.conflicts and answer.status == "conflicting":
        yield answer.model_copy(update={"conflicts": (), "status": "answered"})


def span_shifted(answer: Answer, _: Answer, chance: Random) -> Iterator[Answer]:
    """A quote's span is off, or its words are not quite the document's."""
    for at, citation in enumerate(answer.citations):
        by = chance.choice((-2, -1, 1, 2))
        moved = {"start": max(0, citation.start + by), "end": citation.end + by}
        yield _put(answer, "citations", at, citation.model_copy(update=moved))
        digit = re.search(r"\d", citation.quote)
        if digit:
            changed = str((int(digit.group()) + 1) % 10)
            quote = citation.quote[: digit.start()] + changed + citation.quote[digit.end() :]
            yield _put(answer, "citations", at, citation.model_copy(update={"quote": quote}))


def product_changed(answer: Answer, _: Answer, chance: Random) -> Iterator[Answer]:
    """A figure is given to another product, in the text or in the figures."""
    names = sorted(product.name(answer.language) for product in catalog().products.values())
    asked = {found for _, _, found in products(answer.question)}
    for at, figure in enumerate(answer.figures):
        other = chance.choice(names)
        taken = {found for _, _, found in products(other)}
        if taken & (asked | {found for f in answer.figures for _, _, found in products(f.product)}):
            continue
        yield _put(answer, "figures", at, figure.model_copy(update={"product": other}))
        if figure.product in answer.text:
            yield answer.model_copy(update={"text": answer.text.replace(figure.product, other)})


def condition_swapped(answer: Answer, _: Answer, __: Random) -> Iterator[Answer]:
    """Dense is said to be sparse, or sparse to be dense, in the text or in the figures."""
    words = {"稠密": "稀疏", "稀疏": "稠密", "dense": "sparse", "sparse": "dense"}
    for word, other in words.items():
        for match in re.finditer(word, answer.text):
            yield _with(answer, match.start(), match.end(), other)
    for at, figure in enumerate(answer.figures):
        said = stated_condition(figure.condition or "")
        compute = figure.attribute.endswith(("flops", "tops"))
        if said:
            swapped = "sparse" if said == "dense" else "dense"
            yield _put(answer, "figures", at, figure.model_copy(update={"condition": swapped}))
        elif compute:
            yield _put(answer, "figures", at, figure.model_copy(update={"condition": "sparse"}))


def result_changed(answer: Answer, _: Answer, chance: Random) -> Iterator[Answer]:
    """A computed result is not what its operands give."""
    for match in re.finditer(r"= ?(\d[\d,]*(?:\.\d+)?)", answer.text):
        yield _with(answer, match.start(1), match.end(1), other_number(match.group(1), chance))


FAULTS: tuple[Fault, ...] = (
    number_changed,
    figure_changed,
    unit_swapped,
    citation_dropped,
    marker_moved,
    neighbours_answer,
    neighbours_number,
    status_changed,
    comparison_flipped,
    side_dropped,
    span_shifted,
    product_changed,
    condition_swapped,
    result_changed,
)


def other_number(written: str, chance: Random) -> str:
    """A number near the one written that is not it: one of its digits is another, and it does not begin with 0."""
    places = [at for at, character in enumerate(written) if character.isdigit()]
    while True:
        at = chance.choice(places)
        digit = chance.choice([d for d in "0123456789" if d != written[at]])
        if at == places[0] and digit == "0":
            if len(places) == 1:
                digit = "7" if written[at] != "7" else "3"
            else:
                continue
        changed = written[:at] + digit + written[at + 1 :]
        if Decimal(changed.replace(",", "")) != Decimal(written.replace(",", "")):
            return changed


def _stated(answer: Answer) -> list[Quantity]:
    """The measured quantities of the text, those that only say the asker's words back left out."""
    own = {(q.dimension, q.base) for q in quantities(answer.question)}
    found = quantities(without_markers(answer.text))
    return [q for q in found if q.dimension in MEASURED and (q.dimension, q.base) not in own]


def _quantity(figure: AnswerFigure) -> Quantity | None:
    return None if isinstance(figure.value, str) else as_quantity(figure.value, figure.unit)


def _with(answer: Answer, start: int, end: int, words: str) -> Answer:
    return answer.model_copy(update={"text": answer.text[:start] + words + answer.text[end:]})


def _put(answer: Answer, field: str, at: int, item: object) -> Answer:
    items = list(getattr(answer, field))
    items[at] = item
    return answer.model_copy(update={field: tuple(items)})
