"""The store: one transaction a document, everything replaced with it, and clear words when the disk says no."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.errors import BusyError, DocumentError, StoreError
from knowledge.home import prepare, writing
from knowledge.lexical import query_tokens
from knowledge.migrations import STEPS
from knowledge.store import Entry, Store
from knowledge.sync import Sync

CATALOG = Catalog.load()

SCHEMA = {
    "visits": "url etag modified fingerprint",
    "feeds": "url title added pulled",
    "feed_items": "feed item stamp tries done",
    "meta": "key value",
    "documents": "id origin title publisher url published language kind claimed_by text pages article unowned",
    "fingerprints": "origin fingerprint",
    "passages": "number id document_id start end text heading header is_table page pending",
    "figures": "id document_id subject subject_name subject_kind attribute text start end quote_start quote_end value "
    "unit dimension base high high_base bound conditions scope period status claimed_by publisher url as_of note corrects",
    "editions": "origin document_id title published replaced said",
    "unowned": "document_id start end text dimension",
    "bands": "band document_id",
    "signatures": "document_id signature",
    "obsolete": "passage_id",
    "lexical": "tokens",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def entry(store: Store, origin: str, text: str, title: str = "规格", publisher: str | None = "测试日报") -> Entry:
    return Sync(store, CATALOG).entry(Document(origin, title, text, publisher=publisher, published="2024-03-08"))


def found(store: Store, words: str) -> set[str]:
    passages = store.passages([identity for identity, _ in store.lexical(query_tokens(words, CATALOG), 20)])
    return {passage.document_id for passage in passages.values()}


S4000 = "MTT S4000 的显存容量为 48GB，显存带宽为 768GB/s。"
S3000 = "MTT S3000 的显存容量为 32GB。"


def test_what_goes_in_comes_out(store: Store) -> None:
    put = entry(store, "a.md", S4000)
    assert store.put([put]) == ["added"]
    assert store.document(put.document.id) == put.document
    assert store.passages_of(put.document.id) == list(put.passages)
    assert store.figures(document_id=put.document.id) == list(put.figures)
    assert {figure.text for figure in store.figures(attributes=["memory_capacity"])} >= {"48GB"}
    assert store.figures(subjects=[]) == []
    assert [passage.id for passage, _ in store.pending(9)] == [passage.id for passage in put.passages]
    counts = store.counts()
    assert (counts.documents, counts.passages, counts.pending) == (1, len(put.passages), len(put.passages))


def test_the_same_origin_is_replaced_with_everything(store: Store) -> None:
    old, new = entry(store, "a.md", S4000), entry(store, "a.md", S3000)
    store.put([old])
    assert store.put([new]) == ["updated"]
    assert [info.id for info in store.documents()] == [new.document.id]
    assert found(store, "S4000") == set()
    assert found(store, "S3000") == {new.document.id}
    assert {figure.text for figure in store.figures()} == {"32GB"}
    # Nothing was marked embedded, yet a killed process may have written those vectors.
    assert set(store.obsolete()) == {passage.id for passage in old.passages}


def test_reading_the_same_again_keeps_the_vectors(store: Store) -> None:
    first = entry(store, "a.md", f"# 甲\n\n{S4000}\n\n# 乙\n\n{S3000}")
    store.put([first])
    ids = [passage.id for passage in first.passages]
    store.mark_embedded(ids)
    assert store.put([first]) == ["unchanged"]
    assert store.counts().pending == 0
    assert store.obsolete() == []
    # Another heading is other searchable words: only that passage has to be embedded again.
    altered = [replace(first.passages[0], heading=("丙",)), *first.passages[1:]]
    store.put([replace(first, passages=altered)])
    assert [passage.id for passage, _ in store.pending(9)] == ids[:1]


def test_duplicate_content_under_two_origins_is_two_documents(store: Store) -> None:
    one, two = entry(store, "a.md", S4000), entry(store, "b.md", S4000)
    assert store.put([one, two]) == ["added", "added"]
    assert found(store, "S4000") == {one.document.id, two.document.id}
    assert store.remove(one.document.id)
    assert found(store, "S4000") == {two.document.id}


def test_removing_an_unknown_document_changes_nothing(store: Store) -> None:
    put = entry(store, "a.md", S4000)
    store.put([put])
    revision = store.revision
    assert not store.remove("no such id")
    assert store.revision == revision
    assert store.remove(put.document.id)
    assert store.revision > revision
    assert store.counts().passages == 0
    assert store.figures() == []


@pytest.mark.parametrize("words", ['"OR 1=1', "NEAR(", "*", '") OR (', "tokens:x", "^a", "a AND NOT b", "-", "\0", '"'])
def test_operators_are_only_words(store: Store, words: str) -> None:
    store.put([entry(store, "a.md", S4000)])
    store.lexical([words], 5)
    store.lexical(words.split(), 5)
    store.lexical(query_tokens(words, CATALOG), 5)
    assert found(store, f"{words} S4000")


def test_a_contradictory_entry_is_named_and_costs_nothing_else(store: Store) -> None:
    good, bad = entry(store, "a.md", S4000), entry(store, "b.md", S3000)
    bad = replace(bad, passages=[bad.passages[0]] * 2, tokens=["x", "y"])
    with pytest.raises(DocumentError) as raised:
        store.put([good, bad])
    assert "damaged" not in str(raised.value)
    assert store.counts().documents == 0
    assert store.put([good]) == ["added"]


def test_a_full_disk_loses_nothing(store: Store) -> None:
    kept = entry(store, "a.md", S4000)
    store.put([kept])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    large = entry(store, "b.md", "\n\n".join(f"第 {at} 款芯片的显存容量为 {at}GB。" * 10 for at in range(2000)))
    with pytest.raises(StoreError, match="full"):
        store.put([large])
    assert [info.id for info in store.documents()] == [kept.document.id]
    assert store.counts().passages == len(kept.passages)
    assert store._connection.execute("SELECT count(*) FROM lexical").fetchone()[0] == len(kept.passages)
    assert found(store, "S4000") == {kept.document.id}
    store._connection.execute("PRAGMA max_page_count = 1000000")
    assert store.put([large]) == ["added"]


def test_a_fresh_schema_is_the_expected_one(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "xinwen.db")
    tables = {
        name: " ".join(column[1] for column in connection.execute(f"PRAGMA table_info({name})"))
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("lexical_")
    }
    assert tables == SCHEMA
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_store_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "xinwen.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer release"):
        Store.open(tmp_path)


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "xinwen.db").write_text("这不是数据库" * 500, "utf-8")
    with pytest.raises(StoreError, match="damaged or not a store"):
        Store.open(tmp_path)


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("taken")
    home = tmp_path / "file" / "home"
    with pytest.raises(StoreError, match="--home"):
        prepare(home)
    with pytest.raises(StoreError, match="--home"):
        Store.open(home)
    with pytest.raises(StoreError, match="cannot be locked"), writing(home):
        pass


HOLDER = """
import sys
from pathlib import Path
from knowledge.home import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"pid {holder.pid}"), writing(tmp_path):
            pass
        # Killed, not asked to go: the lock must not outlive its owner.
        holder.kill()
        holder.wait()
    with writing(tmp_path):
        pass


def test_a_store_locked_by_another_connection_is_busy(store: Store, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "xinwen.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._connection.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(BusyError):
        store.put([entry(store, "a.md", S4000)])
    other.execute("ROLLBACK")
    assert store.put([entry(store, "a.md", S4000)]) == ["added"]
