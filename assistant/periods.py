"""Periods: what stretch of days a date of any precision means, and whether one lies in another."""

from __future__ import annotations

import calendar
import re

_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?|H([12])|Q([1-4])(?:-Q([1-4]))?)?")


def days(iso: str) -> tuple[str, str] | None:
    """The first and the last day of 2024, 2024H1, 2024Q3, 2024Q1-Q3, 2024-03 or 2024-03-08; None for anything else."""
    match = _ISO.fullmatch(iso)
    if match is None:
        return None
    year, month, day, half, quarter, last = match.groups()
    if day:
        return iso, iso
    start, end = 1, 12
    if month:
        start = end = int(month)
        if not 1 <= end <= 12:
            return None
    elif half:
        start, end = 6 * int(half) - 5, 6 * int(half)
    elif quarter:
        start, end = 3 * int(quarter) - 2, 3 * int(last or quarter)
    return f"{year}-{start:02d}-01", f"{year}-{end:02d}-{calendar.monthrange(int(year), end)[1]:02d}"


def within(inner: str, outer: str) -> bool:
    """Whether the date `inner` lies in the stretch `outer`: 2023-12-19 in 2023, 2023 in 2023, but not 2023 in 2023-12."""
    one, other = days(inner), days(outer)
    return one is not None and other is not None and other[0] <= one[0] and one[1] <= other[1]


def overlap(a: str, b: str) -> bool:
    """Whether two dates can be of the same time: 2024 and 2024-03."""
    one, other = days(a), days(b)
    return one is not None and other is not None and one[0] <= other[1] and other[0] <= one[1]
