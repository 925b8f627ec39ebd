"""Report: runs in the terminal's words, and as JUnit XML, JSON, Markdown and a page."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from evals.baseline import MUST_HOLD, Baseline, Difference, compare, regressions, shown_line, told
from evals.metrics import Graded, Measure, by_tag, cost
from evals.suites import SuiteRun


@dataclass(frozen=True)
class Results:
    """What one call of the evals found: the suites' runs, what they are compared with, and what became worse.

    `target` says what was evaluated; prices are per million tokens.
    """

    runs: tuple[SuiteRun, ...]
    before: Baseline | None = None
    target: str = "library"
    price_in: float = 0.0
    price_out: float = 0.0
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def regressions(self) -> list[str]:
        return [line for run in self.runs for line in regressions(self.before, run)]

    def difference(self, run: SuiteRun) -> Difference:
        return compare(self.before, run)


def write(results: Results, folder: Path) -> None:
    """Writes junit.xml, results.json, summary.md and report.html into `folder`, and a line of history.jsonl there."""
    from evals.page import page

    folder.mkdir(parents=True, exist_ok=True)
    past = history(folder / "history.jsonl")
    line = summary(results)
    with (folder / "history.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    (folder / "junit.xml").write_text(junit(results), "utf-8")
    (folder / "results.json").write_text(as_json(results), "utf-8")
    (folder / "summary.md").write_text(markdown(results), "utf-8")
    (folder / "report.html").write_text(page(results, [*past, line]), "utf-8")


def history(path: Path) -> list[dict[str, Any]]:
    """Past runs, oldest first, as `summary` wrote them; lines that are none are passed over."""
    found = []
    for line in path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            item = json.loads(line)
            if isinstance(item, dict) and isinstance(item.get("suites"), dict):
                found.append(item)
        except ValueError:
            continue
    return found[-200:]


def summary(results: Results) -> dict[str, Any]:
    """A run in a line: when, what, and each suite's metrics."""
    return {
        "when": results.when,
        "target": results.target,
        "suites": {
            run.name: {
                "asked": len(run.asked),
                "failed": len(run.failed),
                "p50_ms": _ms(run.latency(0.5)),
                "p95_ms": _ms(run.latency(0.95)),
                "metrics": {name: measure.value for name, measure in run.measures.items()},
            }
            for run in results.runs
        },
    }


def _ms(seconds: float) -> float | None:
    return None if math.isnan(seconds) else round(seconds * 1000, 2)


# --- the terminal -------------------------------------------------------------------------------------------------------


def terminal(results: Results) -> str:
    """What a person reads: failures with their answers, metrics with intervals, tags, and the verdict last."""
    return "\n".join(_terminal(results))


def _terminal(results: Results) -> Iterator[str]:
    for run in results.runs:
        yield f"== {run.name}"
        answered = {graded.case.id: graded.answer for graded in run.graded}
        for item in run.failed:
            answer = answered.get(item.id)
            yield f"✗ {item.id} {item.shown}: {item.why}"
            if answer is not None:
                yield f"    {answer.text[:300]}"
        skipped = [item for item in run.items if item.skipped]
        if skipped:
            yield f"{len(skipped)} skipped: {skipped[0].skipped} ({', '.join(item.id for item in skipped[:8])})"
        if run.note:
            yield f"note: {run.note}"
        yield from _counts(run)
        for name, measure in run.measures.items():
            yield f"  {name:30s} {measure.value:.3f}  [{measure.low:.3f}, {measure.high:.3f}]  n={measure.n}"
        if run.asked:
            cached = sum(graded.cached for graded in run.graded)
            kept = f" ({cached} of {len(run.asked)} as timed before, from the cache)" if cached else ""
            yield f"  latency p50 {run.latency(0.5) * 1000:.1f} ms, p95 {run.latency(0.95) * 1000:.1f} ms{kept}"
        if run.usage.calls:
            yield f"  {usage_told(results, run)}"
        if run.graded:
            yield "  by tag: " + ", ".join(f"{tag} {m.value:.2f} ({m.n})" for tag, m in by_tag(run.graded).items())
        yield from _changes(results.difference(run))
    worse = results.regressions
    if worse:
        yield from (f"regression: {line}" for line in worse)
    elif results.before is not None:
        yield "no regression against the baseline"
    else:
        yield "everything holds"


def _counts(run: SuiteRun) -> Iterator[str]:
    parts: dict[str, list[bool]] = {}
    origin = {graded.case.id: f"{graded.case.origin} cases" for graded in run.graded}
    for item in run.asked:
        parts.setdefault(origin.get(item.id, "items"), []).append(item.held)
    for name, held in sorted(parts.items(), reverse=True):
        yield f"{sum(held)} of {len(held)} {name} as expected"


def _changes(difference: Difference) -> Iterator[str]:
    names = {"newly failing": difference.broken, "newly holding": difference.mended, "no longer there": difference.gone}
    for words, ids in names.items():
        if ids:
            yield f"  {words}: {', '.join(ids[:20])}{' …' if len(ids) > 20 else ''}"
    if difference.new:
        yield f"  {len(difference.new)} not in the baseline"
    for name, (gone, come) in list(difference.figures.items())[:20]:
        less, more = ("; ".join(map(shown_line, lines[:4])) or "none" for lines in (gone, come))
        yield f"  {name} states other figures: − {less} + {more}"


