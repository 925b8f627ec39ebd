"""The nouns of the knowledge side: a document, its passages, and who published it when."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator

Language = Literal["zh", "en"]
Kind = Literal["spec", "news"]
Claimant = Literal["vendor", "press", "analyst", "third_party_test", "rumour"]

_ADDRESS = re.compile(r"https?://[^\s|)]+")
PARTIAL_DATE = re.compile(r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")


class FrontMatter(BaseModel):
    """The header of a document file. Everything but the title may be absent; nothing is invented for what is absent.

    `published` is an ISO date of the precision the source gives: 2024, 2024-03 or 2024-03-08.
    """

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=500)
    publisher: str | None = None
    url: HttpUrl | None = None
    published: str | None = None
    language: Language | None = None
    kind: Kind = "news"
    claimed_by: Claimant = "press"

    @field_validator("published", mode="before")
    @classmethod
    def _partial_date(cls, value: object) -> object:
        if value is None:
            return None
        text = str(value)
        if not PARTIAL_DATE.match(text):
            raise ValueError(f"published must be YYYY, YYYY-MM or YYYY-MM-DD, not {text!r}")
        if len(text) == 10:
            date.fromisoformat(text)
        return text


@dataclass(frozen=True, slots=True)
class Document:
    """One source text with what is known of it. `text` is what every span in the system points into.

    `origin` says where it was read (`corpus:specs/huawei/ascend-910b.md`, a file path or a URL) and is unique in a
    store: ingesting the same origin again replaces the document. Tables stand in `text` as Markdown pipe tables,
    headings as Markdown headings. `pages` holds (offset, label) where a page, sheet or slide begins, in order.
    `warnings` says what of the file could not be read, for the person who brings it; it is not kept.
    """

    origin: str
    title: str
    text: str
    publisher: str | None = None
    url: str | None = None
    published: str | None = None
    language: Language = "zh"
    kind: Kind = "news"
    claimed_by: Claimant = "press"
    pages: tuple[tuple[int, str], ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        """A content hash (16 hex digits) over everything a reader could see: it changes when the document does."""
        parts = (
            self.origin,
            self.title,
            self.publisher,
            self.url,
            self.published,
            self.language,
            self.kind,
            self.claimed_by,
            self.text,
            repr(self.pages),
        )
        digest = hashlib.sha256("\x1f".join(part or "" for part in parts).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    def page_at(self, offset: int) -> str | None:
        """The page, sheet or slide label that holds `offset`, or None for a document without pages."""
        label = None
        for start, name in self.pages:
            if start > offset:
                break
            label = name
        return label


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is retrieved and cited as one: `text == document.text[start:end]`.

    `heading` is the path of headings above it; `header` repeats the table header for the later parts of a long table.
    Both are context for search and never part of a quote.
    """

    document_id: str
    start: int
    end: int
    text: str
    heading: tuple[str, ...] = ()
    header: str = ""
    table: bool = False
    page: str | None = None
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            key = f"{self.document_id}\x1f{self.start}\x1f{self.end}"
            object.__setattr__(self, "id", hashlib.sha256(key.encode()).hexdigest()[:16])

    def searchable(self, title: str) -> str:
        """The words a search should see: title, headings and table header before the passage's own text.

        Addresses are left out: their words say nothing of the subject and would crowd a table's rows out of a vector.
        """
        above = " > ".join(dict.fromkeys(part for part in (title, *self.heading) if part))
        return _ADDRESS.sub("", "\n".join(part for part in (above, self.header, self.text) if part))
