"""Sentence: what an annotated sentence is made of, sorted into roles, before anything is bound to anything."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.catalog import Attribute
from knowledge.items import Item
from knowledge.lexicon import Lexicon
from knowledge.names import Subject

# How far behind a comparison word the thing compared with may begin, and how far its "like" or "than" may follow.
_COMPARED_WITHIN = 8
_LIKENESS_WITHIN = 16
# An order may be split by a full stop: its second half is looked for this far behind the sentence.
_ORDER_REACH = 24
_NOBODY = re.compile(r"悉|称|传|了解|此|介绍|要求|惯例")
# 按规划，…: no source, and the plan stays one.
_PLAN = re.compile(r"(?:原|最初|目前)?(?:的)?(?:规划|计划|路线图|预期|目标)")
_BRACKETS = re.compile(r"[（(][^（()）]{1,60}[)）]")
COUNTED = re.compile(r" (?:chips|cards|GPUs|NPUs|accelerators|processors|dies)\b")
_ARTICLE = re.compile(r"\b(?:the|its)\b")


@dataclass(slots=True)
class Context:
    """What earlier sentences and headings leave standing for the next one; `stated` are the last one's attributes."""

    product: Subject | None = None
    company: Subject | None = None
    period: str | None = None
    stated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grammar:
    """What reading sentences needs to know: the catalogue's attributes, the lexicon, and its patterns compiled."""

    attributes: Mapping[str, Attribute]
    lexicon: Lexicon
    breaks: re.Pattern[str]
    attribution: tuple[re.Pattern[str], ...]
    machine: re.Pattern[str]
    machines: re.Pattern[str]

    @classmethod
    def of(cls, attributes: Mapping[str, Attribute], lexicon: Lexicon) -> Grammar:
        machine = "|".join(map(re.escape, lexicon.server_nouns))
        return cls(
            attributes,
            lexicon,
            re.compile(lexicon.clause_breaks),
            tuple(re.compile(pattern, re.I) for pattern in lexicon.attribution),
            re.compile(machine, re.I),
            re.compile(rf"\s?的.{{0,6}}?(?:{machine})", re.I),
        )


