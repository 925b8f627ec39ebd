"""A home kept by real commands: folders followed, documents shown and removed, a backup put back under a live server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.core import Assistant
from knowledge.store import Store


def xinwen(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def write(path: Path, name: str, memory: int) -> Path:
    path.write_text(f"# {name} 的规格\n\n{name} 的显存容量为 {memory}GB。\n", "utf-8")
    return path


def until(holds: Callable[[], object], seconds: float = 30.0) -> None:
    """Waits for what another process is about to do."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def texts(home: Path) -> dict[str, list[str]]:
    """File name → the memory figures that the store holds of it, as another process sees it."""
    store = Store.open(home)
    found = {
        Path(info.origin).name: [figure.text for figure in store.figures(document_id=info.id)]
        for info in store.documents()
    }
    store.close()
    return found


def pending(home: Path) -> int:
    store = Store.open(home)
    found = store.counts().pending
    store.close()
    return found


# --- folders ------------------------------------------------------------------------------------------------------


@contextmanager
def watching(home: Path, *folders: Path) -> Iterator[subprocess.Popen[str]]:
    options = [part for folder in folders for part in ("--watch", str(folder))]
    with subprocess.Popen(
        [sys.executable, "-m", "assistant", "--home", str(home), "sync", *options], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_watched_folder_is_followed_until_told_to_stop(home: Path, tmp_path: Path, by: signal.Signals) -> None:
    folder = tmp_path / "资料"
    (folder / "inner").mkdir(parents=True)
    write(folder / "a.md", "天罡 T100", 16)
    write(folder / "inner" / "b.md", "天罡 T200", 32)
    with watching(home, folder) as process:
        until(lambda: (home / "xinwen.db").exists() and texts(home) == {"a.md": ["16GB"], "b.md": ["32GB"]})
        # Added, changed; a hidden file and a file of another kind are none of ours; a broken one costs nothing.
        write(folder / "c.md", "天罡 T300", 48)
        write(folder / "a.md", "天罡 T100", 24)
        write(folder / ".hidden.md", "天罡 T900", 99)
        (folder / "picture.png").write_bytes(b"\x89PNG")
        (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
        until(lambda: texts(home) == {"a.md": ["24GB"], "b.md": ["32GB"], "c.md": ["48GB"]})
        # Renamed, moved away with its folder, removed.
        (folder / "c.md").rename(folder / "d.md")
        (folder / "inner").rename(tmp_path / "elsewhere")
        (folder / "a.md").unlink()
        until(lambda: texts(home) == {"d.md": ["48GB"]})
        # A folder that moves in.
        (tmp_path / "elsewhere").rename(folder / "again")
        until(lambda: texts(home) == {"d.md": ["48GB"], "b.md": ["32GB"]})
        until(lambda: pending(home) == 0)
        process.send_signal(by)
        assert process.wait(20) == 1  # broken.pdf failed
        assert process.stderr is not None
        said = process.stderr.read()
    assert "broken.pdf" in said
    assert "stopped watching" in said
    assert "Traceback" not in said


@pytest.mark.timeout(60)
def test_what_was_removed_while_nobody_watched_goes_at_the_start(home: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "watched", tmp_path / "watched-too"
    for path in (folder, other):
        path.mkdir()
    write(folder / "a.md", "天罡 T100", 16)
    write(other / "b.md", "天罡 T200", 32)
    with Assistant.open(home=home) as assistant:
        assistant.ingest([folder, other], embed=False)
    (folder / "a.md").unlink()
    (other / "b.md").unlink()
    with watching(home, folder) as process:
        # The neighbour whose name only begins alike is not watched.
        until(lambda: texts(home) == {"b.md": ["32GB"]})
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.timeout(60)
def test_a_share_that_lost_its_connection_loses_no_document(home: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "share", tmp_path / "local"
    for path in (folder, other):
        path.mkdir()
    write(folder / "a.md", "天罡 T100", 16)
    with watching(home, folder, other) as process:
        until(lambda: (home / "xinwen.db").exists() and "a.md" in texts(home))
        folder.rename(tmp_path / "unmounted")
        write(other / "b.md", "天罡 T200", 32)
        until(lambda: "b.md" in texts(home))
        assert "a.md" in texts(home)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_home_does_not_watch_itself(home: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, home, home / "inner"):
        folder.mkdir(parents=True, exist_ok=True)
        done = xinwen(home, "sync", "--watch", str(folder))
        assert done.returncode == 2
        assert "apart" in done.stderr
    assert xinwen(home, "sync", "--watch", str(tmp_path / "missing")).returncode == 2


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.md").write_text(
        "---\ntitle: '天罡: T100 \"规格\" \u202e/../x'\npublisher: 甲报\npublished: 2025-03-01\n"
        "url: https://example.com/a?x=1&y=2\nkind: spec\nclaimed_by: vendor\n---\n# 规格\n\n"
        "天罡 T100 的显存容量为 16GB。\n\n| 项目 | 数值 |\n|---|---|\n| 功耗 | 75W |\n",
        "utf-8",
    )
    write(folder / "b.md", "天罡 T200", 32)
    with Assistant.open(home=home) as assistant:
        assistant.ingest([folder])
    return home


def listed(home: Path, *words: str) -> list[dict[str, Any]]:
    done = xinwen(home, "documents", "list", *words, "--json")
    assert done.returncode == 0, done
    return list(json.loads(done.stdout))


def test_documents_are_listed_shown_and_removed(filled: Path, tmp_path: Path) -> None:
    assert len(listed(filled)) == 2
    (one,) = listed(filled, "甲报")
    for name in (one["id"], one["id"][:6], str(tmp_path / "files" / "a.md"), "https://example.com/a?x=1&y=2"):
        shown = json.loads(xinwen(filled, "documents", "show", name, "--json").stdout)
        assert shown["id"] == one["id"]
        assert {figure["value"] for figure in shown["figures"]} >= {"16GB"}
        for figure in shown["figures"]:
            assert shown["text"][figure["start"] : figure["end"]] == figure["value"]
    text = xinwen(filled, "documents", "show", one["id"]).stdout
    assert "16GB" in text
    assert "甲报" in text
    for wrong in ("nosuch", "", "0000000000000000"):
        assert xinwen(filled, "documents", "show", wrong).returncode == 2
    # One wrong name among good ones: nothing is removed.
    assert xinwen(filled, "documents", "remove", one["id"], "nosuch").returncode == 2
    assert len(listed(filled)) == 2
    assert xinwen(filled, "documents", "remove", one["id"]).returncode == 0
    assert [info["title"] for info in listed(filled)] != []
    assert one["id"] not in {info["id"] for info in listed(filled)}
    assert xinwen(filled, "doctor").stdout == "nothing is wrong\n"
    with Assistant.open(home=filled) as assistant:
        assert assistant.vectors is not None
        assert assistant.ask("天罡 T100 的显存容量？").status == "refused"
        assistant.ingest([], embed=True)
        assert assistant.vectors.ids() == set(assistant.store.passage_ids())
    # Removed is forgotten: the same file can be brought again.
    again = json.loads(xinwen(filled, "ingest", "--json", str(tmp_path / "files")).stdout)
    assert len(again["added"]) == 1


def test_an_export_comes_back_as_the_same_documents(filled: Path, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert xinwen(filled, "documents", "export", str(out)).returncode == 0
    files = list(out.iterdir())
    assert len(files) == 2
    assert all(path.parent == out and "\u202e" not in path.name for path in files)
    with Assistant.open(home=home) as first, Assistant.open(home=tmp_path / "second") as second:
        second.ingest([out], embed=False)

        def known(assistant: Assistant) -> list[Any]:
            found = [assistant.store.document(info.id) for info in assistant.documents()]
            return sorted(
                [item.text, item.title, item.publisher, item.url, item.published, item.kind, item.claimed_by]
                for item in found
                if item is not None
            )

        assert known(first) == known(second)


# --- under a live server ------------------------------------------------------------------------------------------


@contextmanager
def server(home: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "assistant", "--home", str(home), "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    ) as process:
        url = f"http://127.0.0.1:{port}"

        def up() -> bool:
            try:
                return httpx.get(f"{url}/health/live", timeout=5).status_code == 200
            except httpx.HTTPError:
                return False

        try:
            until(up, 90)
            yield url
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_server_goes_on_with_what_was_restored(filled: Path, tmp_path: Path) -> None:
    question = {"question": "天罡 T200 的显存容量是多少？"}
    saved = tmp_path / "saved.backup"
    with server(filled) as url:

        def answer() -> str:
            return str(httpx.post(f"{url}/v1/ask", json=question, timeout=60).json()["text"])

        assert "32 GB" in answer()
        assert xinwen(filled, "backup", str(saved)).returncode == 0
        write(tmp_path / "files" / "b.md", "天罡 T200", 64)
        write(tmp_path / "files" / "c.md", "天罡 T300", 128)
        assert xinwen(filled, "ingest", str(tmp_path / "files")).returncode == 0
        assert "64 GB" in answer()
        done = xinwen(filled, "restore", str(saved), "--json")
        assert done.returncode == 0, done
        assert "32 GB" in answer()
        assert len(httpx.get(f"{url}/v1/documents", timeout=30).json()) == 2
        # The server itself makes the vectors that are missing, and takes out those that are too many.
        store = Store.open(filled)
        until(lambda: store.counts().pending == 0 and not store.obsolete(), 60)
        store.close()
    assert xinwen(filled, "doctor").stdout == "nothing is wrong\n"
    shutil.rmtree(filled)
    assert xinwen(filled, "restore", str(saved)).returncode == 0
    with Assistant.open(home=filled) as assistant:
        assert "32 GB" in assistant.ask(question["question"]).text
