"""The FastAPI app: the API under /v1, its health, its documentation, and the chat page at /."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI

from assistant.api import library, problems, questions
from assistant.api.access import BodyLimit, may_ask
from assistant.api.bodies import Problem
from assistant.console import plain
from assistant.core import Assistant
from assistant.settings import Settings


def create_app(assistant: Assistant, settings: Settings, *, chat: bool = True) -> FastAPI:
    """The app over `assistant`; `chat` mounts the Gradio page, which takes some seconds to import."""
    app = FastAPI(
        title="芯问 Xinwen",
        description="Answers about Chinese AI chips, every figure from a cited source.",
        responses={
            "default": {
                "model": Problem,
                "content": {"application/problem+json": {}},
                "description": "A problem (RFC 9457)",
            }
        },
    )
    problems.install(app)
    app.add_middleware(BodyLimit, most=settings.max_body_bytes, uploads=settings.max_upload_bytes)
    keys = [Depends(may_ask(settings))]
    app.include_router(questions.router(assistant, settings), dependencies=keys)
    app.include_router(library.router(assistant, settings), dependencies=keys)

    @app.get("/health/live", tags=["health"])
    def live() -> dict[str, str]:
        """The process runs."""
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"], response_model=None)
    def ready() -> Any:
        """Questions can be answered; `pending` passages still wait for their vectors."""
        counts = assistant.store.counts()
        if not counts.documents:
            return problems.problem(503, "the home holds no documents yet", "empty", headers={"Retry-After": "5"})
        return {"status": "ok", **plain(counts)}

    if chat:
        from assistant.ui.chat import mount

        return mount(app, assistant, settings)
    return app
