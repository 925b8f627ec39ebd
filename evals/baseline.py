"""Baseline: which cases held before and what the metrics were; what has become worse is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.metrics import Graded, hand_written, measures
from knowledge.errors import XinwenError

FORMAT = 1
MUST_HOLD = "must-hold"


class BaselineError(XinwenError):
    """The baseline cannot be compared with."""

    code = "baseline"


class Baseline(BaseModel):
    """`held` by case id; `metrics` are the hand-written cases' means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    held: dict[str, bool]
    metrics: dict[str, float]


def load(path: Path) -> Baseline:
    """The baseline at `path`. Raises BaselineError with what to do."""
    again = "make it anew with --update-baseline"
    try:
        data = json.loads(path.read_text("utf-8"))
        made = data.get("format") if isinstance(data, dict) else None
        if made != FORMAT:
            raise BaselineError(f"{path}: a baseline of format {made}, this release reads format {FORMAT}; {again}")
        return Baseline.model_validate(data)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read ({error.strerror}); {again}") from error
    except (ValueError, ValidationError) as error:
        raise BaselineError(f"{path}: not a baseline; {again}") from error


def save(runs: Sequence[Graded], path: Path) -> None:
    """Writes the runs as the baseline of later ones."""
    metrics = {name: measure.value for name, measure in measures(hand_written(runs)).items()}
    made = Baseline(format=FORMAT, held={run.case.id: run.held for run in runs}, metrics=metrics)
    path.write_text(json.dumps(made.model_dump(), indent=1, sort_keys=True) + "\n", "utf-8")


def regressions(before: Baseline, runs: Sequence[Graded]) -> list[str]:
    """What is worse: must-hold cases that held, any wrong figure that is new, and metrics whose whole interval lies
    on the worse side of the old mean. Metrics are compared only when the run covers every case of the baseline."""
    found = [
        f"{run.case.id} held and now fails"
        for run in runs
        if not run.held and before.held.get(run.case.id) and MUST_HOLD in run.case.tags
    ]
    found += [
        f"{run.case.id} now states a wrong figure"
        for run in runs
        if before.held.get(run.case.id) and any(problem.kind == "wrong-figure" for problem in run.problems)
    ]
    if set(before.held) <= {run.case.id for run in runs}:
        known = [run for run in hand_written(runs) if run.case.id in before.held]
        for name, measure in measures(known).items():
            old = before.metrics.get(name)
            worse = old is not None and (measure.low > old if name == "wrong_figure_rate" else measure.high < old)
            if worse:
                found.append(f"{name} was {old:.3f}, is {measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]")
    return found
