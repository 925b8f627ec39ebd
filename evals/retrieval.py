"""Retrieval report: recall@1/5/10 and MRR of lexical, dense and hybrid search on a hand-written question set.

Run `python -m evals.retrieval` (add `--sweep` to see how the weight of the fusion was chosen).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from statistics import mean

import yaml
from pydantic import BaseModel, ConfigDict

from assistant import Assistant
from assistant.retrieval import DENSE_WEIGHT, Hit, Mode, Retrieval
from evals.metrics import Measure, bootstrap, recall_at, reciprocal_rank

DEPTH = 10


class Case(BaseModel):
    """A question, the corpus documents that answer it, and words that an answering passage holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    documents: tuple[str, ...]
    has: str = ""

    def relevant(self, hit: Hit) -> bool:
        """Whether a passage answers: it is of one of the documents, and holds the words."""
        path = hit.document.origin.removeprefix("corpus:").removesuffix(".md")
        return path in self.documents and self.has.casefold() in hit.passage.text.casefold()


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the cases: share with a relevant passage among the first 1, 5, 10, and mean reciprocal rank."""

    recall_1: float
    recall_5: float
    recall_10: float
    mrr: float

    def as_row(self) -> str:
        return f"{self.recall_1:9.3f} {self.recall_5:9.3f} {self.recall_10:9.3f} {self.mrr:9.3f}"


def load_cases() -> list[Case]:
    """The question set. Raises pydantic's ValidationError for a malformed case."""
    text = (resources.files("evals") / "cases" / "retrieval.yaml").read_text("utf-8")
    return [Case.model_validate(item) for item in yaml.safe_load(text)]


def score(cases: Sequence[Case], search: Callable[[str], Sequence[Hit]]) -> tuple[Score, list[Case]]:
    """The scores of `search`, and the cases whose answer is not among its first ten passages."""
    ranks: list[int | None] = []
    for case in cases:
        hits = search(case.question)
        ranks.append(next((at for at, hit in enumerate(hits[:DEPTH], 1) if case.relevant(hit)), None))
    missed = [case for case, rank in zip(cases, ranks, strict=True) if rank is None]
    first, five, ten = (mean(recall_at(ranks, depth)) for depth in (1, 5, 10))
    return Score(first, five, ten, mean(reciprocal_rank(ranks))), missed


def name(case: Case) -> str:
    """A stable id of a case: a hash of its question."""
    return "r-" + hashlib.sha256(case.question.encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case with the documents that hybrid search ranked, best first. A passage of a right document that does not
    hold the answer counts as another document: it would not have answered."""

    case: Case
    documents: tuple[str, ...]
    seconds: float

    @classmethod
    def of(cls, case: Case, search: Callable[..., Sequence[Hit]]) -> Ranked:
        began = time.perf_counter()
        hits = search(case.question, DEPTH, "hybrid")
        took = time.perf_counter() - began
        found = [
            hit.document.origin.removeprefix("corpus:").removesuffix(".md") + ("" if case.relevant(hit) else "#")
            for hit in hits
        ]
        return cls(case, tuple(dict.fromkeys(found)), took)

    @property
    def found(self) -> bool:
        return bool(set(self.documents) & set(self.case.documents))

    @property
    def why(self) -> str:
        first = ", ".join(document.rstrip("#") for document in self.documents[:3])
        return f"none of {', '.join(self.case.documents)} is among the first {DEPTH}; those are {first} …"


def measured(ranked: Sequence[Ranked]) -> dict[str, Measure]:
    """success@k (a right document among the first k), recall@k (the share of the right ones), MRR and nDCG@10, by
    ir-measures (MacAvaney et al. 2022, arXiv:2111.13466; nDCG: Järvelin and Kekäläinen 2002). Trap: the questions name
    few documents each, so what else would have answered counts as wrong."""
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    wanted = {
        "success_at_1": Success @ 1,
        "success_at_5": Success @ 5,
        "success_at_10": Success @ 10,
        "recall_at_10": R @ 10,
        "mrr": RR @ 10,
        "ndcg_at_10": nDCG @ 10,
    }
    qrels = [ir_measures.Qrel(name(r.case), document, 1) for r in ranked for document in r.case.documents]
    run = [
        ir_measures.ScoredDoc(name(r.case), document, float(-at))
        for r in ranked
        for at, document in enumerate(r.documents or ("#",))
    ]
    values: dict[str, list[float]] = {key: [] for key in wanted}
    names = {str(measure): key for key, measure in wanted.items()}
    for metric in ir_measures.iter_calc(list(wanted.values()), qrels, run):
        values[names[str(metric.measure)]].append(float(metric.value))
    return {key: bootstrap(found) for key, found in values.items()}


def _progress(stage: str, done: int, total: int) -> None:
    if done == total or done % 64 == 0:
        print(f"{stage} {done}/{total}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report; returns 1 when hybrid search is worse than the better of its halves on any measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="a home to search; without one the corpus is indexed into a temporary home")
    parser.add_argument("--sweep", action="store_true", help="also score the fusion at other weights")
    parser.add_argument("--missed", action="store_true", help="list the questions that hybrid search misses")
    options = parser.parse_args(arguments)
    cases = load_cases()
    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        xinwen.sync(_progress)
        print(file=sys.stderr)
        retrieval = Retrieval(xinwen.store, xinwen.catalog, xinwen.vectors)
        print(f"{len(cases)} questions      recall@1  recall@5 recall@10       MRR")
        modes: tuple[Mode, ...] = ("lexical", "dense", "hybrid")
        scores: dict[str, Score] = {}
        for mode in modes:
            scores[mode], missed = score(cases, lambda text, mode=mode: retrieval.search(text, DEPTH, mode))  # type: ignore[misc]
            print(f"{mode:18s}{scores[mode].as_row()}")
        if options.missed:
            print("\n".join(f"missed: {case.question}" for case in missed))
        if options.sweep:
            for tenth in (0, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10):
                other = Retrieval(xinwen.store, xinwen.catalog, xinwen.vectors, tenth / 10)
                fused, _ = score(cases, lambda text, other=other: other.search(text, DEPTH, "hybrid"))  # type: ignore[misc]
                print(
                    f"dense weight {tenth / 10:.2f} {fused.as_row()}{'  (in use)' if tenth / 10 == DENSE_WEIGHT else ''}"
                )
    hybrid, halves = scores["hybrid"], (scores["lexical"], scores["dense"])
    worse = [
        name
        for name in ("recall_1", "recall_5", "recall_10", "mrr")
        if getattr(hybrid, name) < max(getattr(half, name) for half in halves)
    ]
    if worse:
        print(f"hybrid is worse than one of its halves on {', '.join(worse)}")
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main())
