"""Metrics: small functions from graded cases to numbers, each with its definition, its trap and its source."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answer import Answer
from assistant.markers import MARKER
from evals.case import Case
from evals.grade import Problem, matches, sentences, unsupported


@dataclass(frozen=True, slots=True)
class Graded:
    """A case with its answer, what is wrong with it, and the seconds it took."""

    case: Case
    answer: Answer | None
    problems: tuple[Problem, ...]
    seconds: float
    error: str = ""

    @property
    def held(self) -> bool:
        return not self.problems and not self.error


@dataclass(frozen=True, slots=True)
class Measure:
    """A share with its 95 % interval; `n` is what it was taken over."""

    value: float
    low: float
    high: float
    n: int


def bootstrap(values: Sequence[float], rounds: int = 500, seed: int = 0) -> Measure:
    """The mean with its percentile interval. Trap: with few cases the interval is too narrow, and all-equal values
    give none, so read `n` too. Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), ch. 13."""
    if not values:
        return Measure(float("nan"), float("nan"), float("nan"), 0)
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(rounds))
    return Measure(sum(values) / len(values), means[int(0.025 * rounds)], means[int(0.975 * rounds) - 1], len(values))


def answer_accuracy(runs: Sequence[Graded]) -> list[float]:
    """1 for a case without a problem. Trap: one strict number hides which promise broke; see the others."""
    return [float(run.held) for run in runs]


def figure_accuracy(runs: Sequence[Graded]) -> list[float]:
    """Share of expected figures stated, a case a value. Trap: silent about figures nobody expected (wrong_figure)."""
    return [
        sum(any(matches(wanted, figure) for figure in run.answer.figures) for wanted in run.case.figures)
        / len(run.case.figures)
        for run in runs
        if run.answer is not None and run.case.figures
    ]


def wrong_figure(runs: Sequence[Graded]) -> list[float]:
    """1 for an answer with a figure its cited quote does not state. Must be 0. Trap: an answer without figures counts
    as clean, so a system that refuses everything scores 0 too; read it beside refusal precision."""
    return [float(any(p.kind == "wrong-figure" for p in run.problems)) for run in runs if run.answer is not None]


def refusal(runs: Sequence[Graded]) -> dict[str, float]:
    """Precision, recall and F1 of refusing. A case is positive when only refusal is right. Trap: cases that allow
    refusal among others count in neither. Source: SQuAD 2.0, Rajpurkar et al. 2018 (arXiv:1806.03822)."""
    sure = [run for run in runs if run.answer and (run.case.status == ("refused",) or "refused" not in run.case.status)]
    right = sum(run.case.status == ("refused",) and _refused(run) for run in sure)
    said, due = sum(_refused(run) for run in sure), sum(run.case.status == ("refused",) for run in sure)
    precision, recall = (right / said if said else float("nan")), (right / due if due else float("nan"))
    return {"precision": precision, "recall": recall, "f1": 2 * right / (said + due) if said + due else float("nan")}


def _refused(run: Graded) -> bool:
    return run.answer is not None and run.answer.status == "refused"


def citation_recall(runs: Sequence[Graded]) -> list[float]:
    """Share of an answer's figure-bearing sentences that their citations support together. Trap: entailment here is by
    figure and span, not by meaning: prose without figures is not judged. Source: ALCE, Gao et al. 2023 (arXiv:2305.14627)."""
    return [1 - _unsupported_share(run.answer) for run in runs if run.answer is not None and run.answer.citations]


def _unsupported_share(answer: Answer) -> float:
    cited = [part for part in sentences(answer.text) if MARKER.search(part)]
    bad = sum(bool(unsupported(answer.model_copy(update={"text": part}))) for part in cited)
    return bad / len(cited) if cited else 0.0


def citation_precision(runs: Sequence[Graded]) -> list[float]:
    """Share of citations that the text or a figure uses. Trap: ALCE asks whether the sentence falls without the
    citation; here a citation is irrelevant only when nothing rests on it. Source: arXiv:2305.14627, section 4."""
    values = []
    for run in runs:
        if run.answer is not None and run.answer.citations:
            used = {int(number) for number in MARKER.findall(run.answer.text)}
            used |= {figure.citation for figure in run.answer.figures}
            values.append(sum(c.marker in used for c in run.answer.citations) / len(run.answer.citations))
    return values


def quote_fidelity(runs: Sequence[Graded]) -> list[float]:
    """1 for an answer whose every quote is its document's text at its span. Trap: byte for byte, not 'similar'."""
    return [
        float(not any(problem.kind == "quote" for problem in run.problems))
        for run in runs
        if run.answer is not None and run.answer.citations
    ]


def recall_at(ranks: Sequence[int | None], k: int) -> list[float]:
    """1 where something relevant is among the first `k`. Trap: this is success@k when several are relevant."""
    return [float(rank is not None and rank <= k) for rank in ranks]


def reciprocal_rank(ranks: Sequence[int | None]) -> list[float]:
    """1/rank of the first relevant, 0 for none. Source: Voorhees, TREC-8 QA track (1999)."""
    return [1 / rank if rank else 0.0 for rank in ranks]


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile, in the unit of the values. Trap: p95 of fewer than 20 values is their maximum."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else float("nan")


SHARES: dict[str, Callable[[Sequence[Graded]], list[float]]] = {
    "answer_accuracy": answer_accuracy,
    "figure_accuracy": figure_accuracy,
    "wrong_figure_rate": wrong_figure,
    "citation_precision": citation_precision,
    "citation_recall": citation_recall,
    "quote_fidelity": quote_fidelity,
}


def hand_written(runs: Sequence[Graded]) -> list[Graded]:
    """The runs of cases that a person wrote: generated ones never count together with them."""
    return [run for run in runs if run.case.origin == "hand"]


def measures(runs: Sequence[Graded]) -> dict[str, Measure]:
    """Every share with its interval; those that no case bears on are left out."""
    found = {name: bootstrap(of(runs)) for name, of in SHARES.items()}
    return {name: measure for name, measure in found.items() if measure.n}


def by_tag(runs: Sequence[Graded]) -> dict[str, Measure]:
    """Answer accuracy of each tag, by name."""
    tags = sorted({tag for run in runs for tag in run.case.tags})
    return {tag: bootstrap(answer_accuracy([run for run in runs if tag in run.case.tags]), 200) for tag in tags}
