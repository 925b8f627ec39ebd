"""Grade: what is wrong with an answer, by its case and by what every answer promises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from assistant.answer import Answer, AnswerFigure, Citation
from assistant.markers import MARKER, without_markers
from evals.case import Case, ExpectedFigure
from knowledge.catalog import fold
from knowledge.quantities import Quantity, find_quantities

Texts = Callable[[str], str | None]
"""A document's text by its id; None when there is no such document."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind` is stable (status, figure, quote, citation …); `text` is for people."""

    kind: str
    text: str


def grade(case: Case, answer: Answer, texts: Texts) -> list[Problem]:
    """Every problem of `answer`, those of the case first; empty when the case holds."""
    return [*_expected(case, answer), *unfaithful(answer, texts)]


def _expected(case: Case, answer: Answer) -> Iterator[Problem]:
    if answer.status not in case.status:
        yield Problem("status", f"status {answer.status}, expected {' or '.join(case.status)}")
    if case.language and answer.language != case.language:
        yield Problem("language", f"answered in {answer.language}, expected {case.language}")
    for wanted in case.figures:
        if not any(matches(wanted, figure) for figure in answer.figures):
            near = [f for f in answer.figures if f.attribute == wanted.attribute and _named(wanted.product, f.product)]
            said = ", ".join(f"{f.value} {f.unit}".strip() for f in near) or "nothing"
            yield Problem(
                "figure", f"{wanted.product} {wanted.attribute} should be {wanted.value} {wanted.unit}; it says {said}"
            )
    text = answer.text
    yield from (Problem("string", f"{word!r} is missing") for word in case.strings.all if not _holds(text, word))
    if case.strings.any and not any(_holds(text, word) for word in case.strings.any):
        yield Problem("string", f"none of {', '.join(map(repr, case.strings.any))} is there")
    yield from (Problem("string", f"{word!r} must not be there") for word in case.strings.none if _holds(text, word))
    yield from _ordered(case, answer)
    for cell in case.cells:
        found = _cell(answer, cell.row, cell.column)
        if found is None or _folded(cell.has) not in _folded(found):
            yield Problem("cell", f"the cell {cell.row} × {cell.column} should hold {cell.has!r}; it holds {found!r}")
    for name in case.documents_cited:
        if not any(_source(citation, name) for citation in answer.citations):
            yield Problem("source", f"no citation is of {name!r}")
    if case.as_of and not any((figure.as_of or "").startswith(case.as_of) for figure in answer.figures):
        yield Problem("as_of", f"no figure is of {case.as_of}")


def matches(wanted: ExpectedFigure, figure: AnswerFigure) -> bool:
    """Whether `figure` is the expected one: product, attribute, condition, and the value in any unit of its kind."""
    if wanted.attribute != figure.attribute or not _named(wanted.product, figure.product):
        return False
    if wanted.condition and _folded(wanted.condition) not in _folded(f"{figure.condition or ''} {figure.period or ''}"):
        return False
    if isinstance(wanted.value, str) or isinstance(figure.value, str):
        return _folded(str(wanted.value)) == _folded(str(figure.value))
    one, other = _quantity(wanted.value, wanted.unit), _quantity(figure.value, figure.unit)
    if one is None or other is None:
        return _folded(wanted.unit) == _folded(figure.unit) and _close(
            Decimal(str(wanted.value)), Decimal(str(figure.value)), wanted.tolerance
        )
    return one.dimension == other.dimension and _close(one.base, other.base, wanted.tolerance)


def unfaithful(answer: Answer, texts: Texts) -> list[Problem]:
    """What breaks the promise of every answer: a quote is its document's text, a figure stands in what it cites."""
    found: list[Problem] = []
    cited = {citation.marker: citation for citation in answer.citations}
    for citation in answer.citations:
        text = texts(citation.document_id)
        if text is None or text[citation.start : citation.end] != citation.quote:
            found.append(Problem("quote", f"the quote [{citation.marker}] is not the document's text"))
    used = {int(number) for number in MARKER.findall(answer.text)}
    found += [
        Problem("citation", f"[{number}] stands in the text and is not a citation") for number in used - set(cited)
    ]
    for figure in answer.figures:
        if figure.citation not in cited:
            found.append(Problem("citation", f"a figure cites [{figure.citation}], which is not there"))
        elif not _stands(figure, cited[figure.citation]):
            found.append(
                Problem("wrong-figure", f"{figure.value} {figure.unit} is not in the quote [{figure.citation}]")
            )
    if answer.status in ("answered", "conflicting") and not answer.citations:
        found.append(Problem("citation", "an answer without any citation"))
    return found + [
        Problem("wrong-figure", f"{said!r} stands in none of the cited quotes") for said in unsupported(answer)
    ]


