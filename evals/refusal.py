"""Refusal measured: hand-written questions that the documents answer or do not, and which of them are taken wrongly.

Run `python -m evals.refusal` (a home with the corpus: `--home DIR`; without one the corpus is read into a temporary one).
Refusal precision: of the questions refused, the share that the documents do not answer. Refusal recall: of the questions
that the documents do not answer, the share refused. A right answer also shows the words its case names.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from assistant import Answer, Assistant
from evals.metrics import percentile

FLOOR = 0.95


class Case(BaseModel):
    """A question, whether the documents answer it, and words that a right answer shows in its text or its table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str
    told: bool
    has: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A case as it was answered. `right_words` tells whether an answer shows what its case names."""

    case: Case
    answer: Answer

    @property
    def refused(self) -> bool:
        return self.answer.status == "refused"

    @property
    def right_words(self) -> bool:
        shown = self.answer.text + str(self.answer.table or "")
        return _plain(self.case.has) in _plain(shown)


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


@dataclass(frozen=True, slots=True)
class Score:
    """Refusal precision and recall (0 to 1), the share of answered questions with the right words, and how many of each."""

    precision: float
    recall: float
    worded: float
    answerable: int
    unanswerable: int


def load_cases() -> dict[str, list[Case]]:
    """The cases by half ("dev", "held"). Raises pydantic's ValidationError for a malformed one."""
    text = (resources.files("evals") / "cases" / "refusal.yaml").read_text("utf-8")
    return {half: [Case.model_validate(item) for item in items] for half, items in yaml.safe_load(text).items()}


def take(cases: Sequence[Case], ask: Callable[[str], Answer]) -> list[Taken]:
    return [Taken(case, ask(case.q)) for case in cases]


def score(taken: Sequence[Taken]) -> Score:
    """The score of cases answered; a side without cases scores 1."""
    refused = [each for each in taken if each.refused]
    silent = [each for each in taken if not each.case.told]
    right = sum(not each.case.told for each in refused)
    answered = [each for each in taken if each.case.told and not each.refused]
    return Score(
        right / len(refused) if refused else 1.0,
        right / len(silent) if silent else 1.0,
        sum(each.right_words for each in answered) / len(answered) if answered else 1.0,
        len(taken) - len(silent),
        len(silent),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the score of each half and every question taken wrongly; returns 1 when precision or recall is below 0.95."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="a home that holds the corpus with its vectors")
    parser.add_argument("--half", choices=("dev", "held"), help="only this half")
    parser.add_argument("--lexical", action="store_true", help="do not make vectors: words alone find")
    options = parser.parse_args(arguments)
    everything: list[Taken] = []
    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        if not options.home and not options.lexical:
            xinwen.sync()
        for half, cases in load_cases().items():
            if options.half not in (None, half):
                continue
            started = time.perf_counter()
            taken = take(cases, xinwen.ask)
            took = time.perf_counter() - started
            everything += taken
            print(_row(half, score(taken)), f"  {took:.0f} s")
            for each in taken:
                if each.refused is each.case.told or (each.case.told and not each.right_words):
                    wanted = f"answer with {each.case.has!r}" if each.case.told else "refusal"
                    print(f"✗ {each.case.q}  [{each.answer.status}, wanted {wanted}]\n    {each.answer.text[:220]}")
    total = score(everything)
    print(_row("all", total))
    times = [each.answer.timings_ms["total"] for each in everything]
    print(f"time: p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms")
    return int(min(total.precision, total.recall) < FLOOR)


def _row(name: str, found: Score) -> str:
    return (
        f"{name:5} {found.answerable} answerable, {found.unanswerable} not: refusal precision {found.precision:.3f}, "
        f"recall {found.recall:.3f}; right words {found.worded:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
