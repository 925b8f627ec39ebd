"""Mutation check: faults seeded into the suite's own answers; a fault that no check notices is printed.

Run `python -m evals.mutation`; the exit code is 1 when fewer than 99 % are caught or fewer than 300 were seeded.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence

from assistant import Answer, Assistant
from assistant.markers import MARKER
from evals.case import load_cases
from evals.grade import grade
from evals.runner import Library


def faults(answer: Answer, neighbour: Answer) -> Iterator[tuple[str, Answer]]:
    """Wrong variants of `answer`, each with what was done; `neighbour` is another case's answer."""
    flipped = "refused" if answer.status != "refused" else "answered"
    yield "status flipped", answer.model_copy(update={"status": flipped})
    if neighbour.text != answer.text:
        yield "neighbour's answer", neighbour.model_copy(update={"question": answer.question})
    if answer.citations:
        yield "citations dropped", answer.model_copy(update={"citations": ()})
    for at, citation in enumerate(answer.citations):
        shifted = citation.model_copy(update={"start": citation.start + 1, "end": citation.end + 1})
        yield "span shifted", _put(answer, "citations", at, shifted)
        changed = citation.model_copy(update={"quote": re.sub(r"\d", _next, citation.quote, count=1) + " "})
        yield "quote changed", _put(answer, "citations", at, changed)
    for at, figure in enumerate(answer.figures):
        if not isinstance(figure.value, str):
            yield (
                "figure changed",
                _put(answer, "figures", at, figure.model_copy(update={"value": figure.value * 3 + 1})),
            )
        gone = figure.model_copy(update={"citation": 99})
        yield "figure's citation dropped", _put(answer, "figures", at, gone)
    marked = MARKER.search(answer.text)
    if marked:
        yield "marker without citation", answer.model_copy(update={"text": answer.text.replace(marked.group(), "[98]")})
    for unit, other in (("GB/s", "TB/s"), (" GB", " TB"), (" W", " kW"), (" TFLOPS", " PFLOPS")):
        swapped = re.sub(rf"{unit}(?![A-Za-z/])", other, answer.text)
        if swapped != answer.text:
            yield f"unit {unit.strip()} swapped", answer.model_copy(update={"text": swapped})
    for match in re.finditer(r"(\d+)(?= (?:GB|TB|W|TFLOPS|TOPS)\b)", answer.text):
        text = answer.text[: match.start()] + str(int(match.group()) * 3 + 1) + answer.text[match.end() :]
        yield "number in the text changed", answer.model_copy(update={"text": text})


def _put(answer: Answer, field: str, at: int, item: object) -> Answer:
    items = list(getattr(answer, field))
    items[at] = item
    return answer.model_copy(update={field: tuple(items)})


def _next(match: re.Match[str]) -> str:
    return str((int(match.group()) + 1) % 10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what escaped and the share caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="a home that holds the corpus; without one it is read into a temporary home")
    options = parser.parse_args(arguments)
    seeded = caught = 0
    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        library = Library(xinwen)
        cases = [case for case in load_cases() if not case.documents]
        answers = [library.ask(case.question, case.history) for case in cases]
        for at, (case, answer) in enumerate(zip(cases, answers, strict=True)):
            if grade(case, answer, library.text):
                continue  # only a case that holds can notice a fault
            for what, wrong in faults(answer, answers[at - 1]):
                seeded += 1
                if grade(case, wrong, library.text):
                    caught += 1
                else:
                    print(f"escaped: {what}: {case.id} {case.question}\n    {wrong.text[:200]}")
    print(f"{caught} of {seeded} seeded faults caught")
    return int(seeded < 300 or caught < 0.99 * seeded)


if __name__ == "__main__":
    sys.exit(main())
