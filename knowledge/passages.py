"""Passages: a document cut into pieces for retrieval, never inside a sentence or a table row."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.documents import Document, Passage
from knowledge.tables import TableBlock, find_tables

TARGET = 420
SMALLEST = 40
# A "sentence" longer than this has no end that we recognise; it is cut at a comma or a space instead of growing.
LONGEST = 4000

_CLOSERS = "”’」』】）)\"'》]"
_END = re.compile(
    rf"[。！？!?；;…]+[{re.escape(_CLOSERS)}]*(?:\[\d{{1,3}}\])*|\n+|(?<![A-Z\d])\.(?=[{re.escape(_CLOSERS)}]*(?:\[\d{{1,3}}\])*\s+[A-Z\u4e00-\u9fff“\"'(#\d-]|\s*$)[{re.escape(_CLOSERS)}]*(?:\[\d{{1,3}}\])*"
    rf"|(?<=[A-Z\d])\.(?=\s+[A-Z\u4e00-\u9fff“])"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|Inc|Corp|Ltd|Co|No|vs|approx|Fig|Dr|Mr|Mrs|Ms|St|U\.S|U\.K|etc|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|al|ver)|(?:^|\s)[A-Z]|(?:^|\n)\s*\d{1,2})$"
)
_ADDRESS = re.compile(r"https?://[^\s，。）)]*$")
_TEXT = re.compile(r"\S")
_LABELLED = re.compile(r"[：:][^\n]*\d")
_HEADING = re.compile(r"^#{1,6}\s+\S")


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The exact spans of the sentences in `text[start:end]`, without the white space around them.

    A line break ends a sentence; a full stop inside a number (376.0), an abbreviation or a list number does not.
    A table row and a heading are one sentence each.
    """
    end = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    at = start
    line_end = -1
    for match in _END.finditer(text, start, end):
        if match.start() < at:
            continue
        if match.end() > line_end:
            line_start = text.rfind("\n", 0, match.start()) + 1
            line_end = text.find("\n", match.start())
            line_end = end if line_end < 0 else line_end
            whole_line = text[line_start : line_start + 1] in "|#" and text[line_start : line_start + 1] != ""
        if whole_line and match.start() < line_end and not match.group().startswith("\n"):
            continue
        if match.group()[0] in "?;" and _ADDRESS.search(text, max(at, match.start() - 300), match.start()):
            continue
        if match.group()[0] == "." and text[line_start : match.start()].strip().isdigit():
            continue
        if match.group()[0] == "." and _ABBREVIATION.search(text, max(at, match.start() - 12), match.start()):
            continue
        _append(spans, text, at, match.end())
        at = match.end()
    _append(spans, text, at, end)
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        cut = max(text.rfind(mark, start + LONGEST // 2, start + LONGEST) for mark in ("，", "、", ",", " "))
        cut = start + LONGEST if cut < 0 else cut + 1
        spans.append((start, cut))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if end > start:
        spans.append((start, end))


@dataclass(slots=True)
class _Piece:
    start: int
    end: int
    heading: tuple[str, ...]
    table: bool = False
    header: str = ""


def split(document: Document, target_chars: int = TARGET) -> list[Passage]:
    """The passages of `document` in order: each `text == document.text[start:end]`, of about `target_chars` characters.

    They cover every character that is neither blank nor a heading exactly once; a long table's later passages carry
    its header row in `header`; no passage crosses a page.
    """
    text, document_id = document.text, document.id
    found = [
        Passage(
            document_id,
            piece.start,
            piece.end,
            text[piece.start : piece.end],
            heading=piece.heading,
            header=piece.header,
            table=piece.table,
            page=document.page_at(piece.start),
        )
        for piece in _pieces(document, target_chars)
    ]
    if found or not text.strip():
        return found
    # A document of headings alone is one passage: it can be found, if not much more.
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return [Passage(document_id, start, end, text[start:end], page=document.page_at(start))]


def _pieces(document: Document, target: int) -> Iterator[_Piece]:
    text = document.text
    tables = find_tables(text)
    pages = [offset for offset, _ in document.pages]
    headings: list[tuple[int, str]] = []
    current: _Piece | None = None
    for block in _in_order(text, tables):
        if isinstance(block, TableBlock):
            if current is not None:
                yield current
                current = None
            yield from _table(text, block, _path(headings), target)
            continue
        start, end = block
        line = text[start:end]
        if _HEADING.match(line) or is_heading(text, start, end):
            if current is not None:
                yield current
                current = None
            level = len(line) - len(line.lstrip("#")) or 2
            headings = [(depth, name) for depth, name in headings if depth < level]
            headings.append((level, line.lstrip("#").strip()))
            continue
        path = _path(headings)
        crossing = current is not None and bisect_right(pages, start) > bisect_right(pages, current.start)
        if current is None or crossing or (end - current.start > target and current.end - current.start >= SMALLEST):
            if current is not None:
                yield current
            current = _Piece(start, end, path)
        else:
            current.end = end
    if current is not None:
        yield current


def _in_order(text: str, tables: list[TableBlock]) -> Iterator[TableBlock | tuple[int, int]]:
    at = 0
    for table in tables:
        yield from sentences(text, at, table.start)
        yield table
        at = table.end
    yield from sentences(text, at)


def is_heading(text: str, start: int, end: int) -> bool:
    """Whether the sentence `[start, end)` is a heading: marked by #, or a short line of its own without a full stop."""
    if text[start] == "#":
        return bool(_HEADING.match(text[start:end]))
    if end - start > 40 or text[end - 1] in "。！？!?.；;，,：:…" or text[start] in "-*|>+" or text[start].isdigit():
        return False
    if _LABELLED.search(text, start, end):
        # 显存容量：80 GB states something.
        return False
    before = text.rfind("\n", 0, start)
    after = text.find("\n", end)
    if text[before + 1 : start].strip() or text[end : len(text) if after < 0 else after].strip():
        return False
    # A heading has a blank line or the beginning above it, and more text below.
    above = before <= 0 or text[max(0, before - 80) : before].rstrip(" \t").endswith("\n")
    return above and start > 0 and after >= 0 and _TEXT.search(text, after) is not None


def _path(headings: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in headings)


def _table(text: str, table: TableBlock, heading: tuple[str, ...], target: int) -> Iterator[_Piece]:
    """A table in one passage, or in several whose later ones repeat the header as context."""
    header_end = text.find("\n", table.start)
    header = text[table.start : header_end if header_end > 0 else table.end].strip()
    piece = _Piece(table.start, table.row_spans[0][0] - 1 if table.row_spans else table.end, heading, table=True)
    first = True
    for start, end in table.row_spans:
        if end - piece.start > target and not first and piece.end - piece.start >= SMALLEST:
            yield piece
            piece = _Piece(start, end, heading, table=True, header=header)
        else:
            piece.end = end
        first = False
    yield piece
