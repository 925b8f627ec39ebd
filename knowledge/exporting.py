"""Export: a stored document as a Markdown file that, ingested again, gives the same text and provenance."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from knowledge.documents import Document
from knowledge.errors import StoreError

LONGEST_NAME = 60


def as_markdown(document: Document) -> str:
    """The document's front matter and text. Pages, sheets and slides have no place in Markdown and are lost."""
    header = {
        "title": document.title,
        "publisher": document.publisher,
        "url": document.url,
        "published": document.published,
        "language": document.language,
        "kind": document.kind,
        "claimed_by": document.claimed_by,
    }
    said = {name: value for name, value in header.items() if value is not None}
    front = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1_000_000)
    return f"---\n{front}---\n{document.text.strip(chr(10))}\n"


def file_name(document: Document) -> str:
    """A name for the document's file: of its title and its id, nothing of a path in it."""
    words = re.sub(r"[^\w\-]+", "-", document.title).strip("-_")[:LONGEST_NAME].strip("-_")
    return f"{words or 'document'}-{document.id}.md"


def export(documents: list[Document], folder: Path) -> list[Path]:
    """Writes each document to a file of its own in `folder`; returns the files. Raises StoreError when one cannot be."""
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for document in documents:
            path = folder / file_name(document)
            path.write_text(as_markdown(document), "utf-8")
            written.append(path)
    except OSError as error:
        raise StoreError(
            f"the documents cannot be exported to {folder} ({error.strerror or error}); {len(written)} were written"
        ) from error
    return written
