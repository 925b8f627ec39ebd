"""Saying: the words of an answer held to its quotes: every figure in the text, every result worked out, every order.

A line's figures are read from marker to marker, as a person reads them: in `A（3.2 TB/s[4]）高于B（1224 GB/s[1]）` the
first must stand in [4] and the second in [1].
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources

import yaml

from assistant.answer import Answer, AnswerFigure
from assistant.directions import directions
from assistant.markers import MARKER, without_markers
from evals.evidence import Evidence, Texts, catalog, evidence, products, quantities
from evals.support import as_quantity, may_be, stated_condition
from knowledge.catalog import fold_name
from knowledge.quantities import Quantity

# What a reader of quantities alone can hold a text to. Counts, dates and periods have forms that it cannot tell apart.
MEASURED = frozenset(
    ("bandwidth", "memory", "flops", "ops", "power", "length", "frequency", "money", "money_per_share", "percent")
) | {"flops_per_watt", "ops_per_watt"}


@dataclass(frozen=True, slots=True)
class Said:
    """A quantity of a line with the markers it carries, the subjects the line names for it (none: not said), and the
    words between the markers before it and its own."""

    quantity: Quantity
    markers: tuple[int, ...]
    subjects: frozenset[str]
    words: str


def sentences(text: str) -> list[str]:
    """Lines and sentences, each with the quotation mark and the markers behind its full stop."""
    return [part for part in re.findall(r"[^。\n；]+[。；]*[”」』\"]?(?:\s*\[\d{1,3}\])*", text) if part.strip()]


def unsupported(answer: Answer, texts: Texts, asked: str = "") -> list[str]:
    """The figures of the text and the table that their quotes do not state, each as it is written, with the reason.

    `asked` is what the person wrote: their own numbers may be said back to them. The results of a line that shows its
    working are worked out again from its operands.
    """
    cited = {citation.marker: evidence(citation, texts) for citation in answer.citations}
    own = {(found.dimension, found.base) for found in quantities(f"{answer.question}\n{asked}")}
    found: list[str] = []
    for line in _lines(answer):
        found += _line(line, answer, cited, own)
    return found


def _lines(answer: Answer) -> Iterator[str]:
    for line in answer.text.split("\n"):
        yield from sentences(line) if "=" not in line else (line,)
    if answer.table is not None:
        columns = answer.table.columns
        for row in answer.table.rows:
            for column, cell in zip(columns[1:], row[1:], strict=False):
                # In a ranking the product stands in the row, in a comparison at the head of the column.
                yield f"{' '.join(row[:-1])} {cell}" if len(columns) == 3 and columns[0] == "#" else f"{column} {cell}"


def _line(line: str, answer: Answer, cited: Mapping[int, Evidence], own: set[tuple[str, Decimal]]) -> Iterator[str]:
    plain = without_markers(line)
    # A cited source's own words, whole and in quotation marks, are supported as they are.
    for quoted in re.findall(r"“([^”]+)”|\"([^\"]{12,})\"", line):
        words = "".join(quoted)
        if any(words in source.quote for source in cited.values()):
            plain = plain.replace(words, " " * len(words))
    results = _results(plain)
    products_of_answer = {figure.product for figure in answer.figures}
    publishers = sorted(
        {c.publisher for c in answer.citations if c.publisher} - products_of_answer, key=len, reverse=True
    )
    for said in _said(line, plain, answer.figures, publishers):
        quantity = said.quantity
        if quantity.start in results:
            if not results[quantity.start]:
                yield f"{quantity.text!r} is not what its operands give"
            continue
        if quantity.dimension not in MEASURED or (quantity.dimension, quantity.base) in own:
            continue
        why = _why_not(said, answer.figures, cited)
        if why:
            yield f"{quantity.text!r} {why}"
    for start, right in results.items():
        if not right and plain[start] == "=":
            yield f"{plain[start:].strip()[:24]!r} is not what its operands give"
    yield from _strangers(line, plain, answer, cited, publishers)


def _strangers(
    line: str, plain: str, answer: Answer, cited: Mapping[int, Evidence], publishers: Sequence[str]
) -> Iterator[str]:
    """Products that the line names although nothing it cites is about them."""
    sources = [cited[marker] for marker in map(int, MARKER.findall(line)) if marker in cited]
    if not sources:
        return
    asked = _ids(answer.question)
    for _, _, name in _names(plain, answer.figures, publishers):
        about = {found for found in _ids(name) if found in catalog().products}
        if about and not about & asked and not any(source.names(name) for source in sources):
            yield f"{name!r} is named, and none of the cited quotes is about it"


def _why_not(said: Said, figures: Sequence[AnswerFigure], cited: Mapping[int, Evidence]) -> str:
    if not said.markers:
        return "carries no citation"
    quantity = said.quantity
    backing = [cited[marker] for marker in said.markers if marker in cited]
    stating = [source for source in backing if source.states(quantity)]
    if not stating:
        return "stands in none of the cited quotes"
    condition = stated_condition(said.words)
    if condition and not any(may_be(condition, quantity, source) for source in stating):
        return f"is not {condition} in the cited quotes"
    if not said.subjects:
        return ""
    # Where the answer lists the figure, that entry tells whose it is; its own quote is held to it elsewhere.
    listed = [
        fold_name(figure.product) for figure in figures if figure.citation in said.markers and _same(figure, quantity)
    ]
    names = {name for subject in said.subjects for name in (fold_name(subject), *_ids(subject))}
    if listed:
        owners = {name for owner in listed for name in (owner, *_ids(owner))}
        return "" if owners & names else "is another product's"
    fits = any(source.names(subject) for source in stating for subject in said.subjects)
    return "" if fits else "is another product's"


@lru_cache(1024)
def _ids(name: str) -> frozenset[str]:
    return frozenset(found for _, _, found in products(name))


def _same(figure: AnswerFigure, quantity: Quantity) -> bool:
    values = [value for value in (figure.value, figure.high) if value is not None and not isinstance(value, str)]
    stated = [as_quantity(value, figure.unit) for value in values]
    return any(one and (one.dimension, one.base) == (quantity.dimension, quantity.base) for one in stated)


def _said(line: str, plain: str, figures: Sequence[AnswerFigure], publishers: Sequence[str]) -> Iterator[Said]:
    groups = _groups(line)
    every = tuple(dict.fromkeys(marker for _, _, markers in groups for marker in markers))
    names = _names(plain, figures, publishers)
    for quantity in quantities(plain):
        markers = next((marks for _, stop, marks in groups if quantity.end <= stop), every)
        words = plain[max((end for end, _, _ in groups if end <= quantity.start), default=0) : quantity.end]
        behind = re.match(r"\s*[（(][^）)]*[）)]", plain[quantity.end :])
        words += behind.group() if behind else ""
        before = [name for start, end, name in names if end <= quantity.start]
        subjects = before[-1:] or [name for _, _, name in names][:1]
        yield Said(quantity, markers, frozenset(subjects), words)


def _groups(line: str) -> list[tuple[int, int, tuple[int, ...]]]:
    """The runs of markers, each as (its end, its start, its numbers)."""
    found = []
    for run in re.finditer(r"(?:\s*\[\d{1,3}\])+", line):
        found.append((run.end(), run.start(), tuple(int(number) for number in MARKER.findall(run.group()))))
    return found


def _names(plain: str, figures: Sequence[AnswerFigure], publishers: Sequence[str]) -> list[tuple[int, int, str]]:
    """The names a line gives its figures to: the catalogue's, and those of the answer's own figures."""
    # HiSilicon（厂商）称16 TOPS: who says it is not whom it is said of.
    for publisher in publishers:
        plain = plain.replace(publisher, " " * len(publisher))
    spans = [(start, end, plain[start:end]) for start, end, _ in products(plain)]
    for product in {figure.product for figure in figures}:
        spans += [(m.start(), m.end(), product) for m in re.finditer(re.escape(product), plain)]
    taken: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not taken or start >= taken[-1][1]:
            taken.append((start, end, name))
    return taken


_OPERATORS = {"÷": "ratio", "/": "ratio", "×": "product", "*": "product", "−": "difference", "-": "difference", "–": "difference", "+": "sum"}  # fmt: skip


def _results(plain: str) -> dict[int, bool]:
    """Where a line shows its working (`96 GB ÷ 48 GB = 2 倍`): the place of each result, and whether it is right.

    A result that cannot be read is put at the place of its equals sign, as wrong: working that nobody can follow."""
    found: dict[int, bool] = {}
    for equals in re.finditer(r"=", plain):
        numbers = quantities(plain)
        behind = next((q for q in numbers if q.start >= equals.end() and q.start - equals.end() <= 3), None)
        bare = re.match(r"\s*(-?[\d,]+(?:\.\d+)?)", plain[equals.end() :])
        before = [q for q in numbers if q.end <= equals.start()]
        operator = next(
            (
                at
                for at in range(equals.start() - 1, -1, -1)
                # The hyphen of MLU370-X8 subtracts nothing.
                if plain[at] in _OPERATORS
                and not _inside(at, before)
                and not re.match(r"\w[-/][A-Za-z]", plain[at - 1 :])
            ),
            None,
        )
        if operator is None:
            # 8 × is read as one quantity, "eight times".
            last = next((q for q in reversed(before) if q.dimension == "multiple"), None)
            operator = last.end - 1 if last else None
        if operator is None or (behind is None and bare is None):
            continue
        left = [q for q in before if q.start < operator]
        right = [q for q in before if q.start > operator]
        if not left or not right:
            continue
        where = behind.start if behind is not None else equals.start()
        value = behind.value if behind is not None else Decimal(str(bare.group(1)).replace(",", ""))  # type: ignore[union-attr]
        found[where] = _right(_OPERATORS.get(plain[operator], "product"), left[-1], right[-1], behind, value)
    return found


def _inside(at: int, numbers: Sequence[Quantity]) -> bool:
    return any(quantity.start <= at < quantity.end for quantity in numbers)


def _right(operation: str, a: Quantity, b: Quantity, result: Quantity | None, value: Decimal) -> bool:
    if operation == "ratio":
        if not b.base:
            return False
        if result is not None and result.dimension not in ("multiple", "percent", "count", "plain"):
            return _near(a.base / b.base, result.base)
        share = a.base / b.base
        return a.dimension == b.dimension and _near(
            share * 100 if result and result.dimension == "percent" else share, value
        )
    if result is None:
        return False
    if operation == "product":
        return result.dimension in (a.dimension, b.dimension) and _near(a.base * b.base, result.base)
    sign = 1 if operation == "sum" else -1
    exact = a.base + sign * b.base
    # −3 GB: the sign is not part of the quantity as it is read.
    return a.dimension == b.dimension == result.dimension and _near(abs(exact), abs(result.base))


def _near(exact: Decimal, said: Decimal) -> bool:
    """Whether `said` is `exact` to its own digits, four significant ones at the least rounded."""
    return abs(exact - said) <= abs(exact) * Decimal("0.001")


# --- orders -------------------------------------------------------------------------------------------------------------


def misordered(answer: Answer, asked: str = "") -> list[str]:
    """Comparisons and rankings of the text that its own figures contradict, each as it is written.

    A line that says the asker's own number back compares nothing: `the "64GB" does not match …`."""
    own = {(q.dimension, q.base) for q in quantities(f"{answer.question}\n{asked}")}
    lines = [sentence for line in answer.text.split("\n") for sentence in sentences(line)]
    found = [line.strip() for line in lines if _flipped(line, own)]
    return found + _unranked(answer.text)


