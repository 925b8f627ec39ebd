"""Period: the time a question is about, the day it looks back from, and the days its documents may be of."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.phrases import Phrases
from knowledge.dates import DateMention

_YEAR = re.compile(r"(?<![\dA-Za-z.\-/])20[0-4]\d(?=$|[呢的和与、，,？?\s~至到])(?!\s?[张颗块卡台片])")
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")
_QUARTERS = {"Q1": ("01", "03"), "Q2": ("04", "06"), "Q3": ("07", "09"), "Q4": ("10", "12")} | {
    "H1": ("01", "06"),
    "H2": ("07", "12"),
}


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
        return Times(as_of=as_of, until=days(as_of)[1])
    stretches = [days(date.iso) for date in dates]
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
    return iso[:10] if _DAY.fullmatch(iso) else days(iso)[1][:7]


def days(iso: str) -> tuple[str, str]:
    """The first and the last day of a date as documents give it: 2024, 2024H1, 2024Q1-Q3, 2024-03, 2024-03-08."""
    year, rest = iso[:4], iso[4:]
    parts = re.findall(r"[QH]\d", rest)
    if parts:
        first, last = _QUARTERS.get(parts[0], ("01", "12"))[0], _QUARTERS.get(parts[-1], ("01", "12"))[1]
    elif re.fullmatch(r"-\d{2}", rest):
        first = last = rest[1:]
    elif re.fullmatch(r"-\d{2}-\d{2}", rest):
        return iso, iso
    else:
        first, last = "01", "12"
    return f"{year}-{first}-01", f"{year}-{last}-{calendar.monthrange(int(year), int(last))[1]:02d}"
