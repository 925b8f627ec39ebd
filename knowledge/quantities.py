"""The grammar of numbers and units in Chinese and English technical text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Bound = Literal["exact", "about", "at_least", "at_most", "range"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity as a text states it: `source[start:end] == text`, number and unit, without hedging words.

    `value` is the number in `unit` (`low` and `high` for a range, `value` then being the low end); `base` is the value
    in the dimension's base unit, so that quantities of one dimension compare. `counter` is what a count counts (卡, 颗).
    """

    start: int
    end: int
    text: str
    value: Decimal
    unit: str
    dimension: str
    base: Decimal
    bound: Bound = "exact"
    high: Decimal | None = None
    high_base: Decimal | None = None
    counter: str = ""


def find_quantities(text: str) -> list[Quantity]:
    """The quantities in `text`, in order, never overlapping."""
    raise NotImplementedError
