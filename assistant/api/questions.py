"""Questions over HTTP: ask, streamed or whole, in a stored conversation or without one, and search."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from assistant.answer import Answer
from assistant.api import streams
from assistant.api.access import owner
from assistant.api.bodies import Ask, Found, Search
from assistant.api.measures import Measures, timer
from assistant.console import hit_line
from assistant.core import Assistant
from assistant.limits import checked_history, checked_question
from assistant.records import Records
from assistant.settings import Settings


def router(assistant: Assistant, settings: Settings, records: Records, measures: Measures, pool: Executor) -> APIRouter:
    """POST /v1/ask and /v1/search."""
    routes = APIRouter(prefix="/v1", tags=["questions"])

    # Plain functions, not coroutines: FastAPI runs them in its thread pool, and the chain blocks.
    @routes.post("/ask", response_model=Answer, responses={200: {"content": {"text/event-stream": {}}}})
    def ask(body: Ask, request: Request) -> Any:
        """One verified answer. With `Accept: text/event-stream`: events `delta` {"text"}, then `answer`, or `error`."""
        question = checked_question(body.question, settings)
        mine = owner(settings, request)
        earlier = body.history
        if body.conversation_id is not None:
            turns = records.turns(body.conversation_id, mine)
            if turns is None:
                raise no_conversation()
            earlier = [turn.question for turn in turns]
        history = checked_history(earlier, settings)
        took = timer()

        def kept(answer: Answer) -> Answer:
            measures.answered(answer, "ask", took())
            if body.conversation_id is None:
                return answer
            # Deleted meanwhile, it is answered all the same and has no id.
            identity = records.append(body.conversation_id, mine, question, answer.text)
            return answer.model_copy(update={"id": identity, "conversation_id": identity and body.conversation_id})

        if "text/event-stream" in request.headers.get("accept", ""):

            def make(stopped: Callable[[], bool]) -> Iterator[str]:
                for event in assistant.stream(question, history, stopped=stopped):
                    if isinstance(event, str):
                        yield streams.event("delta", json.dumps({"text": event}, ensure_ascii=False))
                    else:
                        yield streams.event("answer", kept(event).model_dump_json())

            return StreamingResponse(
                streams.events(make, lambda body: streams.event("error", json.dumps(body, ensure_ascii=False)), pool),
                media_type="text/event-stream",
                headers=streams.HEADERS,
            )
        return kept(assistant.ask(question, history))

    @routes.post("/search")
    def search(body: Search) -> list[Found]:
        """Passages, best first."""
        hits = assistant.search(checked_question(body.query, settings), body.k, body.mode)
        return [Found(**hit_line(hit)) for hit in hits]

    return routes


def no_conversation() -> HTTPException:
    """The same for one that never was, has expired or is somebody else's: nothing can be learnt by trying."""
    return HTTPException(
        404, "there is no such conversation with this key; it may have expired. Begin one by POST /v1/conversations"
    )
