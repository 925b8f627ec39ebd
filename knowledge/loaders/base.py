"""What every loader is: bytes of one format in, a Document out; found by the file's suffix."""

from __future__ import annotations

from collections.abc import Callable

from knowledge.documents import Document

# A loader takes the bytes, the file's name and the document's origin.
Loader = Callable[[bytes, str, str], Document]

LOADERS: dict[str, Loader] = {}


def loads(*suffixes: str) -> Callable[[Loader], Loader]:
    """Registers a loader for file names that end in one of `suffixes`."""

    def register(loader: Loader) -> Loader:
        for suffix in suffixes:
            LOADERS[suffix] = loader
        return loader

    return register
