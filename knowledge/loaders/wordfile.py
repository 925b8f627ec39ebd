"""DOCX: headings, paragraphs, lists, tables and footnotes in the order of reading."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from knowledge.documents import Document
from knowledge.loaders.base import loads
from knowledge.loaders.container import check
from knowledge.loaders.pages import Pages, table_of

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Struck-out text, and the copy of a drawing that older programs would show.
_SKIPPED = (
    f"{_W}del",
    f"{_W}moveFrom",
    f"{_W}pPr",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
)


@loads(".docx")
def load_docx(data: bytes, name: str, origin: str) -> Document:
    """The document. It has page numbers when the program that wrote it left its page breaks in it (Word does)."""
    check(data, name, "word/")
    import docx
    from lxml import etree

    file = docx.Document(io.BytesIO(data))
    body = file.element.body
    pages, number = Pages(), 1
    # Breaks that an author set are fewer than the pages; only those of a rendering tell a page's true number.
    numbered = next(body.iter(f"{_W}lastRenderedPageBreak"), None) is not None
    if numbered:
        pages.begin("1")
    names = {style.style_id: (style.name or "") for style in file.styles}
    title = ""
    for block in _blocks(body):
        text, level = _block(block, names, file)
        breaks = sum(1 for _ in block.iter(f"{_W}lastRenderedPageBreak")) if numbered else 0
        # A paragraph that begins a page begins with the break; one that runs over belongs to the page it begins on.
        first = breaks and not _before_break(block)
        if first:
            number += 1
            pages.begin(str(number))
        pages.add("#" * level + " " + text if level and text else text)
        title = title or (text if level and len(text) <= 120 else "")
        if breaks - bool(first):
            number += breaks - bool(first)
            pages.begin(str(number))
    for relation in file.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")) and not relation.is_external:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            for paragraph in etree.fromstring(relation.target_part.blob, parser).iter(f"{_W}p"):
                pages.add(_words(paragraph))
    stated = (file.core_properties.title or "").strip()
    return pages.document(origin, (stated or title or PurePath(name).stem)[:300])


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables, those in content controls too."""
    for child in parent:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag"):
            yield from _blocks(child)


def _block(block: Any, names: dict[str, str], file: Any) -> tuple[str, int]:
    """A block's text and its heading level, 0 for what is no heading."""
    if block.tag == f"{_W}tbl":
        return _table(block, file), 0
    text = _words(block)
    style = block.find(f"{_W}pPr/{_W}pStyle")
    kind = names.get(style.get(f"{_W}val"), "").lower() if style is not None else ""
    if kind.startswith("heading ") and kind[8:].isdigit():
        return " ".join(text.split()), min(6, int(kind[8:]))
    if kind == "title":
        return " ".join(text.split()), 1
    if text and (block.find(f"{_W}pPr/{_W}numPr") is not None or kind.startswith("list")):
        return f"- {text}", 0
    return text, 0


def _table(element: Any, file: Any) -> str:
    from docx.table import Table

    rows = []
    for row in Table(element, file).rows:
        # A merged cell stands in every place that it covers.
        rows.append(
            [""] * row.grid_cols_before + ["\n".join(_words(p) for p in cell._tc.iter(f"{_W}p")) for cell in row.cells]
        )
    return table_of(rows)


def _words(paragraph: Any) -> str:
    pieces: list[str] = []

    def walk(element: Any) -> None:
        for child in element:
            if child.tag in _SKIPPED:
                continue
            if child.tag == f"{_W}t":
                pieces.append(child.text or "")
            elif child.tag == f"{_W}tab":
                pieces.append(" ")
            elif child.tag in (f"{_W}br", f"{_W}cr"):
                pieces.append("\n")
            elif child.tag == f"{_W}noBreakHyphen":
                pieces.append("-")
            else:
                if child.tag == f"{_W}p":
                    pieces.append("\n")
                walk(child)

    walk(paragraph)
    return "\n".join(line.strip() for line in "".join(pieces).split("\n") if line.strip())


def _before_break(block: Any) -> bool:
    """Whether words stand before the block's first page break."""
    for element in block.iter(f"{_W}t", f"{_W}lastRenderedPageBreak"):
        if element.tag.endswith("lastRenderedPageBreak"):
            return False
        if (element.text or "").strip():
            return True
    return False
