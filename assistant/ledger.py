"""The ledger: figures looked up, grouped by what they may be compared with, ranked, derived; conflicts found."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from assistant.periods import days
from knowledge.catalog import Attribute, Catalog
from knowledge.conditions import OPPOSED, SEPARATING
from knowledge.dates import find_dates
from knowledge.figures import Figure
from knowledge.lexicon import load_lexicon
from knowledge.units import currency_of

# Two readings of one number differ by rounding alone up to this share: 49 and 50 TFLOPS, 79.996 and 80 亿元.
ROUNDING = Decimal("0.0205")
# "约" and "about" leave this much room around the number they qualify.
ABOUT = Decimal("0.05")
# Whose word leads where several say the same: the maker, then who measured, then press, analysts, rumours.
RANK = {"vendor": 0, "third_party_test": 1, "press": 2, "analyst": 3, "rumour": 4}
# Of the attributes in words only these have one right answer.
EXCLUSIVE = frozenset({"memory_type", "pcie", "foundry"})
# Values are ordered as floating-point numbers; a hair more than their precision is left between two of them.
_SLACK = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Strand:
    """Figures of one subject and attribute that may be compared: same conditions, scope and period.

    Each side holds figures that agree with each other; two sides are a conflict. Within a side the leading source
    comes first, and the side backed by the better and the later source comes first. `edition` is the version of a
    product that the values are of (PCIe版, 1024卡), `dated` the day that values without a period are of, `superseded`
    what a publisher said before it said something else.
    """

    subject: str
    subject_name: str
    attribute: str
    conditions: tuple[str, ...]
    scope: str | None
    period: str | None
    sides: tuple[tuple[Figure, ...], ...]
    edition: str = ""
    superseded: tuple[Figure, ...] = ()
    dated: str | None = None

    @property
    def lead(self) -> Figure:
        return self.sides[0][0]

    @property
    def conflicting(self) -> bool:
        return len(self.sides) > 1


def agree(a: Figure, b: Figure) -> bool:
    """Whether two figures of one strand say the same but for rounding, hedging or precision of a date."""
    if a.dimension == b.dimension == "date":
        first, second = _days(a.text), _days(b.text)
        if first is not None and second is not None:
            # 2024 and 2024-03, 2026H1 and 2026年上半年: one is the other with less precision.
            outer = (min(first[0], second[0]), max(first[1], second[1]))
            return outer in (first, second)
    if a.dimension == "text" and a.attribute not in EXCLUSIVE:
        # Two descriptions of an architecture or a software stack may both be right.
        return True
    if a.base is None or b.base is None:
        left, right = _plain(a.text), _plain(b.text)
        return left.startswith(right) or right.startswith(left)
    if a.dimension != b.dimension and {a.dimension, b.dimension} & {"compute_bare"}:
        return True
    low_a, high_a = _interval(a)
    low_b, high_b = _interval(b)
    if low_a <= high_b and low_b <= high_a:
        return True
    # 64 GiB and 64 GB are the same memory: makers write either for the same chips.
    return a.dimension == b.dimension == "memory" and any(
        abs(one.base / 2 ** (10 * power) - other.base / 10 ** (3 * power))
        <= abs(other.base / 10 ** (3 * power)) * ROUNDING / 2
        for one, other in ((a, b), (b, a))
        for power in (2, 3, 4)
        if one.base and other.base
    )


def _days(text: str) -> tuple[str, str] | None:
    """The first and the last day of a date as written, in ISO form; None when it is no date."""
    found = find_dates(text)
    return days(found[0].iso if found else text)


def edition(figure: Figure) -> str:
    """The part of a figure's note that names a version or a configuration: PCIe版, 低功耗模式, 1024卡; "" for none."""
    if not figure.note:
        return ""
    named = load_lexicon().edition
    return next((part.strip() for part in re.split("[;；,，、]", figure.note) if named.search(part.strip())), "")


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def _interval(figure: Figure) -> tuple[Decimal, Decimal]:
    low = figure.base or Decimal(0)
    high = figure.high_base if figure.high_base is not None else low
    room = abs(low) * (ABOUT if figure.bound == "about" else ROUNDING / 2)
    if figure.bound == "at_least":
        return low - room, abs(low) * 2
    if figure.bound == "at_most":
        return Decimal(0), high + room
    return low - room, high + room


