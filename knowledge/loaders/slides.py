"""PPTX: a page a slide, its shapes in reading order, tables and the data of charts as tables."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from knowledge.documents import Document
from knowledge.loaders.base import loads
from knowledge.loaders.container import check
from knowledge.loaders.pages import Pages, table_of


@loads(".pptx")
def load_pptx(data: bytes, name: str, origin: str) -> Document:
    """The deck: titles as headings, speaker's notes after the slide they belong to; hidden slides are left out."""
    check(data, name, "ppt/")
    import pptx

    deck = pptx.Presentation(io.BytesIO(data))
    pages, notes = Pages(), []
    first = ""
    for number, slide in enumerate(deck.slides, 1):
        if slide._element.get("show") in ("0", "false"):
            notes.append(f"the hidden slide {number} was left out")
            continue
        pages.begin(f"slide {number}")
        heading = slide.shapes.title
        if heading is not None and heading.text_frame.text.strip():
            words = " ".join(heading.text_frame.text.split())
            first = first or words
            pages.add(f"## {words}")
        for shape in _shapes(slide.shapes):
            if heading is not None and shape.shape_id == heading.shape_id:
                continue
            # Date, footer and slide number are furniture of the page.
            if shape.is_placeholder and shape.placeholder_format.type in _furniture():
                continue
            pages.add(_text(shape))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            pages.add(_lines(slide.notes_slide.notes_text_frame))
    stated = (deck.core_properties.title or "").strip()
    # What python-pptx and PowerPoint themselves put there names no document.
    title = stated if stated and stated.lower() not in ("powerpoint presentation", "powerpoint 演示文稿") else first
    return pages.document(origin, (title or PurePath(name).stem)[:300], warnings=tuple(notes))


def _furniture() -> tuple[Any, ...]:
    from pptx.enum.shapes import PP_PLACEHOLDER

    return (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)


def _shapes(shapes: Any) -> Iterator[Any]:
    """The shapes from top to bottom and left to right, those of groups in their group's place."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _text(shape: Any) -> str:
    if getattr(shape, "has_table", False):
        return table_of(_grid(shape.table))
    if getattr(shape, "has_chart", False):
        return _chart(shape.chart)
    return _lines(shape.text_frame) if shape.has_text_frame else ""


def _lines(frame: Any) -> str:
    return "\n".join(
        " ".join(paragraph.text.replace("\v", " ").split()) for paragraph in frame.paragraphs if paragraph.text.strip()
    )


def _grid(table: Any) -> list[list[str]]:
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    for at, row in enumerate(table.rows):
        for column, cell in enumerate(row.cells):
            if cell.is_merge_origin:
                for down in range(cell.span_height):
                    for along in range(cell.span_width):
                        rows[at + down][column + along] = cell.text
    return rows


def _chart(chart: Any) -> str:
    """A chart's title and its data, a series a column; of charts without categories the title alone."""
    title = (
        " ".join(chart.chart_title.text_frame.text.split())
        if chart.has_title and chart.chart_title.has_text_frame
        else ""
    )
    try:
        plot = chart.plots[0]
        categories = [str(category) for category in plot.categories]
        series = [(one.name or "", list(one.values)) for plot in chart.plots for one in plot.series]
    except (IndexError, KeyError, ValueError, AttributeError, NotImplementedError):
        return title
    if not categories or not series:
        return title
    rows = [["", *(name for name, _ in series)]]
    for at, category in enumerate(categories):
        values = [values[at] if at < len(values) else None for _, values in series]
        rows.append([category, *("" if value is None else f"{value:.15g}" for value in values)])
    return "\n\n".join(filter(None, (title, table_of(rows))))
