"""Answers measured: `python -m evals.answers` is `xinwen eval --suite answers`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from evals import cli


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suite of answers with the options of `xinwen eval`; returns its exit code."""
    return cli.main(["--suite", "answers", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
