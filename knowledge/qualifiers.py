"""Qualifiers: whether a sentence states a value at all, and under which condition, scope, period and status."""

from __future__ import annotations

import re

from knowledge.attribution import NEAR
from knowledge.catalog import Attribute
from knowledge.conditions import belongs, own_conditions
from knowledge.items import Item
from knowledge.sentence import Sentence
from knowledge.times import periods_before, spans_several

# Attributes besides throughputs that a whole cluster has.
_OF_CLUSTERS = frozenset(
    {"cluster_size", "cluster_compute", "memory_capacity", "tdp", "ai_tops", "memory_bandwidth", "price"}
)
# PCIe版, OAM 版本, 液冷版, 低功耗模式; not 出版, 改版, 三个版本.
_EDITION = re.compile(
    r"(?:[A-Z][A-Za-z0-9]{1,7} ?|[\u4e00-\u9fff]{1,3})(?<![出改正盗排首新旧])(?:版本?|模式)(?![\u4e00-\u9fff]?权)"
)
_NO_EDITION = ("三个", "两个", "多个", "各", "该", "此", "这", "个", "种")
_THROUGHPUTS = ("fp", "bf", "tf", "int")
# Negations and changes right behind a value: 48GB不等, 50%的提升.
_TRAILING_NEGATION = 4
_TRAILING_CHANGE = 3
# 每条链路的带宽为50GB/s: what may stand between a part and its value.
_PORTION_WITHIN = 8
# What stands between a number of parts and the value of one: 6颗16GB, 6 x 16 GB, 6× 16 GB.
_EACH_BY = {"count": ("",), "plain": ("x", "X", "×", "*"), "multiple": ("",)}
_VERSUS_BEFORE = re.compile(r"\d\s?[^\s\d，,。]{0,8}\s(?:vs\.?|versus)\s?$", re.I)
_VERSUS_REACH = 24
_VERSUS_BEHIND = re.compile(r"\s?(?:vs\.?|versus)\s?\d", re.I)


def refused(sentence: Sentence, item: Item) -> bool:
    """Whether the sentence denies the quantity, compares it or calls it a change: then it states no level."""
    start, stop = sentence.clause(item.start)
    if sentence.of("hypothetical", end=item.start) or sentence.of("multiplies", start=start, end=item.start):
        return True
    last = max([other.end for other in sentence.of("quantity", start=start, end=item.start)], default=start)
    if any(item.start - mark.end <= NEAR for mark in sentence.of("negation", start=last, end=item.start)):
        return True
    if _taken_back(sentence, item):
        return True
    after = sentence.of("negation", start=item.end, end=stop)
    if after and after[0].start - item.end <= _TRAILING_NEGATION:
        return True
    changes = sentence.of("change", start=last, end=item.start)
    if changes and not sentence.of("level", start=changes[-1].start, end=item.start + 1):
        return True
    trailing = next(
        (m for m in sentence.of("change", start=item.end, end=stop) if m.start - item.end <= _TRAILING_CHANGE), None
    )
    if trailing is not None and sentence.text[item.end : trailing.start].strip() in ("", "的", "of", "的性能"):
        return True
    if any(mark.start - item.end <= 1 for mark in sentence.of("excess", start=item.end, end=stop)):
        return True
    compared = [
        other for other in sentence.of("subject", start=start, end=item.start) if other.start in sentence.compared
    ]
    if compared and not _reached(sentence, compared[-1].end, item):
        # What follows the product compared with is that product's figure or a multiple, until a new clause starts.
        return not any(compared[-1].end <= other.start < item.start for other in sentence.subjects)
    if sentence.of("portions", start=start, end=stop) and _of_a_portion(sentence, item):
        return True
    if sentence.of("corrected", start=item.end) or _opposed(sentence, item) or _one_of_several(sentence, item):
        return True
    # 从上一代的32GB升级到64GB: the earlier one was passed by.
    passed = max(
        [other.end for other in sentence.of("quantity", start=start, end=item.start) if other.start in sentence.passed],
        default=start,
    )
    generic = sentence.of("generic_subjects", start=passed, end=item.start)
    own = [other for other in sentence.subjects if other.end <= item.start]
    return bool(generic) and (not own or own[-1].start < generic[-1].start)


def _taken_back(sentence: Sentence, item: Item) -> bool:
    """此前报道称功耗为350W，有误，应为450W: the word behind it is of the last value of its kind before the word."""
    marks = sentence.of("retraction", start=item.end)
    if not marks or sentence.of("negation", start=item.end, end=marks[0].start):
        # 为150W，而不是误传的200W: the denied one is the other.
        return False
    between = sentence.of("quantity", start=item.end, end=marks[0].start)
    return not any(other.value.dimension == item.value.dimension for other in between)


