"""Answer: what everyone downstream reads, in one pydantic model that is also the JSON of CLI and API."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["answered", "partial", "conflicting", "refused", "clarify"]


class Citation(BaseModel):
    """Where a statement stands: `quote == document_text[start:end]` of the document `document_id`, always."""

    model_config = ConfigDict(frozen=True)

    marker: int = Field(ge=1, description="The n of [n] in the answer's text.")
    document_id: str
    title: str
    publisher: str | None = None
    url: str | None = None
    published: str | None = None
    quote: str
    start: int
    end: int
    page: int | str | None = None
    also: tuple[str, ...] = Field(default=(), description="Other publishers of the same article (reprints).")


class AnswerFigure(BaseModel):
    """A figure the answer states, as its source states it."""

    model_config = ConfigDict(frozen=True)

    product: str
    attribute: str
    value: int | float | str
    unit: str = ""
    high: int | float | None = Field(default=None, description="The upper end when the source gives a range.")
    bound: str = "exact"
    condition: str | None = None
    scope: str | None = None
    period: str | None = None
    claimed_by: str | None = None
    as_of: str | None = None
    citation: int = Field(description="The marker of the citation that states it.")


class Conflict(BaseModel):
    """Figures of one product and attribute that differ by more than rounding; indices into `Answer.figures`."""

    model_config = ConfigDict(frozen=True)

    product: str
    attribute: str
    figures: tuple[int, ...]


class Table(BaseModel):
    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Answer(BaseModel):
    """A verified answer; see the field descriptions. `timings_ms` is in milliseconds by step."""

    question: str
    understood: str | None = Field(default=None, description="What was looked up, said in the question's language.")
    language: Literal["zh", "en"]
    status: Status
    text: str
    citations: tuple[Citation, ...] = ()
    figures: tuple[AnswerFigure, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    table: Table | None = None
    suggestions: tuple[str, ...] = ()
    timings_ms: dict[str, float] = Field(default_factory=dict)
    id: str | None = Field(default=None, description="Of an answer in a stored conversation; feedback may name it.")
    conversation_id: str | None = Field(default=None, description="The stored conversation it belongs to.")
