"""Copies: sentences that repeat a note or another document instead of saying it in words of their own."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evals.corpus.documents import Shipped
from knowledge.passages import sentences

# Pieces of text are compared by their runs of characters. Five are a word or two in Chinese: names and figures,
# which a report must repeat, make up about a third of a sentence's runs; four fifths are the same sentence.
RUN = 5
SHORTEST = 16
SENTENCE = 0.8
# Two documents that share half of their runs tell one thing twice, unless they tell it with other numbers.
DOCUMENT = 0.5
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NOTES = ("note_zh", "headline_zh", "summary_zh")


def prose(shipped: Shipped) -> str:
    """The document without its tables and headings."""
    return "\n".join(line for line in shipped.document.text.splitlines() if not line.startswith(("|", "#")))


def notes(research: Path) -> list[str]:
    """The sentences of the research files' notes."""
    found = []
    for path in sorted(research.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            for key in _NOTES:
                text = str(entry.get(key) or "")
                found += [text[start:end] for start, end in sentences(text, 0, len(text))]
    return found


def of_notes(documents: Iterable[Shipped], notes: Sequence[str]) -> Iterator[str]:
    """Sentences of the documents that are sentences of the notes, or nearly."""
    index = _Index(notes)
    for shipped in documents:
        text = prose(shipped)
        for start, end in sentences(text, 0, len(text)):
            found = index.nearest(text[start:end])
            if found is not None and found[1] >= SENTENCE:
                yield f"{shipped.name}: {text[start:end].strip()!r} is the note {found[0]!r} ({found[1]:.0%})"


def of_each_other(documents: Sequence[Shipped]) -> Iterator[str]:
    """Pairs of documents whose prose is nearly the same."""
    runs = [_runs(prose(shipped)) for shipped in documents]
    having: dict[str, list[int]] = defaultdict(list)
    for at, own in enumerate(runs):
        shared = Counter(other for run in own for other in having[run])
        for other, common in shared.items():
            either = len(own) + len(runs[other]) - common
            if min(len(own), len(runs[other])) < SHORTEST or common / either < DOCUMENT:
                continue
            if set(_NUMBER.findall(prose(documents[at]))) == set(_NUMBER.findall(prose(documents[other]))):
                yield f"{documents[at].name} and {documents[other].name} are nearly the same ({common / either:.0%})"
        for run in own:
            having[run].append(at)


class _Index:
    """Texts by their runs, to find the one that a sentence has most of its runs from."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._having: dict[str, list[int]] = defaultdict(list)
        self._sizes = []
        for at, text in enumerate(texts):
            own = _runs(text)
            self._sizes.append(len(own))
            for run in own:
                self._having[run].append(at)

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The text most like `text` and how alike they are (0 to 1, Jaccard); None for too short a text."""
        own = _runs(text)
        if len(own) + RUN - 1 < SHORTEST:
            return None
        shared = Counter(at for run in own for at in self._having.get(run, ()))
        if not shared:
            return None
        best = max(shared, key=lambda at: shared[at] / (len(own) + self._sizes[at] - shared[at]))
        return self._texts[best], shared[best] / (len(own) + self._sizes[best] - shared[best])


def _runs(text: str) -> set[str]:
    letters = re.sub(r"[\W_]", "", text).casefold()
    return {letters[at : at + RUN] for at in range(len(letters) - RUN + 1)}
