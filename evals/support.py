"""Support: whether each figure of an answer stands in what it cites, with its value, unit, subject, attribute, condition.

The definition of a wrong figure, the rate that must be 0: a figure whose quote does not state this value in this unit
of this subject under this condition. `evals.saying` holds the answer's words to the same.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from decimal import Decimal

from assistant.answer import Answer, AnswerFigure
from evals.evidence import Evidence, Texts, catalog, condition_words, evidence, numbers, quantities
from knowledge.catalog import fold, fold_name, normalise
from knowledge.quantities import Quantity

# A clause ends at these; what stands in brackets behind a value still belongs to it.
_CLAUSE = re.compile(r"[，,。；;|\n]")
_MONTHS = tuple(month.casefold() for month in calendar.month_name[1:])


def wrong_figures(answer: Answer, texts: Texts) -> list[str]:
    """What is wrong with the figures of `answer`, a line for each; empty when every one stands in its quote."""
    cited = {citation.marker: evidence(citation, texts) for citation in answer.citations}
    return [
        f"{figure.product} {figure.attribute} {figure.value} {figure.unit}".strip() + f" [{figure.citation}]: {why}"
        for figure in answer.figures
        if figure.citation in cited
        for why in _faults(figure, cited[figure.citation])
    ]


def _faults(figure: AnswerFigure, source: Evidence) -> Iterator[str]:
    if not source.names(figure.product):
        yield "the quote is of another product"
    if isinstance(figure.value, str):
        if not _word_stands(figure.value, source):
            yield "the quote does not say so"
        return
    stated = [_stated(value, figure.unit, source) for value in (figure.value, figure.high) if value is not None]
    if not all(stated):
        yield "the quote does not state this value with this unit"
        return
    yield from _wrong_condition(figure, source)
    other = _other_attribute(figure, source)
    if other:
        yield f"the quote states it as {other}"


def _stated(value: float, unit: str, source: Evidence) -> bool:
    quantity = as_quantity(value, unit)
    if quantity is None or quantity.dimension == "count":
        # 384 Ascend 910C chips: what is counted may stand anywhere behind the number.
        return abs(Decimal(str(value))) in numbers(source.quote) or (quantity is not None and source.states(quantity))
    if quantity.dimension == "money_per_share":
        # A price of a share is often given in plain money: 换股价为143.46元.
        money = quantities(source.quote)
        if any(other.dimension == "money" and other.base == quantity.base for other in money):
            return True
    return source.states(quantity)


def as_quantity(value: float, unit: str) -> Quantity | None:
    """The figure as the grammar of numbers reads it; None when it has no unit, or one that the grammar does not know.

    A loss is written with a minus or as a loss: signs are left out on both sides."""
    size = abs(Decimal(str(value)))
    found = quantities(f"{size:f} {unit}") if unit else ()
    return found[0] if len(found) == 1 and found[0].value == size else None


def _word_stands(value: str, source: Evidence) -> bool:
    if fold_name(value) in fold_name(source.quote):
        return True
    return bool(re.fullmatch(r"\d{4}(-\d{1,2}){0,2}|\d{4}-?[HQ]\d.*", value)) and _date_stands(value, source)


def _date_stands(value: str, source: Evidence) -> bool:
    """A date by its parts: the year in the quote, or above it, or worked out from a word such as 去年; the month and
    the day in the quote, as numbers or by their English names."""
    quote = normalise(source.quote)
    said = {int(part) for part in re.findall(r"\d+", quote)}
    said |= {at for at, month in enumerate(_MONTHS, 1) if re.search(rf"(?<![a-z]){month[:3]}(?:{month[3:]})?\b", quote)}
    year, *rest = [int(part) for part in re.findall(r"\d+", value.replace("H", "-").replace("Q", "-"))]
    years = {number for number in said if 1990 <= number <= 2100}
    if years and year not in years:
        return False
    if "H" in value or "Q" in value:
        return True
    return not years or all(part in said for part in rest)


def _wrong_condition(figure: AnswerFigure, source: Evidence) -> Iterator[str]:
    claimed = fold(figure.condition or "")[0]
    quantity = None if isinstance(figure.value, str) else as_quantity(figure.value, figure.unit)
    condition = stated_condition(claimed)
    if condition and quantity is not None and not may_be(condition, quantity, source):
        yield f"the quote does not say {condition}"
    for name in ("one_way", "two_way"):
        if name in claimed and not _holds_any(_up_to_value(figure, source), condition_words()[name]):
            yield f"the quote does not say {name}"
    # A sparse figure given as if it were the ordinary one is twice what the card does.
    if condition != "sparse" and _is_sparse(figure, source):
        yield "the quote states it with sparsity"


def may_be(condition: str, quantity: Quantity, source: Evidence) -> bool:
    """Whether the quote gives `quantity` as "dense" or "sparse": its clause says so, or else what was said last before
    it. In a table the words may stand in any head, and which head is whose is not asked."""
    if source.in_table:
        words = condition_words()
        near = source.near if condition == "dense" else _without(source.near, words["dense"])
        return _holds_any(near, words[condition])
    for place in quantities(source.quote):
        if (place.dimension, place.base) != (quantity.dimension, quantity.base):
            continue
        said = stated_condition(_clause(source.quote, place.start, place.end)) or next(
            filter(None, map(stated_condition, reversed(_CLAUSE.split(source.quote[: place.start])))),
            stated_condition(f"{source.headings} {source.title}"),
        )
        if said == condition:
            return True
    return False


def _up_to_value(figure: AnswerFigure, source: Evidence) -> str:
    """The title, the headings, and the quote as far as the value's own clause: what comes later is of something else."""
    quantity = None if isinstance(figure.value, str) else as_quantity(figure.value, figure.unit)
    ends = [
        place.end
        for place in quantities(source.quote)
        if quantity and (place.dimension, place.base) == (quantity.dimension, quantity.base)
    ]
    if not ends:
        return source.near
    behind = re.match(r"\s*[（(][^）)]*[）)]|[^，,。；;|\n]*", source.quote[ends[-1] :])
    end = ends[-1] + (behind.end() if behind else 0)
    return "\n".join((source.title, source.headings, source.quote[:end]))


