"""Metrics: small functions from graded cases to numbers, each with its definition, its trap and its source."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answer import Answer
from evals.case import Case
from evals.citing import Citing
from evals.grade import Problem, matches


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model was asked for one case: calls, how many of them failed, tokens in and out, and of how many
    calls the tokens are an estimate because the server did not report them."""

    calls: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.failed + other.failed,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.estimated + other.estimated,
        )


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Graded:
    """A case with its answer, what is wrong with it, and the seconds it took.

    `error` tells why there is no answer, `skipped` why it was not asked; a case that was skipped is in no metric.
    """

    case: Case
    answer: Answer | None
    problems: tuple[Problem, ...]
    seconds: float
    error: str = ""
    skipped: str = ""
    citing: Citing | None = None
    usage: Usage = NO_USAGE
    cached: bool = False

    @property
    def held(self) -> bool:
        return not self.problems and not self.error and not self.skipped


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
    return bootstrap_ratio([(value, 1.0) for value in values], rounds, seed)


def bootstrap_ratio(pairs: Sequence[tuple[float, float]], rounds: int = 500, seed: int = 0) -> Measure:
    """sum of the first / sum of the second, with its interval; whole cases are drawn, so that the statements of one
    answer stay together. Trap: where the second sums to nothing there is no ratio, and `n` is 0."""
    if not pairs or not sum(below for _, below in pairs):
        return Measure(float("nan"), float("nan"), float("nan"), 0)

    def ratio(drawn: Sequence[tuple[float, float]]) -> float:
        below = sum(pair[1] for pair in drawn)
        return sum(pair[0] for pair in drawn) / below if below else 0.0

    if len(set(pairs)) == 1:
        return Measure(ratio(pairs), ratio(pairs), ratio(pairs), len(pairs))
    draw = random.Random(seed)
    found = sorted(ratio(draw.choices(pairs, k=len(pairs))) for _ in range(rounds))
    return Measure(ratio(pairs), found[int(0.025 * rounds)], found[int(0.975 * rounds) - 1], len(pairs))


def answer_accuracy(runs: Sequence[Graded]) -> list[float]:
    """1 for a case without a problem. Trap: one strict number hides which promise broke; see the others."""
    return [float(run.held) for run in runs if not run.skipped]


def figure_accuracy(runs: Sequence[Graded]) -> list[float]:
    """Share of expected figures stated, a case a value. Trap: silent about figures nobody expected (wrong_figure)."""
    return [
        sum(any(matches(wanted, figure) for figure in run.answer.figures) for wanted in run.case.figures)
        / len(run.case.figures)
        for run in runs
        if run.answer is not None and run.case.figures
    ]


def wrong_figure(runs: Sequence[Graded]) -> list[float]:
    """1 for an answer with a figure that its cited quote does not state with this value, unit, subject and condition,
    or with a computed result that its operands do not give. Must be 0. Trap: an answer without figures counts as
    clean, so a system that refuses everything scores 0 too; read it beside refusal precision. Source: the promise of
    this product; FActScore (Min et al. 2023, arXiv:2305.14251) is the share of unsupported facts, this one is strict."""
    return [float(any(p.kind == "wrong-figure" for p in run.problems)) for run in runs if run.answer is not None]


def refusal(runs: Sequence[Graded]) -> dict[str, float]:
    """Precision, recall and F1 of refusing. A case is positive when only refusal is right. Trap: cases that allow
    refusal among others count in neither. Source: SQuAD 2.0, Rajpurkar et al. 2018 (arXiv:1806.03822)."""
    measures = refusal_measures(runs)
    return {name: measures[f"refusal_{name}"].value for name in ("precision", "recall", "f1")}


def refusal_measures(runs: Sequence[Graded]) -> dict[str, Measure]:
    """`refusal` with its intervals: refusal_precision, refusal_recall, refusal_f1."""
    sure = [run for run in runs if run.answer and (run.case.status == ("refused",) or "refused" not in run.case.status)]
    due = [float(run.case.status == ("refused",)) for run in sure]
    said = [float(run.answer is not None and run.answer.status == "refused") for run in sure]
    both = [one * other for one, other in zip(due, said, strict=True)]
    return {
        "refusal_precision": bootstrap_ratio(list(zip(both, said, strict=True))),
        "refusal_recall": bootstrap_ratio(list(zip(both, due, strict=True))),
        # F1 = 2 right / (said + due)
        "refusal_f1": bootstrap_ratio([(2 * b, s + d) for b, s, d in zip(both, said, due, strict=True)]),
    }


def citation_recall(runs: Sequence[Graded]) -> Measure:
    """Share of the statements that their citations support together; a statement without a citation is unsupported.
    Trap: exact for figures and quotations, by words (or a model) for other prose; see `evals.citing`.
    Source: ALCE, Gao et al. 2023 (arXiv:2305.14627), section 4; 85 at best there."""
    return bootstrap_ratio([(run.citing.supported, run.citing.statements) for run in runs if run.citing])


def citation_precision(runs: Sequence[Graded]) -> Measure:
    """Share of the citations that their statement needs, or that support it alone. Trap: a second source that says the
    same is no waste here, nor in ALCE. Source: arXiv:2305.14627, section 4; 82 at best there."""
    return bootstrap_ratio([(run.citing.needed, run.citing.citations) for run in runs if run.citing])


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


def usage(runs: Sequence[Graded]) -> Usage:
    """What the language model was asked over all cases; all zero without one."""
    return sum((run.usage for run in runs), NO_USAGE)


def cost(used: Usage, price_in: float, price_out: float) -> float:
    """What the tokens cost, at prices per million tokens, in the prices' currency. Trap: cached and reasoning tokens
    are billed differently by many; this takes the plain price for all."""
    return (used.tokens_in * price_in + used.tokens_out * price_out) / 1_000_000


SHARES: dict[str, Callable[[Sequence[Graded]], list[float]]] = {
    "answer_accuracy": answer_accuracy,
    "figure_accuracy": figure_accuracy,
    "wrong_figure_rate": wrong_figure,
    "quote_fidelity": quote_fidelity,
}
RATIOS: dict[str, Callable[[Sequence[Graded]], Measure]] = {
    "citation_recall": citation_recall,
    "citation_precision": citation_precision,
}


def hand_written(runs: Sequence[Graded]) -> list[Graded]:
    """The runs of cases that a person wrote: generated ones never count together with them."""
    return [run for run in runs if run.case.origin == "hand"]


def measures(runs: Sequence[Graded]) -> dict[str, Measure]:
    """Every share with its interval; those that no case bears on are left out."""
    found = {name: bootstrap(of(runs)) for name, of in SHARES.items()}
    found |= {name: of(runs) for name, of in RATIOS.items()}
    found |= refusal_measures(runs)
    return {name: measure for name, measure in found.items() if measure.n}


def by_tag(runs: Sequence[Graded]) -> dict[str, Measure]:
    """Answer accuracy of each tag, by name."""
    tags = sorted({tag for run in runs for tag in run.case.tags})
    found = {tag: bootstrap(answer_accuracy([run for run in runs if tag in run.case.tags]), 200) for tag in tags}
    return {tag: measure for tag, measure in found.items() if measure.n}
