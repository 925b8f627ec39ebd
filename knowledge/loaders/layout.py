"""Layout: the words of a printed page put back into columns, paragraphs, headings and tables."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.loaders.pages import is_wide, joined, table_of

_BULLET = re.compile(r"^(?:[•·●■◆▪◦*✓–—-]\s*\S|[（(]?[一二三四五六七八九十\d]{1,3}[）)、]|\d{1,2}\.\s)")
_STOP = "。！？!?.；;，,：:、"
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of a line without a wide gap, or a whole table; measures in points from the page's top left."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    table: bool = False


def items(words: Sequence[dict[str, Any]]) -> list[Item]:
    """The stretches of each line: a gap as wide as a character is high ends one (a gutter, a table's column)."""
    found: list[Item] = []
    for line in _rows(sorted(words, key=lambda word: (word["top"] + word["bottom"]) / 2)):
        size = max(word["size"] for word in line)
        current: list[dict[str, Any]] = []
        for word in sorted(line, key=lambda word: word["x0"]):
            if current and word["x0"] - current[-1]["x1"] > 0.9 * size:
                found.append(_item(current))
                current = []
            current.append(word)
        found.append(_item(current))
    return found


def _rows(words: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = []
    middle = height = 0.0
    for word in words:
        at = (word["top"] + word["bottom"]) / 2
        if rows and at - middle <= 0.5 * max(height, word["bottom"] - word["top"]):
            rows[-1].append(word)
            if word["bottom"] - word["top"] > height:
                middle, height = at, word["bottom"] - word["top"]
        else:
            rows.append([word])
            middle, height = at, word["bottom"] - word["top"]
    return rows


def _item(words: list[dict[str, Any]]) -> Item:
    text, last, size = "", 0.0, max(word["size"] for word in words)
    base = max(word["bottom"] for word in words if word["size"] == size)
    for word in words:
        piece = word["text"]
        if word["size"] < 0.8 * size and piece.isdigit() and word["bottom"] < base - 0.15 * size:
            # A footnote's mark or an exponent: as a digit of full size it would change the figure before it.
            piece = piece.translate(_SUPERSCRIPT)
            text += piece
        else:
            gap = word["x0"] - last
            # Programs set Chinese and Latin a quarter of an em apart without any space between them.
            apart = gap > (0.12 if not text or is_wide(text[-1]) == is_wide(piece[0]) else 0.4) * size
            text += (" " if text and apart else "") + piece
        last = word["x1"]
    return Item(
        text, words[0]["x0"], words[-1]["x1"], min(w["top"] for w in words), max(w["bottom"] for w in words), size
    )


def paragraphs(found: list[Item], width: float, body: float) -> list[tuple[str, bool]]:
    """The page's blocks in reading order, each with whether it is a table. `body` is the size of ordinary text."""
    blocks: list[tuple[str, bool]] = []
    for column in _columns(found, width):
        blocks += _column(column, body)
    return blocks


def _columns(found: list[Item], width: float) -> list[list[Item]]:
    """The page's items as columns in reading order; what crosses the gutter ends the columns above it."""
    gutter = _gutter(found, width)
    if gutter is None:
        return [found]
    columns: list[list[Item]] = []
    left: list[Item] = []
    right: list[Item] = []
    full: list[Item] = []
    for item in sorted(found, key=lambda item: item.top):
        if item.x0 < gutter - 1 and item.x1 > gutter + 1:
            columns += [left, right]
            left, right = [], []
            full.append(item)
            continue
        if full:
            columns.append(full)
            full = []
        (left if item.x1 <= gutter + 1 else right).append(item)
    return [column for column in (*columns, full, left, right) if column]


def _gutter(found: list[Item], width: float) -> float | None:
    """Where a page of two columns is divided: lines of prose on both sides, few across."""
    text = [item for item in found if not item.table]
    best: tuple[int, float, float] | None = None
    for step in range(int(width * 0.3), int(width * 0.7), 2):
        crossing = sum(item.x0 < step - 1 and item.x1 > step + 1 for item in text)
        key = (crossing, abs(step - width / 2), float(step))
        best = min(best, key) if best is not None else key
    if best is None:
        return None
    crossing, _, at = best
    left = [item for item in text if item.x1 <= at + 1]
    right = [item for item in text if item.x0 >= at - 1]
    if min(len(left), len(right)) < 5 or crossing > 0.35 * (len(left) + len(right)):
        return None
    # Prose fills its column; the cells of a table that is drawn without lines do not.
    for side in (left, right):
        span = max(item.x1 for item in side) - min(item.x0 for item in side)
        if span < 0.2 * width or statistics.median(item.x1 - item.x0 for item in side) < 0.6 * span:
            return None
    return at


def _column(column: list[Item], body: float) -> list[tuple[str, bool]]:
    lines = _lines(column)
    right = max((item.x1 for line in lines for item in line if not item.table), default=0.0)
    blocks: list[tuple[str, bool]] = []
    paragraph, last = "", None
    at = 0
    while at < len(lines):
        line = lines[at]
        rows = 1 if line[0].table else _aligned(lines[at:])
        if line[0].table or rows >= 3:
            blocks += [(paragraph, False)] if paragraph else []
            cells = [[item.text for item in row] for row in lines[at : at + rows]]
            blocks.append((line[0].text if line[0].table else table_of(cells), True))
            paragraph, last = "", None
            at += rows
            continue
        text = "  ".join(item.text for item in line)
        whole = Item(text, line[0].x0, line[-1].x1, line[0].top, max(item.bottom for item in line), line[0].size)
        heading = whole.size >= 1.15 * body and len(text) <= 80 and text[-1:] not in _STOP[:5]
        if heading:
            text = f"## {text}"
        if last is None:
            paragraph = text
        elif not heading and not paragraph.startswith("#") and _continues(last, whole, right):
            paragraph = joined(paragraph, text)
        elif not heading and not paragraph.startswith("#") and whole.top - last.bottom <= whole.size:
            paragraph += "\n" + text
        elif (
            heading and paragraph.startswith("#") and whole.top - last.bottom <= whole.size and whole.size == last.size
        ):
            paragraph = joined(paragraph, text[3:])
        else:
            blocks.append((paragraph, False))
            paragraph = text
        last = whole
        at += 1
    return [*blocks, (paragraph, False)] if paragraph else blocks


def _lines(column: list[Item]) -> list[list[Item]]:
    lines: list[list[Item]] = []
    for item in sorted(column, key=lambda item: (item.top + item.bottom) / 2):
        if lines and not item.table and not lines[-1][0].table:
            head = lines[-1][0]
            if (item.top + item.bottom) / 2 - (head.top + head.bottom) / 2 <= 0.5 * max(item.size, head.size):
                lines[-1].append(item)
                lines[-1].sort(key=lambda one: one.x0)
                continue
        lines.append([item])
    return lines


def _continues(last: Item, item: Item, right: float) -> bool:
    """Whether `item` goes on with the paragraph of `last`: its first word would not have fitted on that line."""
    if _BULLET.match(item.text) or abs(item.size - last.size) > 0.1 * last.size:
        return False
    if item.top - last.bottom > 1.3 * item.size:
        return False
    first = re.match(r"[!-~]+", item.text)
    needed = 0.5 * item.size * (len(first.group()) + 1) if first else item.size
    return last.x1 + needed > right - 0.5 * item.size


def _aligned(lines: list[list[Item]]) -> int:
    """How many lines from the first on are rows of one table drawn without lines: as many cells, one below the other."""
    if len(lines[0]) < 2:
        return 1
    spans = [(item.x0, item.x1) for item in lines[0]]
    count = 1
    for previous, line in itertools.pairwise(lines):
        if len(line) != len(spans) or line[0].table or line[0].top - previous[0].bottom > 2.5 * line[0].size:
            break
        grown = [(min(a, item.x0), max(b, item.x1)) for (a, b), item in zip(spans, line, strict=True)]
        overlap = all(item.x0 < b and item.x1 > a for (a, b), item in zip(spans, line, strict=True))
        if not overlap or any(one[1] > two[0] for one, two in itertools.pairwise(grown)):
            break
        spans = grown
        count += 1
    return count
