"""Embeddings from an OpenAI-compatible endpoint: vLLM, Ollama, TEI, Xinference or a hosted service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from knowledge.embeddings import is_e5
from knowledge.errors import ModelError, SettingsError

# Texts a request: what every known server accepts.
BATCH = 64
RETRIES = 3
# Seconds before the first retry; doubled before each further one.
PAUSE = 0.5
LONGEST_PAUSE = 20.0


class OpenAIEmbeddings(Embeddings):
    """POST {url}/embeddings in batches. Raises SettingsError when the endpoint refuses what the settings say
    (address, key, model), ModelError when it does not answer or answers with something else than vectors."""

    def __init__(self, url: str, model: str, api_key: str | None = None, timeout: float = 60.0) -> None:
        import httpx

        self.model_name = model
        self._address = f"{url.rstrip('/')}/embeddings"
        self._prefixed = is_e5(model)
        self._dimension: int | None = None
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.Client(headers=headers, timeout=timeout)

    @property
    def dimension(self) -> int:
        """The length of the vectors; learnt from the first answer."""
        if self._dimension is None:
            self.embed_query("dimension")
        assert self._dimension is not None
        return self._dimension

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages, one a text."""
        return self._embed(["passage: " + text for text in texts] if self._prefixed else texts)

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self._embed(["query: " + text if self._prefixed else text])[0]

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for at in range(0, len(texts), BATCH):
            vectors += self._request(list(texts[at : at + BATCH]))
        return vectors

    def _request(self, texts: list[str]) -> list[list[float]]:
        import httpx

        problem = ""
        for attempt in range(RETRIES + 1):
            pause = PAUSE * 2**attempt
            try:
                response = self._http.post(self._address, json={"model": self.model_name, "input": texts})
            except httpx.InvalidURL as error:
                raise SettingsError(f"XINWEN_EMBEDDING_URL is no address: {error}") from error
            except httpx.TransportError as error:
                problem = str(error) or type(error).__name__
            else:
                if response.status_code == 200:
                    return self._vectors(response, len(texts))
                problem = f"HTTP {response.status_code}: {response.text[:200]}"
                if response.status_code not in (408, 429) and response.status_code < 500:
                    raise SettingsError(self._refused(response.status_code, problem))
                asked = response.headers.get("retry-after", "")
                pause = max(pause, float(asked)) if asked.isdigit() else pause
            if attempt < RETRIES:
                time.sleep(min(pause, LONGEST_PAUSE))
        raise ModelError(
            f"the embedding endpoint {self._address} does not answer ({problem}), tried {RETRIES + 1} times; "
            "check that it runs, and run the command again: vectors already made are kept"
        )

    def _refused(self, status: int, problem: str) -> str:
        setting = {401: "XINWEN_EMBEDDING_API_KEY", 403: "XINWEN_EMBEDDING_API_KEY"}.get(
            status, "XINWEN_EMBEDDING_URL and XINWEN_EMBEDDING_MODEL"
        )
        return f"the embedding endpoint {self._address} refuses {self.model_name!r} ({problem}); check {setting}"

    def _vectors(self, response: Any, wanted: int) -> list[list[float]]:
        """The vectors in the order of the texts, whatever order the answer has."""
        try:
            items = sorted(response.json()["data"], key=lambda item: item["index"])
            vectors = [[float(value) for value in item["embedding"]] for item in items]
            # Every index once: an answer with one text twice would give a passage another one's vector.
            sound = [item["index"] for item in items] == list(range(wanted))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{self._address} answered with something else than embeddings ({error})") from error
        lengths = {len(vector) for vector in vectors}
        if self._dimension is not None:
            lengths.add(self._dimension)
        if not sound or len(lengths) != 1 or 0 in lengths:
            raise ModelError(
                f"{self._address} answered {wanted} texts with {len(vectors)} vectors of {sorted(lengths)} dimensions"
            )
        self._dimension = lengths.pop()
        return vectors
