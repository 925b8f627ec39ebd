"""Migrations: a store of any earlier schema opens with everything in it, and ends in the schema of a fresh one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.lexical import query_tokens
from knowledge.migrations import STEPS, migrate
from knowledge.store import Store
from knowledge.sync import Sync

CATALOG = Catalog.load()
TEXT = "MTT S4000 的显存容量为 48GB。"


def of_version(path: Path, version: int) -> None:
    """A store as the release of that schema left it, with one document in it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in STEPS[:version]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("INSERT INTO meta VALUES ('revision', '7'), ('filled', 'yes')")
        connection.execute(
            "INSERT INTO documents VALUES ('d1', '/a.md', '规格', '甲报', NULL, '2024-03-08', 'zh', 'news', 'press', ?, '[]', 'd1', 0)",
            (TEXT,),
        )
        connection.execute("INSERT INTO fingerprints VALUES ('/a.md', '1:x:y')")
        connection.execute(
            "INSERT INTO passages VALUES (1, 'p1', 'd1', 0, ?, ?, '[]', '', 0, NULL, 0)", (len(TEXT), TEXT)
        )
        connection.execute("INSERT INTO lexical (rowid, tokens) VALUES (1, 'mtt s4000 显存 容量 48gb')")
        connection.execute(
            'INSERT INTO figures (id, document_id, subject, subject_name, subject_kind, attribute, text, start, "end", quote_start, '
            "quote_end, value, unit, dimension, base, bound, conditions, status, claimed_by, note) VALUES ('f1', 'd1', 'mtt-s4000', "
            "'MTT S4000', 'card', 'memory_capacity', '48GB', 16, 20, 0, 21, '48', 'GB', 'memory', '48000000000', 'exact', 'peak', "
            "'stated', 'press', '')"
        )


def schema(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master"))


@pytest.mark.parametrize("version", range(1, len(STEPS)))
def test_a_store_of_an_earlier_schema_opens_with_everything_in_it(tmp_path: Path, version: int) -> None:
    of_version(tmp_path / "xinwen.db", version)
    store = Store.open(tmp_path)
    (info,) = store.documents()
    document = store.document(info.id)
    assert document is not None
    assert (document.text, document.publisher) == (TEXT, "甲报")
    (figure,) = store.figures(["mtt-s4000"], ["memory_capacity"])
    assert (figure.text, figure.conditions, figure.corrects) == ("48GB", ("peak",), False)
    assert list(store.subjects_by_value("memory_capacity")) == [("mtt-s4000", 48e9)]
    assert [identity for identity, _ in store.lexical(query_tokens("显存容量", CATALOG), 5)] == ["p1"]
    assert (store.revision, store.meta("filled"), store.fingerprint("/a.md")) == (7, "yes", "1:x:y")
    # And it can be written to: read by today's rules, the document is replaced.
    sync = Sync(store, CATALOG)
    assert store.put([sync.entry(Document("/a.md", "规格", TEXT + "功耗为 450W。", publisher="甲报"))]) == ["updated"]
    assert store.counts().documents == 1
    store.close()
    (tmp_path / "fresh").mkdir()
    Store.open(tmp_path / "fresh").close()
    assert schema(tmp_path / "xinwen.db") == schema(tmp_path / "fresh" / "xinwen.db")
    with closing(sqlite3.connect(tmp_path / "xinwen.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "xinwen.db"
    of_version(path, 1)
    before = schema(path)

    def failing(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("knowledge.migrations.STEPS", (*STEPS, failing))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, str(path))
    assert schema(path) == before
    monkeypatch.undo()
    assert Store.open(tmp_path).counts().documents == 1
