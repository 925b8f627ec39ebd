"""Bodies: what the API takes and gives, as pydantic models that make its documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(description="In Chinese or English.", examples=["MTT S4000 的显存带宽是多少？"])
    history: list[str] = Field(
        [], max_length=1000, description="The earlier questions of the conversation, oldest first; nothing is stored."
    )
    conversation_id: str | None = Field(
        None, max_length=100, description="Instead of `history`: a conversation begun by POST /v1/conversations."
    )

    @model_validator(mode="after")
    def _one_memory(self) -> Ask:
        if self.history and self.conversation_id is not None:
            raise ValueError("give `history` or `conversation_id`, not both: one of them would be ignored")
        return self


class Conversation(BaseModel):
    """A stored conversation; whoever has its `id` and the key it was begun with can read it, nobody else."""

    id: str
    turns: list[ConversationTurn] = []


class ConversationTurn(BaseModel):
    id: str = Field(description="The answer's id.")
    question: str
    text: str
    at: datetime


class FeedbackBody(BaseModel):
    """What a person says of an answer: `question` (with `history`), or `conversation_id` and `answer_id`."""

    model_config = ConfigDict(extra="forbid")

    rating: Literal["up", "down"]
    question: str | None = Field(None, max_length=100_000)
    history: list[Annotated[str, Field(max_length=100_000)]] = Field([], max_length=1000)
    answer: str = Field("", max_length=20_000, description="The answer's text as it was shown.")
    conversation_id: str | None = Field(None, max_length=100)
    answer_id: str | None = Field(None, max_length=100)
    comment: str = Field("", max_length=2_000)
    correction: str = Field("", max_length=4_000, description="What the answer should have said.")

    @model_validator(mode="after")
    def _about_something(self) -> FeedbackBody:
        if (self.conversation_id is None) != (self.answer_id is None):
            raise ValueError("`conversation_id` and `answer_id` go together")
        if (self.question is None) == (self.answer_id is None):
            raise ValueError("say what it is about: `question`, or `conversation_id` and `answer_id`")
        return self


class FeedbackKept(BaseModel):
    id: str


class FeedbackLine(BaseModel):
    """Feedback as it was given: unverified words of a person, to be escaped wherever they are shown."""

    id: str
    at: datetime
    rating: Literal["up", "down"]
    question: str
    history: list[str]
    answer: str
    comment: str
    correction: str
    door: str
    answer_id: str | None


class Search(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: str
    k: int = Field(10, ge=1, le=200)
    mode: Literal["hybrid", "lexical", "dense"] = "hybrid"


class FromWeb(BaseModel):
    """A document by its address."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=4096, description="A page, a file (PDF, Office …) or a feed; http or https.")


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
