"""Plain text: a news article as people paste and save it."""

from __future__ import annotations

from pathlib import PurePath

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders.base import loads
from knowledge.loaders.encoding import decode
from knowledge.metadata import describe, language_of


@loads(".txt", ".text")
def load_text(data: bytes, name: str, origin: str) -> Document:
    """The document; title, publisher and date from its first lines, boilerplate at its end left out."""
    described = describe(decode(data, name), PurePath(name).stem)
    if not described.text.strip():
        raise DocumentError(f"{name} holds no text")
    return Document(
        origin,
        described.title,
        described.text,
        publisher=described.publisher,
        published=described.published,
        language=language_of(described.text),
    )
