"""Pages: text put together page by page, and tables of any program as pipe tables."""

from __future__ import annotations

import re

from knowledge.documents import Document, Kind
from knowledge.loaders.csvfile import pipe_table
from knowledge.metadata import describe, language_of

_WIDE = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f“”‘’…—]"
_NO_SPACE = re.compile(rf"{_WIDE}\Z|[-/‐]\Z")
_WIDE_START = re.compile(rf"\A{_WIDE}")


def is_wide(character: str) -> bool:
    """Whether a character is Chinese, a letter or its punctuation."""
    return _WIDE_START.match(character) is not None


def joined(above: str, below: str) -> str:
    """Two lines of one paragraph as one: a space between Latin words, none beside a Chinese character."""
    if not above or not below:
        return above or below
    return above + ("" if _NO_SPACE.search(above) or _WIDE_START.match(below) else " ") + below


def unwrapped(text: str) -> str:
    """A cell's lines as one line."""
    line = ""
    for piece in text.replace("\v", "\n").splitlines():
        line = joined(line, " ".join(piece.split()))
    return line


def table_of(rows: list[list[str]]) -> str:
    """`rows` as a pipe table, without empty rows and columns; "" when nothing is left; a lone column becomes lines.

    A header of two levels (one cell over several columns) is made one, "算力 FP16": the level that says what is
    measured would otherwise be lost to every column under it.
    """
    rows = [[unwrapped(cell) for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    kept = [column for column in range(width) if any(row[column] for row in rows)]
    rows = [[row[column] for column in kept] for row in rows]
    if len(kept) == 1:
        return "\n".join(row[0] for row in rows)
    if len(rows) > 2 and _two_levels(rows[0], rows[1]):
        first, second = rows[:2]
        head = [
            above if above == below else " ".join(filter(None, (above, below)))
            for above, below in zip(first, second, strict=True)
        ]
        rows = [head, *rows[2:]]
    if len(rows) == 1:
        return "  ".join(rows[0])
    return pipe_table(rows)


def _two_levels(first: list[str], second: list[str]) -> bool:
    """Whether neighbours are the same in the first row and differ, without being quantities, in the second."""
    spans = [at for at in range(len(first) - 1) if first[at] and first[at] == first[at + 1]]
    if not spans or len(set(filter(None, first))) < 2:
        return False
    return all(second[at] != second[at + 1] and not second[at][:1].isdigit() for at in spans)


class Pages:
    """Collects a document's blocks and where its pages, sheets or slides begin."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._starts: list[tuple[int, str]] = []

    def begin(self, label: str) -> None:
        """A page begins; one without a block leaves no trace."""
        if self._starts and self._starts[-1][0] == self._length:
            self._starts.pop()
        self._starts.append((self._length, label))

    def add(self, block: str) -> None:
        """A paragraph, heading or table."""
        block = block.replace("\x00", "").strip("\n")
        if block.strip():
            self._pieces.append(block + "\n\n")
            self._length += len(block) + 2

    def document(
        self, origin: str, title: str, kind: Kind = "news", warnings: tuple[str, ...] = (), url: str | None = None
    ) -> Document:
        """The document; publisher and date where its first lines say them."""
        text = "".join(self._pieces)
        pages = tuple(start for start in self._starts if start[0] < len(text))
        opening = describe(text[:1500].replace("\n\n", "\n"), title) if text.strip() else None
        return Document(
            origin,
            title,
            text,
            publisher=opening.publisher if opening else None,
            url=url,
            published=opening.published if opening else None,
            language=language_of(text),
            kind=kind,
            pages=pages,
            warnings=warnings,
        )
