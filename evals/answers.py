"""Answers measured: cases asked, graded, compared with a baseline and reported; exit code 1 on a regression.

Run `xinwen eval --suite answers` or `python -m evals.answers`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from assistant import Assistant
from evals import baseline, report
from evals.case import load_cases
from evals.metrics import Graded, by_tag, measures, percentile, refusal
from evals.runner import Cache, Library, Server, Target, run
from knowledge.errors import XinwenError


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints failing cases and metrics; returns 1 on a regression (without a baseline: on any failure), 2 on misuse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, action="append", help="a file or folder of cases; may be repeated")
    parser.add_argument("--tag", action="append", help="only cases with this tag; may be repeated")
    parser.add_argument("--case", action="append", help="only the case of this id; may be repeated")
    parser.add_argument("--home", help="a home that holds the corpus; without one it is read into a temporary home")
    parser.add_argument("--against", metavar="URL", help="ask a deployed server instead of the library")
    parser.add_argument("--key", help="the server's key")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a server may take for an answer")
    parser.add_argument("--model", help="a chat model for the library, as in XINWEN_MODEL")
    parser.add_argument("--jobs", type=int, default=1, help="cases asked at once")
    parser.add_argument("--baseline", type=Path, help="compare with this file")
    parser.add_argument("--update-baseline", action="store_true", help="write --baseline from this run")
    parser.add_argument("--report", type=Path, help="a folder for junit.xml, results.json and summary.md")
    parser.add_argument("--cache", type=Path, help="a file of answers to go on from; needed to resume")
    parser.add_argument("--no-cache", action="store_true", help="ask everything anew")
    options = parser.parse_args(arguments)
    if options.update_baseline and not options.baseline:
        parser.error("--update-baseline needs --baseline FILE to write to")
    try:
        return _run(options)
    except XinwenError as error:
        print(error, file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    cases = [
        case
        for case in load_cases(options.cases)
        if (not options.tag or set(options.tag) & set(case.tags)) and (not options.case or case.id in options.case)
    ]
    if not cases:
        print("no case has such a tag or id; `python -m evals.case` checks the cases there are", file=sys.stderr)
        return 2
    before = baseline.load(options.baseline) if options.baseline and not options.update_baseline else None
    with ExitStack() as stack:
        target: Target
        if options.against:
            target = Server(options.against, options.key, options.timeout)
        else:
            home = options.home or stack.enter_context(tempfile.TemporaryDirectory())
            chosen = {"model": options.model} if options.model else {}
            target = Library(stack.enter_context(Assistant.open(home, **chosen)))
        cache = Cache(None if options.no_cache else options.cache)
        runs = list(_shown(run(cases, target, cache, options.jobs), len(cases)))
    _print(runs)
    if options.report:
        report.write(runs, options.report)
    if options.update_baseline:
        baseline.save(runs, options.baseline)
        return 0
    if before is None:
        return int(any(not run.held for run in runs))
    found = baseline.regressions(before, runs)
    print("\n".join(f"regression: {line}" for line in found) or "no regression against the baseline")
    return int(bool(found))


def _shown(runs: Iterable[Graded], total: int) -> Iterable[Graded]:
    from rich.console import Console
    from rich.progress import track

    return track(runs, "cases", total, console=Console(stderr=True), transient=True)


def _print(runs: Sequence[Graded]) -> None:
    for each in runs:
        if not each.held:
            said = each.answer.text[:300] if each.answer else ""
            print(f"✗ {each.case.id} {each.case.question}: {report.reason(each)}\n    {said}")
    for origin in ("hand", "generated"):
        part = [each for each in runs if each.case.origin == origin]
        if part:
            print(f"{sum(each.held for each in part)} of {len(part)} {origin} cases as expected")
            for name, measure in measures(part).items():
                print(f"  {name:20s} {measure.value:.3f}  [{measure.low:.3f}, {measure.high:.3f}]  n={measure.n}")
            print("  refusal " + ", ".join(f"{name} {value:.3f}" for name, value in refusal(part).items()))
    seconds = [each.seconds for each in runs]
    print(f"  latency p50 {percentile(seconds, 0.5) * 1000:.1f} ms, p95 {percentile(seconds, 0.95) * 1000:.1f} ms")
    print("  by tag: " + ", ".join(f"{tag} {m.value:.2f} ({m.n})" for tag, m in by_tag(runs).items()))


if __name__ == "__main__":
    sys.exit(main())
