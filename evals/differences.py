"""Differences classified: every pair of values that the documents give for one attribute of one subject, and why it differs."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.ledger import agree, currency, edition, strands
from knowledge.conditions import SEPARATING
from knowledge.figures import Figure

# In the order in which they are asked; the first that tells the two values apart names the pair.
CLASSES = {
    "currency": "sums of money in different currencies: no rate, no comparison",
    "period": "about different stretches of time",
    "condition": "dense or sparse, peak or measured, one-way or two-way",
    "scope": "a die, a card, a server or a cluster",
    "plan": "one is announced for later",
    "edition": "of different editions or configurations, by the note beside the value",
    "day": "counts or states of different days, neither with a period",
    "history": "one publisher, which later said something else",
    "bound": "a bound, a range or an approximation that holds the other value",
    "rounding": "one value, rounded differently",
    "conflict": "two claims that cannot both be right",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures of one subject and attribute with different values, and what tells them apart."""

    kind: str
    first: Figure
    second: Figure

    def __str__(self) -> str:
        return f"{self.first.subject_name} · {self.first.attribute}: {_told(self.first)} ≠ {_told(self.second)}"


def _told(figure: Figure) -> str:
    about = ", ".join(
        filter(None, (*figure.conditions, figure.scope, figure.period, figure.status, figure.note[:40], figure.bound))
    )
    return f"{figure.text} ({about}; {figure.publisher or figure.claimed_by}, {figure.as_of or 'undated'})"


def differences(figures: Iterable[Figure], periodic: Collection[str] = ()) -> list[Difference]:
    """The differing pairs in `figures`, each pair of values once however many sources give it, classified."""
    grouped: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        grouped.setdefault((figure.subject, figure.attribute), []).append(figure)
    found = []
    for group in grouped.values():
        seen: set[frozenset[object]] = set()
        for first, second in itertools.combinations(group, 2):
            if _value(first) == _value(second):
                continue
            kind = classify(first, second, periodic)
            pair = frozenset((_value(first), _value(second), kind))
            if pair not in seen:
                seen.add(pair)
                found.append(Difference(kind, first, second))
    return found


def _value(figure: Figure) -> tuple[object, ...]:
    return (figure.base, figure.high_base) if figure.base is not None else ("".join(figure.text.casefold().split()),)


def classify(first: Figure, second: Figure, periodic: Collection[str] = ()) -> str:
    """Which of CLASSES tells two differing figures apart; "conflict" only where the ledger shows both sides."""
    together = strands([first, second], periodic)
    if together[0].superseded:
        return "history"
    if len(together) == 2:
        same_time = first.period == second.period
        return "currency" if same_time and currency(first) != currency(second) else _apart(first, second)
    if together[0].conflicting:
        return "conflict"
    if agree(first, second) and {first.bound, second.bound} - {"exact"}:
        return "bound"
    return "rounding"


def _apart(first: Figure, second: Figure) -> str:
    if first.period != second.period:
        return "period"
    if set(first.conditions) & SEPARATING != set(second.conditions) & SEPARATING:
        return "condition"
    if first.scope != second.scope:
        return "scope"
    if (first.status == "forecast") != (second.status == "forecast"):
        return "plan"
    return "edition" if edition(first) != edition(second) else "day"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints how many pairs are of which class, and each pair; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="an indexed home; without one the shipped corpus is read")
    parser.add_argument("--only", choices=CLASSES, help="list pairs of this class only")
    parser.add_argument("--count", action="store_true", help="no list, only the counts")
    options = parser.parse_args(arguments)
    from assistant import Assistant

    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        xinwen.prepare()
        found = differences(xinwen.store.figures(), xinwen.ledger.periodic)
    counts = Counter(item.kind for item in found)
    print(f"{len(found)} differing pairs")
    for kind, meaning in CLASSES.items():
        print(f"  {kind:10} {counts[kind]:5}  {meaning}")
    for kind in CLASSES if not options.count else ():
        for item in found:
            if item.kind == kind and options.only in (None, kind):
                print(f"{kind:10} {item}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
