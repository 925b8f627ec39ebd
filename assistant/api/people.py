"""People over HTTP: their feedback, and the conversations they ask to be stored."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException

from assistant.api.access import caller, may_ask, may_change, owner
from assistant.api.bodies import Conversation, ConversationTurn, FeedbackBody, FeedbackKept, FeedbackLine
from assistant.api.measures import Measures
from assistant.api.questions import no_conversation
from assistant.api.rates import Rate, within
from assistant.limits import checked_history, checked_question
from assistant.records import Feedback, Records, earlier
from assistant.settings import Settings


def router(settings: Settings, records: Records, measures: Measures) -> APIRouter:
    """/v1/feedback and /v1/conversations."""
    routes = APIRouter(prefix="/v1", tags=["people"])
    asking = [Depends(may_ask(settings))]
    often = Depends(within(Rate(settings.feedback_limit, 3600), caller(settings)))

    @routes.post("/feedback", status_code=201, dependencies=[*asking, often] if settings.feedback_limit else asking)
    def give(body: FeedbackBody, request: Request) -> FeedbackKept:
        """Keeps what a person says of an answer. It changes no answer; `xinwen eval draft` makes cases of it."""
        if not settings.feedback_limit:
            raise HTTPException(403, "no feedback is taken here; XINWEN_FEEDBACK_LIMIT is 0")
        question, history, text = body.question or "", tuple(body.history), body.answer
        if body.conversation_id is not None and body.answer_id is not None:
            turns = records.turns(body.conversation_id, owner(settings, request))
            if turns is None:
                raise no_conversation()
            found = earlier(turns, body.answer_id)
            if found is None:
                raise HTTPException(404, "the conversation has no such answer, or not any more")
            turn, history = found
            question, text = turn.question, turn.answer
        door = "widget" if request.headers.get("x-xinwen-door") == "widget" else "api"
        identity = records.add(
            Feedback(
                body.rating,
                checked_question(question, settings),
                tuple(checked_history(history, settings)),
                _text(text),
                _text(body.comment),
                _text(body.correction),
                door,
                body.answer_id,
            )
        )
        measures.rated(body.rating, door)
        return FeedbackKept(id=identity)

    @routes.get("/feedback", dependencies=[Depends(may_change(settings))])
    def given(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0)] = 0
    ) -> list[FeedbackLine]:
        """What people said, oldest first (admin key)."""
        return [FeedbackLine(**_dated(asdict(line))) for line in records.feedback(None, limit, offset)]

    @routes.post("/conversations", status_code=201, dependencies=asking)
    def begin(request: Request) -> Conversation:
        """Begins a stored conversation; give its id to /v1/ask. Only the key it was begun with opens it."""
        return Conversation(id=records.begin(owner(settings, request)))

    @routes.get("/conversations/{conversation_id}", dependencies=asking)
    def read(conversation_id: str, request: Request) -> Conversation:
        """A conversation's latest turns, oldest first."""
        turns = records.turns(conversation_id, owner(settings, request))
        if turns is None:
            raise no_conversation()
        lines = [
            ConversationTurn(id=turn.id, question=turn.question, text=turn.answer, at=_date(turn.at)) for turn in turns
        ]
        return Conversation(id=conversation_id, turns=lines)

    @routes.delete("/conversations/{conversation_id}", status_code=204, dependencies=asking)
    def end(conversation_id: str, request: Request) -> None:
        """Deletes a conversation and all its turns."""
        if not records.end(conversation_id, owner(settings, request)):
            raise no_conversation()

    return routes


def _text(text: str) -> str:
    # SQLite and JSON take no lone surrogates; a NUL ends a text for many a tool.
    return text.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _dated(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "at": _date(line["at"])}
