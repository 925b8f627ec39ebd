"""Vectors: the Chroma index of the passages, derived from the store and always rebuildable from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from knowledge.embeddings import Embedder
from knowledge.errors import IndexMismatchError, StoreError

COLLECTION = "passages"
BATCH = 256


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
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if url is None:
            try:
                return cls(chromadb.PersistentClient(path=str(home / "vectors"), settings=settings), embeddings)
            except IndexMismatchError:
                raise
            except Exception as error:
                raise StoreError(
                    f"the vector index in {home / 'vectors'} cannot be opened ({error}); run `xinwen sync --rebuild`"
                ) from error
        parts = urlsplit(url)
        try:
            client = chromadb.HttpClient(
                host=parts.hostname or url,
                port=parts.port or (443 if parts.scheme == "https" else 8000),
                ssl=parts.scheme == "https",
                settings=settings,
            )
            return cls(client, embeddings)
        except IndexMismatchError:
            raise
        except Exception as error:
            raise StoreError(
                f"the Chroma server at {url} does not answer ({error}); check XINWEN_CHROMA_URL"
            ) from error

    def _open(self) -> Any:
        collection = self._client.get_or_create_collection(
            COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine"}},
            metadata={"model": self._embeddings.model_name},
        )
        made_with = (collection.metadata or {}).get("model")
        if made_with != self._embeddings.model_name:
            raise IndexMismatchError(
                f"the vector index was made with {made_with!r}, the settings ask for {self._embeddings.model_name!r}; "
                "run `xinwen sync --rebuild` to make it anew, or set XINWEN_EMBEDDING_MODEL back"
            )
        return collection

    @classmethod
    def reset(cls, home: Path, embeddings: Embedder, url: str | None = None) -> Vectors:
        """An empty index in place of whatever is there."""
        try:
            opened = cls.open(home, embeddings, url)
            opened._client.delete_collection(COLLECTION)
            opened._collection = opened._open()
            return opened
        except IndexMismatchError:
            import chromadb
            from chromadb.config import Settings

            if url is not None:
                parts = urlsplit(url)
                client: Any = chromadb.HttpClient(
                    host=parts.hostname or url, port=parts.port or 8000, settings=Settings(anonymized_telemetry=False)
                )
            else:
                client = chromadb.PersistentClient(
                    path=str(home / "vectors"), settings=Settings(anonymized_telemetry=False)
                )
            client.delete_collection(COLLECTION)
            return cls(client, embeddings)
        except StoreError:
            if url is not None:
                raise
            import shutil

            shutil.rmtree(home / "vectors", ignore_errors=True)
            return cls.open(home, embeddings, url)

    def add(self, ids: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Puts vectors, replacing those of the same ids (an upsert does not grow the disk; delete and add would)."""
        for at in range(0, len(ids), BATCH):
            self._collection.upsert(
                ids=list(ids[at : at + BATCH]), embeddings=[list(vector) for vector in vectors[at : at + BATCH]]
            )

    def delete(self, ids: Sequence[str]) -> None:
        for at in range(0, len(ids), BATCH):
            self._collection.delete(ids=list(ids[at : at + BATCH]))

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