def unsupported(answer: Answer) -> list[str]:
    """Figures with a unit in cited sentences that no quote of the sentence states. A line that shows its working is
    checked by its operands alone: its result stands in no source."""
    quotes = {citation.marker: _bases(f"{citation.quote}") for citation in answer.citations}
    # What the asker claimed may be said back to them.
    asked = _bases(answer.question)
    missing: list[str] = []
    for sentence in sentences(answer.text):
        numbers = [int(number) for number in MARKER.findall(sentence)]
        if not numbers or re.search(r"[=≈÷×]|倍|times|%", sentence):
            continue
        support = asked.union(*(quotes.get(number, set()) for number in numbers))
        plain = without_markers(sentence)
        missing += [
            plain[quantity.start : quantity.end]
            for quantity in find_quantities(plain)
            if quantity.dimension in MEASURED and quantity.base not in support
        ]
    return missing


# Counts and dates have forms that a reader of quantities alone cannot tell apart; these dimensions it can.
MEASURED = {"bandwidth", "memory", "flops", "ops", "power", "length", "frequency", "money"}


def sentences(text: str) -> list[str]:
    """Lines and sentences, each with the markers behind its full stop."""
    return [part for part in re.findall(r"[^。\n；]+[。；]?(?:\s*\[\d{1,3}\])*", text) if part.strip()]


def _bases(text: str) -> set[Decimal]:
    found: set[Decimal] = set()
    for quantity in find_quantities(text):
        found.add(quantity.base)
        if quantity.high_base is not None:
            found.add(quantity.high_base)
    return found


def _stands(figure: AnswerFigure, citation: Citation) -> bool:
    if isinstance(figure.value, str):
        return True
    wanted = _quantity(figure.value, figure.unit)
    digits = {
        number.replace(",", "").rstrip("0").rstrip(".") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", citation.quote)
    }
    return wanted is None or wanted.base in _bases(citation.quote) or _digits(figure.value) in digits


def _digits(value: float) -> str:
    return f"{abs(Decimal(str(value))):f}".rstrip("0").rstrip(".")


def _quantity(value: float, unit: str) -> Quantity | None:
    found = find_quantities(f"{Decimal(str(value)):f} {unit}") if unit else []
    return found[0] if len(found) == 1 else None


def _folded(text: str) -> str:
    return fold(text)[0]


def _close(one: Decimal, other: Decimal, tolerance: float) -> bool:
    return abs(one - other) <= abs(one) * Decimal(str(tolerance))


def _named(wanted: str, said: str) -> bool:
    return _folded(wanted).replace(" ", "") == _folded(said).replace(" ", "")


def _holds(text: str, word: str) -> bool:
    """Whether `word` stands in `text`; 8 GB does not stand in 48 GB, nor 4.8 in 14.8."""
    before = r"(?<![\d.])" if word[:1].isdigit() else ""
    behind = r"(?!\d|\.\d)" if word[-1:].isdigit() else ""
    return re.search(before + re.escape(word) + behind, text) is not None


def _ordered(case: Case, answer: Answer) -> Iterator[Problem]:
    if not case.products:
        return
    lines = [row[0] for row in answer.table.rows if row] if answer.table else []
    text = "\n".join(lines) if any(_holds(line, case.products[0]) for line in lines) else answer.text
    at = -1
    for product in case.products:
        found = text.find(product, at + 1)
        if found < 0:
            yield Problem("order", f"{product} is not at its place in {' > '.join(case.products)}")
            return
        at = found


def _cell(answer: Answer, row: str, column: str) -> str | None:
    if answer.table is None:
        return None
    at = next((n for n, name in enumerate(answer.table.columns) if _folded(column) in _folded(name)), None)
    line = next((cells for cells in answer.table.rows if cells and _folded(row) in _folded(cells[0])), None)
    return None if at is None or line is None or at >= len(line) else line[at]


def _source(citation: Citation, name: str) -> bool:
    return any(name in (text or "") for text in (citation.title, citation.url, citation.publisher, *citation.also))
