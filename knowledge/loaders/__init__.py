"""Loaders: one module a format, found by the file's suffix; bytes in, a Document out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders import csvfile, html, markdown, text
from knowledge.loaders.base import LOADERS

__all__ = ["LOADERS", "MAX_BYTES", "discover", "load", "load_bytes"]

_FORMATS = (csvfile, html, markdown, text)
# What images, archives, PDF and office files begin with, whatever they are called.
_BINARY = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"%PDF-",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"\xd0\xcf\x11\xe0",
    b"RIFF",
    b"\x7fELF",
)
# News and spec sheets are kilobytes; beyond this a "document" is a dump that nobody could cite a passage of.
MAX_BYTES = 20_000_000


def load_bytes(data: bytes, name: str, origin: str) -> Document:
    """The document in `data`, read as the format that `name` ends in. Raises DocumentError saying what to do."""
    if not data.strip():
        raise DocumentError(f"{name} is empty")
    if data.startswith(_BINARY):
        raise DocumentError(f"{name} looks like a binary file, not text; convert it to text, Markdown or HTML first")
    if len(data) > MAX_BYTES:
        raise DocumentError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB; split it into parts")
    loader = LOADERS.get(PurePath(name).suffix.lower())
    if loader is None:
        raise DocumentError(f"{name}: files of this kind are not read; supported are {', '.join(sorted(LOADERS))}")
    try:
        document = loader(data, name, origin)
    except DocumentError:
        raise
    except Exception as error:
        # Whatever a parser trips over, one bad file is one failure and never the end of an ingest.
        raise DocumentError(
            f"{name} cannot be read as {PurePath(name).suffix} ({type(error).__name__}: {error})"
        ) from error
    if not document.text.strip():
        raise DocumentError(f"{name} holds no text")
    return document


def load(path: Path, origin: str | None = None) -> Document:
    """The document in the file `path`; its origin is the absolute path unless given."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DocumentError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB; split it into parts")
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror or error})") from error
    return load_bytes(data, path.name, origin or str(path.resolve()))


def discover(paths: Sequence[Path]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The files to read under `paths`, sorted, and what cannot be read with the reason.

    In a folder, hidden files and files of other kinds are passed over; a file named outright is always tried.
    """
    files: list[Path] = []
    failures: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():

            def unreadable(error: OSError) -> None:
                failures.append((Path(error.filename), f"cannot be read ({error.strerror})"))

            found = []
            for folder, inner, names in os.walk(path, onerror=unreadable):
                inner[:] = sorted(name for name in inner if not name.startswith("."))
                found += [
                    Path(folder) / name
                    for name in sorted(names)
                    if not name.startswith(".") and PurePath(name).suffix.lower() in LOADERS
                ]
            if not found and not failures:
                failures.append((path, f"the folder holds no file of a supported kind ({', '.join(sorted(LOADERS))})"))
            files += found
        elif path.exists():
            files.append(path)
        else:
            failures.append((path, "there is no such file or folder"))
    readable = []
    for path in files:
        if path.is_file() and os.access(path, os.R_OK):
            readable.append(path)
        else:
            failures.append((path, "cannot be read; check its permissions"))
    return list(dict.fromkeys(readable)), failures
