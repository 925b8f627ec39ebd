"""XLSX: every visible sheet, its blocks of cells as tables, values as a reader of the sheet sees them."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
from pathlib import PurePath
from typing import Any

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders.base import loads
from knowledge.loaders.container import check
from knowledge.loaders.pages import Pages, table_of

# Merged cells are filled one by one; a sheet merged to its last corner would have 17 thousand million of them.
MAX_MERGED = 500_000
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']")
_UNCACHED = re.compile(rb"<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<v\s*/>|<v></v>)?\s*</(?:\w+:)?c>")
_LITERAL = re.compile(r"\"([^\"]*)\"|\\(.)|\[[^\]]*\]|_.|\*.")


@loads(".xlsx", ".xlsm")
def load_xlsx(data: bytes, name: str, origin: str) -> Document:
    """The workbook: a page a sheet. Hidden sheets, rows and columns are left out, since nobody who checks sees them.

    A formula counts with the value that was stored with it. Raises DocumentError for what cannot be read.
    """
    uncached = _checked(check(data, name, "xl/"), name)
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
    pages, notes = Pages(), []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            notes.append(f"the hidden sheet {sheet.title} was left out")
            continue
        pages.begin(f"sheet {sheet.title}")
        heading = f"## {sheet.title}"
        for block in _blocks(sheet):
            if heading:
                pages.add(heading)
                heading = ""
            pages.add(block)
    if uncached:
        notes.append(f"{uncached} formulas have no stored value; open the file in a spreadsheet program and save it")
    stated = (book.properties.title or "").strip()
    return pages.document(origin, (stated or PurePath(name).stem)[:300], kind="spec", warnings=tuple(notes))


def _checked(archive: zipfile.ZipFile, name: str) -> int:
    """The number of formulas without a value. Raises DocumentError when too many cells are merged."""
    uncached = 0
    for member in archive.namelist():
        if not member.startswith("xl/worksheets/") or not member.endswith(".xml"):
            continue
        xml = archive.read(member)
        merged = 0
        for left, top, right, bottom in _MERGE.findall(xml):
            merged += (abs(int(bottom) - int(top)) + 1) * (abs(_column(right) - _column(left)) + 1)
        if merged > MAX_MERGED:
            raise DocumentError(f"{name} merges {merged:,} cells of a sheet; unmerge them and save it again")
        uncached += len(_UNCACHED.findall(xml))
    return uncached


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _blocks(sheet: Any) -> list[str]:
    """Captions and tables: a blank row ends a block, a row with one value alone above a table is its caption."""
    hidden_rows = {number for number, row in sheet.row_dimensions.items() if row.hidden}
    hidden = {
        column
        for group in sheet.column_dimensions.values()
        if group.hidden
        for column in range(group.min or 0, (group.max or 0) + 1)
    }
    cells: dict[int, dict[int, str]] = {}
    # Only cells that exist: formatting down to the last row makes a sheet of a million empty ones.
    for (row, column), cell in sheet._cells.items():
        words = shown(cell.value, cell.number_format) if cell.value is not None else ""
        if words:
            cells.setdefault(row, {})[column] = words
    alone = {row for row, found in cells.items() if len(found) == 1}
    for span in sheet.merged_cells.ranges:
        words = cells.get(span.min_row, {}).get(span.min_col, "")
        if not words:
            continue
        for row in range(span.min_row, span.max_row + 1):
            if row > span.min_row:
                alone.discard(row)
            for column in range(span.min_col, span.max_col + 1):
                cells.setdefault(row, {})[column] = words
    blocks: list[str] = []
    rows: list[tuple[int, dict[int, str]]] = []
    previous = 0
    for row in sorted(cells):
        if row in hidden_rows:
            continue
        found = {column: words for column, words in cells[row].items() if column not in hidden}
        if not found:
            continue
        if rows and any(number not in hidden_rows for number in range(previous + 1, row)):
            blocks += _block(rows, alone)
            rows = []
        rows.append((row, found))
        previous = row
    return blocks + _block(rows, alone)


def _block(rows: list[tuple[int, dict[int, str]]], alone: set[int]) -> list[str]:
    captions: list[str] = []
    rows = list(rows)
    while rows and rows[0][0] in alone and (len(rows) == 1 or len(rows[0][1]) != 1 or len(rows[1][1]) > 1):
        captions.append(next(iter(rows.pop(0)[1].values())))
    notes: list[str] = []
    while (
        len(rows) > 1
        and rows[-1][0] in alone
        and len(set(rows[-1][1].values())) == 1
        and len(rows[-1][1].values()) == 1
    ):
        words = next(iter(rows[-1][1].values()))
        if len(words) < 12:
            break
        notes.insert(0, words)
        rows.pop()
    if not rows:
        return [*captions, *notes]
    columns = sorted({column for _, found in rows for column in found})
    return [*captions, table_of([[found.get(column, "") for column in columns] for _, found in rows]), *notes]


def shown(value: object, number_format: str = "General") -> str:
    """A cell's value as the sheet shows it: per cent, units that stand in the format, dates; every digit kept."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if not isinstance(value, int | float):
        words = str(value).strip()
        return "" if re.fullmatch(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)", words) else words
    amount: float = value
    sections = (number_format or "General").split(";")
    section = sections[1] if amount < 0 and len(sections) > 1 and sections[1] else sections[0]
    literals = [(match.start(), match.group(1) or match.group(2) or "") for match in _LITERAL.finditer(section)]
    bare = _LITERAL.sub("", section)
    digits = re.search(r"[0#?]", section)
    at = digits.start() if digits else 0
    before = "".join(words for start, words in literals if start < at)
    after = "".join(words for start, words in literals if start >= at)
    scale = re.search(r"[0#?](,+)(?![0#?])", bare)
    if scale:
        amount = amount / 1000 ** len(scale.group(1))
    if "%" in bare:
        return f"{before}{amount * 100:.12g}%{after}"
    currency = re.search(r"\[\$([^\]-]+)", section)
    sign = currency.group(1) if currency else next((mark for mark in "¥￥$€" if mark in bare), "")
    number = str(amount) if isinstance(amount, int) else f"{amount:.15g}"
    if "e" in number:
        number = f"{amount:f}".rstrip("0").rstrip(".") if abs(amount) >= 1e-6 else number
    return f"{sign}{before}{number}{after}".strip()
