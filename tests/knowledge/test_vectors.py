"""The vector index on a real Chroma, in the home and behind a real server on loopback."""

from __future__ import annotations

import hashlib
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from knowledge.errors import IndexMismatchError, StoreError
from knowledge.vectors import COLLECTION, Vectors, _client


class Hashed:
    """A real, tiny embedding: characters hashed into directions."""

    def __init__(self, model_name: str = "hashed", dimension: int = 32) -> None:
        self.model_name = model_name
        self.dimension = dimension

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = [0.01] * self.dimension
        for character in text:
            seed = int.from_bytes(hashlib.sha256(character.encode()).digest()[:8], "big")
            source = random.Random(seed)
            vector = [value + source.gauss(0, 1) for value in vector]
        return vector


TEXTS = {"a": "显存容量", "b": "功耗", "c": "制程工艺"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    binary = shutil.which("chroma", path=str(Path(sys.executable).parent)) or pytest.skip("no chroma command")
    path = tmp_path_factory.mktemp("chroma")
    process = subprocess.Popen(
        [binary, "run", "--path", str(path), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{url}/api/v2/heartbeat", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            pytest.fail("the Chroma server did not start")
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["home", "server"])
def url(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("server") if request.param == "server" else None


def filled(home: Path, url: str | None) -> Vectors:
    vectors = Vectors.reset(home, Hashed(), url)
    vectors.add(list(TEXTS), Hashed().embed_documents(list(TEXTS.values())))
    return vectors


def test_adds_finds_and_deletes(tmp_path: Path, url: str | None) -> None:
    vectors = filled(tmp_path, url)
    assert vectors.count() == 3
    assert vectors.ids() == {"a", "b", "c"}
    (nearest, similarity), *_ = vectors.query("功耗", 2)
    assert nearest == "b"
    assert similarity == pytest.approx(1.0, abs=1e-4)
    vectors.add(["b"], [Hashed().embed_query("显存")])
    assert vectors.count() == 3
    vectors.delete(["b", "never there"])
    assert vectors.ids() == {"a", "c"}
    assert {identity for identity, _ in vectors.query("功耗", 9)} == {"a", "c"}
    assert Vectors.open(tmp_path, Hashed(), url).ids() == {"a", "c"}


@pytest.mark.parametrize("other", [Hashed("another"), Hashed(dimension=16)])
def test_an_index_of_another_model_is_refused_and_mended(tmp_path: Path, url: str | None, other: Hashed) -> None:
    filled(tmp_path, url)
    with pytest.raises(IndexMismatchError, match="--rebuild"):
        Vectors.open(tmp_path, other, url)
    # The refused one is untouched.
    assert Vectors.open(tmp_path, Hashed(), url).count() == 3
    mended = Vectors.reset(tmp_path, other, url)
    assert mended.count() == 0
    mended.add(["x"], [other.embed_query("功耗")])
    assert mended.query("功耗", 1)[0][0] == "x"


def test_an_index_without_a_noted_dimension_is_taken(tmp_path: Path) -> None:
    _client(tmp_path, None).create_collection(COLLECTION, embedding_function=None, metadata={"model": "hashed"})
    assert Vectors.open(tmp_path, Hashed()).count() == 0
    with pytest.raises(IndexMismatchError):
        Vectors.open(tmp_path, Hashed("another"))


def test_a_damaged_index_says_so_and_is_mended(tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "chroma.sqlite3").write_bytes(b"no database at all" * 400)
    with pytest.raises(StoreError, match="--rebuild"):
        Vectors.open(tmp_path, Hashed())
    assert filled(tmp_path, None).ids() == set(TEXTS)


def test_a_vector_of_the_wrong_length_is_a_store_error(tmp_path: Path) -> None:
    vectors = filled(tmp_path, None)
    with pytest.raises(StoreError, match="cannot be written"):
        vectors.add(["d"], [[1.0, 2.0]])
    assert vectors.count() == 3


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_is_not_there(tmp_path: Path, scheme: str) -> None:
    with pytest.raises(StoreError, match="XINWEN_CHROMA_URL"):
        Vectors.open(tmp_path, Hashed(), f"{scheme}://127.0.0.1:9")
    with pytest.raises(StoreError, match="XINWEN_CHROMA_URL"):
        Vectors.reset(tmp_path, Hashed(), f"{scheme}://127.0.0.1:9")


@pytest.mark.parametrize("method", ["open", "reset"])
def test_https_is_spoken_as_https(tmp_path: Path, method: str) -> None:
    """A listener sees what the client says first: a TLS handshake (record type 22), never plain HTTP."""
    first: list[bytes] = []

    def listen(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        first.append(connection.recv(1))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=listen, args=(listener,), daemon=True)
        thread.start()
        with pytest.raises(StoreError):
            getattr(Vectors, method)(tmp_path, Hashed(), f"https://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(30)
    assert first == [b"\x16"]
