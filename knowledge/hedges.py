"""Hedges: the words around a quantity that make it a bound or an approximation."""

from __future__ import annotations

import re
from typing import Literal

Bound = Literal["exact", "about", "at_least", "at_most", "range"]

_BEFORE_ABOUT = re.compile(
    r"(?:约为?|大约|大概|将近|接近|近|约合|差不多|大致|估计|估算为?|~|≈|～|about|around|approximately|approx\.|roughly|nearly|almost|some|an estimated)\s*$",
    re.I,
)
_BEFORE_LEAST = re.compile(
    r"(?:超过|超|逾|不低于|不少于|不小于|至少|大于|高于|突破|>|≥|>=|over|more than|at least|exceed(?:s|ed|ing)?|above|upwards of|no less than|not less than|no fewer than|not fewer than|greater than|surpass(?:ing|es|ed)?|topp(?:ing|ed))了?\s*$",
    re.I,
)
_BEFORE_MOST = re.compile(
    r"(?:不超过|不高于|不大于|至多|(?<!不)(?:少于|小于|低于)|<|≤|<=|(?<!no )(?<!not )(?:less than|fewer than)|under|below|no more than|at most)\s*$",
    re.I,
)
_AFTER_ABOUT = re.compile(r"\s?(?:左右|上下|or so)")
_AFTER_LEAST = re.compile(r"\s?(?:以上|\+|＋|之多|or more|or higher|plus)")
_AFTER_MOST = re.compile(r"\s?(?:以下|以内|之内|or less|or lower)")
# What the hedges above end and begin with: most quantities have none, and one look at one character tells.
_LAST = frozenset("约为概将近合多致计算~≈～过超逾于少破了>≥=<≤ter.ymdgsfnwTERYMDGSFNW")
_FIRST = frozenset("左上以+＋之op内OP")
_REACH = 16


def bound_of(plain: str, start: int, end: int, otherwise: Bound) -> Bound:
    """What the words around the quantity `plain[start:end]` make of it; `otherwise` when they say nothing."""
    before = plain[max(0, start - _REACH) : start].rstrip()
    after = plain[end : end + 10]
    hedged = before[-1:] in _LAST if before else False
    trailed = after.lstrip()[:1] in _FIRST if after else False
    if not hedged and not trailed:
        return otherwise
    if (hedged and _BEFORE_MOST.search(before)) or (trailed and _AFTER_MOST.match(after)):
        return "at_most"
    if (hedged and _BEFORE_LEAST.search(before)) or (trailed and _AFTER_LEAST.match(after)):
        return "at_least"
    if otherwise == "exact" and ((hedged and _BEFORE_ABOUT.search(before)) or (trailed and _AFTER_ABOUT.match(after))):
        return "about"
    return otherwise
