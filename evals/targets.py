"""Targets: what is evaluated, an assistant of this process or a deployed API, behind the same two questions."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from pydantic import ValidationError

from assistant.answer import Answer
from assistant.core import Assistant
from evals.case import InlineDocument
from knowledge.errors import XinwenError


class TargetError(XinwenError):
    """What is evaluated cannot be asked this question, or gave no answer to it."""

    code = "target"


class UnreachableError(TargetError):
    """What is evaluated cannot be asked anything; the run ends."""


class CannotHoldError(TargetError):
    """The target cannot be asked over documents that a case brings."""


class Target(Protocol):
    """What is evaluated.

    `version` changes when its answers may; "" when nobody can tell, and nothing is taken from a cache then. `model`
    tells whether a language model words the answers in this process.
    """

    version: str
    model: bool

    def ask(self, question: str, history: Sequence[str]) -> Answer: ...

    def text(self, document_id: str) -> str | None: ...

    def alone(self, documents: Sequence[InlineDocument]) -> AbstractContextManager[Target]:
        """The same target over nothing but `documents`. Raises CannotHoldError."""
        ...


class Library:
    """An assistant of this process. `overrides` are the settings it was opened with, for libraries of its kind."""

    def __init__(self, assistant: Assistant, **overrides: Any) -> None:
        self._assistant, self._overrides = assistant, overrides
        assistant.prepare()
        documents = sorted(info.id for info in assistant.store.documents())
        # Vectors that are not made yet are not searched, so their number tells answers apart too.
        pending = assistant.store.counts().pending
        setting = f"{_answering(assistant)} {pending} {documents}"
        self.version = hashlib.sha256((code_version() + setting).encode()).hexdigest()[:16]
        self.model = bool(assistant.settings.model)
        self.text = lru_cache(256)(self._text)

    def ask(self, question: str, history: Sequence[str]) -> Answer:
        return self._assistant.ask(question, history)

    def _text(self, document_id: str) -> str | None:
        document = self._assistant.store.document(document_id)
        return document.text if document is not None else None

    @contextmanager
    def alone(self, documents: Sequence[InlineDocument]) -> Iterator[Library]:
        """A library of the same settings in a temporary home. Raises TargetError for a document that is not read."""
        with tempfile.TemporaryDirectory(prefix="xinwen-case-") as name:
            folder = Path(name)
            paths: list[str | Path] = []
            for document in documents:
                path = folder / document.name
                path.write_text(document.text, "utf-8")
                paths.append(path)
            with Assistant.open(folder / "home", **self._overrides) as assistant:
                report = assistant.ingest(paths, embed=False)
                if report.failed:
                    raise TargetError(f"the case's own document was not read: {report.failed[0].reason}")
                yield Library(assistant, **self._overrides)


def _answering(assistant: Assistant) -> str:
    """The settings that an answer can depend on, without keys, places and what only serving needs."""
    left_out = {"home", "host", "port", "api_keys", "admin_key", "model_api_key", "embedding_api_key", "workers"}
    return json.dumps(assistant.settings.model_dump(mode="json", exclude=left_out), sort_keys=True)


class Server:
    """A deployed API. Raises UnreachableError when it cannot be reached, TargetError when it is slow or talks nonsense."""

    version = ""
    model = False

    def __init__(self, address: str, key: str | None = None, timeout: float = 60.0) -> None:
        import httpx

        self._address = address.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout, trust_env=False)
        self.text = lru_cache(256)(self._text)
        self._live()

    def _live(self) -> None:
        text = self._call("GET", "/health/live")
        try:
            live = json.loads(text)["status"] == "ok"
        except (ValueError, KeyError, TypeError):
            live = False
        if not live:
            raise UnreachableError(
                f"{self._address}/health/live did not say that it lives but {text[:80]!r}; is this the address of 芯问?"
            )

    def _call(self, method: str, path: str, body: object = None) -> str:
        import httpx

        try:
            response = self._client.request(method, self._address + path, json=body)
        except (httpx.ConnectTimeout, httpx.ConnectError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise UnreachableError(
                f"{self._address} cannot be reached ({error}); check --against and the server"
            ) from error
        except httpx.TimeoutException as error:
            raise TargetError(f"{self._address}{path} did not answer in time; see --timeout") from error
        except httpx.HTTPError as error:
            raise TargetError(f"{self._address}{path} broke off ({error})") from error
        if response.status_code == 404 and method == "GET":
            return ""
        if response.status_code in (401, 403):
            raise UnreachableError(f"{self._address} wants a key; give it with --key")
        if response.status_code >= 400:
            raise TargetError(f"{self._address}{path} answered {response.status_code}: {response.text[:200]}")
        return response.text

    def ask(self, question: str, history: Sequence[str]) -> Answer:
        text = self._call("POST", "/v1/ask", {"question": question, "history": list(history)})
        try:
            return Answer.model_validate_json(text)
        except ValidationError as error:
            raise TargetError(f"{self._address}/v1/ask did not give an answer but {text[:80]!r}") from error

    def _text(self, document_id: str) -> str | None:
        text = self._call("GET", f"/v1/documents/{quote(document_id, safe='')}")
        try:
            return str(json.loads(text)["text"]) if text else None
        except (ValueError, KeyError, TypeError) as error:
            raise TargetError(f"{self._address}/v1/documents did not give a document but {text[:80]!r}") from error

    def alone(self, documents: Sequence[InlineDocument]) -> AbstractContextManager[Target]:
        # Uploading would add them to everybody's library, and ask the question of all the others beside them.
        raise CannotHoldError("a case with documents of its own needs a library of its own; a server has but one")


@lru_cache(1)
def code_version() -> str:
    """A hash over the sources and data that answers come from."""
    whole = hashlib.sha256()
    for package in ("assistant", "knowledge"):
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".yaml", ".txt") and "corpus" not in path.parts:
                whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()[:16]
