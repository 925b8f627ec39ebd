"""Answers measured: questions over the shipped corpus with what their answers must and must not say.

Run `python -m evals.answers`; the exit code is 1 when a case fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field

from assistant import Answer, Assistant


class Case(BaseModel):
    """A question with the statuses its answer may have, and words the answer must and must not hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    question: str
    history: tuple[str, ...] = ()
    status: tuple[str, ...]
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = Field(default=(), alias="not")

    def problems(self, answer: Answer) -> list[str]:
        """What is wrong with `answer`; empty when nothing is."""
        found = (
            [f"status {answer.status}, expected {' or '.join(self.status)}"] if answer.status not in self.status else []
        )
        found += [f"{word!r} is missing" for word in self.has if word not in answer.text]
        return found + [f"{word!r} must not be there" for word in self.lacks if word in answer.text]


def load_cases() -> list[Case]:
    """The shipped cases. Raises pydantic's ValidationError for a malformed one."""
    text = (resources.files("evals") / "cases" / "answers.yaml").read_text("utf-8")
    return [Case.model_validate(item) for item in yaml.safe_load(text)]


def unfaithful(xinwen: Assistant, answer: Answer) -> list[str]:
    """What breaks the promise of every answer: quotes are the document's text, figures and markers have their citation."""
    problems = []
    for citation in answer.citations:
        document = xinwen.store.document(citation.document_id)
        if document is None or document.text[citation.start : citation.end] != citation.quote:
            problems.append(f"the quote [{citation.marker}] is not the document's text")
    markers = {citation.marker for citation in answer.citations}
    problems += [
        f"a figure cites [{figure.citation}], which is not there"
        for figure in answer.figures
        if figure.citation not in markers
    ]
    return problems


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints each failing case and the count; returns 1 when one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--home", help="a home that holds the shipped corpus; without one it is read into a temporary home"
    )
    options = parser.parse_args(arguments)
    cases, failed = load_cases(), 0
    with tempfile.TemporaryDirectory() as folder, Assistant.open(options.home or folder) as xinwen:
        for case in cases:
            answer = xinwen.ask(case.question, case.history)
            problems = [*case.problems(answer), *unfaithful(xinwen, answer)]
            if problems:
                failed += 1
                print(f"✗ {case.question}: {'; '.join(problems)}\n    {answer.text[:300]}")
    print(f"{len(cases) - failed} of {len(cases)} answers as expected")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
