"""PDF: text page by page in reading order, ruled tables as tables, running headers and footers left out."""

from __future__ import annotations

import io
import re
import statistics
import zlib
from collections import Counter
from pathlib import PurePath
from typing import Any

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders.base import loads
from knowledge.loaders.layout import Item, items, paragraphs
from knowledge.loaders.pages import Pages, table_of, unwrapped

MAX_PAGES = 5_000
# One page's drawing commands, unpacked: a crowded vector drawing has about 20 MB.
MAX_STREAM = 64_000_000
# Running lines stand in the outer eighth of a page.
_MARGIN = 0.125
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-–—·\s]*(?:第\s*)?(?:page\s*)?\d{1,4}(?:\s*页)?(?:\s*(?:/|of|共|，共)\s*\d{1,4}\s*页?)?[-–—·\s]*", re.I
)
_PROGRAM = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b|untitled|无标题|幻灯片|slide|powerpoint)|\.\w{2,4}$", re.I
)


@loads(".pdf")
def load_pdf(data: bytes, name: str, origin: str) -> Document:
    """The document with its page numbers. Raises DocumentError for what is encrypted, damaged, or scanned throughout.

    Pages without text among others are named in the document's warnings.
    """
    _bounded(data, name)
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect, PDFTextExtractionNotAllowed

    try:
        file = pdfplumber.open(io.BytesIO(data))
        count = len(file.pages)
    except Exception as error:
        reasons = (error, error.__cause__, error.__context__, *error.args)
        if any(isinstance(reason, PDFPasswordIncorrect | PDFTextExtractionNotAllowed) for reason in reasons):
            raise DocumentError(
                f"{name} is protected by a password; save it without one and ingest it again"
            ) from error
        raise DocumentError(f"{name} is damaged or no PDF ({type(error).__name__}); print it to PDF again") from error
    if not count:
        raise DocumentError(f"{name} is damaged: it has no pages; print it to PDF again")
    if count > MAX_PAGES:
        raise DocumentError(f"{name} has {count:,} pages, more than {MAX_PAGES:,}; split it into parts")
    read: list[tuple[list[Item], float, float]] = []
    textless: list[int] = []
    broken: list[int] = []
    for page in file.pages:
        try:
            found, scanned = _page(page)
            read.append((found, float(page.width), float(page.height)))
            if scanned:
                textless.append(page.page_number)
        except Exception:
            # One page that cannot be drawn must not cost the others; it is named, and all failing is a failure.
            broken.append(page.page_number)
            read.append(([], 1.0, 1.0))
        finally:
            page.close()
    if not any(found for found, _, _ in read):
        if textless:
            raise DocumentError(
                f"{name} holds no text: its pages are pictures (scanned) or their fonts cannot be read; "
                "make the text searchable with an OCR program first"
            )
        raise DocumentError(f"{name} holds no text" if not broken else f"{name} is damaged: no page can be read")
    notes = []
    if textless:
        notes.append(f"no text on page {_listed(textless)}: scanned? An OCR program makes such pages readable")
    if broken:
        notes.append(f"page {_listed(broken)} could not be read and was left out")
    return _document(read, origin, name, str((file.metadata or {}).get("Title") or ""), tuple(notes))


def _document(
    read: list[tuple[list[Item], float, float]], origin: str, name: str, stated: str, notes: tuple[str, ...]
) -> Document:
    sizes: Counter[float] = Counter()
    for found, _, _ in read:
        for item in found:
            if not item.table:
                sizes[round(item.size, 1)] += len(item.text)
    body = statistics.median_low(sizes.elements()) if sizes else 10.0
    running = _running(read, body)
    pages, title = Pages(), ""
    header: list[str] = []
    for index, (found, width, _height) in enumerate(read):
        pages.begin(str(index + 1))
        kept = [item for item in found if (index, item) not in running]
        blocks = paragraphs(kept, width, body)
        for at, (text, table) in enumerate(blocks):
            rows = text.split("\n")
            if table and at == 0 and header and rows[0] != header[0] and rows[0].count("|") == header[0].count("|"):
                # A table that goes on from the page before has its header there.
                text = "\n".join([*header, rows[0], *rows[2:]])
                rows = text.split("\n")
            pages.add(text)
            header = rows[:2] if table and at == len(blocks) - 1 and len(rows) > 1 and rows[0].startswith("|") else []
            if not title and text.startswith("## "):
                title = text[3:].split("\n")[0]
        if not blocks:
            header = []
    stated = " ".join(stated.split())
    if len(stated) < 3 or _PROGRAM.search(stated) or "\ufffd" in stated:
        stated = ""
    return pages.document(origin, (stated or title or PurePath(name).stem)[:300], warnings=notes)


