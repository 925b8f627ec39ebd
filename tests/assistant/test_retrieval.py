"""Retrieval: the asked product before its siblings, copies held back, words alone when there are no vectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.retrieval import PER_ARTICLE, Retrieval, as_retriever
from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.lexical import tokens
from knowledge.passages import split
from knowledge.store import Entry, Store

CATALOG = Catalog.load()
TEXTS = {
    "S4000": "MTT S4000 的显存带宽为 768GB/s，显存容量为 48GB。",
    "S3000": "MTT S3000 的显存带宽为 448GB/s，显存容量为 32GB。显存带宽与显存容量见显存规格表。",
    "910B": "昇腾910B 的显存容量为 64GB。",
}


def entry(name: str, text: str) -> Entry:
    document = Document(origin=f"{name}.md", title=f"{name} 规格", text=text)
    passages = split(document)
    words = [" ".join(tokens(passage.searchable(document.title), CATALOG)) for passage in passages]
    return Entry(document, passages, [], words, fingerprint=name, article=document.id)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path)
    opened.put([entry(name, text) for name, text in TEXTS.items()])
    yield opened
    opened.close()


@pytest.mark.parametrize(("text", "title"), [("S4000 显存带宽", "S4000 规格"), ("S3000 显存带宽", "S3000 规格")])
def test_the_asked_product_comes_before_its_sibling(store: Store, text: str, title: str) -> None:
    assert Retrieval(store, CATALOG).search(text)[0].document.title == title


def test_another_name_of_a_product_finds_it(store: Store) -> None:
    assert Retrieval(store, CATALOG).search("Ascend 910B memory")[0].document.title == "910B 规格"


class Broken:
    """An index whose server is away."""

    def query(self, text: str, k: int) -> list[tuple[str, float]]:
        raise ConnectionError("refused")


def test_without_its_vectors_a_search_still_finds_by_words(store: Store) -> None:
    retrieval = Retrieval(store, CATALOG, Broken())  # type: ignore[arg-type]
    assert retrieval.search("S4000 显存带宽")[0].document.title == "S4000 规格"
    with pytest.raises(ConnectionError):
        retrieval.search("S4000 显存带宽", mode="dense")


@pytest.mark.parametrize("text", ["", "😀", 'NEAR( "OR 1=1 *', "'; DROP TABLE passages; --"])
def test_operators_in_a_question_are_only_words(store: Store, text: str) -> None:
    Retrieval(store, CATALOG).search(text)
    assert store.counts().documents == len(TEXTS)


def test_one_article_does_not_fill_the_page(store: Store) -> None:
    text = "\n\n".join(f"## 第{at}节\n\n显存带宽 S4000 " + "说明文字。" * 60 for at in range(12))
    store.put([entry("长文", text)])
    first = Retrieval(store, CATALOG).search("S4000 显存带宽", k=PER_ARTICLE + 1)
    assert len({hit.document.id for hit in first}) > 1


def test_hits_become_documents_with_their_citation(store: Store) -> None:
    document = as_retriever(Retrieval(store, CATALOG), k=1).invoke("S4000 显存带宽")[0]
    assert document.page_content == TEXTS["S4000"]
    assert document.metadata["title"] == "S4000 规格"
    assert (document.metadata["start"], document.metadata["end"]) == (0, len(TEXTS["S4000"]))
