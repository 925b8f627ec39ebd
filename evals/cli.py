"""`xinwen eval`: the regression evals by name, with one exit code for a CI."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

SUITES = {
    "answers": "what answers over the shipped corpus must and must not say",
    "understanding": "how questions and follow-ups are understood",
    "extraction": "figures found in hand-labelled sentences and tables: precision and recall",
    "retrieval": "recall and MRR of lexical, dense and hybrid search (makes all vectors first: minutes)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suites named, by default those that need no vectors; returns 1 when one of them finds a regression."""
    lines = "\n".join(f"  {name:14s} {what}" for name, what in SUITES.items())
    parser = argparse.ArgumentParser(
        prog="xinwen eval",
        description=f"{__doc__}\n\nsuites:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--suite", action="append", choices=[*SUITES, "all"], help="which to run; may be given several times"
    )
    parser.epilog = "further options go to the suite: python -m evals.answers --help lists those of the answers"
    options, others = parser.parse_known_args(arguments)
    # Whoever says how answers are to be run means the answers.
    chosen = options.suite or (["answers"] if others else ["answers", "understanding"])
    names = list(SUITES) if "all" in chosen else chosen
    worst = 0
    for name in names:
        print(f"== {name}")
        run = importlib.import_module(f"evals.{name}").main
        worst = max(worst, run() if name == "understanding" else run(others))
    return worst
