"""Runner: cases asked of the library or of a server, what was answered before taken from the cache."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from pydantic import ValidationError

from assistant.answer import Answer
from assistant.core import Assistant
from evals.case import Case
from evals.grade import Texts, grade
from evals.metrics import Graded
from knowledge.errors import XinwenError


class TargetError(XinwenError):
    """What is evaluated cannot be asked."""

    code = "target"


class Target(Protocol):
    """What is evaluated. `version` changes when its answers may; "" when nobody can tell, and nothing is cached."""

    version: str

    def ask(self, question: str, history: Sequence[str]) -> Answer: ...

    def text(self, document_id: str) -> str | None: ...


class Library:
    """An assistant of this process."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        assistant.prepare()
        documents = sorted(info.id for info in assistant.store.documents())
        setting = f"{assistant.settings.model} {documents}"
        self.version = hashlib.sha256((code_version() + setting).encode()).hexdigest()[:16]
        self.text = lru_cache(256)(self._text)

    def ask(self, question: str, history: Sequence[str]) -> Answer:
        return self._assistant.ask(question, history)

    def _text(self, document_id: str) -> str | None:
        document = self._assistant.store.document(document_id)
        return document.text if document is not None else None


class Server:
    """A deployed API. Raises TargetError when it cannot be reached, is too slow or talks nonsense."""

    version = ""

    def __init__(self, address: str, key: str | None = None, timeout: float = 60.0) -> None:
        import httpx

        self._address = address.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout, trust_env=False)
        self.text = lru_cache(256)(self._text)
        self._call("GET", "/health/live")

    def _call(self, method: str, path: str, body: object = None) -> str:
        import httpx

        try:
            response = self._client.request(method, self._address + path, json=body)
        except httpx.TimeoutException as error:
            raise TargetError(f"{self._address}{path} did not answer in time; is the server overloaded?") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TargetError(f"{self._address} cannot be reached ({error}); check --against and the server") from error
        if response.status_code == 404 and method == "GET":
            return ""
        if response.status_code >= 400:
            hint = "; give its key with --key" if response.status_code in (401, 403) else ""
            raise TargetError(f"{self._address}{path} answered {response.status_code}: {response.text[:200]}{hint}")
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


class Cache:
    """Answers by question and version, a line each, written as they come: what an interrupted run did is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._lines = path, dict[str, tuple[Answer, float]]()
        if path is not None and path.is_file():
            for line in path.read_text("utf-8").splitlines():
                try:
                    item = json.loads(line)
                    self._lines[item["key"]] = (Answer.model_validate(item["answer"]), float(item["seconds"]))
                except (ValueError, KeyError, TypeError):
                    continue  # the line that an interruption cut

    def get(self, key: str) -> tuple[Answer, float] | None:
        return self._lines.get(key)

    def put(self, key: str, answer: Answer, seconds: float) -> None:
        if self._path is None or not key:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"key": key, "answer": answer.model_dump(), "seconds": seconds}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n" + line)


def _key(case: Case, version: str) -> str:
    asked = case.model_dump_json(include={"question", "history", "documents"})
    return hashlib.sha256(f"{version} {asked}".encode()).hexdigest() if version else ""


def run(cases: Sequence[Case], target: Target, cache: Cache, jobs: int = 1) -> Iterator[Graded]:
    """Each case graded, in order. An error of one case is its result; an unreachable target raises TargetError."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        try:
            yield from pool.map(lambda case: _one(case, target, cache), cases)
        finally:
            pool.shutdown(cancel_futures=True)


def _one(case: Case, target: Target, cache: Cache) -> Graded:
    if case.documents:
        with tempfile.TemporaryDirectory() as folder:
            return _with_documents(case, Path(folder))
    key = _key(case, target.version)
    known = cache.get(key) if key else None
    if known is None:
        started = time.perf_counter()
        try:
            answer = target.ask(case.question, case.history)
        except TargetError:
            raise
        except XinwenError as error:
            return Graded(case, None, (), time.perf_counter() - started, str(error))
        known = answer, time.perf_counter() - started
        cache.put(key, *known)
    return _graded(case, *known, target.text)


def _with_documents(case: Case, folder: Path) -> Graded:
    paths: list[str | Path] = []
    for document in case.documents:
        path = folder / document.name
        path.write_text(document.text, "utf-8")
        paths.append(path)
    with Assistant.open(folder / "home") as assistant:
        assistant.ingest(paths, embed=False)
        library = Library(assistant)
        started = time.perf_counter()
        answer = library.ask(case.question, case.history)
        return _graded(case, answer, time.perf_counter() - started, library.text)


def _graded(case: Case, answer: Answer, seconds: float, texts: Texts) -> Graded:
    return Graded(case, answer, tuple(grade(case, answer, texts)), seconds)
