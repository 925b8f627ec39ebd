"""Container: a zip of XML parts (DOCX, XLSX, PPTX) checked before any library unpacks it."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

from knowledge.errors import DocumentError

# Unpacked, in all: a long slide deck full of photographs has about 150 MB.
MAX_UNPACKED = 300_000_000
# XML is what is parsed, and takes about ten times its size in memory: 64 MB are over a million cells.
MAX_XML = 64_000_000
MAX_MEMBERS = 10_000
_OLE = b"\xd0\xcf\x11\xe0"


def check(data: bytes, name: str, part: str) -> zipfile.ZipFile:
    """The open archive, which holds the folder `part` ("word/"). Raises DocumentError for what is unsafe or no such file.

    Declared sizes can be relied on: `zipfile` reads no byte beyond them.
    """
    from defusedxml.ElementTree import ParseError, iterparse

    suffix = PurePath(name).suffix.lower()
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise DocumentError(f"{name} is protected by a password; save it without one and ingest it again")
        raise DocumentError(f"{name} is in the old binary Office format; open it and save it as {suffix}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DocumentError(f"{name} is damaged or no {suffix} file ({error}); save it again and retry") from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise DocumentError(f"{name} holds {len(members):,} parts, more than {MAX_MEMBERS:,}; it is not read")
    seen: set[str] = set()
    for member in members:
        path = member.filename.replace("\\", "/")
        if path.startswith("/") or ".." in path.split("/") or ":" in path.split("/")[0] or path in seen:
            raise DocumentError(f"{name} holds a part with an unsafe name ({path[:80]!r}); it is not read")
        if member.flag_bits & 1:
            raise DocumentError(f"{name} is protected by a password; save it without one and ingest it again")
        seen.add(path)
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED:
        raise DocumentError(
            f"{name} unpacks to {unpacked // 1_000_000:,} MB, more than {MAX_UNPACKED // 1_000_000} MB; it is not read"
        )
    if not any(path.startswith(part) for path in seen):
        raise DocumentError(f"{name} is no {suffix} file (it has no part {part}); check its format")
    xml = 0
    for member in members:
        try:
            with archive.open(member) as stream:
                start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
            if not start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
                continue
            xml += member.file_size
            if xml > MAX_XML:
                raise DocumentError(f"{name} holds more than {MAX_XML // 1_000_000} MB of XML; split it into parts")
            with archive.open(member) as stream:
                # A document type stands before the first element, and no office program writes one.
                next(iter(iterparse(stream, events=("start",), forbid_dtd=True)), None)
        except DocumentError:
            raise
        except ParseError as error:
            if start.startswith((b"\xff\xfe", b"\xfe\xff")):
                continue
            raise DocumentError(f"{name} is damaged: its part {member.filename} is no XML ({error})") from error
        except ValueError as error:
            raise DocumentError(
                f"{name} declares XML entities, which no office program does; it is not read"
            ) from error
        except Exception as error:
            raise DocumentError(
                f"{name} is damaged: its part {member.filename} cannot be unpacked ({error})"
            ) from error
    return archive
