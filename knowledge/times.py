"""Times: which of the dates in a sentence are those of its figures, and which are somebody else's."""

from __future__ import annotations

from knowledge.items import Item
from knowledge.sentence import Sentence

# A comparing word stands right before its date, the verb of reporting within a few words behind it.
_BEFORE = 16
_BEHIND = 8


def compared_with(sentence: Sentence, day: Item) -> bool:
    """比上年同期, 较2024年, than in 2023: the time that something is compared with."""
    lexicon = sentence.grammar.lexicon
    before = sentence.text[max(sentence.start, day.start - _BEFORE) : day.start].rstrip().lower()
    if before.endswith(lexicon.than_times):
        return True
    behind = sentence.text[day.end : min(sentence.end, day.end + _BEHIND)].lstrip()
    return behind.startswith(lexicon.compared_times)


def reported_on(sentence: Sentence, day: Item) -> bool:
    """《每日经济新闻》2025年2月10日提到: the day of a report, on which nothing else need have happened."""
    behind = sentence.text[day.end : min(sentence.end, day.end + _BEHIND)].lstrip("）)的 ")
    return behind.lower().startswith(sentence.grammar.lexicon.reporting)


def spans_several(sentence: Sentence, day: Item) -> bool:
    """2022年至2024年, 2022-2024: a date that ends a range; its figure is of none of the years alone."""
    earlier = sentence.of("date", end=day.start)
    if not earlier:
        return False
    between = sentence.text[earlier[-1].end : day.start].strip().lower()
    return between in sentence.grammar.lexicon.until


def periods_before(sentence: Sentence, item: Item) -> list[Item]:
    """The dates before a value that may be its period; one compared with only where it is in the value's own clause."""
    start, _ = sentence.clause(item.start)
    return [
        day for day in sentence.of("date", end=item.start) if day.start >= start or not compared_with(sentence, day)
    ]


def left_standing(sentence: Sentence) -> str | None:
    """The period that the next sentence's silence means: the last date, if it is one of what was said to be so.

    A planned date says nothing of the next sentence, nor does one that something was compared with.
    """
    for day in reversed(sentence.of("date")):
        if compared_with(sentence, day):
            continue
        start, _ = sentence.clause(day.start)
        planned = any(mark.value == "forecast" for mark in sentence.of("status", start=start, end=day.end))
        return None if planned else str(day.value.iso)
    return sentence.context.period
