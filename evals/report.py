"""Report: a run as JUnit XML, JSON and Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from evals.metrics import Graded, hand_written, measures


def write(runs: Sequence[Graded], folder: Path) -> None:
    """Writes junit.xml, results.json and summary.md into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "junit.xml").write_text(junit(runs), "utf-8")
    (folder / "results.json").write_text(results(runs), "utf-8")
    (folder / "summary.md").write_text(markdown(runs), "utf-8")


def reason(run: Graded) -> str:
    """Why a case failed, "" when it held."""
    return run.error or "; ".join(problem.text for problem in run.problems)


def junit(runs: Sequence[Graded]) -> str:
    """JUnit XML, as CI servers read it; characters XML 1.0 forbids are left out."""
    failed = sum(not run.held for run in runs)
    suite = ElementTree.Element("testsuite", name="xinwen eval", tests=str(len(runs)), failures=str(failed))
    for run in runs:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"evals.{run.case.tags[0]}", name=run.case.id, time=f"{run.seconds:.4f}"
        )
        if not run.held:
            said = run.answer.text if run.answer else ""
            failure = ElementTree.SubElement(case, "failure", message=_xml(reason(run)))
            failure.text = _xml(f"{run.case.question}\n{said}")
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _xml(text: str) -> str:
    return re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def results(runs: Sequence[Graded]) -> str:
    """JSON: metrics, and each case with its answer and problems."""
    cases = [
        {
            "id": run.case.id,
            "held": run.held,
            "origin": run.case.origin,
            "tags": run.case.tags,
            "problems": [asdict(problem) for problem in run.problems],
            "error": run.error,
            "seconds": run.seconds,
            "answer": run.answer.model_dump() if run.answer else None,
        }
        for run in runs
    ]
    metrics = {name: asdict(measure) for name, measure in measures(hand_written(runs)).items()}
    return json.dumps({"metrics": metrics, "cases": cases}, ensure_ascii=False, indent=1)


def markdown(runs: Sequence[Graded]) -> str:
    """A pull request's comment: counts, metrics, failures; nothing in an answer can become markup."""
    lines = [f"**{sum(run.held for run in runs)} of {len(runs)} cases as expected**", "", "| metric | value | 95 % |"]
    lines.append("|---|---|---|")
    held = measures(hand_written(runs))
    lines += [f"| {n} | {m.value:.3f} | {m.low:.3f} to {m.high:.3f} |" for n, m in held.items()]
    failed = [run for run in runs if not run.held]
    if failed:
        lines += ["", "| case | question | why |", "|---|---|---|"]
        lines += [f"| {run.case.id} | {_cell(run.case.question)} | {_cell(reason(run))} |" for run in failed[:50]]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
    return re.sub(r"([\\`*_\[\]|@#!])", r"\\\1", plain)[:300]
