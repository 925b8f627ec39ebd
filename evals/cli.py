"""`xinwen eval`: the regression evals by name, with one exit code for a CI.

Exit codes: 0 nothing became worse, 1 something did (each thing is named), 2 the run could not be done as asked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evals import baseline, report
from evals.progress import shown
from evals.suites import DEFAULT, SUITES, Choice, NothingChosenError, SuiteRun
from knowledge.errors import XinwenError

SHIPPED = Path(__file__).parent / "baseline.json"

ABOUT = {
    "answers": "what answers must and must not say, every figure against its source",
    "understanding": "how questions and follow-ups are understood",
    "extraction": "figures found in hand-labelled sentences and tables: precision and recall",
    "retrieval": "success@k, recall@k, MRR and nDCG of search (hybrid and dense: with --home of a home with vectors)",
}


def parser() -> argparse.ArgumentParser:
    """The command line of `xinwen eval`."""
    suites = "\n".join(f"  {name:14s} {what}" for name, what in ABOUT.items())
    made = argparse.ArgumentParser(
        prog="xinwen eval",
        description=f"{__doc__}\n\nsuites (without --suite: {', '.join(DEFAULT)}):\n{suites}",
        epilog="xinwen eval draft makes draft cases of feedback; xinwen eval draft --help tells more",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--suite", action="append", choices=[*SUITES, "all"], help="which to run; may be given several times")
    add("--tag", action="append", default=[], help="only what has this tag; may be given several times")
    add("--case", action="append", default=[], help="only the case of this id; may be given several times")
    add("--cases", type=Path, action="append", default=[], help="a file or folder of answer cases of your own")
    add("--questions", type=Path, metavar="FILE", help="questions of your own for the suite retrieval")
    add("--home", help="a home to ask; without one the shipped corpus is read into a temporary one")
    add("--against", metavar="URL", help="ask a deployed server instead of the library (the suite of answers alone)")
    add("--key", help="the server's key")
    add("--timeout", type=float, default=60.0, help="seconds that the server may take for one answer")
    add("--model", help="a chat model that words the answers here, as in XINWEN_MODEL")
    add("--price-in", type=float, default=0.0, help="the model's price per million tokens read")
    add("--price-out", type=float, default=0.0, help="the model's price per million tokens written")
    add("--entailment", metavar="MODEL", help="a sentence-transformers model that judges cited prose without figures")
    add("--jobs", type=int, default=1, help="cases asked at once")
    add(
        "--baseline", type=Path, metavar="FILE", help="compare with this file (the shipped cases: with the shipped one)"
    )
    add("--update-baseline", action="store_true", help="write this run to --baseline instead of comparing")
    add("--report", type=Path, metavar="DIR", help="where to write report.html, summary.md, junit.xml and results.json")
    add("--cache", type=Path, metavar="FILE", help="where answers are kept (default: the user's cache directory)")
    add("--no-cache", action="store_true", help="ask everything anew")
    add("--resume", action="store_true", help="with --against: go on from an interrupted run, keeping its answers")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suites named; returns 0, 1 for a regression, 2 for misuse."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["draft"]:
        from evals import draft

        return draft.main(given[1:])
    commands = parser()
    options = commands.parse_args(given)
    if options.update_baseline and not options.baseline:
        commands.error("--update-baseline needs --baseline FILE to write to")
    if options.jobs < 1:
        commands.error("--jobs must be at least 1")
    names = _names(options)
    elsewhere = [name for name in names if name != "answers"]
    if options.against and elsewhere:
        commands.error(f"--against asks a server for answers; {', '.join(elsewhere)} can only run here")
    if options.against and options.model:
        commands.error("--model words answers here; the server of --against has a model of its own")
    try:
        return _run(options, names)
    except XinwenError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        more = "" if not options.against else " with --resume"
        print(f"interrupted; what was answered is kept, run it again{more} to go on", file=sys.stderr)
        return 130


def _names(options: argparse.Namespace) -> list[str]:
    if options.suite:
        return list(SUITES) if "all" in options.suite else list(dict.fromkeys(options.suite))
    # Whoever says how answers are to be asked means the answers.
    means_answers = options.against or options.model or options.cases or options.entailment
    if options.questions:
        return ["answers", "retrieval"] if means_answers else ["retrieval"]
    return ["answers"] if means_answers else list(DEFAULT)


def _run(options: argparse.Namespace, names: Sequence[str]) -> int:
    compared = options.baseline or _shipped(options)
    before = baseline.load(compared) if compared and not options.update_baseline else None
    choice = Choice(
        cases=tuple(options.cases),
        tags=tuple(options.tag),
        ids=tuple(options.case),
        home=options.home,
        against=options.against,
        key=options.key,
        timeout=options.timeout,
        model=options.model,
        jobs=options.jobs,
        cache=None if options.no_cache else options.cache or default_cache(),
        resume=options.resume,
        entailment=options.entailment,
        questions=options.questions,
    )
    runs: list[SuiteRun] = []
    nothing: NothingChosenError | None = None
    for name in names:
        try:
            found = SUITES[name](choice, shown(name))
        except NothingChosenError as error:
            nothing = error
            continue
        if found.items:
            runs.append(found)
    if not runs:
        raise nothing or NothingChosenError("nothing has such a tag or id")
    results = report.Results(
        tuple(runs), before, options.against or options.model or "library", options.price_in, options.price_out
    )
    print(report.terminal(results))
    if options.report:
        report.write(results, options.report)
        print(f"report: {options.report / 'report.html'}", file=sys.stderr)
    if options.update_baseline:
        baseline.save(runs, options.baseline)
        print(f"baseline written: {options.baseline}", file=sys.stderr)
        return 0
    return int(bool(results.regressions))


def _shipped(options: argparse.Namespace) -> Path | None:
    """The baseline that ships, where what is asked is what it was made of: the shipped cases over the shipped corpus."""
    own = options.cases or options.questions or options.home or options.against or options.model
    return None if own or not SHIPPED.is_file() else SHIPPED


def default_cache() -> Path:
    """Where answers are kept between runs, a file of the user's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("xinwen", appauthor=False) / "evals.jsonl"


if __name__ == "__main__":
    sys.exit(main())
