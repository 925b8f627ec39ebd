"""Figures: what a document says a product's attribute is, with unit, condition, claimant and the exact span."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal

from knowledge.quantities import Bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One statement: `subject`'s `attribute` is `value` `unit` under `conditions`, says `publisher` as of `as_of`.

    `subject` is a catalogue id, or the name as written when the catalogue does not list it (`subject_name` shows it).
    `value` is None for attributes whose value is words (memory type, foundry) or a date; `text` is the value as
    written in every case. `[start, end)` is the value's span and `[quote_start, quote_end)` the sentence or table row
    that states it, both in the document's text. `base` is `value` in the dimension's base unit. `period` is the time
    a figure is about (2024, 2025H1), `as_of` the date of who claims it. `status` is "stated", "forecast" or "rumour".
    """

    document_id: str
    subject: str
    subject_name: str
    subject_kind: str
    attribute: str
    text: str
    start: int
    end: int
    quote_start: int
    quote_end: int
    value: Decimal | None = None
    unit: str = ""
    dimension: str = "text"
    base: Decimal | None = None
    high: Decimal | None = None
    high_base: Decimal | None = None
    bound: Bound = "exact"
    conditions: tuple[str, ...] = ()
    scope: str | None = None
    period: str | None = None
    status: str = "stated"
    claimed_by: str = "press"
    publisher: str | None = None
    url: str | None = None
    as_of: str | None = None
    note: str = ""
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            key = f"{self.document_id}\x1f{self.subject}\x1f{self.attribute}\x1f{self.start}\x1f{self.end}"
            object.__setattr__(self, "id", hashlib.sha256(key.encode()).hexdigest()[:16])
