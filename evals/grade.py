"""Grade: what is wrong with an answer, by its case and by what every answer promises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from assistant.answer import Answer, AnswerFigure, Citation
from assistant.markers import MARKER
from evals.case import Case, ExpectedFigure
from evals.evidence import Texts
from evals.saying import misordered, off_the_subject, one_sided, unsupported
from evals.support import as_quantity, wrong_figures
from knowledge.catalog import fold

__all__ = ["Problem", "Texts", "grade", "holds", "is_of", "matches", "unfaithful"]


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind` is stable (status, figure, quote, citation …); `text` is for people."""

    kind: str
    text: str


def grade(case: Case, answer: Answer, texts: Texts) -> list[Problem]:
    """Every problem of `answer`, those of the case first; empty when the case holds."""
    return [*_expected(case, answer), *unfaithful(answer, texts, "\n".join(case.history))]


def _expected(case: Case, answer: Answer) -> Iterator[Problem]:
    if answer.status not in case.status:
        yield Problem("status", f"status {answer.status}, expected {' or '.join(case.status)}")
    if case.language and answer.language != case.language:
        yield Problem("language", f"answered in {answer.language}, expected {case.language}")
    for wanted in case.figures:
        if not any(matches(wanted, figure) for figure in answer.figures):
            near = [f for f in answer.figures if f.attribute == wanted.attribute and _named(wanted.product, f.product)]
            said = ", ".join(dict.fromkeys(f"{f.value} {f.unit}".strip() for f in near)) or "nothing"
            value = f"{wanted.value:.12g}" if isinstance(wanted.value, float) else wanted.value
            yield Problem(
                "figure", f"{wanted.product} {wanted.attribute} should be {value} {wanted.unit}; it says {said}"
            )
    text = answer.text
    yield from (Problem("string", f"{word!r} is missing") for word in case.strings.all if not holds(text, word))
    if case.strings.any and not any(holds(text, word) for word in case.strings.any):
        yield Problem("string", f"none of {', '.join(map(repr, case.strings.any))} is there")
    yield from (Problem("string", f"{word!r} must not be there") for word in case.strings.none if holds(text, word))
    yield from _ordered(case, answer)
    for cell in case.cells:
        found = _cell(answer, cell.row, cell.column)
        if found is None or _folded(cell.has) not in _folded(found):
            yield Problem("cell", f"the cell {cell.row} × {cell.column} should hold {cell.has!r}; it holds {found!r}")
    for name in case.documents_cited:
        if not any(is_of(citation, name) for citation in answer.citations):
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
    one, other = as_quantity(wanted.value, wanted.unit), as_quantity(figure.value, figure.unit)
    if one is None or other is None:
        return _folded(wanted.unit) == _folded(figure.unit) and _close(
            Decimal(str(wanted.value)), Decimal(str(figure.value)), wanted.tolerance
        )
    return one.dimension == other.dimension and _close(one.base, other.base, wanted.tolerance)


def unfaithful(answer: Answer, texts: Texts, asked: str = "") -> list[Problem]:
    """What breaks the promises of every answer: a quote is its document's text, every figure stands in what it cites,
    no order contradicts its figures, every side of a conflict is shown. `asked` is what the person wrote before."""
    cited = {citation.marker for citation in answer.citations}
    found = [
        Problem("quote", f"the quote [{citation.marker}] is not the document's text")
        for citation in answer.citations
        if (texts(citation.document_id) or "")[citation.start : citation.end] != citation.quote or not citation.quote
    ]
    used = {int(number) for number in MARKER.findall(answer.text)}
    found += [Problem("citation", f"[{number}] stands in the text and is not a citation") for number in used - cited]
    found += [
        Problem("citation", f"a figure cites [{figure.citation}], which is not there")
        for figure in answer.figures
        if figure.citation not in cited
    ]
    if answer.status in ("answered", "conflicting", "partial") and not answer.citations:
        found.append(Problem("citation", "an answer without any citation"))
    cells = [cell for row in answer.table.rows for cell in row] if answer.table else []
    if cited and not any(MARKER.search(part) for part in (answer.text, *cells)):
        found.append(Problem("citation", "nothing in the text carries a marker"))
    found += [Problem("wrong-figure", line) for line in wrong_figures(answer, texts)]
    found += [Problem("wrong-figure", line) for line in unsupported(answer, texts, asked)]
    found += [Problem("order", f"its own figures contradict {line!r}") for line in misordered(answer, asked)]
    found += [Problem("subject", line) for line in off_the_subject(answer)]
    return found + [Problem("conflict", line) for line in one_sided(answer)]


def _folded(text: str) -> str:
    return fold(text)[0]


def _close(one: Decimal, other: Decimal, tolerance: float) -> bool:
    return abs(one - other) <= abs(one) * Decimal(str(tolerance))


def _named(wanted: str, said: str) -> bool:
    return _folded(wanted).replace(" ", "") == _folded(said).replace(" ", "")


def holds(text: str, word: str) -> bool:
    """Whether `word` stands in `text`; 8 GB does not stand in 48 GB, nor 4.8 in 14.8."""
    before = r"(?<![\d.])" if word[:1].isdigit() else ""
    behind = r"(?!\d|\.\d)" if word[-1:].isdigit() else ""
    return re.search(before + re.escape(word) + behind, text) is not None


def _ordered(case: Case, answer: Answer) -> Iterator[Problem]:
    if not case.products:
        return
    lines = [row[0] for row in answer.table.rows if row] if answer.table else []
    text = "\n".join(lines) if any(holds(line, case.products[0]) for line in lines) else answer.text
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


def is_of(citation: Citation, name: str) -> bool:
    """Whether `name` stands in the title, address or publisher of what is cited."""
    return any(name in (text or "") for text in (citation.title, citation.url, citation.publisher, *citation.also))