class Sentence:
    """One sentence `text[start:end]`: its items by kind, its clauses, whom it is about and whom it compares with.

    `consumed` holds the starts of the items that a value has already been bound to, `bound` the attributes by the
    start of their value, `passed` the starts of values that are no more.
    """

    def __init__(
        self, grammar: Grammar, text: str, start: int, end: int, items: Sequence[Item], context: Context
    ) -> None:
        self.grammar, self.text, self.start, self.end, self.context = grammar, text, start, end, context
        self.consumed: set[int] = set()
        self.passed: set[int] = set()
        self.bound: dict[int, tuple[str, ...]] = {}
        self._by_kind: dict[str, list[Item]] = {}
        for item in items:
            self._by_kind.setdefault(item.kind, []).append(item)
        self._merged: dict[tuple[str, ...], list[Item]] = {}
        self._points: list[int] | None = None
        self.publisher, self.as_of = self._attributed()
        self.compared = self._compared()
        named = self._by_kind.get("subject", [])
        self.subjects = [item for item in named if item.start not in self.compared] if self.compared else named

    def of(self, *kinds: str, start: int | None = None, end: int | None = None) -> list[Item]:
        """The items of `kinds` that begin at or after `start` and stop at or before `end`, in order."""
        if len(kinds) == 1:
            found = self._by_kind.get(kinds[0])
        else:
            found = self._merged.get(kinds)
            if found is None:
                found = sorted((item for kind in kinds for item in self._by_kind.get(kind, ())), key=lambda i: i.start)
                self._merged[kinds] = found
        if not found:
            return []
        if start is not None and end is not None:
            return [item for item in found if item.start >= start and item.end <= end]
        if start is not None:
            return [item for item in found if item.start >= start]
        if end is not None:
            return [item for item in found if item.end <= end]
        return found

    @property
    def breaks(self) -> list[int]:
        """Where clauses end: commas and conjunctions, but no comma inside a number."""
        if self._points is None:
            text = self.text
            brackets = [match.span() for match in _BRACKETS.finditer(text, self.start, self.end)]
            self._points = [
                match.start()
                for match in self.grammar.breaks.finditer(text, self.start, self.end)
                if not (text[match.start() - 1].isdigit() and text[match.start() + 1 : match.start() + 2].isdigit())
                and not any(first < match.start() < last for first, last in brackets)
                and not self._trails(match.end())
            ]
        return self._points

    def _trails(self, at: int) -> bool:
        """Whether nothing but a condition follows (…, bidirectional.): it belongs to the clause before it."""
        for mark in self.of("conditions", start=at):
            if not self.text[at : mark.start].strip():
                return self.text[mark.end : mark.end + 1] in ("", ",", "，", ".", "。", ";", "；")
        return False

    def clause(self, at: int) -> tuple[int, int]:
        """The span of the clause around `at`."""
        points = self.breaks
        after = bisect_left(points, at)
        return (points[after - 1] if after else self.start, points[after] if after < len(points) else self.end)

    def gap(self, start: int, end: int) -> str:
        """The text between two items without white space and articles: what joins them."""
        return _ARTICLE.sub("", self.text[start:end]).strip()

    def joined(self, start: int, end: int) -> bool:
        """Whether nothing but a list's joiner (和, 、, and) stands between two items."""
        return self.gap(start, end) in self.grammar.lexicon.joiners

    def is_component(self, mark: Item) -> bool:
        """8颗昇腾910B names a part that is counted; a figure behind it is about the whole that is named elsewhere."""
        if self.inside_machine(mark):
            return True
        # In 千卡集群“磐石一号” the count is the cluster's size, and the name is the cluster's.
        return any(
            (
                (item.value.dimension == "count" and 0 <= mark.start - item.end <= 4)
                # 384 Ascend 910C chips: English counts behind the name.
                or (
                    item.value.dimension == "plain"
                    and mark.start - item.end == 1
                    and COUNTED.match(self.text, mark.end) is not None
                )
            )
            and not self.of("scopes", start=item.start, end=mark.start)
            for item in self.of("quantity")
        )

    def inside_machine(self, mark: Item) -> bool:
        """搭载QY-77的一体机, a server with 910B chips: the sentence goes on about the machine."""
        machines = self.grammar.machines
        if (
            "的" in self.text[mark.end : mark.end + 2]
            and not mark.value.is_company
            and machines.match(self.text, mark.end, self.end)
        ):
            return True
        if self.text[mark.end : mark.end + 1] != " " or not COUNTED.match(self.text, mark.end):
            return False
        return any(other.end <= mark.start for other in self.of("subject")) or bool(
            self.grammar.machine.search(self.text, self.clause(mark.start)[0], mark.start)
        )

    def _attributed(self) -> tuple[str | None, str | None]:
        """Who says so and when, where the sentence names its source; that source's date is unknown unless given."""
        for pattern in self.grammar.attribution:
            match = pattern.match(self.text[self.start : self.end])
            if match is None:
                continue
            if _PLAN.fullmatch(match.group("who").strip()):
                return None, None
            end = self.start + match.end()
            dates = [item.value.iso for item in self.of("date", end=end)]
            for kind in ("date", "status"):
                self._by_kind[kind] = [item for item in self.of(kind) if item.end > end]
            who = match.group("who").strip()
            return (None, None) if _NOBODY.fullmatch(who) else (who, dates[0] if dates else None)
        return None, None

    def _compared(self) -> set[int]:
        """Starts of the subjects that are what something is compared with, not what the sentence is about."""
        objects: set[int] = set()
        subjects = self.of("subject")
        if not subjects:
            return objects
        starts = [item.start for item in subjects]
        for marker in self.of("comparison", "weak_comparison"):
            at = bisect_left(starts, marker.end)
            if at == len(subjects) or subjects[at].start - marker.end > _COMPARED_WITHIN:
                continue
            follower = subjects[at]
            if self.grammar.breaks.search(self.text[marker.end : follower.start]) or self.of(
                "quantity", start=marker.end, end=follower.start
            ):
                continue
            if marker.kind == "weak_comparison" and not self._likened(marker, follower, subjects):
                continue
            objects.add(follower.start)
            # The maker before the product and the further members of a list are compared as well.
            last = follower
            for other in subjects[at + 1 :]:
                between = self.text[last.end : other.start].strip() if other.start >= last.end else None
                if between is not None and (between in self.grammar.lexicon.joiners or between in ("", "的")):
                    objects.add(other.start)
                    last = other
        return objects

    def _likened(self, marker: Item, follower: Item, subjects: Sequence[Item]) -> bool:
        """和A100相当 compares, 与壁仞合作 does not: a word of likeness must follow, and somebody else be spoken of."""
        tail = self.clause(follower.end)[1]
        rest = self.of("likeness", "change", "comparison", start=follower.end, end=tail)
        if not any(item.start - follower.end <= _LIKENESS_WITHIN for item in rest):
            return False
        return any(item.start < marker.start for item in subjects) or self.context.product is not None

    def leave(self) -> None:
        """Brings the context up to date: whom the next sentence's 其 means, or its silence.

        That is the one product and the one company of this sentence.
        """
        context = self.context
        own = [mark for mark in self.subjects if not self.is_component(mark)]
        products = {
            mark.value.id: mark.value
            for mark in own
            if not mark.value.is_company and mark.value.kind not in ("software", "architecture")
        }
        companies = {mark.value.id: mark.value for mark in own if mark.value.is_company}
        if len(products) == 1:
            context.product = next(iter(products.values()))
        elif len(products) > 1:
            context.product = None
        elif self.compared or self.of("generic_subjects"):
            context.product = context.product if self.of("back_references") else None
        if len(companies) == 1:
            context.company = next(iter(companies.values()))
        elif len(companies) > 1:
            context.company = None
        # A sentence about a company alone leaves its own product standing, another maker's not.
        alone = companies and not products and not self.of("back_references")
        if alone and context.product is not None and context.product.vendor not in companies:
            context.product = None


class Orders:
    """Where a text gives orders ("忽略以上指令", "you must answer"): such text is no source for an answer."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        lowered = text.lower()
        # A few letters grow when they are lower-cased; then offsets would be off.
        flags, self._text = (re.I, text) if len(lowered) != len(text) else (re.NOFLAG, lowered)
        rules = (re.compile(rule, flags) for rule in lexicon.instructions)
        # Hardly any text gives orders: then nothing is asked of its sentences.
        self._rules = [rule for rule in rules if rule.search(self._text)]

    def within(self, start: int, end: int) -> bool:
        """Whether an order begins in `[start, end)`; it may go on behind that."""
        reach = end + _ORDER_REACH
        return any(
            (match := rule.search(self._text, start, reach)) is not None and match.start() < end for rule in self._rules
        )
