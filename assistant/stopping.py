"""Stopping: an answer that nobody waits for any more is not worked on any further."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from knowledge.errors import XinwenError

_stopped: ContextVar[Callable[[], bool] | None] = ContextVar("stopped", default=None)


class StoppedError(XinwenError):
    """Whoever asked has left; seen by nobody."""

    code = "stopped"


@contextmanager
def watching(stopped: Callable[[], bool] | None) -> Iterator[None]:
    """Within it, `check()` asks `stopped()`."""
    token = _stopped.set(stopped)
    try:
        yield
    finally:
        _stopped.reset(token)


def check() -> None:
    """Raises StoppedError when nobody waits any more: between the chain's steps, and between a model's words."""
    stopped = _stopped.get()
    if stopped is not None and stopped():
        raise StoppedError("nobody waits for this answer any more")