def currency(figure: Figure) -> str | None:
    """The currency of a figure that is a sum of money; None for everything else."""
    return currency_of(figure.unit) if figure.dimension.startswith("money") else None


def strands(figures: Iterable[Figure], periodic: Collection[str] = ()) -> list[Strand]:
    """`figures` grouped into strands, those without conditions first, the newest period first.

    Figures of a `periodic` attribute that name no period are of the day of their source.
    """
    groups: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures:
        conditions = tuple(sorted(set(figure.conditions) & SEPARATING))
        # Sums in two currencies are no two readings of one number: there is no rate to compare them by.
        key = (
            figure.subject,
            figure.attribute,
            conditions,
            figure.scope,
            figure.period,
            figure.status == "forecast",
            currency(figure),
            # TOPS and TFLOPS of an "AI throughput" are two things, whatever their numbers.
            figure.dimension == "ops",
            # Tokens a second and frames a second are no two readings of one number.
            figure.unit if figure.dimension == "throughput" else None,
            edition(figure),
            # A count of what happened, or of what stood on a day, is of that day: the next one contradicts nothing.
            figure.as_of if figure.period is None and figure.attribute in periodic else None,
        )
        groups.setdefault(key, []).append(figure)
    made = [_strand(group, key[-1]) for key, group in groups.items()]
    made.sort(key=lambda strand: strand.period or strand.dated or "", reverse=True)
    made.sort(key=lambda strand: (strand.lead.status == "forecast", len(strand.conditions)))
    return made


def _strand(group: list[Figure], dated: object) -> Strand:
    group.sort(key=_preference)
    sides: list[list[Figure]] = []
    # An exact number decides a side; hedged ones join the side they agree with.
    for figure in sorted(group, key=lambda figure: figure.bound != "exact"):
        home = next((side for side in sides if agree(side[0], figure)), None)
        if home is None:
            sides.append([figure])
        else:
            home.append(figure)
    for side in sides:
        side.sort(key=_preference)
    sides.sort(key=lambda side: (_preference(side[0])[0], -len({figure.publisher for figure in side}), _newest(side)))
    superseded = [figure for side in sides for figure in side if _withdrawn(figure, sides, side)]
    sides = [kept for side in sides if (kept := [figure for figure in side if figure not in superseded])]
    first = group[0]
    conditions = tuple(sorted(set(first.conditions) & SEPARATING))
    return Strand(
        first.subject,
        first.subject_name,
        first.attribute,
        conditions,
        first.scope,
        first.period,
        tuple(tuple(side) for side in sides),
        edition(first),
        tuple(sorted(superseded, key=_preference)),
        None if dated is None else str(dated),
    )


def _withdrawn(figure: Figure, sides: Sequence[Sequence[Figure]], own: Sequence[Figure]) -> bool:
    """Whether the same source said something else: later, or in a correction that is no older."""
    return any(
        _same_source(figure, other) and (_later(figure, other) or _corrected(figure, other))
        for side in sides
        if side is not own
        for other in side
    )


def _same_source(figure: Figure, other: Figure) -> bool:
    """One publisher in one role, or one address."""
    return (
        figure.publisher is not None and (other.publisher, other.claimed_by) == (figure.publisher, figure.claimed_by)
    ) or (figure.url is not None and other.url == figure.url)


def _later(figure: Figure, other: Figure) -> bool:
    return (
        figure.as_of is not None
        and other.as_of is not None
        and other.as_of[:10] > figure.as_of[:10]
        and not other.as_of.startswith(figure.as_of)
    )


def _corrected(figure: Figure, other: Figure) -> bool:
    """A correction is of the day of what it corrects, or later; of an undated one it is known only that it corrects."""
    if not other.corrects or figure.corrects:
        return False
    return figure.as_of is None or other.as_of is None or not _later(other, figure)


def _preference(figure: Figure) -> tuple[int, str]:
    rumour = figure.status == "rumour"
    return (4 if rumour else RANK.get(figure.claimed_by, 2), _descending(figure.as_of))


def _newest(side: Sequence[Figure]) -> str:
    return min(_descending(figure.as_of) for figure in side)


def _descending(date: str | None) -> str:
    """A key that sorts later dates first and missing ones last."""
    return "".join(chr(0x7F - ord(character)) for character in date) if date else "\x7f\x7f"


