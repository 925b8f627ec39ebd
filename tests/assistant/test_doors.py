"""What every door keeps: headers, CORS for listed origins alone, metrics by rule, streams that live and stop."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from assistant.api import streams
from assistant.api.app import create_app
from assistant.core import Assistant
from assistant.settings import load_settings
from assistant.stopping import StoppedError
from knowledge.errors import SettingsError, StoreError

QUESTION = "MTT S4000 的显存带宽是多少？"
WIKI = "https://wiki.example.com"


@pytest.fixture(scope="module")
def address(library_home: Path, serve: Callable[[object], Any]) -> Iterator[str]:
    settings = load_settings(home=library_home, embed_origins=WIKI)
    with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
        yield url


def preflight(address: str, origin: str) -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return httpx.options(f"{address}/v1/ask", headers=asked)


def test_a_listed_origin_may_call_and_no_other(address: str) -> None:
    assert preflight(address, WIKI).headers["access-control-allow-origin"] == WIKI
    for other in ("https://evil.example", "https://wiki.example.com.evil.example", "http://wiki.example.com", "null"):
        assert "access-control-allow-origin" not in preflight(address, other).headers
        answer = httpx.post(f"{address}/v1/ask", json={"question": QUESTION}, headers={"Origin": other}, timeout=60)
        assert "access-control-allow-origin" not in answer.headers


def test_a_body_that_needs_no_preflight_is_not_taken(address: str) -> None:
    sent = httpx.post(
        f"{address}/v1/feedback", content=b'{"rating": "up", "question": "x"}', headers={"Content-Type": "text/plain"}
    )
    assert sent.status_code == 422


@pytest.mark.parametrize("path", ["/v1/products", "/v1/nothing", "/health/live", "/metrics"])
def test_every_response_has_safe_headers(address: str, path: str) -> None:
    headers = httpx.get(f"{address}{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "origin", ["*", "https://*", "wiki.example.com", "https://a.example/x", "https://a; script-src *"]
)
def test_an_origin_that_is_none_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(SettingsError, match="XINWEN_EMBED_ORIGINS"):
        load_settings(home=tmp_path, embed_origins=origin)


def test_metrics_count_by_route_and_status_with_no_label_of_many_values(address: str) -> None:
    httpx.post(f"{address}/v1/ask", json={"question": QUESTION}, timeout=60)
    for number in range(20):
        httpx.get(f"{address}/v1/documents/guess-{number}")
        httpx.get(f"{address}/nothing-{number}")
    text = httpx.get(f"{address}/metrics").text
    assert re.search(r'^xinwen_answers_total\{door="ask",status="answered"\} [1-9]', text, re.M)
    assert re.search(r'^xinwen_answer_seconds_count\{door="ask"\} [1-9]', text, re.M)
    assert "xinwen_documents 2.0" in text
    assert re.search(r"^xinwen_figures [1-9]", text, re.M)
    assert re.search(
        r'^xinwen_requests_total\{code="404",method="GET",route="/v1/documents/\{document_id\}"\} 20', text, re.M
    )
    assert "guess-" not in text
    assert "nothing-" not in text
    names = set(re.findall(r"^# TYPE (xinwen_\S+) (\S+)", text, re.M))
    assert names
    assert all(name.endswith("_total") for name, kind in names if kind == "counter")


def test_metrics_need_a_key_where_keys_are_set(library_home: Path, serve: Callable[[object], Any]) -> None:
    settings = load_settings(home=library_home, api_keys=("a-key",))
    with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
        assert httpx.get(f"{url}/metrics").status_code == 401
        assert httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer a-key"}).status_code == 200


def collected(make: Callable[[Callable[[], bool]], Iterator[str]], heartbeat: float = 5.0) -> list[str]:
    async def run() -> list[str]:
        return [event async for event in streams.events(make, lambda body: f"error {body['detail']}", None, heartbeat)]

    return asyncio.run(run())


def test_a_silent_stream_sends_comments_that_clients_pass_over() -> None:
    def make(stopped: Callable[[], bool]) -> Iterator[str]:
        time.sleep(0.35)
        yield "done"

    events = collected(make, 0.1)
    assert events[-1] == "done"
    assert len(events) >= 3
    assert all(event.startswith(":") for event in events[:-1])


def test_an_error_in_a_stream_is_an_event_of_it_and_no_traceback() -> None:
    def known(stopped: Callable[[], bool]) -> Iterator[str]:
        yield "one"
        raise StoreError("the disk is full")

    def unknown(stopped: Callable[[], bool]) -> Iterator[str]:
        yield "one"
        raise RuntimeError("secret")

    assert collected(known) == ["one", "error the disk is full"]
    assert collected(unknown)[0] == "one"
    assert "secret" not in collected(unknown)[1]


def test_work_stops_when_the_client_leaves() -> None:
    left, ended = threading.Event(), threading.Event()

    def make(stopped: Callable[[], bool]) -> Iterator[str]:
        try:
            for number in range(10_000):
                if stopped():
                    left.set()
                    raise StoppedError("left")
                yield str(number)
                time.sleep(0.01)
        finally:
            ended.set()

    async def run() -> None:
        async for event in streams.events(make, str):
            if event == "3":
                break

    async def whole() -> None:
        await run()
        await asyncio.sleep(0.1)

    asyncio.run(whole())
    import gc

    gc.collect()
    assert left.wait(5) or ended.wait(5)


def test_the_chain_stops_before_its_next_step(library_home: Path) -> None:
    with Assistant.open(home=library_home) as assistant:
        calls = []

        def stopped() -> bool:
            calls.append(1)
            return len(calls) > 2

        with pytest.raises(StoppedError):
            assistant.ask(QUESTION, stopped=stopped)
        assert len(calls) == 3


def test_a_model_stops_writing_when_the_client_leaves(library_home: Path, serve: Callable[[object], Any]) -> None:
    words, closed = threading.Event(), threading.Event()

    async def slow(request: Request) -> StreamingResponse:
        async def chunks() -> AsyncIterator[str]:
            try:
                for _ in range(2000):
                    words.set()
                    delta = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "好 "}}]}
                    yield f"data: {json.dumps({'id': '1', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'm', **delta})}\n\n"
                    await asyncio.sleep(0.05)
            finally:
                closed.set()

        return StreamingResponse(chunks(), media_type="text/event-stream")

    model = Starlette(routes=[Route("/v1/chat/completions", slow, methods=["POST"])])
    with serve(model) as base:
        settings = load_settings(
            home=library_home, model="openai:slow", model_base_url=f"{base}/v1", model_api_key="x", retries=0
        )
        with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
            body = {"question": QUESTION}
            with httpx.stream(
                "POST", f"{url}/v1/ask", json=body, headers={"Accept": "text/event-stream"}, timeout=60
            ) as response:
                assert response.status_code == 200
                assert words.wait(30)
                assert not closed.is_set()
            # 2,000 words would take 100 s.
            assert closed.wait(15)
