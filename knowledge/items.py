"""Items: what annotation marks in a text, and where."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """Something marked in a text: `kind` tells what, `value` what it stands for (a Subject, a Quantity, ids …)."""

    start: int
    end: int
    kind: str
    value: Any


class Spans:
    """Items of a text, answered by stretch."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._starts = [item.start for item in items]

    def between(self, start: int, end: int) -> list[Item]:
        """The items that begin in `[start, end)`, in order."""
        return list(self._items[bisect_left(self._starts, start) : bisect_left(self._starts, end)])
