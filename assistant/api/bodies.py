"""Bodies: what the API takes and gives, as pydantic models that make its documentation."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(description="In Chinese or English.", examples=["MTT S4000 的显存带宽是多少？"])
    history: list[str] = Field(
        [], max_length=1000, description="The earlier questions of the conversation, oldest first."
    )


class Search(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str
    k: int = Field(10, ge=1, le=200)
    mode: Literal["hybrid", "lexical", "dense"] = "hybrid"


class Found(BaseModel):
    """A passage found: `text` stands at `[start, end)` of its document."""

    passage_id: str
    document_id: str
    title: str
    publisher: str | None
    url: str | None
    published: str | None
    text: str
    start: int
    end: int
    page: str | None
    score: float
    lexical: float | None
    dense: float | None


class DocumentLine(BaseModel):
    id: str
    origin: str
    title: str
    publisher: str | None
    url: str | None
    published: str | None
    language: str
    kind: str
    claimed_by: str


class WholeDocument(DocumentLine):
    text: str


class FigureLine(BaseModel):
    """A line of the ledger with its provenance."""

    product: str
    attribute: str
    value: str
    unit: str
    bound: str
    conditions: str
    scope: str
    period: str
    status: str
    claimed_by: str
    publisher: str
    as_of: str
    url: str
    conflict: bool
    document_id: str
    quote: str


class ProductLine(BaseModel):
    """A product, company or cluster; `listed` tells whether the catalogue has it or only a document does."""

    id: str
    name: str
    name_en: str
    kind: str
    vendor: str | None
    listed: bool
    figures: int


class OneProduct(ProductLine):
    aliases: list[str]
    ledger: list[FigureLine]


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
