"""The API over real HTTP: answers, streams, problems, keys and limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.api.app import create_app
from assistant.core import Assistant
from assistant.settings import load_settings

QUESTION = "MTT S4000 的显存带宽是多少？"


@pytest.fixture(scope="module")
def client(library_home: Path, serve: Callable[[object], Any]) -> Iterator[httpx.Client]:
    """A client of an API without keys, with an admin key."""
    settings = load_settings(home=library_home, admin_key="admin", max_body_bytes=20_000, max_upload_bytes=100_000)
    with (
        Assistant(settings) as assistant,
        serve(create_app(assistant, settings, chat=False)) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield client


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert {"type", "title", "detail"} <= set(body)
    return body


def test_an_answer_quotes_its_document_exactly(client: httpx.Client) -> None:
    answer = client.post("/v1/ask", json={"question": QUESTION}).json()
    assert "768" in answer["text"]
    for citation in answer["citations"]:
        text = client.get(f"/v1/documents/{citation['document_id']}").json()["text"]
        assert citation["quote"] == text[citation["start"] : citation["end"]]


def test_a_stream_is_the_answer_in_pieces(client: httpx.Client) -> None:
    with client.stream(
        "POST", "/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = [block.split("\n") for block in response.read().decode().strip().split("\n\n")]
    events = [(lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in blocks]
    assert [name for name, _ in events[-1:]] == ["answer"]
    assert "".join(data["text"] for name, data in events if name == "delta") == events[-1][1]["text"]


def test_history_carries_the_subject(client: httpx.Client) -> None:
    answer = client.post("/v1/ask", json={"question": "它的功耗呢？", "history": [QUESTION]}).json()
    assert "450" in answer["text"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": 1},
        {"question": ""},
        {"question": "   "},
        {"question": "问" * 3000},
        {"question": "x", "more": 1},
        {"question": "x", "history": "y"},
        [],
        "x",
    ],
)
def test_a_bad_body_is_a_problem(client: httpx.Client, body: object) -> None:
    assert is_problem(client.post("/v1/ask", json=body), 422)["detail"]


def test_broken_json_is_a_problem(client: httpx.Client) -> None:
    is_problem(client.post("/v1/ask", content=b"{", headers={"Content-Type": "application/json"}), 422)


def test_a_body_over_the_limit_is_refused_announced_or_not(client: httpx.Client) -> None:
    is_problem(client.post("/v1/ask", json={"question": "x" * 30_000}), 413)
    pieces = (b"x" * 1000 for _ in range(30))
    is_problem(client.post("/v1/ask", content=pieces, headers={"Content-Type": "application/json"}), 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/ask", 405),
        ("GET", "/v1/documents/nothing", 404),
        ("GET", "/v1/products/nothing", 404),
        ("GET", "/v1/figures?attribute=nonsense", 422),
        ("GET", "/v1/documents?limit=0", 422),
        ("POST", "/v1/documents", 401),
        ("DELETE", "/v1/documents/x", 401),
    ],
)
def test_every_error_is_a_problem_document(client: httpx.Client, method: str, path: str, status: int) -> None:
    is_problem(client.request(method, path), status)


def test_search_products_and_figures(client: httpx.Client) -> None:
    hits = client.post("/v1/search", json={"query": "S4000 显存", "k": 2}).json()
    assert "48GB" in hits[0]["text"]
    rows = client.get("/v1/figures", params={"product": "S4000", "attribute": "显存带宽"}).json()
    assert [(row["value"], row["unit"]) for row in rows] == [("768", "GB/s")]
    products = {line["id"]: line for line in client.get("/v1/products").json()}
    assert products["mtt-s4000"]["figures"] == 3
    unlisted = next(line for line in products.values() if not line["listed"] and "T900" in line["name"])
    assert client.get(f"/v1/products/{unlisted['id']}").json()["ledger"]
    assert len(client.get("/v1/products/S4000").json()["ledger"]) == 3


def test_health(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").json()["documents"] == 2
    assert "/v1/ask" in client.get("/openapi.json").json()["paths"]


def test_the_admin_key_adds_replaces_and_removes(client: httpx.Client) -> None:
    admin = {"Authorization": "Bearer admin"}
    is_problem(client.delete("/v1/documents/x", headers={"Authorization": "Bearer wrong"}), 403)
    text = "---\ntitle: 新卡 Z77\n---\n新卡 Z77 的显存容量为 {}GB。\n"
    for size in (11, 12):
        file = {"file": ("../../z77.md", text.format(size).encode())}
        assert client.post("/v1/documents", files=file, headers=admin).status_code == 201
    found = [line for line in client.get("/v1/documents").json() if "Z77" in line["title"]]
    assert len(found) == 1
    assert "uploads" in found[0]["origin"]
    assert client.delete(f"/v1/documents/{found[0]['id']}", headers=admin).status_code == 204
    is_problem(client.delete(f"/v1/documents/{found[0]['id']}", headers=admin), 404)
    is_problem(client.post("/v1/documents", files={"file": ("e.md", b"")}, headers=admin), 422)
    is_problem(client.post("/v1/documents", files={"file": ("big.md", b"x" * 200_000)}, headers=admin), 413)


def test_many_ask_at_once(client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/ask", json={"question": QUESTION}).json(), range(24)))
    assert {answer["text"] for answer in answers} == {answers[0]["text"]}


def test_keys_are_asked_for_where_they_are_set(library_home: Path, serve: Callable[[object], Any]) -> None:
    settings = load_settings(home=library_home, api_keys=("one-key", "other-key"))
    with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
        body = {"question": QUESTION}
        is_problem(httpx.post(f"{url}/v1/ask", json=body), 401)
        is_problem(httpx.post(f"{url}/v1/ask", json=body, headers={"Authorization": "Bearer wrong"}), 401)
        is_problem(httpx.post(f"{url}/v1/ask", json=body, headers={"Authorization": "Basic one-key"}), 401)
        assert httpx.post(f"{url}/v1/ask", json=body, headers={"Authorization": "Bearer other-key"}).status_code == 200
        assert httpx.get(f"{url}/health/live").status_code == 200
        is_problem(httpx.delete(f"{url}/v1/documents/x", headers={"Authorization": "Bearer one-key"}), 403)


def test_a_document_by_its_address(home: Path, serve: Callable[[object], Any]) -> None:
    from tests.web.site import serving

    admin = {"Authorization": "Bearer admin"}
    with serving() as site:
        settings = load_settings(home=home, admin_key="admin", allowed_hosts=(site.name,), web_delay=0.0)
        article = "<html><head><title>天罡Z9发布</title></head><body><p>天罡Z9的显存容量为36GB，功耗为275W。</p></body></html>"
        url = site.put("/z9.html", article)
        with (
            Assistant(settings) as assistant,
            serve(create_app(assistant, settings, chat=False)) as base,
            httpx.Client(base_url=base, timeout=60) as client,
        ):
            is_problem(client.post("/v1/documents", json={"url": url}), 401)
            added = client.post("/v1/documents", json={"url": url}, headers=admin)
            assert added.status_code == 201, added.text
            assert added.json()["added"] == [url]
            assert client.post("/v1/documents", json={"url": url}, headers=admin).json()["unchanged"] == [url]
            answer = client.post("/v1/ask", json={"question": "天罡Z9的功耗是多少？"}).json()
            assert "275 W" in answer["text"]
            assert answer["citations"][0]["url"] == url
            for bad in (
                {"url": f"{site.url}/none"},
                {"url": "http://169.254.169.254/latest/meta-data/"},
                {"url": base},
                {"url": "file:///etc/passwd"},
                {"url": "/etc/passwd"},
                {"url": "x" * 5000},
                {"url": 1},
                {"url": url, "more": 1},
                {},
                [],
            ):
                is_problem(client.post("/v1/documents", json=bad, headers=admin), 422)
            is_problem(
                client.post("/v1/documents", content=b"{", headers={**admin, "Content-Type": "application/json"}), 422
            )
            is_problem(client.post("/v1/documents", data={"file": "no file"}, headers=admin), 422)
            is_problem(client.post("/v1/documents", content=b"x", headers=admin), 422)
            assert "application/json" in str(client.get("/openapi.json").json()["paths"]["/v1/documents"]["post"])
            assert [line["origin"] for line in client.get("/v1/documents").json()] == [url]
