"""Baseline: what held before and what the metrics were; what has become worse is named.

A regression is what a CI should stop: a must-hold case that held and now fails, a wrong figure where there was none, an
answer that gives another value than it gave, a metric below its threshold, or a metric that is worse than before by more
than chance would make it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.case import KNOWN_GAP
from evals.metrics import Measure
from evals.suites import Item, SuiteRun
from knowledge.errors import XinwenError

FORMAT = 2
MUST_HOLD = "must-hold"


class BaselineError(XinwenError):
    """The baseline cannot be compared with."""

    code = "baseline"


class SuiteBaseline(BaseModel):
    """`held` by item id, `metrics` the means, `figures` what each answer stated: (product, attribute, value unit)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    held: dict[str, bool]
    metrics: dict[str, float]
    figures: dict[str, list[str]] = Field(default_factory=dict)


class Baseline(BaseModel):
    """A suite's baseline by the suite's name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    suites: dict[str, SuiteBaseline]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least (or, for a rate of faults, the most) that a metric may be. An `exact` one is a promise: a single break
    of it counts. Of the others only what lies wholly on the wrong side, interval and all, does."""

    bound: float
    exact: bool = False
    lower_is_better: bool = False

    def missed(self, measure: Measure) -> bool:
        if self.lower_is_better:
            return (measure.value if self.exact else measure.low) > self.bound
        return (measure.value if self.exact else measure.high) < self.bound


THRESHOLDS: dict[str, dict[str, Threshold]] = {
    "answers": {
        # The promise of the product; nothing may be wrong, and no quote may be bent.
        "wrong_figure_rate": Threshold(0.0, exact=True, lower_is_better=True),
        "quote_fidelity": Threshold(1.0, exact=True),
        "generated_wrong_figure_rate": Threshold(0.0, exact=True, lower_is_better=True),
        "generated_quote_fidelity": Threshold(1.0, exact=True),
        # The best published systems reach 85 and 82 (ALCE, arXiv:2305.14627, table 2), with models of free prose.
        "citation_recall": Threshold(0.85),
        "citation_precision": Threshold(0.82),
        # RGB (arXiv:2309.01431): 43 % at best; half of what is silent being answered would be no refusal at all.
        "refusal_f1": Threshold(0.9),
        "answer_accuracy": Threshold(0.95),
    },
    "understanding": {"accuracy": Threshold(0.97)},
    "extraction": {"precision": Threshold(0.98), "recall": Threshold(0.88)},
    "retrieval": {
        "success_at_5": Threshold(0.95),
        "mrr": Threshold(0.80),
        # Words alone miss what is asked in the other language.
        "lexical_success_at_5": Threshold(0.92),
        "lexical_mrr": Threshold(0.80),
    },
}


def load(path: Path) -> Baseline:
    """The baseline at `path`. Raises BaselineError with what to do."""
    again = "make it anew with --update-baseline"
    try:
        data = json.loads(path.read_text("utf-8"))
        made = data.get("format") if isinstance(data, dict) else None
        if made != FORMAT:
            said = f"of format {made}" if made is not None else "without a format"
            raise BaselineError(
                f"{path}: a baseline {said}, this release reads format {FORMAT}: the two cannot be compared; "
                f"check out the release that wrote it, or {again}"
            )
        return Baseline.model_validate(data)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read ({error.strerror}); {again}") from error
    except (ValueError, ValidationError) as error:
        raise BaselineError(f"{path}: not a baseline; {again}") from error


