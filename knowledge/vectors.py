"""Vectors: the Chroma index of the passages, derived from the store and always rebuildable from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from knowledge.embeddings import Embedder
from knowledge.errors import IndexMismatchError, StoreError, XinwenError

COLLECTION = "passages"
BATCH = 256
PAGE = 50_000


class Vectors:
    """Passage ids with their vectors. We compute the vectors; Chroma never runs an embedding function of its own."""

    def __init__(self, client: Any, embeddings: Embedder) -> None:
        self._client = client
        self._embeddings = embeddings
        self._collection = self._open()

    @classmethod
    def open(cls, home: Path, embeddings: Embedder, url: str | None = None) -> Vectors:
        """The index in `home`, or on the Chroma server at `url`.

        Raises IndexMismatchError when it was made with another model, StoreError when it cannot be reached.
        """
        try:
            return cls(_client(home, url), embeddings)
        except XinwenError:
            raise
        except Exception as error:
            raise StoreError(_unusable(home, url, error)) from error

    @classmethod
    def reset(cls, home: Path, embeddings: Embedder, url: str | None = None) -> Vectors:
        """An empty index in place of whatever is there, damaged or made with another model."""
        from chromadb.errors import NotFoundError

        try:
            client = _client(home, url)
            with suppress(NotFoundError):
                client.delete_collection(COLLECTION)
            return cls(client, embeddings)
        except XinwenError:
            raise
        except Exception as error:
            if url is not None:
                raise StoreError(_unusable(home, url, error)) from error
            shutil.rmtree(home / "vectors", ignore_errors=True)
            return cls.open(home, embeddings)

    def _open(self) -> Any:
        from chromadb.errors import NotFoundError

        wanted: dict[str, Any] = {"model": self._embeddings.model_name}
        try:
            collection = self._client.get_collection(COLLECTION, embedding_function=None)
        except NotFoundError:
            # Another process may have made it in the meantime; what it noted is compared all the same.
            collection = self._client.get_or_create_collection(
                COLLECTION,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine"}},
                metadata=wanted | {"dimension": self._embeddings.dimension},
            )
        made_with = collection.metadata or {}
        # A model has to be loaded to know its dimension: the names are compared first.
        wanted["dimension"] = (
            self._embeddings.dimension if made_with.get("model") == wanted["model"] else made_with.get("dimension")
        )
        # An index made before dimensions were noted has none.
        made = {"model": made_with.get("model"), "dimension": made_with.get("dimension", wanted["dimension"])}
        if made != wanted:
            raise IndexMismatchError(
                f"the vector index was made with {_described(made, wanted)}, the settings ask for {_described(wanted, made)}; "
                "run `xinwen sync --rebuild` to make it anew, or set XINWEN_EMBEDDING_MODEL back"
            )
        return collection

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        """Chroma's many errors as the one that people and callers know; a full disk is the usual one."""
        try:
            yield
        except Exception as error:
            raise StoreError(
                f"the vector index cannot be {doing} ({_line(error)}); what was done before is kept: run `xinwen sync` again"
            ) from error

    def add(self, ids: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Puts vectors, replacing those of the same ids (an upsert does not grow the disk; delete and add would)."""
        for at in range(0, len(ids), BATCH):
            part = [list(vector) for vector in vectors[at : at + BATCH]]
            with self._explained("written"):
                self._collection.upsert(ids=list(ids[at : at + BATCH]), embeddings=part)

    def delete(self, ids: Sequence[str]) -> None:
        """Takes vectors out; an id that has none is passed over."""
        for at in range(0, len(ids), BATCH):
            with self._explained("written"):
                self._collection.delete(ids=list(ids[at : at + BATCH]))

    def ids(self) -> set[str]:
        """The passage ids that have a vector."""
        found: set[str] = set()
        at = 0
        while True:
            with self._explained("read"):
                # A page at a time: a server refuses answers of any size.
                part = self._collection.get(include=[], limit=PAGE, offset=at)["ids"]
            found.update(part)
            if len(part) < PAGE:
                return found
            at += PAGE

    def query(self, text: str, k: int) -> list[tuple[str, float]]:
        """(passage id, cosine similarity) of the `k` nearest passages, nearest first."""
        vector = self._embeddings.embed_query(text)
        held = self.count()
        if not held:
            return []
        found = self._collection.query(query_embeddings=[vector], n_results=min(k, held), include=["distances"])
        return [
            (identity, 1.0 - distance)
            for identity, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def count(self) -> int:
        return int(self._collection.count())


def _client(home: Path, url: str | None) -> Any:
    """Chroma's client of the index in `home`, or of the server at `url`."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if url is None:
        return chromadb.PersistentClient(path=str(home / "vectors"), settings=settings)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return chromadb.HttpClient(
        host=parts.hostname or url, port=parts.port or (443 if secure else 8000), ssl=secure, settings=settings
    )


def _unusable(home: Path, url: str | None, error: Exception) -> str:
    if url is not None:
        return f"the Chroma server at {url} does not answer ({_line(error)}); check XINWEN_CHROMA_URL"
    return f"the vector index in {home / 'vectors'} cannot be opened ({_line(error)}); run `xinwen sync --rebuild`"


def _described(manifest: dict[str, Any], other: dict[str, Any]) -> str:
    """The model; its dimension only where that is what differs."""
    same = manifest["model"] == other["model"]
    return f"{manifest['model']!r} ({manifest['dimension']} dimensions)" if same else repr(manifest["model"])


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
