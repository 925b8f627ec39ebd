"""Researched facts and the ledger: each fact must be found again with the same value, unit and source."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.catalog import fold_name
from knowledge.dates import find_dates
from knowledge.errors import XinwenError
from knowledge.figures import Figure
from knowledge.quantities import find_quantities

HERE = Path(__file__).parent
FACTS = HERE / "facts.jsonl"
UNHELD = HERE / "unheld.yaml"
# The share of the facts that the ledger must hold; the others are listed one by one with a reason.
HELD = 0.99

_HALF_OR_QUARTER = re.compile(r"^(\d{4})-([HQ]\d)$")


@dataclass(frozen=True, slots=True)
class Fact:
    """One researched fact: `product` and `attribute` are catalogue ids, the rest is as its source states it."""

    id: str
    product: str
    attribute: str
    value: str
    unit: str
    condition: str
    url: str

    @property
    def stated(self) -> str:
        """Value and unit as a text would have them."""
        return f"{self.value} {self.unit}".strip()


class Unheld(BaseModel):
    """A fact that the ledger does not hold as researched, and why.

    `value` repeats the fact and `ledger` what the ledger says instead (nothing for no figure at all): when either
    changes, the entry no longer excuses anything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    value: str
    ledger: tuple[str, ...] = ()
    reason: str = Field(min_length=10)


def load_facts(path: Path = FACTS) -> tuple[Fact, ...]:
    """The expected facts: a line for each source, `{"url": …, "facts": [[id, product, attribute, value, unit, condition]]}`."""
    facts = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            source = json.loads(line)
            facts += [Fact(*map(str, (*row, source["url"]))) for row in source["facts"]]
        except (ValueError, KeyError, TypeError) as error:
            raise XinwenError(f"{path}, line {number} is no source with its facts: {error}") from error
    return tuple(facts)


def load_unheld(path: Path = UNHELD) -> dict[str, Unheld]:
    """The facts excused, by id."""
    try:
        entries = [Unheld.model_validate(entry) for entry in yaml.safe_load(path.read_text("utf-8")) or []]
    except (yaml.YAMLError, ValidationError) as error:
        raise XinwenError(f"{path}: {error}") from error
    found = {entry.id: entry for entry in entries}
    if len(found) != len(entries):
        raise XinwenError(f"{path} names a fact twice")
    return found


def agrees(fact: Fact, figure: Figure) -> bool:
    """Whether the figure has the fact's very value and unit; 280 TFLOPS is 0.28 PFLOPS, but neither 281 nor 280 TOPS."""
    if figure.dimension == "date":
        return day(fact.value) == day(figure.text)
    if figure.base is not None:
        return any(
            quantity.base == figure.base
            and (quantity.high_base or quantity.base) == (figure.high_base or figure.base)
            and _same_unit(quantity.dimension, figure)
            for quantity in find_quantities(fact.stated)
        )
    # In words: the source's own, perhaps with a unit or an explanation added, and never with another number.
    said, held = fold_name(fact.value), fold_name(figure.text)
    return (said in held or held in said) and _numbers(fact.stated) <= _numbers(figure.text) | _numbers(fact.unit)


def _same_unit(dimension: str, figure: Figure) -> bool:
    if dimension == figure.dimension:
        return True
    pairs = ({"money", "money_per_share"}, {"count", "plain"}, {"flops", "ops"}, {"compute_bare", "flops"})
    # 发行价114.28元 is per share, 770亿晶体管 a count, INT8 200 TFLOPS are operations, 1000P are PFLOPS.
    return {dimension, figure.dimension} in pairs


def day(text: str) -> str:
    """A date in ISO form at the precision given (2026Q4 for 2026-Q4 and 2026年第四季度); the text itself when it is none."""
    text = _HALF_OR_QUARTER.sub(r"\1\2", text.strip())
    found = find_dates(text)
    return str(found[0].iso) if len(found) == 1 else text


def _numbers(text: str) -> set[Decimal]:
    return {Decimal(number).normalize() for number in re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))}


@dataclass(frozen=True, slots=True)
class Check:
    """What became of the facts: `missing` are neither held nor excused, `stale` are excuses that excuse nothing."""

    total: int
    held: int
    missing: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.held / self.total if self.total else 0.0

    @property
    def passed(self) -> bool:
        return self.share >= HELD and not self.missing and not self.stale


def check(facts: Sequence[Fact], figures: Iterable[Figure], unheld: Mapping[str, Unheld]) -> Check:
    """Each fact looked for among the figures of its product, attribute and source."""
    ledger: dict[tuple[str, str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        ledger[figure.subject, figure.attribute, figure.url or ""].append(figure)
    held, missing, stale = 0, [], []
    for fact in facts:
        there = ledger[fact.product, fact.attribute, fact.url]
        found = any(agrees(fact, figure) for figure in there)
        excuse = unheld.get(fact.id)
        held += found
        if found and excuse is not None:
            stale.append(f"{fact.id} is held by the ledger: take it out of {UNHELD.name}")
        elif found:
            continue
        elif excuse is None:
            missing.append(f"{fact.id} {_asked(fact)}: {_said(there) or 'no such figure'}")
        elif excuse.value != fact.stated or set(excuse.ledger) != {figure.text for figure in there}:
            stale.append(f"{fact.id} {_asked(fact)} has changed: the ledger says {_said(there) or 'nothing'}")
    known = {fact.id for fact in facts}
    stale += [f"{name} is no fact" for name in unheld if name not in known]
    return Check(len(facts), held, tuple(missing), tuple(stale))


def _asked(fact: Fact) -> str:
    return f"{fact.product} {fact.attribute} = {fact.stated} ({fact.url})"


def _said(figures: Sequence[Figure]) -> str:
    return ", ".join(dict.fromkeys(figure.text for figure in figures))


def disagreements(facts: Sequence[Fact], research: Path) -> Iterator[str]:
    """Where the expected facts and the research files differ: what was left out, made up or altered."""
    expected = {fact.id: fact for fact in facts}
    if len(expected) != len(facts):
        yield "a fact's id is used twice"
    for path in sorted(research.glob("facts_*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            fact = expected.pop(entry["id"], None)
            if fact is None:
                yield f"{entry['id']} of {path.name} is not among the expected facts"
                continue
            theirs = (entry["value"], entry["unit"], entry["condition"] or "", address(entry["source_url"]))
            if (fact.value, fact.unit, fact.condition, fact.url) != theirs:
                yield f"{entry['id']} is not as researched: {fact} and {theirs}"
    for name in expected:
        yield f"{name} stands in no research file"


def address(url: str) -> str:
    """A source's address as the documents write it: without white space."""
    return " ".join(url.split()).replace(" ", "%20")
