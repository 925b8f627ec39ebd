"""Questions over HTTP: ask, streamed or whole, and search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from assistant.answer import Answer
from assistant.api import problems
from assistant.api.bodies import Ask, Found, Search
from assistant.console import hit_line
from assistant.core import Assistant
from assistant.limits import checked_history, checked_question
from assistant.settings import Settings
from knowledge.errors import XinwenError


def router(assistant: Assistant, settings: Settings) -> APIRouter:
    """POST /v1/ask and /v1/search."""
    routes = APIRouter(prefix="/v1", tags=["questions"])

    # Plain functions, not coroutines: FastAPI runs them in its thread pool, and the chain blocks.
    @routes.post("/ask", response_model=Answer, responses={200: {"content": {"text/event-stream": {}}}})
    def ask(body: Ask, request: Request) -> Any:
        """One verified answer. With `Accept: text/event-stream`: events `delta` {"text"}, then `answer`, or `error`."""
        question = checked_question(body.question, settings)
        history = checked_history(body.history, settings)
        if "text/event-stream" in request.headers.get("accept", ""):
            headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(
                _events(assistant, question, history), media_type="text/event-stream", headers=headers
            )
        return assistant.ask(question, history)

    @routes.post("/search")
    def search(body: Search) -> list[Found]:
        """Passages, best first."""
        hits = assistant.search(checked_question(body.query, settings), body.k, body.mode)
        return [Found(**hit_line(hit)) for hit in hits]

    return routes


def _events(assistant: Assistant, question: str, history: list[str]) -> Iterator[str]:
    try:
        for event in assistant.stream(question, history):
            if isinstance(event, str):
                yield _event("delta", json.dumps({"text": event}, ensure_ascii=False))
            else:
                yield _event("answer", event.model_dump_json())
    except XinwenError as error:
        yield _event("error", bytes(problems.of(error).body).decode())
    except Exception:
        problems.logger.exception("unexpected error while streaming")
        yield _event("error", bytes(problems.problem(500, "something went wrong here", "unexpected").body).decode())


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