def _page(page: Any) -> tuple[list[Item], bool]:
    """The page's items, and whether it is a picture (or set in a font without a character map)."""
    characters = page.chars
    if not characters:
        return [], bool(page.images) or len(page.curves) > 200
    if sum(character["text"].startswith("(cid:") for character in characters) > 0.3 * len(characters):
        return [], True
    if any(character["upright"] for character in characters):
        # Watermarks run aslant through the text and would break its lines.
        page = page.filter(lambda piece: piece["object_type"] != "char" or piece["upright"])
    places = {(character["text"], round(character["x0"]), round(character["top"])) for character in page.chars}
    if len(places) < 0.99 * len(page.chars):
        # Bold made by printing twice: 96 GB would read 9966 GGBB.
        page = page.dedupe_chars(tolerance=1)
    words = page.extract_words(extra_attrs=["size"], x_tolerance_ratio=0.15, keep_blank_chars=False)
    found: list[Item] = []
    if len(page.lines) + len(page.rects) + len(page.curves) >= 3:
        for table in page.find_tables():
            rows = _filled(table)
            if len(rows) < 2 or max(map(len, rows)) < 2:
                continue
            text = table_of(rows)
            if not text.startswith("|"):
                continue
            x0, top, x1, bottom = table.bbox
            words = [
                word
                for word in words
                if not (
                    x0 <= (word["x0"] + word["x1"]) / 2 <= x1 and top <= (word["top"] + word["bottom"]) / 2 <= bottom
                )
            ]
            found.append(Item(text, x0, x1, top, bottom, 0.0, table=True))
    return [*items(words), *found], False


def _filled(table: Any) -> list[list[str]]:
    """The table's cells; one that spans rows or columns stands in every place that it covers."""
    texts = table.extract(x_tolerance_ratio=0.15)
    boxes = {
        cell: texts[at][column] or ""
        for at, row in enumerate(table.rows)
        for column, cell in enumerate(row.cells)
        if cell is not None
    }
    middles: dict[int, float] = {}
    for row in table.rows:
        for column, cell in enumerate(row.cells):
            # The narrowest cell of a column tells where the column is.
            if cell is not None and (column not in middles or (cell[0] + min(cell[2] - cell[0], 4)) < middles[column]):
                middles[column] = cell[0] + min(cell[2] - cell[0], 4) / 2
    rows = []
    for row in table.rows:
        heights = [cell[3] - cell[1] for cell in row.cells if cell is not None]
        middle = row.bbox[1] + min(heights, default=0) / 2
        cells = []
        for column, cell in enumerate(row.cells):
            if cell is None:
                x = middles.get(column, -1.0)
                cell = next((box for box in boxes if box[0] <= x <= box[2] and box[1] <= middle <= box[3]), None)
            cells.append(unwrapped(boxes[cell]) if cell is not None else "")
        rows.append(cells)
    return rows


def _running(read: list[tuple[list[Item], float, float]], body: float) -> set[tuple[int, Item]]:
    """(page, item) of running lines: the same in the margin of at least three pages and a fifth of all, or page numbers.

    A number in the line may change, but only as the page number does: a datasheet's first line with a figure in it
    is no header.
    """
    keys: dict[tuple[str, int | None], set[int]] = {}
    places: dict[tuple[int, Item], list[tuple[str, int | None]]] = {}
    dropped: set[tuple[int, Item]] = set()
    for index, (found, _, height) in enumerate(read):
        for item in found:
            # What is larger than the text is a heading: "Chapter 2" counts up with the pages too.
            if (
                item.table
                or item.size >= 1.15 * body
                or _MARGIN * height < (item.top + item.bottom) / 2 < (1 - _MARGIN) * height
            ):
                continue
            if _PAGE_NUMBER.fullmatch(item.text):
                numbers = [int(number) for number in _NUMBER.findall(item.text)]
                if len(read) > 1 and (
                    item.text.strip(" -–—·") != item.text or len(item.text) > 4 or index + 1 in numbers
                ):
                    dropped.add((index, item))
                    continue
            own: list[tuple[str, int | None]] = [(item.text, None)]
            for match in _NUMBER.finditer(item.text):
                if len(match.group()) <= 4:
                    own.append((f"{item.text[: match.start()]}#{item.text[match.end() :]}", int(match.group()) - index))
            places[index, item] = own
            for key in own:
                keys.setdefault(key, set()).add(index)
    enough = max(3, len(read) // 5)
    return dropped | {place for place, own in places.items() if any(len(keys[key]) >= enough for key in own)}


def _bounded(data: bytes, name: str) -> None:
    """Raises DocumentError when a stream other than a picture unpacks to more than MAX_STREAM bytes."""
    for match in re.finditer(rb"(?<!end)stream\r?\n", data):
        header = data[max(0, match.start() - 1000) : match.start()]
        header = header[header.rfind(b" obj") + 1 :]
        stages = len(re.findall(rb"/(?:FlateDecode|Fl)\b", header))
        if not stages or re.search(rb"/Subtype\s*/Image", header):
            continue
        end = data.find(b"endstream", match.end())
        stream = data[match.end() : end if end > 0 else len(data)]
        for _ in range(stages):
            unpacking = zlib.decompressobj()
            try:
                stream = unpacking.decompress(stream, MAX_STREAM + 1)
            except zlib.error:
                break
            if len(stream) > MAX_STREAM:
                raise DocumentError(
                    f"{name} holds a part that unpacks to more than {MAX_STREAM // 1_000_000} MB; it is not read"
                )


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} and {len(numbers) - 10} more"
