"""Statements: the figures that sentences state, with the subject carried from sentence to sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.annotate import Annotator, Item, Spans
from knowledge.catalog import Attribute
from knowledge.dates import DateMention
from knowledge.names import Subject
from knowledge.quantities import Quantity

# Chinese puts 3 to 12 characters between a subject and what a marker says of it; beyond that the marker is about
# something else.
NEAR = 12
_GLUE_AFTER = re.compile(
    r"^\s*(?:[（(@\-]\s*|的\s*|of\s+(?:the\s+)?|in\s+|for\s+|at\s+|大|高|超大|片上|板载|on-board\s+|onboard\s+|peak\s+|峰值|理论|单向|双向|稠密|稀疏|dense\s+|sparse\s+|total\s+|聚合|总|单卡|独立|大容量|高速|high-bandwidth\s+|AI\s*)*"
)
_MADE_OF = re.compile(r"\s*\S{0,8}?(?:组成|构成|互联|连接)|\s*(?:in total|interconnected)")
_COMPUTE = {"flops", "ops", "compute_bare"}
_CLUSTER_COUNTERS = frozenset("卡张颗块枚") | {"cards", "chips", "GPUs", "NPUs", "accelerators"}


@dataclass(frozen=True, slots=True)
class Statement:
    """A quantity, date or word that a sentence gives an owner. Spans are in the document's text."""

    subject: Subject
    attribute: str
    item: Item
    quote: tuple[int, int]
    conditions: tuple[str, ...]
    scope: str | None
    period: str | None
    status: str
    publisher: str | None = None
    as_of: str | None = None


@dataclass(slots=True)
class Context:
    """What earlier sentences and headings leave standing for the next one."""

    product: Subject | None = None
    company: Subject | None = None
    period: str | None = None
    attribute: tuple[str, ...] = ()


class Reader:
    """Reads sentences in order and yields their statements; `owned` holds the quantities that found an owner."""

    def __init__(self, annotator: Annotator, text: str, items: Sequence[Item], title: str) -> None:
        self._annotator = annotator
        self._attributes = annotator.catalog.attributes
        self._breaks = re.compile(annotator.lexicon.clause_breaks)
        self._attribution = [re.compile(pattern, re.I) for pattern in annotator.lexicon.attribution]
        self._text = text
        self._instruction = re.compile("|".join(f"(?:{rule})" for rule in annotator.lexicon.instructions), re.I)
        self._spans = Spans(items)
        self._title = [item for item in annotator.annotate(title) if item.kind == "subject"]
        self.owned: set[int] = set()

    def start(self) -> Context:
        """The context that the title gives: its product and its company, each only if it names exactly one."""
        return self._named(self._title, Context())

    @staticmethod
    def _named(subjects: Sequence[Item], context: Context) -> Context:
        products = {item.value.id: item.value for item in subjects if not item.value.is_company}
        companies = {item.value.id: item.value for item in subjects if item.value.is_company}
        if len(products) == 1:
            context.product = next(iter(products.values()))
        elif products:
            context.product = None
        if len(companies) == 1:
            context.company = next(iter(companies.values()))
        elif companies:
            context.company = None
        return context

    def heading(self, start: int, end: int, context: Context) -> Context:
        """A heading names what the sentences under it are about, like a title."""
        return self._named([item for item in self._spans.between(start, end) if item.kind == "subject"], context)

    def sentence(self, start: int, end: int, context: Context) -> Iterator[Statement]:
        """The statements of the sentence `[start, end)`; `context` is brought up to date for the next sentence."""
        if self._instruction.search(self._text, start, end):
            # Text that orders an answer is no source for one.
            return
        items = self._spans.between(start, end)
        sentence = _Sentence(self, items, start, end, context)
        found = list(sentence.statements())
        sentence.leave(context)
        for statement in found:
            self.owned.add(statement.item.start)
            yield statement


