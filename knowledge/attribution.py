"""Attribution: which attribute a quantity in a sentence is a value of."""

from __future__ import annotations

import re

from knowledge.catalog import Attribute
from knowledge.conditions import OPPOSED, own_conditions
from knowledge.items import Item
from knowledge.quantities import Quantity
from knowledge.sentence import COUNTED, Sentence

# Chinese puts 3 to 12 characters between a subject and what a marker says of it; beyond that the marker is about
# something else.
NEAR = 12
_GLUE_AFTER = re.compile(
    r"\s*(?:[（(@\-]\s*|的\s*|of\s+(?:the\s+)?|in\s+|for\s+|at\s+|大|高|超大|片上|板载|on-board\s+|onboard\s+|peak\s+|峰值|理论|单向|双向|稠密|稀疏|dense\s+|sparse\s+|total\s+|聚合|总|单卡|独立|大容量|高速|high-bandwidth\s+|AI\s*|(?:Pre-)?[A-F][+＋]?\d?轮|天使轮|新一轮)*"
)
# No share of this field has ever cost more, and no company less.
_SHARE = 100_000
_MADE_OF = re.compile(r"\s*\S{0,8}?(?:组成|构成|互联|连接)|\s*(?:in total|interconnected)")
_COMPUTE = frozenset({"flops", "ops", "compute_bare"})
_GENERAL_COMPUTE = ("ai_tops", "cluster_compute")
_CLUSTER_COUNTERS = frozenset("卡张颗块枚") | {"cards", "chips", "GPUs", "NPUs", "accelerators"}
# What is counted names these: 1280亿晶体管, 650 employees.
_NAMED_BY_COUNTER = ("transistor_count", "employees")
_PEOPLE = frozenset({"employees", "people", "人", "engineers"})
_PIECES = frozenset({"units", "cards", "chips", "GPUs", "NPUs", "accelerators", "processors"})
# Quantities that say nothing by themselves: an attribute must be named beside them.
_MUTE = frozenset({"percent", "plain", "multiple", "rank", "duration", "count", "money", "length"})
# Counts, multiples and bare numbers between an attribute and its value do not use the attribute up.
_PASSING = frozenset({"count", "multiple", "plain", "rank"})
# 达到, 最高可达, 一举达到了: what stands between a clause's beginning and the value that it reaches.
_REACHED_WITHIN = 8
# 应为约450W: as much may stand between the correction and what holds.
_CORRECTED_WITHIN = 3
_NAME_JOINERS = ("/", "、", "和", "与", "及", "以及", "and", "&", "或", "（", "(")

_Chosen = tuple[tuple[str, ...], str, list[Item]]


def fits(attribute: Attribute, quantity: Quantity) -> bool:
    """Whether `quantity` can be a value of `attribute` by its dimension.

    FLOPS of INT8 count as OPS, a bare T as trillions of the attribute's operations, and figures say so.
    """
    if attribute.dimension in ("flops", "ops"):
        return quantity.dimension in ("flops", "ops") or quantity.unit == "T"
    if attribute.id == "cluster_compute" or attribute.dimension == "compute_bare":
        return quantity.dimension in _COMPUTE
    if attribute.dimension == "money_per_share" and quantity.dimension == "money":
        # 发行价114.28元: so small a sum behind the name of a share's price is one.
        return quantity.base < _SHARE
    if attribute.dimension == "bandwidth":
        return quantity.dimension in ("bandwidth", "bitrate")
    if quantity.dimension == "plain" and attribute.dimension == "count":
        # 晶体管数为770亿: a number with a magnitude behind the name of what is counted.
        return quantity.base >= 10_000 and not quantity.text[-1].isdigit()
    if attribute.dimension == "count":
        if attribute.id == "cluster_size":
            return quantity.dimension == "count" and quantity.counter in _CLUSTER_COUNTERS
        return quantity.dimension == "count" and (
            not attribute.unit
            or quantity.counter == attribute.unit
            or quantity.counter in "个颗张片块套台家股枚卡"
            or (attribute.unit == "人" and quantity.counter in _PEOPLE)
            or (attribute.unit == "张" and quantity.counter in _PIECES)
            or quantity.counter in attribute.cues
            or quantity.counter in attribute.aliases
        )
    return attribute.dimension == quantity.dimension


def passing(item: Item) -> bool:
    """Whether the quantity may stand between an attribute and its value without using the attribute up."""
    return item.value.dimension in _PASSING


def specific(names: list[str]) -> list[str]:
    """A named precision beats the general word for computing power beside it (INT8 AI算力)."""
    return [name for name in names if name not in _GENERAL_COMPUTE] or names


