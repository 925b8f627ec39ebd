"""Tables: the Markdown pipe tables in a document's text, cell by cell, with exact spans."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEPARATOR = re.compile(
    r"^\s*\|?\s*(?::?-{2,}:?|:-+:?|-+:)\s*(?:\|\s*(?::?-{2,}:?|:-+:?|-+:)\s*)*\|?\s*$|^\s*\|\s*:?-+:?\s*\|\s*$"
)
_PIPE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Cell:
    """`text == document.text[start:end]`, without the white space around it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table: header and rows of equal width (short rows padded with empty cells), and what stands right above it."""

    start: int
    end: int
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    row_spans: tuple[tuple[int, int], ...]
    caption: str = ""


def find_tables(text: str) -> list[TableBlock]:
    """The pipe tables of `text`, in order. A line of pipes without a separator line below its header is no table.

    Cells beyond the header's width are dropped, since nothing says what they are.
    """
    tables: list[TableBlock] = []
    if "|" not in text:
        return tables
    lines = _lines(text)
    at = 0
    while at + 1 < len(lines):
        start, end = lines[at]
        below = text[lines[at + 1][0] : lines[at + 1][1]]
        if "|" not in text[start:end] or "-" not in below or not _SEPARATOR.match(below):
            at += 1
            continue
        header = _cells(text, start, end)
        stop = at + 2
        while (
            stop < len(lines)
            and "|" in text[lines[stop][0] : lines[stop][1]]
            and text[lines[stop][0] : lines[stop][1]].strip()
        ):
            stop += 1
        spans = [_trimmed(text, *lines[row]) for row in range(at + 2, stop)]
        rows = tuple(_fit(_cells(text, *span), len(header), span[1]) for span in spans)
        tables.append(
            TableBlock(start, lines[stop - 1][1], tuple(header), rows, tuple(spans), _caption(text, lines, at))
        )
        at = stop
    return tables


def header_above(text: str, start: int) -> str:
    """The header line of the table that has a row at `start`, with the rule below it; "" where there is no such table."""
    end = text.rfind("\n", 0, start)
    while end >= 0:
        begin = text.rfind("\n", 0, end) + 1
        line = text[begin:end]
        if "|" not in line:
            return ""
        if _SEPARATOR.match(line):
            above = text.rfind("\n", 0, max(0, begin - 1)) + 1
            return text[above:end] if "|" in text[above : max(above, begin - 1)] else ""
        end = begin - 1
    return ""


def _lines(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        spans.append((start, end))
        start = end + 1
    return spans


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    body = text[start:end]
    start += len(body) - len(body.lstrip())
    return start, max(start, start + len(body.strip()))


def _cells(text: str, start: int, end: int) -> list[Cell]:
    start, end = _trimmed(text, start, end)
    if text[start : start + 1] == "|":
        start += 1
    if end > start and text[end - 1] == "|" and text[end - 2] != "\\":
        end -= 1
    cells, at = [], start
    if "\\" not in text[start:end]:
        for piece in text[start:end].split("|"):
            body = piece.strip()
            first = at + len(piece) - len(piece.lstrip())
            cells.append(Cell(first, first + len(body), body))
            at += len(piece) + 1
        return cells
    for match in (*_PIPE.finditer(text, start, end), None):
        stop = end if match is None else match.start()
        first, last = _trimmed(text, at, stop)
        cells.append(Cell(first, last, text[first:last]))
        at = stop if match is None else match.end()
    return cells


def _fit(cells: list[Cell], width: int, end: int) -> tuple[Cell, ...]:
    return tuple(cells[:width]) + tuple(Cell(end, end, "") for _ in range(width - len(cells)))


def _caption(text: str, lines: list[tuple[int, int]], at: int) -> str:
    """The nearest line above, when it is short: a heading or a caption says what the table is of."""
    for start, end in reversed(lines[max(0, at - 3) : at]):
        line = text[start:end].strip()
        if line:
            return line.lstrip("# ").strip() if len(line) <= 60 else ""
    return ""
