"""The FastAPI app: the API under /v1, its health, its documentation, and the chat page at /."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import Response
from starlette.middleware.cors import CORSMiddleware

from assistant.api import completions, library, people, problems, questions, widget
from assistant.api.access import BodyLimit, caller, may_ask
from assistant.api.bodies import Problem
from assistant.api.headers import SafeHeaders
from assistant.api.measures import CountRequests, Measures
from assistant.api.rates import Rate, within
from assistant.console import plain
from assistant.core import Assistant
from assistant.records import Records
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
    records = Records(assistant.home, days=settings.conversation_days, turns=max(1, settings.max_history))
    measures = Measures(assistant.store.counts)
    # Streams of their own, so that slow models do not keep plain answers waiting.
    pool = ThreadPoolExecutor(settings.workers, "streams")
    # The last one added sees a request first.
    app.add_middleware(BodyLimit, most=settings.max_body_bytes, uploads=settings.max_upload_bytes)
    app.add_middleware(CountRequests, measures=measures)
    if settings.embed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.embed_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Accept"],
            expose_headers=["Retry-After"],
        )
    app.add_middleware(SafeHeaders)
    # Rates come first: a key that is guessed at costs the guesser its rate.
    rates = [Depends(within(Rate(settings.rate_limit, 60), caller(settings)))] if settings.rate_limit else []
    keys = [Depends(may_ask(settings))]
    app.include_router(questions.router(assistant, settings, records, measures, pool), dependencies=[*rates, *keys])
    app.include_router(completions.router(assistant, settings, measures, pool), dependencies=[*rates, *keys])
    app.include_router(library.router(assistant, settings), dependencies=[*rates, *keys])
    app.include_router(people.router(settings, records, measures), dependencies=rates)
    app.include_router(widget.router(settings))

    @app.get("/metrics", tags=["health"], response_class=Response, dependencies=keys)
    def metrics() -> Response:
        """For Prometheus; where keys are set, it needs one of them as everybody does."""
        return Response(measures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

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

        return mount(app, assistant, settings, records, measures)
    return app