def usage_told(results: Results, run: SuiteRun) -> str:
    """What the language model was asked, in words."""
    used = run.usage
    price = cost(used, results.price_in, results.price_out)
    spent = f", cost {price:.4f}" if results.price_in or results.price_out else ""
    guess = f" (estimated for {used.estimated} calls: the server reports none)" if used.estimated else ""
    return f"model: {used.calls} calls, {used.failed} failed, {used.tokens_in} tokens in, {used.tokens_out} out{guess}{spent}"


# --- for machines -------------------------------------------------------------------------------------------------------


def junit(results: Results) -> str:
    """JUnit XML, a suite a testsuite, as CI servers read it; characters that XML 1.0 forbids are left out."""
    root = ElementTree.Element("testsuites", name="xinwen eval")
    for run in results.runs:
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=run.name,
            tests=str(len(run.items)),
            failures=str(len(run.failed)),
            skipped=str(len(run.items) - len(run.asked)),
            time=f"{sum(item.seconds for item in run.items):.3f}",
            timestamp=results.when,
        )
        answered = {graded.case.id: graded.answer for graded in run.graded}
        for item in run.items:
            group = f"evals.{run.name}.{item.tags[0] if item.tags else 'all'}"
            case = ElementTree.SubElement(
                suite, "testcase", classname=_xml(group), name=_xml(item.id), time=f"{item.seconds:.4f}"
            )
            if item.skipped:
                ElementTree.SubElement(case, "skipped", message=_xml(item.skipped))
            elif not item.held:
                answer = answered.get(item.id)
                failure = ElementTree.SubElement(case, "failure", message=_xml(item.why))
                failure.text = _xml(f"{item.shown}\n{answer.text if answer else ''}")
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _xml(text: str) -> str:
    return re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def as_json(results: Results) -> str:
    """JSON: the summary, what became worse, and every item; answers whole."""
    graded = {run.name: {each.case.id: each for each in run.graded} for run in results.runs}
    whole = {
        **summary(results),
        "regressions": results.regressions,
        "runs": [
            {
                "suite": run.name,
                "measures": {name: asdict(measure) for name, measure in run.measures.items()},
                "note": run.note,
                "usage": asdict(run.usage),
                "difference": asdict(results.difference(run)),
                "items": [{**asdict(item), **_answered(graded[run.name].get(item.id))} for item in run.items],
            }
            for run in results.runs
        ],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _answered(graded: Graded | None) -> dict[str, Any]:
    if graded is None:
        return {}
    return {
        "origin": graded.case.origin,
        "problems": [asdict(problem) for problem in graded.problems],
        "error": graded.error,
        "answer": graded.answer.model_dump() if graded.answer else None,
    }


# --- for a pull request -------------------------------------------------------------------------------------------------


def markdown(results: Results) -> str:
    """A pull request's comment: the verdict, what changed, metrics, failures; nothing in an answer becomes markup."""
    worse = results.regressions
    lines = [
        f"### {'❌ 芯问 evals: ' + str(len(worse)) + ' regressions' if worse else '✅ 芯问 evals: no regression'}",
        "",
    ]
    lines += [f"- {_cell(line)}" for line in worse[:20]]
    lines += [f"- … and {len(worse) - 20} more"] if len(worse) > 20 else []
    for run in results.runs:
        held = len(run.asked) - len(run.failed)
        lines += ["", f"**{run.name}**: {held} of {len(run.asked)} as expected", ""]
        lines += [_cell(run.note), ""] if run.note else []
        lines += ["| metric | value | 95 % | baseline |", "|---|---|---|---|"]
        old = results.before.suites.get(run.name) if results.before else None
        for name, m in run.measures.items():
            was = old.metrics.get(name) if old else None
            lines.append(f"| {name} | {m.value:.3f} | {m.low:.3f} to {m.high:.3f} | {_was(was, m)} |")
        if run.asked:
            lines.append(f"| latency p50 / p95 | {_ms(run.latency(0.5))} / {_ms(run.latency(0.95))} ms | | |")
        if run.usage.calls:
            lines += ["", _cell(usage_told(results, run))]
        lines += _table("Changed figures", "| case | before | now |", _figures(results.difference(run)))
        failing = [[item.id + _mark(item.tags), item.shown, item.why] for item in run.failed]
        lines += _table("Failing", "| case | asked | why |", failing)
    return "\n".join(lines) + "\n"


def _mark(tags: Sequence[str]) -> str:
    return " (must hold)" if MUST_HOLD in tags else ""


def _was(was: float | None, measure: Measure) -> str:
    if was is None:
        return ""
    change = measure.value - was
    return f"{was:.3f}" + (f" ({change:+.3f})" if abs(change) >= 0.0005 else "")


def _figures(difference: Difference) -> list[list[str]]:
    return [
        [name, *("; ".join(map(shown_line, lines)) for lines in change)] for name, change in difference.figures.items()
    ]


def _table(title: str, head: str, rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    shown = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows[:50]]
    more = [f"… and {len(rows) - 50} more"] if len(rows) > 50 else []
    lines = ["", f"<details><summary>{title}: {len(rows)}</summary>", "", head, "|---" * (head.count("|") - 1) + "|"]
    return [*lines, *shown, "", *more, "</details>"]


def _cell(text: str) -> str:
    plain = text[:300].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
    # A web address or a mention in somebody's document must not become a link or a notification.
    plain = plain.replace("://", ":&#47;&#47;").replace("@", "&#64;").replace("www.", "www&#46;")
    return re.sub(r"([\\`*_\[\]|!~])", r"\\\1", plain)


__all__ = ["Results", "as_json", "history", "junit", "markdown", "summary", "terminal", "told", "write"]
