"""Migrations: an ordered list of steps, each taking the store's schema from one version to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from knowledge.errors import StoreError


def _first(connection: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE documents (
            id TEXT PRIMARY KEY, origin TEXT NOT NULL UNIQUE, title TEXT NOT NULL, publisher TEXT, url TEXT, published TEXT,
            language TEXT NOT NULL, kind TEXT NOT NULL, claimed_by TEXT NOT NULL, text TEXT NOT NULL, pages TEXT NOT NULL,
            article TEXT NOT NULL, unowned INTEGER NOT NULL)""",
        "CREATE INDEX documents_article ON documents (article)",
        # What was read from an origin, so that an unchanged file is not even parsed again.
        "CREATE TABLE fingerprints (origin TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE passages (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL, heading TEXT NOT NULL, header TEXT NOT NULL,
            is_table INTEGER NOT NULL, page TEXT, pending INTEGER NOT NULL DEFAULT 1)""",
        "CREATE INDEX passages_document ON passages (document_id, start)",
        "CREATE INDEX passages_pending ON passages (number) WHERE pending = 1",
        """CREATE TABLE figures (
            id TEXT NOT NULL, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, subject TEXT NOT NULL,
            subject_name TEXT NOT NULL, subject_kind TEXT NOT NULL, attribute TEXT NOT NULL, text TEXT NOT NULL, start INTEGER NOT NULL,
            "end" INTEGER NOT NULL, quote_start INTEGER NOT NULL, quote_end INTEGER NOT NULL, value TEXT, unit TEXT NOT NULL,
            dimension TEXT NOT NULL, base TEXT, high TEXT, high_base TEXT, bound TEXT NOT NULL, conditions TEXT NOT NULL, scope TEXT,
            period TEXT, status TEXT NOT NULL, claimed_by TEXT NOT NULL, publisher TEXT, url TEXT, as_of TEXT, note TEXT NOT NULL)""",
        "CREATE INDEX figures_subject ON figures (subject, attribute)",
        "CREATE INDEX figures_attribute ON figures (attribute)",
        "CREATE INDEX figures_document ON figures (document_id)",
        """CREATE TABLE unowned (
            document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
            text TEXT NOT NULL, dimension TEXT NOT NULL)""",
        "CREATE INDEX unowned_document ON unowned (document_id)",
        # Bands of the MinHash signature: two articles that share one are compared.
        "CREATE TABLE bands (band TEXT NOT NULL, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE)",
        "CREATE INDEX bands_band ON bands (band)",
        "CREATE INDEX bands_document ON bands (document_id)",
        "CREATE TABLE signatures (document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE, signature BLOB NOT NULL)",
        # Vectors of replaced passages, to be removed from the vector index when it is next written.
        "CREATE TABLE obsolete (passage_id TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE VIRTUAL TABLE lexical USING fts5 (tokens, tokenize = \"unicode61 remove_diacritics 0 tokenchars '_'\")",
    ):
        connection.execute(statement)


def _order_of_values(connection: sqlite3.Connection) -> None:
    # Rankings walk an attribute's figures from the top and stop early, however many there are.
    connection.execute("CREATE INDEX figures_order ON figures (attribute, CAST(base AS REAL))")
    connection.execute("DROP INDEX figures_attribute")


def _the_web(connection: sqlite3.Connection) -> None:
    for statement in (
        # What a server said of a page's version, and which reading of ours it belongs to.
        "CREATE TABLE visits (url TEXT PRIMARY KEY, etag TEXT, modified TEXT, fingerprint TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE feeds (url TEXT PRIMARY KEY, title TEXT NOT NULL, added TEXT NOT NULL, pulled TEXT) WITHOUT ROWID",
        """CREATE TABLE feed_items (
            feed TEXT NOT NULL, item TEXT NOT NULL, stamp TEXT NOT NULL, tries INTEGER NOT NULL, done INTEGER NOT NULL,
            PRIMARY KEY (feed, item)) WITHOUT ROWID""",
    ):
        connection.execute(statement)


def _corrections(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE figures ADD COLUMN corrects INTEGER NOT NULL DEFAULT 0")
    # What a document said before it was read again and said something else; `said` lists the figures that are gone.
    connection.execute(
        """CREATE TABLE editions (
            origin TEXT NOT NULL, document_id TEXT NOT NULL, title TEXT NOT NULL, published TEXT, replaced TEXT NOT NULL, said TEXT NOT NULL)"""
    )
    connection.execute("CREATE INDEX editions_origin ON editions (origin)")


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _order_of_values, _the_web, _corrections)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Brings the schema to the newest version, all steps in one transaction; `name` is for the message.

    Raises StoreError for a store that a newer release has written.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(STEPS):
        raise StoreError(
            f"{name} was written by a newer release (schema {version}, this one knows {len(STEPS)}); upgrade xinwen"
        )
    if version == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[connection.execute("PRAGMA user_version").fetchone()[0] :]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
