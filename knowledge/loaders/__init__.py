"""Loaders: one module a format, found by the file's suffix; bytes in, a Document out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from knowledge.documents import Document
from knowledge.errors import DocumentError
from knowledge.loaders import csvfile, html, markdown, pdf, sheets, slides, text, wordfile
from knowledge.loaders.base import LOADERS

__all__ = ["LOADERS", "MAX_BYTES", "discover", "load", "load_bytes", "size_limit"]

_FORMATS = (csvfile, html, markdown, pdf, sheets, slides, text, wordfile)
# Formats that are binary; their loaders judge the bytes themselves.
_PACKED = (".pdf", ".docx", ".xlsx", ".xlsm", ".pptx")
_OLD_OFFICE = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pptx"}
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
# Printed reports and slide decks carry photographs.
MAX_PACKED_BYTES = 100_000_000


def size_limit(name: str) -> int:
    """The most bytes that a file of this name may have."""
    return MAX_PACKED_BYTES if PurePath(name).suffix.lower() in _PACKED else MAX_BYTES


def load_bytes(data: bytes, name: str, origin: str) -> Document:
    """The document in `data`, read as the format that `name` ends in. Raises DocumentError saying what to do."""
    if not data.strip():
        raise DocumentError(f"{name} is empty")
    suffix = PurePath(name).suffix.lower()
    if suffix in _OLD_OFFICE:
        raise DocumentError(f"{name} is in an old Office format; open it and save it as {_OLD_OFFICE[suffix]}")
    if suffix not in _PACKED and data.startswith(_BINARY):
        raise DocumentError(f"{name} looks like a binary file, not text; convert it to text, Markdown or HTML first")
    limit = size_limit(name)
    if len(data) > limit:
        raise DocumentError(f"{name} is larger than {limit // 1_000_000} MB; split it into parts")
    loader = LOADERS.get(suffix)
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
        limit = size_limit(path.name)
        if path.stat().st_size > limit:
            raise DocumentError(f"{path} is larger than {limit // 1_000_000} MB; split it into parts")
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
