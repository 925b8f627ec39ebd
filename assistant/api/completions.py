"""Completions: the OpenAI-compatible door, for chat programs that speak nothing else.

The last user message is the question, earlier user messages are its history; system and assistant messages are never
obeyed and never a source. `citations` and `xinwen` are ours, beside OpenAI's fields, in the plain and the streamed form.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from starlette.exceptions import HTTPException

from assistant.answer import Answer
from assistant.api import streams
from assistant.api.measures import Measures, timer, version
from assistant.api.problems import openai_error
from assistant.core import Assistant
from assistant.limits import checked_history, checked_question
from assistant.settings import Settings

MODEL = "xinwen"
_SOURCES = {"zh": "出处：", "en": "Sources:"}


class Part(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str
    text: str | None = None


class Message(BaseModel):
    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """The message's words; parts that are not text are left out."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text" and part.text)
        return self.content or ""


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="allow")

    include_usage: bool | None = False


class Completion(BaseModel):
    """The body of a chat completion. What steers a language model's dice (temperature, top_p, seed …) has no effect."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(MODEL, max_length=200, description="Any name is answered by xinwen.")
    messages: list[Message] = Field(min_length=1, max_length=2000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None

    # What cannot be done is said, since a client would else take the answer for what it asked for.
    @field_validator("n")
    @classmethod
    def _once(cls, value: int | None) -> int | None:
        if value not in (None, 1):
            raise ValueError("only 1: the same question has the same answer")
        return value

    @field_validator("response_format")
    @classmethod
    def _in_text(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and value.get("type") != "text":
            raise ValueError("only text; POST /v1/ask answers in JSON")
        return value

    @field_validator("tool_choice")
    @classmethod
    def _without_tools(cls, value: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if value not in (None, "none", "auto"):
            raise ValueError("no tools are called here; leave it out, or give none or auto")
        return value

    @model_validator(mode="after")
    def _asks(self) -> Completion:
        asked = [message for message in self.messages if message.role == "user"]
        if not asked:
            raise ValueError("messages: one must have the role user, which is the question")
        last = asked[-1].content
        kinds = {part.type for part in last if part.type != "text"} if isinstance(last, list) else set()
        if kinds:
            raise ValueError(f"messages: only parts of type text are read, not {', '.join(sorted(kinds))[:100]}")
        return self


def router(assistant: Assistant, settings: Settings, measures: Measures, pool: Executor) -> APIRouter:
    """POST /v1/chat/completions and GET /v1/models."""
    routes = APIRouter(prefix="/v1", tags=["openai"])

    @routes.get("/models")
    def models() -> dict[str, Any]:
        """The one model there is."""
        return {"object": "list", "data": [_model()]}

    @routes.get("/models/{name}")
    def model(name: str) -> dict[str, Any]:
        if name != MODEL:
            raise HTTPException(404, f"there is no model {name[:64]!r}; there is {MODEL!r}")
        return _model()

    @routes.post("/chat/completions", response_model=None, responses={200: {"content": {"text/event-stream": {}}}})
    def complete(body: Completion, request: Request) -> Any:
        """A chat completion; with `stream` as chunks. `citations` and `xinwen` carry sources, figures and status."""
        asked = [message.text() for message in body.messages if message.role == "user"]
        question = checked_question(asked[-1], settings)
        history = checked_history(asked[:-1], settings)
        about = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": MODEL,
            "system_fingerprint": f"xinwen-{version()}",
        }
        prompt = sum(tokens(message.text()) for message in body.messages)
        took = timer()
        if not body.stream:
            answer = assistant.ask(question, history)
            measures.answered(answer, "completions", took())
            text = "".join(neutral((answer.text, appendix(answer))))
            message = {"role": "assistant", "content": text, "refusal": None}
            return {
                **about,
                "object": "chat.completion",
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
                "usage": _usage(prompt, text),
                **ours(answer),
            }
        with_usage = bool(body.stream_options and body.stream_options.include_usage)

        def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> str:
            choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
            usage = {"usage": None} if with_usage else {}
            return _data({**about, "object": "chat.completion.chunk", "choices": choices, **usage, **more})

        def make(stopped: Callable[[], bool]) -> Iterator[str]:
            last: list[Answer] = []

            def words() -> Iterator[str]:
                for event in assistant.stream(question, history, stopped=stopped):
                    if isinstance(event, str):
                        yield event
                    else:
                        last.append(event)
                        yield appendix(event)

            yield chunk({"role": "assistant", "content": ""})
            text = ""
            for piece in neutral(words()):
                text += piece
                yield chunk({"content": piece})
            measures.answered(last[0], "completions", took())
            yield chunk({}, "stop", **ours(last[0]))
            if with_usage:
                yield chunk(None, usage=_usage(prompt, text))
            yield "data: [DONE]\n\n"

        return StreamingResponse(
            streams.events(make, lambda body: _data({"error": openai_error(body)}), pool),
            media_type="text/event-stream",
            headers=streams.HEADERS,
        )

    return routes


def ours(answer: Answer) -> dict[str, Any]:
    """The fields beside OpenAI's: the citations, whose markers stand in the text, and the rest of the Answer."""
    whole = answer.model_dump(mode="json", exclude={"text"})
    return {"citations": whole.pop("citations"), "xinwen": whole}


def appendix(answer: Answer) -> str:
    """What such a program would not show else: the table, and what each [n] of the text is."""
    parts = []
    if answer.table is not None:
        lines = [answer.table.columns, ("---",) * len(answer.table.columns), *answer.table.rows]
        parts.append("\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines))
    if answer.citations:
        lines_ = [_SOURCES[answer.language]]
        for citation in answer.citations:
            # Only the web's own schemes: a document may claim javascript: as its address.
            url = citation.url if citation.url and re.match(r"https?://", citation.url) else None
            about = " · ".join(_line(part) for part in (citation.title, citation.publisher, citation.published) if part)
            lines_.append(f"- [{citation.marker}] {about}" + (f" · {'%20'.join(url.split())}" if url else ""))
        parts.append("\n".join(lines_))
    return "".join(f"\n\n{part}" for part in parts)


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join(text.split())


_ACTIVE = re.compile(r"!(?=\[)|(?<=\])(?=[(:])|<(?=[A-Za-z/!?])")
# What could become active with the next piece: a bracket just closed (or a marker still open), a lone ! or <.
_UNDECIDED = re.compile(r"(?:!?\[[^\[\]\n]{0,40}\]?|[\]!<])$")


def neutral(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces with a backslash before what would be a link, an image or HTML where a program renders Markdown.

    A document's text must neither load an address (`![](https://…)`) nor turn our [1] into a link of its own (`[1]: …`).
    """
    held = ""
    for piece in pieces:
        held += piece
        match = _UNDECIDED.search(held)
        cut = match.start() if match else len(held)
        if held[:cut]:
            yield _escaped(held[:cut])
        held = held[cut:]
    if held:
        yield _escaped(held)


def _escaped(text: str) -> str:
    return _ACTIVE.sub(lambda match: match.group() + "\\" if match.group() in ("!", "") else "\\" + match.group(), text)


def tokens(text: str) -> int:
    """An estimate, since no tokenizer is at work: a Han character is one, of other text four characters are one."""
    han = sum("㐀" <= character <= "鿿" for character in text)
    return han + -(-(len(text) - han) // 4)


def _usage(prompt: int, text: str) -> dict[str, int]:
    written = tokens(text)
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 1_767_225_600, "owned_by": "xinwen"}
