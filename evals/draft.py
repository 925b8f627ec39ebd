"""`xinwen eval draft`: feedback that says what was wrong, as draft cases for a person to check.

Feedback is unverified: a draft holds what somebody wrote, in quotes of YAML, and becomes a case only when a person has
found the correction in a source and moved it to the cases. Nothing here reads it as instructions or as knowledge.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from assistant.console import printable
from assistant.core import Assistant
from assistant.question import Question
from assistant.records import Feedback, Records
from assistant.settings import load_settings
from evals.case import load_cases
from knowledge.errors import XinwenError
from knowledge.quantities import Quantity, find_quantities

HEAD = (
    "# Drafts from feedback, unverified: find each correction in a source, mend the case, then move it to the cases.\n"
)
_MOST_WORDS = 200


def drafts(feedback: Iterable[Feedback], understand: Any, dimensions: Mapping[str, str]) -> list[dict[str, Any]]:
    """A case for each correction, the same one given twice being one; `dimensions` are the attributes' by id."""
    cases: dict[str, dict[str, Any]] = {}
    for given in feedback:
        if given.rating != "down" or not given.correction.strip():
            continue
        case = _case(given, understand(given.question, given.history), dimensions)
        cases.setdefault(case["id"], case)
    return list(cases.values())


def _case(given: Feedback, question: Question, dimensions: Mapping[str, str]) -> dict[str, Any]:
    correction = _clean(given.correction)
    same = "\x1f".join((given.question, *given.history, correction))
    case: dict[str, Any] = {
        "id": f"feedback-{hashlib.sha256(same.encode()).hexdigest()[:12]}",
        "question": _clean(given.question) or "?",
    }
    if given.history:
        case["history"] = [_clean(earlier) for earlier in given.history]
    case["status"] = ["answered", "partial", "conflicting"]
    measured = [found for found in find_quantities(correction) if found.unit]
    figure = _figure(question, measured, dimensions)
    if figure is not None:
        case["figures"] = [figure]
    elif measured:
        case["strings"] = {"all": list(dict.fromkeys(found.text for found in measured))}
    else:
        case["strings"] = {"any": [correction[:_MOST_WORDS]]}
    day = datetime.fromtimestamp(given.at, UTC).date().isoformat()
    why = f"Feedback of {day} ({given.door}). It should have said: {correction}"
    if given.comment.strip():
        why += f"\nComment: {_clean(given.comment)}"
    why += f"\nIt said: {_clean(given.answer)[:1000]}"
    return {**case, "tags": ["feedback", "draft"], "why": why}


def _figure(question: Question, measured: list[Quantity], dimensions: Mapping[str, str]) -> dict[str, Any] | None:
    """The expected figure, when the question is about one attribute of one product and the correction gives one value."""
    if len(question.subjects) != 1 or question.subjects[0].ambiguous:
        return None
    asked = [*question.attributes, *(attribute for cue in question.cues for attribute in cue)]
    fitting = [
        (attribute, found)
        for attribute in dict.fromkeys(asked)
        for found in measured
        if _fits(attribute, found, dimensions)
    ]
    if len(fitting) != 1 or fitting[0][1].high is not None or fitting[0][1].bound != "exact":
        return None
    attribute, found = fitting[0]
    value = float(found.value)
    return {
        "product": question.subjects[0].name,
        "attribute": attribute,
        "value": int(value) if value.is_integer() else value,
        "unit": found.unit,
    }


def _fits(attribute: str, found: Quantity, dimensions: Mapping[str, str]) -> bool:
    return dimensions.get(attribute) == found.dimension


def _clean(text: str) -> str:
    return printable(text).replace("\t", " ").strip()


def written(cases: Sequence[dict[str, Any]]) -> str:
    """The cases as YAML. Raises CaseError should one not be a case: that is a fault of ours, not of the feedback."""
    text = "".join(yaml.safe_dump([case], allow_unicode=True, sort_keys=False, width=120) + "\n" for case in cases)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drafts.yaml"
        path.write_text(text, "utf-8")
        load_cases([path])
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the drafts that --out has not got yet, or all to stdout; returns 0, or 2 when that cannot be done."""
    parser = argparse.ArgumentParser(
        prog="xinwen eval draft", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="the home whose feedback is read (default: XINWEN_HOME)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a file of drafts; what it has already is left alone")
    options = parser.parse_args(arguments)
    try:
        known = {case.id for case in load_cases([options.out])} if options.out and options.out.exists() else set()
        settings = load_settings(home=options.home)
        feedback = Records(settings.home).feedback("down")
        with Assistant.open(home=settings.home) as assistant:
            dimensions = {name: attribute.dimension for name, attribute in assistant.catalog.attributes.items()}
            found = [case for case in drafts(feedback, assistant.understand, dimensions) if case["id"] not in known]
        text = written(found)
        if options.out is None:
            sys.stdout.write(HEAD + text if found else "")
        elif found:
            fresh = not options.out.exists() or not options.out.stat().st_size
            with options.out.open("a", encoding="utf-8") as file:
                file.write((HEAD if fresh else "") + text)
    except (XinwenError, OSError, UnicodeError) as error:
        print(f"xinwen eval draft: {error}", file=sys.stderr)
        return 2
    silent = sum(not given.correction.strip() for given in feedback)
    print(
        f"{len(found)} new drafts from {len(feedback)} thumbs down ({silent} without a correction, not drafted)",
        file=sys.stderr,
    )
    return 0
