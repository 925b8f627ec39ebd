"""Sync: every input ends in the report, a bad one costs only itself, and store and index agree afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.errors import IndexMismatchError, StoreError
from knowledge.store import Entry, Store
from knowledge.sync import Sync, check_index
from knowledge.vectors import Vectors
from tests.knowledge.test_vectors import Hashed

CATALOG = Catalog.load()
ARTICLE = (
    "摩尔线程今日发布新一代训练卡 MTT S4000，显存容量为 48GB，显存带宽为 768GB/s，功耗为 450W。公司表示，这款产品面向大模型"
    "训练与推理，已经在多个智算中心部署，客户包括科研机构和互联网企业。分析人士认为，国产芯片正在加快追赶的步伐，软件生态仍是"
    "下一步竞争的重点，开发者工具和迁移成本将决定市场的选择。"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store.open(home)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    return made


def write(folder: Path, name: str, text: str, publisher: str = "测试日报") -> Path:
    path = folder / name
    path.write_text(f"---\ntitle: {name}\npublisher: {publisher}\npublished: 2024-03-08\n---\n{text}\n", "utf-8")
    return path


def chips(folder: Path, count: int) -> None:
    for number in range(count):
        write(folder, f"{number:03}.md", f"MTT S{4000 + number} 的功耗为 {100 + number}W。")


def agrees(store: Store, vectors: Vectors) -> bool:
    return vectors.ids() == set(store.passage_ids()) and store.counts().pending == 0 and not store.obsolete()


def test_added_unchanged_updated(store: Store, folder: Path) -> None:
    chips(folder, 3)
    sync = Sync(store, CATALOG)
    assert len(sync.ingest([folder]).added) == 3
    revision = store.revision
    assert len(sync.ingest([folder]).unchanged) == 3
    assert store.revision == revision
    write(folder, "001.md", "MTT S4001 的功耗为 999W。")
    report = sync.ingest([folder])
    assert (len(report.updated), len(report.unchanged)) == (1, 2)
    assert {figure.text for figure in store.figures(attributes=["tdp"])} == {"100W", "102W", "999W"}


def test_a_changed_catalogue_makes_no_vector_anew(store: Store, home: Path, folder: Path) -> None:
    chips(folder, 3)
    sync, vectors = Sync(store, CATALOG, "one"), Vectors.open(home, Hashed())
    sync.ingest([folder])
    assert sync.embed(vectors, Hashed()) == 3
    other = Sync(store, CATALOG, "two")
    assert not other.ingest([folder]).added
    assert store.counts().pending == 0
    assert other.embed(vectors, Hashed()) == 0
    assert agrees(store, vectors)


def test_reprints_are_one_article_with_several_publishers(store: Store, folder: Path) -> None:
    for name, publisher in (("a.md", "甲报"), ("b.md", "乙报"), ("c.md", "丙报")):
        write(folder, name, ARTICLE, publisher)
    write(folder, "d.md", ARTICLE.replace("450W", "300W"), "丁报")
    Sync(store, CATALOG).ingest([folder])
    infos = {info.publisher: info for info in store.documents()}
    assert set(store.reprint_publishers(infos["甲报"].id)) == {"乙报", "丙报"}
    assert store.reprint_publishers(infos["丁报"].id) == ()
    assert len(set(store.article_of([info.id for info in infos.values()]).values())) == 2


def test_a_document_the_store_refuses_costs_only_itself(store: Store, folder: Path) -> None:
    chips(folder, 40)
    store._connection.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON documents WHEN NEW.title = '007.md' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    report = Sync(store, CATALOG).ingest([folder])
    assert len(report.added) == 39
    (failure,) = report.failed
    assert failure.origin.endswith("007.md")
    assert "damaged" not in failure.reason
    store._connection.execute("DROP TRIGGER refuse")
    report = Sync(store, CATALOG).ingest([folder])
    assert ([Path(origin).name for origin in report.added], len(report.unchanged)) == (["007.md"], 39)


class Stumbling(Sync):
    """A pipeline with a bug that one document brings out."""

    def entry(self, document: Document, fingerprint: str = "") -> Entry:
        if "S4005" in document.text:
            raise ZeroDivisionError("division by zero")
        return super().entry(document, fingerprint)


def test_a_bug_in_extraction_costs_only_its_document(store: Store, folder: Path) -> None:
    chips(folder, 34)
    report = Stumbling(store, CATALOG).ingest([folder])
    assert len(report.added) == 33
    assert ["ZeroDivisionError" in failure.reason for failure in report.failed] == [True]
    assert store.fingerprint(report.failed[0].origin) is None


def test_bad_inputs_are_named_and_the_others_done(store: Store, folder: Path) -> None:
    chips(folder, 2)
    (folder / "empty.md").write_text("")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "gone.md").symlink_to(folder / "nowhere.md")
    report = Sync(store, CATALOG).ingest([folder, folder / "missing.md", "https://example.com/x"])
    assert len(report.added) == 2
    failed = " ".join(failure.origin for failure in report.failed)
    for name in ("empty.md", "binary.txt", "missing.md", "https://example.com/x"):
        assert name in failed


def test_a_full_disk_ends_the_run_and_keeps_what_was_committed(store: Store, folder: Path) -> None:
    chips(folder, 32)
    write(folder, "999.md", "\n\n".join(f"第 {at} 款芯片的功耗为 {at}W，{ARTICLE}" for at in range(600)))
    sync = Sync(store, CATALOG)
    first = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {first + 60}")
    with pytest.raises(StoreError, match="full"):
        sync.ingest([folder])
    assert store.counts().documents == 32
    store._connection.execute("PRAGMA max_page_count = 1000000")
    report = sync.ingest([folder])
    assert (len(report.added), len(report.unchanged)) == (1, 32)


def test_an_orphan_vector_of_a_killed_run_goes(store: Store, home: Path, folder: Path) -> None:
    chips(folder, 3)
    sync, vectors = Sync(store, CATALOG), Vectors.open(home, Hashed())
    sync.ingest([folder])
    # Killed between the vector and the word that it is there; then the document changes.
    waiting = [passage.id for passage, _ in store.pending(9)]
    vectors.add(waiting, [Hashed().embed_query(identity) for identity in waiting])
    write(folder, "001.md", "MTT S4001 的功耗为 999W。")
    sync.ingest([folder])
    sync.embed(vectors, Hashed())
    assert agrees(store, vectors)


def test_lost_and_stray_vectors_are_mended_one_by_one(store: Store, home: Path, folder: Path) -> None:
    chips(folder, 4)
    sync, vectors = Sync(store, CATALOG), Vectors.open(home, Hashed())
    sync.ingest([folder])
    sync.embed(vectors, Hashed())
    lost = min(store.passage_ids())
    vectors.delete([lost])
    check_index(store, vectors)
    assert [passage.id for passage, _ in store.pending(9)] == [lost]
    assert sync.embed(vectors, Hashed()) == 1
    # One lost and one stray: the counts agree, the ids do not; a sync sees it.
    vectors.delete([lost])
    vectors.add(["stray"], [Hashed().embed_query("x")])
    check_index(store, vectors)
    assert store.counts().pending == 0
    assert sync.embed(vectors, Hashed()) == 1
    assert agrees(store, vectors)


def test_an_index_of_another_model_is_mended_by_a_rebuild(store: Store, home: Path, folder: Path) -> None:
    chips(folder, 3)
    sync, vectors = Sync(store, CATALOG), Vectors.open(home, Hashed())
    sync.ingest([folder])
    sync.embed(vectors, Hashed())
    other = Hashed("another", 16)
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        Vectors.open(home, other)
    store.remove(store.documents()[0].id)
    store.mark_all_pending()
    assert store.obsolete()
    mended = Vectors.reset(home, other)
    assert sync.embed(mended, other) == 2
    assert agrees(store, mended)
