"""Cache: answers by question and version in one file, a line each, written as they come.

What an interrupted run did is kept, and what has not changed is not asked again. Answers stay on the disk until they
are wanted: only their places are held.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from assistant.answer import Answer
from evals.metrics import NO_USAGE, Usage

LARGEST = 200_000_000
"""Bytes at which the file is begun anew: by then most of it is of versions nobody runs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer with the seconds it took, what a model was asked for it, and the texts of a case's own documents."""

    answer: Answer
    seconds: float
    usage: Usage = NO_USAGE
    texts: dict[str, str] | None = None


class Cache:
    """Safe for threads, and for processes that run at the same time over one file. `path` None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._at = path, dict[str, int]()
        self._lock = threading.Lock()
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._between = FileLock(f"{path}.lock")
        with self._between:
            if path.is_file() and path.stat().st_size > LARGEST:
                path.unlink()
            if path.is_file():
                self._index(path)

    def _index(self, path: Path) -> None:
        with path.open("rb") as file:
            at = 0
            for line in file:
                # The key stands first, so that the answer need not be read; a line that was cut has no end.
                head = line[:120].decode("utf-8", "ignore")
                if head.startswith('{"key": "') and line.endswith(b"}\n"):
                    self._at[head[9:].split('"', 1)[0]] = at
                at += len(line)

    def get(self, key: str) -> Entry | None:
        """The entry of `key`; None when there is none that can be read."""
        if self._path is None or key not in self._at:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(self._at[key])
                item: dict[str, Any] = json.loads(file.readline())
            if item["key"] != key:
                return None
            return Entry(
                Answer.model_validate(item["answer"]),
                float(item["seconds"]),
                Usage(**item.get("usage", {})),
                item.get("texts"),
            )
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None

    def put(self, key: str, entry: Entry) -> None:
        """Appends the entry, one whole line."""
        if self._path is None or not key:
            return
        item = {
            "key": key,
            "answer": entry.answer.model_dump(),
            "seconds": entry.seconds,
            "usage": asdict(entry.usage),
            **({"texts": entry.texts} if entry.texts else {}),
        }
        line = json.dumps(item, ensure_ascii=False).encode() + b"\n"
        with self._lock, self._between, self._path.open("ab") as file:
            at = file.tell()
            if at and not self._ends_whole(at):
                file.write(b"\n")
                at += 1
            file.write(line)
            self._at[key] = at

    def _ends_whole(self, size: int) -> bool:
        assert self._path is not None
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"
