"""Intents: what kind of answer a question wants, from its words and from what it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.asked import Asked
from assistant.phrases import Phrases
from assistant.question import Filter, Intent, Subject

Derived = Literal["ratio", "difference", "per_watt", "total"]
# "最高可达 48GB" states a value; it ranks nothing.
_UP_TO = re.compile(r"最高(可达|达到?|支持)")


@dataclass(frozen=True, slots=True)
class Read:
    """What of a question is known before its intent: `rest` are the words besides names, attributes and fillers."""

    plain: str
    subjects: tuple[Subject, ...]
    asked: Asked
    filters: tuple[Filter, ...]
    derive: Derived | None
    count: int | None
    unknown: tuple[str, ...]
    rest: str
    dated: bool = False


def derivation(phrases: Phrases, plain: str, subjects: Sequence[Subject]) -> Derived | None:
    """The value that has to be computed from figures: a ratio or difference of two, a sum, a figure per watt."""
    if phrases.says("per_watt", plain):
        return "per_watt"
    if len(subjects) >= 2:
        if phrases.says("ratio", plain):
            return "ratio"
        if phrases.says("difference", plain):
            return "difference"
    # 总算力 of a cluster is a figure of its own, not a sum.
    if any(subject.kind == "cluster" for subject in subjects):
        return None
    return "total" if phrases.says("total", plain) else None


def intent_of(phrases: Phrases, read: Read) -> Intent:
    """The intent; the first rule that holds decides, from the most telling words to the least."""

    def says(group: str) -> bool:
        return phrases.says(group, read.plain) is not None

    subjects = read.subjects
    products = [subject for subject in subjects if subject.kind != "vendor"]
    asked = bool(read.asked.any)
    if says("smalltalk"):
        return "smalltalk"
    if read.derive is not None and asked and subjects and (read.derive != "total" or read.count is not None):
        return "derive"
    if asked and says("rank") and not products and not _UP_TO.search(read.plain):
        return "rank"
    if read.filters and not products and (says("filter") or not subjects):
        return "filter"
    if says("compare") and len(subjects) >= 2:
        return "compare"
    if says("why"):
        return "why"
    if says("how") and (subjects or asked or says("domain")):
        return "how"
    if says("when"):
        return "when"
    if asked and subjects:
        return "compare" if len(subjects) >= 2 and not _mixed(subjects) and products else "lookup"
    if says("timeline"):
        return "timeline"
    if says("newest") and not products and not asked and not read.unknown:
        return "list"
    if says("list") and subjects and not asked:
        return "list"
    if subjects and not asked:
        return _about(read, says("definition"), says("profile"), says("who"), says("compare"))
    if says("definition") and not read.unknown and (asked or says("domain")):
        return "definition"
    if read.unknown or asked:
        return "lookup"
    return "open" if says("domain") else "out_of_scope"


def _about(read: Read, definition: bool, profile: bool, who: bool, compare: bool) -> Intent:
    """The intent of a question that names subjects and asks none of their attributes."""
    subjects = read.subjects
    if who:
        return "who"
    if definition and len(subjects) == 1 and subjects[0].kind in ("architecture", "software", "policy", "topic"):
        return "definition"
    if profile or not read.rest:
        return "profile"
    if len(subjects) >= 2 and compare:
        return "compare"
    # What was with somebody in a stretch of time is told in the order of its days.
    return "timeline" if read.dated else "open"


def _mixed(subjects: Sequence[Subject]) -> bool:
    return len({subject.kind == "vendor" for subject in subjects}) > 1
