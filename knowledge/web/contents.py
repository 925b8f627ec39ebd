"""Contents: what a response is, by its declared type and its own first bytes, and the name under which a loader reads it."""

from __future__ import annotations

import codecs
import html
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote

from knowledge.errors import DocumentError
from knowledge.loaders import LOADERS, size_limit
from knowledge.loaders.encoding import UNTOLD, decode
from knowledge.web.addresses import Url

FEED = ".feed"
_TEXTS = frozenset({".html", ".txt", ".md", ".csv", ".tsv"})

_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": ".xlsm",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/rss+xml": FEED,
    "application/atom+xml": FEED,
    "application/rdf+xml": FEED,
}
# Types that say nothing: the bytes and the address's ending tell.
_VAGUE = {
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-download",
    "application/download",
    "application/force-download",
    "application/zip",
    "application/x-zip-compressed",
    "application/xml",
    "text/xml",
    "application/unknown",
}
_OFFICE = {"word/": ".docx", "xl/": ".xlsx", "ppt/": ".pptx"}
_FEED_ROOTS = frozenset({b"rss", b"feed", b"rdf:rdf"})
_HTML_ROOT = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.I)
_FILE_NAME = re.compile(r"filename\*\s*=\s*[\w\-]*'[^']*'([^;]+)|filename\s*=\s*\"?([^\";]+)", re.I)


def declared(headers: Mapping[str, str]) -> tuple[str, str | None]:
    """(media type, charset) of a Content-Type header, in lower case."""
    media, _, rest = headers.get("content-type", "").partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:\-]+)", rest, re.I)
    return media.strip().lower(), charset.group(1).lower() if charset else None


def most_bytes(headers: Mapping[str, str], url: Url) -> int:
    """How many bytes a response of these headers may have."""
    media, _ = declared(headers)
    suffix = _ending(headers, url) if media in _VAGUE else _TYPES.get(media, "")
    return size_limit(f"x{suffix}")


def suffix_of(headers: Mapping[str, str], url: Url, data: bytes) -> str:
    """The file ending of the loader that reads `data`, or FEED. Raises DocumentError for what no loader reads.

    A PDF served as text, a feed served as a page: the bytes win where they leave no doubt, then the declared type, then
    the address.
    """
    head = data[:4096]
    if head.startswith(b"%PDF-"):
        return ".pdf"
    if head.startswith(b"PK\x03\x04"):
        return _office(data)
    if _root(head) in _FEED_ROOTS:
        return FEED
    media, _ = declared(headers)
    if media in _TYPES and media != "text/plain":
        return _TYPES[media]
    looks_html = _HTML_ROOT.search(head[:1024]) is not None
    ending = _ending(headers, url)
    if media == "text/plain" or media in _VAGUE or media.endswith("+xml"):
        if looks_html:
            return ".html"
        if ending in LOADERS and (media != "text/plain" or ending in (".md", ".markdown", ".csv", ".tsv", ".txt")):
            return ending
        if media == "text/plain":
            return ".txt"
    raise DocumentError(
        f"content of type {media or 'unknown'!r} is not read; supported are web pages, feeds and {', '.join(sorted(LOADERS))}"
    )


def file_name(headers: Mapping[str, str], url: Url, suffix: str) -> str:
    """A name for what was fetched: the server's, else the address's last part; it ends in `suffix`."""
    stem = PurePosixPath(_server_name(headers) or _last_part(url)).stem
    stem = re.sub(r"[^\w.\- ]", "_", stem).strip("._ ")[:100]
    return f"{stem or url.host}{suffix}"


def unified(data: bytes, charset: str | None, suffix: str) -> bytes:
    """Text whose charset the header names, in UTF-8 with its mark; all else as it is, for the loader to see what the page
    says of itself."""
    if charset is None or charset in UNTOLD or suffix not in _TEXTS:
        return data
    try:
        return codecs.BOM_UTF8 + decode(data, "the page", charset).encode("utf-8", "replace")
    except DocumentError:
        return data


def _root(head: bytes) -> bytes:
    """The name of the first element, in lower case, past declarations, comments and a doctype; b"" where there is none.

    A scan rather than one expression: each of these may fail to end, and an expression would try every way to say so.
    """
    at = 3 if head.startswith(codecs.BOM_UTF8) else 0
    while True:
        while head[at : at + 1].isspace():
            at += 1
        if head.startswith(b"<?", at):
            end = head.find(b"?>", at)
        elif head.startswith(b"<!--", at):
            end = head.find(b"-->", at)
        elif head.startswith(b"<!", at):
            end, subset = head.find(b">", at), head.find(b"[", at)
            if 0 <= subset < end:
                end = head.find(b"]", subset)
                end = head.find(b">", end) if end >= 0 else -1
        else:
            name = re.match(rb"<([A-Za-z][\w:.\-]*)", head[at:])
            return name.group(1).lower() if name else b""
        if end < 0:
            return b""
        at = head.find(b">", end) + 1


def offered_feeds(data: bytes, url: Url) -> list[str]:
    """The addresses of the feeds that a page names in its head, at most three."""
    found: list[str] = []
    for tag in re.findall(rb"<link\b[^>]{1,2000}>", data[:200_000], re.I):
        text = tag.decode("utf-8", "replace")
        address = re.search(r"href\s*=\s*[\"']?([^\"'\s>]+)", text, re.I)
        if re.search(r"application/(rss|atom)\+xml", text, re.I) and address is not None:
            try:
                found.append(str(url.join(html.unescape(address.group(1)))))
            except DocumentError:
                continue
    return list(dict.fromkeys(found))[:3]


def _ending(headers: Mapping[str, str], url: Url) -> str:
    return PurePosixPath(_server_name(headers) or _last_part(url)).suffix.lower()


def _server_name(headers: Mapping[str, str]) -> str:
    match = _FILE_NAME.search(headers.get("content-disposition", ""))
    return unquote(match[1] or match[2]).replace("\\", "/").rpartition("/")[2].strip() if match else ""


def _last_part(url: Url) -> str:
    return unquote(url.target.partition("?")[0]).rstrip("/").rpartition("/")[2]


def _office(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()[:10_000]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentError(f"the file is a damaged archive ({error})") from error
    for folder, suffix in _OFFICE.items():
        if any(name.startswith(folder) for name in names):
            return suffix
    raise DocumentError("an archive is not read; unpack it and ingest the files inside")