def _flipped(sentence: str, own: set[tuple[str, Decimal]]) -> bool:
    plain = without_markers(sentence)
    found = [q for q in quantities(plain) if q.dimension in MEASURED]
    words = [hit for hit in directions(plain) if hit[1] in ("more", "less", "equal")]
    if len(found) != 2 or len(words) != 1 or found[0].dimension != found[1].dimension:
        return False
    if any((q.dimension, q.base) in own for q in found):
        return False
    _, sense, start, end = words[0]
    if not (found[0].end <= start and end <= found[1].start):
        return False
    one, other = found[0].base, found[1].base
    return not {"more": one > other, "less": one < other, "equal": one == other}[sense]


@lru_cache(1)
def _order_words() -> dict[str, tuple[str, ...]]:
    text = (resources.files("assistant") / "wording.yaml").read_text("utf-8")
    wording = yaml.safe_load(text).values()
    return {key: tuple(words[key] for words in wording) for key in ("desc", "asc", "disputed")}


def ordered(text: str) -> str:
    """ "desc" or "asc" when the text says in which order its list stands, else ""."""
    words = _order_words()
    return next((way for way in ("desc", "asc") if any(word in text for word in words[way])), "")


def _unranked(text: str) -> list[str]:
    """Neighbours of a numbered list that stand the wrong way round for the order its title names."""
    way = ordered(text)
    rows: list[tuple[int, str, Quantity]] = []
    for line in text.split("\n"):
        match = re.match(r"\s*(\d+)[.、)]\s", line)
        found = (
            [q for q in quantities(without_markers(line[match.end() :])) if q.dimension in MEASURED] if match else []
        )
        if match and found:
            rows.append((int(match.group(1)), line.strip(), found[0]))
    if not way:
        return []
    wrong = []
    for (_, _, one), (_, line, other) in itertools.pairwise(rows):
        if one.dimension == other.dimension and (one.base < other.base if way == "desc" else one.base > other.base):
            wrong.append(line)
    return wrong