def _reached(sentence: Sentence, start: int, item: Item) -> bool:
    """较XH200提升60%至2TB/s: behind the thing compared with, what was reached by the change."""
    changes = sentence.of("change", start=start, end=item.start)
    levels = sentence.of("level", start=start, end=item.start)
    return bool(changes and levels) and item.start - levels[-1].end <= 1 and levels[-1].end > changes[-1].end


def _one_of_several(sentence: Sentence, item: Item) -> bool:
    """6颗16GB HBM3, 8 x 64 GB: a value right behind a count is of each of them."""
    return any(
        other.end <= item.start
        and other.value.base > 1
        and sentence.text[other.end : item.start].strip() in _EACH_BY.get(other.value.dimension, ())
        for other in sentence.of("quantity", start=item.start - NEAR, end=item.start)
    )


def _opposed(sentence: Sentence, item: Item) -> bool:
    """96 GB vs. 32 GB: two values of two products, and which is whose the sentence does not make sure."""
    return bool(
        _VERSUS_BEFORE.search(sentence.text, max(sentence.start, item.start - _VERSUS_REACH), item.start)
        or _VERSUS_BEHIND.match(sentence.text, item.end, sentence.end)
    )


def _of_a_portion(sentence: Sentence, item: Item) -> bool:
    """每引脚6.4Gb/s, 50 GB/s per link: a value of a part of which the product has several."""
    others = [other.end for other in sentence.of("quantity") if other is not item]
    return any(
        0 <= mark.start - item.end <= 2
        or (
            0 <= item.start - mark.end <= _PORTION_WITHIN
            # 50 GB/s per link and 900 GB/s in all: these words have a value of their own.
            and not any(end <= mark.start and not sentence.text[end : mark.start].strip() for end in others)
        )
        for mark in sentence.of("portions")
    )


def left_behind(sentence: Sentence, item: Item) -> bool:
    """从300W降至250W, from 250 W to 225 W: the first value is the one that is no more."""
    start = max(sentence.clause(item.start)[0], item.start - NEAR)
    before = sentence.text[start : item.start].rstrip().lower()
    starting = sentence.grammar.lexicon.starting
    following = next((other for other in sentence.of("quantity") if other.start >= item.end), None)
    if (
        following is None
        or following.start - item.end > NEAR
        or following.value.dimension != item.value.dimension
        or not any(word in before for word in starting)
    ):
        return False
    if before.endswith(starting):
        return True
    # 从上代的32GB升级到64GB: other words may stand between when what follows says that a level was reached.
    return bool(sentence.of("level", "change", start=item.end, end=following.start))


def conditions_of(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """Dense, sparse, peak, one-way …: the conditions of the clause that belong to this value."""
    return tuple(sorted(own_conditions(sentence, item)))


def scope_of(sentence: Sentence, item: Item, attribute: Attribute) -> str | None:
    """Die, card, server or cluster, where the clause says so."""
    start, end = sentence.clause(item.start)
    marks = [mark for mark in sentence.of("scopes", start=start, end=end) if belongs(sentence, mark, item)]
    scope = marks[-1].value if marks else None
    if scope == "cluster" and attribute.id not in _OF_CLUSTERS and not attribute.id.startswith(_THROUGHPUTS):
        return None
    return scope


def status_of(sentence: Sentence, item: Item) -> str:
    """ "stated", "forecast" or "rumour": what is announced for later keeps its whole list of figures in the future."""
    # What was rumoured before it was put right says nothing of what is right.
    right = sentence.of("corrected", end=item.start)
    since = right[-1].end if right else sentence.start
    marks = {marker.value for marker in sentence.of("status", start=since) if marker.start < item.start} - {"stated"}
    return "rumour" if "rumour" in marks else "forecast" if marks else "stated"


def edition_of(sentence: Sentence, item: Item) -> str:
    """PCIe版功耗300W，OAM版功耗550W: the version that the clause names before its value; "" for none."""
    start, _ = sentence.clause(item.start)
    clause = sentence.text[start : item.start]
    if "版" not in clause and "模式" not in clause:
        return ""
    found = _EDITION.findall(clause)
    return found[-1].strip() if found and not found[-1].startswith(_NO_EDITION) else ""


def period_of(sentence: Sentence, item: Item, attribute: Attribute) -> str | None:
    """The stretch of time that a periodic figure (revenue, shipments) is about."""
    if not attribute.periodic:
        return None
    before = periods_before(sentence, item)
    if before:
        return None if spans_several(sentence, before[-1]) else str(before[-1].value.iso)
    after = sentence.of("date", start=item.end, end=sentence.clause(item.start)[1])
    return str(after[0].value.iso) if after else sentence.context.period
