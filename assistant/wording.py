"""Wording: values, conditions and sources in words, in the language of the question."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from decimal import Decimal
from importlib import resources
from typing import Any

import yaml

from assistant.ledger import Strand
from knowledge.catalog import Catalog
from knowledge.conditions import SEPARATING
from knowledge.figures import Figure
from knowledge.units import currency_of

# Units whose written form carries a magnitude (亿元, 万张): shown as written, never recomputed in Chinese.
_AS_WRITTEN = frozenset({"money", "money_per_share", "count", "duration", "text", "date", "throughput", "rank"})


@functools.lru_cache(maxsize=1)
def _templates() -> dict[str, dict[str, Any]]:
    text = (resources.files("assistant") / "wording.yaml").read_text("utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


class Wording:
    """The words of one language ("zh" or "en")."""

    def __init__(self, language: str, catalog: Catalog) -> None:
        self.language = "en" if language == "en" else "zh"
        self._words = _templates()[self.language]
        self._catalog = catalog

    def say(self, key: str, **values: object) -> str:
        """The template `key` filled with `values`; text from documents is inserted as it is, never interpreted."""
        return str(self._words[key]).format(**values)

    def word(self, key: str) -> str:
        return str(self._words[key])

    @property
    def example(self) -> str:
        return self.examples[0]

    @property
    def examples(self) -> tuple[str, ...]:
        return tuple(self._words["examples"])

    def join(self, parts: list[str]) -> str:
        return self.word("list_sep").join(parts)

    def attribute(self, attribute: str) -> str:
        return self._catalog.attributes[attribute].name(self.language)

    def subject(self, subject: str, name: str) -> str:
        entry = self._catalog.products.get(subject) or self._catalog.vendors.get(subject)
        return entry.name(self.language) if entry is not None else name

    def condition(self, condition: str) -> str:
        return str(self._words["conditions"].get(condition, condition))

    def wanted(self, intent: str) -> str:
        return str(self._words["wanted"].get(intent, intent))

    def scope(self, scope: str) -> str:
        return str(self._words["scopes"].get(scope, scope))

    def claimant(self, claimant: str) -> str:
        return str(self._words["claimants"].get(claimant, claimant))

    def value(self, figure: Figure, *, hedged: bool = True) -> str:
        """The figure's value as its source has it, hedge included; its unit in the field's usual spelling."""
        shown = self._number(figure)
        if hedged and figure.bound in ("about", "at_least", "at_most"):
            shown = self.word(figure.bound) + shown
        return shown

    def _number(self, figure: Figure) -> str:
        if figure.value is None:
            return figure.text
        if figure.dimension in _AS_WRITTEN:
            if (
                self.language == "en"
                and any("\u4e00" <= character <= "\u9fff" for character in figure.text)
                and figure.base is not None
            ):
                number = plain(figure.base) + (f"–{plain(figure.high_base)}" if figure.high_base is not None else "")
                code = currency_of(figure.unit)
                each = " per share" if code and figure.dimension == "money_per_share" else ""
                return f"{number}{f' {code}' if code else ''}{each} ({figure.text})"
            return figure.text
        number = plain(figure.value)
        if figure.high is not None:
            number = f"{number}–{plain(figure.high)}"
        return f"{number}{'' if figure.unit in ('%', '') else ' '}{figure.unit}"

    def originally(self, figure: Figure) -> str:
        """The remark that a source wrote FLOPS for integer operations, or a bare T for either; else ""."""
        text = figure.text.casefold()
        if (figure.dimension == "ops" and "flop" in text) or (
            figure.dimension in ("flops", "ops") and text[-1:] == "t"
        ):
            return self.say("originally", text=figure.text)
        return ""

    def qualifiers(self, strand: Strand, *, scoped: bool = False) -> str:
        """Conditions, scope, period and status of a strand, in brackets, or "".

        The scope is said where it is not what the subject is: the figure of a server of 910Bs, of a die of a card; and
        always when `scoped`, beside a value of another scope.
        """
        parts = [self.condition(condition) for condition in strand.conditions]
        if strand.scope is not None and (scoped or strand.scope != strand.lead.subject_kind):
            parts.append(self.scope(strand.scope))
        if strand.edition:
            parts.append(strand.edition)
        if strand.period:
            parts.append(strand.period)
        elif strand.dated:
            parts.append(strand.dated)
        if strand.lead.status in ("forecast", "rumour"):
            parts.append(self.word(strand.lead.status))
        original = self.originally(strand.lead)
        if original:
            parts.append(original)
        return self.say("qualifier", text=self.word("comma").join(parts)) if parts else ""

    def who(self, figure: Figure) -> str:
        """Who says so and when: 快科技（媒体，2023-12-19）."""
        details = [self.claimant(figure.claimed_by), figure.as_of or self.word("undated")]
        # Conditions in a source's own words help to see why two sources differ.
        if figure.note and "FLOP" not in figure.note.upper():
            details.append(figure.note[:40])
        publisher = figure.publisher or self.word("unknown_publisher")
        return self.say("who", publisher=publisher, details=self.word("comma").join(details))


def also_in(language: str, publishers: Sequence[str]) -> str:
    """Where else an article was printed: 又见 甲报, 乙报."""
    return str(_templates()["en" if language == "en" else "zh"]["also"]).format(publishers=", ".join(publishers))


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros, with separators from 10,000 up: 314.6, 1,228,000."""
    if number == number.to_integral_value():
        whole = int(number)
        return f"{whole:,}" if abs(whole) >= 10_000 else str(whole)
    text = format(number.normalize(), "f")
    head, _, tail = text.partition(".")
    return f"{int(head):,}.{tail}" if abs(number) >= 10_000 else text


def conditions_text(figure: Figure) -> str | None:
    """The conditions of a figure for the Answer model: canonical ids joined by ", ", or None."""
    shown = [condition for condition in figure.conditions if condition in SEPARATING or condition == "peak"]
    return ", ".join(shown) or None
