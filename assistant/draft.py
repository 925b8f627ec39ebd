"""Draft: an answer in the making, with one numbering for its citations from the store to the page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from assistant.answer import Answer, AnswerFigure, Citation, Conflict, Status, Table
from assistant.ledger import Strand
from assistant.question import Question
from assistant.wording import Wording, conditions_text
from knowledge.documents import Document, Passage
from knowledge.figures import Figure
from knowledge.quantities import to_unit
from knowledge.store import DocumentInfo


class Library(Protocol):
    """What a draft needs of the store."""

    def document(self, document_id: str) -> Document | None: ...

    def reprint_publishers(self, document_id: str) -> tuple[str, ...]: ...

    def lexical(self, words: Sequence[str], k: int) -> list[tuple[str, float]]: ...

    def document_infos(self, document_ids: Collection[str]) -> dict[str, DocumentInfo]: ...

    def article_of(self, document_ids: Collection[str]) -> dict[str, str]: ...

    def passages(self, passage_ids: Collection[str]) -> dict[str, Passage]: ...


class Draft:
    """Collects lines, figures and citations; `answer()` makes the Answer. Markers count up in order of first use."""

    def __init__(self, question: Question, wording: Wording, library: Library) -> None:
        self.question = question
        self.wording = wording
        self.library = library
        self._markers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []
        self._figures: list[AnswerFigure] = []
        self._figure_at: dict[tuple[str, int], int] = {}
        self._conflicts: list[Conflict] = []
        self.lines: list[str] = []
        self.table: Table | None = None
        self.rows: list[tuple[str, ...]] = []
        self.suggestions: list[str] = []
        self.status: Status = "answered"
        self.history: list[Strand] = []

    def say(self, key: str, **values: object) -> None:
        """Adds a line worded by the template `key`."""
        self.lines.append(self.wording.say(key, **values))

    def cite(self, document_id: str, start: int, end: int, *, figure: Figure | None = None) -> str:
        """The marker, as "[n]", of a citation of `[start, end)`; the same span keeps its number.

        A table row that names its own source is cited with that publisher, date and address.
        """
        key = (document_id, start, end)
        if key not in self._markers:
            document = self.library.document(document_id)
            if document is None:
                return ""
            marker = len(self._citations) + 1
            self._markers[key] = marker
            own = figure is not None and (figure.publisher, figure.url) != (None, None)
            self._citations.append(
                Citation(
                    marker=marker,
                    document_id=document_id,
                    title=document.title,
                    publisher=figure.publisher if own and figure is not None else document.publisher,
                    url=figure.url if own and figure is not None else document.url,
                    published=figure.as_of if own and figure is not None else document.published,
                    quote=document.text[start:end],
                    start=start,
                    end=end,
                    page=document.page_at(start),
                    also=self.library.reprint_publishers(document_id),
                )
            )
        return f"[{self._markers[key]}]"

    def figure(self, figure: Figure) -> tuple[int, str]:
        """Records a figure the answer states; returns its index in `Answer.figures` and its marker."""
        marker = self.cite(figure.document_id, figure.quote_start, figure.quote_end, figure=figure)
        key = (figure.document_id, figure.start)
        key_of = (f"{key[0]}:{figure.subject}:{figure.attribute}", figure.start)
        if key_of not in self._figure_at:
            self._figure_at[key_of] = len(self._figures)
            self._figures.append(
                AnswerFigure(
                    product=self.wording.subject(figure.subject, figure.subject_name),
                    attribute=figure.attribute,
                    value=figure.text if figure.value is None else number(figure.value),
                    unit=figure.unit,
                    high=None if figure.high is None else number(figure.high),
                    bound=figure.bound,
                    condition=conditions_text(figure) or (figure.note or None),
                    scope=figure.scope,
                    period=figure.period,
                    claimed_by=figure.claimed_by,
                    as_of=figure.as_of,
                    citation=int(marker.strip("[]") or 0) or 1,
                )
            )
        return self._figure_at[key_of], marker

    def figures(self, figures: Sequence[Figure], most: int = 2) -> str:
        """Cites up to `most` of the figures of one side, distinct publishers first; returns their markers."""
        chosen: list[Figure] = []
        for figure in figures:
            if len(chosen) < most and figure.publisher not in {other.publisher for other in chosen}:
                chosen.append(figure)
        return "".join(dict.fromkeys(self.figure(figure)[1] for figure in chosen or figures[:1]))

    def converted(self, figure: Figure) -> str:
        """A figure in the unit the question asks for, in brackets, to stand beside the source's own; "" without one."""
        unit = self.question.unit
        if not unit or figure.value is None or unit == figure.unit:
            return ""
        try:
            value = to_unit(figure.value, figure.unit, unit)
        except ValueError:
            return ""
        whole = value == value.to_integral_value()
        shown = format(value.normalize().quantize(Decimal(1)) if whole else round(value, 6).normalize(), "f")
        return self.wording.say("qualifier", text=self.wording.say("converted", value=f"{shown} {unit}"))

    def conflict(self, strand: Strand) -> str:
        """Shows every side of a conflicting strand with who says it and when; returns the sentence."""
        indices: list[int] = []
        sides = []
        for side in strand.sides:
            index, marker = self.figure(side[0])
            indices.append(index)
            for other in side[1:2]:
                marker += self.figure(other)[1] if other.publisher != side[0].publisher else ""
            sides.append(
                self.wording.say(
                    "side",
                    who=self.wording.who(side[0]),
                    value=self.wording.value(side[0]) + self.converted(side[0]),
                    marks=marker,
                ).strip()
            )
        subject = self.wording.subject(strand.subject, strand.subject_name)
        self._conflicts.append(Conflict(product=subject, attribute=strand.attribute, figures=tuple(indices)))
        return self.wording.say(
            "conflict",
            subject=subject,
            attribute=self.wording.attribute(strand.attribute),
            qualifiers=self.wording.qualifiers(strand),
            sides=self.wording.word("sep").join(sides),
        )

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What has been cited so far."""
        return tuple(self._citations)

    @property
    def has_conflicts(self) -> bool:
        return bool(self._conflicts)

    def tabulate(self, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        self.table = Table(columns=tuple(columns), rows=tuple(tuple(row) for row in rows))

    def answer(self) -> Answer:
        """The finished Answer; a conflict shown makes an otherwise answered question "conflicting"."""
        for strand in self.history:
            told = [
                f"{self.wording.value(figure)}{self.wording.say('dated', date=figure.as_of)}{self.figure(figure)[1]}"
                for figure in strand.superseded
            ]
            self.say("history", values=self.wording.word("sep").join(told))
        self.history.clear()
        status = "conflicting" if self.status == "answered" and self._conflicts else self.status
        return Answer(
            question=self.question.text,
            language=self.wording.language,  # type: ignore[arg-type]
            status=status,  # type: ignore[arg-type]
            text=(" " if self.question.brief else "\n").join(line.rstrip() for line in self.lines),
            citations=tuple(self._citations),
            figures=tuple(self._figures),
            conflicts=tuple(self._conflicts),
            table=self.table,
            suggestions=tuple(self.suggestions[:4]),
        )


def number(value: Decimal) -> int | float:
    """A JSON number that reads as written: integers stay integers."""
    return int(value) if value == value.to_integral_value() else float(value)
