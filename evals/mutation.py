"""Mutation check: the evals themselves are tested. Faults are seeded, and one that no check notices is printed.

Two kinds: answers made wrong (`evals.faults`), and documents made wrong, a figure changed in a copy of the corpus and
the question asked again. Run `python -m evals.mutation`; the exit code is 1 when fewer than 99 % are caught or fewer
than 300 were seeded.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from random import Random

from assistant import Answer, Assistant
from assistant.markers import MARKER
from evals.baseline import FORMAT, Baseline, SuiteBaseline, compare, stated
from evals.case import Case, load_cases
from evals.evidence import quantities
from evals.faults import FAULTS, other_number
from evals.grade import Texts, grade
from evals.metrics import Graded
from evals.runner import Library
from evals.suites import Item, SuiteRun
from evals.support import as_quantity

LEAST, SHARE = 300, 0.99


@dataclass(frozen=True, slots=True)
class Seeded:
    """A fault, what noticed it ("case", "baseline", "" for nothing), and what it looks like."""

    kind: str
    caught: str
    case: Case
    told: str


def in_answers(cases: Sequence[Case], library: Library, each: int, seed: int = 0) -> Iterator[Seeded]:
    """Up to `each` faults of every kind, spread over the cases that hold: only those can notice a fault."""
    chance = Random(seed)
    held = [(case, library.ask(case.question, case.history)) for case in cases if not case.documents]
    held = [(case, answer) for case, answer in held if not grade(case, answer, library.text)]
    for fault in FAULTS:
        variants: list[tuple[Case, Answer]] = []
        order = chance.sample(range(len(held)), len(held))
        for place, at in enumerate(order):
            case, answer = held[at]
            found = list(fault(answer, held[order[place - 1]][1], chance))
            # A few of each answer, so that a long ranking does not stand for all the others.
            variants += [(case, wrong) for wrong in chance.sample(found, min(3, len(found)))]
            if len(variants) >= each:
                break
        for case, wrong in variants[:each]:
            problems = grade(case, wrong, library.text)
            yield Seeded(fault.__name__, "case" if problems else "", case, f"{wrong.status}: {wrong.text[:300]}")


def in_documents(cases: Sequence[Case], folder: Path, most: int, seed: int = 0) -> Iterator[Seeded]:
    """Up to `most` figures changed, one at a time, in a copy of the corpus; each time its question is asked again."""
    chance = Random(seed)
    corpus = folder / "corpus"
    shutil.copytree(str(resources.files("knowledge") / "corpus"), corpus)
    with Assistant.open(folder / "copy") as xinwen:
        xinwen.ingest([corpus], embed=False)
        library = Library(xinwen)
        own = [case for case in cases if not case.documents]
        seeded = 0
        for case in chance.sample(own, len(own)):
            if seeded >= most:
                return
            answer = library.ask(case.question, case.history)
            change = _change(answer, xinwen, chance)
            if change is None or grade(case, answer, _texts(xinwen)):
                continue
            path, before, after, told = change
            path.write_text(after, "utf-8")
            xinwen.ingest([path], embed=False)
            wrong = xinwen.ask(case.question, case.history)
            caught = (
                "case" if grade(case, wrong, _texts(xinwen)) else "baseline" if _differs(case, answer, wrong) else ""
            )
            path.write_text(before, "utf-8")
            xinwen.ingest([path], embed=False)
            # Where another source says the same, the answer may not have changed at all, and nothing in it is wrong.
            if _bare(answer) != _bare(wrong):
                seeded += 1
                yield Seeded("document_changed", caught, case, f"{told}; it now says {wrong.text[:300]}")


def _bare(answer: Answer) -> tuple[str, list[str]]:
    return MARKER.sub("", answer.text), sorted(f"{f.product} {f.attribute} {f.value}" for f in answer.figures)


def _differs(case: Case, answer: Answer, wrong: Answer) -> bool:
    """Whether the comparison with a baseline of the right answer shows the change."""
    runs = [
        SuiteRun("answers", (Item(case.id, case.question, True, case.tags),), {}, (Graded(case, each, (), 0.0),))
        for each in (answer, wrong)
    ]
    before = Baseline(
        format=FORMAT, suites={"answers": SuiteBaseline(held={case.id: True}, metrics={}, figures=stated(runs[0]))}
    )
    return bool(compare(before, runs[1]).figures)


def _texts(xinwen: Assistant) -> Texts:
    # Documents change here, so no text is remembered.
    def text(document_id: str) -> str | None:
        document = xinwen.store.document(document_id)
        return document.text if document is not None else None

    return text


def _change(answer: Answer, xinwen: Assistant, chance: Random) -> tuple[Path, str, str, str] | None:
    """The file of a figure that the answer states, its text before and after the change, and what was changed."""
    cited = {citation.marker: citation for citation in answer.citations}
    shown = {(q.dimension, q.base) for q in quantities(answer.text)}
    for figure in chance.sample(answer.figures, len(answer.figures)):
        quantity = None if isinstance(figure.value, str) else as_quantity(figure.value, figure.unit)
        citation = cited.get(figure.citation)
        if quantity is None or citation is None or (quantity.dimension, quantity.base) not in shown:
            continue
        document = xinwen.store.document(citation.document_id)
        path = Path(document.origin) if document is not None else None
        if path is None or not path.is_file():
            continue
        before = path.read_text("utf-8")
        at = before.find(citation.quote)
        place = next(
            (q for q in quantities(citation.quote) if (q.dimension, q.base) == (quantity.dimension, quantity.base)),
            None,
        )
        digits = re.match(r"[\d,]*\.?\d+", place.text) if place else None
        if at < 0 or place is None or digits is None:
            continue
        start = at + place.start
        other = other_number(digits.group(), chance)
        after = before[:start] + other + before[start + digits.end() :]
        return path, before, after, f"{digits.group()} → {other} in {path.name}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what escaped, the share caught of each kind, and the share caught of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="a home that holds the corpus; without one it is read into a temporary home")
    parser.add_argument("--cases", type=Path, action="append", help="a file or folder of cases; may be repeated")
    parser.add_argument("--each", type=int, default=40, help="faults of each kind seeded into answers")
    parser.add_argument("--documents", type=int, default=60, help="figures changed in documents")
    parser.add_argument("--sample", type=int, help="how many cases are asked, drawn by chance; without it all of them")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other faults")
    options = parser.parse_args(arguments)
    cases = load_cases(options.cases)
    if options.sample:
        cases = Random(options.seed).sample(cases, min(options.sample, len(cases)))
    found: list[Seeded] = []
    with tempfile.TemporaryDirectory(prefix="xinwen-mutation-") as name:
        folder = Path(name)
        with Assistant.open(options.home or folder / "home") as xinwen:
            found += in_answers(cases, Library(xinwen), options.each, options.seed)
        if options.documents:
            found += in_documents(cases, folder, options.documents, options.seed)
    for fault in found:
        if not fault.caught:
            print(f"escaped: {fault.kind}: {fault.case.id} {fault.case.question}\n    {fault.told}")
    seeded, caught = Counter(f.kind for f in found), Counter(f.kind for f in found if f.caught)
    for kind, number in seeded.items():
        alone = sum(f.kind == kind and f.caught == "baseline" for f in found)
        more = f"  ({alone} of them by the comparison with the baseline alone)" if alone else ""
        print(f"  {kind:20s} {caught[kind]:4d} of {number:4d}{more}")
    total = sum(caught.values())
    print(f"{total} of {len(found)} seeded faults caught ({total / len(found):.1%})" if found else "nothing was seeded")
    if len(found) < LEAST:
        print(f"too few: at least {LEAST} are wanted, so that a share of {SHARE:.0%} means something")
    return int(len(found) < LEAST or total < SHARE * len(found))


if __name__ == "__main__":
    sys.exit(main())
