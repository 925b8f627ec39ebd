"""Repairs: what `xinwen doctor --repair` does to a store whose parts no longer agree."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.catalog import Catalog
from knowledge.lexical import tokens
from knowledge.store import Store

BATCH = 500


def reindex(store: Store) -> None:
    """Builds SQLite's own indexes anew from the tables."""
    with store.transaction() as connection:
        connection.execute("REINDEX")


def drop_orphans(store: Store) -> None:
    """Removes rows that belong to documents that are not there."""
    with store.transaction() as connection:
        gone = "document_id NOT IN (SELECT id FROM documents)"
        connection.execute(f"INSERT OR IGNORE INTO obsolete SELECT id FROM passages WHERE {gone}")
        for table in ("passages", "figures", "unowned", "bands", "signatures"):
            connection.execute(f"DELETE FROM {table} WHERE {gone}")
        connection.execute("DELETE FROM lexical WHERE rowid NOT IN (SELECT number FROM passages)")


def forget_fingerprints(store: Store, origins: Sequence[str]) -> None:
    """Forgets that these origins were read, so that they are read again when they are next met."""
    with store.transaction() as connection:
        connection.executemany("DELETE FROM fingerprints WHERE origin = ?", [(origin,) for origin in origins])


def rebuild_lexical(store: Store, catalog: Catalog) -> None:
    """Builds the keyword index anew from the passages, in one transaction: searches see the old one until it is done."""
    ids = list(store.passage_ids())
    titles = {info.id: info.title for info in store.documents()}
    with store.transaction() as connection:
        connection.execute("DROP TABLE lexical")
        connection.execute(
            "CREATE VIRTUAL TABLE lexical USING fts5 (tokens, tokenize = \"unicode61 remove_diacritics 0 tokenchars '_'\")"
        )
        numbers = dict(connection.execute("SELECT id, number FROM passages"))
        for at in range(0, len(ids), BATCH):
            for passage in store.passages(ids[at : at + BATCH]).values():
                words = tokens(passage.searchable(titles.get(passage.document_id, "")), catalog)
                connection.execute(
                    "INSERT INTO lexical (rowid, tokens) VALUES (?, ?)", (numbers[passage.id], " ".join(words))
                )
