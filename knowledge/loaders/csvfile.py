"""CSV and TSV: one table."""

from __future__ import annotations

import csv
import io
from pathlib import PurePath

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders.base import loads
from knowledge.loaders.encoding import decode
from knowledge.metadata import language_of


def pipe_table(rows: list[list[str]]) -> str:
    """`rows` as a Markdown pipe table, the first being its header."""
    width = max(len(row) for row in rows)
    cells = [
        [cell.replace("|", "\\|").replace("\n", " ").strip() for cell in row] + [""] * (width - len(row))
        for row in rows
    ]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


@loads(".csv", ".tsv")
def load_csv(data: bytes, name: str, origin: str) -> Document:
    """The table as a document named like the file."""
    text = decode(data, name).replace("\r\n", "\n").replace("\r", "\n")
    head = text[:4096]
    delimiter = "\t" if name.lower().endswith(".tsv") else max(",;\t", key=head.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DocumentError(f"{name} is not a table that can be read ({error})") from error
    if not rows:
        raise DocumentError(f"{name} holds no rows")
    title = PurePath(name).stem
    return Document(origin, title, f"# {title}\n\n{pipe_table(rows)}\n", language=language_of(text), kind="spec")
