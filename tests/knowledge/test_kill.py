"""A sync that is killed again and again ends in the same state as one that never was."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from knowledge.catalog import Catalog
from knowledge.lexical import query_tokens
from knowledge.store import Store

pytestmark = pytest.mark.slow

DOCUMENTS = 40
KILLS = 12

# The embedding is a hash: what is tested is the order of writes, and the more kills a minute the better.
WORKER = """
import hashlib, random, sys, time
from pathlib import Path
from knowledge.catalog import Catalog
from knowledge.home import prepare, writing
from knowledge.store import Store
from knowledge.sync import Sync, check_index
from knowledge.vectors import Vectors

class Hashed:
    model_name, dimension = "hashed", 16
    def embed_documents(self, texts):
        time.sleep(0.02)
        return [self.embed_query(text) for text in texts]
    def embed_query(self, text):
        source = random.Random(hashlib.sha256(text.encode()).hexdigest())
        return [source.gauss(0, 1) for _ in range(16)]

def progress(stage, done, total):
    print(stage, done, total, flush=True)

home = prepare(Path(sys.argv[1]))
print("start", flush=True)
with writing(home):
    store = Store.open(home)
    sync = Sync(store, Catalog.load())
    report = sync.ingest([Path(sys.argv[2])], progress)
    assert not report.failed, report.failed
    vectors = Vectors.open(home, Hashed())
    check_index(store, vectors)
    sync.embed(vectors, Hashed(), progress)
    assert not store.obsolete()
    for identity in sorted(vectors.ids()):
        print("vector", identity)
"""


def write(folder: Path, number: int, edition: int = 0) -> None:
    rows = "\n".join(f"| 显存容量 | {16 + number + at + edition} GB |" for at in range(3))
    sections = "\n\n".join(
        f"## 第 {at} 节\n\nMTT S{4000 + number} 的功耗为 {200 + number + at + edition}W。"
        f"{hashlib.sha256(f'{number}/{at}/{edition}'.encode()).hexdigest()} 是它的批号，第 {number} 批。"
        for at in range(6)
    )
    text = f"---\ntitle: 芯片 S{4000 + number} 规格\npublisher: 测试日报\npublished: 2024-03-08\n---\n{sections}\n\n| 项目 | 数值 |\n|---|---|\n{rows}\n"
    (folder / f"{number:03}.md").write_text(text, "utf-8")


def run(home: Path, folder: Path, kill_after: int | None = None, delay: float = 0.0) -> set[str] | None:
    """Runs the worker, killing it `delay` seconds after its `kill_after`-th line; the vector ids it names at the end,
    None when it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found: set[str] = set()
        timer: threading.Timer | None = None
        for number, line in enumerate(process.stdout):
            if number == kill_after:
                timer = threading.Timer(delay, os.kill, (process.pid, signal.SIGKILL))
                timer.start()
            # A killed process may end in the middle of a line.
            if line.startswith("vector ") and line.endswith("\n"):
                found.add(line.split()[1])
        errors = process.stderr.read()
        process.wait()
        if timer is not None:
            timer.cancel()
    assert process.returncode in (0, -signal.SIGKILL), errors
    if kill_after is None:
        assert process.returncode == 0, errors
    return found if process.returncode == 0 else None


def state(home: Path) -> dict[str, Any]:
    store, catalog = Store.open(home), Catalog.load()
    questions = ["S4003 的功耗", "显存容量 20GB", "批号", "第 7 批"]
    documents = sorted((store.document(info.id) for info in store.documents()), key=lambda item: item.origin)
    held = {
        "documents": documents,
        "passages": {info.id: store.passages_of(info.id) for info in store.documents()},
        "figures": sorted(map(repr, store.figures())),
        "lexical": [
            sorted(
                (identity, round(score, 6)) for identity, score in store.lexical(query_tokens(text, catalog), 10_000)
            )
            for text in questions
        ],
        "counts": store.counts().pending,
        "obsolete": store.obsolete(),
    }
    store.close()
    return held


@pytest.mark.timeout(180)
def test_killed_at_many_points_then_completed(tmp_path: Path) -> None:
    folder, home = tmp_path / "documents", tmp_path / "killed"
    folder.mkdir()
    for number in range(DOCUMENTS):
        write(folder, number)
    source = random.Random(20240308)
    # A line at the start, forty of reading (a commit after the 32nd and the last), then one a batch of vectors.
    lines = [0, 1, 20, 32, 33, 40, 41, 40, 41, 42, 40, 41, 43, 41]
    killed = 0
    for attempt, after in enumerate(lines):
        killed += run(home, folder, after, source.choice([0.0, 0.002, 0.01, 0.03, 0.05])) is None
        if attempt >= 5:
            # An edit between two runs: what the killed one wrote of the old edition has to go.
            for number in (attempt, 39 - attempt):
                write(folder, number, edition=attempt)
    assert killed >= KILLS
    resumed = run(home, folder)
    clean = run(tmp_path / "clean", folder)
    assert resumed == clean
    assert state(home) == state(tmp_path / "clean")
    store = Store.open(home)
    assert {passage.id for info in store.documents() for passage in store.passages_of(info.id)} == resumed
    # And once it is done there is nothing left to do.
    revision = store.revision
    assert run(home, folder) == resumed
    assert store.revision == revision