class Figures(Protocol):
    """What the ledger asks of the store."""

    def figures(
        self, subjects: Collection[str] | None = None, attributes: Collection[str] | None = None
    ) -> Sequence[Figure]: ...

    def subjects_by_value(self, attribute: str, highest: bool = True) -> Iterable[tuple[str, float]]: ...


class Ledger:
    """Questions about figures, answered from the store's rows alone."""

    def __init__(self, store: Figures, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self.periodic = frozenset(
            name for name, attribute in catalog.attributes.items() if attribute.periodic and not attribute.once
        )

    def attribute(self, attribute_id: str) -> Attribute:
        return self._catalog.attributes[attribute_id]

    def support_of(self, attribute: str) -> str | None:
        """The attribute that says whether a precision is there at all: fp8_support for fp8_tflops; None without one."""
        name = f"{attribute.split('_')[0]}_support"
        return name if name in self._catalog.attributes else None

    def look_up(
        self,
        subject: str,
        attribute: str,
        *,
        conditions: Collection[str] = (),
        scope: str | None = None,
        periods: Collection[str] = (),
        as_of: str | None = None,
    ) -> list[Strand]:
        """The strands of one subject's attribute; those that contradict an asked condition, scope or period left out."""
        found = [figure for figure in self._store.figures([subject], [attribute]) if _known_by(figure, as_of)]
        if periods:
            found = [figure for figure in found if figure.period in periods]
        made = strands(found, self.periodic)
        wanted = set(conditions) & SEPARATING
        if wanted:
            made = [strand for strand in made if _meets(wanted, strand)]
        if scope is not None:
            made = [strand for strand in made if strand.scope == scope]
        return made

    @property
    def attributes(self) -> list[Attribute]:
        """All attributes of the catalogue, in its order."""
        return list(self._catalog.attributes.values())

    def attributes_of(self, subject: str) -> list[str]:
        """The attributes that the documents state for `subject`, in the catalogue's order."""
        held = {figure.attribute for figure in self._store.figures([subject], None)}
        return [name for name in self._catalog.attributes if name in held]

    def profile(self, subject: str, as_of: str | None = None) -> dict[str, list[Strand]]:
        """All strands of a subject by attribute, in the catalogue's order."""
        grouped: dict[str, list[Figure]] = {}
        for figure in self._store.figures([subject], None):
            if _known_by(figure, as_of):
                grouped.setdefault(figure.attribute, []).append(figure)
        return {name: strands(grouped[name], self.periodic) for name in self._catalog.attributes if name in grouped}

    def dates(self, subject: str) -> list[Strand]:
        """All strands of a subject whose values are dates: launch, founding, listing."""
        wanted = [name for name, attribute in self._catalog.attributes.items() if attribute.dimension == "date"]
        return strands(self._store.figures([subject], wanted), self.periodic)

    def main(
        self,
        subject: str,
        attribute: str,
        *,
        conditions: Collection[str] = (),
        as_of: str | None = None,
        periods: Collection[str] = (),
    ) -> Strand | None:
        """The strand that stands for a subject in comparisons: asked conditions, its own scope, stated, newest.

        With `periods` only those; where none is stated, a part of one (2025Q1-Q3 of 2025), which says so of itself.
        """
        own = self._catalog.products.get(subject)
        kind = own.kind if own is not None else None
        found = [
            strand
            for strand in self.look_up(subject, attribute, conditions=conditions, as_of=as_of)
            if strand.lead.status != "forecast"
        ]
        if periods:
            found = [strand for strand in found if strand.period in periods] or [
                strand for strand in found if any((strand.period or "").startswith(period) for period in periods)
            ]
        fitting = [
            strand
            for strand in found
            if kind is None or strand.scope in (kind, None) or (kind == "die" and strand.scope == "card")
        ] or found
        plain = [strand for strand in fitting if set(strand.conditions) <= {"dense"}] if not conditions else fitting
        chosen = plain or fitting
        return chosen[0] if chosen else None

    def variants(self, subject: str, attribute: str) -> list[Strand]:
        """The strands of the products whose name continues `subject`'s (H100 → H100 SXM) and that have `attribute`."""
        own = self._catalog.products.get(subject)
        if own is None:
            return []
        names = [
            other.id
            for other in self._catalog.products.values()
            if other.id != subject
            and other.vendor == own.vendor
            and other.zh.startswith(own.zh)
            and other.zh[len(own.zh) : len(own.zh) + 1] in " -"
        ]
        found = [self.main(name, attribute) for name in names]
        return [strand for strand in found if strand is not None]

    def rank(
        self,
        attribute: str,
        *,
        kinds: Collection[str],
        domestic: bool | None,
        vendors: Collection[str] = (),
        highest: bool = True,
        conditions: Collection[str] = (),
        as_of: str | None = None,
        most: int | None = None,
    ) -> list[Strand]:
        """One strand a product that has `attribute`, ordered by value; a conflict ranks by its leading side.

        With `most` only that many, and the ledger is read only as far as it takes to be sure of them.

        Figures of different dimension (TOPS and TFLOPS), scope or condition are not in one order: only strands of the
        attribute's own dimension, of `kinds` as scope, and without a separating condition (or with the asked one).
        """
        dimension = self.attribute(attribute).dimension
        sign = 1 if highest else -1
        found: list[Strand] = []
        best: list[Decimal] = []
        seen: set[str] = set()
        for subject, value in self._store.subjects_by_value(attribute, highest):
            # Values come in order: whoever is new from here on can reach no further than this one.
            if (
                most is not None
                and len(best) >= most
                and best[most - 1] > sign * Decimal(value) + abs(Decimal(value)) * _SLACK
            ):
                break
            if subject in seen:
                continue
            seen.add(subject)
            if not self._admitted(subject, kinds, domestic, vendors):
                continue
            strand = self.main(subject, attribute, conditions=conditions, as_of=as_of)
            if strand is None or strand.lead.base is None or strand.lead.status == "rumour":
                continue
            if strand.lead.dimension == dimension and (strand.scope in kinds or strand.scope is None):
                found.append(strand)
                insort(best, sign * strand.lead.base, key=lambda reached: -reached)
        found.sort(key=lambda strand: strand.lead.base or Decimal(0), reverse=highest)
        return found if most is None else found[:most]

    def planned(
        self,
        attribute: str,
        *,
        kinds: Collection[str],
        domestic: bool | None,
        vendors: Collection[str] = (),
        highest: bool = True,
        least: Decimal | None = None,
    ) -> list[Strand]:
        """Products left out of a ranking since all that is said of them is a plan, in order, as far as `least` reaches.

        `least` is the value of the last one ranked: what is planned below it would not have been shown either.
        """
        dimension, sign = self.attribute(attribute).dimension, 1 if highest else -1
        found: list[Strand] = []
        seen: set[str] = set()
        for subject, value in self._store.subjects_by_value(attribute, highest):
            if least is not None and sign * Decimal(value) < sign * least - abs(least) * _SLACK:
                break
            if subject in seen or not self._admitted(subject, kinds, domestic, vendors):
                continue
            seen.add(subject)
            made = self.look_up(subject, attribute)
            if made and all(strand.lead.status == "forecast" for strand in made):
                strand = made[0]
                if strand.lead.dimension == dimension and (strand.scope in kinds or strand.scope is None):
                    found.append(strand)
        return found

    def _admitted(self, subject: str, kinds: Collection[str], domestic: bool | None, vendors: Collection[str]) -> bool:
        product = self._catalog.products.get(subject)
        if product is None:
            return not vendors and subject.startswith("~") and domestic is not False
        if product.kind not in kinds or (vendors and product.vendor not in vendors):
            return False
        return domestic is None or self._catalog.vendors[product.vendor].domestic is domestic


def _meets(wanted: set[str], strand: Strand) -> bool:
    """Whether a strand is under every asked condition; of opposed ones (单向还是双向) under one of them."""
    given = set(strand.conditions)
    choices = [pair & wanted for pair in OPPOSED if len(pair & wanted) > 1]
    return wanted.difference(*choices) <= given and all(given & choice for choice in choices)


def _known_by(figure: Figure, as_of: str | None) -> bool:
    """Whether a figure was public by `as_of`; an undated one cannot be said to have been."""
    return as_of is None or (figure.as_of is not None and figure.as_of[: len(as_of)] <= as_of)


def spread(strand: Strand) -> tuple[Decimal, Decimal]:
    """The lowest and the highest value over a strand's sides, in base units: what a derived figure inherits."""
    values = [figure.base for side in strand.sides for figure in side if figure.base is not None]
    highs = [figure.high_base or figure.base for side in strand.sides for figure in side if figure.base is not None]
    return min(values), max(high for high in highs if high is not None)