class _Sentence:
    """One sentence's items, sorted into roles, and the rules that bind them."""

    def __init__(self, reader: Reader, items: list[Item], start: int, end: int, context: Context) -> None:
        self._reader = reader
        self._text = reader._text
        self._start, self._end = start, end
        self._context = context
        self._items = items
        self._by_kind: dict[str, list[Item]] = {}
        for item in items:
            self._by_kind.setdefault(item.kind, []).append(item)
        body = self._text[start:end]
        self._breaks = [
            start + match.start()
            for match in reader._breaks.finditer(body)
            if not self._inside_number(start + match.start())
        ]
        self._compared = self._comparison_objects()
        self._subjects = [item for item in self._by_kind.get("subject", []) if item.start not in self._compared]
        self._consumed: set[int] = set()
        self._publisher, self._as_of = self._attributed(body)

    # --- what the parts of the sentence are -------------------------------------------------------------------------

    def _attributed(self, body: str) -> tuple[str | None, str | None]:
        """Who says so and when, where the sentence names its source; that source's date is unknown unless given."""
        for pattern in self._reader._attribution:
            match = pattern.match(body)
            if match is not None:
                end = self._start + match.end()
                dates = [item.value.iso for item in self._by_kind.get("date", []) if item.end <= end]
                self._by_kind["date"] = [item for item in self._by_kind.get("date", []) if item.end > end]
                self._by_kind["status"] = [item for item in self._by_kind.get("status", []) if item.end > end]
                who = match.group("who").strip()
                return (
                    (who, dates[0] if dates else None)
                    if not re.fullmatch(r"悉|称|传|了解|此|介绍", who)
                    else (None, None)
                )
        return None, None

    def _inside_number(self, at: int) -> bool:
        return 0 < at < len(self._text) - 1 and self._text[at - 1].isdigit() and self._text[at + 1].isdigit()

    def _clause(self, at: int) -> tuple[int, int]:
        before = [point for point in self._breaks if point < at]
        after = [point for point in self._breaks if point >= at]
        return (before[-1] if before else self._start, after[0] if after else self._end)

    def _of(self, *kinds: str, start: int | None = None, end: int | None = None) -> list[Item]:
        found = [item for kind in kinds for item in self._by_kind.get(kind, ())]
        if start is not None:
            found = [item for item in found if item.start >= start]
        if end is not None:
            found = [item for item in found if item.end <= end]
        return sorted(found, key=lambda item: item.start)

    def _comparison_objects(self) -> set[int]:
        """Starts of the subjects that are what something is compared with, not what the sentence is about."""
        objects: set[int] = set()
        subjects = self._by_kind.get("subject", [])
        for marker in self._of("comparison", "weak_comparison"):
            follower = next((item for item in subjects if item.start >= marker.end), None)
            if follower is None or follower.start - marker.end > 8:
                continue
            between = self._text[marker.end : follower.start]
            if self._reader._breaks.search(between) or self._of("quantity", start=marker.end, end=follower.start):
                continue
            if marker.kind == "weak_comparison":
                tail = self._clause(follower.end)[1]
                rest = [
                    item
                    for item in self._of("likeness", "change", "comparison", start=follower.end, end=tail)
                    if item.start - follower.end <= 16
                ]
                if not rest or (
                    not [item for item in subjects if item.start < marker.start] and self._context.product is None
                ):
                    continue
            objects.add(follower.start)
            # The maker before the product and the further members of a list are compared as well.
            last = follower
            for other in subjects:
                joined = self._text[last.end : other.start].strip() if other.start >= last.end else None
                if joined is not None and (joined in self._reader._annotator.lexicon.joiners or joined in ("", "的")):
                    objects.add(other.start)
                    last = other
        return objects

    # --- binding ----------------------------------------------------------------------------------------------------

    def statements(self) -> Iterator[Statement]:
        yield from self._respectively()
        for item in self._of("quantity"):
            if item.start not in self._consumed:
                yield from self._quantity(item)
        yield from self._memory_types()
        yield from self._dates()

    def _quantity(self, item: Item) -> Iterator[Statement]:
        quantity: Quantity = item.value
        attributes = self._attribute_of(item)
        if not attributes or self._refused(item):
            return
        for attribute_id in attributes:
            attribute = self._reader._attributes[attribute_id]
            for subject in self._subjects_of(item, attribute):
                yield self._state(subject, attribute, item, quantity)

    def _state(self, subject: Subject, attribute: Attribute, item: Item, quantity: Quantity | None) -> Statement:
        clause = self._clause(item.start)
        local = self._of("conditions", start=clause[0], end=clause[1])
        conditions = tuple(sorted({found.value for found in local if self._belongs(found, item)}))
        scope_items = [
            found for found in self._of("scopes", start=clause[0], end=clause[1]) if self._belongs(found, item)
        ]
        scope = scope_items[-1].value if scope_items else None
        if (
            scope == "cluster"
            and attribute.id
            not in ("cluster_size", "cluster_compute", "memory_capacity", "tdp", "ai_tops", "memory_bandwidth", "price")
            and not attribute.id.startswith(("fp", "bf", "tf", "int"))
        ):
            scope = None
        status = self._status(item)
        return Statement(
            subject,
            attribute.id,
            item,
            (self._start, self._end),
            conditions,
            scope,
            self._period(item, attribute),
            status,
            self._publisher,
            self._as_of,
        )

    def _belongs(self, marker: Item, item: Item) -> bool:
        """A condition belongs to the quantity of its clause that is nearest to it."""
        low, high = sorted((marker.start, item.start))
        between = [other for other in self._of("quantity") if low < other.start < high]
        return not between

    def _status(self, item: Item) -> str:
        # What is announced for later keeps its whole list of figures in the future.
        marks = {marker.value for marker in self._of("status") if marker.start < item.start}
        return "rumour" if "rumour" in marks else "forecast" if marks else "stated"

    def _period(self, item: Item, attribute: Attribute) -> str | None:
        if not attribute.periodic:
            return None
        before = [date for date in self._of("date") if date.end <= item.start]
        if before:
            return str(before[-1].value.iso)
        after = [date for date in self._of("date", end=self._clause(item.start)[1]) if date.start >= item.end]
        return str(after[0].value.iso) if after else self._context.period

    def _refused(self, item: Item) -> bool:
        """A quantity that the sentence denies, compares or calls a change states no level."""
        start, _ = self._clause(item.start)
        quantity: Quantity = item.value
        last = max([other.end for other in self._of("quantity", start=start) if other.end <= item.start] or [start])
        for marker in self._of("negation", start=last, end=item.start):
            if item.start - marker.end <= NEAR:
                return True
        after = self._of("negation", start=item.end, end=self._clause(item.start)[1])
        if after and after[0].start - item.end <= 4:
            return True
        changes = [marker for marker in self._of("change", start=last) if marker.end <= item.start]
        if changes and not self._of("level", start=changes[-1].end - 1, end=item.start + 1):
            return True
        trailing = [
            marker
            for marker in self._of("change", start=item.end, end=self._clause(item.start)[1])
            if marker.start - item.end <= 3
        ]
        if trailing and quantity.dimension not in ("date",):
            following = self._text[item.end : trailing[0].start].strip()
            if following in ("", "的", "of", "的性能"):
                return True
        compared = [
            other
            for other in self._by_kind.get("subject", [])
            if other.start in self._compared and start <= other.start and other.end <= item.start
        ]
        if compared:
            # What follows the product compared with is that product's figure or a multiple, until a new clause starts.
            own = [other for other in self._subjects if compared[-1].end <= other.start < item.start]
            return not own
        generic = [other for other in self._of("generic_subjects", start=start) if other.end <= item.start]
        own = [other for other in self._subjects if other.end <= item.start]
        return bool(generic) and (not own or own[-1].start < generic[-1].start)

    # --- attributes -------------------------------------------------------------------------------------------------

    def _fits(self, attribute_id: str, quantity: Quantity) -> bool:
        return fits(self._reader._attributes[attribute_id], quantity)

    def _attribute_of(self, item: Item) -> tuple[str, ...]:
        quantity: Quantity = item.value
        if quantity.dimension in (
            "percent",
            "plain",
            "multiple",
            "rank",
            "duration",
            "count",
            "money",
            "length",
        ) and not self._names_near(item):
            return self._by_counter(item)
        behind = self._behind(item)
        before = self._before(item)
        chosen = behind if behind and (not before or before[1] == "cue" or before[0] == behind[0]) else before or behind
        if chosen is None:
            return self._by_counter(item)
        names, kind, markers = chosen
        self._consumed.update(marker.start for marker in markers)
        if kind == "cue":
            return self._resolve_cue(names, item)
        return names

    def _names_near(self, item: Item) -> bool:
        start, end = self._clause(item.start)
        return bool(self._of("attribute", "cue", start=start, end=end))

    def _by_counter(self, item: Item) -> tuple[str, ...]:
        """Quantities whose counter says all: 1280亿晶体管; a cluster or a server made of 384颗昇腾910C."""
        quantity: Quantity = item.value
        if quantity.dimension != "count":
            return self._by_memory_type(item)
        if quantity.counter in _CLUSTER_COUNTERS:
            whole = [mark for mark in self._subjects if mark.end <= item.start and not mark.value.is_company]
            part = [mark for mark in self._subjects if 0 <= mark.start - item.end <= 4]
            made = _MADE_OF.match(self._text[item.end : self._end])
            if whole and (part or made):
                kind = whole[-1].value.kind
                name = {"cluster": "cluster_size", "server": "cards_per_server"}.get(kind)
                return (name,) if name in self._reader._attributes else ()
            return ()
        for attribute in self._reader._attributes.values():
            if attribute.id == "transistor_count" and quantity.counter in (*attribute.cues, *attribute.aliases):
                return (attribute.id,)
        return ()

    def _by_memory_type(self, item: Item) -> tuple[str, ...]:
        """48GB GDDR6 and 64GB HBM2e are memory capacities without being called so."""
        quantity: Quantity = item.value
        if quantity.dimension == "memory":
            near = [
                mark
                for mark in self._of("memory_type")
                if 0 <= mark.start - item.end <= 3 or 0 <= item.start - mark.end <= 2
            ]
            if near:
                return ("memory_capacity",)
        return ()

    def _before(self, item: Item) -> tuple[tuple[str, ...], str, list[Item]] | None:
        """The nearest unconsumed attribute name before the quantity in its clause, with those it is joined to."""
        quantity: Quantity = item.value
        start, _ = self._clause(item.start)
        marks = [
            mark
            for mark in self._of("attribute", "cue", start=start, end=item.start)
            if mark.start not in self._consumed
        ]
        last_quantity = max(
            [other.end for other in self._of("quantity", start=start, end=item.start) if self._binds(other)] or [start]
        )
        marks = [mark for mark in marks if mark.start >= last_quantity]
        strong = [
            (mark, tuple(name for name in mark.value if self._fits(name, quantity)))
            for mark in marks
            if mark.kind == "attribute"
        ]
        strong = [(mark, names) for mark, names in strong if names]
        if strong:
            group = [strong[-1]]
            for mark, names in reversed(strong[:-1]):
                joined = self._text[mark.end : group[0][0].start].strip()
                if joined in ("/", "、", "和", "与", "及", "以及", "and", "&", "或", "（", "("):
                    group.insert(0, (mark, names))
                else:
                    break
            specific = self._specific([name for _, names in group for name in names])
            return tuple(dict.fromkeys(specific)), "attribute", [mark for mark, _ in group]
        cues = [
            (mark, tuple(name for name in mark.value if self._fits(name, quantity)))
            for mark in marks
            if mark.kind == "cue"
        ]
        cues = [(mark, names) for mark, names in cues if names]
        if cues:
            return cues[-1][1], "cue", [cues[-1][0]]
        return None

    @staticmethod
    def _specific(names: list[str]) -> list[str]:
        """A named precision beats the general word for computing power beside it (INT8 AI算力)."""
        precise = [name for name in names if name not in ("ai_tops", "cluster_compute")]
        return precise or names

    def _binds(self, other: Item) -> bool:
        """Counts, multiples and bare numbers between an attribute and its value do not use the attribute up."""
        return other.value.dimension not in ("count", "multiple", "plain", "rank")

    def _behind(self, item: Item) -> tuple[tuple[str, ...], str, list[Item]] | None:
        """The attribute named right behind the quantity: 768GB/s的显存带宽, 25 TFLOPS of FP32, 320 TFLOPS@FP16."""
        quantity: Quantity = item.value
        rest = self._text[item.end : self._end]
        skip = item.end + _GLUE_AFTER.match(rest).end()  # type: ignore[union-attr]
        memory = next((mark for mark in self._of("memory_type") if 0 <= mark.start - skip <= 1), None)
        if memory is not None:
            glue = _GLUE_AFTER.match(self._text[memory.end : self._end])
            skip = memory.end + (glue.end() if glue else 0)
        for mark in self._of("attribute", "cue", start=item.end, end=self._end):
            if mark.start > skip + 1:
                break
            if mark.start < item.end:
                continue
            names = tuple(name for name in mark.value if self._fits(name, quantity))
            if names and not self._value_follows(mark):
                precise = self._of("attribute", start=mark.end, end=min(self._end, mark.end + NEAR))
                return names, mark.kind, [mark, *[near for near in precise if near.value == mark.value]]
        return None

    def _value_follows(self, mark: Item) -> bool:
        """In 显存48GB 带宽768GB/s the word behind 48GB has a value of its own."""
        following = next((other for other in self._of("quantity") if other.start >= mark.end), None)
        if following is None or self._reader._breaks.search(self._text[mark.end : following.start]):
            return False
        gap = self._text[mark.end : following.start].strip(" ：:为是达到约")
        return len(gap) <= 1 and any(self._fits(name, following.value) for name in mark.value) and "、" not in gap

    def _resolve_cue(self, names: tuple[str, ...], item: Item) -> tuple[str, ...]:
        """Which of the attributes a vague word hints at; () when the sentence does not settle it."""
        quantity: Quantity = item.value
        if len(names) == 1:
            return names
        named = {name for mark in self._of("attribute", end=self._end) for name in mark.value}
        if quantity.dimension in _COMPUTE:
            general = [name for name in names if name in ("ai_tops", "cluster_compute")]
            if {name for name in named if name in names and name not in general}:
                return ()
            clause = self._clause(item.start)
            cluster = any(
                mark.value == "cluster" for mark in self._of("scopes", start=clause[0], end=clause[1])
            ) or any(subject.value.kind == "cluster" for subject in self._subjects)
            wanted = "cluster_compute" if cluster else "ai_tops"
            return (wanted,) if wanted in general else ()
        if "memory_bandwidth" in names:
            words = {
                name
                for mark in self._of("attribute", "cue", "memory_type", end=self._end)
                for name in (mark.value if isinstance(mark.value, tuple) else ("memory_type",))
                if mark.value != names and "memory_bandwidth" not in mark.value
            }
            linked = {name for name in words if name.startswith("interconnect") or name == "pcie"}
            if not linked and words & {"memory_capacity", "memory_type"}:
                return ("memory_bandwidth",)
        return ()

    # --- subjects ---------------------------------------------------------------------------------------------------

    def _subjects_of(self, item: Item, attribute: Attribute) -> list[Subject]:
        company = attribute.of == ("vendor",)
        able = [mark for mark in self._subjects if self._can_have(mark.value, attribute)]
        clause = self._clause(item.start)
        before = [mark for mark in able if mark.end <= item.start]
        before = [mark for mark in before if not self._is_component(mark, attribute)]
        if before:
            last = before[-1]
            group = [last]
            for mark in reversed(before[:-1]):
                gap = re.sub(r"\b(?:the|its)\b", "", self._text[mark.end : group[0].start]).strip()
                if gap in self._reader._annotator.lexicon.joiners and gap:
                    group.insert(0, mark)
                elif gap == "" and mark.value.kind == "vendor":
                    continue
                else:
                    break
            if len({mark.value.id for mark in group}) > 1:
                each = self._of("each", start=last.end, end=item.start)
                return [mark.value for mark in group] if each else []
            if self._foreign_subject_between(last, item):
                return []
            return [last.value]
        after = [mark for mark in able if mark.start >= item.end and mark.end <= clause[1]]
        if after:
            gap = self._text[item.end : after[0].start]
            if re.search(r"(的|of the|for the|on the|in the)\s*$", gap) and len(gap) <= 24:
                return [after[0].value]
            return []
        # Nobody in this sentence before the quantity: whoever the last sentence or the heading was about.
        others = [
            mark for mark in self._by_kind.get("subject", []) if mark.end <= item.start and not mark.value.is_company
        ]
        if others and not company:
            return []
        carried = (
            self._context.company
            if company
            else self._context.product or (self._context.company if "vendor" in attribute.of else None)
        )
        return [carried] if carried is not None and self._can_have(carried, attribute) else []

    def _foreign_subject_between(self, subject: Item, item: Item) -> bool:
        """Another product stands between the subject and its quantity in the same clause and is not compared with."""
        start, _ = self._clause(item.start)
        return any(
            mark.start > subject.end
            and mark.end <= item.start
            and mark.start >= start
            and mark.start not in self._compared
            and not mark.value.is_company
            and mark.value.id != subject.value.id
            and not self._is_component(mark, None)
            for mark in self._by_kind.get("subject", [])
        )

    def _is_component(self, mark: Item, attribute: Attribute | None) -> bool:
        """8颗昇腾910B and 搭载MTT S4000的服务器 name a part; the figure is about the whole that is named elsewhere."""
        counted = [
            item for item in self._of("quantity") if item.value.dimension == "count" and 0 <= mark.start - item.end <= 4
        ]
        if not counted or (attribute is not None and attribute.id in ("cluster_size", "cards_per_server")):
            return bool(counted)
        return True

    @staticmethod
    def _can_have(subject: Subject, attribute: Attribute) -> bool:
        if subject.is_company:
            return "vendor" in attribute.of
        if subject.kind == "cluster":
            return "cluster" in attribute.of or "product" in attribute.of
        if subject.kind in ("software", "architecture"):
            # An architecture has a launch and a maker; memory and throughput belong to the chips built on it.
            return attribute.dimension in ("date", "text")
        if subject.kind in ("policy", "topic"):
            return "topic" in attribute.of
        # The total of eight cards is a server's or a cluster's and never the card's.
        return "product" in attribute.of or (subject.kind == "server" and "cluster" in attribute.of)

    # --- lists, words and dates -------------------------------------------------------------------------------------

    def _respectively(self) -> Iterator[Statement]:
        """A和B的显存分别为48GB和64GB; FP16和INT8算力分别为256TFLOPS和512TOPS: names and values pair off in order."""
        for marker in self._of("respectively"):
            end = next((point for point in self._breaks if point > marker.end and self._list_over(point)), self._end)
            values = [
                item
                for item in self._of("quantity", start=marker.end, end=end)
                if self._binds(item) or item.value.dimension == "count"
            ]
            if len(values) < 2:
                values = self._values_before(marker)
            if len(values) < 2:
                continue
            first = min(value.start for value in values)
            clause = max([point for point in self._breaks if point < min(first, marker.start)] or [self._start])
            subjects = [mark for mark in self._subjects if mark.start >= clause and mark.end <= first]
            products = [mark for mark in subjects if not mark.value.is_company] or subjects
            names = self._of("attribute", start=clause, end=first)
            self._consumed.update(value.start for value in values)
            if len(products) == len(values):
                found = [name for mark in names for name in mark.value]
                cues = [name for mark in self._of("cue", start=clause, end=first) for name in mark.value]
                for mark, value in zip(products, values, strict=True):
                    fitting = [name for name in found if self._fits(name, value.value)] or (
                        [name for name in cues if self._fits(name, value.value)]
                    )
                    fitting = self._specific(fitting)
                    if len(set(fitting)) == 1:
                        attribute = self._reader._attributes[fitting[0]]
                        if self._can_have(mark.value, attribute):
                            yield self._state(mark.value, attribute, value, value.value)
            elif len(names) == len(values):
                for mark, value in zip(names, values, strict=True):
                    fitting = [name for name in mark.value if self._fits(name, value.value)]
                    if len(fitting) == 1:
                        attribute = self._reader._attributes[fitting[0]]
                        for subject in self._subjects_of(value, attribute)[:1]:
                            yield self._state(subject, attribute, value, value.value)

    def _list_over(self, point: int) -> bool:
        """A comma inside "48GB, 64GB和80GB" does not end the list: something other than a quantity follows it."""
        following = next((item for item in self._of("quantity") if item.start >= point), None)
        return following is None or len(self._text[point : following.start].strip("，,、和与及 and")) > 2

    def _values_before(self, marker: Item) -> list[Item]:
        """English puts respectively last: 256 and 512 GB, respectively."""
        values: list[Item] = []
        for item in reversed([item for item in self._of("quantity") if item.end <= marker.start]):
            after = values[-1].start if values else marker.start
            if len(self._text[item.end : after].strip(" ,，and与和、及")) > 2:
                break
            values.append(item)
        return values[::-1]

    def _memory_types(self) -> Iterator[Statement]:
        attribute = self._reader._attributes.get("memory_type")
        if attribute is None:
            return
        for mark in self._of("memory_type"):
            near = [
                item
                for item in self._of("quantity")
                if item.value.dimension == "memory"
                and (0 <= mark.start - item.end <= 5 or 0 <= item.start - mark.end <= 6)
            ]
            if not near or self._refused(near[0]):
                continue
            subjects = self._subjects_of(near[0], attribute)
            if len(subjects) == 1:
                yield replace(self._state(subjects[0], attribute, near[0], None), item=mark)

    def _dates(self) -> Iterator[Statement]:
        dates = self._of("date")
        verbs = [
            mark
            for mark in self._of("attribute")
            if any(self._reader._attributes[name].dimension == "date" for name in mark.value)
        ]
        if len(dates) != 1 or not verbs:
            return
        date: DateMention = dates[0].value
        for verb in verbs:
            for name in verb.value:
                attribute = self._reader._attributes[name]
                if attribute.dimension != "date" or self._clause(verb.start)[0] > dates[0].end + 40:
                    continue
                negated = [mark for mark in self._of("negation") if 0 <= verb.start - mark.end <= 4]
                if not negated and date.iso:
                    for subject in self._dated(verb, dates[0], attribute):
                        yield self._state(subject, attribute, dates[0], None)

    def _dated(self, verb: Item, date: Item, attribute: Attribute) -> list[Subject]:
        """What was launched, founded or listed: named right behind the verb, or before it; a joined list as a whole."""
        able = [mark for mark in self._subjects if self._can_have(mark.value, attribute)]
        if attribute.of == ("vendor",):
            before = [mark for mark in able if mark.end <= verb.start]
            if not able and self._context.company is not None and not self._subjects:
                return [self._context.company]
            return self._one_or_joined(before or able)
        able = [mark for mark in able if not mark.value.is_company]
        clause_end = self._clause(verb.start)[1]
        behind = [mark for mark in able if verb.end <= mark.start < clause_end and mark.start - verb.end <= NEAR]
        before = [mark for mark in able if mark.end <= verb.start]
        if behind or len({mark.value.id for mark in able}) == 1:
            return self._one_or_joined(behind or before)
        if not able and not self._subjects and self._context.product is not None:
            return [self._context.product]
        return []

    def _one_or_joined(self, marks: list[Item]) -> list[Subject]:
        """The one subject of `marks`, or all of them when they stand as a list (摩尔线程和壁仞科技); else none."""
        if len({mark.value.id for mark in marks}) > 1:
            for mark, following in itertools.pairwise(marks):
                gap = re.sub(r"\b(?:the|its)\b", "", self._text[mark.end : following.start]).strip()
                if gap not in self._reader._annotator.lexicon.joiners:
                    return []
        return list({mark.value.id: mark.value for mark in marks}.values())

    # --- what stays for the next sentence ---------------------------------------------------------------------------

    def leave(self, context: Context) -> None:
        """Whom the next sentence's 其 means, or its silence: the one product and the one company of this sentence."""
        own = [mark for mark in self._subjects if not self._is_component(mark, None)]
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
        elif self._compared or self._of("generic_subjects"):
            context.product = context.product if self._of("back_references") else None
        if len(companies) == 1:
            context.company = next(iter(companies.values()))
        elif len(companies) > 1:
            context.company = None
        # A sentence about a company alone leaves its own product standing, another maker's not.
        alone = companies and not products and not self._of("back_references")
        if alone and context.product is not None and context.product.vendor not in companies:
            context.product = None
        periods = self._of("date")
        if periods:
            context.period = str(periods[-1].value.iso)


def fits(attribute: Attribute, quantity: Quantity) -> bool:
    """Whether `quantity` can be a value of `attribute` by its dimension (FLOPS of INT8 count as OPS, and are said so)."""
    if attribute.dimension in ("flops", "ops"):
        return quantity.dimension in ("flops", "ops")
    if attribute.id == "cluster_compute" or attribute.dimension == "compute_bare":
        return quantity.dimension in _COMPUTE
    if attribute.dimension == "bandwidth":
        return quantity.dimension in ("bandwidth", "bitrate")
    if quantity.dimension == "plain" and attribute.dimension == "count":
        # 晶体管数为770亿: a number with a magnitude behind the name of what is counted.
        return quantity.base >= 10_000 and not quantity.text[-1].isdigit()
    if attribute.dimension == "count":
        if attribute.id == "cluster_size":
            return quantity.dimension == "count" and quantity.counter in _CLUSTER_COUNTERS
        counters = {*attribute.cues, *attribute.aliases}
        return quantity.dimension == "count" and (
            not attribute.unit
            or quantity.counter in counters
            or quantity.counter == attribute.unit
            or quantity.counter in "个颗张片块套台家股枚"
        )
    return attribute.dimension == quantity.dimension
