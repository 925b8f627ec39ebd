"""Feeds: RSS and Atom bytes → their items, newest first."""

from __future__ import annotations

import calendar
import hashlib
import html
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from knowledge.errors import DocumentError
from knowledge.web.addresses import Url

# An item whose feed carries the article itself needs no page: this many characters are more than a teaser.
WHOLE = 600
# Parsing takes a millisecond an item and grows with the square of the depth; no honest feed comes near either.
MOST_ITEMS, MOST_DEPTH = 20_000, 2_000


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: `id` is the feed's own or its link; `stamp` changes when the entry does; `published` is an ISO date.

    `content` is the article as HTML where the feed carries all of it, else empty.
    """

    id: str
    title: str
    link: str | None
    published: str | None
    stamp: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    title: str
    items: tuple[Item, ...]


def read(data: bytes, url: Url, content_type: str = "") -> Feed:
    """The feed in `data`. Raises DocumentError for what is none.

    The bytes are handed over as a stream: given text, feedparser would take it for an address or a path to open.
    """
    _check_shape(data)
    import feedparser

    parsed: Any = feedparser.parse(
        io.BytesIO(data),
        response_headers={"content-location": str(url), **({"content-type": content_type} if content_type else {})},
        # Links are resolved here, and content goes through the HTML loader: both twice would cost minutes on a long feed.
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not parsed.get("version"):
        raise DocumentError("it is no RSS or Atom feed")
    if parsed.get("bozo") and not parsed.entries:
        raise DocumentError(f"the feed is damaged ({str(parsed.get('bozo_exception'))[:200]})")
    items: dict[str, Item] = {}
    for entry in parsed.entries:
        item = _item(entry)
        if item is not None:
            items.setdefault(item.id, item)
    # Sorting is stable: entries without a date keep the feed's order, at the end.
    newest = sorted(items.values(), key=lambda item: item.published or "", reverse=True)
    return Feed(_plain(parsed.feed.get("title", ""))[:300] or url.host, tuple(newest))


def _check_shape(data: bytes) -> None:
    """Raises DocumentError for a feed that would take minutes to parse, before it does."""
    depth = items = 0
    for tag in re.finditer(
        rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<(/?)([A-Za-z][^\s<>/]{0,40})[^<>]*>", data, re.S
    ):
        name = tag.group(2)
        if name is None:
            continue
        if tag.group(1):
            depth = max(0, depth - 1)
            continue
        depth += not tag.group(0).endswith(b"/>")
        items += name in (b"item", b"entry")
        if depth > MOST_DEPTH:
            raise DocumentError("the feed is nested too deeply to be one")
        if items > MOST_ITEMS:
            raise DocumentError(f"the feed lists more than {MOST_ITEMS:,} items; add a feed of the latest ones")


def _item(entry: Any) -> Item | None:
    link = (entry.get("link") or "").strip() or None
    title = _plain(entry.get("title", ""))[:500]
    content = max((piece.get("value", "") for piece in entry.get("content", ())), key=len, default="")
    summary = entry.get("summary", "") or ""
    body = max(content, summary, key=len)
    if link is None and len(_plain(body)) < 20:
        return None
    published = _day(entry.get("published_parsed") or entry.get("updated_parsed"))
    stamp = str(entry.get("updated") or entry.get("published") or "")[:100]
    identity = (entry.get("id") or link or hashlib.sha256(f"{title}\x1f{body}".encode()).hexdigest()[:24])[:1000]
    # Without a link the feed is all there is of the item.
    return Item(identity, title, link, published, stamp, body if link is None or len(_plain(content)) >= WHOLE else "")


def page(item: Item) -> bytes:
    """An item's own content as a page for the HTML loader, its title and date declared as pages declare them."""
    date = f'<meta property="article:published_time" content="{item.published}">' if item.published else ""
    title = html.escape(item.title or "无题")
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>{date}</head>'
        f"<body><article><h1>{title}</h1>\n{item.content}</article></body></html>"
    ).encode("utf-8", "replace")


def _day(moment: Any) -> str | None:
    """The day of a time in UTC, as an ISO date; None for none or for nonsense (1970, the year 3000)."""
    if moment is None:
        return None
    try:
        day = datetime.fromtimestamp(calendar.timegm(moment), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return day.date().isoformat() if 1990 <= day.year <= datetime.now(UTC).year + 1 else None


def _plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]{0,2000}>", " ", text)).split())
