"""Qualifiers: whether a sentence states a value at all, and under which condition, scope, period and status."""

from __future__ import annotations

from knowledge.attribution import NEAR
from knowledge.catalog import Attribute
from knowledge.items import Item
from knowledge.sentence import Sentence

# Attributes besides throughputs that a whole cluster has.
_OF_CLUSTERS = frozenset(
    {"cluster_size", "cluster_compute", "memory_capacity", "tdp", "ai_tops", "memory_bandwidth", "price"}
)
_THROUGHPUTS = ("fp", "bf", "tf", "int")
# Negations and changes right behind a value: 48GB不等, 50%的提升.
_TRAILING_NEGATION = 4
_TRAILING_CHANGE = 3


def refused(sentence: Sentence, item: Item) -> bool:
    """Whether the sentence denies the quantity, compares it or calls it a change: then it states no level."""
    start, stop = sentence.clause(item.start)
    if sentence.of("hypothetical", end=item.start) or sentence.of("multiplies", start=start, end=item.start):
        return True
    last = max([other.end for other in sentence.of("quantity", start=start, end=item.start)], default=start)
    if any(item.start - mark.end <= NEAR for mark in sentence.of("negation", start=last, end=item.start)):
        return True
    after = sentence.of("negation", start=item.end, end=stop)
    if after and after[0].start - item.end <= _TRAILING_NEGATION:
        return True
    changes = sentence.of("change", start=last, end=item.start)
    if changes and not sentence.of("level", start=changes[-1].end - 1, end=item.start + 1):
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
    if compared:
        # What follows the product compared with is that product's figure or a multiple, until a new clause starts.
        return not any(compared[-1].end <= other.start < item.start for other in sentence.subjects)
    generic = sentence.of("generic_subjects", start=start, end=item.start)
    own = [other for other in sentence.subjects if other.end <= item.start]
    return bool(generic) and (not own or own[-1].start < generic[-1].start)


def left_behind(sentence: Sentence, item: Item) -> bool:
    """从300W降至250W, from 250 W to 225 W: the first value is the one that is no more."""
    before = sentence.text[max(sentence.start, item.start - 6) : item.start].rstrip().lower()
    if not before.endswith(sentence.grammar.lexicon.starting):
        return False
    following = next((other for other in sentence.of("quantity") if other.start >= item.end), None)
    return (
        following is not None
        and following.start - item.end <= NEAR
        and following.value.dimension == item.value.dimension
    )


def conditions_of(sentence: Sentence, item: Item) -> tuple[str, ...]:
    """Dense, sparse, peak, one-way …: the conditions of the clause that belong to this value."""
    start, end = sentence.clause(item.start)
    marks = sentence.of("conditions", start=start, end=end)
    return tuple(sorted({mark.value for mark in marks if _belongs(sentence, mark, item)}))


def scope_of(sentence: Sentence, item: Item, attribute: Attribute) -> str | None:
    """Die, card, server or cluster, where the clause says so."""
    start, end = sentence.clause(item.start)
    marks = [mark for mark in sentence.of("scopes", start=start, end=end) if _belongs(sentence, mark, item)]
    scope = marks[-1].value if marks else None
    if scope == "cluster" and attribute.id not in _OF_CLUSTERS and not attribute.id.startswith(_THROUGHPUTS):
        return None
    return scope


def _belongs(sentence: Sentence, marker: Item, item: Item) -> bool:
    """A condition belongs to the quantity of its clause that is nearest to it."""
    low, high = sorted((marker.start, item.start))
    return not any(low < other.start < high for other in sentence.of("quantity"))


def status_of(sentence: Sentence, item: Item) -> str:
    """ "stated", "forecast" or "rumour": what is announced for later keeps its whole list of figures in the future."""
    marks = {marker.value for marker in sentence.of("status") if marker.start < item.start} - {"stated"}
    return "rumour" if "rumour" in marks else "forecast" if marks else "stated"


def period_of(sentence: Sentence, item: Item, attribute: Attribute) -> str | None:
    """The stretch of time that a periodic figure (revenue, shipments) is about."""
    if not attribute.periodic:
        return None
    before = sentence.of("date", end=item.start)
    if before:
        return str(before[-1].value.iso)
    after = sentence.of("date", start=item.end, end=sentence.clause(item.start)[1])
    return str(after[0].value.iso) if after else sentence.context.period