def _is_sparse(figure: AnswerFigure, source: Evidence) -> bool:
    quantity = None if isinstance(figure.value, str) else as_quantity(figure.value, figure.unit)
    if quantity is None or source.header.count("|") > 8:
        return False
    words = condition_words()
    places = [q for q in quantities(source.quote) if (q.dimension, q.base) == (quantity.dimension, quantity.base)]
    around = [source.quote if source.in_table else _clause(source.quote, place.start, place.end) for place in places]
    sparse = [_holds_any(_without(part, words["dense"]), words["sparse"]) for part in around]
    return bool(sparse) and all(sparse) and not any(_holds_any(part, words["dense"]) for part in around)


def stated_condition(text: str) -> str:
    """ "dense" or "sparse" when `text` says one of them, "" when it says neither or both."""
    words = condition_words()
    dense = _holds_any(text, words["dense"])
    sparse = _holds_any(_without(text, words["dense"]), words["sparse"])
    return "" if dense == sparse else "dense" if dense else "sparse"


def _clause(text: str, start: int, end: int) -> str:
    first = max((match.end() for match in _CLAUSE.finditer(text, 0, start)), default=0)
    behind = re.match(r"\s*[（(][^）)]*[）)]", text[end:])
    end += behind.end() if behind else 0
    last = _CLAUSE.search(text, end)
    return text[first : last.start() if last else len(text)]


def _without(text: str, words: tuple[str, ...]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(re.escape(word), " ", text, flags=re.I)
    return text


def _holds_any(text: str, words: tuple[str, ...]) -> bool:
    plain = fold(text)[0]
    return any(fold(word)[0] in plain for word in words)


def _other_attribute(figure: AnswerFigure, source: Evidence) -> str:
    """The attribute that the quote gives the value to when it is another one: wherever the value stands, its clause
    names attributes and never the figure's own. "" when nothing speaks against the figure."""
    quantity = None if isinstance(figure.value, str) else as_quantity(figure.value, figure.unit)
    if quantity is None or source.header.count("|") > 8:
        return ""
    named = ""
    for place in quantities(source.quote):
        if (place.dimension, place.base) == (quantity.dimension, quantity.base):
            clause = source.quote[: place.end] if source.in_table else _clause(source.quote, place.start, place.end)
            found = catalog().attribute_mentions(clause)
            # 显存 hints at a capacity, but not within 显存带宽.
            free = [
                cue
                for cue in catalog().attribute_mentions(clause, cues=True)
                if not any(mention.start <= cue.start < mention.end for mention in found)
            ]
            if not found or figure.attribute in {mention.entry.id for mention in (*found, *free)}:
                return ""
            named = found[-1].entry.id
    return named
