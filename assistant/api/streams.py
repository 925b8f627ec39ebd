"""Streams: what a blocking iterator gives, as server-sent events that keep alive and stop when nobody listens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from typing import Any

from assistant.api import problems
from assistant.stopping import StoppedError
from knowledge.errors import XinwenError

# Proxies close a connection that is silent for 30 to 60 s.
HEARTBEAT = 10.0
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_END = object()


async def events(
    make: Callable[[Callable[[], bool]], Iterator[str]],
    failed: Callable[[dict[str, Any]], str],
    pool: Executor | None = None,
    heartbeat: float = HEARTBEAT,
) -> AsyncIterator[str]:
    """The events of `make(stopped)`, a comment whenever nothing came for `heartbeat` seconds, a problem as `failed` says.

    The iterator runs in `pool`. When the client leaves, `stopped()` turns true and it is asked for nothing more.
    """
    loop = asyncio.get_running_loop()
    stop = threading.Event()
    iterator = make(stop.is_set)
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            waiting = asyncio.ensure_future(loop.run_in_executor(pool, _next, iterator))
            while not (await asyncio.wait({waiting}, timeout=heartbeat))[0]:
                yield ": still working\n\n"
            event = waiting.result()
            if event is _END:
                return
            yield event
    except StoppedError:
        return
    except XinwenError as error:
        yield failed(problems.body_of(error))
    except Exception:
        problems.logger.exception("unexpected error while streaming")
        yield failed(problems.unexpected())
    finally:
        stop.set()
        if waiting is not None and not waiting.done():
            # The thread ends by itself before its next step; its last result is nobody's.
            waiting.add_done_callback(lambda done: done.cancelled() or done.exception())


def _next(iterator: Iterator[str]) -> Any:
    return next(iterator, _END)


def event(name: str, data: str) -> str:
    """One server-sent event; `data` is JSON, which has no line breaks."""
    return f"event: {name}\ndata: {data}\n\n"