def save(runs: Sequence[SuiteRun], path: Path) -> None:
    """Writes the runs as the baseline of later ones; suites that did not run keep what `path` has of them."""
    suites: dict[str, SuiteBaseline] = {}
    if path.exists():
        try:
            suites = dict(load(path).suites)
        except BaselineError:
            suites = {}
    for run in runs:
        suites[run.name] = SuiteBaseline(
            held={item.id: item.held for item in run.asked},
            metrics={name: measure.value for name, measure in run.measures.items()},
            figures=stated(run),
        )
    made = Baseline(format=FORMAT, suites=suites)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: an interrupted write must not leave half a baseline.
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(json.dumps(made.model_dump(), indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    scratch.replace(path)


def stated(run: SuiteRun) -> dict[str, list[str]]:
    """The figures of each answer, as lines that can be compared."""
    found: dict[str, list[str]] = {}
    for graded in run.graded:
        if graded.answer is not None and graded.answer.figures:
            lines = [f"{f.product}\t{f.attribute}\t{f.value} {f.unit}".strip() for f in graded.answer.figures]
            found[graded.case.id] = sorted(set(lines))
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed against the baseline: items now failing, now holding, new, gone, and figures that changed."""

    broken: tuple[str, ...]
    mended: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    figures: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def compare(before: Baseline | None, run: SuiteRun) -> Difference:
    """How `run` differs from its suite's baseline; all empty without one."""
    old = before.suites.get(run.name) if before else None
    if old is None:
        return Difference((), (), (), (), {})
    now = {item.id: item.held for item in run.asked}
    figures = {}
    said = stated(run)
    for name in now.keys() & old.held.keys():
        one, other = set(old.figures.get(name, ())), set(said.get(name, ()))
        if one != other and old.figures:
            figures[name] = (tuple(sorted(one - other)), tuple(sorted(other - one)))
    return Difference(
        tuple(name for name, held in now.items() if not held and old.held.get(name)),
        tuple(name for name, held in now.items() if held and old.held.get(name) is False),
        tuple(name for name in now if name not in old.held),
        tuple(name for name in old.held if name not in now),
        figures,
    )


def regressions(before: Baseline | None, run: SuiteRun) -> list[str]:
    """What of `run` is worse than it may be, a line each: against `before` where its suite is in it, and against the
    thresholds. Metrics are compared with the baseline only when the run covers every item of it."""
    items = {item.id: item for item in run.asked}
    old = before.suites.get(run.name) if before else None
    found = []
    if old is not None:
        broken = [items[name] for name in compare(before, run).broken]
        found += [f"{item.id} held and now fails: {item.why}" for item in broken if MUST_HOLD in item.tags]
        found += [
            f"{item.id} now states a wrong figure: {item.why}"
            for item in broken
            if item.wrong_figure and MUST_HOLD not in item.tags
        ]
        found += [f"{name} {line}" for name, line in _altered(compare(before, run), old, items)]
        if set(old.held) <= set(items):
            found += _worse(old, run)
    elif run.name == "answers":
        # With nothing to compare with, every case is held to what it says, save those that say they cannot yet.
        found += [
            f"{item.id} fails, and there is no baseline: {item.why}"
            for item in run.failed
            if KNOWN_GAP not in item.tags or item.wrong_figure
        ]
    limits = THRESHOLDS.get(run.name, {})
    for name, limit in limits.items():
        measure = run.measures.get(name)
        if measure is not None and limit.missed(measure):
            side = "at most" if limit.lower_is_better else "at least"
            found.append(f"{name} is {told(measure)}, it must be {side} {limit.bound:g}")
    return [f"{run.name}: {line}" for line in found]


def _altered(difference: Difference, old: SuiteBaseline, items: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """Cases that held and whose answers now give another value where they gave one. More values (a further source) are
    a change that is shown, and no regression; fewer are what the case itself must ask for."""
    for name, (gone, come) in sorted(difference.figures.items()):
        if not old.held.get(name) or not items[name].held:
            continue
        for line in gone:
            subject = line.split("\t")[:2]
            now = [other for other in come if other.split("\t")[:2] == subject]
            if now:
                yield name, f"stated {shown_line(line)}, now states {', '.join(map(shown_line, now))}"


def shown_line(line: str) -> str:
    """A line of `stated` for people."""
    return line.replace("\t", " ").strip()


def _worse(old: SuiteBaseline, run: SuiteRun) -> list[str]:
    """Metrics whose whole 95 % interval lies on the worse side of the old mean: less than that chance explains."""
    found = []
    for name, measure in run.measures.items():
        was = old.metrics.get(name)
        limit = THRESHOLDS.get(run.name, {}).get(name)
        lower = limit is not None and limit.lower_is_better
        if was is not None and (measure.low > was if lower else measure.high < was):
            found.append(f"{name} was {was:.3f}, is {told(measure)}")
    return found


def told(measure: Measure) -> str:
    """A measure with its interval and what it was taken over."""
    return f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}] over {measure.n}"
