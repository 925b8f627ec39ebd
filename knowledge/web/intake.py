"""Intake: addresses → documents in the store; pages, files and feeds, each on its own, a failure a line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from knowledge.documents import Document
from knowledge.errors import DocumentError, StoreError, XinwenError
from knowledge.loaders import load_bytes
from knowledge.store import Store
from knowledge.web import contents
from knowledge.web.addresses import Url, parse
from knowledge.web.feeds import Feed, Item, page, read
from knowledge.web.fetching import Fetcher, Response
from knowledge.web.visits import FeedInfo, Visit, Visits

if TYPE_CHECKING:
    from knowledge.sync import IngestReport, Progress, Sync

# An item that could not be read is tried at so many pulls.
TRIES = 3
Lock = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class _Hints:
    """What a feed says of an item, for where the page itself is silent."""

    publisher: str | None = None
    published: str | None = None


class Intake:
    """Reads the web into a store. `lock` holds the home's write lock: only while something is stored, never while a
    server is waited for."""

    def __init__(self, store: Store, sync: Sync, fetcher: Fetcher, lock: Lock, feed_items: int = 50) -> None:
        self._store, self._sync, self._fetcher, self._lock = store, sync, fetcher, lock
        self._feed_items = feed_items
        self._visits = Visits(store)

    # --- pages and files --------------------------------------------------------------------------------------------

    def read(self, addresses: Sequence[str], report: IngestReport, progress: Progress | None = None) -> None:
        """Reads each address into the home: a page or file is one document, a feed as many as it has new items."""
        for done, text in enumerate(dict.fromkeys(addresses), 1):
            self._attempt(text, report, lambda text=text: self._read(parse(text), report, progress))  # type: ignore[misc]
            if progress is not None:
                progress("read", done, len(addresses))

    def _attempt(self, origin: str, report: IngestReport, action: Callable[[], None]) -> bool:
        """Runs `action`; what goes wrong with this one input becomes a line of the report. False when it did."""
        from knowledge.sync import Failure

        failed = len(report.failed)
        try:
            action()
        except StoreError:
            raise
        except XinwenError as error:
            report.failed.append(Failure(origin, str(error)))
        except Exception as error:
            # A page that our own code stumbles over must not cost the others.
            report.failed.append(
                Failure(origin, f"could not be processed ({type(error).__name__}: {error}); please report this address")
            )
        return len(report.failed) == failed

    def _read(self, url: Url, report: IngestReport, progress: Progress | None) -> None:
        response = self._fetch(url, inside=True)
        if response.unchanged:
            report.unchanged.append(str(url))
            return
        suffix = contents.suffix_of(response.headers, response.url, response.data)
        if suffix == contents.FEED:
            self._pull(url, response, report, progress)
        else:
            self._take(url, response, suffix, _Hints(), report)

    def _fetch(self, url: Url, inside: bool) -> Response:
        """The page, or word that it is the one that the home holds, read by today's rules."""
        visit = self._visits.visit(str(url))
        current = (
            visit is not None
            and visit.fingerprint.startswith(f"{self._sync.version}:")
            and self._store.fingerprint(str(url)) == visit.fingerprint
        )
        etag, modified = (visit.etag, visit.modified) if visit is not None and current else (None, None)
        return self._fetcher.fetch(url, contents.most_bytes, etag, modified, inside)

    def _take(self, url: Url, response: Response, suffix: str, hints: _Hints, report: IngestReport) -> None:
        """Stores what was fetched as one document; its origin is the address that was asked for."""
        origin = str(url)
        _, charset = contents.declared(response.headers)
        data = contents.unified(response.data, charset, suffix)
        name = contents.file_name(response.headers, response.url, suffix)
        seen = hashlib.sha256(repr((name, str(response.url), hints)).encode() + data).hexdigest()
        fingerprint = f"{self._sync.version}:{seen}"
        visit = Visit(origin, response.headers.get("etag"), response.headers.get("last-modified"), fingerprint)
        if self._store.fingerprint(origin) == fingerprint:
            report.unchanged.append(origin)
        else:
            document = _described(load_bytes(data, name, origin), response.url, hints)
            self._keep(document, fingerprint, report)
            if self._store.fingerprint(origin) != fingerprint:
                return
        # After the document, so that a kill between the two costs a download and nothing else.
        with self._lock():
            self._visits.note(visit)

    def _keep(self, document: Document, fingerprint: str, report: IngestReport) -> None:
        from knowledge.sync import Failure

        report.warned += [Failure(document.origin, warning) for warning in document.warnings]
        entry = self._sync.entry(document, fingerprint)
        with self._lock():
            self._sync.commit([entry], report)

    # --- feeds ------------------------------------------------------------------------------------------------------

    def add_feed(self, text: str) -> FeedInfo:
        """Keeps a feed, to be pulled from now on. Raises DocumentError when the address is not that of a feed."""
        url = parse(text)
        feed = self._feed(url)[0]
        with self._lock():
            self._visits.add_feed(str(url), feed.title, _now())
        return next(info for info in self._visits.feeds() if info.url == str(url))

    def remove_feed(self, text: str) -> bool:
        """Forgets a feed; what was read from it stays. False when it is not kept."""
        with self._lock():
            return self._visits.remove_feed(str(parse(text)))

    def feeds(self) -> list[FeedInfo]:
        return self._visits.feeds()

    def pull(self, addresses: Sequence[str], report: IngestReport, progress: Progress | None = None) -> None:
        """Reads the new items of these feeds, of all that are kept when none is named."""
        for text in addresses or [info.url for info in self._visits.feeds()]:
            self._attempt(text, report, lambda text=text: self._pull(parse(text), None, report, progress))  # type: ignore[misc]

    def _feed(self, url: Url) -> tuple[Feed, Response]:
        response = self._fetcher.fetch(url, contents.most_bytes)
        return self._parsed(response), response

    def _parsed(self, response: Response) -> Feed:
        try:
            return read(response.data, response.url, response.headers.get("content-type", ""))
        except DocumentError as error:
            offered = contents.offered_feeds(response.data, response.url)
            raise DocumentError(f"{error}" + (f"; the page offers {', '.join(offered)}" if offered else "")) from error

    def _pull(self, url: Url, response: Response | None, report: IngestReport, progress: Progress | None) -> None:
        """Reads the items of one feed that are new or changed, newest first, up to the limit."""
        from knowledge.sync import Failure

        origin, mark = str(url), f"feed:{self._sync.version}:done"
        if response is None:
            visit = self._visits.visit(origin)
            # Asked for what is new only when nothing of the last time is left over.
            etag, modified = (
                (visit.etag, visit.modified) if visit is not None and visit.fingerprint == mark else (None, None)
            )
            response = self._fetcher.fetch(url, contents.most_bytes, etag, modified)
        if response.unchanged:
            self._finish(url, report, None)
            return
        feed = self._parsed(response)
        seen = self._visits.seen(origin, [item.id for item in feed.items])
        waiting = [
            item
            for item in feed.items
            if (known_item := seen.get(item.id)) is None
            or known_item.stamp != item.stamp
            or (not known_item.done and known_item.tries < TRIES)
        ]
        inside = self._fetcher.hosts.is_named(response.url.host, response.url.port)
        before = len(report.added) + len(report.updated) + len(report.unchanged) + len(report.failed)
        failed = False
        for done, item in enumerate(waiting[: self._feed_items], 1):
            fine = self._attempt(
                item.link or f"{origin}#{item.id}",
                report,
                lambda item=item: self._item(item, feed, response, inside, report),  # type: ignore[misc]
            )
            failed = failed or not fine
            with self._lock():
                self._visits.tried(origin, [(item.id, item.stamp, fine)])
            if progress is not None:
                progress("read", done, min(len(waiting), self._feed_items))
        left = len(waiting) - self._feed_items
        if left > 0:
            report.warned.append(
                Failure(
                    origin,
                    f"the feed lists {len(feed.items):,} items; the newest {self._feed_items} that were new have been read, "
                    f"{left:,} are left for the next pull (XINWEN_FEED_ITEMS)",
                )
            )
        whole = left <= 0 and not failed
        if before == len(report.added) + len(report.updated) + len(report.unchanged) + len(report.failed):
            report.unchanged.append(origin)
        self._finish(
            url,
            None,
            Visit(origin, response.headers.get("etag"), response.headers.get("last-modified"), mark if whole else ""),
        )

    def _finish(self, url: Url, report: IngestReport | None, visit: Visit | None) -> None:
        if report is not None:
            report.unchanged.append(str(url))
        with self._lock():
            if visit is not None:
                self._visits.note(visit)
            self._visits.pulled(str(url), _now())

    def _item(self, item: Item, feed: Feed, response: Response, inside: bool, report: IngestReport) -> None:
        hints = _Hints(feed.title, item.published)
        if item.content or item.link is None:
            # The feed carries the article itself: its site is spared, and the text is the one that was published.
            link = response.url.join(item.link) if item.link else None
            origin = str(link) if link else f"{response.url}#{item.id}"
            data = page(item)
            fingerprint = f"{self._sync.version}:{hashlib.sha256(origin.encode() + data).hexdigest()}"
            if self._store.fingerprint(origin) == fingerprint:
                report.unchanged.append(origin)
                return
            document = load_bytes(data, f"{item.title[:80].replace('/', '_') or 'item'}.html", origin)
            self._keep(_described(document, link or response.url, hints), fingerprint, report)
            return
        url = response.url.join(item.link)
        fetched = self._fetch(url, inside)
        if fetched.unchanged:
            report.unchanged.append(str(url))
            return
        suffix = contents.suffix_of(fetched.headers, fetched.url, fetched.data)
        if suffix == contents.FEED:
            raise DocumentError("the item leads to another feed, which is not followed; add that one itself")
        self._take(url, fetched, suffix, hints, report)


def _described(document: Document, url: Url, hints: _Hints) -> Document:
    """`document` with the address it was read from. What a page says of its own address is believed within its own host:
    a citation must lead to where the words stand."""
    address = str(url)
    if document.url:
        try:
            own = parse(document.url)
        except DocumentError:
            own = None
        if own is not None and own.host == url.host and own.port == url.port:
            address = str(own)
    # Where a page names nobody, trafilatura gives its host.
    named = document.publisher not in (None, "", url.host, f"{url.host}:{url.port}", url.host.removeprefix("www."))
    publisher = document.publisher if named else None
    return replace(
        document,
        url=address,
        publisher=publisher or hints.publisher or url.host,
        published=document.published or hints.published,
    )


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()
