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
from pathlib import Path
from statistics import mean

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant import Assistant
from assistant.retrieval import DENSE_WEIGHT, Hit, Mode, Retrieval
from evals.case import CaseError
from evals.metrics import Measure, bootstrap, recall_at, reciprocal_rank
from knowledge.errors import XinwenError

DEPTH = 10


class Case(BaseModel):
    """A question, the documents that answer it, and words that an answering passage holds.

    A document is named by its path in the corpus without ".md", by the end of the path or address that it was read
    from, or by its id.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str = Field(min_length=1)
    documents: tuple[str, ...] = Field(min_length=1)
    has: str = ""

    def named(self, hit: Hit) -> str | None:
        """By which of `documents` the case names the hit's document; None when it does not."""
        origin = hit.document.origin.removeprefix("corpus:").replace("\\", "/")
        for document in self.documents:
            ends = (document, document + ".md")
            if hit.document.id == document or any(origin == end or origin.endswith("/" + end) for end in ends):
                return document
        return None

    def relevant(self, hit: Hit) -> bool:
        """Whether a passage answers: it is of one of the documents, and holds the words."""
        return self.named(hit) is not None and self.has.casefold() in hit.passage.text.casefold()


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the cases: share with a relevant passage among the first 1, 5, 10, and mean reciprocal rank."""

    recall_1: float
    recall_5: float
    recall_10: float
    mrr: float

    def as_row(self) -> str:
        return f"{self.recall_1:9.3f} {self.recall_5:9.3f} {self.recall_10:9.3f} {self.mrr:9.3f}"


def load_cases(path: Path | None = None) -> list[Case]:
    """The questions of `path`, of the shipped set without one. Raises CaseError with the file and the entry."""
    shipped = resources.files("evals") / "cases" / "retrieval.yaml"
    try:
        items = yaml.safe_load((path or shipped).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CaseError(f"{path}: cannot be read as YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(items, list) or not items:
        raise CaseError(f"{path}: a list of questions is wanted, each with question, documents and, if you like, has")
    found: list[Case] = []
    for at, item in enumerate(items, 1):
        try:
            found.append(Case.model_validate(item))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the entry"
            raise CaseError(f"{path}: question {at}, field {field}: {first['msg']}") from error
        # A question goes by its words; two of the same words would be measured as one.
        if found[-1].question in (case.question for case in found[:-1]):
            raise CaseError(f"{path}: question {at}: it stands there already; name all of its documents in one place")
    return found


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
    """A case with the documents that a search ranked, best first, as the case names them. A passage of a right document
    that does not hold the answer counts as another document ("#" after its name): it would not have answered."""

    case: Case
    documents: tuple[str, ...]
    seconds: float

    @classmethod
    def of(cls, case: Case, search: Callable[..., Sequence[Hit]], mode: Mode = "hybrid") -> Ranked:
        began = time.perf_counter()
        hits = search(case.question, DEPTH, mode)
        took = time.perf_counter() - began
        found = [
            (case.named(hit) or hit.document.title or hit.document.id) + ("" if case.relevant(hit) else "#")
            for hit in hits
        ]
        return cls(case, tuple(dict.fromkeys(found)), took)

    @property
    def found(self) -> bool:
        return bool(set(self.documents) & set(self.case.documents))

    @property
    def why(self) -> str:
        wanted = ", ".join(self.case.documents) + (f" with {self.case.has!r}" if self.case.has else "")
        first = ", ".join(document.rstrip("#") for document in self.documents[:3])
        return (
            f"no passage of {wanted} is among the first {DEPTH}; {f'those are of {first} …' if first else 'nothing is'}"
        )


def modes(xinwen: Assistant) -> tuple[tuple[Mode, ...], str]:
    """The ways of searching that `xinwen` can be measured in, the best first, and why not all of them can, "" if so.
    A hybrid search over half of the vectors would be a number of nothing."""
    make = f"`xinwen sync --home {xinwen.home}` makes them (minutes), then run this again with --home {xinwen.home}"
    words: tuple[Mode, ...] = ("lexical",)
    for _ in range(2):
        counts = xinwen.store.counts()
        if counts.pending:
            return words, (
                f"{counts.pending} of {counts.passages} passages wait for their vectors, so only search by words was "
                f"measured, not dense and hybrid search; {make}"
            )
        # An index that lost vectors is found out by opening it; what it lost is pending then.
        try:
            index = xinwen.vectors
        except XinwenError as error:
            return words, f"only search by words was measured: {error}"
        if index is None:
            return words, f"only search by words was measured: another process uses the vector index of {xinwen.home}"
    return ("hybrid", "lexical", "dense"), ""


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
