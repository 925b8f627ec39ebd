"""Understanding: words and conversation → Question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assistant.names import NameIndex
from assistant.phrases import load_phrases
from assistant.question import Filter, Intent, Premise, Question, Subject
from knowledge.attribution import fits
from knowledge.catalog import Catalog, Mention, normalise
from knowledge.conditions import SEPARATING
from knowledge.dates import DateMention, find_dates
from knowledge.lexicon import load_lexicon
from knowledge.quantities import Quantity, find_quantities
from knowledge.units import parse_unit

# A conversation's earlier turns that can still be meant; older ones cannot, and a history may be a thousand long.
REMEMBERED = 12
_HAN = re.compile(r"[\u4e00-\u9fff]")
_UNITS = r"\s*([KMGTPE]i?B/s|[KMGTPE]i?B|[KMGTPE]?(?:FLOPS|OPS)|[kM]?W|nm|MHz|GHz|Gbps|Gb/s)(?![A-Za-z])"
_UNIT = re.compile(rf"(?i)(?:换算?成|换算为|转换?成|用|以|in|to){_UNITS}")
_HOW_MANY = re.compile(rf"(?i)(?:多少个?|几个?|how many){_UNITS}")
_CAPITALISED = re.compile(r"(?<![A-Za-z0-9])[A-Z][a-z]{3,}(?![A-Za-z0-9])")
_COMPUTE = {"flops", "ops"}
# What a quantity without an attribute beside it can only be about.
_BY_DIMENSION = {"memory": "memory_capacity", "power": "tdp", "length": "process_node", "bandwidth": "memory_bandwidth"}


class Understanding:
    """Turns questions into Question models; built once for a catalogue and a state of the store."""

    def __init__(self, catalog: Catalog, names: NameIndex, today: str | None = None) -> None:
        self._catalog = catalog
        self._names = names
        self._phrases = load_phrases()
        self._today = today

    def __call__(self, text: str, history: Sequence[str] = ()) -> Question:
        """The question `text`, what it leaves out taken from the earlier questions in `history` (oldest first)."""
        question = self._alone(text)
        if history and self._leans(question):
            before = self._conversation(history)
            if before is not None:
                question = self._resolved(question, before)
        return question

    def _conversation(self, history: Sequence[str]) -> Question | None:
        state: Question | None = None
        for text in list(history)[-REMEMBERED:]:
            question = self._alone(text)
            # A greeting between two questions does not change what "it" is.
            if state is not None and question.intent in ("smalltalk", "empty"):
                continue
            state = self._resolved(question, state) if state is not None and self._leans(question) else question
        return state

    # --- one question by itself -------------------------------------------------------------------------------------

    def _alone(self, text: str) -> Question:
        phrases, plain = self._phrases, normalise(text)
        if not re.search(r"\w", plain):
            return Question(text=text, language="zh", intent="empty")
        quantities = [item for item in find_quantities(text) if item.dimension not in ("plain", "rank")]
        names = self._names.find(text, quantities)
        dates = find_dates(text, self._today)
        # An attribute's name may hold a subject's (列入实体清单时间): the longer name is meant.
        named = self._catalog.attribute_mentions(text)
        subjects = tuple(
            item.subject
            for item in names.found
            if not any(
                mark.start <= item.start and item.end <= mark.end and mark.end - mark.start > item.end - item.start
                for mark in named
            )
        )
        spans = [(item.start, item.end) for item in names.found if item.subject in subjects]
        marks = [mark for mark in named if not _overlaps(mark, spans)]
        hints = [mark for mark in self._catalog.attribute_mentions(text, cues=True) if not _overlaps(mark, spans)]
        when = bool(phrases.says("when", plain))
        strong = self._named_attributes(marks, plain, when)
        cues = self._cues(hints, marks, strong, plain)
        filters = self._filters(plain, quantities, strong, cues)
        premise, implied = self._premises(quantities, filters, strong, cues, subjects, plain)
        strong = tuple(dict.fromkeys((*strong, *implied)))
        if subjects and all(subject.kind == "vendor" for subject in subjects):
            # "How much" asks of a company what companies have, never a price.
            strong = tuple(
                name
                for name in strong
                if "vendor" in self._catalog.attributes[name].of or "topic" in self._catalog.attributes[name].of
            ) or (() if cues else strong)
        as_of = self._as_of(plain, dates)
        asked = (*strong, *(name for group in cues for name in group))
        periodic = as_of is None and any(self._catalog.attributes[name].periodic for name in asked)
        periods = tuple(dict.fromkeys(date.iso for date in dates)) if periodic else ()
        period = periods[0] if periods else None
        derive = self._derive(plain, subjects)
        count = self._count(quantities)
        # Foreign chips are references: they are ranked beside domestic ones only when the question asks for them.
        foreign = phrases.says("foreign", plain) or any(
            subject.kind == "vendor" and not self._catalog.vendors[subject.id].domestic
            for subject in subjects
            if subject.id in self._catalog.vendors
        )
        domestic = None if foreign else True
        unit = (_UNIT.search(text) if phrases.says("unit", plain) else None) or _HOW_MANY.search(text)
        unknown_attributes = tuple(
            word for word in phrases.unknown_attributes if word in plain and not strong and not cues
        )
        intent = self._intent(plain, subjects, strong, cues, filters, derive, when, names.unknown, count)
        known_unit = parse_unit(unit.group(1)) if unit else None
        return Question(
            text=text,
            language="en"
            if phrases.says("english", plain)
            else "zh"
            if _HAN.search(text) or phrases.says("chinese", plain)
            else "en",
            subjects=subjects,
            attributes=strong,
            cues=cues,
            intent=intent,
            rank_direction="lowest" if phrases.says("rank_low", plain) else "highest",
            rank_n=self._rank_n(plain),
            filters=filters,
            derive=derive,
            count=count,
            domestic_only=domestic,
            kind=self._kind(plain, subjects),
            conditions=self._conditions(plain),
            scope=self._scope(plain, subjects),
            period=period,
            periods=periods,
            as_of=as_of,
            unit=known_unit[0] if known_unit else None,
            table=bool(phrases.says("table", plain)),
            premise=premise,
            unknown_names=names.unknown or self._strangers(text, subjects, bool(strong or cues), spans),
            unknown_attributes=unknown_attributes,
        )

    def _strangers(
        self, text: str, subjects: Sequence[Subject], asked: bool, spans: Sequence[tuple[int, int]]
    ) -> tuple[str, ...]:
        """Capitalised words that nobody here is called by, in a question that asks a figure of nobody else (Dojo)."""
        if (
            subjects
            or not asked
            or self._phrases.says("rank", normalise(text))
            or self._phrases.says("filter", normalise(text))
        ):
            return ()
        known = [
            (mark.start, mark.end)
            for group in (False, True)
            for mark in self._catalog.attribute_mentions(text, cues=group)
        ]
        found = []
        for match in _CAPITALISED.finditer(text):
            first = not text[: match.start()].strip()
            if not first and not any(start < match.end() and match.start() < end for start, end in (*spans, *known)):
                found.append(match.group())
        return tuple(found)

    def _named_attributes(self, marks: Sequence[Mention], plain: str, when: bool) -> tuple[str, ...]:
        found: list[str] = []
        for mark in marks:
            attribute = self._catalog.attributes[mark.entry.id]
            noun = re.search(r"(时间|日期|date|time)$", mark.alias)
            # 发布 and 成立 ask for a date only when the question asks when.
            if attribute.dimension == "date" and not noun and not when:
                continue
            found.append(attribute.id)
        precise = [
            name for name in found if self._catalog.attributes[name].dimension in _COMPUTE and name not in ("ai_tops",)
        ]
        if precise:
            found = [name for name in found if name != "ai_tops"]
        return tuple(dict.fromkeys(found))

    def _cues(
        self, hints: Sequence[Mention], marks: Sequence[Mention], strong: Sequence[str], plain: str
    ) -> tuple[tuple[str, ...], ...]:
        spans = [(mark.start, mark.end) for mark in marks]
        groups: dict[tuple[int, int], list[str]] = {}
        for hint in hints:
            if not _overlaps(hint, spans):
                groups.setdefault((hint.start, hint.end), []).append(hint.entry.id)
        kept = []
        for names in groups.values():
            if set(names) & set(strong):
                continue
            kept.append(tuple(dict.fromkeys(names)))
        return tuple(dict.fromkeys(kept))

    def _filters(
        self, plain: str, quantities: Sequence[Quantity], strong: Sequence[str], cues: Sequence[Sequence[str]]
    ) -> tuple[Filter, ...]:
        """Conditions such as 显存 ≥ 64GB; only in questions that ask for several products."""
        if not (self._phrases.says("filter", plain) or self._phrases.says("rank", plain)):
            return ()
        names = [*strong, *(name for group in cues for name in group)]
        found: list[Filter] = []
        for quantity in quantities:
            op = self._operator(plain, quantity)
            attribute = next(
                (name for name in names if fits(self._catalog.attributes[name], quantity)), None
            ) or _BY_DIMENSION.get(quantity.dimension)
            if op is not None and attribute is not None:
                found.append(
                    Filter(
                        attribute=attribute,
                        op=op,
                        value=str(quantity.base),
                        text=quantity.text,
                        dimension=quantity.dimension,
                    )
                )
        constrained = {item.attribute for item in found}
        if (
            self._phrases.says("filter", plain)
            and self._phrases.says("has", plain)
            and not self._phrases.says("rank", plain)
        ):
            found += [Filter(attribute=name, op="has") for name in strong if name not in constrained]
        return tuple(found)

    def _operator(self, plain: str, quantity: Quantity) -> str | None:
        before, after = (
            plain[max(0, quantity.start - 10) : quantity.start].rstrip(),
            plain[quantity.end : quantity.end + 10].lstrip(),
        )
        for op, words in self._phrases.operators.items():
            if any(before.endswith(word) for word in words) or any(after.startswith(word) for word in words):
                return op
        return None

    def _premises(
        self,
        quantities: Sequence[Quantity],
        filters: Sequence[Filter],
        strong: Sequence[str],
        cues: Sequence[Sequence[str]],
        subjects: Sequence[Subject],
        plain: str,
    ) -> tuple[tuple[Premise, ...], tuple[str, ...]]:
        """Figures that the question states as known, and the attributes they imply where it names none."""
        if filters or not subjects:
            return (), ()
        found, implied = [], []
        for quantity in quantities:
            if quantity.dimension in ("count", "multiple", "percent", "duration", "rank", "percent_points"):
                continue
            names = [name for group in ((*((item,) for item in strong), *cues)) for name in group]
            attribute = next((name for name in names if fits(self._catalog.attributes[name], quantity)), None)
            if attribute is None and not names:
                attribute = _BY_DIMENSION.get(quantity.dimension)
                implied += [attribute] if attribute else []
            if attribute is not None:
                compute = self._catalog.attributes[attribute].dimension
                dimension = compute if quantity.dimension in _COMPUTE and compute in _COMPUTE else quantity.dimension
                found.append(
                    Premise(
                        attribute=attribute,
                        text=quantity.text,
                        value=str(quantity.value),
                        unit=quantity.unit,
                        dimension=dimension,
                        base=str(quantity.base),
                        subject=subjects[0].id if len(subjects) == 1 else None,
                    )
                )
        return tuple(found), tuple(implied)

    def _as_of(self, plain: str, dates: Sequence[DateMention]) -> str | None:
        mark = self._phrases.says("as_of", plain)
        if mark is None:
            return None
        near = [date for date in dates if abs(date.start - mark.end()) <= 3 or abs(mark.start() - date.end) <= 2]
        return (
            near[0].iso[:10]
            if near and re.fullmatch(r"\d{4}(-\d{2}){0,2}", near[0].iso)
            else (near[0].iso[:4] if near else None)
        )

    def _derive(
        self, plain: str, subjects: Sequence[Subject]
    ) -> Literal["ratio", "difference", "per_watt", "total"] | None:
        says = self._phrases.says
        if says("per_watt", plain):
            return "per_watt"
        if len(subjects) >= 2:
            if says("ratio", plain):
                return "ratio"
            if says("difference", plain):
                return "difference"
        if says("total", plain):
            return "total"
        return None

    def _intent(
        self,
        plain: str,
        subjects: Sequence[Subject],
        strong: Sequence[str],
        cues: Sequence[Sequence[str]],
        filters: Sequence[Filter],
        derive: str | None,
        when: bool,
        unknown: Sequence[str],
        count: int | None,
    ) -> Intent:
        says = self._phrases.says
        products = [subject for subject in subjects if subject.kind != "vendor"]
        asked = bool(strong or cues)
        if says("smalltalk", plain):
            return "smalltalk"
        if derive is not None and asked and subjects and not (derive == "total" and count is None):
            return "derive"
        if asked and says("rank", plain) and not products and not re.search(r"最高(可达|达到?|支持)", plain):
            return "rank"
        if filters and not products:
            return "filter"
        if says("compare", plain) and len(subjects) >= 2:
            return "compare"
        if says("why", plain):
            return "why"
        if when:
            return "when"
        if asked and subjects:
            return (
                "compare"
                if len(subjects) >= 2 and all(subject.kind != "vendor" for subject in subjects) and not _mixed(subjects)
                else "lookup"
            )
        if says("timeline", plain):
            return "timeline"
        if subjects and not asked:
            rest = self._rest(plain, subjects)
            if says("profile", plain) or not rest:
                return "profile"
            if len(subjects) >= 2 and says("compare", plain):
                return "compare"
            return "who" if says("who", plain) else "open"
        if unknown:
            return "lookup"
        if asked:
            return "filter" if says("filter", plain) and filters else "lookup"
        return "open" if says("domain", plain) else "out_of_scope"

    def _rest(self, plain: str, subjects: Sequence[Subject]) -> str:
        """What a question says besides names and punctuation."""
        for mention in self._catalog.mentions(plain):
            plain = plain[: mention.start] + " " * (mention.end - mention.start) + plain[mention.end :]
        for subject in subjects:
            plain = plain.replace(normalise(subject.name), " ")
        return re.sub(r"[\W_]|的|呢|吗|吧|啊", "", plain)

    def _rank_n(self, plain: str) -> int | None:
        numbers = "|".join(sorted(self._phrases.numbers, key=len, reverse=True))
        match = re.search(
            rf"前\s?(\d+|{numbers})|top\s?(\d+|{numbers})|最\S{{1,3}}的?\s?(\d+|{numbers})\s?(?:款|张|个|家|种|颗|大)",
            plain,
        )
        if match is None:
            return (
                1
                if re.search(
                    r"最\S{1,2}的(是|国产|芯片|卡|产品|公司)?(哪|什么|谁)|哪.{0,6}最|(?:which|what) .*(?:highest|largest|most|lowest)",
                    plain,
                )
                and False
                else None
            )
        word = next(group for group in match.groups() if group)
        return int(word) if word.isdigit() else self._phrases.numbers[word]

    @staticmethod
    def _count(quantities: Sequence[Quantity]) -> int | None:
        counted = [
            item
            for item in quantities
            if item.dimension == "count"
            and item.counter in ("张", "卡", "颗", "块", "cards", "chips", "GPUs", "张卡", "块卡")
        ]
        return int(counted[0].value) if counted else None

    def _kind(self, plain: str, subjects: Sequence[Subject]) -> str | None:
        if any(subject.kind != "vendor" for subject in subjects):
            return None
        for kind in ("cluster", "server"):
            if self._phrases.kinds[kind].search(plain):
                return kind
        return None

    @staticmethod
    def _conditions(plain: str) -> tuple[str, ...]:
        found = []
        rest = plain
        for condition in sorted(SEPARATING):
            for word in sorted(load_lexicon().conditions[condition], key=len, reverse=True):
                if word in rest:
                    found.append(condition)
                    rest = rest.replace(word, " ")
                    break
        return tuple(found)

    @staticmethod
    def _scope(plain: str, subjects: Sequence[Subject]) -> str | None:
        own = {subject.kind for subject in subjects}
        for scope, words in (
            ("card", ("单卡", "每卡", "每张卡", "per card")),
            ("server", ("整机", "单机", "per server")),
            ("die", ("单芯片", "单die", "per die")),
        ):
            if (
                any(word in plain for word in words)
                and scope not in own
                and "cluster" not in own
                and not own & {"die", "card"}
            ):
                return scope
        return None

    # --- what a question leaves to the one before -------------------------------------------------------------------

    def _leans(self, question: Question) -> bool:
        """Whether a question cannot be understood alone: no subject, or a subject and nothing asked of it."""
        plain = normalise(question.text).strip()
        if question.unknown_names or question.intent in ("smalltalk", "empty"):
            return False
        if not question.subjects:
            if question.intent in ("rank", "filter") or bool(self._phrases.says("domestic", plain)):
                return False
            return (
                bool(self._phrases.says("follow_up", plain))
                or (bool(question.asked_attributes) and len(plain) <= 24)
                or question.unit is not None
                or (question.language == "en" and bool(self._phrases.says("english", plain)))
            )
        return not question.asked_attributes and (bool(self._phrases.says("follow_up", plain)) or self._compares(plain))

    def _compares(self, plain: str) -> bool:
        return bool(self._phrases.says("compare_with", plain))

    def _resolved(self, question: Question, before: Question) -> Question:
        plain = normalise(question.text).strip()
        changes: dict[str, object] = {}
        inherited: list[str] = []
        if not question.subjects:
            position = re.search(r"第\s?([一二三四五六七八九十\d])\s?个", plain)
            subjects = before.subjects
            if position:
                at = self._phrases.numbers.get(position.group(1)) or (
                    int(position.group(1)) if position.group(1).isdigit() else 1
                )
                subjects = before.subjects[at - 1 : at] or before.subjects
            changes["subjects"] = subjects
            inherited.append("subjects")
        elif self._compares(plain):
            changes["subjects"] = tuple(dict.fromkeys((*before.subjects[:1], *question.subjects)))
            inherited.append("subjects")
        if not question.asked_attributes:
            changes |= {"attributes": before.attributes, "cues": before.cues}
            inherited.append("attributes")
        elif re.search(r"加上|再加|also|add", plain):
            changes["attributes"] = tuple(dict.fromkeys((*before.attributes, *question.attributes)))
        dates = find_dates(question.text, self._today) if question.as_of is None else []
        if dates and before.period is not None:
            question = question.model_copy(update={"period": dates[0].iso})
            changes["period"] = dates[0].iso
        derive = self._derive(plain, changes.get("subjects", question.subjects))  # type: ignore[arg-type]
        if derive is not None:
            changes["derive"] = derive
        if not question.periods and before.periods and inherited:
            changes["periods"] = before.periods
        for name in ("period", "as_of"):
            if getattr(question, name) is None and getattr(before, name) is not None and inherited:
                changes[name] = getattr(before, name)
        if question.unit is None and before.unit and "attributes" in inherited:
            changes["unit"] = before.unit
        merged = question.model_copy(update={**changes, "inherited": tuple(inherited)})
        return merged.model_copy(update={"intent": self._merged_intent(merged, before, plain)})

    def _merged_intent(self, question: Question, before: Question, plain: str) -> Intent:
        subjects, asked = question.subjects, bool(question.asked_attributes)
        if question.intent in ("why", "when", "timeline"):
            return question.intent
        if not subjects and before.intent in ("rank", "filter"):
            return before.intent
        if question.derive is not None and subjects and asked:
            return "derive"
        if len(subjects) >= 2 and (asked or question.intent == "compare" or self._compares(plain)):
            return "compare"
        if asked and subjects:
            return "lookup"
        return before.intent if not asked and question.intent in ("open", "out_of_scope", "lookup") else question.intent


def _overlaps(mark: Mention, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < mark.end and mark.start < end for start, end in spans)


def _mixed(subjects: Sequence[Subject]) -> bool:
    return len({subject.kind == "vendor" for subject in subjects}) > 1