def attributes_of(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """The attributes that the quantity `item` is a value of, their names consumed; () when the sentence is not sure."""
    quantity: Quantity = item.value
    if quantity.dimension in _MUTE:
        start, end = sentence.clause(item.start)
        if not sentence.of("attribute", "cue", start=start, end=end):
            names = _by_counter(sentence, item) or _same_otherwise(sentence, item)
            if names:
                sentence.bound[item.start] = names
            return names
    behind = _behind(sentence, item)
    before = _before(sentence, item)
    chosen = behind if behind and (not before or before[1] == "cue" or before[0] == behind[0]) else before or behind
    if chosen is None:
        names = (
            _by_counter(sentence, item)
            or _same_again(sentence, item)
            or _same_otherwise(sentence, item)
            or _put_right(sentence, item)
            or _gone_on(sentence, item)
            or _corrected(sentence, item)
        )
    else:
        names, kind, markers = chosen
        sentence.consumed.update(marker.start for marker in markers)
        if kind == "cue":
            names = _resolve_cue(sentence, names, item)
    if names:
        sentence.bound[item.start] = names
    return names


def _fitting(sentence: Sentence, mark: Item, quantity: Quantity) -> tuple[str, ...]:
    attributes = sentence.grammar.attributes
    return tuple(name for name in mark.value if fits(attributes[name], quantity))


def _by_counter(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """Quantities whose counter says all: 1280亿晶体管; a cluster or a server made of 384颗昇腾910C."""
    quantity: Quantity = item.value
    attributes = sentence.grammar.attributes
    if quantity.dimension == "plain":
        return _made_of_english(sentence, item)
    if quantity.dimension != "count":
        return _by_memory_type(sentence, item)
    if quantity.counter in _CLUSTER_COUNTERS:
        whole = [mark for mark in sentence.subjects if mark.end <= item.start and not mark.value.is_company]
        part = [mark for mark in sentence.subjects if 0 <= mark.start - item.end <= 4]
        if whole and (part or _MADE_OF.match(sentence.text, item.end, sentence.end)):
            name = {"cluster": "cluster_size", "server": "cards_per_server"}.get(whole[-1].value.kind, "")
            return (name,) if name in attributes else ()
        return ()
    for name in _NAMED_BY_COUNTER:
        attribute = attributes.get(name)
        if attribute is not None and quantity.counter in (*attribute.names(), *attribute.cues):
            return (name,)
    return ()


def _made_of_english(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """The CloudMatrix 384 combines 384 Ascend 910C chips: a bare number, a product's name and what is counted."""
    part = next((mark for mark in sentence.subjects if mark.start == item.end + 1), None)
    if part is None or not COUNTED.match(sentence.text, part.end):
        return ()
    whole = [mark for mark in sentence.subjects if mark.end <= item.start and not mark.value.is_company]
    name = {"cluster": "cluster_size", "server": "cards_per_server"}.get(whole[-1].value.kind, "") if whole else ""
    verb = sentence.text[whole[-1].end : item.start].strip().lower() if name else ""
    return (name,) if name in sentence.grammar.attributes and verb in sentence.grammar.lexicon.combining else ()


def _same_again(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """A800的互联带宽为400GB/s，A100为600GB/s: another product with a value of the same kind and no attribute of its own."""
    start, _ = sentence.clause(item.start)
    earlier = [other for other in sentence.of("quantity", end=start) if other.start in sentence.bound]
    named = [mark for mark in sentence.subjects if mark.start >= start and mark.end <= item.start]
    if not earlier or len(named) != 1 or named[0].value.is_company:
        return ()
    gap = sentence.text[named[0].end : item.start].strip().lower()
    again = earlier[-1].value.dimension == item.value.dimension and gap in sentence.grammar.lexicon.ellipsis
    return sentence.bound[earlier[-1].start] if again else ()


def _same_otherwise(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """INT8算力为512TOPS，开启稀疏后1024TOPS; 单向200GB/s，双向400GB/s: the value before, under the other condition."""
    earlier = [
        other
        for other in sentence.of("quantity", end=item.start)
        if not passing(other) or other.value.dimension == item.value.dimension
    ]
    if not earlier or earlier[-1].start not in sentence.bound:
        return ()
    last = earlier[-1]
    names = sentence.bound[last.start]
    own, other = own_conditions(sentence, item), own_conditions(sentence, last)
    opposed = any(len(own & pair) == 1 and not own & other and len(other & pair) <= 1 for pair in OPPOSED)
    apart = sentence.of("subject", "attribute", start=last.end, end=item.start)
    named_again = [
        mark for mark in apart if (mark.value != names if mark.kind != "subject" else not sentence.is_component(mark))
    ]
    attributes = sentence.grammar.attributes
    same = len(names) == 1 and fits(attributes[names[0]], item.value)
    # 256 TFLOPS of dense FP16 and 512 TFLOPS with sparsity: what stands right behind the first value names both.
    return names if same and opposed and not named_again else ()


def _put_right(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """不是128GB，而是96GB; 报道为64GB，公司更正为96GB: the right value is of what the wrong one was said to be of."""
    marks = sentence.of("corrected", end=item.start)
    if not marks:
        return ()
    between = sentence.of("quantity", start=marks[-1].end, end=item.start)
    earlier = [
        other
        for other in sentence.of("quantity", end=marks[-1].start)
        if other.start in sentence.bound and other.value.dimension == item.value.dimension
    ]
    apart = sentence.of("attribute", "cue", start=marks[-1].end, end=item.start)
    return sentence.bound[earlier[-1].start] if earlier and not between and not apart else ()


def _gone_on(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """FP16性能翻倍，达到256TFLOPS: the clause says what was reached, the one before it of what."""
    start, _ = sentence.clause(item.start)
    if start <= sentence.start:
        return ()
    gap = sentence.text[start : item.start].strip("，,;； ")
    levels = sentence.of("level", start=start, end=item.start)
    if not levels or len(gap) > _REACHED_WITHIN:
        return ()
    earlier = sentence.clause(start - 1)[0]
    # 提升50%，达到1.8TB/s: by how much it changed is no level.
    if any(
        not passing(other) and other.value.dimension != "percent"
        for other in sentence.of("quantity", start=earlier, end=start)
    ):
        return ()
    marks = sentence.of("attribute", start=earlier, end=start)
    names = {name for mark in marks for name in _fitting(sentence, mark, item.value)}
    return tuple(names) if len(names) == 1 and sentence.of("change", start=earlier, end=start) else ()


def _corrected(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """不是128GB，而是96GB; 350W有误，应为450W: what holds is of the attribute whose value did not."""
    marks = sentence.of("correcting", end=item.start)
    if not marks or item.start - marks[-1].end > _CORRECTED_WITHIN:
        return ()
    earlier = [other for other in sentence.of("quantity", end=marks[-1].start) if other.start in sentence.bound]
    same = bool(earlier) and earlier[-1].value.dimension == item.value.dimension
    return sentence.bound[earlier[-1].start] if same else ()


def _by_memory_type(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """48GB GDDR6 and 64GB HBM2e are memory capacities without being called so."""
    if item.value.dimension == "memory" and any(
        0 <= mark.start - item.end <= 4 or 0 <= item.start - mark.end <= 2 for mark in sentence.of("memory_type")
    ):
        return ("memory_capacity",)
    return ()


def _before(sentence: Sentence, item: Item) -> _Chosen | None:
    """The nearest unconsumed attribute name before the quantity in its clause, with those it is joined to."""
    quantity: Quantity = item.value
    start, _ = sentence.clause(item.start)
    marks = sentence.of("attribute", "cue", start=start, end=item.start)
    if not marks:
        return None
    bound = [
        other.end
        for other in sentence.of("quantity", start=start, end=item.start)
        if not passing(other)
        and other.start not in sentence.passed
        # 带宽提升60%至2TB/s: the change on the way to a value leaves it its name.
        and not (other.value.dimension == "percent" and quantity.dimension != "percent")
    ]
    since = max(bound, default=start)
    marks = [mark for mark in marks if mark.start >= since and mark.start not in sentence.consumed]
    strong = [
        (mark, names) for mark in marks if mark.kind == "attribute" and (names := _fitting(sentence, mark, quantity))
    ]
    if strong:
        group = [strong[-1]]
        for mark, names in reversed(strong[:-1]):
            joined = sentence.text[mark.end : group[0][0].start].strip()
            compound = joined == "" and group[0][1] == ("ai_tops",)
            if joined not in _NAME_JOINERS and not compound:
                break
            group.insert(0, (mark, names))
        chosen = specific([name for _, names in group for name in names])
        return tuple(dict.fromkeys(chosen)), "attribute", [mark for mark, _ in group]
    for mark in reversed(marks):
        if mark.kind == "cue" and (names := _fitting(sentence, mark, quantity)):
            return names, "cue", [mark]
    return None


def _behind(sentence: Sentence, item: Item) -> _Chosen | None:
    """The attribute named right behind the quantity: 768GB/s的显存带宽, 25 TFLOPS of FP32, 320 TFLOPS@FP16."""
    marks = sentence.of("attribute", "cue", start=item.end, end=sentence.end)
    if not marks:
        return None
    skip = _glued(sentence, item.end)
    memory = next((mark for mark in sentence.of("memory_type") if 0 <= mark.start - skip <= 1), None)
    if memory is not None:
        skip = _glued(sentence, memory.end)
    for mark in marks:
        if mark.start > skip + 1:
            break
        names = _fitting(sentence, mark, item.value)
        if names and not _value_follows(sentence, mark):
            precise = sentence.of("attribute", start=mark.end, end=min(sentence.end, mark.end + NEAR))
            return names, mark.kind, [mark, *[near for near in precise if near.value == mark.value]]
    return None


def _glued(sentence: Sentence, at: int) -> int:
    glue = _GLUE_AFTER.match(sentence.text, at, sentence.end)
    return glue.end() if glue is not None else at


def _value_follows(sentence: Sentence, mark: Item) -> bool:
    """In 显存48GB 带宽768GB/s the word behind 48GB has a value of its own."""
    following = next((other for other in sentence.of("quantity") if other.start >= mark.end), None)
    if following is None or sentence.grammar.breaks.search(sentence.text[mark.end : following.start]):
        return False
    gap = sentence.text[mark.end : following.start].strip(" ：:为是达到约")
    # 410 TFLOPS of dense BF16 (820 TFLOPS with sparsity): what stands in brackets is said besides.
    return (
        gap not in ("(", "（") and len(gap) <= 1 and "、" not in gap and bool(_fitting(sentence, mark, following.value))
    )


def _other_condition(sentence: Sentence, precise: set[str], item: Item) -> tuple[str, ...]:
    """BF16稠密算力为512TFLOPS，稀疏算力为1024TFLOPS: the second is BF16 too, under the other condition.

    Only where the clause right before names one precision, and both clauses say dense or sparse.
    """
    start, end = sentence.clause(item.start)
    earlier = sentence.clause(max(sentence.start, start - 1))[0]
    named = [mark for mark in sentence.of("attribute", start=earlier, end=start) if set(mark.value) & precise]
    own = {mark.value for mark in sentence.of("conditions", start=start, end=end)} & {"dense", "sparse"}
    other = {mark.value for mark in sentence.of("conditions", start=earlier, end=start)} & {"dense", "sparse"}
    if len(named) == 1 and len(own) == 1 and len(other) == 1 and own != other:
        return tuple(name for name in named[0].value if name in precise)
    return ()


def _resolve_cue(sentence: Sentence, names: tuple[str, ...], item: Item) -> tuple[str, ...]:
    """Which of the attributes a vague word hints at; () when the sentence does not settle it."""
    if len(names) == 1:
        return names
    if item.value.dimension in _COMPUTE:
        general = [name for name in names if name in _GENERAL_COMPUTE]
        named = {name for mark in sentence.of("attribute", end=sentence.end) for name in mark.value}
        precise = {name for name in named if name in names and name not in general}
        if precise:
            return _other_condition(sentence, precise, item)
        start, end = sentence.clause(item.start)
        cluster = any(mark.value == "cluster" for mark in sentence.of("scopes", start=start, end=end)) or any(
            subject.value.kind == "cluster" for subject in sentence.subjects
        )
        wanted = "cluster_compute" if cluster else "ai_tops"
        return (wanted,) if wanted in general else ()
    if "memory_bandwidth" in names:
        name = _bandwidth(sentence, item)
        return (name,) if name in names else ()
    return ()


def _bandwidth(sentence: Sentence, item: Item) -> str:
    """What a bare 带宽 is of: the topic named last before it, memory or a link; "" when it is neither or nobody says."""
    lexicon = sentence.grammar.lexicon
    said = sentence.text[sentence.start : item.start]
    topics = [(match.start(), match.lastgroup or "") for match in re.finditer(lexicon.bandwidth_topics, said)]
    topics += [
        (mark.start - sentence.start, "memory")
        for mark in sentence.of("memory_type", "attribute", "cue", end=item.start)
        if mark.kind == "memory_type" or "memory_capacity" in mark.value
    ]
    if topics:
        topic = max(topics)[1]
    else:
        topic = "memory" if sentence.context.stated & {"memory_capacity", "memory_type"} else ""
    # Memory has no directions.
    directed = bool(own_conditions(sentence, item) & {"one_way", "two_way"})
    return {"memory": "" if directed else "memory_bandwidth", "link": "interconnect_bandwidth"}.get(topic, "")
