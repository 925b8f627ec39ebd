"""Times: the time a question is about, the day it looks back from, and the days its documents may be of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.periods import days
from assistant.phrases import Phrases
from knowledge.dates import DateMention

_YEAR = re.compile(r"(?<![\dA-Za-z.\-/])20[0-4]\d(?=$|[呢的和与、，,？?\s~至到])(?!\s?[张颗块卡台片])")
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")


@dataclass(frozen=True, slots=True)
class Times:
    """`periods` of figures (2024, 2025H1), `as_of` to look back from, first and last day of the documents meant."""

    periods: tuple[str, ...] = ()
    as_of: str | None = None
    since: str | None = None
    until: str | None = None


def times_in(phrases: Phrases, plain: str, dates: Sequence[DateMention], periodic: bool) -> Times:
    """The times that a question names; `periodic` tells that it asks for figures of a stretch of time."""
    if not dates:
        return Times()
    as_of = _as_of(phrases, plain, dates)
    if as_of is not None:
        stretch = days(as_of)
        return Times(as_of=as_of, until=stretch[1] if stretch is not None else None)
    stretches = [stretch for date in dates if (stretch := days(date.iso)) is not None]
    if not stretches:
        return Times()
    since, until = min(first for first, _ in stretches), max(last for _, last in stretches)
    if phrases.says("since", plain):
        return Times(since=since)
    periods = tuple(dict.fromkeys(date.iso for date in dates)) if periodic else ()
    # A figure of 2024 stands in documents of 2025: a period of figures says nothing about the days of documents.
    return Times(periods=periods) if periodic else Times(since=since, until=until)


def bare_years(text: str, taken: Sequence[tuple[int, int]]) -> list[DateMention]:
    """Years that stand in a question without 年 (毛利率2024, 2022和2023呢), outside the spans in `taken`."""
    return [
        DateMention(match.start(), match.end(), match.group(), match.group())
        for match in _YEAR.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]


def _as_of(phrases: Phrases, plain: str, dates: Sequence[DateMention]) -> str | None:
    mark = phrases.says("as_of", plain)
    if mark is None:
        return None
    near = [date for date in dates if abs(date.start - mark.end()) <= 3 or abs(mark.start() - date.end) <= 2]
    if not near:
        return None
    iso = near[0].iso
    stretch = days(iso)
    return iso[:10] if _DAY.fullmatch(iso) or stretch is None else stretch[1][:7]
