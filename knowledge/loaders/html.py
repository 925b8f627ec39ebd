"""HTML: the main text of a page, its tables kept as tables, without the page's furniture."""

from __future__ import annotations

import re
import secrets
from pathlib import PurePath
from typing import Any

from knowledge.documents import PARTIAL_DATE, Document
from knowledge.errors import DocumentError
from knowledge.loaders.base import loads
from knowledge.loaders.csvfile import pipe_table
from knowledge.loaders.encoding import decode
from knowledge.metadata import clean_lines, describe, language_of

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.I)


# Styles by which a text is there for machines only. `hidden="until-found"` is text that a click shows; it is rare enough.
_HIDDEN = re.compile(
    r"(?i)display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:\.0*)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
)


@loads(".html", ".htm", ".xhtml")
def load_html(data: bytes, name: str, origin: str) -> Document:
    """The document; title, publisher, date and address from the page's own metadata, else from its first lines.

    Raises DocumentError when the page has no text of its own.
    """
    declared = _CHARSET.search(data[:4096])
    charset = declared.group(1).decode("ascii") if declared else None
    page = decode(data, name, charset)
    import trafilatura
    from lxml import etree

    try:
        tree: Any = trafilatura.load_html(page)
    except (ValueError, etree.LxmlError) as error:
        raise DocumentError(f"{name} is not HTML that can be read ({error})") from error
    if tree is None:
        raise DocumentError(f"{name} is not HTML that can be read")
    _drop_hidden(tree)
    token = secrets.token_hex(6).upper()
    held = _take_tables(tree, token)
    extracted: Any = trafilatura.bare_extraction(
        tree,
        include_tables=True,
        include_comments=False,
        favor_recall=True,
        with_metadata=True,
        url=origin if origin.startswith("http") else None,
        # Only what the page declares as its date: a search through its text finds the year of a copyright line.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    text = (extracted.text or "") if extracted is not None else ""
    if len(text.strip()) < 20 and not held:
        text = "\n".join(
            piece.strip()
            for piece in tree.xpath("//body//text()[not(ancestor::script) and not(ancestor::style)]")
            if piece.strip()
        )
    text = _put_tables(text, held, token)
    if not text.strip():
        raise DocumentError(
            f"{name} has no text: it may be built by scripts; save the page from a browser as HTML after it has loaded"
        )
    title = (extracted.title if extracted is not None else None) or PurePath(name).stem
    text = _from_headline(clean_lines(text).lstrip("\n"), title)
    described = describe(text if text.startswith(title) else f"{title}\n{text}", title)
    body = described.text
    site = extracted.sitename if extracted is not None else None
    date = extracted.date if extracted is not None and extracted.date and PARTIAL_DATE.match(extracted.date) else None
    # The page's own words win over what a library guesses from its markup.
    return Document(
        origin,
        title,
        body,
        publisher=described.publisher or site,
        url=extracted.url if extracted is not None else None,
        published=described.published or date,
        language=language_of(body),
    )


def _drop_hidden(tree: Any) -> None:
    """Takes out what a page does not show: whoever reads the page beside an answer could not find it there."""
    hidden = [
        element
        for element in tree.iter()
        if isinstance(element.tag, str)
        and element.tag not in ("html", "body")
        and ("hidden" in element.attrib or _HIDDEN.search(element.get("style") or ""))
    ]
    for element in hidden:
        if element.getparent() is not None:
            element.drop_tree()


def _from_headline(text: str, title: str) -> str:
    """`text` from the line that is its title on, where only a menu's short lines stand before it: of a page with very
    little text, everything is taken for the article."""
    lines = text.split("\n")
    for at, line in enumerate(lines[:30]):
        if line.strip().lstrip("# ") == title:
            return "\n".join(lines[at:])
        if len(line.strip()) > 30:
            break
    return text


def _grid(table: Any) -> list[list[str]]:
    """The table's cells with row and column spans filled in, so that no value slips under another header."""
    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    for row in table.iter("tr"):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _fill(cells, below)
            words = " ".join(" ".join(cell.itertext()).split())
            down = _span(cell.get("rowspan"))
            for _ in range(_span(cell.get("colspan"))):
                if down > 1:
                    below[len(cells)] = (down - 1, words)
                cells.append(words)
        _fill(cells, below)
        if any(cells):
            rows.append(cells)
    return rows


def _fill(cells: list[str], below: dict[int, tuple[int, str]]) -> None:
    """Adds the cells that reach down from the rows above to where `cells` has got."""
    while len(cells) in below:
        at = len(cells)
        left, words = below.pop(at)
        if left > 1:
            below[at] = (left - 1, words)
        cells.append(words)


def _span(value: str | None) -> int:
    return min(20, int(value)) if value and value.isascii() and value.isdigit() and int(value) else 1


def _take_tables(tree: Any, token: str) -> list[str]:
    """Replaces every data table by a placeholder paragraph and returns the tables as pipe tables, in order."""
    from lxml import html

    held: list[str] = []
    for table in list(tree.iter("table")):
        if any(True for _ in table.iterdescendants("table")) or any(
            True for _ in table.iterancestors("nav", "footer", "aside", "header")
        ):
            continue
        rows = _grid(table)
        if len(rows) < 2 or max(map(len, rows)) < 2:
            continue
        caption = " ".join(" ".join(piece.itertext()) for piece in table.iter("caption")).strip()
        held.append((f"{caption}\n\n" if caption else "") + pipe_table(rows))
        mark = html.Element("p")
        mark.text = f"{token}X{len(held) - 1}X 表格占位，此处原为一张数据表，稍后放回原处。"
        mark.tail = table.tail
        table.getparent().replace(table, mark)
    return held


def _put_tables(text: str, held: list[str], token: str) -> str:
    left = set(range(len(held)))

    def put(match: re.Match[str]) -> str:
        left.discard(int(match.group(1)))
        return f"\n\n{held[int(match.group(1))]}\n\n"

    text = re.sub(rf"[ \t]*{token}X(\d+)X 表格占位，此处原为一张数据表，稍后放回原处。[ \t]*", put, text)
    # A table that the extraction took for furniture is data all the same.
    return text + "".join(f"\n\n{held[index]}\n" for index in sorted(left))
