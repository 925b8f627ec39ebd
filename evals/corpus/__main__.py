"""`python -m evals.corpus`: what is wrong with the shipped corpus; exit code 1 when something is.

With the research files (by default beside the checkout) it also says where they and the expected facts differ, and
which sentences are copied from their notes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evals.corpus import copies, documents, facts, names
from knowledge.catalog import Catalog
from knowledge.errors import XinwenError

RESEARCH = Path(__file__).resolve().parents[3] / "shared" / "research"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints every fault and a summary; returns 1 when there is a fault, 2 for files that cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m evals.corpus", description=__doc__)
    parser.add_argument("--root", type=Path, help="check the documents below this folder instead of the shipped ones")
    parser.add_argument("--research", type=Path, default=RESEARCH, help="the folder of the research files")
    options = parser.parse_args(arguments)
    try:
        found, summary = run(options.root, options.research if options.research.is_dir() else None)
    except (XinwenError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join([*found, *summary]))
    return int(bool(found))


def run(root: Path | None = None, research: Path | None = None) -> tuple[list[str], list[str]]:
    """The faults of the corpus below `root` (the shipped one), and a summary. Facts are checked of the shipped one only."""
    catalog = Catalog.load()
    shipped, found = documents.read(catalog, root)
    found += names.faults(catalog)
    for each in shipped:
        found += documents.faults(each, catalog)
    found += copies.of_each_other(shipped)
    figures = [figure for each in shipped for figure in each.figures]
    news = sum(each.document.kind == "news" for each in shipped)
    summary = [f"{len(shipped)} documents ({news} of them news), {len(figures)} figures"]
    if root is None:
        expected = facts.load_facts()
        check = facts.check(expected, figures, facts.load_unheld())
        found += [*check.missing, *check.stale]
        summary.append(f"{check.held} of {check.total} researched facts in the ledger ({check.share:.2%})")
        if check.share < facts.HELD:
            found.append(f"the ledger holds {check.share:.2%} of the researched facts, fewer than {facts.HELD:.0%}")
        if research is not None:
            found += facts.disagreements(expected, research)
            found += copies.of_notes(shipped, copies.notes(research))
            summary.append(f"compared with the research in {research.name}/")
    summary.append(f"{len(found)} faults" if found else "nothing is wrong")
    return found, summary


if __name__ == "__main__":
    sys.exit(main())