def one_sided(answer: Answer) -> list[str]:
    """Conflicts that the answer does not show: a side missing from the text, or a status that hides them."""
    found = []
    for conflict in answer.conflicts:
        sides = [answer.figures[at] for at in conflict.figures if at < len(answer.figures)]
        if len(sides) < 2 or len(sides) < len(conflict.figures):
            found.append(f"the conflict about {conflict.product} {conflict.attribute} has fewer than two sides")
        elif not _marked(answer.text, sides):
            for side in sides:
                if not _shows(answer.text, side) or f"[{side.citation}]" not in answer.text:
                    found.append(f"the conflict about {side.product} does not show {side.value} {side.unit}".rstrip())
    tells = any(word in answer.text for word in (*_order_words()["disputed"], *_conflict_words()))
    if answer.conflicts and answer.status == "answered":
        found.append("the status hides that the sources disagree")
    if answer.status == "conflicting" and not answer.conflicts:
        found.append("the status tells of a conflict and none is listed")
    if tells and not answer.conflicts:
        found.append("the text tells of a conflict and none is listed")
    return found


def _shows(text: str, side: AnswerFigure) -> bool:
    quantity = None if isinstance(side.value, str) else as_quantity(side.value, side.unit)
    if quantity is None:
        return fold_name(str(side.value)) in fold_name(without_markers(text))
    return (quantity.dimension, quantity.base) in {(q.dimension, q.base) for q in quantities(without_markers(text))}


