"""Phrases: the words by which questions say what they want, compiled from data."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import yaml


class Phrases:
    """`says("rank", text)` tells whether the (folded) question uses a phrase of that group."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.numbers: dict[str, int] = raw.pop("numbers")
        self.counters: frozenset[str] = frozenset(raw.pop("counters"))
        self.homophones: dict[str, str] = raw.pop("homophones")
        self.everyday = tuple((re.compile(item["words"], re.I), tuple(item["means"])) for item in raw.pop("everyday"))
        self.unknown_attributes: tuple[str, ...] = tuple(raw.pop("unknown_attributes"))
        self.kinds = {kind: re.compile("|".join(words), re.I) for kind, words in raw.pop("kinds").items()}
        self.operators = {op: tuple(words) for op, words in raw.pop("operators").items()}
        self._patterns = {
            group: re.compile("|".join(f"(?:{word})" for word in words), re.I) for group, words in raw.items()
        }

    def says(self, group: str, text: str) -> re.Match[str] | None:
        """Where `text` first uses a phrase of `group`; None when it does not."""
        return self._patterns[group].search(text)

    def all(self, group: str, text: str) -> list[re.Match[str]]:
        """Everywhere that `text` uses a phrase of `group`."""
        return list(self._patterns[group].finditer(text))

    def operator(self, plain: str, start: int, end: int) -> str | None:
        """The comparison (">=", "<" …) that stands beside `plain[start:end]`; None when none does."""
        before, after = plain[max(0, start - 10) : start].rstrip(), plain[end : end + 10].lstrip()
        for operator, words in self.operators.items():
            if before.endswith(words) or after.startswith(words):
                return operator
        return None

    def without(self, group: str, text: str) -> str:
        """`text` with a blank for every phrase of `group`."""
        return self._patterns[group].sub(" ", text)

    def number(self, match: re.Match[str]) -> int | None:
        """The number that a match holds in its one filled group: "3", 三 or "third"; None when it holds none."""
        word = next((group for group in match.groups() if group), None)
        if word is None:
            return None
        return int(word) if word.isdigit() else self.numbers.get(word)


@functools.lru_cache(maxsize=1)
def load_phrases() -> Phrases:
    """The shipped phrases, read once."""
    text = (resources.files("assistant") / "phrases.yaml").read_text("utf-8")
    return Phrases(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
