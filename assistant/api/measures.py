"""Measures: what /metrics tells Prometheus.

Names follow Prometheus's rules: `xinwen_` first, the base unit last (`_seconds`), `_total` for what only grows. Labels
have few values: a route's template, never a path; a status, never a question, key or address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import metadata

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.answer import Answer
from knowledge.store import Counts

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Measures:
    """Counters of one app, in a registry of its own so that two apps in a process do not mix."""

    def __init__(self, counts: Callable[[], Counts]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "xinwen_requests_total", "HTTP requests.", ("method", "route", "code"), registry=self.registry
        )
        self._answers = Counter(
            "xinwen_answers_total", "Answers by status and door.", ("status", "door"), registry=self.registry
        )
        self._seconds = Histogram(
            "xinwen_answer_seconds", "From question to answer.", ("door",), buckets=_SECONDS, registry=self.registry
        )
        self._feedback = Counter(
            "xinwen_feedback_total", "Feedback by rating and door.", ("rating", "door"), registry=self.registry
        )
        build = Gauge("xinwen_build_info", "1, labelled with the version.", ("version",), registry=self.registry)
        build.labels(version()).set(1)
        self.registry.register(_Home(counts))
        for shared in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(shared)

    def answered(self, answer: Answer, door: str, seconds: float) -> None:
        self._answers.labels(answer.status, door).inc()
        self._seconds.labels(door).observe(seconds)

    def rated(self, rating: str, door: str) -> None:
        self._feedback.labels(rating, door).inc()

    def text(self) -> bytes:
        """The state of everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def asked(self, method: str, route: str, code: int) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(code)).inc()


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Home(Collector):
    """What the home holds, read when asked; a store that cannot be read must not take the other metrics away."""

    def __init__(self, counts: Callable[[], Counts]) -> None:
        self._counts = counts

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            counts = self._counts()
        except Exception:
            yield GaugeMetricFamily("xinwen_store_up", "Whether the store can be read.", value=0)
            return
        yield GaugeMetricFamily("xinwen_store_up", "Whether the store can be read.", value=1)
        for name in ("documents", "passages", "figures", "pending"):
            value = getattr(counts, name, None)
            if value is not None:
                words = "Passages that wait for their vectors." if name == "pending" else f"{name.title()} in the home."
                full = "xinwen_passages_pending" if name == "pending" else f"xinwen_{name}"
                yield GaugeMetricFamily(full, words, value=value)


class CountRequests:
    """ASGI middleware that counts every response by its route's template."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app, self._measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        code = 500

        async def noted(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            # The chat page serves many files; they and unknown paths are one line each.
            route = getattr(scope.get("route"), "path", None) or ("page" if code < 400 else "unknown")
            self._measures.asked(scope["method"], route, code)


def version() -> str:
    """This release's version; "unknown" in a bare checkout."""
    try:
        return metadata.version("xinwen")
    except metadata.PackageNotFoundError:
        return "unknown"


def timer() -> Callable[[], float]:
    """A function that returns the seconds since now."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start
