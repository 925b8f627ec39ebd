"""What a home remembers of the web: versions of pages, feeds, and which of their items were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from knowledge.store import Store


@dataclass(frozen=True, slots=True)
class Visit:
    """What a server said of the version (ETag, Last-Modified) from which the reading `fingerprint` was made."""

    url: str
    etag: str | None
    modified: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """A feed that is pulled; `added` and `pulled` are ISO times in UTC, `items` counts what was read of it."""

    url: str
    title: str
    added: str
    pulled: str | None
    items: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An item met before: the version it had, how often it was tried, whether it is in the home."""

    stamp: str
    tries: int
    done: bool


class Visits:
    """Rows in, rows out, beside the documents of the same store. Writers hold the home's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def visit(self, url: str) -> Visit | None:
        rows = self._store.rows("SELECT url, etag, modified, fingerprint FROM visits WHERE url = ?", (url,))
        return Visit(*rows[0]) if rows else None

    def note(self, visit: Visit) -> None:
        """Remembers a version, after what was read from it has been stored."""
        if self.visit(visit.url) != visit:
            with self._store.transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?)",
                    (visit.url, visit.etag, visit.modified, visit.fingerprint),
                )

    def feeds(self) -> list[FeedInfo]:
        rows = self._store.rows(
            "SELECT url, title, added, pulled, (SELECT count(*) FROM feed_items WHERE feed = url AND done = 1) "
            "FROM feeds ORDER BY added, url"
        )
        return [FeedInfo(*row) for row in rows]

    def add_feed(self, url: str, title: str, now: str) -> bool:
        """False when the feed was there already; its title is brought up to date then."""
        with self._store.transaction() as connection:
            known = connection.execute("SELECT 1 FROM feeds WHERE url = ?", (url,)).fetchone()
            connection.execute(
                "INSERT INTO feeds VALUES (?, ?, ?, NULL) ON CONFLICT (url) DO UPDATE SET title = excluded.title",
                (url, title, now),
            )
        return known is None

    def remove_feed(self, url: str) -> bool:
        """Forgets a feed and its items, not the documents read from it; False when there is no such feed."""
        with self._store.transaction() as connection:
            gone = connection.execute("DELETE FROM feeds WHERE url = ?", (url,)).rowcount
            connection.execute("DELETE FROM feed_items WHERE feed = ?", (url,))
            connection.execute("DELETE FROM visits WHERE url = ?", (url,))
        return gone > 0

    def pulled(self, url: str, now: str) -> None:
        """Says when a feed that is kept was pulled last."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE feeds SET pulled = ? WHERE url = ?", (now, url))

    def seen(self, feed: str, items: Collection[str]) -> dict[str, Seen]:
        """What is known of these items of a feed; items never met are absent."""
        known = self._store.rows("SELECT item, stamp, tries, done FROM feed_items WHERE feed = ?", (feed,))
        wanted = frozenset(items)
        return {item: Seen(stamp, tries, bool(done)) for item, stamp, tries, done in known if item in wanted}

    def tried(self, feed: str, items: Sequence[tuple[str, str, bool]]) -> None:
        """Notes of (item, stamp, done) that it was tried once more; a new stamp begins the count anew."""
        with self._store.transaction() as connection:
            connection.executemany(
                "INSERT INTO feed_items VALUES (?, ?, ?, 1, ?) ON CONFLICT (feed, item) DO UPDATE SET "
                "tries = CASE WHEN stamp = excluded.stamp THEN tries + 1 ELSE 1 END, stamp = excluded.stamp, done = excluded.done",
                [(feed, item, stamp, int(done)) for item, stamp, done in items],
            )
