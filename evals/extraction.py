"""Extraction measured: hand-labelled sentences and tables, and which of their figures are found, missed or invented."""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from evals.case import CaseError
from knowledge.catalog import Catalog, fold_name
from knowledge.documents import Document
from knowledge.figures import Figure, extract
from knowledge.quantities import find_quantities, render

# The aim of this product: a figure that is not sure is not a figure, and nine of ten sure ones are found.
PRECISION, RECALL = 0.99, 0.90
Split = Literal["dev", "test"]


class Label(BaseModel):
    """A figure that a careful reader enters; `must` holds what else of it is checked (period, conditions, bound …)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    attribute: str
    value: str
    unit: str
    must: dict[str, Any] = {}

    @field_validator("must")
    @classmethod
    def _known(cls, must: dict[str, Any]) -> dict[str, Any]:
        allowed = {"high", "bound", "conditions", "scope", "period", "status", "as_of"}
        if set(must) - allowed:
            raise ValueError(f"unknown key {sorted(set(must) - allowed)}; known are {sorted(allowed)}")
        return must

    def __str__(self) -> str:
        more = "".join(f", {key} {value}" for key, value in self.must.items())
        return f"{self.subject} · {self.attribute} = {self.value} {self.unit}{more}".strip()


class Case(BaseModel):
    """A text, the figures that it states, and true ones that nobody would miss."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    title: str = ""
    published: str | None = None
    figures: tuple[Label, ...] = ()
    optional: tuple[Label, ...] = ()
    tags: tuple[str, ...]

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()[:8]

    @property
    def split(self) -> Split:
        """Half of the cases, by a hash of the text: rules may be mended by looking at "dev" only."""
        return "dev" if int(self.id, 16) % 2 else "test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case read: the labels found, those missed, and the figures that no label has."""

    case: Case
    group: str
    found: int
    missed: tuple[Label, ...]
    false: tuple[Figure, ...]


def load(text: str, name: str) -> list[Case]:
    """The cases in a file's text. Raises CaseError naming the entry and the field that is wrong."""
    cases, seen = [], set()
    for at, entry in enumerate(yaml.safe_load(text), 1):
        try:
            case = Case.model_validate(
                {
                    **entry,
                    "published": str(entry["published"]) if "published" in entry else None,
                    "figures": [_label(item) for item in entry.get("figures", ())],
                    "optional": [_label(item) for item in entry.get("optional", ())],
                }
            )
        except (ValidationError, TypeError, ValueError, IndexError) as error:
            where = error.errors()[0] if isinstance(error, ValidationError) else None
            told = f"{'.'.join(map(str, where['loc']))}: {where['msg']}" if where else str(error)
            raise CaseError(f"{name}, entry {at} ({str(entry)[:60]} …): {told}") from error
        if case.id in seen:
            raise CaseError(f"{name}, entry {at}: the same text stands twice ({case.text[:40]!r})")
        seen.add(case.id)
        cases.append(case)
    return cases


def _label(item: Sequence[Any]) -> dict[str, Any]:
    subject, attribute, value, unit, *rest = item
    return {
        "subject": str(subject),
        "attribute": attribute,
        "value": str(value),
        "unit": str(unit),
        "must": rest[0] if rest else {},
    }


def shipped() -> dict[str, list[Case]]:
    """The labelled cases that ship, by file."""
    folder = resources.files("evals") / "cases" / "figures"
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)
    return {item.name.removesuffix(".yaml"): load(item.read_text("utf-8"), item.name) for item in files}


def read(case: Case, catalog: Catalog, group: str = "") -> Outcome:
    """The case's text through the extractor, each figure matched with at most one label."""
    document = Document(f"eval:{case.id}", case.title, case.text, published=case.published)
    return score(case, extract(document, catalog).figures, group)


def score(case: Case, figures: Iterable[Figure], group: str = "") -> Outcome:
    """How `figures` meet the case's labels.

    A figure with the right subject, attribute and value but a wrong period, condition or status counts twice: as false,
    since a person would be told something untrue, and as missed.
    """
    missing, spare = list(case.figures), list(case.optional)
    false = []
    for figure in figures:
        label = next((label for label in missing if _same(label, figure)), None)
        if label is not None:
            missing.remove(label)
        elif not any(_same(label, figure) for label in (*spare, *case.figures)):
            false.append(figure)
    return Outcome(case, group, len(case.figures) - len(missing), tuple(missing), tuple(false))