def _marked(text: str, sides: Sequence[AnswerFigure]) -> bool:
    """A row of a ranking has room for one value: there the word "disputed" beside it stands for the other sides."""
    return any(
        re.match(r"\s*\d+[.、)]\s", line)
        and sides[0].product in line
        and any(word in line for word in _order_words()["disputed"])
        and any(_shows(line, side) and f"[{side.citation}]" in line for side in sides)
        for line in text.split("\n")
    )


@lru_cache(1)
def _conflict_words() -> tuple[str, ...]:
    """What the sentence that shows a conflict says between its placeholders, in each language."""
    text = (resources.files("assistant") / "wording.yaml").read_text("utf-8")
    parts = [re.split(r"\{\w+\}", words["conflict"]) for words in yaml.safe_load(text).values()]
    return tuple(max(pieces, key=len).strip(" ，,：:。.") for pieces in parts)


def off_the_subject(answer: Answer) -> list[str]:
    """Whether the answer speaks of products and of none that the question names: it is another question's answer."""
    if answer.status == "refused" and answer.citations:
        return []  # it shows what came nearest, and says that it is no answer
    known = catalog().products
    wanted = {found for _, _, found in products(answer.question) if found in known}
    cells = " ".join(cell for row in answer.table.rows for cell in row) if answer.table else ""
    head = " ".join(answer.table.columns) if answer.table else ""
    named = {found for _, _, found in products(f"{answer.text}\n{head}\n{cells}")}
    if not wanted or not named or wanted & named:
        return []
    return [f"the question is about {', '.join(sorted(wanted))}, the answer about {', '.join(sorted(named)[:5])}"]
