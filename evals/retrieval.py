"""Retrieval report: recall@1/5/10 and MRR of lexical, dense and hybrid search on a hand-written question set.

Run `python -m evals.retrieval` (add `--sweep` to see how the weight of the fusion was chosen).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from statistics import mean

import yaml
from pydantic import BaseModel, ConfigDict

from assistant import Assistant
from assistant.retrieval import DENSE_WEIGHT, Hit, Mode, Retrieval
from evals.metrics import recall_at, reciprocal_rank

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