def _same(label: Label, figure: Figure) -> bool:
    if figure.attribute != label.attribute or not _subject(label.subject, figure):
        return False
    if label.unit == "":
        return fold_name(label.value) == fold_name(figure.text)
    value = _base(label.value, label.unit)
    if value is None or figure.base is None or abs(figure.base - value) > abs(value) * Decimal("1e-9"):
        return False
    return all(_met(key, wanted, label, figure) for key, wanted in label.must.items())


def _subject(wanted: str, figure: Figure) -> bool:
    return figure.subject == wanted or fold_name(figure.subject_name) == fold_name(wanted)


def _met(key: str, wanted: Any, label: Label, figure: Figure) -> bool:
    if key == "conditions":
        return set(wanted) <= set(figure.conditions)
    if key == "high":
        return figure.high_base == _base(str(wanted), label.unit)
    return str(getattr(figure, key)) == str(wanted)


def _base(value: str, unit: str) -> Decimal | None:
    """A label's value in base units, read by the same grammar of units that reads texts."""
    found = [item for item in find_quantities(render(Decimal(value), unit)) if item.unit]
    return found[0].base if len(found) == 1 else Decimal(value)


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson 1927, "Probable inference, the law of succession")."""
    if not total:
        return 0.0, 1.0
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def summary(outcomes: Sequence[Outcome]) -> tuple[float, float, str]:
    """Precision, recall, and both with their intervals as a line."""
    found = sum(outcome.found for outcome in outcomes)
    false = sum(len(outcome.false) for outcome in outcomes)
    missed = sum(len(outcome.missed) for outcome in outcomes)
    precision = found / (found + false) if found + false else 1.0
    recall = found / (found + missed) if found + missed else 1.0
    shown = []
    for name, share, total in (("precision", precision, found + false), ("recall", recall, found + missed)):
        low, high = wilson(found, total)
        shown.append(f"{name} {share:.3f} [{low:.3f}, {high:.3f}] of {total:3}")
    return precision, recall, f"{len(outcomes):4} texts  {'  '.join(shown)}"


def report(outcomes: Sequence[Outcome], listed: bool) -> bool:
    """Prints the shares overall, by file, by split and by tag, and what was missed or invented; True when they hold."""
    groups: Mapping[str, Sequence[Outcome]] = {
        "all": outcomes,
        **{name: [o for o in outcomes if o.group == name] for name in sorted({o.group for o in outcomes})},
        **{split: [o for o in outcomes if o.case.split == split] for split in ("dev", "test")},
        "unknown": [o for o in outcomes if "unknown" in o.case.tags],
    }
    for name, group in groups.items():
        if group:
            print(f"{name:10} {summary(group)[2]}")
    for outcome in outcomes if listed else ():
        for figure in outcome.false:
            told = f"{figure.subject_name} · {figure.attribute} = {figure.text}"
            more = " ".join(
                filter(None, (*figure.conditions, figure.scope, figure.period, figure.status, figure.bound))
            )
            print(f"✗ false  {outcome.case.id} {told} ({more})\n         {outcome.case.text[:110]!r}")
        for label in outcome.missed:
            print(f"· missed {outcome.case.id} {label}\n         {outcome.case.text[:110]!r}")
    precision, recall, _ = summary(outcomes)
    holds = precision >= PRECISION and recall >= RECALL
    print(f"{'holds' if holds else 'DOES NOT HOLD'}: precision ≥ {PRECISION}, recall ≥ {RECALL}")
    return holds


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads every labelled text; returns 1 when precision or recall is below its threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=["dev", "test", "all"], default="all")
    parser.add_argument("--tag", help="only texts with this tag")
    parser.add_argument("--quiet", action="store_true", help="no list of what was missed or invented")
    options = parser.parse_args(arguments)
    catalog = Catalog.load()
    outcomes = [
        read(case, catalog, group)
        for group, cases in shipped().items()
        for case in cases
        if options.split in ("all", case.split) and (options.tag is None or options.tag in case.tags)
    ]
    return 0 if report(outcomes, not options.quiet) else 1


if __name__ == "__main__":
    sys.exit(main())
